//! Carries events from the outbox to the subscribers. One copy of the gateway at a time holds the lease. A delivery
//! that fails is tried again with growing pauses; later events of the same object wait for it; after the last try it
//! is put aside as dead, and the object goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::watch;

use super::{Event, Subscriber};
use crate::ctx::Ctx;
use crate::db::{Db, DbError, Timestamp};
use crate::lease;
use crate::schema::{outbox, outbox_deliveries};

/// Events looked at in one round.
const BATCH: i64 = 200;
/// Tries before a delivery is put aside.
const TRIES: i64 = 10;
/// Pause between two looks when nobody calls.
const PAUSE: Duration = Duration::from_millis(500);
const LEASE: &str = "outbox";
const LEASE_TIME: chrono::Duration = chrono::Duration::seconds(15);
/// Longest time that a subscriber may take for one event.
const DELIVERY_TIME: Duration = Duration::from_secs(10);

/// What is known of one delivery that is not simply done.
#[derive(Debug, Clone, Queryable)]
struct State {
    event_id: i64,
    subscriber: String,
    attempts: i64,
    next_attempt_at: Timestamp,
    done_at: Option<Timestamp>,
    dead_at: Option<Timestamp>,
}

/// The result of one delivery.
struct Outcome {
    event_id: i64,
    subscriber: &'static str,
    attempts: i64,
    error: Option<String>,
}

/// The dispatcher of one copy of the gateway.
pub struct Dispatcher {
    ctx: Ctx,
    subscribers: Vec<Subscriber>,
}

impl Dispatcher {
    /// A dispatcher to `subscribers`.
    pub fn new(ctx: Ctx, subscribers: Vec<Subscriber>) -> Self {
        Self { ctx, subscribers }
    }

    /// Works until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let delivered = match self.round().await {
                Ok(delivered) => delivered,
                Err(error) => {
                    tracing::warn!(%error, "events could not be dispatched");
                    0
                }
            };
            if delivered == 0 {
                tokio::select! {
                    _ = stop.changed() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
        self.release().await;
    }

    async fn release(&self) {
        let holder = self.ctx.instance.clone();
        let released = self.ctx.db.write(move |db| lease::release(db, LEASE, &holder)).await;
        if let Err(error) = released {
            tracing::debug!(%error, "the outbox lease was not given back; it runs out by itself");
        }
    }

    /// One look at the outbox; answers how many deliveries were made. Public for tests, which need no pause.
    pub async fn round(&self) -> Result<usize, DbError> {
        let (holder, now) = (self.ctx.instance.clone(), self.ctx.clock.now());
        if self.ctx.db.read_primary(pending).await?.is_empty() {
            return Ok(0);
        }
        if !self.ctx.db.write(move |db| lease::take(db, LEASE, &holder, now, LEASE_TIME)).await? {
            return Ok(0);
        }
        // Read again under the lease: the holder before may have delivered what stood there a moment ago.
        let pending = self.ctx.db.read_primary(pending).await?;
        let ids: Vec<i64> = pending.iter().map(|event| event.id).collect();
        let states = self.ctx.db.read_primary(move |db| states(db, &ids)).await?;
        let (outcomes, complete) = self.deliver(pending, &states).await;
        let (made, now) = (outcomes.len(), self.ctx.clock.now());
        let finished = complete.len();
        if made + finished > 0 {
            self.ctx.db.write(move |db| record(db, &outcomes, &complete, now)).await?;
        }
        Ok(made + finished)
    }

    /// Delivers what may be delivered now; answers the outcomes, and the events that are through with everybody.
    async fn deliver(&self, pending: Vec<Event>, states: &BTreeMap<(i64, String), State>) -> (Vec<Outcome>, Vec<i64>) {
        let (mut outcomes, mut complete) = (Vec::new(), Vec::new());
        let mut waiting: BTreeSet<(&'static str, String)> = BTreeSet::new();
        let now = self.ctx.clock.now();
        for event in pending {
            let mut open = false;
            for subscriber in self.subscribers.iter().filter(|s| s.wants(&event.topic)) {
                let state = states.get(&(event.id, subscriber.name.to_owned()));
                if state.is_some_and(|s| s.done_at.is_some() || s.dead_at.is_some()) {
                    continue;
                }
                let line = (subscriber.name, event.object.clone());
                if waiting.contains(&line) || state.is_some_and(|s| s.next_attempt_at > now) {
                    waiting.insert(line);
                    open = true;
                    continue;
                }
                let outcome = self.deliver_one(subscriber, &event, state.map_or(0, |s| s.attempts)).await;
                if outcome.error.is_some() && outcome.attempts < TRIES {
                    waiting.insert(line);
                    open = true;
                }
                outcomes.push(outcome);
            }
            if !open {
                complete.push(event.id);
            }
        }
        (outcomes, complete)
    }

    async fn deliver_one(&self, subscriber: &Subscriber, event: &Event, attempts: i64) -> Outcome {
        let delivery = (subscriber.deliver)(self.ctx.clone(), event.clone());
        let error = match tokio::time::timeout(DELIVERY_TIME, tokio::spawn(delivery)).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(refused))) => Some(refused.to_string()),
            Ok(Err(_panicked)) => Some("the subscriber panicked".to_owned()),
            Err(_elapsed) => Some("the subscriber took too long".to_owned()),
        };
        self.ctx.metrics.event(subscriber.name, error.is_none());
        if let Some(error) = &error {
            tracing::warn!(subscriber = subscriber.name, event = event.id, error, "an event could not be delivered");
        }
        Outcome { event_id: event.id, subscriber: subscriber.name, attempts: attempts + 1, error }
    }
}

fn pending(db: &mut Db) -> Result<Vec<Event>, DbError> {
    Ok(outbox::table
        .filter(outbox::dispatched_at.is_null())
        .order(outbox::id)
        .limit(BATCH)
        .select((outbox::id, outbox::topic, outbox::object, outbox::payload, outbox::occurred_at))
        .load(db)?)
}

fn states(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<(i64, String), State>, DbError> {
    use outbox_deliveries::dsl;
    let rows: Vec<State> = dsl::outbox_deliveries
        .filter(dsl::event_id.eq_any(ids))
        .select((dsl::event_id, dsl::subscriber, dsl::attempts, dsl::next_attempt_at, dsl::done_at, dsl::dead_at))
        .load(db)?;
    Ok(rows.into_iter().map(|row| ((row.event_id, row.subscriber.clone()), row)).collect())
}

/// Notes every outcome; events that are through with everybody leave the queue.
fn record(db: &mut Db, outcomes: &[Outcome], complete: &[i64], now: Timestamp) -> Result<(), DbError> {
    use outbox_deliveries::dsl;
    for outcome in outcomes {
        let failed = outcome.error.is_some();
        if !failed && complete.contains(&outcome.event_id) {
            continue; // the event's own row says it all
        }
        let pause = chrono::Duration::milliseconds(250 << outcome.attempts.min(12));
        let changes = (
            dsl::attempts.eq(outcome.attempts),
            dsl::next_attempt_at.eq(now + pause),
            dsl::done_at.eq((!failed).then_some(now)),
            dsl::dead_at.eq((failed && outcome.attempts >= TRIES).then_some(now)),
            dsl::last_error.eq(outcome.error.clone()),
        );
        let row = dsl::outbox_deliveries.find((outcome.event_id, outcome.subscriber));
        if diesel::update(row).set(changes.clone()).execute(db)? == 0 {
            let key = (dsl::event_id.eq(outcome.event_id), dsl::subscriber.eq(outcome.subscriber));
            diesel::insert_into(dsl::outbox_deliveries).values((key, changes)).execute(db)?;
        }
    }
    diesel::update(outbox::table.filter(outbox::id.eq_any(complete))).set(outbox::dispatched_at.eq(now)).execute(db)?;
    Ok(())
}

/// How many events wait, and how long the oldest has waited, in seconds.
pub fn lag(db: &mut Db, now: Timestamp) -> Result<(i64, f64), DbError> {
    let waiting = outbox::table.filter(outbox::dispatched_at.is_null()).count().get_result::<i64>(db)?;
    let oldest = outbox::table
        .filter(outbox::dispatched_at.is_null())
        .order(outbox::id)
        .select(outbox::occurred_at)
        .first::<Timestamp>(db)
        .optional()?;
    #[allow(clippy::cast_precision_loss)] // seconds for a gauge
    let seconds = oldest.map_or(0.0, |at| now.since(at).num_milliseconds() as f64 / 1000.0);
    Ok((waiting, seconds.max(0.0)))
}
