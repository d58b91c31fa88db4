//! From serde's errors to a list of wrong fields. Serde stops at the first; to tell every one, the field that was
//! refused is taken out and the rest is tried again.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;
use utoipa::PartialSchema;
use utoipa::openapi::{RefOr, schema::Schema};

use crate::problem::{FieldError, REFUSED_MARK};

/// Wrong fields of `body`, for a `T` that could not be read from it: every one, or the first [`MOST`].
pub(super) fn wrong_fields<T: DeserializeOwned + PartialSchema>(body: &Value) -> Vec<FieldError> {
    if !body.is_object() {
        return vec![FieldError::new("", "type", "must be an object")];
    }
    let mut rest = body.clone();
    let Value::Object(given) = &rest else { return Vec::new() };
    let mut errors: Vec<FieldError> = missing::<T>(given)
        .into_iter()
        .map(|name| FieldError::new(pointer(&[&name]), "required", "is required"))
        .collect();
    let mut taken = BTreeSet::new();
    // Each round reads everything that is left, and takes one field out: so it ends, and few rounds are enough.
    for _ in 0..MOST_ROUNDS {
        if errors.len() >= MOST {
            break;
        }
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&rest) else { break };
        let Value::Object(fields) = &mut rest else { break };
        let Some((top, found)) = explain(&error, fields) else { break };
        if found.code == "required" && taken.contains(&found.pointer) {
            // It lacks what was taken out of it, and is told already: now it goes, and its neighbours are looked at.
            let whole = found.pointer.rsplit_once('/').map_or("", |(whole, _)| whole).to_owned();
            if take_inner(fields, &whole) {
                taken.insert(whole);
            } else {
                fields.remove(&top);
            }
            continue;
        }
        let inner = found.code != "required" && take_inner(fields, &found.pointer);
        if inner {
            taken.insert(found.pointer.clone());
        } else {
            fields.remove(&top);
        }
        errors.push(found);
    }
    errors
}

/// Wrong fields that are told of at most: a body of nothing but unknown names costs no more than one of fifty.
pub(super) const MOST: usize = 50;
/// A round tells of a wrong field, or takes out what one was told of in.
const MOST_ROUNDS: usize = 2 * MOST;

/// Takes the member at `pointer` out of an object inside of `given`, so that its neighbours are looked at, too; `false`
/// when it stands at the top or inside of a list, whose places would shift.
fn take_inner(given: &mut Map<String, Value>, pointer: &str) -> bool {
    let mut steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let (Some(top), Some(mut name)) = (steps.next(), steps.next()) else { return false };
    let Some(mut object) = given.get_mut(&top).and_then(Value::as_object_mut) else { return false };
    for next in steps {
        let Some(below) = object.get_mut(&name).and_then(Value::as_object_mut) else { return false };
        (object, name) = (below, next);
    }
    object.remove(&name).is_some()
}

/// What no list of words has.
const NO_WORD: &str = "\u{1}";

/// Words of a list that were written as `{"word": null}`: serde's other form of an enum, which the contract does not
/// know. Such an object is one for which the word alone would do as well.
pub(super) fn words_as_objects<T: DeserializeOwned>(body: &[u8]) -> Vec<FieldError> {
    if !body.windows(4).any(|part| part == b"null") {
        return Vec::new();
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let mut places = Vec::new();
    find_lone_nulls(&value, "", &mut places);
    // Each is tried with everything around it, so of very many the first have to do.
    places.truncate(MOST);
    let is_word = |at: &String| {
        let Some(place) = value.pointer_mut(at) else { return false };
        let word = place.as_object().and_then(|object| object.keys().next().cloned()).unwrap_or_default();
        let object = std::mem::replace(place, Value::String(word));
        let fits = T::deserialize(&value).is_ok();
        // Where any word does, it is no list of words: something that is looked at later, and in its own way.
        if let Some(place) = value.pointer_mut(at) {
            *place = Value::String(NO_WORD.to_owned());
        }
        let takes_any = fits && T::deserialize(&value).is_ok();
        if let Some(place) = value.pointer_mut(at) {
            *place = object;
        }
        fits && !takes_any
    };
    let words = places.into_iter().filter(is_word);
    words.map(|at| FieldError::new(at, "type", "must be a string")).collect()
}

/// Pointers of objects below the top that have one member, which is `null`.
fn find_lone_nulls(value: &Value, at: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, member)| (pointer(&[name]), member)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, item)| (format!("/{n}"), item)).collect(),
        _ => return,
    };
    for (step, member) in below {
        let here = format!("{at}{step}");
        if member.as_object().is_some_and(|object| object.len() == 1 && object.values().all(Value::is_null)) {
            found.push(here);
        } else {
            find_lone_nulls(member, &here, found);
        }
    }
}

/// Writes whole numbers that came as `3.0` or `3e0` as `3`: JSON Schema takes them for integers (2020-12 validation,
/// 6.1.1), serde does not. Whether there were any; those beyond 2^53 stay, as they are no longer exact.
pub(super) fn write_plainly(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().map(write_plainly).fold(false, std::ops::BitOr::bitor),
        Value::Object(members) => members.values_mut().map(write_plainly).fold(false, std::ops::BitOr::bitor),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) if float.fract() == 0.0 && float.abs() <= EXACT => {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within the bound")]
                let whole = float as i64;
                *number = whole.into();
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// Up to here (2^53), every whole number is a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Fields that the schema requires and `given` lacks.
fn missing<T: PartialSchema>(given: &Map<String, Value>) -> Vec<String> {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => {
            object.required.into_iter().filter(|name| !given.contains_key(name)).collect()
        }
        _ => Vec::new(),
    }
}

/// The top-level field to take out, and what is wrong; `None` when the error is about no given field.
fn explain(
    error: &serde_path_to_error::Error<serde_json::Error>,
    given: &Map<String, Value>,
) -> Option<(String, FieldError)> {
    let message = error.inner().to_string();
    let segments: Vec<String> = error.path().iter().map(name_of).collect();
    if let Some(name) = quoted(&message, "unknown field `") {
        let top = segments.first().filter(|s| given.contains_key(*s)).unwrap_or(&name).clone();
        let mut path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if path.last() != Some(&name.as_str()) {
            path.push(&name);
        }
        return given.contains_key(&top).then(|| (top, FieldError::new(pointer(&path), "unknown_field", "is unknown")));
    }
    let top = segments.first()?.clone();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let at = pointer(&path);
    let found = match (message.split_once(REFUSED_MARK), quoted(&message, "missing field `")) {
        (Some((code, text)), _) => FieldError::new(at, code, text),
        (None, Some(name)) => FieldError::new(at + &pointer(&[&name]), "required", "is required"),
        (None, None) => {
            let (code, text) = described(&message);
            FieldError::new(at, &code, text)
        }
    };
    Some((top, found))
}

fn name_of(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.clone(),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => String::new(),
    }
}

/// What serde expected, in the words of JSON rather than of our types.
fn in_words(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        "string or map" | "str" => "a string",
        "a map" => "an object",
        "a sequence" => "a list",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

/// Serde's own words, in ours.
fn described(message: &str) -> (String, String) {
    let expected = message.split_once("expected ").map_or("another value", |(_, e)| in_words(e));
    if message.starts_with("invalid type") {
        return ("type".into(), format!("must be {expected}"));
    }
    if message.starts_with("unknown variant") {
        return ("unknown_value".into(), format!("must be {expected}"));
    }
    if message.starts_with("invalid value") {
        return ("out_of_range".into(), format!("must be {expected}"));
    }
    ("invalid".into(), "is not valid".into())
}

fn quoted(message: &str, before: &str) -> Option<String> {
    message.strip_prefix(before)?.split_once('`').map(|(name, _)| name.to_owned())
}

/// A JSON Pointer (RFC 6901) of these parts.
pub(crate) fn pointer(parts: &[&str]) -> String {
    parts.iter().flat_map(|part| ["/".to_owned(), part.replace('~', "~0").replace('/', "~1")]).collect()
}

/// Pointers of all strings and names that hold U+0000, which PostgreSQL cannot store.
pub(super) fn with_nul(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, at: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if text.contains('\0') => {
                found.insert(at.to_owned());
            }
            Value::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    walk(item, &format!("{at}/{n}"), found);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let here = format!("{at}{}", pointer(&[&name.replace('\0', "\u{fffd}")]));
                    if name.contains('\0') {
                        found.insert(here.clone());
                    }
                    walk(member, &here, found);
                }
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "", &mut found);
    found
}
