//! Ready answers of public reads, near at hand: kept in this process, bounded by their bytes, and forgotten in every
//! copy of the gateway when what they show has changed. Beside them a few values that many answers are made of (the tree
//! of categories, the prices of shipping), bounded by their number.
//!
//! Every entry belongs to one scope or several (`products`, `product:17`). A scope has a generation; forgetting a scope
//! begins the next one, and an entry of an earlier generation is never shown. Whoever fills an entry takes the generation before
//! reading the database, so that what was read before a change cannot come to stand after it.

use std::any::Any;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::bus::Bus;

/// Scopes share this many generations; two that share one are forgotten together.
const GENERATIONS: usize = 4_096;
/// Longest life of an entry: how long a copy that lost a message of the bus can show what was.
const LIFE: Duration = Duration::from_mins(1);
/// Values that are kept at most.
const VALUES: u64 = 1_024;
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

struct Inner {
    entries: moka::sync::Cache<String, (Generation, Arc<Kept>)>,
    values: moka::sync::Cache<String, (Generation, Arc<dyn Any + Send + Sync>)>,
    generations: Vec<AtomicU64>,
    hasher: RandomState,
    bus: Bus,
}

impl Near {
    /// Keeps answers of at most `bytes`; 0 keeps none.
    pub fn new(bytes: u64, bus: Bus) -> Self {
        let weigh = |key: &String, entry: &(Generation, Arc<Kept>)| {
            u32::try_from(key.len() + entry.1.body.len() + 256).unwrap_or(u32::MAX)
        };
        let entries = moka::sync::Cache::builder().max_capacity(bytes).weigher(weigh).time_to_live(LIFE).build();
        let generations = (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect();
        let values = moka::sync::Cache::builder().max_capacity(VALUES).time_to_live(LIFE).build();
        Self(Arc::new(Inner { entries, values, generations, hasher: RandomState::new(), bus }))
    }

    /// The present generation of what belongs to all of these scopes.
    pub fn generation(&self, scopes: &[&str]) -> Generation {
        // Each only grows, so the sum changes when one of them does.
        Generation(scopes.iter().map(|scope| self.counter(scope).load(Ordering::Acquire)).sum())
    }

    /// The answer under `key`, unless one of its scopes was forgotten since.
    pub fn get(&self, scopes: &[&str], key: &str) -> Option<Arc<Kept>> {
        let (of, kept) = self.0.entries.get(key)?;
        (of == self.generation(scopes)).then_some(kept)
    }

    /// Keeps an answer that was begun in the generation `of` of its scopes.
    pub fn put(&self, of: Generation, key: String, kept: Arc<Kept>) {
        self.0.entries.insert(key, (of, kept));
    }

    /// The value under `key`, unless one of its scopes was forgotten since, or it is no `T`.
    pub fn value<T: Send + Sync + 'static>(&self, scopes: &[&str], key: &str) -> Option<Arc<T>> {
        let (of, value) = self.0.values.get(key)?;
        if of == self.generation(scopes) { value.downcast().ok() } else { None }
    }

    /// Keeps a value that was begun in the generation `of` of its scopes.
    pub fn put_value<T: Send + Sync + 'static>(&self, of: Generation, key: String, value: Arc<T>) {
        self.0.values.insert(key, (of, value));
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
        self.0.entries.invalidate_all();
        self.0.values.invalidate_all();
        for generation in &self.0.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn counter(&self, scope: &str) -> &AtomicU64 {
        let slot = self.0.hasher.hash_one(scope) % GENERATIONS as u64;
        &self.0.generations[usize::try_from(slot).unwrap_or(0)]
    }
}
