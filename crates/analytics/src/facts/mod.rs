//! Facts: what has happened, as the domains and clients tell it, each counted once however often it is told, and in the hour
//! in which it happened however late it comes.

mod cards;
mod fresh;
mod history;
mod http;
mod input;
mod keep;
mod kind;
mod rebuild;
mod record;
mod told;

use poligon_common::{Routes, op};
use poligon_core::Ctx;
use poligon_core::events::{DeliveryError, Event, Subscriber};
use poligon_core::jobs::Job;

pub(crate) use fresh::{FIGURES, active_scope, forget_requests, requests_scope, scope};
pub use history::History;
pub(crate) use kind::Kind;
pub use rebuild::rebuild;
pub(crate) use record::{HOUR, around_given};

use crate::error::Error;

/// Events that are counted in one transaction.
const AT_ONCE: usize = 200;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes.recognised(op!(http::post_events).limited("events"));
}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![keep::job()]
}

/// Who listens to the domains.
pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![Subscriber::of_many("analytics.facts", told::TOPICS, AT_ONCE, |ctx: Ctx, events: Vec<Event>| async move {
        let facts: Vec<_> = events.iter().flat_map(told::facts_of).collect();
        let kinds = fresh::kinds_of(&facts);
        let written = ctx.db.write(move |db| record::record(db, &facts).map(drop)).await;
        written.map_err(|error: Error| DeliveryError(error.to_string()))?;
        fresh::forget(&ctx, kinds);
        Ok(())
    })]
}
