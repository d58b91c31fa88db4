//! Analytics, under `/api/analytics`: what has happened, and what it comes to.
//!
//! | slice | tables |
//! |---|---|
//! | `facts` | `analytics_facts`, `analytics_hours`, `analytics_active`, `analytics_kept` |
//! | `requests` | `analytics_requests`, `analytics_latencies` |
//! | `metrics` | none: figures of what facts and requests come to |
//! | `kpis` | `kpis` |
//! | `segments` | `segments` |
//! | `reports` | `analytics_reports` |
//! | `exports` | none |
//! | `dashboards` | `dashboards`, `dashboard_shares`, `dashboard_links`, `dashboard_overrides`, `dashboard_choices` |
//!
//! The page for people, `/dashboard`, is in `page`.
//!
//! Facts come from what the other domains tell, and from clients. Each is counted in the transaction in which it is written.

mod dashboards;
mod error;
mod exports;
mod facts;
mod kpis;
mod metrics;
pub mod page;
mod permissions;
mod reports;
mod requests;
mod schema;
mod segments;

use poligon_common::{Domain, Routes};
use poligon_core::events::Subscriber;
use poligon_core::jobs::Job;

pub use facts::{History, rebuild};
pub use permissions::PERMISSIONS;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "analytics",
        routes,
        subscribers,
        jobs,
        beside: requests::beside,
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
    dashboards::routes(&mut all);
    exports::routes(&mut all);
    kpis::routes(&mut all);
    reports::routes(&mut all);
    segments::routes(&mut all);
    all
}

fn jobs() -> Vec<Job> {
    facts::jobs().into_iter().chain(reports::jobs()).collect()
}

fn subscribers() -> Vec<Subscriber> {
    let mut all = facts::subscribers();
    all.extend(dashboards::subscribers());
    all
}
