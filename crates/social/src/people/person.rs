//! People as they are shown beside what they do.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, DbError};
use poligon_core::schema::users;
use poligon_core::users::{UserSummary, find_users};
use serde::Serialize;
use utoipa::ToSchema;

use super::standing::hidden_from;

/// How a person appears to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Person {
    /// The person's id.
    pub(crate) id: i64,
    /// The unique name.
    pub(crate) username: String,
    /// The name for people.
    pub(crate) display_name: String,
    /// Where the picture is.
    pub(crate) avatar_url: Option<String>,
}

impl From<UserSummary> for Person {
    fn from(user: UserSummary) -> Self {
        Self { id: user.id, username: user.username, display_name: user.display_name, avatar_url: user.avatar_url }
    }
}

/// The people with these ids, by id.
pub(crate) fn find_people(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Person>, DbError> {
    Ok(find_users(db, ids)?.into_iter().map(|user| (user.id, user.into())).collect())
}

/// The ids of people by their names as they are compared: of those whom `author_id` may name.
pub(crate) fn find_mentioned(db: &mut Db, author_id: i64, keys: &[String]) -> Result<BTreeMap<String, i64>, DbError> {
    let named = users::table.filter(users::username_key.eq_any(keys)).filter(users::deleted_at.is_null());
    let found: Vec<(String, i64)> =
        named.filter(users::id.ne(author_id)).select((users::username_key, users::id)).load(db)?;
    let hidden = hidden_from(db, author_id)?;
    Ok(found.into_iter().filter(|(_, id)| !hidden.contains(id)).collect())
}
