//! Reading the logs of conversations: for everybody who is connected at once, or for one person who has missed something.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp, any_of};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::frames::{FrameKind, ReadData};
use crate::error::Error;
use crate::schema::{chat_events, chat_members, chats, messages, social_profiles, social_ties};

/// Events that are read at once; more than the hub queues, so that a log of several pages is read by each connection.
const PAGE: i64 = 100;

/// Something that stands in the log of a conversation.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: FrameKind,
    pub(super) seq: i64,
    /// Who did it, and who wrote the message that it is about.
    people: [i64; 2],
    /// The place of that message.
    number: Option<i64>,
    pub(super) data: Box<RawValue>,
}

/// Somebody who is or was in a conversation, and which part of its log and of its messages is for them.
#[derive(Debug, Clone, Copy, Queryable)]
pub(super) struct Member {
    pub(super) user_id: i64,
    pub(super) from: i64,
    pub(super) until: Option<i64>,
    from_number: i64,
    until_number: Option<i64>,
}

impl Member {
    /// Whether an entry is of their time, and about nothing else: what happens later to a message that was written before
    /// they came would tell them what it said.
    fn is_for(&self, entry: &Entry) -> bool {
        let inside = |at: i64, from: i64, until: Option<i64>| at > from && until.is_none_or(|until| at <= until);
        inside(entry.seq, self.from, self.until)
            && entry.number.is_none_or(|number| inside(number, self.from_number, self.until_number))
    }
}

/// The columns of a [`Member`].
type MemberColumns = (
    chat_members::user_id,
    chat_members::from_seq,
    chat_members::until_seq,
    chat_members::from_number,
    chat_members::until_number,
);
const MEMBER: MemberColumns = (
    chat_members::user_id,
    chat_members::from_seq,
    chat_members::until_seq,
    chat_members::from_number,
    chat_members::until_number,
);

/// A part of a log: what stands behind `from`, up to `to`.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) chat_id: i64,
    pub(super) from: i64,
    pub(super) to: i64,
    /// Whether the log goes on.
    pub(super) more: bool,
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) members: Vec<Member>,
    /// Those of `entries` who are hidden, and from whom.
    cuts: BTreeSet<(i64, i64)>,
}

impl Batch {
    /// What of it is for a member.
    pub(super) fn seen_by(&self, member: Member) -> impl Iterator<Item = &Arc<Entry>> {
        let hidden = move |entry: &Entry| entry.people.iter().any(|who| self.cuts.contains(&(*who, member.user_id)));
        self.entries.iter().filter(move |entry| member.is_for(entry) && !hidden(entry))
    }
}

/// The part of a log behind `from`, with everybody whom it is for; `None` when there is no such conversation.
///
/// The end comes first: events are numbered in the order of their commits, so that everything up to it can be read now.
/// Members and blocks come after the events, and so are at least as new as those.
pub(super) fn read(db: &mut Db, chat_id: i64, from: i64) -> Result<Option<Batch>, Error> {
    let Some(end) = end_of(db, chat_id)? else { return Ok(None) };
    let mut batch = read_up_to(db, chat_id, from, end)?;
    let here = chat_members::table.filter(chat_members::chat_id.eq(chat_id));
    let present = chat_members::until_seq.is_null().or(chat_members::until_seq.gt(from));
    batch.members = here.filter(present).select(MEMBER).load(db)?;
    batch.cuts = cuts(db, &batch.entries)?;
    Ok(Some(batch))
}

/// The same for one person, from where they are; from where they came in when that is not known. `None` when they never
/// were in it. Who they are there is asked again after the events: somebody may have gone in between.
pub(super) fn read_missed(db: &mut Db, chat_id: i64, user_id: i64, at: Option<i64>) -> Result<Option<Batch>, Error> {
    let Some(before) = member(db, chat_id, user_id)? else { return Ok(None) };
    let Some(end) = end_of(db, chat_id)? else { return Ok(None) };
    let (from, end) =
        (at.map_or(before.from, |at| at.max(before.from)), before.until.map_or(end, |until| until.min(end)));
    let mut batch = read_up_to(db, chat_id, from, end)?;
    batch.members = member(db, chat_id, user_id)?.into_iter().collect();
    batch.cuts = cuts(db, &batch.entries)?;
    Ok(Some(batch))
}

fn member(db: &mut Db, chat_id: i64, user_id: i64) -> Result<Option<Member>, Error> {
    Ok(chat_members::table.find((chat_id, user_id)).select(MEMBER).first(db).optional()?)
}

fn end_of(db: &mut Db, chat_id: i64) -> Result<Option<i64>, Error> {
    Ok(chats::table.find(chat_id).select(chats::last_seq).first(db).optional()?)
}

type EventRow = (i64, String, i64, Option<i64>, Option<i64>, Json<Value>);

fn read_up_to(db: &mut Db, chat_id: i64, from: i64, end: i64) -> Result<Batch, Error> {
    let none =
        || Batch { chat_id, from, to: from, more: false, entries: vec![], members: vec![], cuts: BTreeSet::new() };
    if end <= from {
        return Ok(none());
    }
    let events = chat_events::table.filter(chat_events::chat_id.eq(chat_id));
    let rows: Vec<EventRow> = events
        .left_join(messages::table.on(messages::id.nullable().eq(chat_events::message_id)))
        .filter(chat_events::seq.gt(from).and(chat_events::seq.le(end)))
        .order(chat_events::seq)
        .limit(PAGE)
        .select((
            chat_events::seq,
            chat_events::kind,
            chat_events::actor_id,
            messages::author_id.nullable(),
            messages::number.nullable(),
            chat_events::payload,
        ))
        .load(db)?;
    let full = i64::try_from(rows.len()).is_ok_and(|read| read >= PAGE);
    let to = rows.last().filter(|_| full).map_or(end, |(seq, ..)| *seq);
    let mut entries: Vec<Entry> = rows.into_iter().filter_map(event).collect();
    entries.extend(markers(db, chat_id, from, to)?);
    entries.sort_by_key(|entry| entry.seq);
    let entries = entries.into_iter().map(Arc::new).collect();
    Ok(Batch { to, more: to < end, entries, ..none() })
}

fn event((seq, kind, actor_id, author_id, number, Json(payload)): EventRow) -> Option<Entry> {
    let kind = FrameKind::of_event(&kind)?;
    let people = [actor_id, author_id.unwrap_or(actor_id)];
    Some(Entry { kind, seq, people, number, data: to_raw_value(&payload).ok()? })
}

/// How far members have read, of those who told so in this part of the log. Whoever comes in has read everything before,
/// and has told nothing.
fn markers(db: &mut Db, chat_id: i64, from: i64, to: i64) -> Result<Vec<Entry>, Error> {
    let here = chat_members::table.filter(chat_members::chat_id.eq(chat_id));
    let rows: Vec<(i64, i64, i64)> = here
        .filter(chat_members::read_seq.gt(from).and(chat_members::read_seq.le(to)))
        .filter(chat_members::read_seq.gt(chat_members::from_seq))
        .select((chat_members::user_id, chat_members::read_number, chat_members::read_seq))
        .load(db)?;
    let marker = |(user_id, number, seq): (i64, i64, i64)| {
        let data = to_raw_value(&ReadData { user_id, number }).ok()?;
        Some(Entry { kind: FrameKind::Read, seq, people: [user_id; 2], number: None, data })
    };
    Ok(rows.into_iter().filter_map(marker).collect())
}

/// Who of these is hidden, and from whom.
fn cuts(db: &mut Db, entries: &[Arc<Entry>]) -> Result<BTreeSet<(i64, i64)>, Error> {
    let people: BTreeSet<i64> = entries.iter().flat_map(|entry| entry.people).collect();
    if people.is_empty() {
        return Ok(BTreeSet::new());
    }
    let of_them = any_of(db, social_ties::user_id, &people.into_iter().collect::<Vec<_>>());
    let rows: Vec<(i64, i64)> = social_ties::table
        .filter(of_them)
        .filter(social_ties::cut)
        .select((social_ties::user_id, social_ties::other_id))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// A conversation of a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) chat_id: i64,
    /// Whether they are in it.
    pub(super) present: bool,
    /// When they came into it, in milliseconds since 1970.
    pub(super) joined: i64,
    /// Where its log begins for them, and where it ends at present.
    pub(super) from: i64,
    pub(super) end: i64,
}

/// Every conversation that a person is or was in, and the last change of a notification.
pub(super) fn places_of(db: &mut Db, user_id: i64) -> Result<(Vec<Place>, i64), Error> {
    let own = chat_members::table.inner_join(chats::table.on(chats::id.eq(chat_members::chat_id)));
    let (from, until) = (chat_members::from_seq, chat_members::until_seq);
    let rows: Vec<(i64, i64, Option<i64>, Timestamp, i64)> = own
        .filter(chat_members::user_id.eq(user_id))
        .select((chat_members::chat_id, from, until, chat_members::joined_at, chats::last_seq))
        .load(db)?;
    let place = |(chat_id, from, until, joined, last): (i64, i64, Option<i64>, Timestamp, i64)| {
        let end = until.map_or(last, |until| until.min(last));
        Place { chat_id, present: until.is_none(), joined: joined.millis(), from, end }
    };
    let profile = social_profiles::table.find(user_id).select(social_profiles::notification_seq);
    let notified = profile.first::<i64>(db).optional()?.unwrap_or(0);
    Ok((rows.into_iter().map(place).collect(), notified))
}

/// What a look at everything finds, for these people: where they are now with how far that is, and their last
/// notifications.
pub(super) struct Look {
    /// Person, conversation, its last event.
    pub(super) places: Vec<(i64, i64, i64)>,
    /// Person, the last change of a notification.
    pub(super) notified: Vec<(i64, i64)>,
}

/// Looks at everything at once.
pub(super) fn look(db: &mut Db, people: &[i64]) -> Result<Look, Error> {
    let ours = any_of(db, chat_members::user_id, people);
    let places = chat_members::table
        .inner_join(chats::table.on(chats::id.eq(chat_members::chat_id)))
        .filter(ours)
        .filter(chat_members::until_seq.is_null())
        .select((chat_members::user_id, chat_members::chat_id, chats::last_seq))
        .load(db)?;
    let ours = any_of(db, social_profiles::user_id, people);
    let columns = (social_profiles::user_id, social_profiles::notification_seq);
    let notified = social_profiles::table.filter(ours).select(columns).load(db)?;
    Ok(Look { places, notified })
}
