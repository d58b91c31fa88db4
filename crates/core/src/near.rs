//! Ready answers of public reads, near at hand: kept in this process, bounded by their bytes, and forgotten in every
//! copy of the gateway when what they show has changed. Beside them values that answers are made of (the tree of categories,
//! the prices of shipping, figures of dashboards), bounded by what they take, about.
//!
//! Every entry belongs to one scope or several (`products`, `product:17`). A scope has a generation; forgetting a scope
//! begins the next one, and an entry of an earlier generation is never shown. Whoever fills an entry takes the generation before
//! reading the database, so that what was read before a change cannot come to stand after it.

use std::any::Any;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::bus::Bus;
use crate::telemetry::{Metrics, Tally};

/// Scopes share this many generations; two that share one are forgotten together.
const GENERATIONS: usize = 4_096;
/// Longest life of an entry: how long a copy that lost a message of the bus can show what was.
const LIFE: Duration = Duration::from_mins(1);
/// What values may take, in bytes.
const VALUE_BYTES: u64 = 64 << 20;
/// What a value is taken for whose size nobody tells, in bytes.
pub const USUAL_VALUE: u64 = 32 << 10;
/// What an answer takes beside its key and its body, in bytes.
const OVERHEAD: u64 = 256;
/// What an answer is expected to take, in bytes: decides into how many parts the cache is cut for threads.
const USUAL_ANSWER: u64 = 8_192;
/// The topic on the bus.
pub(crate) const TOPIC: &str = "near";

/// An answer as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The body. Handing it out copies nothing.
    pub body: Bytes,
    /// Its entity tag, quotes included.
    pub tag: String,
    /// `Link`, where the answer has one.
    pub link: Option<String>,
}

/// A generation, as it was when somebody began to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

/// The answers of one application. Cheap to clone.
#[derive(Clone)]
pub struct Near(Arc<Inner>);

/// Something that is kept.
#[derive(Clone)]
struct Entry<T> {
    of: Generation,
    since: Instant,
    what: T,
}

impl<T> Entry<T> {
    fn new(of: Generation, what: T) -> Self {
        Self { of, since: Instant::now(), what }
    }

    fn is_of(&self, present: Generation) -> bool {
        self.of == present && self.since.elapsed() < LIFE
    }
}

/// A value, and about how many bytes it takes.
#[derive(Clone)]
struct Value {
    what: Arc<dyn Any + Send + Sync>,
    bytes: u64,
}

/// The bytes that an answer or a value takes.
#[derive(Clone)]
struct Bytewise;

impl Weighter<String, Entry<Arc<Kept>>> for Bytewise {
    fn weight(&self, key: &String, entry: &Entry<Arc<Kept>>) -> u64 {
        (key.len() + entry.what.body.len()) as u64 + OVERHEAD
    }
}

impl Weighter<String, Entry<Value>> for Bytewise {
    fn weight(&self, key: &String, entry: &Entry<Value>) -> u64 {
        key.len() as u64 + entry.what.bytes + OVERHEAD
    }
}

struct Inner {
    /// `None` keeps no answers.
    entries: Option<Cache<String, Entry<Arc<Kept>>, Bytewise>>,
    values: Cache<String, Entry<Value>, Bytewise>,
    generations: Vec<AtomicU64>,
    hasher: RandomState,
    bus: Bus,
    answers_found: Tally,
    values_found: Tally,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Ready answers.
    pub answers: u64,
    /// What they take, in bytes.
    pub answer_bytes: u64,
    /// Values.
    pub values: u64,
}

impl Near {
    /// Keeps answers of at most `bytes`; 0 keeps none.
    pub fn new(bytes: u64, bus: Bus, metrics: &Metrics) -> Self {
        let usual = usize::try_from(bytes / USUAL_ANSWER).unwrap_or(usize::MAX);
        let entries = (bytes > 0).then(|| Cache::with_weighter(usual, bytes, Bytewise));
        let generations = (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect();
        let values = Cache::with_weighter(
            usize::try_from(VALUE_BYTES / USUAL_VALUE).unwrap_or(usize::MAX),
            VALUE_BYTES,
            Bytewise,
        );
        let (answers_found, values_found) = (metrics.cache_reads("answers"), metrics.cache_reads("values"));
        let hasher = RandomState::new();
        Self(Arc::new(Inner { entries, values, generations, hasher, bus, answers_found, values_found }))
    }

    /// How much is kept at present.
    pub fn size(&self) -> Size {
        let Inner { entries, values, .. } = &*self.0;
        let (answers, answer_bytes) =
            entries.as_ref().map_or((0, 0), |entries| (entries.len() as u64, entries.weight()));
        Size { answers, answer_bytes, values: values.len() as u64 }
    }

    /// The present generation of what belongs to all of these scopes.
    pub fn generation(&self, scopes: &[&str]) -> Generation {
        // Each only grows, so the sum changes when one of them does.
        Generation(scopes.iter().map(|scope| self.counter(scope).load(Ordering::Acquire)).sum())
    }

    /// The answer under `key`, unless one of its scopes was forgotten since.
    pub fn get(&self, scopes: &[&str], key: &str) -> Option<Arc<Kept>> {
        let entry = self.0.entries.as_ref().and_then(|entries| entries.get(key));
        let found = entry.filter(|entry| entry.is_of(self.generation(scopes)));
        self.0.answers_found.count(found.is_some());
        found.map(|entry| entry.what)
    }

    /// Keeps an answer that was begun in the generation `of` of its scopes.
    pub fn put(&self, of: Generation, key: String, kept: Arc<Kept>) {
        if let Some(entries) = &self.0.entries {
            entries.insert(key, Entry::new(of, kept));
        }
    }

    /// The value under `key`, unless one of its scopes was forgotten since, or it is no `T`.
    pub fn value<T: Send + Sync + 'static>(&self, scopes: &[&str], key: &str) -> Option<Arc<T>> {
        let found = self.0.values.get(key).filter(|entry| entry.is_of(self.generation(scopes)));
        self.0.values_found.count(found.is_some());
        found.and_then(|entry| entry.what.what.downcast().ok())
    }

    /// Keeps a value of about so many bytes that was begun in the generation `of` of its scopes.
    pub fn put_value<T: Send + Sync + 'static>(&self, of: Generation, key: String, value: Arc<T>, bytes: u64) {
        self.0.values.insert(key, Entry::new(of, Value { what: value, bytes }));
    }

    /// Forgets a scope here, at once, and in every other copy of the gateway. To be called after the commit.
    pub fn forget(&self, scope: &str) {
        self.forget_here(scope);
        self.0.bus.publish(TOPIC, scope);
    }

    /// Forgets a scope in this process.
    pub(crate) fn forget_here(&self, scope: &str) {
        self.counter(scope).fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets everything: messages were lost.
    pub(crate) fn forget_all(&self) {
        if let Some(entries) = &self.0.entries {
            entries.clear();
        }
        self.0.values.clear();
        for generation in &self.0.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn counter(&self, scope: &str) -> &AtomicU64 {
        let slot = self.0.hasher.hash_one(scope) % GENERATIONS as u64;
        &self.0.generations[usize::try_from(slot).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near() -> Result<Near, prometheus::Error> {
        Ok(Near::new(0, Bus::local(), &Metrics::new()?))
    }

    #[test]
    fn values_are_bounded_by_what_they_take() -> Result<(), prometheus::Error> {
        for (count, bytes) in [(100_000, 1_u64 << 10), (1_000, 1 << 20), (100, 4 << 20)] {
            let near = near()?;
            for number in 0..count {
                near.put_value(Generation(0), format!("{bytes}:{number}"), Arc::new(number), bytes);
            }
            let (kept, weight) = (near.0.values.len() as u64, near.0.values.weight());
            assert!(kept > 0 && kept <= VALUE_BYTES / bytes, "{kept} of {bytes} bytes");
            assert!(weight <= VALUE_BYTES && weight > VALUE_BYTES / 4, "{weight}");
        }
        Ok(())
    }

    #[test]
    fn a_value_of_another_kind_or_an_earlier_generation_is_none() -> Result<(), prometheus::Error> {
        let near = near()?;
        near.put_value(near.generation(&["one"]), "key".to_owned(), Arc::new(7_i64), USUAL_VALUE);
        assert_eq!(near.value::<i64>(&["one"], "key").as_deref(), Some(&7));
        assert!(near.value::<String>(&["one"], "key").is_none());
        near.forget_here("one");
        assert!(near.value::<i64>(&["one"], "key").is_none());
        Ok(())
    }
}
