//! KPIs: metrics that are to reach a target, or to stay below one, and how they stand.

mod http;
mod input;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error::{KPI_NAME_TAKEN, METRIC_FORBIDDEN, TOO_MANY_KPIS};
use crate::permissions::KPIS_WRITE;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let one = &[&kinds::NOT_FOUND, &METRIC_FORBIDDEN];
    let making = &[&METRIC_FORBIDDEN, &KPI_NAME_TAKEN, &TOO_MANY_KPIS];
    routes
        .user(op!(http::list_kpis))
        .permitted(KPIS_WRITE, op!(http::create_kpi).refuses(making).idempotent_by_key())
        .user(op!(http::get_kpi).refuses(one))
        .permitted(KPIS_WRITE, op!(http::put_kpi).refuses(one).refuses(&[&KPI_NAME_TAKEN]).by_version())
        .permitted(KPIS_WRITE, op!(http::delete_kpi).refuses(one).by_version());
}
