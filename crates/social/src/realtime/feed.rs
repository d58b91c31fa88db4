//! Everything that one connection is told, in order and once: what it has missed, and what is new. Sockets and event
//! streams send what comes out.
//!
//! Of each conversation the feed knows up to where it has told; an entry is told when it stands directly behind that, one
//! that was told is left out, and before one that does not follow the log is read. So nothing depends on how
//! entries come in.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use poligon_common::Problem;
use poligon_core::Ctx;
use poligon_core::random;
use poligon_core::security::Identity;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::cursor::{self, Cursor};
use super::frames::{Frame, FrameKind, PresenceData, PresenceStatus, ReadyData, ResumedData, TypingData};
use super::hub::{Close, Hub, Item, Joined, Link};
use super::log::{self, Entry, Member, Place};
use super::presence;
use crate::error::{Error, RESUME_TOO_LATE};
use crate::notifications;

/// Notifications that are read at once.
const NOTES: i64 = 100;
/// The pause before what could not be read is read again.
const PAUSE: Duration = Duration::from_millis(500);

/// Something that has to be read before anything new is told.
#[derive(Debug, Clone)]
enum Todo {
    /// Goes back to a cursor.
    Rewind(Arc<Cursor>),
    /// Takes what is new from now on.
    Live,
    /// Looks what was missed, in every conversation.
    All,
    /// Reads the log of a conversation.
    Chat(i64),
    /// Reads notifications.
    Notes,
    /// Looks who is there.
    Presence,
    /// Says that everything has been told.
    Resumed,
}

/// What a frame tells.
enum Body {
    Logged(Arc<Entry>),
    Own(Box<RawValue>),
}

/// Something to be told, and how far that is.
enum Out {
    Logged {
        chat_id: i64,
        entry: Arc<Entry>,
    },
    /// Nothing up to there is for this person.
    Passed {
        chat_id: i64,
        to: i64,
    },
    Noted {
        seq: i64,
        data: Box<RawValue>,
    },
    Plain {
        kind: FrameKind,
        chat_id: Option<i64>,
        data: Box<RawValue>,
        /// Whether everything up to here has been told, so that a client may come back to it.
        settled: bool,
    },
}

/// A frame as it is sent.
pub(super) struct Sent {
    pub(super) kind: FrameKind,
    pub(super) cursor: Option<String>,
    pub(super) text: String,
}

/// What one connection is told.
pub(super) struct Feed {
    ctx: Ctx,
    hub: Arc<Hub>,
    link: Arc<Link>,
    queue: mpsc::Receiver<Item>,
    closing: watch::Receiver<Option<Close>>,
    /// Up to where each log was told.
    at: BTreeMap<i64, i64>,
    notified: i64,
    /// When the person last came into a conversation that is in `at`, or was and is over.
    joined: i64,
    n: u64,
    ready: VecDeque<Out>,
    todo: VecDeque<Todo>,
    /// Whether it is clear where the feed begins: at a cursor, or at the present.
    begun: bool,
    /// Frames of logs that were told before everything that was missed was.
    replayed: u64,
    _place: OwnedSemaphorePermit,
}

impl Feed {
    /// A feed that stands at the present, and takes nothing new before [`Feed::go_live`] or [`Feed::resume`].
    pub(super) async fn open(ctx: &Ctx, place: OwnedSemaphorePermit, identity: &Identity) -> Result<Self, Problem> {
        let hub = Hub::of(ctx);
        let Joined { link, queue, closing } = hub.join(ctx, identity);
        let mut feed = Self {
            ctx: ctx.clone(),
            hub,
            link,
            queue,
            closing,
            at: BTreeMap::new(),
            notified: 0,
            joined: 0,
            n: 0,
            ready: VecDeque::new(),
            todo: VecDeque::new(),
            begun: false,
            replayed: 0,
            _place: place,
        };
        let user_id = identity.user_id;
        let (places, notified) = ctx.db.read_primary(move |db| log::places_of(db, user_id)).await?;
        let present = places.iter().filter(|place| place.present);
        feed.at = present.map(|place| (place.chat_id, place.end)).collect();
        (feed.notified, feed.joined) = (notified, last_joined(&places));
        presence::came(ctx, user_id).await;
        Ok(feed)
    }

    /// Why the connection is to end, once it is.
    pub(super) fn closing(&self) -> watch::Receiver<Option<Close>> {
        self.closing.clone()
    }

    /// Says that the connection is there. Before it is clear where the feed begins there is nothing to come back to.
    pub(super) fn say_ready(&mut self) -> Result<(), Problem> {
        let connection_id = random::id().map_err(|error| Problem::internal(&error))?;
        let data = ReadyData { connection_id, user_id: self.link.user_id };
        self.put(FrameKind::Ready, None, &data, self.begun);
        Ok(())
    }

    /// Begins at the present: tells what is new from now on.
    pub(super) fn go_live(&mut self) {
        self.begun = true;
        self.todo.extend([Todo::Live, Todo::All, Todo::Presence]);
    }

    /// The same after [`Self::say_ready`]: now the client is told where it is.
    pub(super) fn stop_waiting(&mut self) {
        self.begun = true;
        self.todo.extend([Todo::Live, Todo::All, Todo::Resumed, Todo::Presence]);
    }

    /// Tells everything behind a cursor, then what is new. Once it has begun anywhere, that would repeat what was told.
    pub(super) fn resume(&mut self, text: &str) -> Result<(), Problem> {
        let own = cursor::read(text).filter(|cursor| cursor.user_id == self.link.user_id);
        let wrong = || Problem::invalid_field("/cursor", "invalid", "is no cursor that this person was given");
        let cursor = Arc::new(own.ok_or_else(wrong)?);
        if std::mem::replace(&mut self.begun, true) {
            return Err(Problem::new(&RESUME_TOO_LATE).detail("this connection is told what is new already"));
        }
        self.todo.extend([Todo::Rewind(cursor), Todo::Live, Todo::All, Todo::Resumed, Todo::Presence]);
        Ok(())
    }

    /// Goes back to a cursor before anything is said: what is said first names it.
    pub(super) async fn begin_at(&mut self, text: &str) -> Result<(), Problem> {
        self.resume(text)?;
        let Some(Todo::Rewind(cursor)) = self.todo.front().cloned() else { return Ok(()) };
        self.rewind(&cursor).await?;
        Ok(())
    }

    /// Tells something that stands in no log.
    pub(super) fn say(&mut self, kind: FrameKind, chat_id: Option<i64>, data: &impl Serialize) {
        self.put(kind, chat_id, data, false);
    }

    fn put(&mut self, kind: FrameKind, chat_id: Option<i64>, data: &impl Serialize, settled: bool) {
        match to_raw_value(data) {
            Ok(data) => self.ready.push_back(Out::Plain { kind, chat_id, data, settled }),
            Err(error) => tracing::error!(%error, "a frame could not be written"),
        }
    }

    /// The same, before everything that waits.
    pub(super) fn say_next(&mut self, kind: FrameKind, data: &impl Serialize) {
        self.say(kind, None, data);
        if let Some(last) = self.ready.pop_back() {
            self.ready.push_front(last);
        }
    }

    /// What is told next; waits until there is something. May be dropped at any time: what was not answered comes again.
    pub(super) async fn next(&mut self) -> Sent {
        loop {
            while let Some(out) = self.ready.pop_front() {
                if let Some(sent) = self.write(out) {
                    return sent;
                }
            }
            if let Some(todo) = self.todo.front().cloned() {
                if let Err(error) = self.work(todo).await {
                    tracing::warn!(%error, "a socket could not be told what is new; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
            match self.queue.recv().await {
                Some(item) => self.take(item),
                None => std::future::pending().await, // the sender is in `link`
            }
        }
    }

    /// Does one thing that is to be done; nothing has changed when it fails or is dropped.
    async fn work(&mut self, todo: Todo) -> Result<(), Error> {
        match todo {
            Todo::Rewind(cursor) => return self.rewind(&cursor).await,
            Todo::Live => self.link.set_live(true),
            Todo::All => return self.look_at_all().await,
            Todo::Chat(chat_id) => return self.read_log(chat_id).await,
            Todo::Notes => return self.read_notes().await,
            Todo::Presence => self.look_who_is_there().await?,
            Todo::Resumed => {
                let frames = self.replayed;
                self.put(FrameKind::Resumed, None, &ResumedData { frames }, true);
            }
        }
        self.todo.pop_front();
        Ok(())
    }

    async fn places(&self) -> Result<(Vec<Place>, i64), Error> {
        let user_id = self.link.user_id;
        self.ctx.db.read_primary(move |db| log::places_of(db, user_id)).await
    }

    async fn rewind(&mut self, cursor: &Cursor) -> Result<(), Error> {
        let (places, notified) = self.places().await?;
        // One that the cursor does not name is new to the client, or was over before.
        let told = |place: &Place| match cursor.chats.get(&place.chat_id) {
            Some(seq) => Some(place.end.min(*seq)),
            None => (place.present || place.joined > cursor.joined).then_some(place.from),
        };
        self.at = places.iter().filter_map(|place| Some((place.chat_id, told(place)?))).collect();
        self.joined = last_joined(&places).max(cursor.joined);
        self.notified = cursor.notified.min(notified);
        self.todo.pop_front();
        self.todo.push_front(Todo::All);
        Ok(())
    }

    async fn look_at_all(&mut self) -> Result<(), Error> {
        let (places, notified) = self.places().await?;
        self.hub.track(&self.link, &places, notified);
        self.todo.pop_front();
        if notified > self.notified {
            self.todo.push_front(Todo::Notes);
        }
        for place in &places {
            let is_over = !place.present && place.joined <= self.joined && !self.at.contains_key(&place.chat_id);
            if is_over {
                continue;
            }
            let at = self.at.entry(place.chat_id).or_insert(place.from);
            if (*at).max(place.from) < place.end {
                self.todo.push_front(Todo::Chat(place.chat_id));
            } else if !place.present {
                self.at.remove(&place.chat_id);
            }
        }
        self.joined = last_joined(&places).max(self.joined);
        Ok(())
    }

    /// Reads a page of a log, and keeps it to be done while there is more.
    async fn read_log(&mut self, chat_id: i64) -> Result<(), Error> {
        let (user_id, at) = (self.link.user_id, self.at.get(&chat_id).copied());
        if at.is_none() {
            self.todo.pop_front();
            return Ok(()); // it is over, and told to its end
        }
        let read = self.ctx.db.read_primary(move |db| log::read_missed(db, chat_id, user_id, at)).await?;
        if !read.as_ref().is_some_and(|batch| batch.more) {
            self.todo.pop_front();
        }
        let Some(batch) = read else { return Ok(()) };
        let seen = batch.members.first().into_iter().flat_map(|member: &Member| batch.seen_by(*member));
        self.ready.extend(seen.map(|entry| Out::Logged { chat_id, entry: Arc::clone(entry) }));
        self.ready.push_back(Out::Passed { chat_id, to: batch.to });
        Ok(())
    }

    async fn read_notes(&mut self) -> Result<(), Error> {
        let (user_id, behind) = (self.link.user_id, self.notified);
        let read = move |db: &mut _| notifications::changed_after(db, user_id, behind, NOTES);
        let changed = self.ctx.db.read_primary(read).await?;
        if i64::try_from(changed.len()).is_ok_and(|read| read < NOTES) {
            self.todo.pop_front();
        }
        for (seq, notification) in changed {
            match to_raw_value(&notification) {
                Ok(data) => self.ready.push_back(Out::Noted { seq, data }),
                Err(error) => tracing::error!(%error, "a notification could not be written"),
            }
        }
        Ok(())
    }

    /// Tells who of the person's circle is there now and was not, and the other way round.
    async fn look_who_is_there(&mut self) -> Result<(), Error> {
        let there = presence::look(&self.ctx, &self.hub, self.link.user_id).await?;
        let told = self.link.told().clone();
        let gone = told.difference(&there).map(|user_id| (*user_id, false));
        let new = there.difference(&told).map(|user_id| (*user_id, true));
        gone.chain(new).for_each(|(user_id, online)| self.say_presence(user_id, online));
        Ok(())
    }

    fn say_presence(&mut self, user_id: i64, online: bool) {
        let changed = if online { self.link.told().insert(user_id) } else { self.link.told().remove(&user_id) };
        if changed {
            let status = if online { PresenceStatus::Online } else { PresenceStatus::Offline };
            self.say(FrameKind::Presence, None, &PresenceData { user_id, status });
        }
    }

    /// Something new: told at once, or read when something before it is missing.
    fn take(&mut self, item: Item) {
        match item {
            Item::Log { chat_id, before, to, entry } => match self.at.get(&chat_id) {
                Some(at) if to <= *at => {}
                Some(at) if before <= *at => self.ready.push_back(match entry {
                    Some(entry) => Out::Logged { chat_id, entry },
                    None => Out::Passed { chat_id, to },
                }),
                Some(_) => self.todo.push_back(Todo::Chat(chat_id)),
                None => self.todo.push_back(Todo::All),
            },
            Item::Behind { chat_id } if self.at.contains_key(&chat_id) => self.todo.push_back(Todo::Chat(chat_id)),
            Item::Behind { .. } => self.todo.push_back(Todo::All),
            Item::Noted => self.todo.push_back(Todo::Notes),
            Item::Refresh => self.todo.extend([Todo::All, Todo::Presence]),
            Item::Typing { chat_id, user_id } => self.say(FrameKind::Typing, Some(chat_id), &TypingData { user_id }),
            Item::Presence { user_id, online } => self.say_presence(user_id, online),
        }
    }

    /// Gives a frame its number and notes how far it goes.
    fn write(&mut self, out: Out) -> Option<Sent> {
        let (kind, chat_id, seq, body, settled) = match out {
            Out::Passed { chat_id, to } => {
                self.advance(chat_id, to);
                return None;
            }
            Out::Logged { chat_id, entry } => {
                self.advance(chat_id, entry.seq);
                (entry.kind, Some(chat_id), Some(entry.seq), Body::Logged(entry), true)
            }
            Out::Noted { seq, data } => {
                self.notified = self.notified.max(seq);
                (FrameKind::Notification, None, Some(seq), Body::Own(data), true)
            }
            Out::Plain { kind, chat_id, data, settled } => (kind, chat_id, None, Body::Own(data), settled),
        };
        self.replayed += u64::from(seq.is_some());
        self.n += 1;
        let cursor = settled.then(|| cursor::write(self.link.user_id, self.notified, self.joined, &self.at));
        let data = match &body {
            Body::Logged(entry) => &entry.data,
            Body::Own(data) => data,
        };
        let frame = Frame { kind, n: self.n, chat_id, seq, cursor: cursor.as_deref(), data };
        let text = serde_json::to_string(&frame)
            .inspect_err(|error| tracing::error!(%error, "a frame could not be written"))
            .ok()?;
        Some(Sent { kind, cursor, text })
    }

    fn advance(&mut self, chat_id: i64, to: i64) {
        let at = self.at.entry(chat_id).or_insert(to);
        *at = to.max(*at);
    }
}

fn last_joined(places: &[Place]) -> i64 {
    places.iter().map(|place| place.joined).max().unwrap_or(0)
}

impl Drop for Feed {
    fn drop(&mut self) {
        let last = self.hub.leave(&self.link);
        // At the end of the process there is no runtime any more, and nobody to be told.
        if let (true, Ok(runtime)) = (last, tokio::runtime::Handle::try_current()) {
            runtime.spawn(presence::left(self.ctx.clone(), Arc::clone(&self.hub), self.link.user_id));
        }
    }
}
