//! The cache in Redis: one call for each question, rules in Lua so that they are atomic across copies.

use std::future::Future;
use std::time::Duration;

use deadpool_redis::redis::{self, AsyncCommands as _, Script};
use deadpool_redis::{Config, Connection, Pool, PoolConfig, Runtime, Timeouts};

use super::{Admission, Backoff, CacheError, Rate, Result};
use crate::config::CacheConfig;
use crate::db::Timestamp;

/// `KEYS[1]` the caller; `ARGV` now, interval and window in microseconds. Answers admitted, used, retry after.
const ADMIT: &str = "
local now, interval, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or ARGV[1]), now)
local next = tat + interval
local early = next - now - window
if early > 0 then return {0, tat - now, early} end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
return {1, next - now, 0}";

/// `KEYS[1]` who failed; `ARGV` now, free failures, longest delay and memory in milliseconds, and 1 to count nothing while
/// there is a delay. Answers until when (0: no delay), and whether it was counted.
const FAIL: &str = "
local count, till = string.match(redis.call('GET', KEYS[1]) or '0:0', '^(%d+):(%d+)')
if ARGV[5] == '1' and tonumber(till) > tonumber(ARGV[1]) then return {tonumber(till), 0} end
count = tonumber(count) + 1
till = '0'
if count >= tonumber(ARGV[2]) then
  local delay = math.min(1000 * 2 ^ math.min(count - tonumber(ARGV[2]), 20), tonumber(ARGV[3]))
  till = string.format('%.0f', tonumber(ARGV[1]) + delay)
end
redis.call('SET', KEYS[1], count .. ':' .. till, 'PX', ARGV[4])
return {tonumber(till), 1}";

/// Redis behind a bounded pool.
#[derive(Clone)]
pub(super) struct RedisCache {
    pool: Pool,
    prefix: String,
    timeout: Duration,
    admit: Script,
    fail: Script,
}

impl RedisCache {
    pub(super) fn open(url: &str, config: &CacheConfig) -> Result<Self> {
        let timeout = Duration::from_millis(config.timeout_ms);
        let mut pool = Config::from_url(url);
        pool.pool = Some(PoolConfig {
            max_size: config.pool_size,
            timeouts: Timeouts { wait: Some(timeout), create: Some(timeout), recycle: Some(timeout) },
            ..PoolConfig::default()
        });
        Ok(Self {
            pool: pool.create_pool(Some(Runtime::Tokio1)).map_err(|e| CacheError(e.to_string()))?,
            prefix: config.prefix.clone(),
            timeout,
            admit: Script::new(ADMIT),
            fail: Script::new(FAIL),
        })
    }

    async fn connection(&self) -> Result<Connection> {
        self.pool.get().await.map_err(|e| CacheError(e.to_string()))
    }

    /// A call in bounded time; a connection whose call was cut off is not used again.
    async fn call<T, F>(&self, connection: Connection, work: impl FnOnce(Connection) -> F) -> Result<T>
    where
        F: Future<Output = (Connection, redis::RedisResult<T>)>,
    {
        match tokio::time::timeout(self.timeout, work(connection)).await {
            Ok((connection, Ok(value))) => {
                drop(connection);
                Ok(value)
            }
            Ok((connection, Err(error))) => {
                if error.is_unrecoverable_error() {
                    drop(Connection::take(connection));
                }
                Err(CacheError(error.to_string()))
            }
            Err(_elapsed) => Err(CacheError("no answer in time".into())),
        }
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let key = self.key(key);
        self.call(self.connection().await?, async |mut c| {
            let value = c.get(key).await;
            (c, value)
        })
        .await
    }

    pub(super) async fn set(&self, key: &str, value: Vec<u8>, ttl: Duration) -> Result<()> {
        let key = self.key(key);
        self.call(self.connection().await?, async |mut c| {
            let done = c.pset_ex(key, value, millis(ttl)).await;
            (c, done)
        })
        .await
    }

    pub(super) async fn set_if_absent(&self, key: &str, ttl: Duration) -> Result<bool> {
        let mut command = redis::cmd("SET");
        command.arg(self.key(key)).arg("").arg("NX").arg("PX").arg(millis(ttl));
        let taken: Option<String> = self
            .call(self.connection().await?, async |mut c| {
                let done = command.query_async(&mut c).await;
                (c, done)
            })
            .await?;
        Ok(taken.is_some())
    }

    pub(super) async fn remove(&self, key: &str) -> Result<()> {
        let key = self.key(key);
        self.call(self.connection().await?, async |mut c| {
            let done = c.del(key).await;
            (c, done)
        })
        .await
    }

    pub(super) async fn admit(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Admission> {
        let mut call = self.admit.prepare_invoke();
        call.key(self.key(key)).arg(now.utc().timestamp_micros()).arg(rate.interval).arg(rate.window());
        let (admitted, used, retry_after): (bool, i64, i64) = self
            .call(self.connection().await?, async |mut c| {
                let done = call.invoke_async(&mut c).await;
                (c, done)
            })
            .await?;
        Ok(rate.admission(admitted, used, retry_after))
    }

    pub(super) async fn fail(&self, key: &str, backoff: Backoff, now: Timestamp) -> Result<Option<Timestamp>> {
        Ok(self.count(key, backoff, now, false).await?.0)
    }

    pub(super) async fn take_try(&self, key: &str, backoff: Backoff, now: Timestamp) -> Result<Option<Timestamp>> {
        let (until, counted) = self.count(key, backoff, now, true).await?;
        Ok(until.filter(|_| !counted))
    }

    async fn count(
        &self,
        key: &str,
        backoff: Backoff,
        now: Timestamp,
        unless_delayed: bool,
    ) -> Result<(Option<Timestamp>, bool)> {
        let mut call = self.fail.prepare_invoke();
        call.key(self.key(key)).arg(now.millis()).arg(backoff.free);
        call.arg(millis(backoff.longest)).arg(millis(backoff.memory)).arg(i32::from(unless_delayed));
        let (until, counted): (i64, i32) = self
            .call(self.connection().await?, async |mut c| {
                let done = call.invoke_async(&mut c).await;
                (c, done)
            })
            .await?;
        let until = if until == 0 { None } else { Timestamp::from_millis(until) };
        Ok((until, counted == 1))
    }

    pub(super) async fn ping(&self) -> Result<()> {
        self.call(self.connection().await?, async |mut c| {
            let done = c.ping().await;
            (c, done)
        })
        .await
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
