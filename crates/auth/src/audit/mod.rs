//! The security log: `GET /api/auth/audit`. What is written, and by which helper.

mod http;
mod model;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use poligon_common::answer::Answer;
use poligon_common::idempotency::Claim;
use poligon_common::{Client, Ctx, Problem, Routes, op};
use poligon_core::db::Db;
use poligon_core::security::audit::{Entry, Outcome, record};
use serde::Serialize;

use crate::error::Error;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes.permitted("audit:read", op!(http::list_audit));
}

/// An entry for something that `client` did or tried.
pub(crate) fn entry(action: &'static str, outcome: Outcome, client: &Client) -> Entry {
    Entry {
        address: client.address.to_string(),
        user_agent: client.user_agent.clone(),
        request_id: client.request_id.clone(),
        ..Entry::new(action, outcome)
    }
}

/// An entry for something that a person did to their own account.
pub(crate) fn own(action: &'static str, outcome: Outcome, client: &Client, user_id: i64) -> Entry {
    Entry { actor_id: Some(user_id), subject_id: Some(user_id), ..entry(action, outcome, client) }
}

/// Runs `work` and writes `entry` in one transaction, and announces the entry after the commit. What is refused for who
/// asks, or for whose it is, is noted as denied.
pub(crate) async fn write<T, F>(ctx: &Ctx, entry: Entry, mut work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnMut(&mut Db) -> Result<T, Error> + Send + 'static,
{
    let (now, recorded) = (ctx.clock.now(), entry.clone());
    let done = ctx.db.write(move |db| {
        let value = work(db)?;
        record(db, &recorded, now)?;
        Ok::<_, Error>(value)
    });
    match done.await {
        Ok(value) => {
            entry.announce(&ctx.metrics);
            Ok(value)
        }
        Err(error) => {
            if error.is_denial() {
                note(ctx, Entry { outcome: Outcome::Denied, ..entry });
            }
            Err(error)
        }
    }
}

/// The same for a request with an `Idempotency-Key`: its answer is stored in the same transaction, too.
pub(crate) async fn claimed<T, F>(ctx: &Ctx, claim: Claim, entry: Entry, mut work: F) -> Result<HttpResponse, Problem>
where
    T: Serialize + Send + 'static,
    F: FnMut(&mut Db) -> Result<Answer<T>, Error> + Send + 'static,
{
    let (now, recorded, metrics) = (ctx.clock.now(), entry.clone(), ctx.metrics.clone());
    let denied = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&denied);
    let done = claim.write(move |db| {
        let answer = work(db).inspect_err(|error| noticed.store(error.is_denial(), Ordering::Relaxed))?;
        record(db, &recorded, now)?;
        recorded.announce(&metrics);
        Ok::<_, Error>(answer)
    });
    let done = done.await;
    if done.is_err() && denied.load(Ordering::Relaxed) {
        note(ctx, Entry { outcome: Outcome::Denied, ..entry });
    }
    done
}

/// Queues an entry that belongs to no transaction.
pub(crate) fn note(ctx: &Ctx, entry: Entry) {
    ctx.audit.note(entry, ctx.clock.now(), &ctx.metrics);
}
