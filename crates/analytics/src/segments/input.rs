//! What clients send about segments.

use poligon_common::FieldError;
use poligon_common::input::{Line, Object, Prose, Whole};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::Condition;
use crate::error::Error;
use crate::facts::Kind;

/// Conditions of a segment at most.
const MOST_CONDITIONS: usize = 8;
/// Values of a condition at most, and characters of each.
const MOST_VALUES: usize = 50;
const VALUE: usize = 200;

/// What people did, and how often.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentConditionRequest {
    /// What: a kind of fact in which somebody does something, such as `order`, `product_view` or `post`.
    #[schema(pattern = "^[a-z_]{1,32}$", examples("order"))]
    kind: String,
    /// To what they did it (a product's id, a path, a name): one of 1 to 50; without it, anything.
    #[schema(min_items = 1, max_items = 50)]
    values: Option<Vec<String>>,
    /// How often at least; without it, once, or never where `at_most` is 0.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000)]
    at_least: Option<Whole<0, 1_000_000>>,
    /// How often at most; 0 is never.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000)]
    at_most: Option<Whole<0, 1_000_000>>,
    /// Within how many days up to the last day that is asked for, that day included; without it, ever until then.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 400)]
    within_days: Option<Whole<1, 400>>,
}

/// A segment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentRequest {
    /// What it is called; no other is called so.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Regular buyers"))]
    pub(super) name: Line<1, 100>,
    /// What it is for.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
    /// 1 to 8 conditions, all of which hold for the people of the segment.
    #[schema(value_type = Vec<SegmentConditionRequest>, min_items = 1, max_items = 8)]
    conditions: Vec<Object<SegmentConditionRequest>>,
}

fn wrong_values(values: &[String]) -> Option<&'static str> {
    if !(1..=MOST_VALUES).contains(&values.len()) {
        return Some("must be 1 to 50 values");
    }
    let fits = |value: &String| value.chars().count() <= VALUE && !value.contains('\0');
    (!values.iter().all(fits)).then_some("must have values of at most 200 characters, none of them U+0000")
}

impl SegmentConditionRequest {
    /// The condition, or what is wrong with it; `at` is where it stands.
    fn read(&self, at: &str) -> Result<Condition, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let at_most = self.at_most.map(|most| most.0);
        let at_least = self.at_least.map_or(i64::from(at_most != Some(0)), |least| least.0);
        if at_most.is_some_and(|most| most < at_least) {
            wrong.push(FieldError::new(format!("{at}/at_most"), "order", "must not be below `at_least`"));
        }
        if at_least == 0 && at_most.is_none() {
            let message = "must be 1 or more where `at_most` is left out: everybody did it at least never";
            wrong.push(FieldError::new(format!("{at}/at_least"), "range", message));
        }
        if let Some(message) = self.values.as_deref().and_then(wrong_values) {
            wrong.push(FieldError::new(format!("{at}/values"), "length", message));
        }
        let Some(kind) = Kind::deeds().find(|kind| kind.name() == self.kind) else {
            let known: Vec<&str> = Kind::deeds().map(Kind::name).collect();
            let message = format!("is nothing that people do; they do {}", known.join(", "));
            wrong.push(FieldError::new(format!("{at}/kind"), "unknown_kind", message));
            return Err(wrong);
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let within_days = self.within_days.map(|days| days.0);
        Ok(Condition { kind, values: self.values.clone(), at_least, at_most, within_days })
    }
}

impl SegmentRequest {
    /// Its conditions, or everything that is wrong with them.
    pub(super) fn conditions(&self) -> Result<Vec<Condition>, Error> {
        if !(1..=MOST_CONDITIONS).contains(&self.conditions.len()) {
            return Err(Error::field("/conditions", "length", format!("must be 1 to {MOST_CONDITIONS} conditions")));
        }
        let (mut conditions, mut wrong) = (Vec::new(), Vec::new());
        for (place, condition) in self.conditions.iter().enumerate() {
            match condition.0.read(&format!("/conditions/{place}")) {
                Ok(read) => conditions.push(read),
                Err(errors) => wrong.extend(errors),
            }
        }
        if wrong.is_empty() { Ok(conditions) } else { Err(Error::Fields(wrong)) }
    }
}
