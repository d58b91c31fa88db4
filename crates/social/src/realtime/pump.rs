//! Passing on what is new: what the bus tells, and what a regular look finds that the bus has lost.
//!
//! Three go on side by side, each with its own ear at the bus, so that none waits for another: the ends of sessions, what
//! stands in logs, and what is stored nowhere. The last may lose the oldest of what it has not heard yet.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use poligon_core::Ctx;
use poligon_core::bus::Message;
use poligon_core::security::live_sessions;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Interval, MissedTickBehavior};

use super::hub::{Hub, Item};
use super::{log, presence, typing};
use crate::error::Error;

/// Logs that are read at the same time.
const READERS: usize = 4;
/// Of what is stored nowhere, so many are passed on at the same time.
const TELLERS: usize = 2;
/// Conversations that one look takes in.
const LOOK: usize = 10_000;
/// How long it is not told again that somebody writes.
const TYPED: Duration = Duration::from_secs(2);
/// How often it is said who is there.
const BEAT: Duration = Duration::from_secs(10);

/// One that listens to the bus.
trait Ear: Default {
    fn add(&mut self, message: &Message);
    /// Messages were lost, or it is time to look without any.
    fn miss(&mut self);
}

/// What the bus tells next, with everything that waits behind it; `None` when there is no bus any more.
async fn hear<E: Ear>(bus: &mut Receiver<Message>, look: &mut Interval) -> Option<E> {
    let mut ear = E::default();
    tokio::select! {
        told = bus.recv() => match told {
            Ok(message) => ear.add(&message),
            Err(RecvError::Lagged(_)) => ear.miss(),
            Err(RecvError::Closed) => return None,
        },
        _ = look.tick() => ear.miss(),
    }
    loop {
        match bus.try_recv() {
            Ok(message) => ear.add(&message),
            Err(TryRecvError::Lagged(_)) => ear.miss(),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(ear),
        }
    }
}

/// Sessions that may have ended.
#[derive(Default)]
struct Sessions {
    ids: BTreeSet<i64>,
    all: bool,
}

impl Ear for Sessions {
    fn add(&mut self, message: &Message) {
        if message.topic == "session" {
            match message.payload.parse() {
                Ok(id) => drop(self.ids.insert(id)),
                Err(_) => self.all = true,
            }
        }
    }

    fn miss(&mut self) {
        self.all = true;
    }
}

/// What stands somewhere, and is new.
#[derive(Default)]
struct News {
    chats: BTreeSet<i64>,
    people: BTreeSet<i64>,
    notified: BTreeSet<i64>,
    everything: bool,
}

impl Ear for News {
    fn add(&mut self, message: &Message) {
        let Ok(id) = message.payload.parse::<i64>() else { return };
        match message.topic.as_str() {
            super::CHAT => drop(self.chats.insert(id)),
            super::PERSON => drop(self.people.insert(id)),
            super::NOTIFIED => drop(self.notified.insert(id)),
            _ => {}
        }
    }

    fn miss(&mut self) {
        self.everything = true;
    }
}

/// What is stored nowhere.
#[derive(Default)]
struct Passing {
    typing: BTreeSet<(i64, i64)>,
    came: BTreeSet<i64>,
    left: BTreeSet<i64>,
}

impl Ear for Passing {
    fn add(&mut self, message: &Message) {
        let Some((first, second)) = message.payload.split_once(':') else { return };
        let Ok(user_id) = second.parse::<i64>() else { return };
        match (message.topic.as_str(), first) {
            (typing::TOPIC, chat_id) => self.typing.extend(chat_id.parse().ok().map(|chat_id| (chat_id, user_id))),
            (presence::TOPIC, presence::CAME) => drop(self.came.insert(user_id)),
            (presence::TOPIC, _) => drop(self.left.insert(user_id)),
            _ => {}
        }
    }

    fn miss(&mut self) {}
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
pub(super) async fn run(ctx: Ctx, hub: Arc<Hub>, bus: [Receiver<Message>; 3]) {
    let mut watch = Watch { hub: Arc::clone(&hub), told: false };
    let [one, two, three] = bus;
    tokio::select! {
        () = pass_sessions_on(&ctx, &hub, one) => {}
        () = pass_passing_on(&ctx, &hub, two) => {}
        () = pass_news_on(&ctx, &hub, three) => watch.told = true,
    }
}

/// How often one looks without being told.
fn looks(ctx: &Ctx) -> Interval {
    let mut look = tokio::time::interval(Duration::from_millis(ctx.config.realtime.poll_ms));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look
}

async fn pass_sessions_on(ctx: &Ctx, hub: &Hub, mut bus: Receiver<Message>) {
    let mut look = looks(ctx);
    while let Some(told) = hear(&mut bus, &mut look).await {
        end_sessions(ctx, hub, &told).await;
    }
}

async fn pass_news_on(ctx: &Ctx, hub: &Arc<Hub>, mut bus: Receiver<Message>) {
    let mut look = looks(ctx);
    let mut beat_at = Instant::now();
    while let Some(news) = hear::<News>(&mut bus, &mut look).await {
        if news.everything && hub.rest() {
            return;
        }
        pass_on(ctx, hub, news).await;
        if beat_at.elapsed() >= BEAT {
            beat_at = Instant::now();
            tokio::spawn(presence::beat(ctx.clone(), Arc::clone(hub)));
        }
    }
}

async fn pass_passing_on(ctx: &Ctx, hub: &Arc<Hub>, mut bus: Receiver<Message>) {
    let mut look = looks(ctx);
    let mut typed = HashMap::new();
    while let Some(mut told) = hear::<Passing>(&mut bus, &mut look).await {
        // Over Redis a message comes twice.
        typed.retain(|_, told: &mut Instant| told.elapsed() < TYPED);
        told.typing.retain(|pair| typed.insert(*pair, Instant::now()).is_none());
        let typing = futures_util::stream::iter(told.typing);
        typing.for_each_concurrent(TELLERS, |(chat, user)| typing::pass_on(ctx, hub, chat, user)).await;
        let came = futures_util::stream::iter(told.came);
        came.for_each_concurrent(TELLERS, |user_id| presence::pass_on(ctx, hub, user_id)).await;
        for user_id in told.left {
            presence::check_gone(ctx, hub, user_id).await;
        }
    }
}

async fn pass_on(ctx: &Ctx, hub: &Arc<Hub>, mut news: News) {
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
}

/// Ends the connections whose sessions have ended.
async fn end_sessions(ctx: &Ctx, hub: &Hub, told: &Sessions) {
    if !told.all && told.ids.is_empty() {
        return;
    }
    let mut open = hub.sessions();
    if !told.all {
        open.retain(|session_id| told.ids.contains(session_id));
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
