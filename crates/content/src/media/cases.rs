//! Media as cases of moderation are about them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use super::model::{Row, find_seen};
use super::uses;
use crate::articles::{Beside, forget_beside};
use crate::caller::Caller;
use crate::error::Error;
use crate::moderation::checks::{self, Flag, KNOWN_ARTICLES};
use crate::moderation::{self, Object, Outcome};
use crate::schema::{author_articles, content_cases as cases, content_files as files, content_media as media};

/// What moderators are shown of a medium.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) owner_id: i64,
    pub(crate) name: String,
    pub(crate) alt: String,
}

/// What is shown of those of these media that are there.
pub(crate) fn look(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Looked>, Error> {
    let rows = media::table.filter(any_of(db, media::id, ids));
    let rows: Vec<(i64, i64, String, String)> =
        rows.select((media::id, media::owner_id, media::name, media::alt)).load(db)?;
    Ok(rows.into_iter().map(|(id, owner_id, name, alt)| (id, Looked { owner_id, name, alt })).collect())
}

/// Whether somebody sees a medium that is there.
pub(crate) fn is_seen_by(db: &mut Db, id: i64, caller: &Caller) -> Result<bool, Error> {
    match find_seen(db, id, Some(caller)) {
        Err(Error::NotFound) => Ok(false),
        found => found.map(|_| true),
    }
}

/// Takes the bytes of a medium that is held away from everybody, or gives them back, by a decision on its case: every medium
/// that has the same ones goes with it. Whoever uploads them at the same time waits for the row of the file, and is refused.
pub(crate) fn block(db: &mut Db, id: i64, blocked: bool, now: Timestamp) -> Result<(), Error> {
    let file_id: Option<i64> = media::table.find(id).select(media::file_id).first(db).optional()?;
    let Some(file_id) = file_id else { return Ok(()) };
    diesel::update(files::table.find(file_id)).set(files::uses.eq(files::uses)).execute(db)?;
    let same = media::table.filter(media::file_id.eq(file_id)).filter(media::blocked.ne(blocked));
    let values = (media::blocked.eq(blocked), media::version.eq(media::version + 1), media::updated_at.eq(now));
    diesel::update(same).set(values).execute(db)?;
    forget_beside(db, Beside::File(file_id))?;
    uses::tell(db, id, now)
}

/// Why moderators have taken these files away: the reason of the last decision on any medium with the same bytes.
pub(super) fn reasons(db: &mut Db, file_ids: &[i64]) -> Result<BTreeMap<i64, String>, Error> {
    if file_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let of_files = media::table.inner_join(cases::table.on(cases::object_id.eq(media::id)));
    let of_files = of_files.filter(any_of(db, media::file_id, file_ids)).filter(cases::kind.eq(Object::MEDIA));
    let blocking = of_files.filter(cases::decision.eq(Outcome::Block.name())).order((cases::closed_at, cases::id));
    let rows: Vec<(i64, String)> = blocking.select((media::file_id, cases::reason)).load(db)?;
    Ok(rows.into_iter().collect()) // of several, the last
}

/// Looks at what is said of a medium that everybody sees, and at whose it is; whoever publishes everybody's articles need not be
/// looked at. The medium is held, or new.
pub(super) fn check(db: &mut Db, row: &Row, caller: &Caller, now: Timestamp) -> Result<(), Error> {
    if row.private || caller.publishes {
        return Ok(());
    }
    let theirs = author_articles::table.filter(author_articles::user_id.eq(row.owner_id)).limit(KNOWN_ARTICLES);
    let theirs: Vec<i64> = theirs.select(author_articles::article_id).load(db)?;
    let published = i64::try_from(theirs.len()).unwrap_or(i64::MAX);
    let found = checks::of_comment(&format!("{}\n{}", row.name, row.alt)).into_iter();
    let found: Vec<Flag> = found.chain(Flag::new_author(published, KNOWN_ARTICLES)).collect();
    moderation::flag(db, Object::media(row.id), &found, now)
}
