//! Media in the database.

use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::{on_each, strays};

use super::cases;
use super::files::{New, Stored, names_of};
use super::input::MediaPatch;
use super::kind::Kind;
use super::quota;
use super::uses::{self, unused};
use crate::caller::Caller;
use crate::error::Error;
use crate::moderation::{self, Closing, Object, Outcome};
use crate::schema::{content_files as files, content_media as media};

/// A medium with its file.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) owner_id: i64,
    pub(super) name: String,
    pub(super) alt: String,
    pub(super) size: i64,
    pub(super) private: bool,
    pub(super) blocked: bool,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) file: FileRow,
}

/// What is stored.
#[derive(Debug, Clone, Queryable)]
pub(super) struct FileRow {
    pub(super) id: i64,
    pub(super) hash: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) media_type: String,
    pub(super) width: Option<i64>,
    pub(super) height: Option<i64>,
}

/// Media with their files.
#[diesel::dsl::auto_type]
pub(super) fn joined() -> _ {
    media::table.inner_join(files::table)
}

/// The columns of [`Row`].
#[diesel::dsl::auto_type]
pub(super) fn columns() -> _ {
    (
        media::id,
        media::owner_id,
        media::name,
        media::alt,
        media::size,
        media::private,
        media::blocked,
        media::version,
        media::created_at,
        media::updated_at,
        (files::id, files::hash, files::name, files::kind, files::media_type, files::width, files::height),
    )
}

impl Row {
    /// Whether it is somebody's to change: their own, or anybody's for those who publish everybody's articles.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        self.owner_id == caller.user_id || caller.publishes
    }

    /// Whether somebody sees what is known of it.
    pub(super) fn is_seen_by(&self, caller: Option<&Caller>) -> bool {
        self.is_read_by(caller) || caller.is_some_and(|caller| caller.user_id == self.owner_id)
    }

    /// Whether somebody may read its bytes: of what moderators have blocked, not even its owner.
    pub(super) fn is_read_by(&self, caller: Option<&Caller>) -> bool {
        let moderates = caller.is_some_and(|caller| caller.publishes || caller.moderates);
        let own = caller.is_some_and(|caller| caller.user_id == self.owner_id);
        moderates || (!self.blocked && (!self.private || own))
    }
}

/// A medium, whoever asks.
pub(super) fn row(db: &mut Db, id: i64) -> Result<Row, Error> {
    joined().filter(media::id.eq(id)).select(columns()).first(db).optional()?.ok_or(Error::NotFound)
}

/// A medium that somebody sees. Others are told that there is none.
pub(super) fn find_seen(db: &mut Db, id: i64, caller: Option<&Caller>) -> Result<Row, Error> {
    let row = row(db, id)?;
    if row.is_seen_by(caller) { Ok(row) } else { Err(Error::NotFound) }
}

/// A medium that somebody may change. Whoever sees it without that is told so.
pub(super) fn find_own(db: &mut Db, id: i64, caller: &Caller) -> Result<Row, Error> {
    let row = find_seen(db, id, Some(caller))?;
    if !row.is_for(caller) {
        return Err(Error::RoleTooLow("only its owner and editors do that"));
    }
    if row.blocked && !caller.publishes {
        return Err(Error::RoleTooLow("moderators have taken it away: only editors do that"));
    }
    Ok(row)
}

/// The same, locked until the transaction ends.
fn take_own(db: &mut Db, id: i64, caller: &Caller) -> Result<Row, Error> {
    lock(db, id)?;
    find_own(db, id, caller)
}

/// Locks a medium until the transaction ends.
pub(crate) fn lock(db: &mut Db, id: i64) -> Result<(), Error> {
    let row = diesel::update(media::table.find(id)).set(media::version.eq(media::version));
    if row.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Keeps a medium as it is until the transaction ends, if it is there.
pub(crate) fn hold(db: &mut Db, id: i64) -> Result<(), Error> {
    match lock(db, id) {
        Err(Error::NotFound) => Ok(()),
        locked => locked,
    }
}

/// What the file with this hash is served as, when there is one.
pub(super) fn media_type_of(db: &mut Db, hash: &str) -> Result<Option<String>, Error> {
    Ok(files::table.filter(files::hash.eq(hash)).select(files::media_type).first(db).optional()?)
}

/// What is said of uploaded files.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) alt: String,
    pub(super) private: bool,
}

/// Makes a medium of a stored file; answers its id.
pub(super) fn create(
    db: &mut Db,
    owner_id: i64,
    stored: &Stored,
    said: &Said,
    most: u64,
    now: Timestamp,
) -> Result<i64, Error> {
    quota::take(db, owner_id, stored.size, most)?;
    let file_id = file_of(db, stored, now)?;
    require_unblocked(db, file_id, stored.place)?;
    let values = (
        media::owner_id.eq(owner_id),
        media::file_id.eq(file_id),
        media::kind.eq(stored.kind.name()),
        media::name.eq(&stored.name),
        media::alt.eq(&said.alt),
        media::size.eq(stored.size),
        media::private.eq(said.private),
        media::blocked.eq(false),
        media::version.eq(1),
        (media::created_at.eq(now), media::updated_at.eq(now)),
    );
    let id = on_each!(db, c => diesel::insert_into(media::table).values(values).returning(media::id).get_result(c));
    Ok(id?)
}

/// The row of a file: that of the same bytes, where they are stored already, or a new one.
fn file_of(db: &mut Db, stored: &Stored, now: Timestamp) -> Result<i64, Error> {
    let same = files::table.filter(files::hash.eq(&stored.hash));
    let one_more = |db: &mut Db| diesel::update(same).set(files::uses.eq(files::uses + 1)).execute(db);
    if one_more(db)? == 1 {
        if let Some(twice) = &stored.new {
            strays::give_up(db, &twice.name, now)?; // the same came at the same time
        }
    } else {
        let Some(new) = &stored.new else { return Err(lapsed()) };
        if insert_file(db, stored, new)? {
            if !strays::adopt(db, &new.name)? {
                return Err(lapsed());
            }
        } else {
            if one_more(db)? == 0 {
                return Err(DbError::Busy.into()); // it came and went
            }
            strays::give_up(db, &new.name, now)?;
        }
    }
    Ok(same.select(files::id).first(db)?)
}

/// Refuses bytes that moderators have taken away from everybody, whoever uploads them.
fn require_unblocked(db: &mut Db, file_id: i64, place: usize) -> Result<(), Error> {
    let blocked = media::table.filter(media::file_id.eq(file_id)).filter(media::blocked.eq(true));
    if diesel::select(exists(blocked)).get_result(db)? {
        return Err(Error::field(&format!("/file/{place}"), "blocked", "was taken away by moderators"));
    }
    Ok(())
}

fn lapsed() -> Error {
    DbError::Unavailable("the upload took so long that its file was cleared away".to_owned()).into()
}

/// Adds the row of a new file; `false` when somebody has uploaded the same at the same time.
fn insert_file(db: &mut Db, stored: &Stored, new: &New) -> Result<bool, Error> {
    let values = (
        files::hash.eq(&stored.hash),
        files::name.eq(&new.name),
        files::kind.eq(stored.kind.name()),
        files::media_type.eq(new.media_type),
        files::width.eq(new.width),
        files::height.eq(new.height),
        files::uses.eq(1),
    );
    let added = on_each!(db, c => {
        diesel::insert_into(files::table).values(values).on_conflict(files::hash).do_nothing().execute(c)
    });
    Ok(added? == 1)
}

/// Changes what is said of a medium.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    patch: &MediaPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let before = take_own(db, id, caller)?;
    if !check(before.version) {
        return Err(Error::Stale);
    }
    let private = patch.is_private().unwrap_or(before.private);
    if private && !before.private {
        uses::require_none(db, id)?;
    }
    let name = patch.name().map(|name| super::kind::name_for(name, &before.file.media_type));
    let name = name.unwrap_or_else(|| before.name.clone());
    let alt = patch.alt().unwrap_or(&before.alt);
    if (name.as_str(), alt, private) == (&before.name, &before.alt, before.private) {
        return Ok(()); // nothing has changed
    }
    let values = (
        media::name.eq(&name),
        media::alt.eq(alt),
        media::private.eq(private),
        media::version.eq(before.version + 1),
        media::updated_at.eq(now),
    );
    diesel::update(media::table.find(id)).set(values).execute(db)?;
    moderation::changed(db, Object::media(id))?;
    let after = row(db, id)?;
    cases::check(db, &after, caller, now)?;
    let shown_otherwise = (alt, private) != (before.alt.as_str(), before.private);
    if shown_otherwise { uses::tell_shown(db, id, now) } else { uses::tell(db, id, now) }
}

/// Removes a medium that stands in nothing; its files go after the commit, when nothing else has them.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let row = take_own(db, id, caller)?;
    if !check(row.version) {
        return Err(Error::Stale);
    }
    uses::require_none(db, id)?;
    remove(db, &row, Some(caller.user_id), now)
}

fn remove(db: &mut Db, row: &Row, actor_id: Option<i64>, now: Timestamp) -> Result<(), Error> {
    let closing = Closing { outcome: Outcome::Deleted, actor_id, reason: "" };
    moderation::settle(db, Object::media(row.id), closing, now)?;
    diesel::delete(media::table.find(row.id)).execute(db)?;
    quota::give_back(db, row.owner_id, row.size)?;
    let_go(db, &row.file, now)
}

/// One medium less has a file; after the last one it goes.
fn let_go(db: &mut Db, file: &FileRow, now: Timestamp) -> Result<(), Error> {
    let row = files::table.find(file.id);
    diesel::update(row).set(files::uses.eq(files::uses)).execute(db)?; // locked
    let uses: i64 = row.select(files::uses).first(db)?;
    if uses > 1 {
        diesel::update(row).set(files::uses.eq(uses - 1)).execute(db)?;
        return Ok(());
    }
    diesel::delete(row).execute(db)?;
    let names = names_of(&file.name, Kind::of(&file.kind));
    if names.is_empty() {
        return Ok(());
    }
    Ok(strays::note(db, &file.name, &names, now)?)
}

/// Removes one of the media of somebody that stand in nothing; `false` when there is none.
pub(crate) fn delete_next_unused(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    let own = joined().filter(media::owner_id.eq(user_id)).filter(unused!());
    let Some(row): Option<Row> = own.order(media::id).select(columns()).first(db).optional()? else {
        return Ok(false);
    };
    lock(db, row.id)?;
    remove(db, &row, None, now)?;
    Ok(true)
}
