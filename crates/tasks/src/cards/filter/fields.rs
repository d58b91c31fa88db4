//! What each field takes.

use poligon_common::Refused;
use poligon_core::db::Timestamp;
use poligon_core::users::username_key;

use super::bounds::{Step, bounds};
use super::days;
use super::terms::Value;
use super::tree::{Assignees, Bounds, Condition, Estimate, Labels, Part, Perhaps, State};
use crate::cards::priority::Priority;
use crate::names::name_key;

/// What these values of a field say.
pub(super) fn condition(field: &str, values: &[Value], now: Timestamp) -> Result<Condition, Refused> {
    let day = |text: &str| days::read(text, now);
    Ok(match field {
        "assignee" => Condition::Assignee(assignees(values)),
        "label" => Condition::Label(labels(values)),
        "column" => Condition::Column(values.iter().map(|value| name_key(&value.text)).collect()),
        "priority" => Condition::Priority(each(values, |text| bounds(text, priority))?),
        "due" => Condition::Due(perhaps(values, day)?),
        "start" => Condition::Start(perhaps(values, day)?),
        "created" => Condition::Created(each(values, |text| bounds(text, day))?),
        "estimate" => Condition::Estimate(perhaps(values, estimate)?),
        "number" => Condition::Number(each(values, number)?),
        "is" => Condition::Is(each(values, |text| pick(text, &State::ALL))?),
        "has" => Condition::Has(each(values, |text| pick(text, &Part::ALL))?),
        _ => {
            let message = "there is no such field: it must be assignee, label, column, priority, due, start, created, \
                estimate, number, is or has; what is to be looked for as it is stands in quotation marks";
            return Err(Refused::new("unknown_field", message));
        }
    })
}

/// The first value that is wrong is told.
fn each<T>(values: &[Value], read: impl Fn(&str) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
    values.iter().map(|value| read(&value.text)).collect()
}

fn assignees(values: &[Value]) -> Assignees {
    let mut all = Assignees::default();
    for value in values {
        match value {
            value if value.is("me") => all.me = true,
            value if value.is("none") => all.none = true,
            value => all.names.push(username_key(&value.text)),
        }
    }
    all
}

fn labels(values: &[Value]) -> Labels {
    let (none, named): (Vec<&Value>, Vec<&Value>) = values.iter().partition(|value| value.is("none"));
    Labels { none: !none.is_empty(), names: named.into_iter().map(|value| name_key(&value.text)).collect() }
}

/// Ranges, and `none`.
fn perhaps<T: Step>(values: &[Value], read: impl Fn(&str) -> Result<(T, T), Refused>) -> Result<Perhaps<T>, Refused> {
    let read = |text: &str| {
        read(text).map_err(|refused| Refused { message: format!("{}; or none by itself", refused.message), ..refused })
    };
    let (none, ranges): (Vec<&Value>, Vec<&Value>) =
        values.iter().partition(|value| value.text.eq_ignore_ascii_case("none"));
    let within: Result<Vec<Bounds<T>>, Refused> = ranges.into_iter().map(|value| bounds(&value.text, read)).collect();
    Ok(Perhaps { none: !none.is_empty(), within: within? })
}

fn priority(text: &str) -> Result<(Priority, Priority), Refused> {
    pick(text, &Priority::ALL).map(|priority| (priority, priority))
}

fn estimate(text: &str) -> Result<(Estimate, Estimate), Refused> {
    let estimate = whole(text, "from 0 to 1000", |number| Estimate::try_from(number).ok())?;
    Ok((estimate, estimate))
}

fn number(text: &str) -> Result<i64, Refused> {
    whole(text, "from 1", |number| (number > 0).then_some(number))
}

/// A whole number that `take` takes.
fn whole<T>(text: &str, bounds: &str, take: impl FnOnce(i64) -> Option<T>) -> Result<T, Refused> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let taken = if digits { text.parse().ok().and_then(take) } else { None };
    let code = if digits { "range" } else { "unknown_value" };
    taken.ok_or_else(|| Refused::new(code, format!("`{text}` must be a whole number {bounds}")))
}

/// The one of `all` that is called like this.
fn pick<T: Copy>(text: &str, all: &[(&str, T)]) -> Result<T, Refused> {
    let found = all.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, one)| *one);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        Refused::new("unknown_value", format!("`{text}` must be one of {}", names.join(", ")))
    })
}
