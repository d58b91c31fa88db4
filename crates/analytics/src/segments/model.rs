//! Segments in the database.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp, dialect};
use poligon_core::on_each;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::input::SegmentRequest;
use crate::error::Error;
use crate::facts::{Kind, scope};
use crate::schema::segments;

/// Segments at most.
const MOST: i64 = 100;
/// Held by whoever makes segments: `segm`.
const LOCK: i64 = 0x7365_676d;
/// What answers of segments are kept by: they are out of date when a segment has changed.
pub(super) const SCOPE: &str = "analytics.segments";

/// What people did, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SegmentCondition)]
pub(crate) struct Condition {
    /// What.
    #[serde(deserialize_with = "kind")]
    pub(super) kind: Kind,
    /// To what they did it; `null` for anything.
    pub(super) values: Option<Vec<String>>,
    /// How often at least.
    pub(super) at_least: i64,
    /// How often at most; `null` for any number of times.
    pub(super) at_most: Option<i64>,
    /// Within how many days up to the last day that is asked for; `null` for ever until then.
    pub(super) within_days: Option<i64>,
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
    let name = String::deserialize(deserializer)?;
    let known = Kind::deeds().find(|kind| kind.name() == name);
    known.ok_or_else(|| serde::de::Error::custom("is nothing that people do"))
}

/// People for whom all conditions hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment(pub(super) Vec<Condition>);

/// A segment, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = segments)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) conditions: Json<Vec<Condition>>,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What figures of the people of a segment are kept by, beside what they are made of.
pub(crate) fn scopes() -> Vec<String> {
    Kind::deeds().map(scope).chain([SCOPE.to_owned()]).collect()
}

/// All of them, by name.
pub(super) fn list(db: &mut Db) -> Result<Vec<Row>, Error> {
    Ok(segments::table.order(segments::name).select(Row::as_select()).load(db)?)
}

/// One.
pub(super) fn find(db: &mut Db, id: i64) -> Result<Row, Error> {
    segments::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// The one that a question names, where it names one.
pub(crate) fn find_given(db: &mut Db, id: Option<i64>) -> Result<Option<Segment>, Error> {
    let Some(id) = id else { return Ok(None) };
    let conditions = segments::table.find(id).select(segments::conditions);
    let found: Option<Json<Vec<Condition>>> = conditions.first(db).optional()?;
    found.map(|conditions| Some(Segment(conditions.0))).ok_or(Error::Unknown("segment_id"))
}

fn taken(error: diesel::result::Error) -> Error {
    let error = DbError::from(error);
    if error.is_unique_violation("segments", "name") { Error::SegmentNameTaken } else { error.into() }
}

/// What stands in a row, as an expression.
macro_rules! values {
    ($given:expr, $now:expr) => {
        (
            segments::name.eq(&$given.name.0),
            segments::description.eq(&$given.description.0),
            segments::conditions.eq(Json($given.conditions()?)),
            segments::updated_at.eq($now),
        )
    };
}

/// Makes one.
pub(super) fn create(db: &mut Db, given: &SegmentRequest, now: Timestamp) -> Result<Row, Error> {
    let values = (values!(given, now), segments::version.eq(1), segments::created_at.eq(now));
    dialect::lock(db, LOCK)?;
    let count: i64 = segments::table.count().get_result(db)?;
    if count >= MOST {
        return Err(Error::TooManySegments);
    }
    let id: Result<i64, _> =
        on_each!(db, c => diesel::insert_into(segments::table).values(values).returning(segments::id).get_result(c));
    find(db, id.map_err(taken)?)
}

/// A segment whose row is locked until the transaction ends, in the version that the client has.
fn take(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool) -> Result<Row, Error> {
    diesel::update(segments::table.find(id)).set(segments::version.eq(segments::version)).execute(db)?;
    let row = find(db, id)?;
    if check(row.version) { Ok(row) } else { Err(Error::Stale) }
}

/// Replaces one.
pub(super) fn replace(
    db: &mut Db,
    id: i64,
    given: &SegmentRequest,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<Row, Error> {
    let before = take(db, id, check)?;
    let values = (values!(given, now), segments::version.eq(before.version + 1));
    diesel::update(segments::table.find(id)).set(values).execute(db).map_err(taken)?;
    find(db, id)
}

/// Deletes one.
pub(super) fn delete(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool) -> Result<(), Error> {
    take(db, id, check)?;
    diesel::delete(segments::table.find(id)).execute(db)?;
    Ok(())
}
