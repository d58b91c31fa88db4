//! What can be reported, and what it says: as far as the reporter sees it.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::schema::users;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::chats::readable_message;
use crate::comments::require_said;
use crate::error::Error;
use crate::schema::{comments, messages, posts, social_profiles, social_ties};
use crate::visibility::{Viewer, require_seen};

/// A kind of thing that can be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportedKind)]
pub(crate) enum ObjectKind {
    /// A post.
    Post,
    /// A comment.
    Comment,
    /// A message.
    Message,
    /// A person.
    User,
}

impl ObjectKind {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Message => "message",
            Self::User => "user",
        }
    }

    /// The kind that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "post" => Self::Post,
            "comment" => Self::Comment,
            "message" => Self::Message,
            _ => Self::User,
        }
    }
}

/// A thing that is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReportedObject {
    /// What kind of thing.
    pub(super) kind: ObjectKind,
    /// Its id.
    pub(super) id: i64,
}

/// Whom a thing is about, and what it says now; 404 when the reporter does not see it.
pub(super) fn look(db: &mut Db, object: ReportedObject, reporter: i64) -> Result<(i64, Value), Error> {
    match object.kind {
        ObjectKind::Post => look_at_post(db, object.id, reporter),
        ObjectKind::Comment => look_at_comment(db, object.id, reporter),
        ObjectKind::Message => look_at_message(db, object.id, reporter),
        ObjectKind::User => look_at_person(db, object.id, reporter),
    }
}

/// Author, body, content warning, visibility and media of a post.
type Said = (i64, String, String, String, Json<Value>);

fn look_at_post(db: &mut Db, id: i64, reporter: i64) -> Result<(i64, Value), Error> {
    require_seen(db, id, Viewer::person(reporter))?;
    let columns = (posts::author_id, posts::body, posts::content_warning, posts::visibility, posts::media);
    let row = posts::table.find(id).select((columns, posts::version, posts::created_at));
    let (said, version, created_at): (Said, i64, Timestamp) = row.first(db)?;
    let (author_id, body, content_warning, visibility, Json(media)) = said;
    let snapshot = json!({
        "body": body, "content_warning": content_warning, "visibility": visibility, "media": media,
        "version": version, "created_at": created_at,
    });
    Ok((author_id, snapshot))
}

fn look_at_comment(db: &mut Db, id: i64, reporter: i64) -> Result<(i64, Value), Error> {
    require_said(db, id, Viewer::person(reporter))?;
    let columns = (comments::author_id, comments::post_id, comments::body, comments::version, comments::created_at);
    let row = comments::table.find(id).select(columns);
    let (author_id, post_id, body, version, created_at): (i64, i64, String, i64, Timestamp) = row.first(db)?;
    let snapshot = json!({"body": body, "post_id": post_id, "version": version, "created_at": created_at});
    Ok((author_id, snapshot))
}

fn look_at_message(db: &mut Db, id: i64, reporter: i64) -> Result<(i64, Value), Error> {
    let message = readable_message(db, id, reporter)?;
    let row = messages::table.find(id);
    let row = row.select((messages::body, messages::attachments, messages::version, messages::created_at));
    let (body, Json(attachments), version, created_at): (String, Json<Value>, i64, Timestamp) = row.first(db)?;
    let snapshot = json!({
        "body": body, "attachments": attachments, "chat_id": message.chat_id, "version": version,
        "created_at": created_at,
    });
    Ok((message.author_id, snapshot))
}

/// A person is seen by everybody whom they do not block; whoever blocks them back still may say why.
fn look_at_person(db: &mut Db, id: i64, reporter: i64) -> Result<(i64, Value), Error> {
    let row = users::table.filter(users::id.eq(id)).filter(users::deleted_at.is_null());
    let row = row.select((users::username, users::display_name, users::avatar_url));
    let row: Option<(String, String, Option<String>)> = row.first(db).optional()?;
    let (username, display_name, avatar_url) = row.ok_or(Error::NotFound)?;
    let tie = social_ties::table.find((reporter, id)).select((social_ties::cut, social_ties::blocking));
    if matches!(tie.first::<(bool, bool)>(db).optional()?, Some((true, false))) {
        return Err(Error::NotFound);
    }
    let bio = social_profiles::table.find(id).select(social_profiles::bio).first::<String>(db).optional()?;
    let snapshot = json!({
        "username": username, "display_name": display_name, "avatar_url": avatar_url,
        "bio": bio.unwrap_or_default(),
    });
    Ok((id, snapshot))
}
