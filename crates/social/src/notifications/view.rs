//! Notifications as they are shown.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_core::db::{Db, Json, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::kind::Kind;
use super::reactors::{self, Object};
use crate::error::Error;
use crate::people::{Person, find_people};
use crate::schema::notifications;
use crate::visibility::seen_by_column;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct NotificationResponse {
    /// Its id.
    pub(super) id: i64,
    /// What it is about.
    kind: Kind,
    /// The last of those who did it; `null` of moderators, who are not named.
    actor: Option<Person>,
    /// How many did it: of reactions all people who react now.
    actor_count: i64,
    /// The post that it happened to, or below which.
    post_id: Option<i64>,
    /// The comment that it happened to, or that was written.
    comment_id: Option<i64>,
    /// The conversation that it happened in.
    chat_id: Option<i64>,
    /// What else there is to tell. Of a reaction: `object` (`kind`, `id`) and the last `reaction`; of a moderator's decision:
    /// `action`, `object`, `note`, and `suspended_until` where it suspends.
    #[schema(value_type = Object)]
    payload: Value,
    /// When it was first told.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When something was added.
    #[schema(value_type = String, format = DateTime)]
    pub(super) updated_at: Timestamp,
    /// When it was read.
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
}

/// A change of a notification, as devices hear of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct NotificationChange {
    /// The notification as it is now.
    #[serde(flatten)]
    notification: NotificationResponse,
    /// Whether it is gone: then it says nothing more of who did what.
    deleted: bool,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = notifications)]
pub(super) struct Row {
    pub(super) id: i64,
    kind: String,
    pub(super) group_key: String,
    actor_id: Option<i64>,
    post_id: Option<i64>,
    comment_id: Option<i64>,
    chat_id: Option<i64>,
    payload: Json<Value>,
    pub(super) seq: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    pub(super) read_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

/// Whether there is a reaction to `$object` by somebody else than the owner, who is not hidden from them.
macro_rules! reacted {
    ($reactions:literal, $id:literal, $object:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM ",
            $reactions,
            " AS reaction WHERE reaction.",
            $id,
            " = ",
            $object,
            " AND reaction.user_id <> notifications.user_id AND NOT EXISTS (SELECT 1 FROM social_ties AS tie \
             WHERE tie.user_id = notifications.user_id AND tie.other_id = reaction.user_id AND tie.cut))"
        )
    };
}

/// Whether the notification of the row is of nobody who is hidden from whose it is, of a post that they see and a comment that
/// is there, and, where it is of reactions, somebody still reacts. On `notifications`.
pub(super) fn is_shown() -> SqlLiteral<Bool> {
    static SHOWN: LazyLock<String> = LazyLock::new(|| {
        let seen = seen_by_column("notifications.user_id");
        format!(
            "({TOLD} AND (notifications.post_id IS NULL OR EXISTS (SELECT 1 FROM posts WHERE \
              posts.id = notifications.post_id AND {seen})) AND (notifications.comment_id IS NULL OR EXISTS \
              (SELECT 1 FROM comments WHERE comments.id = notifications.comment_id AND comments.status = 'published')))"
        )
    });
    sql(&SHOWN)
}

/// The part of it about people.
const TOLD: &str = concat!(
    "((notifications.actor_id IS NULL OR NOT EXISTS (SELECT 1 FROM social_ties AS tie \
          WHERE tie.user_id = notifications.user_id AND tie.other_id = notifications.actor_id AND tie.cut)) \
         AND (CASE WHEN notifications.kind <> 'reaction' THEN TRUE WHEN notifications.comment_id IS NOT NULL THEN ",
    reacted!("comment_reactions", "comment_id", "notifications.comment_id"),
    " WHEN notifications.post_id IS NOT NULL THEN ",
    reacted!("post_reactions", "post_id", "notifications.post_id"),
    // The id of a message is in the key only: see `Object::group_key`.
    " ELSE ",
    reacted!(
        "message_reactions",
        "message_id",
        "CAST(substr(notifications.group_key, length('reaction:message:') + 1) AS bigint)"
    ),
    " END))"
);

/// The row of a notification of this person, as far as it is shown.
pub(super) fn find_row(db: &mut Db, id: i64, user_id: i64) -> Result<Row, Error> {
    let row = notifications::table
        .find(id)
        .filter(notifications::user_id.eq(user_id))
        .filter(notifications::deleted_at.is_null())
        .filter(is_shown());
    row.select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// One notification.
pub(super) fn find(db: &mut Db, id: i64, user_id: i64) -> Result<NotificationResponse, Error> {
    let row = find_row(db, id, user_id)?;
    show(db, user_id, vec![row])?.into_iter().next().ok_or(Error::NotFound)
}

/// Notifications of a person: one more query for the people in them, and two for each kind of thing that is reacted to.
pub(super) fn show(db: &mut Db, user_id: i64, rows: Vec<Row>) -> Result<Vec<NotificationResponse>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let present = || rows.iter().filter(|row| row.deleted_at.is_none());
    let mut actors: Vec<i64> = present().filter_map(|row| row.actor_id).collect();
    actors.sort_unstable();
    actors.dedup();
    let people = find_people(db, &actors)?;
    let objects: Vec<Object> = present().filter_map(|row| Object::of_key(&row.group_key)).collect();
    let counts = reactors::count(db, user_id, &objects)?;
    Ok(rows.into_iter().filter_map(|row| shown(row, &people, &counts)).collect())
}

fn shown(row: Row, people: &BTreeMap<i64, Person>, counts: &BTreeMap<Object, i64>) -> Option<NotificationResponse> {
    let kind = Kind::of(&row.kind)?; // the table holds no other (`CHECK`)
    let gone = row.deleted_at.is_some();
    let actor = row.actor_id.filter(|_| !gone).and_then(|id| people.get(&id).cloned());
    let reacting = Object::of_key(&row.group_key).and_then(|object| counts.get(&object).copied());
    let actor_count = reacting.unwrap_or(i64::from(actor.is_some()));
    let payload = if gone { json!({}) } else { row.payload.0 };
    Some(NotificationResponse {
        id: row.id,
        kind,
        actor,
        actor_count,
        post_id: row.post_id,
        comment_id: row.comment_id,
        chat_id: row.chat_id,
        payload,
        created_at: row.created_at,
        updated_at: row.updated_at,
        read_at: row.read_at,
    })
}

/// The same as devices hear of it, those that are gone included.
pub(super) fn show_changes(db: &mut Db, user_id: i64, rows: Vec<Row>) -> Result<Vec<NotificationChange>, Error> {
    let gone: Vec<bool> = rows.iter().map(|row| row.deleted_at.is_some()).collect();
    let shown = show(db, user_id, rows)?;
    let changes = shown.into_iter().zip(gone);
    Ok(changes.map(|(notification, deleted)| NotificationChange { notification, deleted }).collect())
}
