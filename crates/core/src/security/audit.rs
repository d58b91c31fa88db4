//! The security log: who did what, from where, and how it ended. Append-only in the database, and in the log stream.

use std::sync::Mutex;
use std::time::Duration;

use diesel::prelude::*;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use crate::ctx::Ctx;
use crate::db::{Db, DbError, Json, Timestamp};
use crate::schema::audit_log;
use crate::telemetry::Metrics;

/// Entries that may wait to be written; more are only in the log stream, and counted.
const QUEUE: usize = 10_000;
/// Entries written in one transaction.
const BATCH: usize = 200;
/// The pause after a first failure to write; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(3);

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried with wrong credentials or tokens.
    Failure,
    /// It was refused.
    Denied,
}

impl Outcome {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Denied => "denied",
        }
    }
}

/// One entry. Never holds a password, a token or a code.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was done or tried.
    pub action: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it, if known.
    pub actor_id: Option<i64>,
    /// To whom.
    pub subject_id: Option<i64>,
    /// From which address.
    pub address: String,
    /// With which client.
    pub user_agent: String,
    /// In which request.
    pub request_id: String,
    /// The particulars.
    pub details: Value,
}

impl Entry {
    /// An entry without particulars.
    pub fn new(action: &'static str, outcome: Outcome) -> Self {
        Self {
            action,
            outcome,
            actor_id: None,
            subject_id: None,
            address: String::new(),
            user_agent: String::new(),
            request_id: String::new(),
            details: Value::Object(serde_json::Map::new()),
        }
    }

    /// Writes the entry to the log stream and counts it.
    pub fn announce(&self, metrics: &Metrics) {
        metrics.security(self.action, self.outcome.as_str());
        tracing::info!(
            target: "security",
            action = self.action,
            outcome = self.outcome.as_str(),
            actor_id = self.actor_id,
            subject_id = self.subject_id,
            address = self.address,
            request_id = self.request_id,
            "security event"
        );
    }
}

/// Writes an entry into the transaction of `db`.
pub fn record(db: &mut Db, entry: &Entry, now: Timestamp) -> Result<(), DbError> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::at.eq(now),
            audit_log::action.eq(entry.action),
            audit_log::outcome.eq(entry.outcome.as_str()),
            audit_log::actor_id.eq(entry.actor_id),
            audit_log::subject_id.eq(entry.subject_id),
            audit_log::address.eq(&entry.address),
            audit_log::user_agent.eq(&entry.user_agent),
            audit_log::request_id.eq(&entry.request_id),
            audit_log::details.eq(Json(entry.details.clone())),
        ))
        .execute(db)?;
    Ok(())
}

type Noted = (Entry, Timestamp);

/// Entries that belong to no transaction (refused requests), written in the background.
pub struct Auditor {
    queue: mpsc::Sender<Noted>,
    waiting: Mutex<Option<mpsc::Receiver<Noted>>>,
}

impl Default for Auditor {
    fn default() -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Self { queue, waiting: Mutex::new(Some(waiting)) }
    }
}

impl Auditor {
    /// Announces an entry and queues it for the database. Never waits.
    pub fn note(&self, entry: Entry, now: Timestamp, metrics: &Metrics) {
        entry.announce(metrics);
        if self.queue.try_send((entry, now)).is_err() {
            metrics.refused("audit_queue");
        }
    }

    /// Writes queued entries until `stop` turns true, then what is left.
    pub async fn run(ctx: Ctx, mut stop: watch::Receiver<bool>) {
        let taken = ctx.audit.waiting.lock().ok().and_then(|mut waiting| waiting.take());
        let Some(mut waiting) = taken else { return };
        while !*stop.borrow() {
            tokio::select! {
                first = waiting.recv() => {
                    let Some(first) = first else { return };
                    write_batch(&ctx, first, &mut waiting, &stop).await;
                }
                _ = stop.changed() => {}
            }
        }
        while let Ok(first) = waiting.try_recv() {
            write_batch(&ctx, first, &mut waiting, &stop).await;
        }
    }
}

/// Writes `first` and what waits behind it; tries again until it is written, or the process is about to end.
async fn write_batch(ctx: &Ctx, first: Noted, waiting: &mut mpsc::Receiver<Noted>, stop: &watch::Receiver<bool>) {
    let mut batch = vec![first];
    while batch.len() < BATCH
        && let Ok(next) = waiting.try_recv()
    {
        batch.push(next);
    }
    let mut pause = FIRST_PAUSE;
    loop {
        let entries = batch.clone();
        let written = ctx.db.write(move |db| entries.iter().try_for_each(|(entry, at)| record(db, entry, *at))).await;
        let Err(error) = written else { return };
        // As long as the process lives the entries are kept: a database that is down for long must not cost the log.
        if *stop.borrow() && pause >= LAST_PAUSE {
            tracing::error!(%error, "the security log could not be written; what was to be written stands above");
            break;
        }
        tracing::warn!(%error, "the security log could not be written; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
    for _ in &batch {
        ctx.metrics.refused("audit_write");
    }
}
