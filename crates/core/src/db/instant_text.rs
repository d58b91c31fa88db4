//! Instants as text in the one form that they are written in, `2026-01-31T23:59:59.123Z`: every row of every list has
//! some, and `chrono` takes five times as long for them.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};

/// Characters of an instant.
const LENGTH: usize = 24;
/// What stands between the digits.
const FORM: &[u8; LENGTH] = b"0000-00-00T00:00:00.000Z";
/// Of each number its first place and how many digits it has: year, month, day, hour, minute, second, millisecond.
const PARTS: [(usize, usize); 7] = [(0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2), (20, 3)];

/// An instant as text.
pub(super) struct Written([u8; LENGTH]);

impl Written {
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // digits and the characters of the form
    }
}

/// An instant of the years 0000 to 9999. Its second is 60 when it is a leap second.
pub(super) fn written(value: DateTime<Utc>) -> Option<Written> {
    let millis = value.timestamp_subsec_millis();
    let (second, milli) = (value.second() + millis / 1_000, millis % 1_000);
    let year = u32::try_from(value.year()).ok().filter(|year| *year <= 9_999)?;
    let numbers = [year, value.month(), value.day(), value.hour(), value.minute(), second, milli];
    let mut text = *FORM;
    for ((first, digits), mut number) in PARTS.into_iter().zip(numbers) {
        for place in text[first..first + digits].iter_mut().rev() {
            *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
        }
    }
    Some(Written(text))
}

/// The instant that a text of this very form names. `None` for every other text, which may be an instant all the same.
pub(super) fn read(text: &str) -> Option<DateTime<Utc>> {
    let text: &[u8; LENGTH] = text.as_bytes().try_into().ok()?;
    let fits = |(given, form): (&u8, &u8)| if *form == b'0' { given.is_ascii_digit() } else { given == form };
    if !text.iter().zip(FORM).all(fits) {
        return None;
    }
    let number = |(first, digits): (usize, usize)| {
        text[first..first + digits].iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    let [year, month, day, hour, minute, second, milli] = PARTS.map(number);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(date.and_hms_milli_opt(hour, minute, second, milli)?.and_utc())
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0000-01-01T00:00:00.000Z")]
    #[case("1969-12-31T23:59:59.999Z")]
    #[case("2000-02-29T12:34:56.789Z")]
    #[case("2016-12-31T23:59:59.001Z")]
    #[case("9999-12-31T23:59:59.999Z")]
    fn reads_and_writes_as_chrono_does(#[case] text: &str) {
        let value = DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        assert_eq!(read(text), Some(value));
        let written = written(value).unwrap();
        assert_eq!(written.as_str(), text);
        assert_eq!(written.as_str(), value.to_rfc3339_opts(SecondsFormat::Millis, true));
    }

    #[test]
    fn a_leap_second_is_written_as_chrono_does() {
        let value = DateTime::parse_from_rfc3339("2016-12-31T23:59:60.250Z").unwrap().to_utc();
        let written = written(value).unwrap();
        assert_eq!(written.as_str(), "2016-12-31T23:59:60.250Z");
        assert_eq!(written.as_str(), value.to_rfc3339_opts(SecondsFormat::Millis, true));
    }

    #[rstest]
    #[case::before(DateTime::<Utc>::MIN_UTC)]
    #[case::behind(DateTime::<Utc>::MAX_UTC)]
    fn leaves_other_years_to_chrono(#[case] value: DateTime<Utc>) {
        assert!(written(value).is_none());
    }

    #[rstest]
    #[case::other_precision("2016-12-31T23:59:59Z")]
    #[case::other_zone("2016-12-31T23:59:59.00+1")]
    #[case::no_such_day("2015-02-29T00:00:00.000Z")]
    #[case::no_such_hour("2015-02-28T24:00:00.000Z")]
    #[case::leap_second("2016-12-31T23:59:60.000Z")]
    #[case::sign("-016-12-31T23:59:59.000Z")]
    #[case::more_bytes_than_characters("2016-12-31T23:59:59.0é0Z")]
    #[case::lower_case("2016-12-31t23:59:59.000z")]
    fn leaves_other_texts_to_chrono(#[case] text: &str) {
        assert_eq!(read(text), None);
    }
}
