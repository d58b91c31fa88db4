//! Cases are opened here, by reports and by what the checks find. The object is held by whoever calls.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::on_each;

use super::checks::Flag;
use super::log::{self, Action, Entry};
use super::object::{Face, Object, face};
use super::row::{find_open, touch};
use super::status::Status;
use crate::error::Error;
use crate::schema::{content_case_authors as authors, content_case_flags as flags, content_cases as cases};

/// The open case of an object, which is opened when there is none; answers its id.
pub(super) fn open(db: &mut Db, object: Object, face: &Face, now: Timestamp) -> Result<i64, Error> {
    if let Some(case) = find_open(db, object)? {
        put_authors(db, case.id, &face.author_ids)?;
        return Ok(case.id);
    }
    let of_object = cases::table.filter(cases::kind.eq(object.kind.name())).filter(cases::object_id.eq(object.id));
    let earlier = of_object.order(cases::id.desc()).select(cases::decision);
    let earlier: Option<String> = earlier.first::<Option<String>>(db).optional()?.flatten();
    let values = (
        (cases::kind.eq(object.kind.name()), cases::object_id.eq(object.id), cases::article_id.eq(face.article_id)),
        (cases::title.eq(&face.title), cases::excerpt.eq(&face.excerpt)),
        cases::status.eq(Status::Open.name()),
        cases::report_count.eq(0),
        cases::version.eq(1),
        cases::opened_at.eq(now),
        (cases::elsewhere.eq(false), cases::reason.eq("")),
    );
    let id: i64 =
        on_each!(db, c => diesel::insert_into(cases::table).values(values).returning(cases::id).get_result(c))?;
    put_authors(db, id, &face.author_ids)?;
    let action = if earlier.is_some() { Action::Reopened } else { Action::Opened };
    let after = Some(Status::Open.name());
    log::add(db, id, Entry { action, actor_id: None, before: earlier.as_deref(), after, reason: "" }, now)?;
    Ok(id)
}

/// Notes who has written what a case is about, beside those who had.
pub(super) fn put_authors(db: &mut Db, case_id: i64, ids: &[i64]) -> Result<(), Error> {
    for (id, position) in ids.iter().zip(1_i64..) {
        let values = (authors::case_id.eq(case_id), authors::user_id.eq(*id), authors::position.eq(position));
        on_each!(db, c => diesel::insert_into(authors::table).values(values).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Puts what the checks have found into the open case of an object. Of each check the newest stays.
pub(crate) fn flag(db: &mut Db, object: Object, found: &[Flag], now: Timestamp) -> Result<(), Error> {
    if found.is_empty() {
        return Ok(());
    }
    let face = face(db, object)?;
    let case_id = open(db, object, &face, now)?;
    for flag in found {
        let (check, details) = (flag.check().name(), Json(flag.clone()));
        let row = flags::table.find((case_id, check));
        diesel::delete(row).execute(db)?;
        let values =
            (flags::case_id.eq(case_id), flags::flag.eq(check), flags::details.eq(details), flags::found_at.eq(now));
        diesel::insert_into(flags::table).values(values).execute(db)?;
    }
    touch(db, case_id)?;
    let names = found.iter().map(|flag| flag.check().name()).collect::<Vec<_>>().join(",");
    let after = Some(names.as_str());
    log::add(db, case_id, Entry { action: Action::Flagged, actor_id: None, before: None, after, reason: "" }, now)
}

/// What an object says has changed: whoever has read its open case before is told so.
pub(crate) fn changed(db: &mut Db, object: Object) -> Result<(), Error> {
    match find_open(db, object)? {
        Some(case) => touch(db, case.id),
        None => Ok(()),
    }
}
