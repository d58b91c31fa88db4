//! Pictures in the database.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_common::FieldError;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use serde_json::Value;

use super::MOST_UNUSED;
use super::files::{LOOSE, UPLOAD};
use super::holder::Holder;
use super::view::{Kept, MediaResponse};
use crate::error::Error;
use crate::people::{ensure_profile, require_active};
use crate::schema::{messages, posts, social_media as media, social_profiles};

/// Pictures that the job removes between two looks.
const AT_ONCE: i64 = 100;
/// How often a picture is looked at again that was taken by something in between: that happens once to a picture.
const TRIES: usize = 3;

/// A picture that is to be stored.
#[derive(Debug, Clone)]
pub(super) struct NewMedia {
    pub(super) owner_id: i64,
    pub(super) file: String,
    pub(super) media_type: &'static str,
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) alt: String,
}

/// The columns of [`Kept`].
type Columns = (i64, String, i64, i64);

const COLUMNS: (media::id, media::alt, media::width, media::height) =
    (media::id, media::alt, media::width, media::height);

fn kept((id, alt, width, height): Columns) -> Kept {
    Kept { id, alt, width, height }
}

/// Pictures that stand in nothing; what is about to be removed among them.
#[diesel::dsl::auto_type]
fn loose() -> _ {
    media::table.filter(media::post_id.is_null()).filter(media::message_id.is_null())
}

/// A look before the work, which may be out of date after it: whether this person may upload one more.
pub(super) fn require_room(db: &mut Db, owner_id: i64, now: Timestamp) -> Result<(), Error> {
    require_active(db, owner_id, now)?;
    let unused = loose().filter(media::owner_id.eq(owner_id)).filter(media::status.ne("doomed"));
    let unused: i64 = unused.count().get_result(db)?;
    if unused >= MOST_UNUSED { Err(Error::TooMuchMedia(MOST_UNUSED)) } else { Ok(()) }
}

/// Writes the row of a picture whose files are about to be stored; answers its id. Uploads of one person take turns.
pub(super) fn create(db: &mut Db, new: &NewMedia, now: Timestamp) -> Result<i64, Error> {
    ensure_profile(db, new.owner_id)?;
    let row = social_profiles::table.find(new.owner_id);
    diesel::update(row).set(social_profiles::user_id.eq(new.owner_id)).execute(db)?;
    require_room(db, new.owner_id, now)?;
    let values = (
        media::owner_id.eq(new.owner_id),
        media::file.eq(&new.file),
        media::media_type.eq(new.media_type),
        media::width.eq(new.width),
        media::height.eq(new.height),
        media::alt.eq(&new.alt),
        media::status.eq("storing"),
        media::created_at.eq(now),
    );
    Ok(diesel::insert_into(media::table).values(values).returning(media::id).get_result(db)?)
}

/// The files are there: from now on the picture can be used.
pub(super) fn finish(db: &mut Db, id: i64) -> Result<MediaResponse, Error> {
    let row = media::table.find(id).filter(media::status.eq("storing"));
    if diesel::update(row).set(media::status.eq("stored")).execute(db)? == 0 {
        return Err(DbError::Unavailable("the upload took so long that it was cleared away".to_owned()).into());
    }
    Ok(kept(media::table.find(id).select(COLUMNS).first(db)?).into())
}

/// The files could not be stored.
pub(super) fn doom_upload(db: &mut Db, id: i64) -> Result<(), DbError> {
    let row = media::table.find(id).filter(media::status.eq("storing"));
    diesel::update(row).set(media::status.eq("doomed")).execute(db)?;
    Ok(())
}

/// Pictures of a person that stand in nothing, the newest first.
pub(super) fn list(db: &mut Db, owner_id: i64, before: i64, most: i64) -> Result<Vec<MediaResponse>, Error> {
    let own = loose().filter(media::owner_id.eq(owner_id)).filter(media::status.eq("stored"));
    let page = own.filter(media::id.lt(before)).order(media::id.desc()).limit(most);
    let rows: Vec<Columns> = page.select(COLUMNS).load(db)?;
    Ok(rows.into_iter().map(|row| kept(row).into()).collect())
}

/// How many they are.
pub(super) fn count(db: &mut Db, owner_id: i64) -> Result<i64, Error> {
    let own = loose().filter(media::owner_id.eq(owner_id)).filter(media::status.eq("stored"));
    Ok(own.count().get_result(db)?)
}

/// A picture of one's own.
pub(super) fn find(db: &mut Db, id: i64, owner_id: i64) -> Result<MediaResponse, Error> {
    let own = media::table.find(id).filter(media::owner_id.eq(owner_id)).filter(media::status.eq("stored"));
    let row: Option<Columns> = own.select(COLUMNS).first(db).optional()?;
    row.map(|row| kept(row).into()).ok_or(Error::NotFound)
}

/// Says in other words what a picture of one's own shows, there and in what it stands in.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    owner_id: i64,
    alt: Option<&str>,
    now: Timestamp,
) -> Result<MediaResponse, Error> {
    require_active(db, owner_id, now)?;
    let Some(alt) = alt else { return find(db, id, owner_id) };
    for _ in 0..TRIES {
        find(db, id, owner_id)?;
        let holder = holder_of(db, id)?;
        lock(db, holder)?;
        let own = media::table.find(id).filter(media::owner_id.eq(owner_id)).filter(media::status.eq("stored"));
        if diesel::update(own).set(media::owner_id.eq(owner_id)).execute(db)? == 0 {
            return Err(Error::NotFound);
        }
        // A post or a message may have taken it before its row was there.
        if holder_of(db, id)? == holder {
            diesel::update(own).set(media::alt.eq(alt)).execute(db)?;
            rename(db, holder, id, alt)?;
            return find(db, id, owner_id);
        }
    }
    Err(DbError::Busy.into())
}

/// What a picture stands in.
fn holder_of(db: &mut Db, id: i64) -> Result<Option<Holder>, Error> {
    let row = media::table.find(id).select((media::post_id, media::message_id));
    let (post_id, message_id): (Option<i64>, Option<i64>) = row.first(db).optional()?.ok_or(Error::NotFound)?;
    Ok(post_id.map(Holder::Post).or(message_id.map(Holder::Message)))
}

/// Takes the row of what holds a picture: always before the picture's own, as whoever deletes it does.
fn lock(db: &mut Db, holder: Option<Holder>) -> Result<(), Error> {
    match holder {
        Some(Holder::Post(id)) => {
            diesel::update(posts::table.find(id)).set(posts::version.eq(posts::version)).execute(db)?;
        }
        Some(Holder::Message(id)) => {
            diesel::update(messages::table.find(id)).set(messages::version.eq(messages::version)).execute(db)?;
        }
        None => {}
    }
    Ok(())
}

/// Changes the text of a picture in what holds it, whose row is taken.
fn rename(db: &mut Db, holder: Option<Holder>, id: i64, alt: &str) -> Result<(), Error> {
    match holder {
        Some(Holder::Post(post_id)) => {
            let row = posts::table.find(post_id);
            let kept = row.select(posts::media).first::<Json<Value>>(db)?;
            diesel::update(row).set(posts::media.eq(renamed(kept, id, alt))).execute(db)?;
        }
        Some(Holder::Message(message_id)) => {
            let row = messages::table.find(message_id);
            let kept = row.select(messages::attachments).first::<Json<Value>>(db)?;
            diesel::update(row).set(messages::attachments.eq(renamed(kept, id, alt))).execute(db)?;
        }
        None => {}
    }
    Ok(())
}

/// A list of [`Kept`] with another text of one picture.
fn renamed(Json(mut list): Json<Value>, id: i64, alt: &str) -> Json<Value> {
    for picture in list.as_array_mut().into_iter().flatten() {
        if picture["id"].as_i64() == Some(id) {
            picture["alt"] = alt.into();
        }
    }
    Json(list)
}

/// Removes a picture of one's own that stands in nothing; its files go after the commit.
pub(super) fn delete(db: &mut Db, id: i64, owner_id: i64, now: Timestamp) -> Result<(), Error> {
    require_active(db, owner_id, now)?;
    let unused = loose().filter(media::id.eq(id)).filter(media::owner_id.eq(owner_id));
    let unused = unused.filter(media::status.eq("stored"));
    if diesel::update(unused).set(media::status.eq("doomed")).execute(db)? == 1 {
        return Ok(());
    }
    find(db, id, owner_id)?;
    Err(Error::MediaInUse)
}

/// Takes unused pictures of a person for a post or a message, each of them once: of two that want the same, the later one
/// is refused. Answers them in the order of `ids`; those that cannot be had are wrong fields below `pointer`.
pub(crate) fn claim(
    db: &mut Db,
    owner_id: i64,
    ids: &[i64],
    holder: Holder,
    pointer: &str,
) -> Result<Vec<Kept>, Error> {
    let mut wrong = Vec::new();
    let mut in_order: Vec<(usize, i64)> = ids.iter().copied().enumerate().collect();
    in_order.sort_unstable_by_key(|(_, id)| *id); // so that rows are locked in one order
    for (place, id) in in_order {
        let unused = loose().filter(media::id.eq(id)).filter(media::owner_id.eq(owner_id));
        let unused = unused.filter(media::status.eq("stored"));
        let taken = match holder {
            Holder::Post(post_id) => diesel::update(unused).set(media::post_id.eq(post_id)).execute(db)?,
            Holder::Message(message_id) => diesel::update(unused).set(media::message_id.eq(message_id)).execute(db)?,
        };
        if taken == 0 {
            let (code, message) = match find(db, id, owner_id) {
                Ok(_) => ("media_in_use", "stands in a post or a message already"),
                Err(Error::NotFound) => ("unknown_media", "is no picture of yours"),
                Err(error) => return Err(error),
            };
            wrong.push(FieldError::new(format!("{pointer}/{place}"), code, message));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Fields(wrong));
    }
    let rows: Vec<Columns> = media::table.filter(media::id.eq_any(ids)).select(COLUMNS).load(db)?;
    let mut taken: Vec<Kept> = rows.into_iter().map(kept).collect();
    taken.sort_unstable_by_key(|picture| ids.iter().position(|id| *id == picture.id));
    Ok(taken)
}

/// Pictures that stand in nothing for too long, and uploads that have come to no end: their ids.
fn due(db: &mut Db, now: Timestamp) -> Result<Vec<i64>, DbError> {
    let unfinished = media::status.eq("storing").and(media::created_at.le(now - UPLOAD));
    let unused = media::status.eq("stored").and(media::created_at.le(now - LOOSE));
    let due = loose().filter(media::created_at.le(now - UPLOAD)).filter(unfinished.or(unused));
    Ok(due.order(media::created_at).limit(AT_ONCE).select(media::id).load(db)?)
}

/// Pictures behind an id whose files are to be removed; in the words of their index.
fn doomed(db: &mut Db, behind: i64, most: i64) -> Result<Vec<(i64, String)>, DbError> {
    let doomed = media::table.filter(sql::<Bool>("status = 'doomed'")).filter(media::id.gt(behind));
    Ok(doomed.order(media::id).limit(most).select((media::id, media::file)).load(db)?)
}

/// Whether there is anything to remove behind an id.
pub(super) fn is_any_due(db: &mut Db, behind: i64, now: Timestamp) -> Result<bool, DbError> {
    Ok(!doomed(db, behind, 1)?.is_empty() || !due(db, now)?.is_empty())
}

/// From now on nothing takes what is due; answers ids and files of what is to be removed behind an id.
pub(super) fn doom(db: &mut Db, behind: i64, now: Timestamp) -> Result<Vec<(i64, String)>, DbError> {
    let ids = due(db, now)?;
    // What was taken, or whose files came, since it was looked up stays.
    let unfinished = media::status.eq("storing").and(media::created_at.le(now - UPLOAD));
    let unused = media::status.eq("stored").and(media::created_at.le(now - LOOSE));
    let still = loose().filter(media::id.eq_any(ids)).filter(unfinished.or(unused));
    diesel::update(still).set(media::status.eq("doomed")).execute(db)?;
    doomed(db, behind, AT_ONCE)
}

/// The rows of pictures whose files are gone.
pub(super) fn forget(db: &mut Db, ids: &[i64]) -> Result<(), DbError> {
    diesel::delete(media::table.filter(media::id.eq_any(ids))).execute(db)?;
    Ok(())
}
