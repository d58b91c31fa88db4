//! Dashboards: figures beside each other, as people want to see them, for themselves, for others, and for whoever has a link.

mod access;
mod data;
mod data_http;
mod definition;
mod figures;
mod http;
mod hub;
mod input;
mod kept;
mod links;
mod live;
mod model;
mod overrides;
mod people_http;
mod period;
mod preview;
mod schemas;
mod settings;
mod shares;
mod templates;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};
use poligon_core::Ctx;
use poligon_core::events::{DeliveryError, Event, Subscriber};

pub(crate) use data::{DashboardData, Data, Number, TargetState, WidgetData, kept_number};
pub(crate) use data_http::shown;
pub(crate) use definition::Filters;
pub(crate) use figures::{Figures, View, one};
pub(crate) use input::{DataParams, UrlFilters};
pub(crate) use model::require_account;
pub(crate) use period::{Period, last_thirty_days};
pub(crate) use settings::{Direction, permission_of, permissions, wrong_number};
pub(crate) use templates::built_in_widgets;

use crate::error::{ACCESS_TOO_LOW, Error, METRIC_FORBIDDEN, TOO_MANY_DASHBOARDS, TOO_MANY_LINKS, TOO_MANY_SHARES};

/// Somebody has deleted their account.
const DELETED: &str = "auth.deleted";

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let changing = &[&kinds::NOT_FOUND, &ACCESS_TOO_LOW];
    let editing = &[&kinds::NOT_FOUND, &ACCESS_TOO_LOW, &METRIC_FORBIDDEN];
    routes
        .user(op!(http::list_widget_schemas))
        .user(op!(http::list_dashboard_templates))
        .user(op!(http::list_dashboards))
        .user(op!(http::create_dashboard).refuses(&[&TOO_MANY_DASHBOARDS]).idempotent_by_key())
        .user(op!(http::import_dashboard).refuses(&[&TOO_MANY_DASHBOARDS]).idempotent_by_key())
        .user(op!(http::get_dashboard).refuses(&[&kinds::NOT_FOUND]))
        .user(op!(http::put_dashboard).refuses(editing).by_version())
        .user(op!(http::patch_dashboard).refuses(editing).by_version())
        .user(op!(http::delete_dashboard).refuses(changing).by_version())
        .user(
            op!(http::copy_dashboard)
                .refuses(&[&kinds::NOT_FOUND, &TOO_MANY_DASHBOARDS])
                .idempotent_by_key()
                .optional_body(),
        )
        .user(op!(http::get_dashboard_file).refuses(&[&kinds::NOT_FOUND]))
        .user(op!(data_http::get_first_dashboard))
        .user(op!(data_http::choose_first_dashboard).refuses(&[&kinds::NOT_FOUND]))
        .user(op!(data_http::get_dashboard_data).refuses(&[&kinds::NOT_FOUND]))
        .public(op!(data_http::get_shared_dashboard).refuses(&[&kinds::NOT_FOUND]))
        .user(op!(preview::preview_widget))
        .user(op!(live::stream_first_dashboard_events))
        .user(op!(live::stream_dashboard_events).refuses(&[&kinds::NOT_FOUND]))
        .user(op!(people_http::list_dashboard_shares).refuses(changing))
        .user(
            op!(people_http::create_dashboard_share).refuses(changing).refuses(&[&TOO_MANY_SHARES]).idempotent_by_key(),
        )
        .user(op!(people_http::delete_dashboard_share).refuses(changing))
        .user(op!(people_http::list_dashboard_links).refuses(changing))
        .user(op!(people_http::create_dashboard_link).refuses(changing).refuses(&[&TOO_MANY_LINKS]).optional_body())
        .user(op!(people_http::delete_dashboard_link).refuses(changing))
        .user(op!(people_http::put_dashboard_override).refuses(&[&kinds::NOT_FOUND]))
        .user(op!(people_http::delete_dashboard_override).refuses(&[&kinds::NOT_FOUND]));
}

/// Who listens to the accounts: what somebody had goes with their account.
pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![Subscriber::new("analytics.people", &[DELETED], |ctx: Ctx, event: Event| async move {
        let Some(user_id) = event.payload.0["user_id"].as_i64() else { return Ok(()) };
        let now = ctx.clock.now();
        let work = move |db: &mut _| {
            model::forget_person(db, user_id)?;
            crate::reports::forget_person(db, user_id, now)
        };
        let gone = ctx.db.write(work).await;
        gone.map_err(|error: Error| DeliveryError(error.to_string()))
    })]
}
