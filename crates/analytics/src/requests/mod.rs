//! Requests: how many there were to each route, how they were answered and how long they took, as this copy's counters for
//! Prometheus have it. Every ten seconds, and when it stops, each copy adds what was added there since. What a copy that is killed
//! had counted within the last ten seconds is lost.
//!
//! Counts are kept by quarters of an hour: no zone begins its days at anything else.

use std::collections::BTreeMap;
use std::time::Duration;

use poligon_common::Beside;
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Given, Timestamp, given};
use poligon_core::telemetry::ByRoute;
use poligon_core::{on_each, statements};
use serde::Serialize;
use tokio::sync::watch;

use crate::facts::{around_given, forget_requests};

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};

/// Milliseconds of a quarter of an hour.
pub(crate) const QUARTER: i64 = 900_000;
/// Quarters of an hour.
const HOUR: i64 = 4;
/// How often counts are added.
const EVERY: chrono::Duration = chrono::Duration::seconds(10);
/// How often the clock is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// What has been counted up to some instant.
#[derive(Debug, Clone, Default)]
struct Counted {
    answered: ByRoute<String>,
    took: ByRoute<i64>,
}

/// What is not written yet, by the quarter in which it was counted: while the database is away, that of the requests stays.
#[derive(Debug, Default)]
struct Waiting {
    answered: BTreeMap<(i64, String, String), u64>,
    took: BTreeMap<(i64, String, i64), u64>,
}

/// Requests of a quarter of an hour, as they were answered.
#[derive(Debug, Serialize)]
struct Answered {
    quarter: i64,
    route: String,
    status: String,
    requests: u64,
}

/// Requests of a quarter of an hour, by how long they took.
#[derive(Debug, Serialize)]
struct Took {
    quarter: i64,
    route: String,
    bucket: i64,
    requests: u64,
}

/// What one count has more than another, in order.
fn more<T: Clone + Ord>(now: &ByRoute<T>, before: &ByRoute<T>) -> BTreeMap<(String, T), u64> {
    let more = |key: &(String, T), count: u64| count.saturating_sub(before.get(key).copied().unwrap_or(0));
    now.iter().map(|(key, count)| (key.clone(), more(key, *count))).filter(|(_, count)| *count > 0).collect()
}

impl Counted {
    fn of(ctx: &Ctx) -> Self {
        Self { answered: ctx.metrics.answered(), took: ctx.metrics.took() }
    }
}

impl Waiting {
    /// Adds what there is more than before.
    fn add(&mut self, counted: &Counted, before: &Counted, now: Timestamp) {
        let quarter = now.millis().div_euclid(QUARTER);
        for ((route, status), requests) in more(&counted.answered, &before.answered) {
            *self.answered.entry((quarter, route, status)).or_default() += requests;
        }
        for ((route, bucket), requests) in more(&counted.took, &before.took) {
            *self.took.entry((quarter, route, bucket)).or_default() += requests;
        }
    }

    /// As rows.
    fn rows(&self) -> (Vec<Answered>, Vec<Took>) {
        let answered = self.answered.iter().map(|((quarter, route, status), requests)| Answered {
            quarter: *quarter,
            route: route.clone(),
            status: status.clone(),
            requests: *requests,
        });
        let took = self.took.iter().map(|((quarter, route, bucket), requests)| Took {
            quarter: *quarter,
            route: route.clone(),
            bucket: *bucket,
            requests: *requests,
        });
        (answered.collect(), took.collect())
    }
}

/// Adds counts as long as this copy runs, and once more when it stops.
pub(crate) fn beside(ctx: Ctx, stop: watch::Receiver<bool>) -> Beside {
    Box::pin(keep(ctx, stop))
}

async fn keep(ctx: Ctx, mut stop: watch::Receiver<bool>) {
    let (mut before, mut waiting, mut last) = (Counted::default(), Waiting::default(), ctx.clock.now());
    loop {
        let (stopping, now) = (*stop.borrow(), ctx.clock.now());
        if stopping || now < last || now >= last + EVERY {
            last = now;
            let counted = Counted::of(&ctx);
            waiting.add(&counted, &before, now);
            before = counted;
            match add(&ctx, &waiting).await {
                Ok(()) => waiting = Waiting::default(),
                Err(error) => tracing::warn!(%error, "requests could not be counted; they are added the next time"),
            }
        }
        if stopping {
            return;
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Adds what waits. Where the database has done so and its answer is lost, it is added twice.
async fn add(ctx: &Ctx, waiting: &Waiting) -> Result<(), DbError> {
    let (answered, took) = waiting.rows();
    if !answered.is_empty() || !took.is_empty() {
        ctx.db.write(move |db| write(db, &answered, &took)).await?;
        forget_requests(ctx);
    }
    Ok(())
}

fn write(db: &mut Db, answered: &[Answered], took: &[Took]) -> Result<(), DbError> {
    let answered = AddAnswered(given(db, &ANSWERED, answered)?);
    on_each!(db, c => answered.execute(c))?;
    let took = AddTook(given(db, &TOOK, took)?);
    on_each!(db, c => took.execute(c))?;
    Ok(())
}

/// Removes what was counted before an instant, of one hour at most; answers how many counts that were.
pub(crate) fn remove_some(db: &mut Db, since: i64) -> Result<usize, DbError> {
    let (quarter, mut gone) = (since.div_euclid(QUARTER), 0);
    for table in ["analytics_requests", "analytics_latencies"] {
        let some = format!(
            "DELETE FROM {table} WHERE quarter < {quarter} AND quarter < (SELECT min(quarter) FROM {table}) + {HOUR}"
        );
        gone += on_each!(db, c => diesel::sql_query(some).execute(c))?;
    }
    Ok(gone)
}

const ANSWERED: [(&str, &str); 4] =
    [("quarter", "bigint"), ("route", "text"), ("status", "text"), ("requests", "bigint")];
const TOOK: [(&str, &str); 4] =
    [("quarter", "bigint"), ("route", "text"), ("bucket", "bigint"), ("requests", "bigint")];

around_given!(
    AddAnswered,
    "INSERT INTO analytics_requests (quarter, route, status, requests) SELECT quarter, route, status, requests FROM ",
    " WHERE true ORDER BY quarter, route, status ON CONFLICT (quarter, route, status) DO UPDATE SET \
     requests = analytics_requests.requests + excluded.requests"
);
around_given!(
    AddTook,
    "INSERT INTO analytics_latencies (quarter, route, bucket, requests) SELECT quarter, route, bucket, requests FROM ",
    " WHERE true ORDER BY quarter, route, bucket ON CONFLICT (quarter, route, bucket) DO UPDATE SET \
     requests = analytics_latencies.requests + excluded.requests"
);
statements!(AddAnswered, AddTook);
