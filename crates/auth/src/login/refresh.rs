//! The rules of refresh: one live token for each session, and what the reuse of an older one means.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::schema::{sessions, users};
use poligon_core::security::KeyRing;
use poligon_core::security::tokens::fingerprint;

use crate::accounts::view::{UserResponse, find_account};
use crate::error::Error;
use crate::schema::refresh_tokens;

/// What came of a refresh. A reuse must commit the end of the session, so it is no `Err`.
#[derive(Debug)]
pub(super) enum Refreshed {
    /// The pair goes on with this refresh token.
    Pair(Box<Pair>),
    /// Unknown, expired, or of a session that has ended.
    Refused,
    /// An ancestor was shown again: the session has been ended.
    Reused { user_id: i64, session_id: i64 },
}

/// The session and its present refresh token.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) session_id: i64,
    pub(super) amr: Vec<String>,
    pub(super) refresh_token: String,
    pub(super) expires_at: Timestamp,
    pub(super) user: UserResponse,
}

/// How long things live.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lives {
    /// A refresh token.
    pub(super) refresh: Duration,
    /// The grace in which a direct parent may be shown again.
    pub(super) reuse: Duration,
}

#[derive(Debug, Queryable)]
struct Known {
    id: i64,
    session_id: i64,
    user_id: i64,
    amr: Json<Vec<String>>,
    revoked_at: Option<Timestamp>,
    expires_at: Timestamp,
    locked_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

/// Rotates `token`, or says why not.
pub(super) fn refresh(
    db: &mut Db,
    token: &str,
    keys: &KeyRing,
    lives: Lives,
    now: Timestamp,
) -> Result<Refreshed, Error> {
    let Some(known) = find_known(db, token)? else { return Ok(Refreshed::Refused) };
    let ended = known.revoked_at.is_some() || known.expires_at <= now;
    if ended || known.locked_at.is_some() || known.deleted_at.is_some() {
        return Ok(Refreshed::Refused);
    }
    // The row of the session is the lock of its family: rotation, reuse and revocation of one session take turns.
    let expires_at = now + lives.refresh;
    let living = sessions::table.find(known.session_id).filter(sessions::revoked_at.is_null());
    let still = diesel::update(living)
        .set((sessions::last_seen_at.eq(now), sessions::expires_at.eq(expires_at)))
        .execute(db)?;
    if still == 0 {
        return Ok(Refreshed::Refused);
    }
    let next = keys.next_refresh_token(token);
    let live = refresh_tokens::table.find(known.id).filter(refresh_tokens::rotated_at.is_null());
    let rotated = diesel::update(live).set(refresh_tokens::rotated_at.eq(now)).execute(db)?;
    let refresh_token = if rotated == 1 {
        insert_child(db, &known, &next, now)?;
        next
    } else {
        match issued_child(db, &known, token, keys, lives.reuse, now)? {
            Some(child) => child,
            None => return end_family(db, &known, now),
        }
    };
    let user = find_account(db, known.user_id)?;
    let pair = Pair { session_id: known.session_id, amr: known.amr.0, refresh_token, expires_at, user };
    Ok(Refreshed::Pair(Box::new(pair)))
}

fn find_known(db: &mut Db, token: &str) -> Result<Option<Known>, Error> {
    Ok(refresh_tokens::table
        .inner_join(sessions::table.inner_join(users::table))
        .filter(refresh_tokens::token_hash.eq(fingerprint(token)))
        .select((
            refresh_tokens::id,
            sessions::id,
            users::id,
            sessions::amr,
            sessions::revoked_at,
            sessions::expires_at,
            users::locked_at,
            users::deleted_at,
        ))
        .first::<Known>(db)
        .optional()?)
}

fn insert_child(db: &mut Db, parent: &Known, token: &str, now: Timestamp) -> Result<(), Error> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::session_id.eq(parent.session_id),
            refresh_tokens::token_hash.eq(fingerprint(token)),
            refresh_tokens::parent_id.eq(parent.id),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(db)?;
    Ok(())
}

/// The live child of a token that was rotated a moment ago.
fn issued_child(
    db: &mut Db,
    parent: &Known,
    token: &str,
    keys: &KeyRing,
    grace: Duration,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let child = refresh_tokens::table
        .filter(refresh_tokens::parent_id.eq(parent.id).and(refresh_tokens::rotated_at.is_null()))
        .filter(refresh_tokens::created_at.ge(now - grace))
        .select(refresh_tokens::token_hash)
        .first::<String>(db)
        .optional()?;
    Ok(child.and_then(|hash| keys.issued_refresh_token(token, &hash)))
}

fn end_family(db: &mut Db, known: &Known, now: Timestamp) -> Result<Refreshed, Error> {
    diesel::update(sessions::table.find(known.session_id))
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq("refresh_token_reused")))
        .execute(db)?;
    Ok(Refreshed::Reused { user_id: known.user_id, session_id: known.session_id })
}
