//! Media as cases of moderation are about them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use super::model::{Row, find_seen};
use super::uses;
use crate::caller::Caller;
use crate::error::Error;
use crate::moderation::checks::{self, Flag, KNOWN_ARTICLES};
use crate::moderation::{self, Object};
use crate::schema::{author_articles, content_media as media};

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

/// Takes a medium that is held away from everybody, or gives it back, by a decision on its case.
pub(crate) fn block(db: &mut Db, id: i64, blocked: bool, now: Timestamp) -> Result<(), Error> {
    let values = (media::blocked.eq(blocked), media::version.eq(media::version + 1), media::updated_at.eq(now));
    let row = media::table.filter(media::id.eq(id)).filter(media::blocked.ne(blocked));
    diesel::update(row).set(values).execute(db)?;
    uses::tell_shown(db, id, now)
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
