//! Carries events from the outbox to the subscribers. One copy of the gateway at a time holds the lease. A delivery
//! that fails is tried again with growing pauses; later events of the same object wait for it; after the last try it
//! is put aside as dead, and the object goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::dsl::exists;
use diesel::prelude::*;
use tokio::sync::watch;

use super::{Event, Subscriber};
use crate::ctx::Ctx;
use crate::db::{Db, DbError, Timestamp, any_of};
use crate::lease;
use crate::schema::{outbox, outbox_deliveries};

/// Events looked at in one round.
const BATCH: i64 = 500;
/// What [`Dispatcher::round`] answers at least when it was full.
const FULL: usize = 500;
/// Tries before a delivery is put aside.
const TRIES: i64 = 10;
/// Pause between two looks when nobody calls.
const PAUSE: Duration = Duration::from_millis(500);
const LEASE: &str = "outbox";
const LEASE_TIME: chrono::Duration = chrono::Duration::seconds(15);
/// When a round that goes on renews it: with the longest delivery on top it is still held.
const RENEW_AFTER: chrono::Duration = chrono::Duration::seconds(4);
/// Pause after a round that was not full: what comes meanwhile is dealt with together.
const GATHER: Duration = Duration::from_millis(100);
/// Longest time that a subscriber may take for what it is given at once.
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
            let pause = match delivered {
                0 => PAUSE,
                few if few < FULL => GATHER,
                _ => continue,
            };
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(pause) => {}
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
        if !self.ctx.db.read_primary(is_anything_pending).await? {
            return Ok(0);
        }
        let Some(mut held) = self.take_lease().await? else { return Ok(0) };
        // Read under the lease: the holder before may have delivered what stood there a moment ago.
        let pending = self.ctx.db.read_primary(pending).await?;
        let ids: Vec<i64> = pending.iter().map(|event| event.id).collect();
        let states = self.ctx.db.read_primary(move |db| states(db, &ids)).await?;
        let (outcomes, complete) = self.deliver(&pending, &states, &mut held).await;
        let (made, now) = (outcomes.len(), self.ctx.clock.now());
        let finished = complete.len();
        if made + finished > 0 {
            self.ctx.db.write(move |db| record(db, &outcomes, &complete, now)).await?;
        }
        Ok(made + finished)
    }

    async fn take_lease(&self) -> Result<Option<Held>, DbError> {
        let (holder, now) = (self.ctx.instance.clone(), self.ctx.clock.now());
        let taken = self.ctx.db.write(move |db| lease::take(db, LEASE, &holder, now, LEASE_TIME)).await?;
        Ok(taken.then_some(Held { since: Some(now) }))
    }

    /// Whether the lease is still held; one that is not is not taken again in this round.
    async fn holds(&self, held: &mut Held) -> bool {
        if held.since.is_some_and(|since| self.ctx.clock.now().since(since) > RENEW_AFTER) {
            let renewed = self.take_lease().await.unwrap_or_default(); // who cannot renew it stops, whatever the cause
            held.since = renewed.and_then(|held| held.since);
        }
        held.since.is_some()
    }

    /// Delivers what may be delivered now; answers the outcomes, and the events that are through with everybody.
    async fn deliver(&self, pending: &[Event], states: &States, held: &mut Held) -> (Vec<Outcome>, Vec<i64>) {
        let (mut outcomes, mut open) = (Vec::new(), BTreeSet::new());
        for subscriber in &self.subscribers {
            let mut line = Line { subscriber, waiting: BTreeSet::new(), open: &mut open };
            let due = line.due(pending, states, self.ctx.clock.now());
            for chunk in due.chunks(subscriber.most) {
                outcomes.extend(self.deliver_chunk(&mut line, chunk, held).await);
            }
        }
        let complete = pending.iter().map(|event| event.id).filter(|id| !open.contains(id)).collect();
        (outcomes, complete)
    }

    /// Delivers some together; or else each alone, so that one that fails is known.
    async fn deliver_chunk<'a>(&self, line: &mut Line<'a>, chunk: &[Due<'a>], held: &mut Held) -> Vec<Outcome> {
        let ready: Vec<Due<'a>> = chunk.iter().copied().filter(|due| line.admits(due.event)).collect();
        if ready.len() > 1 && self.holds(held).await {
            let events = ready.iter().map(|due| due.event.clone()).collect();
            match self.try_to_deliver(line.subscriber, events).await {
                None => return ready.iter().map(|due| self.note(line, *due, None)).collect(),
                Some(error) => tracing::debug!(subscriber = line.subscriber.name, error, "each is delivered alone"),
            }
        }
        let mut outcomes = Vec::with_capacity(ready.len());
        for due in ready {
            if !self.holds(held).await {
                line.hold(due.event);
            } else if line.admits(due.event) {
                let error = self.try_to_deliver(line.subscriber, vec![due.event.clone()]).await;
                outcomes.push(self.note(line, due, error));
            }
        }
        outcomes
    }

    /// What has become of a delivery; later events of the object wait for one that is tried again.
    fn note<'a>(&self, line: &mut Line<'a>, due: Due<'a>, error: Option<String>) -> Outcome {
        let (subscriber, event_id, attempts) = (line.subscriber.name, due.event.id, due.attempts + 1);
        self.ctx.metrics.event(subscriber, error.is_none());
        if let Some(error) = &error {
            tracing::warn!(subscriber, event = event_id, error, "an event could not be delivered");
            if attempts < TRIES {
                line.hold(due.event);
            }
        }
        Outcome { event_id, subscriber, attempts, error }
    }

    /// What speaks against it, if anything does.
    async fn try_to_deliver(&self, subscriber: &Subscriber, events: Vec<Event>) -> Option<String> {
        let delivery = (subscriber.deliver)(self.ctx.clone(), events);
        match tokio::time::timeout(DELIVERY_TIME, tokio::spawn(delivery)).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(refused))) => Some(refused.to_string()),
            Ok(Err(_panicked)) => Some("the subscriber panicked".to_owned()),
            Err(_elapsed) => Some("the subscriber took too long".to_owned()),
        }
    }
}

/// Since when the lease is held; `None` when it was lost.
struct Held {
    since: Option<Timestamp>,
}

/// A delivery that may be made now.
#[derive(Clone, Copy)]
struct Due<'a> {
    event: &'a Event,
    attempts: i64,
}

/// One subscriber's way through a round.
struct Line<'a> {
    subscriber: &'a Subscriber,
    /// Objects of which an event is not delivered yet: their later ones wait for it.
    waiting: BTreeSet<&'a str>,
    /// Events that are not through with everybody.
    open: &'a mut BTreeSet<i64>,
}

impl<'a> Line<'a> {
    /// What is to be delivered, and is not to wait for its next try.
    fn due(&mut self, pending: &'a [Event], states: &States, now: Timestamp) -> Vec<Due<'a>> {
        let mut due = Vec::new();
        for event in pending.iter().filter(|event| self.subscriber.wants(&event.topic)) {
            let state = states.get(&(event.id, self.subscriber.name.to_owned()));
            if state.is_some_and(|state| state.done_at.is_some() || state.dead_at.is_some()) {
                continue;
            }
            if state.is_some_and(|state| state.next_attempt_at > now) {
                self.hold(event);
            } else if self.admits(event) {
                due.push(Due { event, attempts: state.map_or(0, |state| state.attempts) });
            }
        }
        due
    }

    /// Later events of its object wait for this one.
    fn hold(&mut self, event: &'a Event) {
        self.waiting.insert(&event.object);
        self.open.insert(event.id);
    }

    /// Whether an event waits for no other one.
    fn admits(&mut self, event: &Event) -> bool {
        let waits = self.waiting.contains(event.object.as_str());
        if waits {
            self.open.insert(event.id);
        }
        !waits
    }
}

/// What is known of the deliveries of events that are not simply done.
type States = BTreeMap<(i64, String), State>;

/// Whether there is an event that nobody has dispatched.
fn is_anything_pending(db: &mut Db) -> Result<bool, DbError> {
    Ok(diesel::select(exists(outbox::table.filter(outbox::dispatched_at.is_null()))).get_result(db)?)
}

fn pending(db: &mut Db) -> Result<Vec<Event>, DbError> {
    Ok(outbox::table
        .filter(outbox::dispatched_at.is_null())
        .order(outbox::id)
        .limit(BATCH)
        .select((outbox::id, outbox::topic, outbox::object, outbox::payload, outbox::occurred_at))
        .load(db)?)
}

fn states(db: &mut Db, ids: &[i64]) -> Result<States, DbError> {
    use outbox_deliveries::dsl;
    let rows: Vec<State> = dsl::outbox_deliveries
        .filter(any_of(db, dsl::event_id, ids))
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
    let through = outbox::table.filter(any_of(db, outbox::id, complete));
    diesel::update(through).set(outbox::dispatched_at.eq(now)).execute(db)?;
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
