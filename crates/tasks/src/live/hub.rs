//! Who looks at which board through this copy of the gateway: one hub for each application. One task looks for all of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poligon_common::streams;
use poligon_core::Ctx;
use poligon_core::bus::Message;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use super::look::{self, Viewer};
use crate::boards::{self, ActivityResponse};
use crate::error::Error;

/// Events of a board that are kept for its streams; one that is further behind reads them by itself.
const KEPT: usize = 200;
/// Entries that are read at once.
pub(super) const PAGE: i64 = 100;

/// An event as it is sent, with its number.
pub(super) type Told = (i64, Arc<str>);

/// An entry of activity as an event.
pub(super) fn told(entry: &ActivityResponse) -> Option<Told> {
    let data = serde_json::to_string(entry).ok()?;
    Some((entry.seq, streams::event(Some(&entry.seq.to_string()), &entry.kind, &data).into()))
}

/// A stream, as the hub knows it.
struct Link {
    id: u64,
    user_id: i64,
    session_id: i64,
    close: watch::Sender<bool>,
}

impl Link {
    /// Ends the stream.
    fn end(&self) {
        self.close.send_replace(true);
    }
}

/// A board that somebody looks at.
struct Room {
    links: Vec<Link>,
    /// How far its activity was told.
    at: watch::Sender<i64>,
    /// The last events, the oldest first, without a gap up to `at`.
    events: VecDeque<Told>,
}

#[derive(Default)]
struct State {
    rooms: BTreeMap<i64, Room>,
    /// Whether somebody looks.
    running: bool,
}

/// The hub of an application.
pub(super) struct Hub {
    state: Mutex<State>,
    next: AtomicU64,
}

/// What a new stream has in hand.
pub(super) struct Joined {
    hub: Arc<Hub>,
    board_id: i64,
    id: u64,
    /// How far the activity of the board was told.
    pub(super) at: watch::Receiver<i64>,
    /// Becomes true when the stream is to end.
    pub(super) closing: watch::Receiver<bool>,
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.hub.leave(self.board_id, self.id);
    }
}

impl Joined {
    /// The events behind `seq` that are kept; `None` when older ones are missing.
    pub(super) fn behind(&self, seq: i64) -> Option<Vec<Told>> {
        let state = self.hub.state();
        let room = state.rooms.get(&self.board_id)?;
        let events: Vec<Told> = room.events.iter().filter(|(known, _)| *known > seq).cloned().collect();
        let first = events.first().map_or_else(|| *room.at.borrow() + 1, |event| event.0);
        (first <= seq + 1).then_some(events)
    }
}

impl Hub {
    /// The hub of this application.
    pub(super) fn of(ctx: &Ctx) -> Arc<Self> {
        ctx.slots.of(|| Self { state: Mutex::default(), next: AtomicU64::new(1) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a stream for a board whose activity goes up to `end`. The oldest of its person is closed when they have too many.
    pub(super) fn join(self: &Arc<Self>, ctx: &Ctx, (board_id, user_id, session_id): Viewer, end: i64) -> Joined {
        let (close, closing) = watch::channel(false);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        let room = state.rooms.entry(board_id).or_insert_with(|| Room {
            links: Vec::new(),
            at: watch::channel(end).0,
            events: VecDeque::new(),
        });
        room.links.push(Link { id, user_id, session_id, close });
        let at = room.at.subscribe();
        let mut own: Vec<&Link> =
            state.rooms.values().flat_map(|room| &room.links).filter(|link| link.user_id == user_id).collect();
        own.sort_by_key(|link| link.id);
        let over = own.len().saturating_sub(ctx.config.realtime.max_per_person);
        own.iter().take(over).for_each(|oldest| oldest.end());
        if !std::mem::replace(&mut state.running, true) {
            // Listens from before anybody is told that they are connected.
            tokio::spawn(run(ctx.clone(), Arc::clone(self), ctx.bus.subscribe()));
        }
        Joined { hub: Arc::clone(self), board_id, id, at, closing }
    }

    fn leave(&self, board_id: i64, id: u64) {
        let mut state = self.state();
        if let Some(room) = state.rooms.get_mut(&board_id) {
            room.links.retain(|link| link.id != id);
            if room.links.is_empty() {
                state.rooms.remove(&board_id);
            }
        }
    }

    /// Ends the looking when nobody is connected; answers whether it ends.
    fn rest(&self) -> bool {
        let mut state = self.state();
        state.running = !state.rooms.is_empty();
        !state.running
    }

    /// Everybody who looks at one of these boards, or at any.
    fn viewers(&self, boards: Option<&BTreeSet<i64>>) -> Vec<Viewer> {
        let state = self.state();
        let rooms = state.rooms.iter().filter(|(id, _)| boards.is_none_or(|boards| boards.contains(id)));
        let viewer = |(id, room): (&i64, &Room)| {
            let board_id = *id;
            room.links.iter().map(move |link| (board_id, link.user_id, link.session_id)).collect::<Vec<_>>()
        };
        rooms.flat_map(viewer).collect()
    }

    /// How far the activity of the boards was told that somebody looks at.
    fn positions(&self) -> BTreeMap<i64, i64> {
        self.state().rooms.iter().map(|(id, room)| (*id, *room.at.borrow())).collect()
    }

    /// Ends the streams of those who were `asked` about and are not `allowed`.
    fn close_others(&self, asked: &[Viewer], allowed: &BTreeSet<Viewer>) {
        let state = self.state();
        for (board_id, user_id, session_id) in asked.iter().filter(|viewer| !allowed.contains(viewer)) {
            let links = state.rooms.get(board_id).map(|room| room.links.as_slice()).unwrap_or_default();
            let theirs = links.iter().filter(|link| link.user_id == *user_id && link.session_id == *session_id);
            theirs.for_each(Link::end);
        }
    }

    /// Tells what has happened on a board to those who look at it.
    fn tell(&self, board_id: i64, events: Vec<Told>) {
        let mut state = self.state();
        let Some(room) = state.rooms.get_mut(&board_id) else { return };
        for event in events {
            let at = *room.at.borrow();
            if event.0 <= at {
                continue; // told meanwhile
            }
            if event.0 > at + 1 {
                room.events.clear(); // a gap: streams read what is missing by themselves
            }
            room.at.send_replace(event.0);
            room.events.push_back(event);
            if room.events.len() > KEPT {
                room.events.pop_front();
            }
        }
    }
}

/// What there is to look at.
#[derive(Default)]
struct News {
    boards: BTreeSet<i64>,
    people: bool,
    everything: bool,
}

impl News {
    fn add(&mut self, message: &Message) {
        match message.topic.as_str() {
            "board" => self.boards.extend(message.payload.parse::<i64>().ok()),
            super::LEFT | "session" => self.people = true,
            _ => {}
        }
    }
}

/// What the bus tells next, with everything that waits behind it; `None` when there is no bus any more.
async fn hear(bus: &mut Receiver<Message>, look: &mut Interval) -> Option<News> {
    let mut news = News::default();
    tokio::select! {
        told = bus.recv() => match told {
            Ok(message) => news.add(&message),
            Err(RecvError::Lagged(_)) => news.everything = true,
            Err(RecvError::Closed) => return None,
        },
        _ = look.tick() => news.everything = true,
    }
    loop {
        match bus.try_recv() {
            Ok(message) => news.add(&message),
            Err(TryRecvError::Lagged(_)) => news.everything = true,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Some(news),
        }
    }
}

/// Whoever looks has gone, however: the next stream begins anew.
struct Watch {
    hub: Arc<Hub>,
    /// Whether the hub knows already.
    told: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.told {
            self.hub.state().running = false;
        }
    }
}

/// Looks until nobody is connected.
async fn run(ctx: Ctx, hub: Arc<Hub>, mut bus: Receiver<Message>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(ctx.config.realtime.poll_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watch = Watch { hub: Arc::clone(&hub), told: false };
    while let Some(news) = hear(&mut bus, &mut ticks).await {
        if news.everything && hub.rest() {
            watch.told = true;
            return;
        }
        if let Err(error) = look(&ctx, &hub, news).await {
            tracing::debug!(%error, "streams of boards could not be told what is new");
        }
    }
}

async fn look(ctx: &Ctx, hub: &Hub, mut news: News) -> Result<(), Error> {
    let at = hub.positions();
    news.boards.retain(|id| at.contains_key(id));
    if news.everything {
        let ids: Vec<i64> = at.keys().copied().collect();
        let ends = ctx.db.read_primary(move |db| look::ends(db, &ids)).await?;
        news.boards.extend(at.iter().filter(|(id, at)| ends.get(*id).is_none_or(|end| end > *at)).map(|(id, _)| *id));
    }
    let mut read = Vec::new();
    for board_id in &news.boards {
        let (board_id, from) = (*board_id, at.get(board_id).copied().unwrap_or_default());
        read.push((board_id, read_from(ctx, board_id, from).await?));
    }
    // Behind what was read: whoever has gone before it happened is told nothing of it.
    let everybody = news.everything || news.people;
    let asked = hub.viewers(if everybody { None } else { Some(&news.boards) });
    if !asked.is_empty() {
        let (viewers, now) = (asked.clone(), ctx.clock.now());
        let allowed = ctx.db.read_primary(move |db| look::allowed(db, &viewers, now)).await?;
        hub.close_others(&asked, &allowed);
    }
    for (board_id, events) in read {
        hub.tell(board_id, events);
    }
    Ok(())
}

/// What has happened on a board behind `from`: as much as is kept, and the last of it when there is more.
async fn read_from(ctx: &Ctx, board_id: i64, from: i64) -> Result<Vec<Told>, Error> {
    let (mut from, mut all) = (from, VecDeque::new());
    loop {
        let page = ctx.db.read_primary(move |db| boards::activity_since(db, board_id, from, PAGE)).await?;
        let Some(last) = page.last() else { break };
        from = last.seq;
        let more = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        all.extend(page.iter().filter_map(told));
        while all.len() > KEPT {
            all.pop_front();
        }
        if !more {
            break;
        }
    }
    Ok(all.into())
}
