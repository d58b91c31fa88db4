//! Events of a past in which nobody listened: of demo data, which are rows from the start.

use serde_json::Value;

use super::Event;
use crate::db::{Db, DbError, Json, Timestamp};

/// Who is told of the past, some events at a time.
pub type Listener<'a> = dyn FnMut(&mut Db, Vec<Event>) -> Result<(), DbError> + 'a;

/// Ids that are looked at together: each may have many rows, and memory that is taken for them is kept for a while.
const WINDOW: i64 = 100;

impl Event {
    /// An event as it would have been told. It has no number.
    pub fn past(topic: &str, object: String, payload: Value, occurred_at: Timestamp) -> Self {
        Self { id: 0, topic: topic.to_owned(), object, payload: Json(payload), occurred_at }
    }
}

/// Tells of rows with the ids 1 to `last`, some at a time: `events` makes those of the ids behind the first and up to the
/// second.
pub fn retell(
    db: &mut Db,
    listener: &mut Listener<'_>,
    last: Option<i64>,
    events: impl Fn(&mut Db, (i64, i64)) -> Result<Vec<Event>, DbError>,
) -> Result<(), DbError> {
    let last = last.unwrap_or(0);
    let mut behind = 0;
    while behind < last {
        let to = behind + WINDOW;
        let told = events(db, (behind, to))?;
        if !told.is_empty() {
            listener(db, told)?;
        }
        behind = to;
    }
    Ok(())
}
