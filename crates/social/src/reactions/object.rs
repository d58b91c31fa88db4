//! What can be reacted to, and how the three kinds of it differ.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sqlite::Sqlite;
use poligon_core::db::{Db, Timestamp};
use serde_json::json;

use super::kind::Kind;
use crate::chats;
use crate::comments;
use crate::error::Error;
use crate::schema::messages;
use crate::visibility::{Seen, Viewer, require_seen, seen_by};

/// A kind of objects that people react to: the names of its tables, and its rules.
pub(crate) trait Reactable: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// Its name in events.
    const NAME: &'static str;
    /// The table of the objects, which hold the counts.
    const OBJECTS: &'static str;
    /// The table of the reactions.
    const REACTIONS: &'static str;
    /// The column there that names the object.
    const KEY: &'static str;
    /// What is true of the row of an object that is there.
    const THERE: &'static str;
    /// Whether the row also holds the sum of its counts.
    const SCORED: bool = false;
    /// The columns of the counts, with their sum where there is one.
    const COUNTS: &'static str = "like_count, love_count, laugh_count, wow_count, sad_count, angry_count";
    /// What is also to be true of the row for this person: a part of the statement itself.
    type Condition: QueryFragment<Pg> + QueryFragment<Sqlite> + Send;

    /// See [`Self::Condition`].
    fn condition(user_id: i64) -> Self::Condition;

    /// Whether more than [`Self::condition`] decides who reacts: see [`Self::require`].
    const ADMITS: bool = true;
    /// Whether changes are written down beside it: see [`Self::changed`].
    const LOGGED: bool = false;

    /// Whether reactions of many people are written together: see [`super::together`], which knows posts.
    const TOGETHER: bool = false;

    /// Refuses whoever does not see the object.
    fn require(db: &mut Db, id: i64, viewer: Viewer) -> Result<(), Error>;

    /// Takes what is locked before the object, for this person; answers whether anything may have changed until it was
    /// there.
    fn lock(_db: &mut Db, _id: i64, _user_id: i64) -> Result<bool, Error> {
        Ok(false)
    }

    /// Writes down what a person's reaction is now; answers the conversation in which it has changed.
    fn changed(
        _db: &mut Db,
        _id: i64,
        _user_id: i64,
        _kind: Option<Kind>,
        _now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        Ok(None)
    }
}

/// No condition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Always;

impl<DB: Backend> QueryFragment<DB> for Always {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("TRUE");
        Ok(())
    }
}

/// Posts: whether one is seen is asked by the statement that reacts, as likes are many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Post;

impl Reactable for Post {
    const NAME: &'static str = "post";
    const OBJECTS: &'static str = "posts";
    const REACTIONS: &'static str = "post_reactions";
    const KEY: &'static str = "post_id";
    // Said by the condition.
    const THERE: &'static str = "TRUE";
    const ADMITS: bool = false;
    const TOGETHER: bool = true;
    type Condition = Seen;

    fn condition(user_id: i64) -> Seen {
        seen_by(Viewer::person(user_id))
    }

    fn require(db: &mut Db, id: i64, viewer: Viewer) -> Result<(), Error> {
        require_seen(db, id, viewer)
    }
}

/// Comments, as far as they say something: not what is left of deleted ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comment;

impl Reactable for Comment {
    const NAME: &'static str = "comment";
    const OBJECTS: &'static str = "comments";
    const REACTIONS: &'static str = "comment_reactions";
    const KEY: &'static str = "comment_id";
    const THERE: &'static str = "comments.status = 'published'";
    const SCORED: bool = true;
    const COUNTS: &'static str = "like_count, love_count, laugh_count, wow_count, sad_count, angry_count, score";
    type Condition = Always;

    fn condition(_: i64) -> Always {
        Always
    }

    fn require(db: &mut Db, id: i64, viewer: Viewer) -> Result<(), Error> {
        comments::require_said(db, id, viewer)
    }
}

/// Messages. What happens to one stands in the log of its conversation, whose row is locked first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message;

impl Reactable for Message {
    const NAME: &'static str = "message";
    const OBJECTS: &'static str = "messages";
    const REACTIONS: &'static str = "message_reactions";
    const KEY: &'static str = "message_id";
    const THERE: &'static str = "messages.status = 'sent'";
    const LOGGED: bool = true;
    type Condition = Always;

    fn condition(_: i64) -> Always {
        Always
    }

    fn require(db: &mut Db, id: i64, viewer: Viewer) -> Result<(), Error> {
        chats::readable_message(db, id, viewer.id()).map(drop)
    }

    fn lock(db: &mut Db, id: i64, user_id: i64) -> Result<bool, Error> {
        chats::lock_to_write(db, id, user_id)?;
        Ok(true)
    }

    fn changed(db: &mut Db, id: i64, user_id: i64, kind: Option<Kind>, now: Timestamp) -> Result<Option<i64>, Error> {
        let chat_id: i64 = messages::table.find(id).select(messages::chat_id).first(db)?;
        // No counts: people who are hidden from one reader or the other are in them.
        let told = json!({"message_id": id, "user_id": user_id, "kind": kind});
        chats::append(db, chat_id, "reaction", Some(id), user_id, &told, now)?;
        Ok(Some(chat_id))
    }
}
