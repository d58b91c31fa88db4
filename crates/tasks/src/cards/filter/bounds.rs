//! Comparisons and ranges of values: `>=high`, `2026-10-01..2026-10-31`.

use poligon_common::Refused;
use poligon_core::db::Timestamp;

use super::tree::{Bounds, Estimate};
use crate::cards::priority::Priority;

/// What has an order without gaps.
pub(super) trait Step: Copy + Ord {
    /// The next greater value, unless this is the greatest.
    fn above(self) -> Option<Self>;
    /// The next smaller value, unless this is the least.
    fn below(self) -> Option<Self>;
}

impl Step for Timestamp {
    fn above(self) -> Option<Self> {
        Self::from_millis(self.millis() + 1)
    }

    fn below(self) -> Option<Self> {
        Self::from_millis(self.millis() - 1)
    }
}

impl Step for Estimate {
    fn above(self) -> Option<Self> {
        Self::try_from(self.0 + 1).ok()
    }

    fn below(self) -> Option<Self> {
        Self::try_from(self.0 - 1).ok()
    }
}

impl Step for Priority {
    fn above(self) -> Option<Self> {
        Self::ALL.into_iter().map(|(_, other)| other).find(|other| *other > self)
    }

    fn below(self) -> Option<Self> {
        Self::ALL.into_iter().map(|(_, other)| other).rfind(|other| *other < self)
    }
}

/// What a value holds. `read` makes the first and the last that one unit holds: of a day its milliseconds.
pub(super) fn bounds<T: Step>(
    value: &str,
    read: impl Fn(&str) -> Result<(T, T), Refused>,
) -> Result<Bounds<T>, Refused> {
    if let Some((from, to)) = value.split_once("..") {
        return between(from.trim(), to.trim(), read);
    }
    let signs = [">=", "<=", ">", "<"];
    let Some((sign, unit)) = signs.iter().find_map(|sign| Some((*sign, value.strip_prefix(sign)?.trim()))) else {
        let (first, last) = read(value)?;
        return Ok(Bounds { least: Some(first), most: Some(last) });
    };
    if unit.is_empty() {
        return Err(Refused::new("empty_value", format!("there must be a value behind {sign}")));
    }
    let (first, last) = read(unit)?;
    let (least, most) = match sign {
        ">=" => (Some(first), None),
        "<=" => (None, Some(last)),
        ">" => (last.above(), None),
        _ => (None, first.below()),
    };
    if least.is_none() && most.is_none() {
        let where_to = if sign == ">" { "above" } else { "below" };
        return Err(Refused::new("range", format!("there is nothing {where_to} `{unit}`")));
    }
    Ok(Bounds { least, most })
}

fn between<T: Step>(
    from: &str,
    to: &str,
    read: impl Fn(&str) -> Result<(T, T), Refused>,
) -> Result<Bounds<T>, Refused> {
    let wrong = |message: &str| Err(Refused::new("range", message));
    if from.is_empty() && to.is_empty() {
        return wrong("a range must have a value on one side of .. at least");
    }
    if [from, to].iter().any(|side| side.starts_with(['<', '>'])) {
        return wrong("there must be either < or >, or a range with ..");
    }
    let end = |side: &str| if side.is_empty() { Ok(None) } else { read(side).map(Some) };
    let (least, most) = (end(from)?.map(|(first, _)| first), end(to)?.map(|(_, last)| last));
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        return wrong("a range must not end before it begins");
    }
    Ok(Bounds { least, most })
}
