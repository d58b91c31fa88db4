//! Days of time zones.

use chrono_tz::Tz;
use rstest::rstest;

use super::{at, date, days};
use poligon_common::calendar::{beginning, today};

#[rstest]
#[case::utc("UTC", "2026-01-15", "2026-01-15T00:00:00Z", 24)]
#[case::kolkata("Asia/Kolkata", "2026-01-15", "2026-01-14T18:30:00Z", 24)]
#[case::berlin_forward("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23)]
#[case::berlin_back("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25)]
#[case::new_york_forward("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", 23)]
#[case::new_york_back("America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 25)]
#[case::santiago_without_midnight("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", 23)]
#[case::santiago_before_it("America/Santiago", "2026-09-05", "2026-09-05T04:00:00Z", 24)]
#[case::santiago_back_before_midnight("America/Santiago", "2026-04-04", "2026-04-04T03:00:00Z", 25)]
#[case::cairo_without_midnight("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23)]
#[case::havana_two_midnights("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25)]
#[case::st_johns_two_midnights("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z", 25)]
#[case::lord_howe_half_an_hour("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 23)] // 23:30, rounded down
#[case::apia_skipped("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0)]
fn a_day_begins_at_its_first_instant(#[case] zone: Tz, #[case] day: &str, #[case] begins: &str, #[case] hours: i64) {
    let day = date(day);
    let start = beginning(day, zone);
    let length = beginning(day.succ_opt().unwrap(), zone) - start;
    assert_eq!(start, at(begins).millis());
    assert_eq!(length / 3_600_000, hours);
}

#[rstest]
#[case::last_of_the_day("Europe/Berlin", "2026-03-28T22:59:59.999Z", "2026-03-28")]
#[case::first_of_the_next("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29")]
#[case::before_a_gap("America/Santiago", "2026-09-06T03:59:59.999Z", "2026-09-05")]
#[case::after_a_gap("America/Santiago", "2026-09-06T04:00:00Z", "2026-09-06")]
#[case::second_round("America/St_Johns", "2010-11-07T03:00:00Z", "2010-11-07")] // clocks show 23:30 of the 6th again
fn today_is_the_day_that_has_begun(#[case] zone: Tz, #[case] now: &str, #[case] expected: &str) {
    assert_eq!(today(at(now), zone), date(expected));
}

#[test]
fn a_range_ends_now_or_with_its_last_day() {
    let over = days("2026-03-02", "2026-03-08", Tz::UTC, "10T12:00");
    assert_eq!((over.days().len(), over.length()), (7, 7));
    assert!(over.holds(at("02T00:00")) && over.holds(at("2026-03-08T23:59:59.999Z")));
    assert!(!over.holds(at("2026-03-01T23:59:59.999Z")) && !over.holds(at("09T00:00")));

    let running = days("2026-03-09", "2026-03-15", Tz::UTC, "10T12:00");
    assert_eq!((running.days().len(), running.length()), (2, 7));
    assert!(running.holds(at("10T12:00")) && !running.holds(at("2026-03-10T12:00:00.001Z")));

    let ahead = days("2026-03-11", "2026-03-15", Tz::UTC, "10T12:00");
    assert_eq!((ahead.days().len(), ahead.length()), (0, 5));
    assert!(!ahead.holds(at("10T12:00")) && !ahead.holds(at("11T12:00")));
}

#[test]
fn instants_fall_into_the_day_that_they_are_in() {
    let range = days("2026-03-28", "2026-03-30", Tz::Europe__Berlin, "2026-05-01T00:00:00Z");
    let slot = |text: &str| range.slot(at(text));
    assert_eq!(slot("2026-03-27T22:59:59.999Z"), None);
    assert_eq!(slot("2026-03-27T23:00:00Z"), Some(0));
    assert_eq!(slot("2026-03-28T22:59:59.999Z"), Some(0));
    assert_eq!(slot("2026-03-28T23:00:00Z"), Some(1));
    assert_eq!(slot("2026-03-29T21:59:59.999Z"), Some(1));
    assert_eq!(slot("2026-03-29T22:00:00Z"), Some(2));
}
