//! Messages as they are shown.
//!
//! One that was deleted or removed is a stub: it keeps its place and its author, and nothing of what it said.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::past::{Since, since_gone};
use crate::chats::access::{is_open, is_read};
use crate::error::Error;
use crate::media::{Kept, MediaResponse};
use crate::people::{Person, find_people, hidden_from};
use crate::reactions::{Counts, Kind, Message, find_shown};
use crate::schema::{chat_members, chats, messages};
use crate::text::{unlink, unlink_all};
use crate::visibility::Viewer;

/// Characters of a message that an answer to it shows.
const QUOTED: usize = 120;

/// Whether a message is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageStatus)]
pub(crate) enum Status {
    /// It is.
    Sent,
    /// Its author has taken it back.
    Deleted,
    /// A moderator has removed it.
    Removed,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Deleted => "deleted",
            Self::Removed => "removed",
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "sent" => Self::Sent,
            "deleted" => Self::Deleted,
            _ => Self::Removed,
        }
    }
}

/// The message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = QuotedMessage)]
pub(crate) struct Quote {
    /// Its id.
    pub(super) id: i64,
    /// Who wrote it; `null` in events, which also go to people who may not read it.
    pub(super) author_id: Option<i64>,
    /// Its first 120 characters; `null` in events.
    pub(super) text: Option<String>,
}

impl Quote {
    /// As everybody may know of it.
    pub(super) fn of_id(id: i64) -> Self {
        Self { id, author_id: None, text: None }
    }

    pub(super) fn new(id: i64, author_id: i64, body: &str) -> Self {
        Self { id, author_id: Some(author_id), text: Some(body.chars().take(QUOTED).collect()) }
    }
}

/// What a message is to whoever looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessageMine)]
pub(crate) struct Mine {
    /// How they have reacted to it.
    reaction: Option<Kind>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MessageResponse {
    /// Its id.
    pub(in crate::chats) id: i64,
    /// The conversation that it stands in.
    pub(in crate::chats) chat_id: i64,
    /// Its place there: 1 is the first.
    pub(in crate::chats) number: i64,
    /// Who wrote it.
    author: Person,
    /// What it says, in Markdown; empty in a stub.
    body: String,
    /// The same as HTML; in events without links to people.
    html: String,
    /// What it answers; `null` also when that is not there any more, or not for whoever looks.
    reply_to: Option<Quote>,
    /// Its pictures.
    attachments: Vec<MediaResponse>,
    /// How many have reacted, by kind; `null` in events, as who is hidden differs from one reader to the other.
    reactions: Option<Counts>,
    /// Whether it is there.
    status: Status,
    /// Counts the changes.
    pub(super) version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its author last changed it.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// What it is to whoever looks; `null` in events.
    mine: Option<Mine>,
}

impl MessageResponse {
    /// What an event says of it: nothing that is for some of the members only.
    pub(super) fn told(&self) -> Result<Value, Error> {
        let reply_to = self.reply_to.as_ref().map(|quote| Quote::of_id(quote.id));
        let told = Self { reply_to, mine: None, reactions: None, html: unlink_all(&self.html), ..self.clone() };
        serde_json::to_value(told).map_err(|e| diesel::result::Error::SerializationError(Box::new(e)).into())
    }
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(in crate::chats) struct Row {
    pub(in crate::chats) id: i64,
    pub(in crate::chats) chat_id: i64,
    pub(in crate::chats) number: i64,
    pub(super) author_id: i64,
    pub(super) body: String,
    pub(super) html: String,
    pub(super) reply_to: Option<i64>,
    pub(super) attachments: Json<Vec<Kept>>,
    pub(super) status: String,
    like_count: i64,
    love_count: i64,
    laugh_count: i64,
    wow_count: i64,
    sad_count: i64,
    angry_count: i64,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) edited_at: Option<Timestamp>,
}

impl Row {
    pub(super) fn status(&self) -> Status {
        Status::of(&self.status)
    }

    /// Lets it say what it said when the viewer went.
    fn go_back(&mut self, since: &Since) {
        if let Some(said) = since.edited.get(&self.id).cloned() {
            (self.body, self.html) = (said.body, said.html);
            (self.version, self.edited_at) = (said.version.max(1), said.edited_at);
        }
    }

    fn counts(&self) -> Counts {
        let Self { like_count, love_count, laugh_count, wow_count, sad_count, angry_count, .. } = *self;
        Counts::of((like_count, love_count, laugh_count, wow_count, sad_count, angry_count))
    }

    /// The message without what is for one viewer only.
    pub(super) fn shown(
        self,
        author: Person,
        reply_to: Option<Quote>,
        reactions: Counts,
        mine: Mine,
    ) -> MessageResponse {
        let (id, chat_id, number, version) = (self.id, self.chat_id, self.number, self.version);
        let (status, created_at, edited_at) = (self.status(), self.created_at, self.edited_at);
        let (body, html, Json(attachments)) = (self.body, self.html, self.attachments);
        let all = MessageResponse {
            id,
            chat_id,
            number,
            author,
            body,
            html,
            reply_to,
            attachments: attachments.into_iter().map(MediaResponse::from).collect(),
            reactions: Some(reactions),
            status,
            version,
            created_at,
            edited_at,
            mine: Some(mine),
        };
        if status == Status::Sent { all } else { stub(all) }
    }

    /// The message as its author sees it right after writing it.
    pub(super) fn fresh(self, author: Person, reply_to: Option<Quote>) -> MessageResponse {
        let counts = self.counts();
        self.shown(author, reply_to, counts, Mine::default())
    }
}

fn stub(message: MessageResponse) -> MessageResponse {
    MessageResponse {
        body: String::new(),
        html: String::new(),
        reply_to: None,
        attachments: Vec::new(),
        reactions: Some(Counts::default()),
        ..message
    }
}

/// One message that the viewer reads.
pub(super) fn find(db: &mut Db, id: i64, viewer: i64) -> Result<MessageResponse, Error> {
    let row = messages::table
        .inner_join(chats::table.inner_join(chat_members::table))
        .filter(messages::id.eq(id))
        .filter(messages::status.eq("sent"))
        .filter(chat_members::user_id.eq(viewer))
        .filter(is_read())
        .filter(is_open());
    let row: Row = row.select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    show(db, vec![row], viewer)?.into_iter().next().ok_or(Error::NotFound)
}

/// Messages as the viewer, who reads them, sees them: a few more queries, however many they are.
pub(in crate::chats) fn show(db: &mut Db, mut rows: Vec<Row>, viewer: i64) -> Result<Vec<MessageResponse>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut authors: Vec<i64> = rows.iter().map(|row| row.author_id).collect();
    authors.sort_unstable();
    authors.dedup();
    let authors = find_people(db, &authors)?;
    let answered = rows.iter().filter_map(|row| row.reply_to);
    let all: Vec<i64> = rows.iter().map(|row| row.id).chain(answered).collect();
    let since = since_gone(db, &all, viewer)?;
    let reacted: Vec<i64> = rows.iter().filter(|row| row.counts() != Counts::default()).map(|row| row.id).collect();
    for row in &mut rows {
        row.go_back(&since);
    }
    let mut quotes = quotes(db, &rows, viewer, &since)?;
    let reactions = find_shown::<Message>(db, &reacted, Viewer::person(viewer), true)?;
    let hidden = hidden_from(db, viewer)?;
    let shown = rows.into_iter().filter_map(|mut row| {
        row.html = unlink(row.html, &hidden);
        let author = authors.get(&row.author_id)?.clone(); // a message has an author (foreign key)
        let quote = row.reply_to.and_then(|id| quotes.remove(&row.id).filter(|quote| quote.id == id));
        // How many had reacted when the viewer went is not known; how many have by now is not for them.
        let is_later = since.reacted.contains(&row.id);
        let counts = if is_later { Counts::default() } else { reactions.counts(row.id, row.counts()) };
        let mine = Mine { reaction: reactions.own(row.id) };
        Some(row.shown(author, quote, counts, mine))
    });
    Ok(shown.collect())
}

/// What these messages answer, by their own ids: as far as it is there and the viewer reads it.
fn quotes(db: &mut Db, rows: &[Row], viewer: i64, since: &Since) -> Result<BTreeMap<i64, Quote>, Error> {
    let wanted: Vec<i64> = rows.iter().filter_map(|row| row.reply_to).collect();
    let found = quotable(db, &wanted, viewer)?;
    let quote = |row: &Row| {
        let (id, author_id, body) = found.iter().find(|(id, ..)| Some(*id) == row.reply_to)?;
        let said = since.edited.get(id).map_or(body, |said| &said.body);
        Some((row.id, Quote::new(*id, *author_id, said)))
    };
    Ok(rows.iter().filter_map(quote).collect())
}

/// Of these messages those that are there and that the viewer reads: id, author, what they say.
fn quotable(db: &mut Db, ids: &[i64], viewer: i64) -> Result<Vec<(i64, i64, String)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = messages::table
        .inner_join(chat_members::table.on(chat_members::chat_id.eq(messages::chat_id)))
        .filter(messages::id.eq_any(ids))
        .filter(messages::status.eq("sent"))
        .filter(chat_members::user_id.eq(viewer))
        .filter(is_read());
    Ok(found.select((messages::id, messages::author_id, messages::body)).load(db)?)
}

/// The message of this conversation that a new one answers.
pub(super) fn quote(db: &mut Db, chat_id: i64, id: i64, viewer: i64) -> Result<Quote, Error> {
    let found = messages::table
        .inner_join(chat_members::table.on(chat_members::chat_id.eq(messages::chat_id)))
        .filter(messages::id.eq(id))
        .filter(messages::chat_id.eq(chat_id))
        .filter(messages::status.eq("sent"))
        .filter(chat_members::user_id.eq(viewer))
        .filter(is_read());
    let found: Option<(i64, String)> = found.select((messages::author_id, messages::body)).first(db).optional()?;
    let unknown = || Error::field("/reply_to", "unknown_message", "is no message of this conversation that you read");
    found.map(|(author_id, body)| Quote::new(id, author_id, &body)).ok_or_else(unknown)
}
