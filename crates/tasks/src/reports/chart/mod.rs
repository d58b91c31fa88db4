//! Charts: what is to be seen in one, as values. `draw` makes an SVG document of it.
//!
//! Text stays text, in whatever font without serifs the reader has: its width is estimated, with some room to spare.

mod axis;
pub(super) mod colours;
mod draw;
mod legend;
mod scale;
mod unit;
mod words;

use plotters::style::RGBColor;
use poligon_common::html::Language;

pub(super) use axis::{Axis, day_axis};
pub(super) use unit::{Unit, decimal, told};

/// A point of a chart, along both axes.
pub(super) type Point = (f64, f64);

/// How values are drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A filled outline.
    Area(Vec<Point>),
    /// A line, with a dot at each point when there are few.
    Line(Vec<Point>),
    /// A dashed line.
    Dashes(Vec<Point>),
    /// Dots.
    Dots(Vec<Point>),
    /// Bars, each from one corner to the other.
    Bars(Vec<(Point, Point)>),
}

/// Values of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    /// What the legend calls them.
    pub(super) name: String,
    /// Their colour.
    pub(super) colour: RGBColor,
    /// What they look like.
    pub(super) shape: Shape,
}

/// A chart.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    /// What it is of.
    pub(super) title: String,
    /// Which days, and anything else to know.
    pub(super) subtitle: String,
    /// The language of what is written in it.
    pub(super) language: Language,
    /// The axis from left to right.
    pub(super) x: Axis,
    /// The axis from bottom to top; names stand along it from the top down.
    pub(super) y: Axis,
    /// What is drawn, the first the farthest behind, and named in the legend.
    pub(super) series: Vec<Series>,
    /// Short texts to the right of points.
    pub(super) notes: Vec<(Point, String)>,
    /// Whether there is nothing to draw.
    pub(super) empty: bool,
}
