//! Members of a JSON object that come twice. A tree keeps the last of them, so they are looked for in the text.

use std::collections::BTreeSet;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::fields::pointer;

/// Pointers of all members, at any depth, whose name their object has already. Of a text that is no JSON: those before
/// the place where it ends to be.
pub(super) fn members(body: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    drop(Below { at: String::new(), found: &mut found }.deserialize(&mut reader));
    found
}

/// Everything below a place.
struct Below<'a> {
    at: String,
    found: &'a mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Below<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Below<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut known = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let at = format!("{}{}", self.at, pointer(&[&name]));
            if !known.insert(name) {
                self.found.insert(at.clone());
            }
            members.next_value_seed(Below { at, found: self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut n = 0;
        while items.next_element_seed(Below { at: format!("{}/{n}", self.at), found: self.found })?.is_some() {
            n += 1;
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}
