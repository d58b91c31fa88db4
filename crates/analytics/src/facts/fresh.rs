//! What becomes out of date when facts come: answers that are kept near at hand.

use std::collections::BTreeSet;

use poligon_core::Ctx;

use super::kind::Kind;
use super::record::Fact;

/// The topic on the bus: figures have changed.
pub(crate) const FIGURES: &str = "analytics.figures";

/// The scope of figures that are made of facts of a kind.
pub(crate) fn scope(kind: Kind) -> String {
    format!("analytics.facts:{}", kind.name())
}

/// The scope of figures that count active people.
pub(crate) fn active_scope() -> String {
    "analytics.active".to_owned()
}

/// The scope of figures of requests.
pub(crate) fn requests_scope() -> String {
    "analytics.requests".to_owned()
}

/// Forgets what was made of requests. To be called after the commit. Nobody is told: whoever would look again would make requests.
pub(crate) fn forget_requests(ctx: &Ctx) {
    ctx.near.forget(&requests_scope());
}

/// The kinds of facts.
pub(super) fn kinds_of(facts: &[Fact]) -> BTreeSet<Kind> {
    facts.iter().map(|fact| fact.kind).collect()
}

/// Forgets what was made of facts of these kinds, on every copy of the gateway. To be called after the commit.
pub(super) fn forget(ctx: &Ctx, kinds: BTreeSet<Kind>) {
    if kinds.is_empty() {
        return;
    }
    for kind in &kinds {
        ctx.near.forget(&scope(*kind));
    }
    if kinds.iter().any(|kind| kind.is_act()) {
        ctx.near.forget(&active_scope());
    }
    ctx.bus.publish(FIGURES, "");
}
