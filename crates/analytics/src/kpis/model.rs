//! KPIs in the database.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp, dialect};
use poligon_core::on_each;
use serde_json::{Map, Value};

use super::input::KpiRequest;
use crate::dashboards::{Period, wrong_number};
use crate::error::Error;
use crate::schema::kpis;

/// KPIs at most: each is asked of the facts.
const MOST: i64 = 50;
/// Held by whoever makes KPIs: `kpis`.
const LOCK: i64 = 0x6b70_6973;

/// A KPI.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = kpis)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) settings: Json<Map<String, Value>>,
    pub(super) period: Json<Period>,
    pub(super) tz: String,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// All of them, by name.
pub(super) fn list(db: &mut Db) -> Result<Vec<Row>, Error> {
    Ok(kpis::table.order(kpis::name).select(Row::as_select()).load(db)?)
}

/// One.
pub(super) fn find(db: &mut Db, id: i64) -> Result<Row, Error> {
    kpis::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// Refuses settings that are wrong.
pub(super) fn right(given: &KpiRequest) -> Result<(), Error> {
    let wrong = wrong_number(&given.settings());
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

fn taken(error: diesel::result::Error) -> Error {
    let error = DbError::from(error);
    if error.is_unique_violation("kpis", "name") { Error::KpiNameTaken } else { error.into() }
}

/// What stands in a row, as an expression.
macro_rules! values {
    ($given:expr, $now:expr) => {
        (
            kpis::name.eq(&$given.name.0),
            kpis::description.eq(&$given.description.0),
            kpis::settings.eq(Json($given.settings())),
            kpis::period.eq(Json($given.period.0)),
            kpis::tz.eq($given.zone()),
            kpis::updated_at.eq($now),
        )
    };
}

/// Makes one.
pub(super) fn create(db: &mut Db, given: &KpiRequest, now: Timestamp) -> Result<Row, Error> {
    right(given)?;
    dialect::lock(db, LOCK)?;
    let count: i64 = kpis::table.count().get_result(db)?;
    if count >= MOST {
        return Err(Error::TooManyKpis);
    }
    let values = (values!(given, now), kpis::version.eq(1), kpis::created_at.eq(now));
    let id: Result<i64, _> =
        on_each!(db, c => diesel::insert_into(kpis::table).values(values).returning(kpis::id).get_result(c));
    find(db, id.map_err(taken)?)
}

/// A KPI whose row is locked until the transaction ends, in the version that the client has.
fn take(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool) -> Result<Row, Error> {
    diesel::update(kpis::table.find(id)).set(kpis::version.eq(kpis::version)).execute(db)?;
    let row = find(db, id)?;
    if check(row.version) { Ok(row) } else { Err(Error::Stale) }
}

/// Replaces one.
pub(super) fn replace(
    db: &mut Db,
    id: i64,
    given: &KpiRequest,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<Row, Error> {
    let before = take(db, id, check)?;
    right(given)?;
    let row = diesel::update(kpis::table.find(id)).set((values!(given, now), kpis::version.eq(before.version + 1)));
    row.execute(db).map_err(taken)?;
    find(db, id)
}

/// Deletes one.
pub(super) fn delete(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool) -> Result<(), Error> {
    take(db, id, check)?;
    diesel::delete(kpis::table.find(id)).execute(db)?;
    Ok(())
}
