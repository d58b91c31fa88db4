//! Demo conversations: of friends, and of groups.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::stems;
use poligon_core::db::{Db, DbError, Json, Timestamp, text_search};
use poligon_core::insert_many;
use poligon_core::seed::Plan;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::graph::{Friend, Graph};
use super::posts::{is_russian, pick};
use super::words::{GROUPS, MESSAGES, rendered};
use super::{BATCH, SALT, Somebody};
use crate::schema::{chat_members, chats, messages};

/// Conversations of two.
const DIRECT: usize = 60;

struct Chat {
    id: i64,
    title: &'static str,
    /// Whoever made it first.
    members: Vec<i64>,
    since: Timestamp,
    messages: Vec<Message>,
}

struct Message {
    id: i64,
    number: i64,
    author_id: i64,
    body: &'static str,
    created_at: Timestamp,
}

/// Adds conversations with their members and messages. Their logs begin empty: sockets deliver what comes from now on.
pub(super) fn insert(db: &mut Db, plan: &Plan<'_>, people: &[Somebody], graph: &Graph) -> Result<(), DbError> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT ^ 3);
    let mut next = 1;
    let mut all = Vec::new();
    for members in companies(people, graph, &mut rng) {
        let id = i64::try_from(all.len() + 1).unwrap_or(i64::MAX);
        let title = if members.len() == 2 { "" } else { GROUPS[all.len() % GROUPS.len()] };
        all.push(talk(id, title, members, people, plan, &mut next, &mut rng));
    }
    insert_chats(db, &all)?;
    insert_messages(db, &all)?;
    (plan.progress)("messages", next.unsigned_abs() - 1, next.unsigned_abs() - 1);
    Ok(())
}

/// Pairs of friends, and groups in which nobody is hidden from anybody.
fn companies(people: &[Somebody], graph: &Graph, rng: &mut ChaCha8Rng) -> Vec<Vec<i64>> {
    let friends = people.iter().flat_map(|person| {
        let ties = graph.ties(person.id).into_iter();
        ties.filter(|(other, tie)| tie.friend == Friend::Friends && *other > person.id)
            .map(|(other, _)| vec![person.id, other])
    });
    let mut all: Vec<Vec<i64>> = friends.take(DIRECT).collect();
    for _ in 0..GROUPS.len() {
        let wanted = rng.random_range(3..=25);
        let mut members = BTreeSet::new();
        for _ in 0..wanted {
            let id = people[rng.random_range(0..people.len())].id;
            let welcome = graph.ties(id).iter().all(|(other, tie)| !tie.cut || !members.contains(other));
            if welcome {
                members.insert(id);
            }
        }
        if members.len() > 2 {
            all.push(members.into_iter().collect());
        }
    }
    all
}

fn talk(
    id: i64,
    title: &'static str,
    members: Vec<i64>,
    people: &[Somebody],
    plan: &Plan<'_>,
    next: &mut i64,
    rng: &mut ChaCha8Rng,
) -> Chat {
    let count = rng.random_range(5..60_i64);
    let since = plan.before(Duration::minutes(count * 180 + 600));
    let mut at = since;
    let message = |number| {
        at = at + Duration::minutes(rng.random_range(1..170));
        let author_id = members[rng.random_range(0..members.len())];
        let russian = people.get(usize::try_from(author_id - 1).unwrap_or(0)).is_some_and(is_russian);
        let body = pick(MESSAGES[rng.random_range(0..MESSAGES.len())], russian);
        let id = *next;
        *next += 1;
        Message { id, number, author_id, body, created_at: at }
    };
    let messages = (1..=count).map(message).collect();
    Chat { id, title, members, since, messages }
}

fn insert_chats(db: &mut Db, all: &[Chat]) -> Result<(), DbError> {
    let row = |chat: &Chat| {
        let direct = chat.title.is_empty();
        let last = chat.messages.last().map_or(chat.since, |message| message.created_at);
        let count = i64::try_from(chat.messages.len()).unwrap_or(0);
        (
            chats::id.eq(chat.id),
            chats::kind.eq(if direct { "direct" } else { "group" }),
            chats::title.eq(chat.title),
            chats::pair.eq(direct.then(|| format!("{}:{}", chat.members[0], chat.members[1]))),
            chats::last_number.eq(count),
            chats::last_message_at.eq(last),
            chats::member_count.eq(i64::try_from(chat.members.len()).unwrap_or(0)),
            chats::created_at.eq(chat.since),
        )
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    insert_many!(db, chats::table, rows)?;
    let member = |chat: &Chat, n: usize, id: i64| {
        let role = match (chat.title.is_empty(), n) {
            (false, 0) => "owner",
            (false, 1) => "admin",
            _ => "member",
        };
        // Half of them have read everything.
        let count = i64::try_from(chat.messages.len()).unwrap_or(0);
        let read = if id % 2 == 0 { count } else { count * 2 / 3 };
        (
            chat_members::chat_id.eq(chat.id),
            chat_members::user_id.eq(id),
            chat_members::role.eq(role),
            chat_members::status.eq("active"),
            chat_members::from_number.eq(0),
            chat_members::from_seq.eq(0),
            chat_members::read_number.eq(read),
            chat_members::joined_at.eq(chat.since),
        )
    };
    let members: Vec<_> =
        all.iter().flat_map(|chat| chat.members.iter().enumerate().map(move |(n, id)| member(chat, n, *id))).collect();
    for rows in members.chunks(BATCH) {
        insert_many!(db, chat_members::table, rows.to_vec())?;
    }
    Ok(())
}

fn insert_messages(db: &mut Db, all: &[Chat]) -> Result<(), DbError> {
    let of = all.iter().flat_map(|chat| chat.messages.iter().map(move |message| (chat.id, message)));
    let of: Vec<(i64, &Message)> = of.collect();
    let html = rendered(&MESSAGES);
    for batch in of.chunks(BATCH) {
        let row = |(chat_id, message): &(i64, &Message)| {
            (
                messages::id.eq(message.id),
                messages::chat_id.eq(*chat_id),
                messages::number.eq(message.number),
                messages::author_id.eq(message.author_id),
                messages::body.eq(message.body),
                messages::html.eq(html[message.body].as_str()),
                messages::attachments.eq(Json(serde_json::json!([]))),
                messages::status.eq("sent"),
                messages::version.eq(1),
                messages::created_at.eq(message.created_at),
            )
        };
        let rows: Vec<_> = batch.iter().map(row).collect();
        insert_many!(db, messages::table, rows)?;
        let words: Vec<_> =
            batch.iter().map(|(_, message)| (message.id, String::new(), stems::line(message.body))).collect();
        text_search::MESSAGES.put_many(db, &words)?;
    }
    Ok(())
}
