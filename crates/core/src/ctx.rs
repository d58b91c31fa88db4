//! The only way to the outside. Whatever a handler or a job needs comes through a [`Ctx`]; two of them in one process
//! share nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::bus::{Bus, LOST, Message};
use crate::cache::Cache;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Database;
use crate::health::Health;
use crate::mail::Mailer;
use crate::near::{self, Near};
use crate::random;
use crate::security::audit::Auditor;
use crate::security::tokens::AccessTokens;
use crate::security::{Hasher, KeyRing, Sessions};
use crate::slots::Slots;
use crate::storage::Storage;
use crate::telemetry::Metrics;

/// The application could not be put together; the text says which part and why.
#[derive(Debug, thiserror::Error)]
#[error("{part}: {cause}")]
pub struct StartError {
    part: &'static str,
    cause: String,
}

impl StartError {
    /// `part` failed because of `cause`.
    pub fn new(part: &'static str, cause: impl ToString) -> Self {
        Self { part, cause: cause.to_string() }
    }
}

/// Everything that one application stands on. Cheap to clone.
#[derive(Clone)]
pub struct Ctx(Arc<Parts>);

/// The parts of a [`Ctx`].
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Database,
    /// Cache and rate limits.
    pub cache: Cache,
    /// Messages between parts and copies.
    pub bus: Bus,
    /// Ready answers of public reads.
    pub near: Near,
    /// Files.
    pub storage: Storage,
    /// How mail leaves.
    pub mailer: Mailer,
    /// The time.
    pub clock: Clock,
    /// Counters and gauges.
    pub metrics: Metrics,
    /// The hashing threads.
    pub hasher: Hasher,
    /// Keys.
    pub keys: KeyRing,
    /// Access tokens.
    pub tokens: AccessTokens,
    /// The security log of what was refused.
    pub audit: Auditor,
    /// Who callers are.
    pub sessions: Sessions,
    /// Whether it can serve.
    pub health: Health,
    /// What domains keep while the application runs.
    pub slots: Slots,
    /// Names this copy of the gateway among the others.
    pub instance: String,
}

impl std::ops::Deref for Ctx {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Ctx {
    /// Puts an application together. Needs a Tokio runtime. Connections are made when they are first needed, so this
    /// succeeds while the database is down.
    pub fn new(config: Config, clock: Clock) -> Result<Self, StartError> {
        let part = |part: &'static str| move |e: &dyn std::fmt::Display| StartError::new(part, e);
        let keys = KeyRing::new(&config.security).map_err(|e| part("keys")(&e))?;
        let bus = Bus::open(&config.cache).map_err(|e| part("bus")(&e))?;
        let metrics = Metrics::new().map_err(|e| part("metrics")(&e))?;
        let parts = Parts {
            near: Near::new(config.cache.answer_bytes, bus.clone(), &metrics),
            db: Database::open(&config.database).map_err(|e| part("database")(&e))?,
            cache: Cache::open(&config.cache, metrics.cache_calls()).map_err(|e| part("cache")(&e))?,
            bus,
            storage: Storage::open(&config.storage).map_err(|e| part("storage")(&e))?,
            mailer: Mailer::open(&config.mail).map_err(|e| part("mail")(&e))?,
            hasher: Hasher::start(&config.security).map_err(|e| part("hashing threads")(&e))?,
            tokens: AccessTokens::new(keys.clone(), &config.security),
            audit: Auditor::default(),
            health: Health::default(),
            sessions: Sessions::new(Duration::from_millis(config.security.session_cache_ms), &metrics),
            slots: Slots::default(),
            instance: random::id().map_err(|e| part("randomness")(&e))?,
            metrics,
            keys,
            clock,
            config,
        };
        Ok(Self(Arc::new(parts)))
    }

    /// Forgets a revoked session here and in every other copy.
    pub fn session_ended(&self, session_id: i64) {
        self.sessions.forget(session_id);
        self.bus.publish("session", session_id);
    }

    /// Forgets everything remembered of people here and in every other copy: roles, locks or many sessions changed.
    pub fn people_changed(&self) {
        self.sessions.forget_all();
        self.bus.publish("session", "*");
    }

    /// Listens for what other copies of the gateway revoke or change, until `stop` turns true.
    pub async fn follow_others(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        let mut messages = self.bus.subscribe();
        while !*stop.borrow() {
            tokio::select! {
                message = messages.recv() => match message {
                    Ok(message) => self.take_message(&message),
                    Err(_lagged_or_closed) => {
                        self.sessions.forget_all();
                        self.near.forget_all();
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                _ = stop.changed() => {}
            }
        }
    }

    fn take_message(&self, message: &Message) {
        match (message.topic.as_str(), message.payload.parse()) {
            ("session", Ok(session_id)) => self.sessions.forget(session_id),
            ("session", Err(_)) => self.sessions.forget_all(),
            (near::TOPIC, _) => self.near.forget_here(&message.payload),
            (LOST, _) => {
                self.sessions.forget_all();
                self.near.forget_all();
            }
            _ => {}
        }
    }
}
