//! People as they are shown beside what they do.

use std::collections::BTreeMap;

use diesel::prelude::*;
pub(crate) use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, DbError};
use poligon_core::schema::users;

use super::standing::hidden_from;

/// The ids of people by their names as they are compared: of those whom `author_id` may name.
pub(crate) fn find_mentioned(db: &mut Db, author_id: i64, keys: &[String]) -> Result<BTreeMap<String, i64>, DbError> {
    let named = users::table.filter(users::username_key.eq_any(keys)).filter(users::deleted_at.is_null());
    let found: Vec<(String, i64)> =
        named.filter(users::id.ne(author_id)).select((users::username_key, users::id)).load(db)?;
    let hidden = hidden_from(db, author_id)?;
    Ok(found.into_iter().filter(|(_, id)| !hidden.contains(id)).collect())
}
