//! How much one person may keep.

use diesel::prelude::*;
use poligon_core::db::Db;
use poligon_core::on_each;

use crate::error::Error;
use crate::schema::content_media_quotas as quotas;

/// Bytes that somebody keeps.
pub(super) fn kept(db: &mut Db, user_id: i64) -> Result<i64, Error> {
    Ok(quotas::table.find(user_id).select(quotas::bytes).first(db).optional()?.unwrap_or(0))
}

/// A look before the work, which may be out of date after it: whether so many bytes more would fit.
pub(super) fn require_room(db: &mut Db, user_id: i64, bytes: i64, most: u64) -> Result<(), Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let kept = kept(db, user_id)?;
    if kept.saturating_add(bytes) <= most { Ok(()) } else { Err(Error::MediaQuota { kept, most }) }
}

/// Counts bytes more, or refuses them.
pub(super) fn take(db: &mut Db, user_id: i64, bytes: i64, most: u64) -> Result<(), Error> {
    let none = (quotas::user_id.eq(user_id), quotas::bytes.eq(0));
    on_each!(db, c => {
        diesel::insert_into(quotas::table).values(none).on_conflict(quotas::user_id).do_nothing().execute(c)
    })?;
    let row = quotas::table.find(user_id);
    diesel::update(row).set(quotas::bytes.eq(quotas::bytes)).execute(db)?; // locked
    require_room(db, user_id, bytes, most)?;
    diesel::update(row).set(quotas::bytes.eq(quotas::bytes + bytes)).execute(db)?;
    Ok(())
}

/// Counts bytes less.
pub(super) fn give_back(db: &mut Db, user_id: i64, bytes: i64) -> Result<(), Error> {
    diesel::update(quotas::table.find(user_id)).set(quotas::bytes.eq(quotas::bytes - bytes)).execute(db)?;
    Ok(())
}
