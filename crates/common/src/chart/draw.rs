//! From the values of a chart to SVG.

use std::collections::BTreeSet;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::{Circle, DashedPathElement, EmptyElement, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont as _, RGBColor, TextStyle, WHITE};

use super::NotDrawn;
use super::colours::{GREY, INK, PALE};
use super::legend::{Entry, MARK, laid_out};
use super::scale::{Scale, whole};
use super::words::{fitted, width};
use super::{Axis, Chart, Point, Series, Shape};

/// The width of the picture in pixels.
const WIDTH: u32 = 960;
/// The height of what is between the axes, unless there are many names.
const PLOT: u32 = 400;
/// The height of a name along the axis.
const NAME: u32 = 28;
/// Under the chart: days or amounts, and the name of the axis.
const FOOT: u32 = 54;
/// Above the legend: title and subtitle.
const HEAD: u32 = 66;
/// A line of the legend.
const LINE: u32 = 22;
/// At the sides.
const SIDE: i32 = 24;
/// To the left of the axis: amounts, or names.
const LEFT: u32 = 74;
const LEFT_OF_NAMES: u32 = 280;
/// What of it the name of the axis takes.
const NAME_OF_AXIS: f64 = 34.0;

/// Sizes of text in pixels.
const LARGE: f64 = 20.0;
pub(super) const SMALL: f64 = 13.0;

/// How much a dot covers: where many are, it is darker.
const DOT: f64 = 0.6;

/// Most points of a line that are dots as well.
const MOST_DOTTED: usize = 45;

type Backend<'s> = SVGBackend<'s>;
type Area<'s> = DrawingArea<Backend<'s>, Shift>;
type Plot<'s> = ChartContext<'s, Backend<'s>, Cartesian2d<Scale, Scale>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

impl Chart {
    /// The chart as an SVG document.
    pub fn svg(&self) -> Result<String, NotDrawn> {
        let entries = laid_out(&self.series, f64::from(WIDTH) - f64::from(SIDE) * 2.0);
        let lines = if self.empty { 0 } else { entries.last().map_or(0, |last| last.line + 1) };
        let head = HEAD + lines * LINE;
        let mut document = String::new();
        let root = SVGBackend::with_string(&mut document, (WIDTH, head + self.plot_height() + FOOT));
        let root = root.into_drawing_area();
        self.drawn(&root, &entries, head).map_err(NotDrawn::of)?;
        drop(root);
        Ok(document)
    }

    fn plot_height(&self) -> u32 {
        let names = u32::try_from(self.y.ticks.len()).unwrap_or(u32::MAX);
        if self.y.names && !self.empty { names.saturating_mul(NAME).clamp(4 * NAME, 100 * NAME) } else { PLOT }
    }

    fn drawn(&self, root: &Area<'_>, entries: &[Entry<'_>], head: u32) -> Drawn {
        root.fill(&WHITE)?;
        let (above, below) = root.split_vertically(head);
        let wide = f64::from(WIDTH) - f64::from(SIDE) * 2.0;
        above.draw_text(&fitted(&self.title, LARGE, wide), &style(LARGE, INK), (SIDE, 12))?;
        above.draw_text(&fitted(&self.subtitle, SMALL, wide), &style(SMALL, GREY), (SIDE, 40))?;
        if self.empty {
            let nothing = self.language.pick("No data in this range", "За этот период нет данных");
            let middle = style(LARGE, GREY).pos(Pos::new(HPos::Center, VPos::Center));
            let (wide, high) = below.dim_in_pixel();
            below.draw_text(nothing, &middle, (pixels(wide / 2), pixels(high / 2)))?;
            return root.present();
        }
        for entry in entries {
            draw_entry(&above, entry)?;
        }
        let mut plot = self.axes(&below)?;
        for series in &self.series {
            draw_series(&mut plot, series)?;
        }
        let left = style(SMALL, INK).pos(Pos::new(HPos::Left, VPos::Center));
        let note = |(at, text): &(Point, String)| EmptyElement::at(*at) + Text::new(text.clone(), (6, 0), left.clone());
        plot.draw_series(self.notes.iter().map(note))?;
        root.present()
    }

    /// The room for what is written along the vertical axis: amounts are never cut.
    fn left(&self) -> u32 {
        if self.y.names {
            return LEFT_OF_NAMES;
        }
        let widest = self.y.ticks.iter().map(|(_, tick)| width(tick, SMALL)).fold(0.0, f64::max);
        let fits = |left: &u32| f64::from(*left) - NAME_OF_AXIS >= widest;
        (LEFT..LEFT_OF_NAMES).step_by(4).find(fits).unwrap_or(LEFT_OF_NAMES)
    }

    /// Draws the axes, with what is written along them.
    fn axes<'s>(&self, area: &Area<'s>) -> Result<Plot<'s>, DrawingAreaErrorKind<std::io::Error>> {
        let left = self.left();
        let mut plot = ChartBuilder::on(area)
            .margin_left(SIDE / 2)
            .margin_right(SIDE)
            .x_label_area_size(FOOT)
            .y_label_area_size(left)
            .build_cartesian_2d(Scale::of(&self.x), Scale::of(&self.y))?;
        let named = |axis: &Axis, at: f64, most: f64| {
            let tick = axis.ticks.iter().find(|(tick, _)| (tick - at).abs() < 1e-9);
            tick.map(|(_, name)| fitted(name, SMALL, most)).unwrap_or_default()
        };
        let room = f64::from(left) - NAME_OF_AXIS;
        let (x_name, y_name) = (|at: &f64| named(&self.x, *at, 200.0), |at: &f64| named(&self.y, *at, room));
        let mut mesh = plot.configure_mesh();
        mesh.label_style(style(SMALL, INK)).axis_desc_style(style(SMALL, INK)).axis_style(GREY);
        mesh.bold_line_style(PALE).light_line_style(PALE);
        mesh.x_label_formatter(&x_name).y_label_formatter(&y_name).x_desc(&*self.x.name).y_desc(&*self.y.name);
        if self.y.names {
            mesh.disable_y_mesh();
        } else if self.x.ticks.iter().any(|(_, name)| name.contains('-')) {
            mesh.disable_x_mesh();
        }
        mesh.draw()?;
        drop(mesh);
        Ok(plot)
    }
}

/// Text of a size in pixels. The backend takes another unit.
fn style(size: f64, colour: RGBColor) -> TextStyle<'static> {
    let plain = TextStyle::from(("sans-serif", size * 1.24).into_font());
    TextStyle { color: colour.to_backend_color(), ..plain }
}

fn pixels(length: u32) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// A mark and a name.
fn draw_entry(area: &Area<'_>, entry: &Entry<'_>) -> Drawn {
    let left = SIDE + whole(entry.left);
    let top = pixels(HEAD - 6 + entry.line * LINE);
    let (right, middle) = (left + 20, top + 8);
    let colour = entry.series.colour;
    match &entry.series.shape {
        Shape::Area(_) | Shape::Bars(_) => {
            area.draw(&Rectangle::new([(left + 4, top + 1), (right - 2, top + 15)], colour.filled()))?;
            area.draw(&Rectangle::new([(left + 4, top + 1), (right - 2, top + 15)], GREY.stroke_width(1)))?;
        }
        Shape::Line(_) => area.draw(&PathElement::new([(left, middle), (right, middle)], colour.stroke_width(3)))?,
        Shape::Dashes(_) => {
            let line = [(left, middle), (right, middle)];
            area.draw(&DashedPathElement::new(line, 6, 4, colour.stroke_width(2)))?;
        }
        Shape::Dots(_) => area.draw(&Circle::new((left + 10, middle), 4, colour.mix(DOT).filled()))?,
    }
    let name = style(SMALL, INK).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw_text(&entry.name, &name, (left + whole(MARK), middle))
}

fn draw_series(plot: &mut Plot<'_>, series: &Series) -> Drawn {
    let colour = series.colour;
    match &series.shape {
        Shape::Area(outline) => {
            plot.draw_series([Polygon::new(outline.clone(), colour.filled())])?;
            plot.draw_series([PathElement::new(outline.clone(), INK.stroke_width(1))])?;
        }
        Shape::Line(points) => {
            plot.draw_series([PathElement::new(points.clone(), colour.stroke_width(3))])?;
            if points.len() <= MOST_DOTTED {
                plot.draw_series(points.iter().map(|point| Circle::new(*point, 4, colour.filled())))?;
            }
        }
        Shape::Dashes(points) => {
            plot.draw_series([DashedPathElement::new(points.clone(), 6, 4, colour.stroke_width(2))])?;
        }
        Shape::Dots(points) => draw_dots(plot, points, colour)?,
        Shape::Bars(bars) => {
            let bar = |(one, other): &(Point, Point)| Rectangle::new([*one, *other], colour.filled());
            plot.draw_series(bars.iter().map(bar))?;
        }
    }
    Ok(())
}

/// Dots; of those on the same pixel one is enough.
fn draw_dots(plot: &mut Plot<'_>, points: &[Point], colour: RGBColor) -> Drawn {
    let area = plot.plotting_area();
    let mut taken = BTreeSet::new();
    let seen: Vec<Point> = points.iter().copied().filter(|point| taken.insert(area.map_coordinate(point))).collect();
    plot.draw_series(seen.iter().map(|point| Circle::new(*point, 4, colour.mix(DOT).filled())))?;
    Ok(())
}
