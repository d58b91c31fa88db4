//! What a deleted person wrote, and where they were: posts and comments become deleted as if by their author, and they are
//! no longer members of conversations.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::{events, on_each};
use serde_json::json;

use super::pair::lock_profiles;
use super::standing::count_posts;
use crate::chats;
use crate::error::Error;
use crate::events::POST_CHANGED;
use crate::schema::{chat_members, chats as chats_table, comments, posts};

/// Posts or comments of one transaction.
const AT_ONCE: i64 = 50;

/// Deletes some posts of a person; answers whether there were any.
pub(super) fn delete_posts(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    lock_profiles(db, &[user_id])?;
    let published = posts::table.filter(posts::author_id.eq(user_id)).filter(posts::status.eq("published"));
    let ids: Vec<i64> = published.order(posts::id).limit(AT_ONCE).select(posts::id).load(db)?;
    if ids.is_empty() {
        return Ok(false);
    }
    let ended = (posts::status.eq("deleted"), posts::ended_at.eq(now), posts::version.eq(posts::version + 1));
    // A moderator may have removed one meanwhile: what is counted is what was changed here.
    let still = posts::table.filter(any_of(db, posts::id, &ids)).filter(posts::status.eq("published"));
    let changed: Vec<(i64, String)> = on_each!(db, c => diesel::update(still)
        .set(ended)
        .returning((posts::id, posts::visibility))
        .get_results(c))?;
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for (id, visibility) in &changed {
        *counts.entry(visibility).or_default() += 1;
        let told = json!({"id": id, "author_id": user_id, "status": "deleted"});
        events::publish(db, POST_CHANGED, &format!("post:{id}"), &told, now)?;
    }
    counts.into_iter().try_for_each(|(visibility, count)| count_posts(db, user_id, visibility, -count))?;
    Ok(true)
}

/// Deletes some comments of a person; answers whether there were any.
pub(super) fn delete_comments(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    let published = comments::table.filter(comments::author_id.eq(user_id)).filter(comments::status.eq("published"));
    let found = published.order(comments::id).limit(AT_ONCE).select((comments::post_id, comments::id));
    let mut found: Vec<(i64, i64)> = found.load(db)?;
    found.sort_unstable(); // posts are taken in order of id
    for (post_id, id) in &found {
        delete_comment(db, *post_id, *id, now)?;
    }
    Ok(!found.is_empty())
}

/// Deletes a comment. One without replies is shown no longer, and so no longer counts above it.
fn delete_comment(db: &mut Db, post_id: i64, id: i64, now: Timestamp) -> Result<(), Error> {
    let post = posts::table.find(post_id);
    diesel::update(post).set(posts::comment_count.eq(posts::comment_count)).execute(db)?;
    let ended =
        (comments::status.eq("deleted"), comments::ended_at.eq(now), comments::version.eq(comments::version + 1));
    let row = comments::table.find(id).filter(comments::status.eq("published"));
    if diesel::update(row).set(ended).execute(db)? == 0 {
        return Ok(()); // removed meanwhile
    }
    diesel::update(post).set(posts::comment_count.eq(posts::comment_count - 1)).execute(db)?;
    let mut at = id;
    loop {
        let columns = (comments::status, comments::reply_count, comments::parent_id);
        let (status, replies, parent): (String, i64, Option<i64>) =
            comments::table.find(at).select(columns).first(db)?;
        let Some(parent) = parent.filter(|_| status != "published" && replies == 0) else { return Ok(()) };
        let above = diesel::update(comments::table.find(parent));
        above.set(comments::reply_count.eq(comments::reply_count - 1)).execute(db)?;
        at = parent;
    }
}

/// Leaves a conversation of a person; answers which. The group of an owner passes to whoever has been its administrator
/// the longest, or else a member.
pub(super) fn leave_chat(db: &mut Db, user_id: i64, now: Timestamp) -> Result<Option<i64>, Error> {
    use chat_members as of;
    let present = of::table.filter(of::user_id.eq(user_id)).filter(of::status.eq_any(["active", "invited"]));
    let next = present.order(of::chat_id).select((of::chat_id, of::role, of::status)).first(db).optional()?;
    let Some((chat_id, role, status)): Option<(i64, String, String)> = next else { return Ok(None) };
    let fewer = i64::from(status == "active");
    let chat = chats_table::table.find(chat_id);
    diesel::update(chat).set(chats_table::member_count.eq(chats_table::member_count - fewer)).execute(db)?;
    let told = json!({"user_id": user_id, "change": "left", "role": role});
    let seq = chats::append(db, chat_id, "member", None, user_id, &told, now)?;
    let number: i64 = chat.select(chats_table::last_number).first(db)?;
    let gone = (of::status.eq("left"), of::until_number.eq(number), of::until_seq.eq(seq), of::role.eq("member"));
    diesel::update(of::table.find((chat_id, user_id))).set(gone).execute(db)?;
    if role == "owner" {
        pass_on(db, chat_id, now)?;
    }
    Ok(Some(chat_id))
}

fn pass_on(db: &mut Db, chat_id: i64, now: Timestamp) -> Result<(), Error> {
    use chat_members as of;
    // In order of name an administrator comes before a member.
    let active = of::table.filter(of::chat_id.eq(chat_id)).filter(of::status.eq("active"));
    let next = active.order((of::role, of::joined_at, of::user_id)).select(of::user_id).first(db).optional()?;
    let Some(heir): Option<i64> = next else { return Ok(()) };
    diesel::update(of::table.find((chat_id, heir))).set(of::role.eq("owner")).execute(db)?;
    let told = json!({"user_id": heir, "change": "role", "role": "owner"});
    chats::append(db, chat_id, "member", None, heir, &told, now)?;
    Ok(())
}
