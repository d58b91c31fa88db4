//! The figures of widgets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::Problem;
use poligon_common::calendar::days_between;
use poligon_common::markdown::{Dialect, Mentions};
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};

use super::definition::{Definition, Filters, Widget};
use super::kept::{self, Made};
use super::period;
use super::settings::{self, CohortSettings, FunnelSettings, MetricSettings, Settings, kind_of};
use crate::error::Error;
use crate::facts::{Kind, active_scope, scope};
use crate::metrics::{
    self, Asked, Cohort, CohortInterval, FunnelStep, MOST_COHORTS, Metric, MetricAnswer, Step, WINDOW_DAYS, who_did,
};
use crate::permissions::ANALYTICS_AUDIENCE;
use crate::segments;

const TEXT: Dialect = Dialect { mentions: Mentions::Strong, hashtags: None, headings: true };

/// For whom, for which days and for what figures are made.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(super) permissions: BTreeSet<String>,
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) zone: Tz,
    pub(super) filters: Filters,
    pub(super) now: Timestamp,
    /// How old figures may be that are out of date.
    pub(super) max_age: Duration,
}

impl View {
    /// For whoever has these permissions, without filters.
    pub(crate) fn of(permissions: BTreeSet<String>, days: (NaiveDate, NaiveDate), tz: &str, now: Timestamp) -> Self {
        let zone = tz.parse().unwrap_or(Tz::UTC); // what is stored was checked
        Self { permissions, days, zone, filters: Filters::new(), now, max_age: kept::OLDEST }
    }
}

/// What a widget shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Figures {
    Metric(MetricAnswer),
    Funnel(Vec<FunnelStep>),
    Cohort(CohortInterval, Vec<Cohort>),
    Text(String),
    /// The segment is gone.
    NoSegment,
}

impl Figures {
    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Metric(answer) => answer.bytes(),
            Self::Funnel(steps) => size_of_val(steps.as_slice()),
            Self::Cohort(_, cohorts) => {
                cohorts.iter().map(|one| size_of_val(one) + size_of_val(one.kept.as_slice())).sum()
            }
            Self::Text(html) => html.len(),
            Self::NoSegment => 0,
        };
        bytes as u64
    }
}

/// Why a widget shows no figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// They need a permission that the viewer lacks.
    Forbidden(&'static str),
    /// Finding them takes longer than anybody waits.
    Slow,
}

/// The figures of a widget.
pub(crate) type Shown = Result<Made, Hidden>;

/// What is to be asked.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    Metric(Asked),
    Funnel(Vec<(Step, Option<String>)>, i64, Option<i64>),
    Cohort(CohortInterval, usize, Option<Kind>, Option<i64>),
    Text(String),
}

impl Ask {
    fn of(settings: Settings, view: &View) -> Self {
        match settings {
            Settings::Metric(metric, settings) => Self::Metric(asked(metric, settings, view)),
            Settings::Funnel(FunnelSettings { steps, window_days, segment_id }) => {
                let step = |step: settings::StepSettings| {
                    Some((Step { kind: kind_of(&step.kind)?, values: step.values }, step.label))
                };
                let steps = steps.into_iter().filter_map(step).collect();
                Self::Funnel(steps, window_days.unwrap_or(WINDOW_DAYS), segment_id)
            }
            Settings::Cohort(CohortSettings { interval, returning, cohorts, segment_id }) => {
                let most = cohorts.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST_COHORTS);
                Self::Cohort(interval, most, returning.as_deref().and_then(kind_of), segment_id)
            }
            Settings::Text(text) => Self::Text(text),
        }
    }

    /// The segment whose people alone are counted.
    fn segment(&self) -> Option<i64> {
        match self {
            Self::Metric(asked) => asked.segment_id,
            Self::Funnel(_, _, segment_id) | Self::Cohort(.., segment_id) => *segment_id,
            Self::Text(_) => None,
        }
    }

    /// What whoever has these permissions lacks to ask.
    fn lacks(&self, permissions: &BTreeSet<String>) -> Option<&'static str> {
        let own: Vec<&'static str> = match self {
            Self::Metric(asked) => vec![asked.metric.permission],
            Self::Funnel(steps, ..) => who_did(steps.iter().map(|(step, _)| step.kind)).collect(),
            Self::Cohort(_, _, returning, _) => who_did(*returning).collect(),
            Self::Text(_) => Vec::new(),
        };
        let needed = own.into_iter().chain(self.segment().map(|_| ANALYTICS_AUDIENCE));
        needed.into_iter().find(|needed| !permissions.contains(*needed))
    }

    /// What the answer is kept by.
    pub(super) fn scopes(&self) -> Vec<String> {
        let mut scopes = match self {
            Self::Metric(asked) => asked.metric.scopes(),
            Self::Funnel(steps, ..) => steps.iter().map(|(step, _)| scope(step.kind)).collect(),
            Self::Cohort(_, _, returning, _) => {
                let registered = scope(Kind::Registration);
                vec![registered, returning.map_or_else(active_scope, scope)]
            }
            Self::Text(_) => Vec::new(),
        };
        if self.segment().is_some() {
            scopes.extend(segments::scopes());
        }
        scopes
    }

    pub(super) fn key(&self, view: &View) -> String {
        match self {
            // What is asked of the facts, whole.
            Self::Metric(Asked {
                metric,
                interval,
                days,
                zone,
                compare,
                group_by,
                groups,
                filters,
                segment_id,
                now: _,
            }) => format!(
                "analytics:metric:{}:{interval:?}:{days:?}:{}:{compare:?}:{group_by:?}:{groups:?}:{filters:?}:{segment_id:?}",
                metric.name,
                zone.name(),
            ),
            Self::Text(text) => format!("analytics:text:{text}"),
            other => format!("analytics:people:{other:?}:{:?}:{}", view.days, view.zone.name()),
        }
    }

    pub(super) fn run(self, db: &mut Db, view: &View) -> Result<Figures, Error> {
        match self.found(db, view) {
            Err(Error::Unknown(_)) => Ok(Figures::NoSegment),
            found => found,
        }
    }

    fn found(self, db: &mut Db, view: &View) -> Result<Figures, Error> {
        let (days, zone) = (view.days, view.zone);
        Ok(match self {
            Self::Metric(asked) => Figures::Metric(metrics::answer(db, &asked.into())?),
            Self::Funnel(steps, window, segment_id) => {
                Figures::Funnel(metrics::funnel(db, days, zone, window, (&steps, segment_id))?)
            }
            Self::Cohort(interval, most, returning, segment_id) => {
                let of = (returning, segment_id);
                Figures::Cohort(interval, metrics::cohorts(db, days, zone, (interval, most), of, view.now)?)
            }
            Self::Text(text) => Figures::Text(TEXT.draft(&text).html(&std::collections::BTreeMap::new())),
        })
    }
}

/// A metric, with the filters of the widget and of the dashboard.
pub(super) fn asked(metric: &'static Metric, settings: MetricSettings, view: &View) -> Asked {
    let (from, to) = view.days;
    let of_metric = |filters: &Filters| {
        let known = filters.iter().filter_map(|(name, values)| Some((metric.column(name)?, values.clone())));
        known.collect::<Vec<_>>()
    };
    let mut filters = of_metric(&settings.filters);
    filters.extend(of_metric(&view.filters));
    Asked {
        metric,
        interval: period::interval(days_between(from, to), settings.interval),
        days: view.days,
        zone: view.zone,
        compare: settings.compare,
        group_by: settings.group_by.as_deref().and_then(|name| metric.column(name)),
        groups: settings.groups,
        filters,
        segment_id: settings.segment_id,
        now: view.now,
    }
}

/// The figures of the widgets of a dashboard.
pub(super) async fn figures(ctx: &Ctx, widgets: &[Widget], view: View) -> Result<Vec<Shown>, Problem> {
    let asks: Vec<Ask> = widgets.iter().filter_map(|widget| Some(Ask::of(settings::read(widget)?, &view))).collect();
    if asks.len() < widgets.len() {
        return Err(Error::Unreadable.into());
    }
    let may: Vec<&Ask> = asks.iter().filter(|ask| ask.lacks(&view.permissions).is_none()).collect();
    let mut ready = kept::find(ctx, &may, &view).into_iter();
    let mut shown: Vec<Option<Shown>> = Vec::new();
    let mut missing = Vec::new();
    for (place, ask) in asks.iter().enumerate() {
        if let Some(needed) = ask.lacks(&view.permissions) {
            shown.push(Some(Err(Hidden::Forbidden(needed))));
            continue;
        }
        let ready = ready.next().flatten();
        if ready.is_none() {
            missing.push((place, ask.clone()));
        }
        shown.push(ready.map(Ok));
    }
    if !missing.is_empty() {
        let (places, asks): (Vec<usize>, Vec<Ask>) = missing.into_iter().unzip();
        for (place, made) in places.into_iter().zip(kept::make_all(ctx, asks, &view).await?) {
            if let Some(empty) = shown.get_mut(place) {
                *empty = Some(made.ok_or(Hidden::Slow));
            }
        }
    }
    Ok(shown.into_iter().flatten().collect())
}

/// The figures of something that stands on no dashboard.
pub(super) async fn figure(ctx: &Ctx, ask: Ask, view: &View) -> Result<Arc<Figures>, Problem> {
    if let Some(ready) = kept::find(ctx, &[&ask], view).pop().flatten() {
        return Ok(ready.figures);
    }
    Ok(kept::make(ctx, ask, view.clone()).await?.figures)
}

/// What stands above a widget, and its figures; nothing, when the viewer may not see them.
pub(crate) async fn one(ctx: &Ctx, widget: &Widget, view: &View) -> Result<Option<(String, Arc<Figures>)>, Problem> {
    match figures(ctx, std::slice::from_ref(widget), view.clone()).await?.pop() {
        Some(Ok(made)) => Ok(Some((widget.title.clone(), made.figures))),
        Some(Err(Hidden::Slow)) => Err(Error::from(DbError::Timeout).into()),
        Some(Err(Hidden::Forbidden(_))) | None => Ok(None),
    }
}

/// The zone of a dashboard; what is stored was checked.
pub(super) fn zone_of(definition: &Definition) -> Tz {
    definition.tz.parse().unwrap_or(Tz::UTC)
}
