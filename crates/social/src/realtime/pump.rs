//! Passing on what is new: what the bus tells, and what a regular look finds that the bus has lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use poligon_core::Ctx;
use poligon_core::bus::Message;
use poligon_core::security::live_sessions;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::MissedTickBehavior;

use super::hub::{Hub, Item};
use super::{log, presence, typing};
use crate::error::Error;

/// Logs that are read at the same time.
const READERS: usize = 4;
/// Conversations that one look takes in.
const LOOK: usize = 10_000;
/// How often it is said who is there.
const BEAT: Duration = Duration::from_secs(10);

/// What the bus has told.
#[derive(Default)]
struct News {
    chats: BTreeSet<i64>,
    people: BTreeSet<i64>,
    notified: BTreeSet<i64>,
    sessions: BTreeSet<i64>,
    typing: BTreeSet<(i64, i64)>,
    came: BTreeSet<i64>,
    left: BTreeSet<i64>,
    /// Whether every session is to be looked at, and everything else.
    all_sessions: bool,
    everything: bool,
}

impl News {
    fn add(&mut self, message: &Message) {
        let id = message.payload.parse::<i64>().ok();
        let two = || {
            let (first, second) = message.payload.split_once(':')?;
            Some((first, first.parse::<i64>().ok(), second.parse::<i64>().ok()?))
        };
        match (message.topic.as_str(), id) {
            (super::CHAT, Some(id)) => drop(self.chats.insert(id)),
            (super::PERSON, Some(id)) => drop(self.people.insert(id)),
            (super::NOTIFIED, Some(id)) => drop(self.notified.insert(id)),
            ("session", Some(id)) => drop(self.sessions.insert(id)),
            ("session", None) => self.all_sessions = true,
            (typing::TOPIC, _) => self.typing.extend(two().and_then(|(_, chat_id, user_id)| Some((chat_id?, user_id)))),
            (presence::TOPIC, _) => match two() {
                Some((presence::CAME, _, user_id)) => drop(self.came.insert(user_id)),
                Some((_, _, user_id)) => drop(self.left.insert(user_id)),
                None => {}
            },
            _ => {}
        }
    }
}

/// Whoever passes on has gone, however: the next connection begins anew.
struct Watch {
    hub: Arc<Hub>,
    /// Whether the hub knows already.
    told: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.told {
            self.hub.stopped();
        }
    }
}

/// Passes on what is new until nobody is connected.
pub(super) async fn run(ctx: Ctx, hub: Arc<Hub>, mut bus: Receiver<Message>) {
    let mut watch = Watch { hub: Arc::clone(&hub), told: false };
    let mut look = tokio::time::interval(Duration::from_millis(ctx.config.realtime.poll_ms));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut beat_at = Instant::now();
    loop {
        let mut news = News::default();
        tokio::select! {
            told = bus.recv() => match told {
                Ok(message) => news.add(&message),
                Err(RecvError::Lagged(_)) => (news.everything, news.all_sessions) = (true, true),
                // The bus lives as long as the application.
                Err(RecvError::Closed) => return,
            },
            _ = look.tick() => {
                if hub.rest() {
                    watch.told = true;
                    return;
                }
                (news.everything, news.all_sessions) = (true, true);
            }
        }
        loop {
            match bus.try_recv() {
                Ok(message) => news.add(&message),
                Err(TryRecvError::Lagged(_)) => (news.everything, news.all_sessions) = (true, true),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        pass_on(&ctx, &hub, news).await;
        if beat_at.elapsed() >= BEAT {
            beat_at = Instant::now();
            tokio::spawn(presence::beat(ctx.clone(), Arc::clone(&hub)));
        }
    }
}

async fn pass_on(ctx: &Ctx, hub: &Arc<Hub>, mut news: News) {
    end_sessions(ctx, hub, &news).await;
    news.people.iter().for_each(|user_id| hub.tell(*user_id, Item::Refresh));
    news.notified.iter().for_each(|user_id| hub.tell(*user_id, Item::Noted));
    if news.everything {
        match look(ctx, hub).await {
            Ok(behind) => news.chats.extend(behind),
            Err(error) => tracing::debug!(%error, "sockets could not be told what is new"),
        }
    }
    let logs = futures_util::stream::iter(&news.chats);
    logs.for_each_concurrent(READERS, |&chat_id| async move {
        if let Err(error) = pass_log_on(ctx, hub, chat_id).await {
            tracing::debug!(%error, chat_id, "sockets could not be told what is new in a conversation");
        }
    })
    .await;
    for (chat_id, user_id) in &news.typing {
        typing::pass_on(ctx, hub, *chat_id, *user_id).await;
    }
    for user_id in &news.came {
        presence::pass_on(ctx, hub, *user_id).await;
    }
    for user_id in &news.left {
        presence::check_gone(ctx, hub, *user_id).await;
    }
}

/// Ends the connections whose sessions have ended.
async fn end_sessions(ctx: &Ctx, hub: &Hub, news: &News) {
    if !news.all_sessions && news.sessions.is_empty() {
        return;
    }
    let mut open = hub.sessions();
    if !news.all_sessions {
        open.retain(|session_id| news.sessions.contains(session_id));
    }
    if open.is_empty() {
        return;
    }
    let (now, asked) = (ctx.clock.now(), open.iter().copied().collect::<Vec<_>>());
    match ctx.db.read_primary(move |db| live_sessions(db, &asked, now)).await {
        Ok(live) => {
            open.retain(|session_id| !live.contains(session_id));
            hub.end(&open);
        }
        Err(error) => tracing::warn!(%error, "the sessions of sockets could not be looked at"),
    }
}

/// Looks at what the bus may have lost; answers whose logs are longer than they were passed on.
async fn look(ctx: &Ctx, hub: &Hub) -> Result<BTreeSet<i64>, Error> {
    let people = hub.next_to_look_at(LOOK);
    if people.is_empty() {
        return Ok(BTreeSet::new());
    }
    let asked = people.clone();
    let found = ctx.db.read_primary(move |db| log::look(db, &asked)).await?;
    Ok(hub.compare(&people, &found.places, &found.notified))
}

/// Passes on what is new in a conversation.
async fn pass_log_on(ctx: &Ctx, hub: &Hub, chat_id: i64) -> Result<(), Error> {
    while let Some(from) = hub.position(chat_id) {
        let read = ctx.db.read_primary(move |db| log::read(db, chat_id, from)).await?;
        let Some(batch) = read else { return Ok(()) };
        hub.pass_on(&batch);
        if !batch.more {
            return Ok(());
        }
    }
    Ok(())
}
