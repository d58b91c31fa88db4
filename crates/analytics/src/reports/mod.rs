//! Reports: what dashboards show, as a file that a job makes, kept for a week.

mod chart;
mod html;
mod http;
mod input;
mod job;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error::{METRIC_FORBIDDEN, REPORT_LINK_EXPIRED, TOO_MANY_REPORTS};

pub(crate) use job::jobs;
pub(crate) use model::forget_person;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let missing = &[&kinds::NOT_FOUND];
    routes
        .user(op!(http::list_reports))
        .user(op!(http::create_report).refuses(&[&METRIC_FORBIDDEN, &TOO_MANY_REPORTS]).idempotent_by_key())
        .user(op!(http::get_report).refuses(missing))
        .user(op!(http::delete_report).refuses(missing))
        .public(op!(http::get_report_file).refuses(missing).refuses(&[&REPORT_LINK_EXPIRED]));
}
