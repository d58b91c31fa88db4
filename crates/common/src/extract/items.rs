//! Lists in bodies of which each item is read by itself: a wrong one is told of by its place and keeps no other from being
//! taken.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::PartialSchema;

use super::body::parse_json;
use crate::input::Object;
use crate::problem::FieldError;

/// Wrong fields of a list that are told of in full: to find them takes its time.
const MOST_TOLD: usize = 50;

/// An item as it came, or what is wrong with it: pointers into the item.
#[derive(Debug, Clone)]
pub enum Item<T> {
    /// As it came.
    Read(Box<T>),
    /// What is wrong with it.
    Wrong(Vec<FieldError>),
}

/// A list of objects, each read by itself.
#[derive(Debug, Clone)]
pub struct Items<T>(pub Vec<Item<T>>);

impl<'de, T: DeserializeOwned + PartialSchema> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut told = 0;
        let mut read = |raw: Box<RawValue>| {
            let item = if told < MOST_TOLD { Item::read(&raw) } else { Item::read_shortly(&raw) };
            if let Item::Wrong(wrong) = &item {
                told += wrong.len();
            }
            item
        };
        Ok(Self(Vec::<Box<RawValue>>::deserialize(deserializer)?.into_iter().map(&mut read).collect()))
    }
}

impl<T: DeserializeOwned + PartialSchema> Item<T> {
    /// Reads one, or finds every field of it that is wrong.
    fn read(raw: &RawValue) -> Self {
        match parse_json(raw.get().as_bytes()) {
            Ok(item) => Self::Read(Box::new(item)),
            Err(problem) if problem.fields().is_empty() => {
                // A number that no number is, half of a character: JSON by its grammar, and nothing that can be read.
                Self::Wrong(vec![FieldError::new("", "malformed", "is nothing that can be read as JSON")])
            }
            Err(problem) => Self::Wrong(problem.fields().to_vec()),
        }
    }

    /// Reads one, or says that it is wrong, and not where.
    fn read_shortly(raw: &RawValue) -> Self {
        match serde_json::from_str::<Object<T>>(raw.get()) {
            Ok(Object(item)) => Self::Read(Box::new(item)),
            Err(_) => Self::Wrong(vec![FieldError::new("", "invalid", "is wrong, like others before it")]),
        }
    }
}
