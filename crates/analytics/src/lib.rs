//! Analytics, under `/api/analytics`: what has happened, and what it comes to.
//!
//! | slice | tables |
//! |---|---|
//! | `facts` | `analytics_facts`, `analytics_hours`, `analytics_active` |
//! | `metrics` | none: figures of what the facts come to |
//!
//! Facts come from what the other domains tell, and from clients. Each is counted in the transaction in which it is written.

mod error;
mod facts;
mod metrics;
mod permissions;

use poligon_common::{Domain, Routes};

pub use facts::{History, rebuild};
pub use permissions::PERMISSIONS;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "analytics",
        routes,
        subscribers: facts::subscribers,
        jobs: Vec::new,
        permissions: PERMISSIONS,
        problems: error::KINDS,
        seed: |_, _, _| Ok(()),
        history: |_, _| Ok(()),
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/analytics", "analytics");
    facts::routes(&mut all);
    metrics::routes(&mut all);
    all
}
