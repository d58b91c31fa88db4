//! Cohorts: people who registered in the same day, week or month, and how many of them came back later.

use actix_web::Responder;
use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::answer::Answer;
use poligon_common::calendar::{CalendarDay, Zone, today};
use poligon_common::input::FilterId;
use poligon_common::{Ctx, CurrentUser, Json, Problem};
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::{Bucket, Interval, whole_buckets};
use super::http::require;
use super::input::Range;
use super::people::{self, Stretch};
use super::who_did;
use crate::error::Error;
use crate::facts::Kind;
use crate::segments::{self, Members};

/// Cohorts at most.
pub(crate) const MOST: usize = 26;

/// What cohorts are by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CohortInterval {
    /// Days.
    Day,
    /// Weeks from Monday (ISO 8601).
    Week,
    /// Months.
    Month,
}

impl From<CohortInterval> for Interval {
    fn from(interval: CohortInterval) -> Self {
        match interval {
            CohortInterval::Day => Self::Day,
            CohortInterval::Week => Self::Week,
            CohortInterval::Month => Self::Month,
        }
    }
}

/// Which cohorts are asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CohortQuery {
    /// What they are by.
    interval: CohortInterval,
    /// The first day; without it, 29 days before the last. Cohorts are whole days, weeks and months: the first is that which
    /// the day is in.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<CalendarDay>,
    /// The last day; without it, today. Of more than 26 cohorts, the last 26 are told.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<CalendarDay>,
    /// The time zone that the days are of; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    tz: Option<Zone>,
    /// What they came back to: a kind of fact, such as `order`; without it, anything that makes somebody active.
    #[schema(pattern = "^[a-z_]{1,32}$")]
    returning: Option<String>,
    /// The segment whose people alone are counted, as of the last day.
    #[schema(value_type = Option<i64>, minimum = 1)]
    segment_id: Option<FilterId>,
}

/// Those of a cohort who were there in a later time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Kept {
    /// How many.
    pub(crate) people: i64,
    /// As a share of the cohort; `null` where nobody is in it.
    pub(crate) share: Option<f64>,
}

/// People who registered in the same time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Cohort {
    /// The day, the week or the month.
    #[schema(examples("2026-01-31", "2026-W05", "2026-01"))]
    pub(crate) label: String,
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) start: Option<Timestamp>,
    /// How many registered.
    pub(crate) size: i64,
    /// How many of them were there so many days, weeks or months later, from 0 on, until now, also behind the last day that was
    /// asked for; what has not begun is missing.
    pub(crate) kept: Vec<Kept>,
}

/// Cohorts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CohortAnswer {
    /// What they are by.
    interval: CohortInterval,
    /// The time zone that the days are of.
    tz: &'static str,
    /// The first is the oldest.
    cohorts: Vec<Cohort>,
}

/// The cohorts of the intervals that days are in, the last `most`.
pub(crate) fn cohorts(
    db: &mut Db,
    (from, to): (NaiveDate, NaiveDate),
    zone: Tz,
    (interval, most): (CohortInterval, usize),
    (returning, segment_id): (Option<Kind>, Option<i64>),
    now: Timestamp,
) -> Result<Vec<Cohort>, Error> {
    let begun = |bucket: &Bucket| bucket.start <= now.millis();
    let asked = whole_buckets(from, to, interval.into(), zone).into_iter().filter(begun).count();
    let mut all = whole_buckets(from, to.max(today(now, zone)), interval.into(), zone);
    all.retain(begun);
    // The last cohorts that are asked for, and how it went on with them.
    all.drain(..asked.saturating_sub(most.min(MOST)).min(all.len()));
    let members = asked.min(most.min(MOST));
    all.truncate(members + MOST);
    let stretch = |(part, bucket): (i64, &Bucket)| Stretch::new(part, bucket.start, bucket.end);
    let spans: Vec<Stretch> = (0..).zip(&all).map(stretch).collect();
    let segment = segments::find_given(db, segment_id)?;
    let of = segment.map(|segment| Members::new(db, &segment, to, zone)).transpose()?;
    let counted = people::cohorts(db, (spans.get(..members).unwrap_or(&spans), &spans), returning, of)?;
    let people = |part: usize, later: i64| {
        let found = counted.iter().find(|(of, step, _)| usize::try_from(*of) == Ok(part) && *step == later);
        found.map_or(0, |(_, _, people)| *people)
    };
    #[allow(clippy::cast_precision_loss)] // numbers of people
    let shown = all.iter().enumerate().take(members).map(|(part, bucket)| {
        let size = people(part, -1);
        let later = (0..).take(all.len() - part);
        let kept = later.map(|later| people(part, later));
        let kept = kept.map(|people| Kept { people, share: (size > 0).then(|| people as f64 / size as f64) });
        let start = Timestamp::from_millis(bucket.start);
        Cohort { label: bucket.label.clone(), start, size, kept: kept.collect() }
    });
    Ok(shown.collect())
}

/// People who registered in the same day, week or month, and how many of them came back later. Registration is an act: in the
/// first interval everybody is there, unless `returning` says what counts.
#[utoipa::path(post, path = "/cohorts/query", request_body = CohortQuery,
    responses((status = 200, description = "The cohorts", body = CohortAnswer)))]
pub(crate) async fn query_cohorts(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<CohortQuery>,
) -> Result<impl Responder, Problem> {
    let returning = body.returning.as_deref().map(|name| {
        let kind = Kind::deeds().find(|kind| kind.name() == name);
        let known: Vec<&str> = Kind::deeds().map(Kind::name).collect();
        let message = || format!("is nothing that people do; they do {}", known.join(", "));
        kind.ok_or_else(|| Error::field("/returning", "unknown_kind", message()))
    });
    let returning = returning.transpose()?;
    require(&user, who_did(returning))?;
    let now = ctx.clock.now();
    let Range { from, to, zone } = Range::of((body.from, body.to), body.tz, now)?;
    let (interval, segment_id) = (body.interval, body.segment_id.map(|id| id.0));
    let work = move |db: &mut Db| cohorts(db, (from, to), zone, (interval, MOST), (returning, segment_id), now);
    let cohorts = ctx.db.read_whole(work).await?;
    Ok(Answer::ok(CohortAnswer { interval, tz: zone.name(), cohorts }))
}
