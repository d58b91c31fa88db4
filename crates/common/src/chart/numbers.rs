//! Arithmetic of charts and reports: it rounds in one place, half up, and never overflows.

/// `numerator / denominator`, rounded half up; the denominator is above 0.
pub fn divided(numerator: i128, denominator: i128) -> i64 {
    let twice = denominator.saturating_mul(2).max(1);
    let rounded = numerator.saturating_mul(2).saturating_add(denominator).div_euclid(twice);
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

/// How many there are.
pub fn count(many: usize) -> i64 {
    i64::try_from(many).unwrap_or(i64::MAX)
}

/// A number for a chart, or for a place behind the point.
#[allow(clippy::cast_precision_loss)] // exact below 2^53, and a picture shows no more than three digits
pub fn float(number: i64) -> f64 {
    number as f64
}
