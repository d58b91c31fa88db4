//! Whether an application can serve: each thing that it depends on, asked in bounded time and not more often than
//! makes sense, however many ask.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::ctx::Ctx;
use crate::db::{DbError, dialect, migrate};
use crate::events;

/// Longest time of one check.
const LONGEST: Duration = Duration::from_secs(2);
/// How long the outcome of a cheap check holds, and any failure.
const BRIEFLY: Duration = Duration::from_millis(250);
/// How long success of a check holds that writes or reads much.
const A_WHILE: Duration = Duration::from_secs(5);
/// Longest time that a look at the outbox may take away from the metrics.
const GAUGE_TIME: Duration = Duration::from_secs(1);

/// What one check found.
#[derive(Debug, Clone)]
pub struct Check {
    /// What was asked: `database`, `migrations`, `cache`, `storage`.
    pub name: &'static str,
    /// Why it cannot be used; `None` when it can. For those who run the service, not for everybody.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// The last outcome of a check. Those who ask while it is being made wait for it.
#[derive(Default)]
struct Last(Mutex<Option<(Instant, Check)>>);

impl Last {
    async fn ask(&self, name: &'static str, holds: Duration, work: impl Future<Output = Result<(), String>>) -> Check {
        let began = Instant::now();
        let asked = async {
            let mut last = self.0.lock().await;
            if let Some((at, check)) = &*last {
                let holds = if check.error.is_some() { BRIEFLY } else { holds };
                if at.elapsed() < holds {
                    return check.clone();
                }
            }
            let outcome = timeout(LONGEST.saturating_sub(began.elapsed()), work).await;
            let error = outcome.unwrap_or_else(|_elapsed| Err("no answer in time".into())).err();
            let check = Check { name, error, took: began.elapsed() };
            *last = Some((Instant::now(), check.clone()));
            check
        };
        let late = |_| Check { name, error: Some("no answer in time".into()), took: began.elapsed() };
        timeout(LONGEST + BRIEFLY, asked).await.unwrap_or_else(late)
    }
}

/// What an application knows of its own health.
pub struct Health {
    started: Instant,
    draining: watch::Sender<bool>,
    database: Last,
    migrations: Last,
    cache: Last,
    storage: Last,
    gauges: Mutex<Option<Instant>>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            draining: watch::Sender::new(false),
            database: Last::default(),
            migrations: Last::default(),
            cache: Last::default(),
            storage: Last::default(),
            gauges: Mutex::default(),
        }
    }
}

impl Health {
    /// From now on the application is not ready for new work, and says so: it is about to stop.
    pub fn start_draining(&self) {
        self.draining.send_replace(true);
    }

    /// Whether the application is about to stop.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Waits until the application is about to stop: what would last for ever ends then.
    pub async fn drained(&self) {
        // The sender is here, so it is never gone.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }

    /// How long the application has been there.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Ctx {
    /// Asks everything that the application depends on, at once; takes about two seconds at most.
    pub async fn check_health(&self) -> [Check; 4] {
        let health = &self.health;
        let checks = tokio::join!(
            health.database.ask("database", BRIEFLY, async {
                let pinged = self.db.read_primary(|db| Ok::<_, DbError>(dialect::ping(db)?)).await;
                pinged.map_err(|e| e.to_string())
            }),
            health.migrations.ask("migrations", A_WHILE, async {
                match self.db.read_primary(migrate::pending).await {
                    Ok(0) => Ok(()),
                    Ok(missing) => Err(format!("{missing} steps are missing")),
                    Err(error) => Err(error.to_string()),
                }
            }),
            health.cache.ask("cache", BRIEFLY, async { self.cache.ping().await.map_err(|e| e.to_string()) }),
            health.storage.ask("storage", A_WHILE, async { self.storage.probe().await.map_err(|e| e.to_string()) }),
        );
        let checks: [Check; 4] = checks.into();
        for check in &checks {
            self.metrics.dependency(check.name, check.error.is_none());
        }
        checks
    }

    /// Brings the gauges up to date. The database is asked every few seconds at most; while it does not answer, what
    /// it said last stays.
    pub async fn refresh_gauges(&self) {
        for (pool, load) in self.db.loads() {
            self.metrics.pool(pool, load);
        }
        let (waiting, running) = self.hasher.load();
        self.metrics.hashing(waiting, running);
        let near = self.near.size();
        let entries = [("answers", near.answers), ("values", near.values), ("sessions", self.sessions.remembered())];
        for (cache, entries) in entries {
            self.metrics.cache_entries(cache, entries);
        }
        self.metrics.cache_answer_bytes(near.answer_bytes);
        let Ok(mut asked) = self.health.gauges.try_lock() else { return };
        if asked.is_some_and(|at| at.elapsed() < A_WHILE) {
            return;
        }
        *asked = Some(Instant::now());
        let now = self.clock.now();
        match timeout(GAUGE_TIME, self.db.read_primary(move |db| events::lag(db, now))).await {
            Ok(Ok((waiting, oldest))) => self.metrics.outbox(waiting, oldest),
            Ok(Err(error)) => tracing::debug!(%error, "the outbox could not be measured"),
            Err(_elapsed) => tracing::debug!("the outbox could not be measured in time"),
        }
    }
}
