//! People as they are shown beside what they do.

use std::collections::BTreeMap;

use poligon_core::db::{Db, DbError};
use poligon_core::users::{UserSummary, find_users};
use serde::Serialize;
use utoipa::ToSchema;

/// How a person appears to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    /// The person's id.
    pub id: i64,
    /// The unique name.
    pub username: String,
    /// The name for people.
    pub display_name: String,
    /// Where the picture is.
    pub avatar_url: Option<String>,
}

impl From<UserSummary> for Person {
    fn from(user: UserSummary) -> Self {
        Self { id: user.id, username: user.username, display_name: user.display_name, avatar_url: user.avatar_url }
    }
}

/// The people with these ids, by id.
pub fn find_people(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Person>, DbError> {
    Ok(find_users(db, ids)?.into_iter().map(|user| (user.id, user.into())).collect())
}
