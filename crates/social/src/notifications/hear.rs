//! What is told of the events of this domain.

use diesel::prelude::*;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events::{DeliveryError, Event};
use serde_json::{Value, json};

use super::kind::Kind;
use super::model;
use super::reactors::{Object, reaction_of};
use super::tell::{Again, Place, Told, tell};
use super::together::{self, Heard};
use crate::error::Error;
use crate::events::{
    BEFRIENDED, BLOCKED, COMMENT_NAMES, COMMENT_WRITTEN, FOLLOW_ACCEPTED, FOLLOW_REQUESTED, FOLLOWED, FRIEND_REQUESTED,
    MESSAGE_SENT, MODERATED, POST_CHANGED, POST_PUBLISHED, REACTED,
};
use crate::realtime;
use crate::schema::{chat_members, comments, messages, posts};

/// What is listened to.
pub(super) const TOPICS: &[&str] = &[
    FOLLOWED,
    FOLLOW_REQUESTED,
    FOLLOW_ACCEPTED,
    FRIEND_REQUESTED,
    BEFRIENDED,
    BLOCKED,
    POST_PUBLISHED,
    POST_CHANGED,
    COMMENT_WRITTEN,
    COMMENT_NAMES,
    REACTED,
    MESSAGE_SENT,
    MODERATED,
];

/// Most events that are dealt with at once: their transaction holds the profiles of those who are told.
pub(super) const AT_ONCE: usize = 100;

/// Tells people of events. Reactions to posts are told together; everything else event by event.
pub(super) async fn hear(ctx: Ctx, events: Vec<Event>) -> Result<(), DeliveryError> {
    let now = ctx.clock.now();
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for event in events {
        match Heard::of(&event) {
            Some(heard) => together.push(heard),
            None => alone.push(event),
        }
    }
    if !together.is_empty() {
        let changed = ctx.db.write_planned_once(move |db| together::take(db, &together, now)).await;
        notify(&ctx, changed)?;
    }
    for event in alone {
        let changed = ctx.db.write(move |db| take(db, &event, now)).await;
        notify(&ctx, changed)?;
    }
    Ok(())
}

fn notify(ctx: &Ctx, changed: Result<Vec<i64>, Error>) -> Result<(), DeliveryError> {
    for user_id in changed.map_err(|error| DeliveryError(error.to_string()))? {
        realtime::notified(ctx, user_id);
    }
    Ok(())
}

/// Whose notifications an event has changed. One that names nothing that is there changes none.
fn take(db: &mut Db, event: &Event, now: Timestamp) -> Result<Vec<i64>, Error> {
    let payload = &event.payload.0;
    let told = match event.topic.as_str() {
        BLOCKED => return forget(db, payload, now),
        FOLLOWED | FOLLOW_REQUESTED | FOLLOW_ACCEPTED | FRIEND_REQUESTED | BEFRIENDED => {
            of_people(&event.topic, payload).into_iter().collect()
        }
        POST_PUBLISHED | POST_CHANGED => of_post(payload),
        COMMENT_WRITTEN => of_comment(db, payload)?,
        COMMENT_NAMES => of_comment(db, payload)?.into_iter().filter(|told| told.kinds == [Kind::Mention]).collect(),
        REACTED => of_reaction(db, payload)?.into_iter().collect(),
        MESSAGE_SENT => of_message(db, payload)?.into_iter().collect(),
        MODERATED => of_decision(payload, event.id).into_iter().collect(),
        _ => Vec::new(),
    };
    tell(db, told, event.id, now)
}

/// Two who do not see each other any more have nothing of each other.
fn forget(db: &mut Db, payload: &Value, now: Timestamp) -> Result<Vec<i64>, Error> {
    let (Some(one), Some(other)) = (payload["user_id"].as_i64(), payload["other_id"].as_i64()) else {
        return Ok(Vec::new());
    };
    let (one, other) = (one.min(other), one.max(other));
    let mut changed = Vec::new();
    for (user_id, gone) in [(one, other), (other, one)] {
        if model::forget(db, user_id, gone, now)? {
            changed.push(user_id);
        }
    }
    Ok(changed)
}

/// What is told of one person, of this kind, belongs together.
pub(super) fn group_key(kind: Kind, actor_id: i64) -> String {
    format!("{}:{actor_id}", kind.name())
}

/// Of follows and friendships: `user_id` asked, `other_id` was asked.
fn of_people(topic: &str, payload: &Value) -> Option<Told> {
    let (asked, other) = (payload["user_id"].as_i64()?, payload["other_id"].as_i64()?);
    let (kind, user_id, actor_id) = match topic {
        FOLLOWED => (Kind::Follow, other, asked),
        FOLLOW_REQUESTED => (Kind::FollowRequest, other, asked),
        FOLLOW_ACCEPTED => (Kind::FollowAccepted, asked, other),
        FRIEND_REQUESTED => (Kind::FriendRequest, other, asked),
        _ => (Kind::FriendAccepted, asked, other),
    };
    Some(Told {
        user_id,
        kinds: vec![kind],
        group_key: group_key(kind, actor_id),
        actor_id: Some(actor_id),
        place: Place::Nowhere,
        payload: json!({}),
        again: Again::New,
    })
}

/// The ids of people in a list of them.
fn ids_of(list: &Value) -> impl Iterator<Item = i64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_i64)
}

/// Of a post: those whom it names; when it was edited, those whom it did not name before.
fn of_post(payload: &Value) -> Vec<Told> {
    let (Some(id), Some(author_id)) = (payload["id"].as_i64(), payload["author_id"].as_i64()) else {
        return Vec::new();
    };
    let named = ids_of(&payload["mentions"]).map(|user_id| Told {
        user_id,
        kinds: vec![Kind::Mention],
        group_key: format!("mention:post:{id}"),
        actor_id: Some(author_id),
        place: Place::Post(id),
        payload: json!({}),
        again: Again::Nothing,
    });
    named.collect()
}

/// Of a comment: whom it answers, whose post it is on, and those whom it names.
fn of_comment(db: &mut Db, payload: &Value) -> Result<Vec<Told>, Error> {
    let Some(id) = payload["id"].as_i64() else { return Ok(Vec::new()) };
    let row = comments::table.inner_join(posts::table).filter(comments::id.eq(id));
    let row = row.filter(comments::status.eq("published"));
    let columns = (comments::author_id, comments::post_id, comments::parent_id, posts::author_id);
    let row: Option<(i64, i64, Option<i64>, i64)> = row.select(columns).first(db).optional()?;
    let Some((author_id, post_id, parent_id, post_author)) = row else { return Ok(Vec::new()) };
    let answered = match parent_id {
        None => None,
        Some(parent) => {
            let parent = comments::table.find(parent).filter(comments::status.eq("published"));
            parent.select(comments::author_id).first::<i64>(db).optional()?
        }
    };
    let replied = answered.map(|user_id| (user_id, Kind::Reply));
    let named = ids_of(&payload["mentions"]).map(|user_id| (user_id, Kind::Mention));
    let mut told: Vec<Told> = Vec::new();
    for (user_id, kind) in replied.into_iter().chain([(post_author, Kind::Comment)]).chain(named) {
        if let Some(known) = told.iter_mut().find(|told| told.user_id == user_id) {
            known.kinds.push(kind);
            continue;
        }
        told.push(Told {
            user_id,
            kinds: vec![kind],
            group_key: format!("comment:{id}"),
            actor_id: Some(author_id),
            place: Place::Comment { post_id, comment_id: id },
            payload: json!({}),
            again: Again::Nothing,
        });
    }
    Ok(told)
}

/// Of a reaction: whose it is that somebody reacts to, if they still do.
fn of_reaction(db: &mut Db, payload: &Value) -> Result<Option<Told>, Error> {
    let known = payload["object"].as_str().zip(payload["id"].as_i64()).zip(payload["user_id"].as_i64());
    let Some(((kind, id), actor_id)) = known else { return Ok(None) };
    let Some(object) = Object::of(kind, id) else { return Ok(None) };
    let Some(reaction) = reaction_of(db, object, actor_id)? else { return Ok(None) };
    let Some((user_id, place)) = owner_of(db, object)? else { return Ok(None) };
    Ok(Some(Told {
        user_id,
        kinds: vec![Kind::Reaction],
        group_key: object.group_key(),
        actor_id: Some(actor_id),
        place,
        payload: reaction_payload(object, &reaction),
        again: Again::NewOfOthers,
    }))
}

/// What is shown of a reaction: the last one, and to what.
pub(super) fn reaction_payload(object: Object, reaction: &str) -> Value {
    let (kind, id) = object.parts();
    json!({"object": {"kind": kind, "id": id}, "reaction": reaction})
}

/// Whose something is, and where it stands.
fn owner_of(db: &mut Db, object: Object) -> Result<Option<(i64, Place)>, Error> {
    Ok(match object {
        Object::Post(id) => {
            let row = posts::table.find(id).select(posts::author_id).first(db).optional()?;
            row.map(|author_id: i64| (author_id, Place::Post(id)))
        }
        Object::Comment(id) => {
            let row = comments::table.find(id).filter(comments::status.eq("published"));
            let row = row.select((comments::author_id, comments::post_id)).first(db).optional()?;
            row.map(|(author_id, post_id): (i64, i64)| (author_id, Place::Comment { post_id, comment_id: id }))
        }
        Object::Message(id) => {
            let row = messages::table.find(id).select((messages::author_id, messages::chat_id)).first(db).optional()?;
            row.map(|(author_id, chat_id): (i64, i64)| (author_id, Place::Chat { chat_id, message_id: Some(id) }))
        }
    })
}

/// Of a message of a stranger: whoever has not accepted the conversation yet. Once for a conversation, and again when it
/// was declined and is asked for again.
fn of_message(db: &mut Db, payload: &Value) -> Result<Option<Told>, Error> {
    let is_request = payload["request"].as_bool().unwrap_or(false);
    let known = payload["chat_id"].as_i64().zip(payload["author_id"].as_i64()).filter(|_| is_request);
    let Some((chat_id, author_id)) = known else { return Ok(None) };
    let invited = chat_members::table
        .filter(chat_members::chat_id.eq(chat_id))
        .filter(chat_members::user_id.ne(author_id))
        .filter(chat_members::status.eq("invited"))
        .select(chat_members::user_id);
    let invited: Option<i64> = invited.first(db).optional()?;
    Ok(invited.map(|user_id| Told {
        user_id,
        kinds: vec![Kind::MessageRequest],
        group_key: format!("message_request:{chat_id}"),
        actor_id: Some(author_id),
        place: Place::Chat { chat_id, message_id: None },
        payload: json!({}),
        again: Again::New,
    }))
}

/// Of a decision of a moderator, who is not named.
fn of_decision(payload: &Value, event_id: i64) -> Option<Told> {
    let mut shown = json!({
        "action": payload["action"],
        "object": {"kind": payload["object_kind"], "id": payload["object_id"]},
        "note": payload["note"],
    });
    if let Some(until) = payload.get("suspended_until") {
        shown["suspended_until"] = until.clone();
    }
    Some(Told {
        user_id: payload["subject_id"].as_i64()?,
        kinds: vec![Kind::Moderation],
        group_key: format!("moderation:{event_id}"),
        actor_id: None,
        place: Place::Nowhere,
        payload: shown,
        again: Again::Nothing,
    })
}
