//! Figures as tables.

use poligon_common::calendar::Zone;

use super::sheet::{Cell, Row, Rows};
use crate::dashboards::{DashboardData, Data, Figures, WidgetData};
use crate::metrics::{Cohort, FunnelStep, MetricAnswer, Series};

const METRIC: &[&str] = &["group", "bucket", "start", "end", "value", "compared"];
const FUNNEL: &[&str] = &["step", "kind", "people", "of_first", "of_previous"];
const COHORT: &[&str] = &["cohort", "start", "size", "later", "people", "share"];

/// What the rest of the groups is called, and the whole time.
const REST: &str = "(others)";
const TOTAL: &str = "total";

/// Figures as a table. Its rows are made as they are written: they take more room than the figures.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) title: String,
    table: Table<'a>,
}

#[derive(Debug)]
enum Table<'a> {
    Metric(&'a MetricAnswer),
    Funnel(&'a [FunnelStep]),
    Cohort(&'a [Cohort]),
}

impl<'a> Sheet<'a> {
    /// The figures of a metric.
    pub(super) fn of_metric(title: String, answer: &'a MetricAnswer) -> Self {
        Self { title, table: Table::Metric(answer) }
    }

    /// Figures; a text has none.
    pub(super) fn of_figures(title: &str, figures: &'a Figures) -> Option<Self> {
        let table = match figures {
            Figures::Metric(answer) => Table::Metric(answer),
            Figures::Funnel(steps) => Table::Funnel(steps),
            Figures::Cohort(_, cohorts) => Table::Cohort(cohorts),
            Figures::Text(_) | Figures::NoSegment => return None,
        };
        Some(Self { title: title.to_owned(), table })
    }

    /// What widgets of a dashboard show; texts show no figures, and what the caller may not see is left out.
    pub(super) fn of_dashboard(shown: &'a DashboardData, only: Option<&str>) -> Vec<Self> {
        let sheet = |widget: &'a WidgetData| {
            let table = match widget.data()? {
                Data::Metric { answer, .. } => Table::Metric(answer),
                Data::Funnel { steps } => Table::Funnel(steps),
                Data::Cohort { cohorts, .. } => Table::Cohort(cohorts),
                Data::Text { .. } => return None,
            };
            Some(Self { title: shown.title_of(widget.id()), table })
        };
        shown.widgets().iter().filter(|widget| only.is_none_or(|id| widget.id() == id)).filter_map(sheet).collect()
    }

    /// The names of its columns.
    pub(super) fn columns(&self) -> &'static [&'static str] {
        match self.table {
            Table::Metric(_) => METRIC,
            Table::Funnel(_) => FUNNEL,
            Table::Cohort(_) => COHORT,
        }
    }

    /// Into how many parts it falls, none of which is long: the series of a metric; what else there is is short.
    pub(super) fn parts(&self) -> usize {
        match self.table {
            Table::Metric(answer) => answer.figures.series.len(),
            Table::Funnel(_) | Table::Cohort(_) => 1,
        }
    }

    /// The rows of a part.
    pub(super) fn part(&self, number: usize) -> Rows {
        match self.table {
            Table::Metric(answer) => answer
                .figures
                .series
                .get(number)
                .map(|series| series_rows(answer, series).collect())
                .unwrap_or_default(),
            Table::Funnel(steps) => (1..).zip(steps).map(|(number, step)| step_row(number, step)).collect(),
            Table::Cohort(cohorts) => cohorts.iter().flat_map(cohort_rows).collect(),
        }
    }
}

/// The rows of a series: one for each bucket, and one for the whole time.
fn series_rows<'a>(answer: &'a MetricAnswer, series: &'a Series) -> impl Iterator<Item = Row> + 'a {
    let group = if series.is_rest { Cell::Text(REST.to_owned()) } else { Cell::text(series.group.as_deref()) };
    let compared = answer.compared.as_ref().and_then(|figures| {
        figures.series.iter().find(|other| other.group == series.group && other.is_rest == series.is_rest)
    });
    let before =
        move |place: usize| Cell::number(compared.and_then(|other| other.values.get(place).copied().flatten()));
    let ends = answer.figures.buckets.first().zip(answer.figures.buckets.last());
    let whole = ends.map(|(first, last)| {
        let compared = Cell::number(compared.and_then(|other| other.total));
        let (start, end) = (Cell::At(first.start), Cell::At(last.end));
        vec![group.clone(), Cell::Text(TOTAL.to_owned()), start, end, Cell::number(series.total), compared]
    });
    let buckets = answer.figures.buckets.iter().zip(&series.values).enumerate();
    let parts = buckets.map(move |(place, (bucket, value))| {
        let label = Cell::Text(bucket.label.clone());
        let (start, end) = (Cell::At(bucket.start), Cell::At(bucket.end));
        vec![group.clone(), label, start, end, Cell::number(*value), before(place)]
    });
    parts.chain(whole)
}

fn step_row(number: i64, step: &FunnelStep) -> Row {
    let label = step.label.clone().map_or(Cell::Whole(number), Cell::Text);
    let kind = Cell::Text(step.kind.name().to_owned());
    vec![label, kind, Cell::Whole(step.people), Cell::number(step.of_first), Cell::number(step.of_previous)]
}

fn cohort_rows(cohort: &Cohort) -> impl Iterator<Item = Row> + '_ {
    (0..).zip(&cohort.kept).map(|(later, kept)| {
        let start = cohort.start.map_or(Cell::Empty, Cell::At);
        let (label, size) = (Cell::Text(cohort.label.clone()), Cell::Whole(cohort.size));
        vec![label, start, size, Cell::Whole(later), Cell::Whole(kept.people), Cell::number(kept.share)]
    })
}

/// The name of a zone, where one is given.
pub(super) fn zone(tz: Option<Zone>) -> chrono_tz::Tz {
    tz.map_or(chrono_tz::Tz::UTC, |zone| zone.0)
}
