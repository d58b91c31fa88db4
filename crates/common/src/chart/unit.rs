//! Units of time for people.

use crate::html::Language;

use super::numbers::{divided, float};

/// A unit in which durations are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days of 24 hours.
    Days,
}

impl Unit {
    /// The unit for durations of up to so many seconds.
    pub fn up_to(seconds: i64) -> Self {
        match seconds {
            ..7_200 => Self::Minutes,
            7_200..172_800 => Self::Hours,
            _ => Self::Days,
        }
    }

    /// Its seconds.
    fn seconds(self) -> i64 {
        match self {
            Self::Minutes => 60,
            Self::Hours => 3_600,
            Self::Days => 86_400,
        }
    }

    /// So many seconds in this unit.
    pub fn of(self, seconds: i64) -> f64 {
        float(seconds) / float(self.seconds())
    }

    /// Its name on an axis.
    pub fn name(self, language: Language) -> &'static str {
        match self {
            Self::Minutes => language.pick("minutes", "минуты"),
            Self::Hours => language.pick("hours", "часы"),
            Self::Days => language.pick("days", "дни"),
        }
    }
}

/// A duration in words: with one decimal of the unit that suits it.
pub fn told(seconds: i64, language: Language) -> String {
    let unit = Unit::up_to(seconds);
    let name = match unit {
        Unit::Minutes => language.pick("min", "мин"),
        Unit::Hours => language.pick("h", "ч"),
        Unit::Days => language.pick("d", "дн."),
    };
    let tenths = divided(i128::from(seconds) * 10, i128::from(unit.seconds()));
    format!("{} {name}", decimal(&format!("{}.{}", tenths / 10, (tenths % 10).abs()), language))
}

/// A number as the language writes it, without zeros at its end.
pub fn decimal(number: &str, language: Language) -> String {
    let short = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    match language {
        Language::En => short.to_owned(),
        Language::Ru => short.replace('.', ","),
    }
}
