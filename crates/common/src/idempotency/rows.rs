//! The rows of keys, with the answers that are stored under them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp, dialect, kept};
use poligon_core::housekeeping::IDEMPOTENCY_LIFE;
use poligon_core::on_each;
use poligon_core::schema::idempotency_keys;
use serde::Serialize;

use super::Scope;
use super::insertion::Insertion;
use crate::answer::Answer;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A key on its way into the database.
pub struct KeyRow(pub(super) Scope);

/// Keys that have a row.
pub struct Used(Vec<String>);

impl Used {
    /// Whether the key is one of them.
    pub fn contains(&self, key: &KeyRow) -> bool {
        self.0.contains(&key.0.name)
    }
}

/// Which of these keys have a row already. One that is past its life may be among them.
pub fn find_used<'a>(db: &mut Db, keys: impl Iterator<Item = &'a KeyRow>) -> Result<Used, DbError> {
    let names: Vec<String> = keys.map(|key| key.0.name.clone()).collect();
    let known = idempotency_keys::table.filter(idempotency_keys::scope.eq_any(&names));
    Ok(Used(on_each!(db, c => known.select(idempotency_keys::scope).load(c))?))
}

/// An answer as stored.
#[derive(Clone)]
pub struct Stored {
    pub(super) status: i64,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

pub(super) fn find(db: &mut Db, scope: &str, now: Timestamp) -> Result<Option<(String, Stored)>, DbError> {
    use idempotency_keys::dsl;
    let row = dsl::idempotency_keys
        .find(scope)
        .filter(dsl::created_at.gt(now - IDEMPOTENCY_LIFE))
        .select((dsl::body_hash, dsl::status, dsl::headers, dsl::body))
        .first::<(String, i64, Json<Vec<(String, String)>>, String)>(db)
        .optional()?;
    Ok(row.map(|(hash, status, Json(headers), body)| (hash, Stored { status, headers, body })))
}

/// Writes the key's row, unless it has one that is alive. One past its life may still be there: the job that drops those
/// runs every ten minutes.
pub(super) fn insert(db: &mut Db, scope: &Scope, stored: &Stored, now: Timestamp) -> Result<bool, DbError> {
    use diesel::query_dsl::methods::FilterDsl;
    use idempotency_keys::dsl;
    let values = (
        dsl::body_hash.eq(scope.body_hash()),
        dsl::status.eq(stored.status),
        dsl::headers.eq(Json(stored.headers.clone())),
        dsl::body.eq(&stored.body),
        dsl::created_at.eq(now),
    );
    let written: Option<i64> = on_each!(db, c => kept(FilterDsl::filter(
        diesel::insert_into(dsl::idempotency_keys)
            .values((dsl::scope.eq(&scope.name), values.clone()))
            .on_conflict(dsl::scope)
            .do_update()
            .set(values),
        dsl::created_at.le(now - IDEMPOTENCY_LIFE)
    )
    .returning(dsl::status))
    .get_result(c)
    .optional())?;
    Ok(written.is_some())
}

/// Writes an answer in place of the one that the key has.
pub(super) fn replace(db: &mut Db, scope: &str, stored: &Stored) -> Result<(), DbError> {
    use idempotency_keys::dsl;
    let values =
        (dsl::status.eq(stored.status), dsl::headers.eq(Json(stored.headers.clone())), dsl::body.eq(&stored.body));
    diesel::update(dsl::idempotency_keys.find(scope)).set(values).execute(db)?;
    Ok(())
}

/// Writes the rows of many keys with their answers; `false` when one of them has an answer already, and then the
/// transaction is to be rolled back.
pub fn insert_many(db: &mut Db, keys: &[(&KeyRow, Stored)], now: Timestamp) -> Result<bool, DbError> {
    let written: Option<QueryResult<Vec<i64>>> = dialect::at_once(db, || Insertion::of(keys, now));
    if let Some(rows) = written {
        return Ok(rows?.len() == keys.len());
    }
    for (KeyRow(scope), stored) in keys {
        if !insert(db, scope, stored, now)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Stored {
    /// What is stored of an answer.
    pub fn of<T: Serialize>(answer: Answer<T>) -> Result<Self, DbError> {
        let parts = answer.into_parts();
        let (status, headers, body) =
            parts.map_err(|e| DbError::from(diesel::result::Error::SerializationError(Box::new(e))))?;
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        Ok(Self { status: i64::from(status.as_u16()), headers, body })
    }

    /// The answer; `replayed` says so in a header.
    pub fn into_response(self, replayed: bool) -> HttpResponse {
        let status = u16::try_from(self.status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        let mut response = HttpResponse::build(status.unwrap_or(StatusCode::OK));
        for (name, value) in self.headers {
            response.append_header((name, value));
        }
        if replayed {
            response.insert_header((REPLAYED, HeaderValue::from_static("true")));
        }
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json"))).body(self.body)
    }
}
