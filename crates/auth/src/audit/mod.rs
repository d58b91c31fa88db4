//! The security log: `GET /api/auth/audit`. What is written, and by which helper.

mod http;
mod model;

use poligon_common::{Client, Ctx, Routes, op};
use poligon_core::db::Db;
use poligon_core::security::audit::{Entry, Outcome, record};

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

/// Queues an entry that belongs to no transaction.
pub(crate) fn note(ctx: &Ctx, entry: Entry) {
    ctx.audit.note(entry, ctx.clock.now(), &ctx.metrics);
}
