//! Who is there: friends, and the other one of a direct conversation, are told. Nothing of it is stored; the cache knows
//! of everybody who is connected to any copy, for half a minute at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use futures_util::{StreamExt as _, stream};
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError};

use super::hub::{Hub, Item};
use crate::people::hidden_from;
use crate::schema::{chat_members, chats, social_ties};

/// The topic on the bus; the payload is `came:17` or `left:17`.
pub(super) const TOPIC: &str = "social.presence";
pub(super) const CAME: &str = "came";
const LEFT: &str = "left";

/// How long somebody counts as there after a copy last said so.
const LIFE: Duration = Duration::from_secs(30);
/// How long somebody may be away without being gone: connections break and come back.
const GRACE: Duration = Duration::from_secs(2);
/// How long the other copies have to say that somebody is there still.
const OBJECTION: Duration = Duration::from_millis(500);
/// Most people who are told of one, and whom one is told of.
const CIRCLE: i64 = 500;
/// Calls of the cache at the same time.
const CALLS: usize = 16;

fn key(user_id: i64) -> String {
    format!("social:online:{user_id}")
}

/// A person is connected.
pub(super) async fn came(ctx: &Ctx, user_id: i64) {
    let known = ctx.cache.get(&key(user_id)).await;
    keep(ctx, user_id).await;
    if !matches!(known, Ok(Some(_))) {
        ctx.bus.publish(TOPIC, format!("{CAME}:{user_id}"));
    }
}

/// The last connection of a person to this copy has ended.
pub(super) async fn left(ctx: Ctx, hub: Arc<Hub>, user_id: i64) {
    tokio::time::sleep(GRACE).await;
    if hub.is_here(user_id) {
        return;
    }
    if let Err(error) = ctx.cache.remove(&key(user_id)).await {
        tracing::debug!(%error, "somebody who has left counts as there for a while");
    }
    ctx.bus.publish(TOPIC, format!("{LEFT}:{user_id}"));
}

async fn keep(ctx: &Ctx, user_id: i64) {
    if let Err(error) = ctx.cache.set(&key(user_id), vec![1], LIFE).await {
        tracing::debug!(%error, "it could not be noted that somebody is there");
    }
}

/// Tells those who are told of it that a person is there.
pub(super) async fn pass_on(ctx: &Ctx, hub: &Hub, user_id: i64) {
    match ctx.db.read_primary(move |db| circle(db, user_id)).await {
        Ok(people) => people.iter().for_each(|other| hub.tell(*other, Item::Presence { user_id, online: true })),
        Err(error) => tracing::debug!(%error, "nobody could be told that somebody is there"),
    }
}

/// A person has left one copy: those where they are connected still say so, and else they are gone.
pub(super) async fn check_gone(ctx: &Ctx, hub: &Arc<Hub>, user_id: i64) {
    if hub.is_here(user_id) {
        return keep(ctx, user_id).await;
    }
    let (ctx, hub) = (ctx.clone(), Arc::clone(hub));
    tokio::spawn(async move {
        tokio::time::sleep(OBJECTION).await;
        tell_if_gone(&ctx, &hub, user_id).await;
    });
}

async fn tell_if_gone(ctx: &Ctx, hub: &Hub, user_id: i64) {
    let gone = !hub.is_here(user_id) && matches!(ctx.cache.get(&key(user_id)).await, Ok(None));
    if gone {
        hub.tell_gone(user_id);
    }
}

/// Says who is there, and looks whether the others still are: a copy that is killed says nothing.
pub(super) async fn beat(ctx: Ctx, hub: Arc<Hub>) {
    let here = stream::iter(hub.people());
    here.for_each_concurrent(CALLS, |user_id| keep(&ctx, user_id)).await;
    let elsewhere = stream::iter(hub.seen_elsewhere());
    elsewhere.for_each_concurrent(CALLS, |user_id| tell_if_gone(&ctx, &hub, user_id)).await;
}

/// Of whom a person is told: those, and which of them are there.
pub(super) async fn look(ctx: &Ctx, hub: &Hub, user_id: i64) -> Result<BTreeSet<i64>, DbError> {
    let people = ctx.db.read_primary(move |db| circle(db, user_id)).await?;
    let there = stream::iter(people).map(|other| async move {
        let there = hub.is_here(other) || matches!(ctx.cache.get(&key(other)).await, Ok(Some(_)));
        there.then_some(other)
    });
    Ok(there.buffer_unordered(CALLS).filter_map(std::future::ready).collect().await)
}

/// Friends and partners of direct conversations, without those who are hidden: who is told of a person, and whom the
/// person is told of.
fn circle(db: &mut Db, user_id: i64) -> Result<BTreeSet<i64>, DbError> {
    let friends = social_ties::table.filter(social_ties::user_id.eq(user_id)).filter(social_ties::friend.eq("friends"));
    let newest = friends.order(social_ties::friend_at.desc()).limit(CIRCLE);
    let mut people: BTreeSet<i64> = newest.select(social_ties::other_id).load(db)?.into_iter().collect();
    let (own, other) = diesel::alias!(chat_members as own, chat_members as other);
    let partners: Vec<i64> = chats::table
        .inner_join(own.on(own.field(chat_members::chat_id).eq(chats::id)))
        .inner_join(other.on(other.field(chat_members::chat_id).eq(chats::id)))
        .filter(chats::kind.eq("direct"))
        .filter(own.field(chat_members::user_id).eq(user_id).and(own.field(chat_members::status).eq("active")))
        .filter(other.field(chat_members::user_id).ne(user_id).and(other.field(chat_members::status).eq("active")))
        .order(chats::last_message_at.desc())
        .limit(CIRCLE)
        .select(other.field(chat_members::user_id))
        .load(db)?;
    people.extend(partners);
    for hidden in hidden_from(db, user_id)? {
        people.remove(&hidden);
    }
    Ok(people)
}
