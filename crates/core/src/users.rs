//! The part of a person that every domain may show.

use diesel::prelude::*;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::skeleton;

use crate::db::{Db, DbError};
use crate::schema::users;

/// How a person appears to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserSummary {
    /// The person's id.
    pub id: i64,
    /// The unique name.
    pub username: String,
    /// The name for people.
    pub display_name: String,
    /// Where the picture is.
    pub avatar_url: Option<String>,
}

/// The form of a user name that is compared: the skeleton (UTS #39) of the small letters in compatibility form. A capital I
/// looks like a small l: as both spellings of a letter are one, i and l are one, too.
pub fn username_key(name: &str) -> String {
    let folded: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    skeleton(&folded).flat_map(char::to_lowercase).map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// The people with these ids, in no particular order; ids that nobody has are left out.
pub fn find_users(db: &mut Db, ids: &[i64]) -> Result<Vec<UserSummary>, DbError> {
    Ok(users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::username, users::display_name, users::avatar_url))
        .load(db)?)
}
