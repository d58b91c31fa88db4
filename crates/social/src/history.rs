//! What the demo data would have told.

use diesel::dsl::max;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{Event, Listener, retell};
use serde_json::json;

use crate::events::{COMMENT_WRITTEN, FOLLOWED, MESSAGE_SENT, POST_PUBLISHED, REACTED};
use crate::schema::{comment_reactions, comments, message_reactions, messages, post_reactions, posts, social_ties};

/// Something with an id by somebody, in some place, at some time.
type Said = (i64, i64, i64, Timestamp);

/// Rows of a table whose ids are in a window, as an expression: their id, where they are, by whom and when.
macro_rules! said {
    ($table:ident, $place:ident, $db:expr, $window:expr) => {{
        let (behind, to) = $window;
        let there = $table::table.filter($table::id.gt(behind).and($table::id.le(to))).order($table::id);
        there.select(($table::id, $table::$place, $table::author_id, $table::created_at)).load::<Said>($db)?
    }};
}

/// Reactions to what has an id in a window, as events.
macro_rules! reacted {
    ($table:ident, $on:ident, $name:literal, $db:expr, $window:expr) => {{
        let (behind, to) = $window;
        let there = $table::table.filter($table::$on.gt(behind).and($table::$on.le(to)));
        let there = there.order(($table::$on, $table::user_id));
        let there: Vec<(i64, i64, String, Timestamp)> =
            there.select(($table::$on, $table::user_id, $table::kind, $table::created_at)).load($db)?;
        let event = |(id, user_id, kind, at): (i64, i64, String, Timestamp)| {
            let told = json!({"object": $name, "id": id, "user_id": user_id, "kind": kind});
            Event::past(REACTED, format!("{}:{id}", $name), told, at)
        };
        Ok(there.into_iter().map(event).collect())
    }};
}

/// Tells of posts, comments, messages, reactions, and of who follows whom.
pub(crate) fn tell(db: &mut Db, listener: &mut Listener<'_>) -> Result<(), DbError> {
    let of_posts = posts::table.select(max(posts::id)).get_result(db)?;
    let of_comments = comments::table.select(max(comments::id)).get_result(db)?;
    let of_messages = messages::table.select(max(messages::id)).get_result(db)?;
    let of_ties = social_ties::table.select(max(social_ties::user_id)).get_result(db)?;
    retell(db, listener, of_posts, published)?;
    retell(db, listener, of_comments, commented)?;
    retell(db, listener, of_messages, sent)?;
    retell(db, listener, of_posts, |db, window| reacted!(post_reactions, post_id, "post", db, window))?;
    retell(db, listener, of_comments, |db, window| reacted!(comment_reactions, comment_id, "comment", db, window))?;
    retell(db, listener, of_messages, |db, window| reacted!(message_reactions, message_id, "message", db, window))?;
    retell(db, listener, of_ties, followed)
}

fn published(db: &mut Db, window: (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = said!(posts, id, db, window);
    let event = |(id, _, author_id, at): Said| {
        Event::past(POST_PUBLISHED, format!("post:{id}"), json!({"id": id, "author_id": author_id}), at)
    };
    Ok(there.into_iter().map(event).collect())
}

fn commented(db: &mut Db, window: (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = said!(comments, post_id, db, window);
    let event = |(id, post_id, author_id, at): Said| {
        let told = json!({"id": id, "post_id": post_id, "author_id": author_id});
        Event::past(COMMENT_WRITTEN, format!("comment:{id}"), told, at)
    };
    Ok(there.into_iter().map(event).collect())
}

fn sent(db: &mut Db, window: (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = said!(messages, chat_id, db, window);
    let event = |(id, chat_id, author_id, at): Said| {
        let told = json!({"id": id, "chat_id": chat_id, "author_id": author_id});
        Event::past(MESSAGE_SENT, format!("chat:{chat_id}"), told, at)
    };
    Ok(there.into_iter().map(event).collect())
}

fn followed(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = social_ties::table.filter(social_ties::user_id.gt(behind).and(social_ties::user_id.le(to)));
    let there = there.filter(social_ties::follow.eq("following")).filter(social_ties::follow_at.is_not_null());
    let there = there.order((social_ties::user_id, social_ties::other_id));
    let there: Vec<(i64, i64, Timestamp)> = there
        .select((social_ties::user_id, social_ties::other_id, social_ties::follow_at.assume_not_null()))
        .load(db)?;
    let event = |(user_id, other_id, at): (i64, i64, Timestamp)| {
        let (low, high) = (user_id.min(other_id), user_id.max(other_id));
        Event::past(FOLLOWED, format!("tie:{low}:{high}"), json!({"user_id": user_id, "other_id": other_id}), at)
    };
    Ok(there.into_iter().map(event).collect())
}
