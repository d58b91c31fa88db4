//! Funnels: how many people went how far, from one thing that they did to the next.

use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::calendar::{CalendarDay, Zone, beginning};
use poligon_common::input::FilterId;
use poligon_common::{Ctx, CurrentUser, FieldError, Json, Problem};
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::http::require;
use super::input::Range;
use super::people::{self, Step};
use super::who_did;
use crate::error::Error;
use crate::facts::Kind;
use crate::segments::{self, Members};
use actix_web::Responder;
use poligon_common::answer::Answer;

/// Days of all steps, unless it is said.
pub(crate) const WINDOW_DAYS: i64 = 14;
const MOST_DAYS: i64 = 90;
const STEPS: std::ops::RangeInclusive<usize> = 2..=8;
const MOST_VALUES: usize = 50;
const DAY: i64 = 86_400_000;

/// A step of a funnel.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunnelStepRequest {
    /// What people did: a kind of fact in which somebody does something, such as `product_view`, `cart`, `order` or `payment`.
    #[schema(pattern = "^[a-z_]{1,32}$")]
    kind: String,
    /// What they did it to (a product's id, a path, a name): one of 1 to 50; without it, anything.
    #[schema(min_items = 1, max_items = 50)]
    values: Option<Vec<String>>,
}

/// A funnel.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunnelQuery {
    /// 2 to 8 steps, in their order.
    #[schema(min_items = 2, max_items = 8)]
    steps: Vec<FunnelStepRequest>,
    /// The first day of the first step; without it, 29 days before the last.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<CalendarDay>,
    /// The last day of the first step; without it, today.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<CalendarDay>,
    /// The time zone that the days are of; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    tz: Option<Zone>,
    /// In how many times 24 hours from somebody's first step the others have to follow, 1 to 90; without it, 14.
    #[schema(minimum = 1, maximum = 90)]
    window_days: Option<i64>,
    /// The segment whose people alone are counted, as of the last day.
    #[schema(value_type = Option<i64>, minimum = 1)]
    segment_id: Option<FilterId>,
}

/// A step that people have made.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct FunnelStep {
    /// What they did.
    pub(crate) kind: Kind,
    /// Its name, where it has one.
    pub(crate) label: Option<String>,
    /// How many different people got as far as this.
    pub(crate) people: i64,
    /// As a share of those who made the first step; `null` where nobody did.
    pub(crate) of_first: Option<f64>,
    /// As a share of those who made the step before; `null` for the first step, and where nobody did.
    pub(crate) of_previous: Option<f64>,
}

/// A funnel's figures.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct FunnelAnswer {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: NaiveDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: NaiveDate,
    /// The time zone that the days are of.
    tz: &'static str,
    /// In how many times 24 hours the steps followed.
    window_days: i64,
    /// The steps.
    steps: Vec<FunnelStep>,
}

#[allow(clippy::cast_precision_loss)] // numbers of people
fn share(people: i64, all: i64) -> Option<f64> {
    (all > 0).then(|| people as f64 / all as f64)
}

/// How many people made each step, the first one on one of some days.
pub(crate) fn funnel(
    db: &mut Db,
    (from, to): (NaiveDate, NaiveDate),
    zone: Tz,
    window_days: i64,
    (steps, segment_id): (&[(Step, Option<String>)], Option<i64>),
) -> Result<Vec<FunnelStep>, Error> {
    let between = (beginning(from, zone), to.succ_opt().map_or(i64::MAX, |next| beginning(next, zone)));
    let plain: Vec<Step> = steps.iter().map(|(step, _)| step.clone()).collect();
    let segment = segments::find_given(db, segment_id)?;
    let members = segment.map(|segment| Members::new(db, &segment, to, zone)).transpose()?;
    let people = people::funnel(db, between, window_days.saturating_mul(DAY), &plain, members)?;
    let first = people.first().copied().unwrap_or(0);
    let before = std::iter::once(None).chain(people.iter().copied().map(Some));
    let shown = steps.iter().zip(&people).zip(before).map(|(((step, label), people), before)| FunnelStep {
        kind: step.kind,
        label: label.clone(),
        people: *people,
        of_first: share(*people, first),
        of_previous: before.and_then(|before| share(*people, before)),
    });
    Ok(shown.collect())
}

impl FunnelQuery {
    fn steps(&self) -> Result<Vec<(Step, Option<String>)>, Error> {
        let mut wrong = Vec::new();
        if !STEPS.contains(&self.steps.len()) {
            return Err(Error::field("/steps", "length", "must be 2 to 8 steps"));
        }
        let mut steps = Vec::new();
        for (place, step) in self.steps.iter().enumerate() {
            let kind = Kind::deeds().find(|kind| kind.name() == step.kind);
            if step.values.as_ref().is_some_and(|values| !(1..=MOST_VALUES).contains(&values.len())) {
                let message = format!("must be 1 to {MOST_VALUES} values");
                wrong.push(FieldError::new(format!("/steps/{place}/values"), "length", message));
            }
            if let Some(kind) = kind {
                steps.push((Step { kind, values: step.values.clone().unwrap_or_default() }, None));
                continue;
            }
            let known: Vec<&str> = Kind::deeds().map(Kind::name).collect();
            let message = format!("is nothing that people do; they do {}", known.join(", "));
            wrong.push(FieldError::new(format!("/steps/{place}/kind"), "unknown_kind", message));
        }
        if self.window_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            wrong.push(FieldError::new("/window_days", "range", format!("must be 1 to {MOST_DAYS}")));
        }
        if wrong.is_empty() { Ok(steps) } else { Err(Error::Fields(wrong)) }
    }
}

/// How many people went how far: each step behind the one before it, all within some days from the first time in the period
/// that somebody made the first step. Only what people do while they are logged in is known to be theirs.
#[utoipa::path(post, path = "/funnels/query", request_body = FunnelQuery,
    responses((status = 200, description = "The steps", body = FunnelAnswer)))]
pub(crate) async fn query_funnel(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<FunnelQuery>,
) -> Result<impl Responder, Problem> {
    let steps = body.steps()?;
    require(&user, who_did(steps.iter().map(|(step, _)| step.kind)))?;
    let now: Timestamp = ctx.clock.now();
    let Range { from, to, zone } = Range::of((body.from, body.to), body.tz, now)?;
    let window_days = body.window_days.unwrap_or(WINDOW_DAYS);
    let segment_id = body.segment_id.map(|id| id.0);
    let work = move |db: &mut Db| funnel(db, (from, to), zone, window_days, (&steps, segment_id));
    let steps = ctx.db.read_whole(work).await?;
    Ok(Answer::ok(FunnelAnswer { from, to, tz: zone.name(), window_days, steps }))
}
