//! What the demo data would have told.

use diesel::dsl::max;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{Event, Listener, retell};
use serde_json::json;

use crate::events::{MODERATED, PUBLISHED};
use crate::schema::{article_steps, content_cases};

/// Tells of articles that were published, and of cases that were closed.
pub(crate) fn tell(db: &mut Db, listener: &mut Listener<'_>) -> Result<(), DbError> {
    let last = article_steps::table.select(max(article_steps::id)).get_result(db)?;
    retell(db, listener, last, published)?;
    let last = content_cases::table.select(max(content_cases::id)).get_result(db)?;
    retell(db, listener, last, closed)
}

fn published(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = article_steps::table.filter(article_steps::id.gt(behind).and(article_steps::id.le(to)));
    let there = there.filter(article_steps::act.eq("published")).order(article_steps::id);
    let there: Vec<(i64, i64, Timestamp)> =
        there.select((article_steps::article_id, article_steps::revision, article_steps::created_at)).load(db)?;
    let event = |(id, revision, at): (i64, i64, Timestamp)| {
        Event::past(PUBLISHED, format!("article:{id}"), json!({"id": id, "revision": revision}), at)
    };
    Ok(there.into_iter().map(event).collect())
}

type Closed = (i64, String, i64, Option<String>, bool, i64, Timestamp, Option<Timestamp>);

fn closed(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = content_cases::table.filter(content_cases::id.gt(behind).and(content_cases::id.le(to)));
    let there = there.filter(content_cases::closed_at.is_not_null()).order(content_cases::id);
    let there: Vec<Closed> = there
        .select((
            content_cases::id,
            content_cases::kind,
            content_cases::object_id,
            content_cases::decision,
            content_cases::elsewhere,
            content_cases::report_count,
            content_cases::opened_at,
            content_cases::closed_at,
        ))
        .load(db)?;
    let event = |(id, kind, object_id, decision, elsewhere, reports, opened_at, closed_at): Closed| {
        let at = closed_at?;
        let told = json!({
            "case_id": id, "kind": kind, "object_id": object_id, "decision": decision, "elsewhere": elsewhere,
            "reports": reports, "queue_ms": at.since(opened_at).num_milliseconds().max(0),
        });
        Some(Event::past(MODERATED, format!("content_case:{id}"), told, at))
    };
    Ok(there.into_iter().filter_map(event).collect())
}
