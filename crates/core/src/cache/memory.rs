//! The cache in this process.

use std::sync::Arc;
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

/// A bounded map whose entries expire.
#[derive(Clone)]
pub(super) struct MemoryCache {
    entries: Cache<String, Entry>,
}

impl MemoryCache {
    pub(super) fn new(most: u64) -> Self {
        Self { entries: Cache::builder().max_capacity(most).expire_after(PerEntry).build() }
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
        let mut answer = rate.admission(false, 0, 0);
        self.entries.entry_by_ref(key).and_compute_with(|stored| {
            let tat = stored.and_then(|e| Some(i64::from_be_bytes(e.value().value.as_ref().try_into().ok()?)));
            let (decided, next) = rate.decide(tat, now);
            answer = decided;
            let ttl = Duration::from_micros(u64::try_from(next - now).unwrap_or_default()) + Duration::from_secs(1);
            Op::Put(Entry { value: Arc::from(next.to_be_bytes().as_slice()), ttl })
        });
        answer
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
