//! What a widget would show that stands on no dashboard yet.

use actix_web::Responder;
use chrono_tz::Tz;
use poligon_common::answer::Answer;
use poligon_common::calendar::{CalendarDay, Zone, days_before, today};
use poligon_common::{Ctx, CurrentUser, FieldError, Json, Problem};
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::data::{self, Data, WidgetData, WidgetProblem};
use super::definition::{Filters, Widget, WidgetType, wrong_filters};
use super::figures::{View, figures};
use super::settings;
use crate::error::Error;

/// Days that a preview is about, unless it is said.
const DAYS: u64 = 30;

/// A widget, and what it is asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// What it is.
    #[serde(rename = "type")]
    kind: WidgetType,
    /// What it shows: `GET widgets/schemas` describes it.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
    /// The first day; without it, 29 days before the last.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<CalendarDay>,
    /// The last day; without it, today.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<CalendarDay>,
    /// The time zone that the days are of; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    tz: Option<Zone>,
    /// Values of dimensions, as those of a whole dashboard.
    #[serde(default)]
    filters: Filters,
}

/// What the widget would show.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct WidgetPreview {
    /// What it shows; `null` where there is a problem.
    data: Option<Data>,
    /// When the figures were asked for; `null` where there are none.
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// Why it shows nothing.
    problem: Option<WidgetProblem>,
}

impl PreviewRequest {
    fn widget(&self) -> Widget {
        let (id, title) = (String::new(), String::new());
        Widget { id, kind: self.kind, title, x: 0, y: 0, w: 1, h: 1, settings: self.settings.clone() }
    }

    /// For what figures are asked, or everything that is wrong.
    fn view(&self, user: &CurrentUser, widget: &Widget, now: Timestamp) -> Result<View, Error> {
        let zone = self.tz.map_or(Tz::UTC, |zone| zone.0);
        let to = self.to.map_or_else(|| today(now, zone), |day| day.0);
        let from = self.from.map_or_else(|| days_before(to, DAYS - 1), |day| day.0);
        let mut wrong: Vec<FieldError> = settings::wrong(widget, "/settings");
        wrong.extend(wrong_filters(&self.filters));
        match data::checked_days(from, to) {
            Err(Error::Fields(days)) => wrong.extend(days),
            checked => drop(checked?),
        }
        if !wrong.is_empty() {
            return Err(Error::Fields(wrong));
        }
        let permissions = user.permissions.clone();
        let view = View::of(permissions, (from, to), zone.name(), now);
        Ok(View { filters: self.filters.clone(), ..view })
    }
}

/// What a widget would show, as `GET dashboards/{id}/data` shows what is saved.
#[utoipa::path(post, path = "/widgets/preview", request_body = PreviewRequest,
    responses((status = 200, description = "Its figures, or why there are none", body = WidgetPreview)))]
pub(crate) async fn preview_widget(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<PreviewRequest>,
) -> Result<impl Responder, Problem> {
    let (widget, now) = (body.widget(), ctx.clock.now());
    let view = body.view(&user, &widget, now)?;
    let shown = figures(&ctx, std::slice::from_ref(&widget), view).await?.pop();
    let shown = shown.ok_or_else(Problem::not_found)?;
    let WidgetData { data, as_of, problem, .. } = WidgetData::new(&widget, shown, now);
    Ok(Answer::ok(WidgetPreview { data, as_of, problem }))
}
