//! Somebody writes: the others of the conversation are told, and nothing is stored.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp};

use super::hub::{Hub, Item};
use crate::error::Error;
use crate::people::{hidden_from, require_active};
use crate::schema::chat_members;

/// The topic on the bus; the payload is conversation and person: `5:17`.
pub(super) const TOPIC: &str = "social.typing";

/// How often a connection may say so of one conversation.
const EVERY: Duration = Duration::from_secs(3);

/// When a connection last said so.
#[derive(Default)]
pub(super) struct Typed(HashMap<i64, Instant>);

impl Typed {
    /// Whether it may say so again.
    pub(super) fn admit(&mut self, chat_id: i64) -> bool {
        self.0.retain(|_, said| said.elapsed() < EVERY);
        if self.0.contains_key(&chat_id) {
            return false;
        }
        self.0.insert(chat_id, Instant::now());
        true
    }
}

/// Tells every copy. Refuses who is not in the conversation, and who may not write.
pub(super) async fn tell(ctx: &Ctx, chat_id: i64, user_id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    ctx.db.read_primary(move |db| check(db, chat_id, user_id, now)).await?;
    ctx.bus.publish(TOPIC, format!("{chat_id}:{user_id}"));
    Ok(())
}

fn check(db: &mut Db, chat_id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    let status = chat_members::table.find((chat_id, user_id)).select(chat_members::status);
    if status.first::<String>(db).optional()?.as_deref() != Some("active") {
        return Err(Error::NotFound);
    }
    require_active(db, user_id, now)
}

/// Tells those of the conversation who are connected here.
pub(super) async fn pass_on(ctx: &Ctx, hub: &Hub, chat_id: i64, user_id: i64) {
    if hub.position(chat_id).is_none() {
        return;
    }
    match ctx.db.read_primary(move |db| others(db, chat_id, user_id)).await {
        Ok(people) => people.iter().for_each(|other| hub.tell(*other, Item::Typing { chat_id, user_id })),
        Err(error) => tracing::debug!(%error, "nobody could be told that somebody writes"),
    }
}

/// Who is in a conversation beside a person, and not hidden from them.
fn others(db: &mut Db, chat_id: i64, user_id: i64) -> Result<Vec<i64>, Error> {
    let here = chat_members::table.filter(chat_members::chat_id.eq(chat_id)).filter(chat_members::status.eq("active"));
    let people: Vec<i64> = here.select(chat_members::user_id).load(db)?;
    if !people.contains(&user_id) {
        return Ok(Vec::new()); // gone since
    }
    let hidden = hidden_from(db, user_id)?;
    Ok(people.into_iter().filter(|other| *other != user_id && !hidden.contains(other)).collect())
}
