//! People as this domain meets them.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, dialect};
use poligon_core::schema::users;

use crate::error::Error;

/// Begins the keys of locks on people: `task`.
const PERSON: i64 = 0x7461_736b << 32;

/// Whoever is to come into a team or a project: locked until the transaction ends, so that they do not come into too many, nor
/// after they have left the service. `false` when they have. It is taken before the lock of any team.
pub(crate) fn lock_newcomer(db: &mut Db, user_id: i64) -> Result<bool, Error> {
    lock(db, user_id)?;
    let gone: Option<Option<Timestamp>> = users::table.find(user_id).select(users::deleted_at).first(db).optional()?;
    Ok(gone == Some(None))
}

/// Locks a person until the transaction ends.
pub(crate) fn lock(db: &mut Db, user_id: i64) -> Result<(), Error> {
    Ok(dialect::lock(db, PERSON | user_id)?)
}
