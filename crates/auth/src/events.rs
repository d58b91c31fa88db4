//! What this domain tells the others. Payloads never hold an address, a password or a token.

use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events;
use serde_json::json;

pub(crate) const REGISTERED: &str = "auth.registered";
pub(crate) const LOGGED_IN: &str = "auth.logged_in";
pub(crate) const LOGGED_OUT: &str = "auth.logged_out";
pub(crate) const EMAIL_VERIFIED: &str = "auth.email_verified";
pub(crate) const EMAIL_CHANGED: &str = "auth.email_changed";
pub(crate) const PASSWORD_CHANGED: &str = "auth.password_changed";
pub(crate) const PROFILE_CHANGED: &str = "auth.profile_changed";
pub(crate) const LOCKED: &str = "auth.locked";
pub(crate) const UNLOCKED: &str = "auth.unlocked";
pub(crate) const ROLES_CHANGED: &str = "auth.roles_changed";
pub(crate) const SECOND_FACTOR_ON: &str = "auth.second_factor_on";
pub(crate) const SECOND_FACTOR_OFF: &str = "auth.second_factor_off";
pub(crate) const DELETED: &str = "auth.deleted";

/// Tells that `topic` happened to a person.
pub(crate) fn tell(db: &mut Db, topic: &str, user_id: i64, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, topic, &format!("user:{user_id}"), &json!({ "user_id": user_id }), now)
}
