//! The cache in this process.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::{Admission, Backoff, Failures, Rate};
use crate::db::Timestamp;

#[derive(Clone)]
struct Entry {
    value: Arc<[u8]>,
    ttl: Duration,
}

struct PerEntry;

impl Expiry<String, Entry> for PerEntry {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(&self, _: &String, entry: &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(entry.ttl)
    }
}

/// An arrival time in the past of everybody: the caller has not come yet.
const NEVER: i64 = i64::MIN;

/// A bounded map whose entries expire, and one of the arrival times of callers. The latter is asked with every request,
/// so it has cells that are changed in place; a time that has passed says the same as none, so nothing expires there.
#[derive(Clone)]
pub(super) struct MemoryCache {
    entries: Cache<String, Entry>,
    arrivals: Arc<quick_cache::sync::Cache<String, Arc<AtomicI64>>>,
}

impl MemoryCache {
    pub(super) fn new(most: u64) -> Self {
        let arrivals = quick_cache::sync::Cache::new(usize::try_from(most).unwrap_or(usize::MAX));
        Self { entries: Cache::builder().max_capacity(most).expire_after(PerEntry).build(), arrivals: arrivals.into() }
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.entries.get(key).map(|entry| entry.value.to_vec())
    }

    pub(super) fn set(&self, key: &str, value: Vec<u8>, ttl: Duration) {
        self.entries.insert(key.to_owned(), Entry { value: value.into(), ttl });
    }

    pub(super) fn set_if_absent(&self, key: &str, ttl: Duration) -> bool {
        let entry = self.entries.entry_by_ref(key).or_insert_with(|| Entry { value: [].into(), ttl });
        entry.is_fresh()
    }

    pub(super) fn remove(&self, key: &str) {
        self.entries.invalidate(key);
    }

    pub(super) fn admit(&self, key: &str, rate: Rate, now: Timestamp) -> Admission {
        let now = now.utc().timestamp_micros();
        let fresh = || Ok::<_, Infallible>(Arc::new(AtomicI64::new(NEVER)));
        let Ok(arrival) = self.arrivals.get_or_insert_with(key, fresh);
        let mut tat = arrival.load(Ordering::Acquire);
        loop {
            let (answer, next) = rate.decide((tat != NEVER).then_some(tat), now);
            match arrival.compare_exchange_weak(tat, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return answer,
                Err(other) => tat = other,
            }
        }
    }

    pub(super) fn fail(&self, key: &str, backoff: Backoff, now: Timestamp) -> Option<Timestamp> {
        let mut until = None;
        self.entries.entry_by_ref(key).and_compute_with(|stored| {
            let before = stored.and_then(|entry| Failures::parse(&entry.value().value));
            let next = Failures::next(before, backoff, now);
            until = next.until;
            Op::Put(Entry { value: next.format().into(), ttl: backoff.memory })
        });
        until
    }

    pub(super) fn take_try(&self, key: &str, backoff: Backoff, now: Timestamp) -> Option<Timestamp> {
        let mut delayed = None;
        self.entries.entry_by_ref(key).and_compute_with(|stored| {
            let before = stored.and_then(|entry| Failures::parse(&entry.value().value));
            delayed = before.as_ref().and_then(|failures| failures.until).filter(|until| *until > now);
            if delayed.is_some() {
                return Op::Nop;
            }
            Op::Put(Entry { value: Failures::next(before, backoff, now).format().into(), ttl: backoff.memory })
        });
        delayed
    }

    #[allow(clippy::unused_self)] // the same shape as the cache in Redis
    pub(super) fn ping(&self) {}
}
