//! How long cases have waited, for operators: told once for each that was closed, by the copy of the gateway that carries events.

use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::events::{Event, Subscriber};

use super::object::ObjectKind;
use super::status::Outcome;
use crate::events::MODERATED;

/// Counts what was decided.
pub(crate) fn subscriber() -> Subscriber {
    Subscriber::new("content.moderation", &[MODERATED], |ctx: Ctx, event: Event| async move {
        let told = &event.payload.0;
        let kind = told["kind"].as_str().and_then(ObjectKind::of);
        let outcome = told["decision"].as_str().and_then(Outcome::of);
        // Names of our own, so that labels stay few.
        if let (Some(kind), Some(outcome), Some(waited)) = (kind, outcome, told["queue_ms"].as_u64()) {
            ctx.metrics.moderated(kind.name(), outcome.name(), Duration::from_millis(waited));
        }
        Ok(())
    })
}
