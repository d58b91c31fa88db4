//! Arithmetic of reports: it rounds in one place, half up, and never overflows.

pub(super) use poligon_common::chart::numbers::{count, divided, float};

/// Milliseconds as whole seconds.
pub(super) fn seconds(millis: i64) -> i64 {
    divided(i128::from(millis), 1000)
}

/// Durations in milliseconds, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations(Vec<i64>);

impl Durations {
    /// These, in any order.
    pub(super) fn new(mut millis: Vec<i64>) -> Self {
        millis.sort_unstable();
        Self(millis)
    }

    /// How many.
    pub(super) fn count(&self) -> i64 {
        count(self.0.len())
    }

    /// All of them together, in milliseconds.
    fn sum(&self) -> i128 {
        self.0.iter().map(|millis| i128::from(*millis)).sum()
    }

    /// All of them together, in seconds.
    pub(super) fn total(&self) -> i64 {
        divided(self.sum(), 1000)
    }

    /// The arithmetic mean, in seconds.
    pub(super) fn mean(&self) -> Option<i64> {
        (!self.0.is_empty()).then(|| divided(self.sum(), i128::from(self.count()).saturating_mul(1000)))
    }

    /// The shortest, in seconds.
    pub(super) fn min(&self) -> Option<i64> {
        self.0.first().copied().map(seconds)
    }

    /// The longest, in seconds.
    pub(super) fn max(&self) -> Option<i64> {
        self.0.last().copied().map(seconds)
    }

    /// The percentile of 0 to 100, in seconds: with `h = (n - 1) * percent / 100`, the value at the rank below `h` and as
    /// much of the way to the one above as `h` is past it.
    pub(super) fn percentile(&self, percent: u8) -> Option<i64> {
        let ranks = self.0.len().checked_sub(1)?.saturating_mul(usize::from(percent.min(100)));
        let low = i128::from(*self.0.get(ranks / 100)?);
        let high = self.0.get(ranks / 100 + 1).map_or(low, |next| i128::from(*next));
        let part = i128::from(count(ranks % 100));
        Some(divided(low * 100 + (high - low) * part, 100_000))
    }
}

/// Pearson's coefficient of correlation (`CORREL` of spreadsheets), rounded to four decimals; none with fewer than two
/// points, or when all have the same value of either.
pub(super) fn correlation(points: &[(i64, i64)]) -> Option<f64> {
    let (first, others) = points.split_first()?;
    let spread = others.iter().any(|(x, _)| *x != first.0) && others.iter().any(|(_, y)| *y != first.1);
    if !spread {
        return None;
    }
    let many = float(count(points.len()));
    let mean = |value: fn(&(i64, i64)) -> i64| points.iter().map(|point| float(value(point))).sum::<f64>() / many;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let (mut together, mut of_x, mut of_y) = (0.0, 0.0, 0.0);
    for (x, y) in points {
        let (x, y) = (float(*x) - mean_x, float(*y) - mean_y);
        together += x * y;
        of_x += x * x;
        of_y += y * y;
    }
    let exact = (together / (of_x.sqrt() * of_y.sqrt())).clamp(-1.0, 1.0);
    // `+ 0.0` makes a zero of a negative one.
    exact.is_finite().then(|| (exact * 10_000.0).round() / 10_000.0 + 0.0)
}
