//! Small things that are shared for a while: cached answers, rate limits, delays after failed logins. In this process,
//! or in Redis for any number of copies of the gateway; both follow the same formulas.

mod gcra;
mod memory;
mod redis;

use std::time::Duration;

pub use gcra::{Admission, Rate};

use crate::config::CacheConfig;
use crate::db::Timestamp;
use crate::telemetry::Tally;

/// The cache did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the cache did not answer: {0}")]
pub struct CacheError(pub String);

type Result<T> = std::result::Result<T, CacheError>;

/// Delays after failures: none before `free` failures, then doubled with each from one second up to `longest`.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The failure from which on there is a delay.
    pub free: u32,
    /// The longest delay.
    pub longest: Duration,
    /// After how long without a failure everything is forgotten.
    pub memory: Duration,
}

impl Backoff {
    /// The delay that follows the failure with number `count`, counted from 1.
    pub fn delay(&self, count: u32) -> Duration {
        if count < self.free {
            return Duration::ZERO;
        }
        let doublings = (count - self.free).min(20);
        Duration::from_secs(1 << doublings).min(self.longest)
    }
}

/// The cache of an application. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    store: Store,
    calls: Tally,
}

#[derive(Clone)]
enum Store {
    Memory(memory::MemoryCache),
    Redis(redis::RedisCache),
}

/// Calls the same method of whichever cache this is, and counts what comes of it.
macro_rules! either {
    ($self:ident, $method:ident($($arg:expr),*)) => {{
        let answer = match &$self.store {
            Store::Memory(cache) => Ok(cache.$method($($arg),*)),
            Store::Redis(cache) => cache.$method($($arg),*).await,
        };
        $self.calls.count(answer.is_ok());
        answer
    }};
}

impl Cache {
    /// Prepares the cache that the settings name; a connection is made when it is first needed.
    pub fn open(config: &CacheConfig, calls: Tally) -> Result<Self> {
        let store = match &config.redis_url {
            Some(url) => Store::Redis(redis::RedisCache::open(url, config)?),
            None => Store::Memory(memory::MemoryCache::new(config.memory_entries)),
        };
        Ok(Self { store, calls })
    }

    /// The name of the kind of cache, for people.
    pub fn kind(&self) -> &'static str {
        match self.store {
            Store::Memory(_) => "in process",
            Store::Redis(_) => "Redis",
        }
    }

    /// The value under `key`, if it is there and has not expired.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        either!(self, get(key))
    }

    /// Puts `value` under `key` for `ttl`.
    pub async fn set(&self, key: &str, value: Vec<u8>, ttl: Duration) -> Result<()> {
        either!(self, set(key, value, ttl))
    }

    /// Takes `key` for `ttl`; `false` when somebody else has it.
    pub async fn set_if_absent(&self, key: &str, ttl: Duration) -> Result<bool> {
        either!(self, set_if_absent(key, ttl))
    }

    /// Removes `key`.
    pub async fn remove(&self, key: &str) -> Result<()> {
        either!(self, remove(key))
    }

    /// Asks for one request at `now` under `rate` (generic cell rate algorithm, ITU-T I.371).
    pub async fn admit(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Admission> {
        either!(self, admit(key, rate, now))
    }

    /// Counts a failure at `now` and answers from when on another try is welcome; `None` when it is at any time.
    pub async fn fail(&self, key: &str, backoff: Backoff, now: Timestamp) -> Result<Option<Timestamp>> {
        either!(self, fail(key, backoff, now))
    }

    /// Counts a try as a failure before it is known what comes of it, so that of many at once no more are let through than
    /// of many in turn; [`Cache::remove`] forgets it. While there is a delay nothing is counted, and the answer is until
    /// when.
    pub async fn take_try(&self, key: &str, backoff: Backoff, now: Timestamp) -> Result<Option<Timestamp>> {
        either!(self, take_try(key, backoff, now))
    }

    /// From when on another try is welcome; `None` when it is at any time.
    pub async fn blocked_until(&self, key: &str) -> Result<Option<Timestamp>> {
        Ok(self.get(key).await?.and_then(|state| Failures::parse(&state)).and_then(|f| f.until))
    }

    /// Whether the cache takes and answers a request.
    pub async fn ping(&self) -> Result<()> {
        either!(self, ping())
    }
}

/// The state behind [`Cache::fail`], stored as `count:until_millis`, 0 for no delay.
///
/// Without a delay there is no time: one would be in the future for whoever looks with a clock that is a little behind.
struct Failures {
    count: u32,
    until: Option<Timestamp>,
}

impl Failures {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (count, until) = std::str::from_utf8(bytes).ok()?.split_once(':')?;
        let until = until.parse().ok().filter(|millis| *millis > 0);
        Some(Self { count: count.parse().ok()?, until: until.and_then(Timestamp::from_millis) })
    }

    fn next(before: Option<Self>, backoff: Backoff, now: Timestamp) -> Self {
        let count = before.map_or(0, |f| f.count).saturating_add(1);
        let delay = chrono::Duration::from_std(backoff.delay(count)).unwrap_or(chrono::Duration::MAX);
        Self { count, until: (!delay.is_zero()).then(|| now + delay) }
    }

    fn format(&self) -> Vec<u8> {
        format!("{}:{}", self.count, self.until.map_or(0, Timestamp::millis)).into_bytes()
    }
}
