//! What of a report is drawn.

use chrono::NaiveDate;
use poligon_common::chart::colours::{BLUE, numbered};
use poligon_common::chart::numbers::{count, float};
use poligon_common::chart::{Axis, Chart, Point, Series, Shape, day_axis};
use poligon_common::html::Language;

use crate::dashboards::Figures;
use crate::metrics::{FunnelStep, Interval, MetricAnswer, Series as Figure, Unit};

/// Series of a chart at most: ten groups, and the others.
const MOST: usize = 11;

/// A figure in what people read: dollars, percent, hours.
pub(super) fn shown(unit: Unit, value: f64) -> f64 {
    match unit {
        Unit::Count => value,
        Unit::Cents => value / 100.0,
        Unit::Ratio => value * 100.0,
        Unit::Milliseconds => value / 3_600_000.0,
    }
}

/// What figures are in.
pub(super) fn unit_name(unit: Unit, language: Language) -> &'static str {
    match unit {
        Unit::Count => language.pick("Count", "Количество"),
        Unit::Cents => "USD",
        Unit::Ratio => "%",
        Unit::Milliseconds => language.pick("Hours", "Часы"),
    }
}

/// What a series is called.
pub(super) fn series_name(series: &Figure, title: &str, language: Language) -> String {
    match &series.group {
        _ if series.is_rest => language.pick("Others", "Прочие").to_owned(),
        Some(group) if group.is_empty() => language.pick("(none)", "(нет)").to_owned(),
        Some(group) => group.clone(),
        None => title.to_owned(),
    }
}

/// The chart of figures; none of those that are better read as a table.
pub(super) fn of(title: &str, figures: &Figures, language: Language) -> Option<Chart> {
    match figures {
        Figures::Metric(answer) => Some(of_metric(title, answer, language)),
        Figures::Funnel(steps) => Some(of_funnel(title, steps, language)),
        Figures::Cohort(..) | Figures::Text(_) | Figures::NoSegment => None,
    }
}

fn subtitle(answer: &MetricAnswer) -> String {
    let figures = &answer.figures;
    format!("{} – {}, {}", figures.from, figures.to, answer.tz)
}

fn of_metric(title: &str, answer: &MetricAnswer, language: Language) -> Chart {
    let (unit, figures) = (answer.unit, &answer.figures);
    let line = |(place, series): (usize, &Figure)| {
        let points = series.values.iter().enumerate();
        let points: Vec<Point> =
            points.filter_map(|(at, value)| Some((float(count(at)), shown(unit, (*value)?)))).collect();
        Series { name: series_name(series, title, language), colour: numbered(place), shape: Shape::Line(points) }
    };
    let series: Vec<Series> = figures.series.iter().take(MOST).enumerate().map(line).collect();
    let values = || {
        figures.series.iter().take(MOST).flat_map(|one| one.values.iter().flatten()).map(|value| shown(unit, *value))
    };
    let reach = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let y = Axis::amounts_between(unit_name(unit, language), reach, language);
    let x = if answer.interval == Interval::Day {
        day_axis(language.pick("Day", "День"), figures.from, count(figures.buckets.len()).max(1))
    } else {
        let first: Vec<NaiveDate> = figures.buckets.iter().map(|bucket| bucket.start.utc().date_naive()).collect();
        Axis::periods(language.pick("From", "С"), first.into_iter())
    };
    let empty = values().all(|value| value == 0.0);
    Chart { title: title.to_owned(), subtitle: subtitle(answer), language, x, y, series, notes: Vec::new(), empty }
}

/// What a step is called.
pub(super) fn step_name(step: &FunnelStep) -> String {
    step.label.clone().unwrap_or_else(|| step.kind.name().to_owned())
}

fn of_funnel(title: &str, steps: &[FunnelStep], language: Language) -> Chart {
    let rows = || steps.iter().enumerate().map(|(at, step)| (float(count(at)), step));
    let bars = rows().filter(|(_, step)| step.people > 0);
    let bars = bars.map(|(at, step)| ((0.0, at - 0.3), (float(step.people), at + 0.3))).collect();
    let people = language.pick("People", "Люди");
    let note = |(at, step): (f64, &FunnelStep)| ((float(step.people), at), step.people.to_string());
    Chart {
        title: title.to_owned(),
        subtitle: String::new(),
        language,
        x: Axis::counts(people, steps.iter().map(|step| step.people).max().unwrap_or(0)).with_room(0.2),
        y: Axis::names(language.pick("Step", "Шаг"), steps.iter().map(step_name).collect()),
        series: vec![Series { name: people.to_owned(), colour: BLUE, shape: Shape::Bars(bars) }],
        notes: rows().map(note).collect(),
        empty: steps.iter().all(|step| step.people == 0),
    }
}
