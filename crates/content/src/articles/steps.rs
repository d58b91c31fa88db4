//! The history of an article: what has become of it, by whom, and why.

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::find_worked_on;
use super::status::Status;
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::article_steps as steps;

/// Something that has become of an article.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) act: &'static str,
    pub(super) before: Option<Status>,
    pub(super) after: Status,
    pub(super) revision: i64,
    pub(super) note: &'a str,
}

/// Notes it.
pub(super) fn note(
    db: &mut Db,
    article_id: i64,
    step: Step<'_>,
    actor_id: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    let values = (
        steps::article_id.eq(article_id),
        steps::act.eq(step.act),
        steps::before.eq(step.before.map(Status::name)),
        steps::after.eq(step.after.name()),
        steps::revision.eq(step.revision),
        steps::actor_id.eq(actor_id),
        steps::note.eq(step.note),
        steps::created_at.eq(now),
    );
    diesel::insert_into(steps::table).values(values).execute(db)?;
    Ok(())
}

/// What has become of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleStep)]
pub(crate) struct StepResponse {
    /// Its id.
    pub(super) id: i64,
    /// `created`, `edited` (a save that took it out of review or took its approval back), `submitted`, `approved`,
    /// `changes_requested`, `scheduled`, `published`, `unpublished` or `archived`.
    act: String,
    /// The state before: of the draft, where one is worked on beside what is published.
    before: Option<Status>,
    /// The state after it.
    after: Status,
    /// The newest revision then.
    revision: i64,
    /// Who; `null` when it happened by itself.
    actor: Option<Person>,
    /// Why.
    note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

type Row = (i64, String, Option<String>, String, i64, Option<i64>, String, Timestamp);

/// The history of an article behind a step, the oldest first, for whoever works on it.
pub(super) fn list(db: &mut Db, id: i64, caller: &Caller, behind: i64, most: i64) -> Result<Vec<StepResponse>, Error> {
    find_worked_on(db, id, caller)?;
    let of_article = steps::table.filter(steps::article_id.eq(id)).filter(steps::id.gt(behind));
    let columns = (
        steps::id,
        steps::act,
        steps::before,
        steps::after,
        steps::revision,
        steps::actor_id,
        steps::note,
        steps::created_at,
    );
    let rows: Vec<Row> = of_article.order(steps::id).limit(most).select(columns).load(db)?;
    let people = find_people(db, &rows.iter().filter_map(|row| row.5).collect::<Vec<_>>())?;
    let shown = |(id, act, before, after, revision, actor_id, note, created_at): Row| StepResponse {
        id,
        act,
        before: before.as_deref().map(Status::of),
        after: Status::of(&after),
        revision,
        actor: actor_id.and_then(|id| people.get(&id).cloned()),
        note,
        created_at,
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// How many steps there are.
pub(super) fn count(db: &mut Db, id: i64) -> Result<i64, Error> {
    Ok(steps::table.filter(steps::article_id.eq(id)).count().get_result(db)?)
}
