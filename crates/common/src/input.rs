//! Input types that several domains share: a value that exists is valid, so that rules never check a string again.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::markdown::is_seen;
use crate::problem::Refused;

/// Whether a text holds control characters or invisible ones (bidirectional marks, zero width).
pub fn has_invisible(text: &str) -> bool {
    text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
    })
}

/// A short text for people: at most 500 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, max_length = 500)]
pub struct Remark(pub String);

impl TryFrom<String> for Remark {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let text: String = text.trim().nfc().collect();
        if text.chars().count() > 500 {
            return Err(Refused::new("length", "must be at most 500 characters"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Refused::new("characters", "must have no control characters but newlines"));
        }
        Ok(Self(text))
    }
}
/// A text that a list is filtered by: at most `MOST` characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FilterText<const MOST: usize>(pub String);

impl<const MOST: usize> TryFrom<String> for FilterText<MOST> {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = text.chars().count() <= MOST;
        if fits { Ok(Self(text)) } else { Err(Refused::new("length", format!("must be at most {MOST} characters"))) }
    }
}

/// An id that a list is filtered by, or that a body names: 1 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "i64")]
#[schema(as = ObjectId, value_type = i64, minimum = 1)]
pub struct FilterId(pub i64);

impl TryFrom<i64> for FilterId {
    type Error = Refused;

    fn try_from(id: i64) -> Result<Self, Refused> {
        if id > 0 { Ok(Self(id)) } else { Err(Refused::new("range", "must be 1 or more")) }
    }
}

/// Ids, `LEAST` to `MOST`, each once, in the order in which they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<FilterId>")]
pub struct Ids<const LEAST: usize, const MOST: usize>(pub Vec<i64>);

impl<const LEAST: usize, const MOST: usize> TryFrom<Vec<FilterId>> for Ids<LEAST, MOST> {
    type Error = Refused;

    fn try_from(given: Vec<FilterId>) -> Result<Self, Refused> {
        if !(LEAST..=MOST).contains(&given.len()) {
            return Err(Refused::new("length", format!("must be {LEAST} to {MOST} ids")));
        }
        let ids: Vec<i64> = given.into_iter().map(|id| id.0).collect();
        if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
            return Err(Refused::new("duplicate", "must hold each id once"));
        }
        Ok(Self(ids))
    }
}

/// A member of a merge patch (RFC 7396) that can be removed: absent is `None`, `null` is `Some(None)`.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A member of a merge patch that can be changed and not removed: `null` is refused.
pub fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// An object inside of a body. By itself serde also takes a list for an object, its members in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

/// One line of text: `LEAST` to `MOST` characters in normalisation form C, none invisible, without spaces around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Line<const LEAST: usize, const MOST: usize>(pub String);

impl<const LEAST: usize, const MOST: usize> TryFrom<String> for Line<LEAST, MOST> {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let line: String = text.trim().nfc().collect();
        if !(LEAST..=MOST).contains(&line.chars().count()) {
            return Err(Refused::new("length", format!("must be {LEAST} to {MOST} characters")));
        }
        if has_invisible(&line) {
            return Err(Refused::new("characters", "must be one line, without control characters and invisible ones"));
        }
        if LEAST > 0 && !is_seen(&line) {
            return Err(Refused::new("characters", "must have a character that is seen"));
        }
        Ok(Self(line))
    }
}

impl<const LEAST: usize, const MOST: usize> PartialSchema for Line<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(LEAST)).max_length(Some(MOST)).into()
    }
}

impl<const LEAST: usize, const MOST: usize> ToSchema for Line<LEAST, MOST> {
    /// Lines of other bounds are other schemas.
    fn name() -> Cow<'static, str> {
        format!("Line_{LEAST}_{MOST}").into()
    }
}

/// A text of any number of lines: at most `MOST` characters in normalisation form C; of control characters only
/// newlines and tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Prose<const MOST: usize>(pub String);

impl<const MOST: usize> TryFrom<String> for Prose<MOST> {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let prose: String = text.replace("\r\n", "\n").nfc().collect();
        if prose.chars().count() > MOST {
            return Err(Refused::new("length", format!("must be at most {MOST} characters")));
        }
        if prose.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(Refused::new("characters", "must have no control characters but newlines and tabs"));
        }
        Ok(Self(prose))
    }
}

impl<const MOST: usize> PartialSchema for Prose<MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MOST)).into()
    }
}

impl<const MOST: usize> ToSchema for Prose<MOST> {
    fn name() -> Cow<'static, str> {
        format!("Prose_{MOST}").into()
    }
}

/// An integer from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "i64")]
pub struct Whole<const LEAST: i64, const MOST: i64>(pub i64);

impl<const LEAST: i64, const MOST: i64> TryFrom<i64> for Whole<LEAST, MOST> {
    type Error = Refused;

    fn try_from(value: i64) -> Result<Self, Refused> {
        if (LEAST..=MOST).contains(&value) {
            return Ok(Self(value));
        }
        Err(Refused::new("range", format!("must be {LEAST} to {MOST}")))
    }
}

#[allow(clippy::cast_precision_loss)] // bounds in a document, far below 2^53
impl<const LEAST: i64, const MOST: i64> PartialSchema for Whole<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(LEAST as f64));
        number.maximum(Some(MOST as f64)).into()
    }
}

impl<const LEAST: i64, const MOST: i64> ToSchema for Whole<LEAST, MOST> {
    fn name() -> Cow<'static, str> {
        format!("Whole_{LEAST}_{MOST}").into()
    }
}

/// A name for addresses: 1 to 96 small Latin letters, digits and single hyphens, and not a number, which would be an
/// id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, max_length = 96, pattern = "^[a-z0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$|^[a-z0-9]+(-[a-z0-9]+)+$",
    examples("blue-kettle"))]
pub struct Slug(pub String);

impl Slug {
    /// The slug of a title: transliterated, small letters, `fallback` when nothing is left of it.
    pub fn of_title(title: &str, fallback: &str) -> Self {
        let whole = slug::slugify(title);
        let mut cut: String = whole.chars().take(80).collect();
        cut.truncate(cut.trim_end_matches('-').len());
        Self::try_from(cut.clone()).unwrap_or_else(|_| {
            let number = if cut.is_empty() { String::new() } else { format!("-{cut}") };
            Self(format!("{fallback}{number}"))
        })
    }
}

impl TryFrom<String> for Slug {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        if !fits || text.len() > 96 || text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Refused::new(
                "slug",
                "must be 1 to 96 small letters, digits and single hyphens, and no number",
            ));
        }
        Ok(Self(text))
    }
}
