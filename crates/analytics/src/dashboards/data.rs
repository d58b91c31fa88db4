//! A dashboard with everything that it shows.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::calendar::{days_between, today};
use poligon_common::problem::Kind as ProblemKind;
use poligon_common::{Ctx, FieldError, Problem};
use poligon_core::db::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::definition::{Definition, Filters, Widget, wrong_filters};
use super::figures::{Ask, Figures, Hidden, Shown, View, asked, figure, figures, zone_of};
use super::input::DataParams;
use super::kept::OLDEST;
use super::model::DashboardResponse;
use super::period::{MOST_DAYS, Period};
use super::settings::{self, Direction, MetricSettings, Settings};
use crate::error::{Error, FIGURES_SLOW, METRIC_FORBIDDEN, SEGMENT_NOT_FOUND};
use crate::metrics::{Cohort, CohortInterval, FunnelStep, Interval, Metric, MetricAnswer, Unit};

/// How a figure stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TargetState {
    /// As good as it has to be by now, or better.
    OnTrack,
    /// At most a tenth worse.
    AtRisk,
    /// Worse.
    OffTrack,
}

/// What a widget shows, by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = WidgetFigures)]
pub(crate) enum Data {
    /// A metric.
    Metric {
        /// The figures.
        #[serde(flatten)]
        answer: MetricAnswer,
        /// What a number is held against.
        target: Option<f64>,
        /// What is better.
        direction: Option<Direction>,
        /// How it stands to that. Of what adds up over time, so much of the target is due as of the days is over.
        state: Option<TargetState>,
    },
    /// A funnel.
    Funnel {
        /// Its steps.
        steps: Vec<FunnelStep>,
    },
    /// Cohorts.
    Cohort {
        /// What they are by.
        interval: CohortInterval,
        /// The oldest first.
        cohorts: Vec<Cohort>,
    },
    /// A text.
    Text {
        /// HTML in which nothing runs.
        html: String,
    },
}

/// Why a widget shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WidgetProblem {
    /// The stable name of the problem.
    code: String,
    /// In words.
    detail: String,
}

/// A widget's figures.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct WidgetData {
    /// The widget.
    pub(super) id: String,
    /// What it shows; `null` where there is a problem.
    pub(super) data: Option<Data>,
    /// When the figures were asked for; `null` where there are none.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) as_of: Option<Timestamp>,
    /// Why it shows nothing.
    pub(super) problem: Option<WidgetProblem>,
}

impl WidgetData {
    /// The widget.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What it shows.
    pub(crate) fn data(&self) -> Option<&Data> {
        self.data.as_ref()
    }
}

/// A dashboard with everything that it shows.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DashboardData {
    /// The dashboard.
    pub(super) dashboard: DashboardResponse,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub(super) from: NaiveDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub(super) to: NaiveDate,
    /// The time zone that the days are of.
    pub(super) tz: &'static str,
    /// When this was asked for. Figures may be up to ten seconds older while facts come: see those of the widgets, and `max_age`.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// The figures of the widgets, those that are hidden left out.
    pub(super) widgets: Vec<WidgetData>,
}

impl DashboardData {
    /// The figures of the widgets.
    pub(crate) fn widgets(&self) -> &[WidgetData] {
        &self.widgets
    }

    /// Whether figures are missing that were not found in time: of one widget, or of any.
    pub(crate) fn is_incomplete(&self, only: Option<&str>) -> bool {
        let mut meant = self.widgets.iter().filter(|widget| only.is_none_or(|id| widget.id == id));
        meant.any(|widget| widget.problem.as_ref().is_some_and(|problem| problem.code == FIGURES_SLOW.code))
    }

    /// What stands above a widget; its name, where nothing does.
    pub(crate) fn title_of(&self, id: &str) -> String {
        let widget = self.dashboard.widgets.iter().find(|widget| widget.id == id);
        let title = widget.map(|widget| widget.title.as_str()).filter(|title| !title.is_empty());
        title.unwrap_or(id).to_owned()
    }
}

/// The days that are asked for, else those of the view, else those of the dashboard.
fn days(
    dashboard: &DashboardResponse,
    params: &DataParams,
    zone: Tz,
    now: Timestamp,
) -> Result<(NaiveDate, NaiveDate), Error> {
    let own = dashboard.own.as_ref().and_then(|own| own.period);
    let (from, to) = match (params.from.map(|day| day.0), params.to.map(|day| day.0)) {
        (None, None) => return Ok(own.unwrap_or(dashboard.period).days(now, zone)),
        (None, Some(_)) => return Err(Error::field("/from", "required", "must stand beside `to`")),
        (Some(from), to) => (from, to.unwrap_or_else(|| today(now, zone))),
    };
    checked_days(from, to)
}

/// Days, when they are in order and not too many.
pub(super) fn checked_days(from: NaiveDate, to: NaiveDate) -> Result<(NaiveDate, NaiveDate), Error> {
    if to < from {
        return Err(Error::field("/from", "order", "must not be after `to`, nor after today where `to` is left out"));
    }
    if days_between(from, to) > MOST_DAYS {
        return Err(Error::field(
            "/from",
            "range",
            format!("must be at most {MOST_DAYS} days before `to`, both counted"),
        ));
    }
    Ok((from, to))
}

/// How old figures may be that are out of date.
fn max_age(seconds: Option<i64>) -> Result<Duration, Error> {
    let Some(seconds) = seconds else { return Ok(OLDEST) };
    let age = u64::try_from(seconds).ok().map(Duration::from_secs).filter(|age| *age <= OLDEST);
    age.ok_or_else(|| Error::field("/max_age", "range", format!("must be 0 to {} seconds", OLDEST.as_secs())))
}

/// For what figures are asked.
fn view(
    dashboard: &DashboardResponse,
    definition: &Definition,
    params: &DataParams,
    permissions: BTreeSet<String>,
    now: Timestamp,
) -> Result<View, Error> {
    let own = dashboard.own.as_ref();
    let zone = params.tz.map(|zone| zone.0);
    let zone = zone.or_else(|| own.and_then(|own| own.tz.as_ref()?.parse().ok())).unwrap_or(zone_of(definition));
    let filters = match &params.filters {
        Some(given) => {
            let wrong: Vec<FieldError> = wrong_filters(&given.0);
            if !wrong.is_empty() {
                return Err(Error::Fields(wrong));
            }
            given.0.clone()
        }
        None => own.and_then(|own| own.filters.clone()).unwrap_or_else(|| definition.filters.clone()),
    };
    let max_age = max_age(params.max_age)?;
    Ok(View { permissions, days: days(dashboard, params, zone, now)?, zone, filters, now, max_age })
}

/// How much of the days is over: 0 to 1.
#[allow(clippy::cast_precision_loss)] // milliseconds of ten years
fn elapsed(answer: &MetricAnswer, now: Timestamp) -> f64 {
    let buckets = &answer.figures.buckets;
    let Some((first, last)) = buckets.first().zip(buckets.last()) else { return 1.0 };
    let (start, end) = (first.start.millis(), last.end.millis());
    ((now.millis() - start) as f64 / (end - start).max(1) as f64).clamp(0.0, 1.0)
}

/// How a figure stands to what it should be.
fn state(value: f64, due: f64, direction: Direction) -> TargetState {
    let short = match direction {
        Direction::Up => due - value,
        Direction::Down => value - due,
    };
    if short <= 0.0 {
        TargetState::OnTrack
    } else if short <= due.abs() / 10.0 {
        TargetState::AtRisk
    } else {
        TargetState::OffTrack
    }
}

/// How the figure of all days stands to its target, where it has one.
fn target_state(answer: &MetricAnswer, metric: &Metric, target: &Target, now: Timestamp) -> Option<TargetState> {
    let total = answer.figures.series.first().and_then(|series| series.total)?;
    let due = if metric.accrues() { target.value * elapsed(answer, now) } else { target.value };
    Some(state(total, due, target.direction))
}

/// What a figure is held against.
struct Target {
    value: f64,
    direction: Direction,
}

impl Target {
    fn of(settings: &MetricSettings) -> Option<Self> {
        let direction = settings.direction.unwrap_or(Direction::Up);
        settings.target.map(|value| Self { value, direction })
    }
}

/// A single figure, and how it stands.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    pub(crate) metric: &'static str,
    pub(crate) unit: Unit,
    pub(crate) filters: Filters,
    pub(crate) days: (NaiveDate, NaiveDate),
    pub(crate) tz: &'static str,
    pub(crate) target: Option<f64>,
    pub(crate) direction: Option<Direction>,
    pub(crate) value: Option<f64>,
    pub(crate) state: Option<TargetState>,
}

/// What the figure of a number is asked by: by months, as no parts of it are told.
fn number_view(
    settings: &Map<String, Value>,
    period: Period,
    tz: &str,
    now: Timestamp,
) -> Result<(&'static Metric, MetricSettings, View), Error> {
    let (metric, settings) = settings::number(settings).ok_or(Error::Unreadable)?;
    let zone: Tz = tz.parse().unwrap_or(Tz::UTC); // what is stored was checked
    let view = View::of(BTreeSet::new(), period.days(now, zone), tz, now);
    Ok((metric, MetricSettings { interval: Some(Interval::Month), ..settings }, view))
}

impl Number {
    fn of(metric: &'static Metric, settings: &MetricSettings, view: &View, answer: &MetricAnswer) -> Self {
        let target = Target::of(settings);
        let state = target.as_ref().and_then(|target| target_state(answer, metric, target, view.now));
        Self {
            metric: metric.name,
            unit: metric.unit,
            filters: settings.filters.clone(),
            days: view.days,
            tz: view.zone.name(),
            value: answer.figures.series.first().and_then(|series| series.total),
            direction: target.as_ref().map(|target| target.direction),
            target: target.map(|target| target.value),
            state,
        }
    }
}

/// The figure of some days, by the settings of a number that were checked, as it is kept near at hand.
pub(crate) async fn kept_number(
    ctx: &Ctx,
    settings: &Map<String, Value>,
    period: Period,
    tz: &str,
) -> Result<Number, Problem> {
    let (metric, settings, view) = number_view(settings, period, tz, ctx.clock.now())?;
    let found = figure(ctx, Ask::Metric(asked(metric, settings.clone(), &view)), &view).await?;
    match found.as_ref() {
        Figures::Metric(answer) => Ok(Number::of(metric, &settings, &view, answer)),
        _ => Err(Error::Unreadable.into()),
    }
}

/// What a widget shows; nothing, where its segment is gone.
fn data(widget: &Widget, figures: &Figures, now: Timestamp) -> Option<Data> {
    Some(match figures {
        Figures::Metric(answer) => {
            let set = match settings::read(widget) {
                Some(Settings::Metric(metric, settings)) => Target::of(&settings).map(|target| (metric, target)),
                _ => None,
            };
            let state = set.as_ref().and_then(|(metric, target)| target_state(answer, metric, target, now));
            let direction = set.as_ref().map(|(_, target)| target.direction);
            Data::Metric { answer: answer.clone(), target: set.map(|(_, target)| target.value), direction, state }
        }
        Figures::Funnel(steps) => Data::Funnel { steps: steps.clone() },
        Figures::Cohort(interval, cohorts) => Data::Cohort { interval: *interval, cohorts: cohorts.clone() },
        Figures::Text(html) => Data::Text { html: html.clone() },
        Figures::NoSegment => return None,
    })
}

impl WidgetData {
    pub(super) fn new(widget: &Widget, shown: Shown, now: Timestamp) -> Self {
        let id = widget.id.clone();
        let problem = |kind: &ProblemKind, detail: String| Some(WidgetProblem { code: kind.code.to_owned(), detail });
        let made = match shown {
            Ok(made) => made,
            Err(Hidden::Slow) => {
                let problem = problem(&FIGURES_SLOW, "finding the figures took too long".to_owned());
                return Self { id, data: None, as_of: None, problem };
            }
            Err(Hidden::Forbidden(needed)) => {
                let problem = problem(&METRIC_FORBIDDEN, Error::MetricForbidden(needed).to_string());
                return Self { id, data: None, as_of: None, problem };
            }
        };
        let data = data(widget, &made.figures, now);
        if data.is_none() {
            let problem = problem(&SEGMENT_NOT_FOUND, "the segment is gone".to_owned());
            return Self { id, data, as_of: None, problem };
        }
        Self { id, data, as_of: Some(made.as_of), problem: None }
    }
}

/// Everything that a dashboard shows to whoever has these permissions.
pub(super) async fn whole(
    ctx: &Ctx,
    dashboard: DashboardResponse,
    params: &DataParams,
    permissions: BTreeSet<String>,
) -> Result<DashboardData, Problem> {
    let now = ctx.clock.now();
    let definition = dashboard.definition();
    let view = view(&dashboard, &definition, params, permissions, now)?;
    let ((from, to), tz) = (view.days, view.zone.name());
    let hidden = dashboard.own.as_ref().map(|own| own.hidden.clone()).unwrap_or_default();
    let shown: Vec<Widget> = definition.widgets.into_iter().filter(|widget| !hidden.contains(&widget.id)).collect();
    let figures = figures(ctx, &shown, view).await?;
    let widgets = shown.iter().zip(figures).map(|(widget, shown)| WidgetData::new(widget, shown, now));
    Ok(DashboardData { from, to, tz, as_of: now, widgets: widgets.collect(), dashboard })
}
