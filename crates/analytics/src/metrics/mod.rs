//! Metrics: figures of what the facts come to, over buckets of time in any zone.

mod active;
mod calendar;
mod catalogue;
mod cohort;
mod funnel;
mod http;
mod input;
mod people;
mod query;
mod requests;
mod sweep;
mod tally;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

pub(crate) use calendar::Interval;
pub(crate) use catalogue::{Column, Metric, Unit};
pub(crate) use cohort::{Cohort, CohortInterval, MOST as MOST_COHORTS, cohorts};
pub(crate) use funnel::{FunnelStep, WINDOW_DAYS, funnel};
pub(crate) use http::require;
pub(crate) use input::{Asked, CompareWith, MetricQuery, NOT_OF_PEOPLE, filters_by};
pub(crate) use people::Step;
pub(crate) use query::{MetricAnswer, Series, answer};

use crate::error::METRIC_FORBIDDEN;
use crate::facts::{Kind, scope};
use crate::permissions::ANALYTICS_AUDIENCE;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let figures = &[&kinds::NOT_FOUND, &METRIC_FORBIDDEN];
    routes
        .user(op!(http::list_metrics))
        .user(op!(http::query_metric).refuses(figures))
        .user(op!(funnel::query_funnel).refuses(figures))
        .user(op!(cohort::query_cohorts).refuses(figures));
}

/// All metrics.
pub(crate) fn all_metrics() -> &'static [Metric] {
    catalogue::ALL
}

/// The permission that figures of facts of a kind need.
pub(crate) fn permission_of(kind: Kind) -> &'static str {
    let scope = scope(kind);
    let found = catalogue::ALL.iter().find(|metric| metric.scopes().contains(&scope));
    found.map_or(ANALYTICS_AUDIENCE, |metric| metric.permission)
}

/// The permissions to learn how many people did all of this: of the audience, and of what they did.
pub(crate) fn who_did(kinds: impl IntoIterator<Item = Kind>) -> impl Iterator<Item = &'static str> {
    std::iter::once(ANALYTICS_AUDIENCE).chain(kinds.into_iter().map(permission_of))
}

/// The column of a dimension of the facts of a kind.
pub(crate) fn column_of(kind: Kind, dimension: &str) -> Option<Column> {
    let scope = scope(kind);
    let mut of_kind = catalogue::ALL.iter().filter(|metric| metric.scopes().contains(&scope));
    of_kind.find_map(|metric| metric.column(dimension))
}

/// Whether any metric has this dimension.
pub(crate) fn is_dimension(name: &str) -> bool {
    catalogue::ALL.iter().any(|metric| metric.column(name).is_some())
}
