//! The pictures of what is reported: whoever decides sees them, and they stay until it is decided.

use diesel::prelude::*;
use poligon_core::db::{Db, Json};
use serde_json::Value;

use super::object::{ObjectKind, ReportedObject};
use super::status::Status;
use crate::error::Error;
use crate::media::{Holder, let_go};
use crate::schema::{messages, posts, reports};

/// Reports of a thing that are not closed.
#[diesel::dsl::auto_type]
fn open(kind: &'static str, id: i64) -> _ {
    let undecided: [&'static str; 2] = [Status::Open.name(), Status::Assigned.name()];
    let of_it = reports::object_kind.eq(kind).and(reports::object_id.eq(id));
    reports::table.filter(of_it).filter(reports::status.eq_any(undecided))
}

/// Whether a report of a thing is not closed yet.
pub(crate) fn has_open_report(db: &mut Db, kind: ObjectKind, id: i64) -> Result<bool, Error> {
    Ok(open(kind.name(), id).count().get_result::<i64>(db)? > 0)
}

/// Whether such a report shows this picture.
pub(crate) fn shows_picture(db: &mut Db, kind: ObjectKind, id: i64, media_id: i64) -> Result<bool, Error> {
    let snapshots: Vec<Json<Value>> = open(kind.name(), id).select(reports::snapshot).load(db)?;
    let of_post_or_message =
        |snapshot: &Value| ["media", "attachments"].map(|part| snapshot[part].as_array().cloned().unwrap_or_default());
    let mut shown = snapshots.iter().flat_map(|snapshot| of_post_or_message(&snapshot.0)).flatten();
    Ok(shown.any(|picture| picture["id"].as_i64() == Some(media_id)))
}

/// Lets go of the pictures of a thing that was deleted while a report of it was open, when no report is open any more.
/// The thing's row is taken: whoever deletes it now finds the report closed.
pub(super) fn let_go_of_deleted(db: &mut Db, object: ReportedObject) -> Result<(), Error> {
    let holder = match object.kind {
        ObjectKind::Post => {
            let row = posts::table.find(object.id);
            diesel::update(row).set(posts::version.eq(posts::version)).execute(db)?;
            row.filter(posts::status.eq("deleted")).select(posts::id).first(db).optional()?.map(Holder::Post)
        }
        ObjectKind::Message => {
            let row = messages::table.find(object.id);
            diesel::update(row).set(messages::version.eq(messages::version)).execute(db)?;
            row.filter(messages::status.eq("deleted")).select(messages::id).first(db).optional()?.map(Holder::Message)
        }
        ObjectKind::Comment | ObjectKind::User => None,
    };
    holder.map_or(Ok(()), |holder| let_go(db, holder))
}
