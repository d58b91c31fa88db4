//! Pictures that messages carry: of the author's own, each in one place only.

use diesel::prelude::*;
use poligon_core::db::Db;

use super::view::Kept;
use crate::error::Error;
use crate::schema::social_media;

/// A picture that is there and stands in nothing.
macro_rules! loose {
    ($owner_id:expr, $ids:expr) => {
        social_media::table
            .filter(social_media::id.eq_any($ids))
            .filter(social_media::owner_id.eq($owner_id))
            .filter(social_media::status.eq("stored"))
            .filter(social_media::post_id.is_null())
            .filter(social_media::message_id.is_null())
    };
}

fn unknown(n: usize) -> Error {
    let pointer = format!("/media_ids/{n}");
    Error::field(&pointer, "unknown_media", "is no picture of yours that stands in nothing yet")
}

/// The pictures with these ids, in their order.
pub(super) fn find(db: &mut Db, owner_id: i64, ids: &[i64]) -> Result<Vec<Kept>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let columns = (social_media::id, social_media::alt, social_media::width, social_media::height);
    let found: Vec<(i64, String, i64, i64)> = loose!(owner_id, ids).select(columns).load(db)?;
    let picture = |(n, id): (usize, &i64)| {
        let row = found.iter().find(|row| row.0 == *id).ok_or_else(|| unknown(n))?;
        Ok(Kept { id: row.0, alt: row.1.clone(), width: row.2, height: row.3 })
    };
    ids.iter().enumerate().map(picture).collect()
}

/// Makes them a message's. One that has found another place meanwhile is refused.
pub(super) fn attach(db: &mut Db, owner_id: i64, ids: &[i64], message_id: i64) -> Result<(), Error> {
    for (n, id) in ids.iter().enumerate() {
        let row = diesel::update(loose!(owner_id, [*id])).set(social_media::message_id.eq(message_id));
        if row.execute(db)? == 0 {
            return Err(unknown(n));
        }
    }
    Ok(())
}

/// Lets go of a deleted message's pictures: their files are removed like those that nobody has used.
pub(super) fn doom(db: &mut Db, message_id: i64) -> Result<(), Error> {
    let values = (social_media::status.eq("doomed"), social_media::message_id.eq(None::<i64>));
    diesel::update(social_media::table.filter(social_media::message_id.eq(message_id))).set(values).execute(db)?;
    Ok(())
}
