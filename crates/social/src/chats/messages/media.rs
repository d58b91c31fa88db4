//! The pictures of messages.

use diesel::prelude::*;
use poligon_core::db::{Db, Json};

use crate::error::Error;
use crate::media::{Holder, Kept, claim};
use crate::schema::messages;

/// Makes pictures of the author's own a message's, each in one place only; answers them as the message keeps them.
pub(super) fn attach(db: &mut Db, owner_id: i64, ids: &[i64], message_id: i64) -> Result<Json<Vec<Kept>>, Error> {
    if ids.is_empty() {
        return Ok(Json(Vec::new()));
    }
    let kept = Json(claim(db, owner_id, ids, Holder::Message(message_id), "/media_ids")?);
    let row = diesel::update(messages::table.find(message_id));
    row.set(messages::attachments.eq(Json(kept.0.clone()))).execute(db)?;
    Ok(kept)
}
