//! What stands outside of the domains: health, metrics, documents, and the pages for people.

mod docs;
mod health;
mod home;
mod mailbox;
mod metrics;
mod problems;
mod style;

use poligon_analytics::page::{__path_dashboard_file, __path_dashboard_page, dashboard_file, dashboard_page};
use poligon_common::{Op, Routes, op};

poligon_common::problem_kinds! {
    NOT_READY = 503, "not_ready", "Not ready", "The service is starting, stopping, or missing something that it depends on: failing names it. Send requests elsewhere, or come back after Retry-After seconds.";
}

/// Health, metrics and documents are asked for by machines, often, and while the cache that counts is down: they are
/// in no family that has a quota.
const UNLIMITED: &str = "operation";

/// The routes.
pub(crate) fn routes() -> Routes {
    let unlimited = |op: Op| op.limited(UNLIMITED);
    let mut routes = Routes::new("", "operation");
    routes
        .public(unlimited(op!(health_live)))
        .public(unlimited(op!(health_ready)).refuses(&[&NOT_READY]))
        .permitted("system:read", op!(health_details))
        .public(unlimited(op!(read_metrics)))
        .public(unlimited(op!(read_openapi)))
        .public(unlimited(op!(read_asyncapi)))
        .public(unlimited(op!(docs_page)))
        .public(unlimited(op!(docs_file)))
        .public(unlimited(op!(style_sheet)))
        .public(unlimited(op!(dashboard_page)))
        .public(unlimited(op!(dashboard_file)))
        .public(op!(problem_page))
        .public(op!(home_page))
        .public(op!(mailbox_page))
        .public(op!(list_messages));
    routes
}

pub(crate) use docs::are_open as docs_are_open;
use docs::{
    __path_docs_file, __path_docs_page, __path_read_asyncapi, __path_read_openapi, docs_file, docs_page, read_asyncapi,
    read_openapi,
};
use health::{
    __path_health_details, __path_health_live, __path_health_ready, health_details, health_live, health_ready,
};
use home::{__path_home_page, home_page};
use mailbox::{__path_list_messages, __path_mailbox_page, list_messages, mailbox_page};
use metrics::{__path_read_metrics, read_metrics};
use problems::{__path_problem_page, problem_page};
use style::{__path_style_sheet, style_sheet};
