//! The legend: a mark and a name for each series, in lines above the chart.

use super::words::{fitted, width};
use super::{Series, draw};

/// Between one entry and the next, in pixels.
const GAP: f64 = 22.0;
/// From the left side of a mark to its name.
pub(super) const MARK: f64 = 28.0;
/// The widest name.
const WIDEST: f64 = 300.0;

/// Where the entry of a series stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<'c> {
    /// The series.
    pub(super) series: &'c Series,
    /// Its name, as far as it fits.
    pub(super) name: String,
    /// From the left, in pixels.
    pub(super) left: f64,
    /// The line, from 0.
    pub(super) line: u32,
}

/// Lays the entries out in lines of so many pixels.
pub(super) fn laid_out(series: &[Series], most: f64) -> Vec<Entry<'_>> {
    let (mut left, mut line) = (0.0, 0);
    let mut entries = Vec::with_capacity(series.len());
    for series in series {
        let name = fitted(&series.name, draw::SMALL, WIDEST);
        let wide = MARK + width(&name, draw::SMALL) + GAP;
        if left > 0.0 && left + wide > most {
            (left, line) = (0.0, line + 1);
        }
        entries.push(Entry { series, name, left, line });
        left += wide;
    }
    entries
}
