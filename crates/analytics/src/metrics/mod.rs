//! Metrics: figures of what the facts come to, over buckets of time in any zone.

mod calendar;
mod catalogue;
mod http;
mod input;
mod query;
mod tally;

use poligon_common::{Routes, op};

use crate::error::METRIC_FORBIDDEN;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes.user(op!(http::list_metrics)).user(op!(http::query_metric).refuses(&[&METRIC_FORBIDDEN]));
}
