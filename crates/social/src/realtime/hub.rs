//! Who is connected to this copy of the gateway, and what they are told: one hub for each application.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use poligon_core::Ctx;
use poligon_core::security::Identity;
use tokio::sync::{mpsc, watch};

use super::log::{Batch, Entry, Place};
use super::pump;

/// Entries that are queued at once. Of more each connection reads the log as fast as its client does, so that a burst
/// closes nobody who is not slow.
const BURST: usize = 50;

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    GoingAway,
    TryAgain,
    TooBig,
    NotText,
    NotUtf8,
    Broken,
    BadFrames,
    BadCursor,
    NotLoggedIn,
    SessionEnded,
    Slow,
    Silent,
    TooMany,
    TooFast,
}

impl Close {
    /// Every reason, for the document.
    pub(super) const ALL: [Self; 14] = [
        Self::GoingAway,
        Self::TryAgain,
        Self::TooBig,
        Self::NotText,
        Self::NotUtf8,
        Self::Broken,
        Self::BadFrames,
        Self::BadCursor,
        Self::NotLoggedIn,
        Self::SessionEnded,
        Self::Slow,
        Self::Silent,
        Self::TooMany,
        Self::TooFast,
    ];

    /// The code of the close frame (RFC 6455, section 7.4; from 4000 on they are the application's own).
    pub(super) fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Broken => 1002,
            Self::NotText => 1003,
            Self::NotUtf8 => 1007,
            Self::TooBig => 1009,
            Self::TryAgain => 1013,
            Self::BadFrames | Self::BadCursor => 4400,
            Self::NotLoggedIn | Self::SessionEnded => 4401,
            Self::Slow | Self::Silent => 4408,
            Self::TooMany => 4409,
            Self::TooFast => 4429,
        }
    }

    /// The reason in words.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "this copy of the service stops: connect again and resume",
            Self::TryAgain => "the service cannot look this up now: connect again in a while",
            Self::TooBig => "a message has at most 65536 bytes, and 64 parts",
            Self::NotText => "messages are text, not binary",
            Self::NotUtf8 => "text is UTF-8",
            Self::Broken => "this is no WebSocket traffic",
            Self::BadFrames => "too many frames that could not be taken",
            Self::BadCursor => "the cursor is none that this person was given: connect without it",
            Self::NotLoggedIn => "no valid access token came in time",
            Self::SessionEnded => "the session has ended",
            Self::Slow => "the client reads too slowly: connect again and resume",
            Self::Silent => "nothing was heard of the client",
            Self::TooMany => "the person has opened more connections since",
            Self::TooFast => "too many frames",
        }
    }
}

/// What a connection is told.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// Its person's part of a log from `before` to `to`: one entry at its end, or none.
    Log { chat_id: i64, before: i64, to: i64, entry: Option<Arc<Entry>> },
    /// More of a log is new than is worth queueing.
    Behind { chat_id: i64 },
    /// A notification has changed.
    Noted,
    /// Their conversations, or whom they see, have changed.
    Refresh,
    /// Somebody writes.
    Typing { chat_id: i64, user_id: i64 },
    /// Somebody comes or goes.
    Presence { user_id: i64, online: bool },
}

/// A connection, as the hub knows it.
pub(super) struct Link {
    pub(super) id: u64,
    pub(super) user_id: i64,
    pub(super) session_id: i64,
    queue: mpsc::Sender<Item>,
    close: watch::Sender<Option<Close>>,
    /// Whether it takes what is new. One that does not looks at everything by itself when it does.
    live: AtomicBool,
    /// Of whom it was told that they are there.
    told: Mutex<BTreeSet<i64>>,
}

impl Link {
    /// Ends the connection; the first reason holds.
    pub(super) fn close(&self, why: Close) {
        self.close.send_if_modified(|reason| {
            let first = reason.is_none();
            reason.get_or_insert(why);
            first
        });
    }

    /// What is new comes from now on, or not.
    pub(super) fn set_live(&self, live: bool) {
        self.live.store(live, Ordering::SeqCst);
    }

    fn push(&self, item: Item) {
        if self.live.load(Ordering::SeqCst)
            && matches!(self.queue.try_send(item), Err(mpsc::error::TrySendError::Full(_)))
        {
            self.close(Close::Slow);
        }
    }

    /// Of whom it was told that they are there.
    pub(super) fn told(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who is connected.
#[derive(Default)]
struct Here {
    links: Vec<Arc<Link>>,
    /// The conversations that they are in.
    chats: BTreeSet<i64>,
    /// The last change of a notification that they were told of.
    notified: i64,
}

/// A conversation of somebody who is connected.
struct Tracked {
    /// Up to where its log was passed on.
    at: i64,
    people: usize,
}

#[derive(Default)]
struct State {
    people: BTreeMap<i64, Here>,
    chats: HashMap<i64, Tracked>,
    /// Whether somebody passes on what is new.
    running: bool,
    /// Whom the last look ended with.
    looked_at: i64,
}

/// The hub of an application.
pub(super) struct Hub {
    state: Mutex<State>,
    next: AtomicU64,
}

/// What a new connection has in hand.
pub(super) struct Joined {
    pub(super) link: Arc<Link>,
    pub(super) queue: mpsc::Receiver<Item>,
    pub(super) closing: watch::Receiver<Option<Close>>,
}

impl Hub {
    /// The hub of this application.
    pub(super) fn of(ctx: &Ctx) -> Arc<Self> {
        ctx.slots.of(|| Self { state: Mutex::default(), next: AtomicU64::new(1) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection of a person, whose oldest is closed when they have too many.
    pub(super) fn join(self: &Arc<Self>, ctx: &Ctx, identity: &Identity) -> Joined {
        let (sender, queue) = mpsc::channel(ctx.config.realtime.queue);
        let (close, closing) = watch::channel(None);
        let link = Arc::new(Link {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            user_id: identity.user_id,
            session_id: identity.session_id,
            queue: sender,
            close,
            live: AtomicBool::new(false),
            told: Mutex::default(),
        });
        let mut state = self.state();
        let links = &mut state.people.entry(link.user_id).or_default().links;
        links.push(Arc::clone(&link));
        let over = links.len().saturating_sub(ctx.config.realtime.max_per_person);
        links.iter().take(over).for_each(|oldest| oldest.close(Close::TooMany));
        if !std::mem::replace(&mut state.running, true) {
            // Listens from before anybody is told that they are connected.
            let bus = std::array::from_fn(|_| ctx.bus.subscribe());
            tokio::spawn(pump::run(ctx.clone(), Arc::clone(self), bus));
        }
        Joined { link, queue, closing }
    }

    /// Removes a connection; answers whether it was its person's last one here.
    pub(super) fn leave(&self, link: &Link) -> bool {
        let mut state = self.state();
        let Some(here) = state.people.get_mut(&link.user_id) else { return false };
        here.links.retain(|known| known.id != link.id);
        if !here.links.is_empty() {
            return false;
        }
        let chats = state.people.remove(&link.user_id).map(|here| here.chats).unwrap_or_default();
        for chat_id in chats {
            state.release(chat_id);
        }
        true
    }

    /// Ends the passing on when nobody is connected; answers whether it ends.
    pub(super) fn rest(&self) -> bool {
        let mut state = self.state();
        state.running = !state.people.is_empty();
        !state.running
    }

    /// The passing on has ended in any way: the next connection begins it again.
    pub(super) fn stopped(&self) {
        self.state().running = false;
    }

    /// Whether a person is connected here.
    pub(super) fn is_here(&self, user_id: i64) -> bool {
        self.state().people.contains_key(&user_id)
    }

    /// Everybody who is connected here.
    pub(super) fn people(&self) -> Vec<i64> {
        self.state().people.keys().copied().collect()
    }

    /// Notes which conversations a person is in, as one of their connections has found. Their other connections look for
    /// themselves when it is more than was known.
    pub(super) fn track(&self, link: &Link, places: &[Place], notified: i64) {
        let mut state = self.state();
        let now: BTreeSet<i64> = places.iter().filter(|place| place.present).map(|place| place.chat_id).collect();
        let Some(here) = state.people.get_mut(&link.user_id) else { return };
        here.notified = here.notified.max(notified);
        let before = std::mem::replace(&mut here.chats, now.clone());
        if !now.is_subset(&before) {
            here.links.iter().filter(|other| other.id != link.id).for_each(|other| other.push(Item::Refresh));
        }
        for place in places.iter().filter(|place| place.present && !before.contains(&place.chat_id)) {
            state.chats.entry(place.chat_id).or_insert(Tracked { at: place.end, people: 0 }).people += 1;
        }
        before.difference(&now).for_each(|chat_id| state.release(*chat_id));
    }

    /// Up to where the log of a conversation was passed on; `None` when nobody here is in it.
    pub(super) fn position(&self, chat_id: i64) -> Option<i64> {
        self.state().chats.get(&chat_id).map(|chat| chat.at)
    }

    /// Passes a part of a log on to everybody here whom it is for.
    pub(super) fn pass_on(&self, batch: &Batch) {
        let mut state = self.state();
        for member in &batch.members {
            let Some(here) = state.people.get(&member.user_id) else { continue };
            if batch.entries.len() > BURST {
                here.tell(Item::Behind { chat_id: batch.chat_id });
                continue;
            }
            let mut before = batch.from;
            for entry in batch.seen_by(*member) {
                let (chat_id, to) = (batch.chat_id, entry.seq);
                here.tell(Item::Log { chat_id, before, to, entry: Some(Arc::clone(entry)) });
                before = to;
            }
            // What is not for them counts as told, or the next entry would look as if one were missing.
            let to = member.until.map_or(batch.to, |until| until.min(batch.to));
            if before < to {
                here.tell(Item::Log { chat_id: batch.chat_id, before, to, entry: None });
            }
        }
        if let Some(chat) = state.chats.get_mut(&batch.chat_id) {
            chat.at = chat.at.max(batch.to);
        }
    }

    /// Tells the connections of a person.
    pub(super) fn tell(&self, user_id: i64, item: Item) {
        if let Some(here) = self.state().people.get(&user_id) {
            here.tell(item);
        }
    }

    /// Tells everybody to whom somebody seemed to be there that they are not.
    pub(super) fn tell_gone(&self, user_id: i64) {
        let state = self.state();
        let links = state.people.values().flat_map(|here| &here.links);
        let told = links.filter(|link| link.told().contains(&user_id));
        told.for_each(|link| link.push(Item::Presence { user_id, online: false }));
    }

    /// Everybody of whom somebody here was told that they are there.
    pub(super) fn seen_elsewhere(&self) -> BTreeSet<i64> {
        let state = self.state();
        let links = state.people.values().flat_map(|here| &here.links);
        let told: BTreeSet<i64> = links.flat_map(|link| link.told().clone()).collect();
        told.into_iter().filter(|user_id| !state.people.contains_key(user_id)).collect()
    }

    /// The sessions of all connections.
    pub(super) fn sessions(&self) -> BTreeSet<i64> {
        self.state().people.values().flat_map(|here| &here.links).map(|link| link.session_id).collect()
    }

    /// Ends the connections of these sessions.
    pub(super) fn end(&self, sessions: &BTreeSet<i64>) {
        let state = self.state();
        let links = state.people.values().flat_map(|here| &here.links);
        links.filter(|link| sessions.contains(&link.session_id)).for_each(|link| link.close(Close::SessionEnded));
    }

    /// The next people to look at, so many that they have at most about `most` conversations together; after the last
    /// come the first again.
    pub(super) fn next_to_look_at(&self, most: usize) -> Vec<i64> {
        let mut state = self.state();
        let (mut chosen, mut weight) = (Vec::new(), 0);
        let after = (std::ops::Bound::Excluded(state.looked_at), std::ops::Bound::Unbounded);
        for (user_id, here) in state.people.range(after) {
            if weight >= most {
                break;
            }
            weight += 1 + here.chats.len();
            chosen.push(*user_id);
        }
        state.looked_at = if weight >= most { chosen.last().copied().unwrap_or(0) } else { 0 };
        chosen
    }

    /// What a look has found: people whose conversations are others than was known look for themselves, and the answer is
    /// whose logs have to be read.
    pub(super) fn compare(&self, people: &[i64], places: &[(i64, i64, i64)], notified: &[(i64, i64)]) -> BTreeSet<i64> {
        let mut state = self.state();
        let mut found: BTreeMap<i64, BTreeSet<i64>> =
            people.iter().map(|user_id| (*user_id, BTreeSet::new())).collect();
        let mut behind = BTreeSet::new();
        for (user_id, chat_id, last) in places {
            found.entry(*user_id).or_default().insert(*chat_id);
            if state.chats.get(chat_id).is_some_and(|chat| chat.at < *last) {
                behind.insert(*chat_id);
            }
        }
        for (user_id, chats) in found {
            if let Some(here) = state.people.get(&user_id).filter(|here| here.chats != chats) {
                here.tell(Item::Refresh);
            }
        }
        for (user_id, seq) in notified {
            if let Some(here) = state.people.get_mut(user_id).filter(|here| here.notified < *seq) {
                here.notified = *seq;
                here.tell(Item::Noted);
            }
        }
        behind
    }
}

impl Here {
    fn tell(&self, item: Item) {
        let Some((last, others)) = self.links.split_last() else { return };
        for link in others {
            link.push(item.clone());
        }
        last.push(item);
    }
}

impl State {
    /// One person less is in a conversation.
    fn release(&mut self, chat_id: i64) {
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.people = chat.people.saturating_sub(1);
            if chat.people == 0 {
                self.chats.remove(&chat_id);
            }
        }
    }
}
