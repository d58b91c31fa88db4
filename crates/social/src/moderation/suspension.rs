//! Suspensions: until when somebody reads and writes nothing.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events;
use serde_json::json;

use super::log::{self, Entry};
use super::object::{ObjectKind, ReportedObject};
use crate::error::Error;
use crate::events::MODERATED;
use crate::people::{ensure_profile, require_active};
use crate::schema::social_profiles;

/// Suspends somebody for some days from now on; answers until when. A longer suspension stays.
pub(super) fn suspend(db: &mut Db, user_id: i64, days: i64, now: Timestamp) -> Result<Timestamp, Error> {
    ensure_profile(db, user_id)?;
    let until = now + chrono::Duration::days(days);
    let profile = social_profiles::table.find(user_id);
    let shorter = social_profiles::suspended_until.is_null().or(social_profiles::suspended_until.lt(until));
    diesel::update(profile.filter(shorter)).set(social_profiles::suspended_until.eq(until)).execute(db)?;
    let stored: Option<Timestamp> = profile.select(social_profiles::suspended_until).first(db)?;
    Ok(stored.unwrap_or(until))
}

/// Ends a suspension before its time.
pub(super) fn lift(db: &mut Db, user_id: i64, moderator: i64, now: Timestamp) -> Result<(), Error> {
    require_active(db, moderator, now)?;
    if user_id == moderator {
        return Err(Error::OwnCase);
    }
    let suspended = social_profiles::table.find(user_id).filter(social_profiles::suspended_until.gt(now));
    if diesel::update(suspended).set(social_profiles::suspended_until.eq(None::<Timestamp>)).execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    let object = ReportedObject { kind: ObjectKind::User, id: user_id };
    let action = "unsuspend";
    let entry =
        Entry { moderator, action, object, subject_id: user_id, report_id: None, note: "", suspended_until: None };
    log::add(db, &entry, now)?;
    let told = json!({
        "subject_id": user_id, "action": action, "object_kind": object.kind.name(), "object_id": object.id, "note": "",
    });
    Ok(events::publish(db, MODERATED, &format!("user:{user_id}"), &told, now)?)
}
