//! The rules of the second factor.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::mail::{self, NewMail};
use poligon_core::random;
use poligon_core::schema::sessions;
use poligon_core::security::KeyRing;

use super::totp::SECRET_BYTES;
use super::{recovery, totp};
use crate::accounts::model::take_own;
use crate::error::Error;
use crate::events;
use crate::mails as texts;
use crate::one_time::{self, Kind};
use crate::schema::{accounts, login_challenges, totp_factors};
use crate::sessions::end_all;

/// How long an enrolment waits for its first code.
const ENROLMENT: Duration = Duration::hours(1);
/// How old a proof may be for something sensitive.
pub(super) const FRESH: Duration = Duration::minutes(5);
/// How somebody has proved themselves who gave a password and a code (RFC 8176).
pub(crate) const TWO_FACTORS: [&str; 3] = ["pwd", "otp", "mfa"];

/// By what a second factor was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Totp,
    RecoveryCode,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// What is known of a person's second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) confirmed_at: Option<Timestamp>,
    pub(super) recovery_codes_left: i64,
}

/// Whether a person is asked for a second factor.
pub(crate) fn is_on(db: &mut Db, user_id: i64) -> Result<bool, DbError> {
    let on = totp_factors::table.find(user_id).filter(totp_factors::confirmed_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(on)).get_result(db)?)
}

/// What is known of a person's second factor.
pub(super) fn state(db: &mut Db, user_id: i64) -> Result<State, DbError> {
    let row = totp_factors::table.find(user_id).select(totp_factors::confirmed_at);
    let confirmed_at = row.first::<Option<Timestamp>>(db).optional()?.flatten();
    Ok(State { confirmed_at, recovery_codes_left: recovery::left(db, user_id)? })
}

/// Refuses a person with a second factor whose proof in this session is older than five minutes.
pub(crate) fn require_fresh(db: &mut Db, user_id: i64, session_id: i64, now: Timestamp) -> Result<(), Error> {
    if !is_on(db, user_id)? {
        return Ok(());
    }
    let fresh = sessions::table.find(session_id).filter(sessions::second_factor_at.gt(now - FRESH));
    if diesel::select(diesel::dsl::exists(fresh)).get_result::<bool>(db)? { Ok(()) } else { Err(Error::StepUpRequired) }
}

fn purpose(user_id: i64) -> String {
    format!("totp:{user_id}")
}

/// Begins an enrolment, in the place of one that was not finished.
pub(super) fn begin(
    db: &mut Db,
    keys: &KeyRing,
    user_id: i64,
    secret: &[u8; SECRET_BYTES],
    now: Timestamp,
) -> Result<(), Error> {
    take_own(db, user_id, now)?;
    if is_on(db, user_id)? {
        return Err(Error::SecondFactorOn);
    }
    diesel::delete(totp_factors::table.find(user_id)).execute(db)?;
    insert_factor(db, keys, user_id, secret, random::bytes()?, None, now)
}

/// Stores a factor, encrypted.
fn insert_factor(
    db: &mut Db,
    keys: &KeyRing,
    user_id: i64,
    secret: &[u8],
    nonce: [u8; 12],
    confirmed_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    diesel::insert_into(totp_factors::table)
        .values((
            totp_factors::user_id.eq(user_id),
            totp_factors::secret.eq(keys.seal(&purpose(user_id), secret, nonce)?),
            totp_factors::created_at.eq(now),
            totp_factors::confirmed_at.eq(confirmed_at),
            totp_factors::last_step.eq(0),
        ))
        .execute(db)?;
    Ok(())
}

/// Uses the code of a factor that is confirmed, or not: of several at once one succeeds, and none works twice.
fn redeem_totp(
    db: &mut Db,
    keys: &KeyRing,
    user_id: i64,
    code: &str,
    confirmed: bool,
    now: Timestamp,
) -> Result<bool, Error> {
    let factor = totp_factors::table.find(user_id).filter(totp_factors::confirmed_at.is_not_null().eq(confirmed));
    let sealed = factor.select(totp_factors::secret).first::<String>(db).optional()?;
    let secret = sealed.and_then(|sealed| keys.open(&purpose(user_id), &sealed));
    let Some(step) = secret.and_then(|secret| totp::step_of(&secret, code, now)) else { return Ok(false) };
    let unused = factor.filter(totp_factors::last_step.lt(step));
    let used = diesel::update(unused).set(totp_factors::last_step.eq(step)).execute(db)?;
    Ok(used == 1)
}

/// Uses a code, whichever kind it is.
pub(crate) fn redeem(
    db: &mut Db,
    keys: &KeyRing,
    user_id: i64,
    code: &str,
    now: Timestamp,
) -> Result<Option<Method>, Error> {
    if code.len() == 6 {
        return Ok(redeem_totp(db, keys, user_id, code, true, now)?.then_some(Method::Totp));
    }
    if !is_on(db, user_id)? || !recovery::redeem(db, keys, user_id, code, now)? {
        return Ok(None);
    }
    let left = recovery::left(db, user_id)?;
    tell_owner(db, user_id, now, |email| texts::recovery_code_used(email, left))?;
    Ok(Some(Method::RecoveryCode))
}

/// Refuses whoever has no second factor.
pub(super) fn require_factor(db: &mut Db, user_id: i64) -> Result<(), Error> {
    if is_on(db, user_id)? { Ok(()) } else { Err(Error::NoSecondFactor) }
}

/// Refuses unless an enrolment waits for its first code.
pub(super) fn require_enrolment(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), Error> {
    if is_on(db, user_id)? {
        return Err(Error::SecondFactorOn);
    }
    let waiting = totp_factors::table.find(user_id).filter(totp_factors::created_at.gt(now - ENROLMENT));
    if diesel::select(diesel::dsl::exists(waiting)).get_result(db)? { Ok(()) } else { Err(Error::NoEnrolment) }
}

/// Who changes a factor, in which session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) user_id: i64,
    pub(super) session_id: i64,
}

/// Switches the factor on by its first code, with these recovery codes; ends all other sessions, and makes this one
/// strong.
pub(super) fn confirm(
    db: &mut Db,
    keys: &KeyRing,
    caller: Caller,
    code: &str,
    codes: &[String],
    now: Timestamp,
) -> Result<(), Error> {
    let user_id = caller.user_id;
    take_own(db, user_id, now)?;
    require_enrolment(db, user_id, now)?;
    if !redeem_totp(db, keys, user_id, code, false, now)? {
        return Err(Error::WrongCode);
    }
    diesel::update(totp_factors::table.find(user_id)).set(totp_factors::confirmed_at.eq(now)).execute(db)?;
    recovery::replace(db, keys, user_id, codes, now)?;
    end_all(db, user_id, Some(caller.session_id), "second_factor_on", now)?;
    // What was begun with a password alone ends, too.
    one_time::revoke(db, user_id, Kind::ChangeEmail, now)?;
    mark_proved(db, caller.session_id, now)?;
    tell_owner(db, user_id, now, texts::second_factor_on)?;
    Ok(events::tell(db, events::SECOND_FACTOR_ON, user_id, now)?)
}

/// Notes that the second factor was proved in this session.
pub(super) fn mark_proved(db: &mut Db, session_id: i64, now: Timestamp) -> Result<(), DbError> {
    let amr = Json(TWO_FACTORS.map(ToOwned::to_owned).to_vec());
    diesel::update(sessions::table.find(session_id))
        .set((sessions::second_factor_at.eq(now), sessions::amr.eq(amr)))
        .execute(db)?;
    Ok(())
}

/// Switches the factor off.
pub(super) fn switch_off(db: &mut Db, caller: Caller, now: Timestamp) -> Result<(), Error> {
    let user_id = caller.user_id;
    take_own(db, user_id, now)?;
    if !is_on(db, user_id)? {
        return Err(Error::NotFound);
    }
    require_fresh(db, user_id, caller.session_id, now)?;
    forget(db, user_id)?;
    tell_owner(db, user_id, now, texts::second_factor_off)?;
    Ok(events::tell(db, events::SECOND_FACTOR_OFF, user_id, now)?)
}

/// Removes everything that is kept of a person's second factor.
pub(crate) fn forget(db: &mut Db, user_id: i64) -> Result<(), DbError> {
    diesel::delete(totp_factors::table.find(user_id)).execute(db)?;
    diesel::delete(login_challenges::table.filter(login_challenges::user_id.eq(user_id))).execute(db)?;
    recovery::remove(db, user_id)
}

/// Puts these recovery codes in the place of the earlier ones.
pub(super) fn replace_codes(
    db: &mut Db,
    keys: &KeyRing,
    caller: Caller,
    codes: &[String],
    now: Timestamp,
) -> Result<(), Error> {
    take_own(db, caller.user_id, now)?;
    require_factor(db, caller.user_id)?;
    require_fresh(db, caller.user_id, caller.session_id, now)?;
    Ok(recovery::replace(db, keys, caller.user_id, codes, now)?)
}

fn tell_owner(db: &mut Db, user_id: i64, now: Timestamp, text: impl FnOnce(&str) -> NewMail) -> Result<(), DbError> {
    let email = accounts::table.find(user_id).select(accounts::email).first::<Option<String>>(db)?;
    email.map_or(Ok(()), |email| mail::queue(db, user_id, &text(&email), now))
}

/// For demo data: a factor that is on.
pub(crate) fn give(
    db: &mut Db,
    keys: &KeyRing,
    user_id: i64,
    secret: &[u8],
    nonce: [u8; 12],
    at: Timestamp,
) -> Result<(), Error> {
    insert_factor(db, keys, user_id, secret, nonce, Some(at), at)
}

/// Whether a person's factor is on and has this secret; without one, whether none is on.
pub(crate) fn is_as_told(db: &mut Db, keys: &KeyRing, user_id: i64, secret: Option<&[u8]>) -> Result<bool, DbError> {
    let factor = totp_factors::table.find(user_id).filter(totp_factors::confirmed_at.is_not_null());
    let sealed = factor.select(totp_factors::secret).first::<String>(db).optional()?;
    Ok(match sealed {
        None => secret.is_none(),
        Some(sealed) => secret.is_some() && keys.open(&purpose(user_id), &sealed).as_deref() == secret,
    })
}
