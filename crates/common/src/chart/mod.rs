//! Charts: what is to be seen in one, as values. `draw` makes an SVG document of it.
//!
//! Text stays text, in whatever font without serifs the reader has: its width is estimated, with some room to spare.

mod axis;
pub mod colours;
mod draw;
mod legend;
pub mod numbers;
mod scale;
mod unit;
mod words;

use crate::html::Language;
pub use plotters::style::RGBColor;

pub use axis::{Axis, day_axis};
pub use unit::{Unit, decimal, told};

/// The chart could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the chart cannot be drawn: {0}")]
pub struct NotDrawn(String);

impl NotDrawn {
    fn of(cause: impl std::fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

/// A point of a chart, along both axes.
pub type Point = (f64, f64);

/// How values are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
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
pub struct Series {
    /// What the legend calls them.
    pub name: String,
    /// Their colour.
    pub colour: RGBColor,
    /// What they look like.
    pub shape: Shape,
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What it is of.
    pub title: String,
    /// Which days, and anything else to know.
    pub subtitle: String,
    /// The language of what is written in it.
    pub language: Language,
    /// The axis from left to right.
    pub x: Axis,
    /// The axis from bottom to top; names stand along it from the top down.
    pub y: Axis,
    /// What is drawn, the first the farthest behind, and named in the legend.
    pub series: Vec<Series>,
    /// Short texts to the right of points.
    pub notes: Vec<(Point, String)>,
    /// Whether there is nothing to draw.
    pub empty: bool,
}
