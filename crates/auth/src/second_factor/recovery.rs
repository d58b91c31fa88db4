//! Recovery codes: ten at a time, each good for one login without the device that makes the codes.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use poligon_core::random;
use poligon_core::security::KeyRing;

use crate::error::Error;
use crate::schema::recovery_codes::dsl;

/// Codes that are given out together.
const CODES: usize = 10;
/// Characters of a code: 50 random bits.
const LENGTH: usize = 10;
/// Thirty-two characters that nobody takes for each other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// New codes, as they are shown: `abcde-fghij`.
pub(super) fn new_codes() -> Result<Vec<String>, Error> {
    (0..CODES)
        .map(|_| {
            let bytes = random::bytes::<LENGTH>()?;
            let code: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
            let (first, second) = code.split_at(LENGTH / 2);
            Ok(format!("{first}-{second}"))
        })
        .collect()
}

/// Puts these codes in the place of all earlier ones.
pub(super) fn replace(
    db: &mut Db,
    keys: &KeyRing,
    user_id: i64,
    codes: &[String],
    now: Timestamp,
) -> Result<(), DbError> {
    remove(db, user_id)?;
    let rows: Vec<_> = codes
        .iter()
        .filter_map(|code| keys.code_fingerprints(&code.replace('-', "")).into_iter().next()) // by the present key
        .map(|hash| (dsl::user_id.eq(user_id), dsl::code_hash.eq(hash), dsl::created_at.eq(now)))
        .collect();
    on_each!(db, c => diesel::insert_into(dsl::recovery_codes).values(rows).execute(c))?;
    Ok(())
}

/// Makes every code of a person useless.
pub(super) fn remove(db: &mut Db, user_id: i64) -> Result<(), DbError> {
    diesel::delete(dsl::recovery_codes.filter(dsl::user_id.eq(user_id))).execute(db)?;
    Ok(())
}

/// Uses a code; of several at once one succeeds.
pub(super) fn redeem(db: &mut Db, keys: &KeyRing, user_id: i64, code: &str, now: Timestamp) -> Result<bool, DbError> {
    let unused =
        dsl::user_id.eq(user_id).and(dsl::code_hash.eq_any(keys.code_fingerprints(code))).and(dsl::used_at.is_null());
    let used = diesel::update(dsl::recovery_codes.filter(unused)).set(dsl::used_at.eq(now)).execute(db)?;
    Ok(used == 1)
}

/// How many codes a person has left.
pub(super) fn left(db: &mut Db, user_id: i64) -> Result<i64, DbError> {
    let unused = dsl::user_id.eq(user_id).and(dsl::used_at.is_null());
    Ok(dsl::recovery_codes.filter(unused).count().get_result(db)?)
}
