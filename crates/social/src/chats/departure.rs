//! Whoever deletes their account is in no conversation any more.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::access::locked;
use super::members::leave;
use super::role::{Kind, Standing};
use crate::error::Error;
use crate::schema::chat_members;

/// Leaves one of the conversations that this person is in, or is asked into; answers which. A group is told. From a direct
/// one they go in silence: the other reads what was written, and whoever writes is told no more than that it waits.
pub(crate) fn leave_next(db: &mut Db, user_id: i64, now: Timestamp) -> Result<Option<i64>, Error> {
    let present = [Standing::Active.name(), Standing::Invited.name()];
    let next =
        chat_members::table.filter(chat_members::user_id.eq(user_id)).filter(chat_members::status.eq_any(present));
    let next: Option<i64> = next.order(chat_members::chat_id).select(chat_members::chat_id).first(db).optional()?;
    let Some(chat_id) = next else { return Ok(None) };
    let own = locked(db, chat_id, user_id)?;
    if own.chat.kind() == Kind::Group {
        leave(db, own, now)?;
        return Ok(Some(chat_id));
    }
    let gone = (
        chat_members::status.eq(Standing::Left.name()),
        chat_members::until_number.eq(own.chat.last_number),
        chat_members::until_seq.eq(own.chat.last_seq),
    );
    diesel::update(chat_members::table.find((chat_id, user_id))).set(gone).execute(db)?;
    Ok(Some(chat_id))
}
