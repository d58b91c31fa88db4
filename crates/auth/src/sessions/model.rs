//! Sessions in the database.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::schema::sessions;

/// A session, as its person sees it.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) address: String,
    pub(super) user_agent: String,
    pub(super) amr: Json<Vec<String>>,
    pub(super) created_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// A session to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    pub(crate) user_id: i64,
    pub(crate) address: String,
    pub(crate) user_agent: String,
    pub(crate) amr: Vec<String>,
    /// When the second factor was proved, if it was.
    pub(crate) second_factor_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
}

/// Makes a session; answers its id.
pub(crate) fn create_session(db: &mut Db, new: &NewSession, now: Timestamp) -> Result<i64, DbError> {
    Ok(diesel::insert_into(sessions::table)
        .values((
            sessions::user_id.eq(new.user_id),
            sessions::created_at.eq(now),
            sessions::last_seen_at.eq(now),
            sessions::expires_at.eq(new.expires_at),
            sessions::address.eq(&new.address),
            sessions::user_agent.eq(&new.user_agent),
            sessions::amr.eq(Json(new.amr.clone())),
            sessions::second_factor_at.eq(new.second_factor_at),
        ))
        .returning(sessions::id)
        .get_result(db)?)
}

/// The living sessions of a person, newest first, below the id `after`.
pub(super) fn list_living(
    db: &mut Db,
    user_id: i64,
    after: Option<i64>,
    most: i64,
    now: Timestamp,
) -> Result<Vec<Row>, DbError> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user_id).and(sessions::revoked_at.is_null()))
        .filter(sessions::expires_at.gt(now).and(sessions::id.lt(after.unwrap_or(i64::MAX))))
        .order(sessions::id.desc())
        .limit(most)
        .select((
            sessions::id,
            sessions::address,
            sessions::user_agent,
            sessions::amr,
            sessions::created_at,
            sessions::last_seen_at,
            sessions::expires_at,
        ))
        .load(db)?)
}

/// How many living sessions a person has.
pub(super) fn count_living(db: &mut Db, user_id: i64, now: Timestamp) -> Result<i64, DbError> {
    let living = sessions::user_id.eq(user_id).and(sessions::revoked_at.is_null()).and(sessions::expires_at.gt(now));
    Ok(sessions::table.filter(living).count().get_result(db)?)
}

/// Ends one living session of a person; `false` when there is none with this id.
pub(crate) fn end_session(
    db: &mut Db,
    user_id: i64,
    session_id: i64,
    reason: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let living = sessions::user_id.eq(user_id).and(sessions::revoked_at.is_null()).and(sessions::expires_at.gt(now));
    let ended = diesel::update(sessions::table.find(session_id).filter(living))
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
        .execute(db)?;
    Ok(ended == 1)
}

/// Ends every session of a person but `kept`.
pub(crate) fn end_all(
    db: &mut Db,
    user_id: i64,
    kept: Option<i64>,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let others = sessions::user_id
        .eq(user_id)
        .and(sessions::revoked_at.is_null())
        .and(sessions::id.ne(kept.unwrap_or_default()));
    diesel::update(sessions::table.filter(others))
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
        .execute(db)?;
    Ok(())
}

/// Takes addresses and devices out of a deleted person's sessions.
pub(crate) fn anonymise(db: &mut Db, user_id: i64) -> Result<(), DbError> {
    diesel::update(sessions::table.filter(sessions::user_id.eq(user_id)))
        .set((sessions::address.eq(""), sessions::user_agent.eq("")))
        .execute(db)?;
    Ok(())
}
