//! Rounding, percentiles and correlation.

use rstest::rstest;

use super::super::numbers::{Durations, correlation, divided, seconds};

#[rstest]
#[case(0, 0)]
#[case(499, 0)]
#[case(500, 1)]
#[case(1_499, 1)]
#[case(1_500, 2)]
#[case(-500, 0)]
#[case(-501, -1)]
#[case(i64::MAX, 9_223_372_036_854_776)]
fn seconds_are_rounded_half_up(#[case] millis: i64, #[case] expected: i64) {
    assert_eq!(seconds(millis), expected);
}

#[test]
fn a_quotient_stays_within_bounds() {
    assert_eq!(divided(i128::MAX, 1), i64::MAX);
    assert_eq!(divided(i128::MIN, 1), i64::MIN);
    assert_eq!(divided(7, 2), 4);
    assert_eq!(divided(-7, 2), -3);
}

/// Against `=PERCENTILE.INC(range; k)` of the same values in seconds.
#[rstest]
#[case::one(&[7], 50, 7)]
#[case::one_high(&[7], 95, 7)]
#[case::two(&[10, 20], 50, 15)]
#[case::the_documentation_of_excel(&[1, 3, 2, 4], 30, 2)] // 1.9
#[case::median_of_even(&[4, 1, 3, 2], 50, 3)] // 2.5
#[case::ten_p85(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 85, 9)] // 8.65
#[case::ten_p95(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 95, 10)] // 9.55
#[case::ties(&[15, 20, 35, 40, 50], 40, 29)]
#[case::least(&[15, 20, 35, 40, 50], 0, 15)]
#[case::most(&[15, 20, 35, 40, 50], 100, 50)]
#[case::large(&[100, 1_000, 10_000, 100_000], 85, 59_500)]
fn percentiles_are_those_of_spreadsheets(#[case] seconds: &[i64], #[case] percent: u8, #[case] expected: i64) {
    let durations = Durations::new(seconds.iter().map(|seconds| seconds * 1000).collect());
    assert_eq!(durations.percentile(percent), Some(expected));
}

#[test]
fn only_the_result_is_rounded() {
    // 400 + 0.5 * 700 = 750 ms; of rounded seconds it would be half of 0 and 1.
    assert_eq!(Durations::new(vec![1_100, 400]).percentile(50), Some(1));
    assert_eq!(Durations::new(vec![500, 498]).percentile(50), Some(0));
    assert_eq!(Durations::new(vec![400, 400, 400]).mean(), Some(0));
    assert_eq!(Durations::new(vec![400, 400, 400]).total(), 1);
    assert_eq!(Durations::new(vec![1_000, 2_000]).mean(), Some(2)); // 1.5
}

#[test]
fn nothing_has_no_percentile() {
    let nothing = Durations::default();
    assert_eq!((nothing.count(), nothing.total()), (0, 0));
    assert_eq!([nothing.mean(), nothing.percentile(50), nothing.min(), nothing.max()], [None; 4]);
}

/// Against `=CORREL(xs; ys)`.
#[rstest]
#[case::nothing(&[], None)]
#[case::one(&[(1, 1)], None)]
#[case::same_x(&[(1, 1), (1, 2)], None)]
#[case::same_y(&[(1, 2), (2, 2), (3, 2)], None)]
#[case::rising(&[(1, 10), (2, 20)], Some(1.0))]
#[case::falling(&[(1, 20), (2, 10)], Some(-1.0))]
#[case::none(&[(1, 1), (2, 2), (3, 1)], Some(0.0))]
#[case::the_documentation_of_excel(&[(3, 9), (2, 7), (4, 12), (5, 15), (6, 17)], Some(0.9971))]
fn correlation_is_that_of_spreadsheets(#[case] points: &[(i64, i64)], #[case] expected: Option<f64>) {
    assert_eq!(correlation(points), expected);
}

#[test]
fn no_correlation_is_not_negative() {
    let zero = correlation(&[(1, 1), (2, 2), (3, 1)]).unwrap();
    assert!(zero.is_sign_positive());
}
