//! How an account is shown to its owner and to administrators.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::schema::{user_roles, users};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::schema::accounts;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UserResponse {
    /// The person's id.
    pub id: i64,
    /// The unique name.
    pub username: String,
    /// The name for people.
    pub display_name: String,
    /// The address; `null` once deleted.
    pub email: Option<String>,
    /// When the address was confirmed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub email_verified_at: Option<Timestamp>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// `active`, `locked` or `deleted`.
    pub status: Status,
    /// The states that this caller may bring it to.
    pub next_statuses: Vec<Status>,
    /// Why it is locked.
    pub lock_reason: Option<String>,
    /// Roles, in order of name.
    pub roles: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its owner last logged in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login_at: Option<Timestamp>,
}

/// The state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AccountStatus)]
pub(crate) enum Status {
    /// It can be used.
    Active,
    /// An administrator has locked it.
    Locked,
    /// Its owner has deleted it; what they wrote stays, without a name.
    Deleted,
}

/// The columns of an account.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct Row {
    pub(crate) id: i64,
    username: String,
    display_name: String,
    avatar_url: Option<String>,
    pub(crate) locked_at: Option<Timestamp>,
    pub(crate) deleted_at: Option<Timestamp>,
    created_at: Timestamp,
    #[diesel(select_expression = accounts::email)]
    email: Option<String>,
    #[diesel(select_expression = accounts::email_verified_at)]
    email_verified_at: Option<Timestamp>,
    #[diesel(select_expression = accounts::lock_reason)]
    lock_reason: Option<String>,
    #[diesel(select_expression = accounts::last_login_at)]
    last_login_at: Option<Timestamp>,
}

impl Row {
    /// What an authenticator lists the account as: the address, but a colon (of an IPv6 literal) would end the label.
    pub(crate) fn name_for_authenticators(&self) -> &str {
        self.email.as_deref().filter(|email| !email.contains(':')).unwrap_or(&self.username)
    }

    /// The state.
    pub(crate) fn status(&self) -> Status {
        match (self.deleted_at, self.locked_at) {
            (Some(_), _) => Status::Deleted,
            (None, Some(_)) => Status::Locked,
            (None, None) => Status::Active,
        }
    }

    /// The account with these roles, as somebody sees it who cannot change its state: its owner.
    pub(crate) fn with_roles(self, roles: Vec<String>) -> UserResponse {
        let status = self.status();
        UserResponse {
            id: self.id,
            username: self.username,
            display_name: self.display_name,
            email: self.email,
            email_verified_at: self.email_verified_at,
            avatar_url: self.avatar_url,
            status,
            next_statuses: Vec::new(),
            lock_reason: self.lock_reason,
            roles,
            created_at: self.created_at,
            last_login_at: self.last_login_at,
        }
    }
}

/// The row of an account, deleted ones included.
pub(crate) fn find_row(db: &mut Db, user_id: i64) -> Result<Row, Error> {
    let row = users::table.inner_join(accounts::table).filter(users::id.eq(user_id)).select(Row::as_select());
    row.first::<Row>(db).optional()?.ok_or(Error::NotFound)
}

/// An account with its roles.
pub(crate) fn find_account(db: &mut Db, user_id: i64) -> Result<UserResponse, Error> {
    let row = find_row(db, user_id)?;
    let roles = user_roles::table.filter(user_roles::user_id.eq(user_id)).order(user_roles::role);
    Ok(row.with_roles(roles.select(user_roles::role).load(db)?))
}
