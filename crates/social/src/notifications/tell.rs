//! Writing what a person is told.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use serde_json::Value;

use super::gate;
use super::kind::Kind;
use super::numbers;
use crate::error::Error;
use crate::schema::notifications;

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Nowhere,
    Post(i64),
    Comment {
        post_id: i64,
        comment_id: i64,
    },
    Chat {
        chat_id: i64,
        /// The message that it happened to.
        message_id: Option<i64>,
    },
}

impl Place {
    /// The ids of post, comment and chat, as they are stored.
    fn ids(self) -> (Option<i64>, Option<i64>, Option<i64>) {
        match self {
            Self::Nowhere => (None, None, None),
            Self::Post(id) => (Some(id), None, None),
            Self::Comment { post_id, comment_id } => (Some(post_id), Some(comment_id), None),
            Self::Chat { chat_id, .. } => (None, None, Some(chat_id)),
        }
    }
}

/// What becomes of a notification when the same happens again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing: it is told once.
    Nothing,
    /// It is new again.
    New,
    /// It is new again when it is somebody else than the last time.
    NewOfOthers,
}

/// What a person is to be told.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// Whom.
    pub(super) user_id: i64,
    /// What it is to them; the first that they want is taken.
    pub(super) kinds: Vec<Kind>,
    /// What it belongs together with.
    pub(super) group_key: String,
    /// Who did it; nobody is named of moderators.
    pub(super) actor_id: Option<i64>,
    pub(super) place: Place,
    pub(super) payload: Value,
    pub(super) again: Again,
}

/// What is known of the notification that is there already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    pub(super) actor_id: Option<i64>,
    pub(super) event_id: i64,
    pub(super) is_deleted: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    /// It says something else.
    Shown,
    /// It is new again.
    Renewed,
}

impl Before {
    /// What becomes of it by an event that somebody has caused.
    pub(super) fn change(self, event_id: i64, actor_id: Option<i64>, again: Again) -> Change {
        if self.event_id >= event_id || again == Again::Nothing {
            Change::Nothing
        } else if again == Again::NewOfOthers && self.actor_id == actor_id && !self.is_deleted {
            Change::Shown
        } else {
            Change::Renewed
        }
    }
}

/// Tells people of an event; answers whose notifications have changed. Profiles are locked in order of id.
pub(super) fn tell(db: &mut Db, mut told: Vec<Told>, event_id: i64, now: Timestamp) -> Result<Vec<i64>, Error> {
    told.sort_by_key(|told| told.user_id);
    let mut changed = Vec::new();
    for one in told {
        if one.actor_id == Some(one.user_id) {
            continue; // nobody is told of what they did themselves
        }
        // The number first: it holds the profile, so what the gate looks at stands until this is written. A number that
        // is not used does no harm.
        let seq = numbers::next(db, one.user_id)?;
        if let Some(kind) = gate::admit(db, &one, now)?
            && write(db, &one, kind, (event_id, seq), now)?
        {
            changed.push(one.user_id);
        }
    }
    changed.dedup();
    Ok(changed)
}

/// Writes a notification, or renews the one that is there; `false` when there is nothing to change.
fn write(db: &mut Db, told: &Told, kind: Kind, (event_id, seq): (i64, i64), now: Timestamp) -> Result<bool, Error> {
    let before = notifications::table
        .filter(notifications::user_id.eq(told.user_id))
        .filter(notifications::group_key.eq(&told.group_key))
        .select((notifications::id, notifications::actor_id, notifications::event_id, notifications::deleted_at));
    let Some((id, actor_id, last, deleted_at)) =
        before.first::<(i64, Option<i64>, i64, Option<Timestamp>)>(db).optional()?
    else {
        insert(db, told, kind, event_id, seq, now)?;
        return Ok(true);
    };
    let before = Before { actor_id, event_id: last, is_deleted: deleted_at.is_some() };
    let row = notifications::table.find(id);
    let shown = (
        notifications::payload.eq(Json(told.payload.clone())),
        notifications::event_id.eq(event_id),
        notifications::seq.eq(seq),
    );
    let renewed = (
        notifications::actor_id.eq(told.actor_id),
        notifications::updated_at.eq(now),
        notifications::read_at.eq(None::<Timestamp>),
        notifications::deleted_at.eq(None::<Timestamp>),
    );
    match before.change(event_id, told.actor_id, told.again) {
        Change::Nothing => return Ok(false),
        Change::Shown => diesel::update(row).set(shown).execute(db)?,
        Change::Renewed => diesel::update(row).set((shown, renewed)).execute(db)?,
    };
    if before.is_deleted {
        diesel::update(row).set(notifications::created_at.eq(now)).execute(db)?;
    }
    Ok(true)
}

fn insert(db: &mut Db, told: &Told, kind: Kind, event_id: i64, seq: i64, now: Timestamp) -> Result<(), Error> {
    let (post_id, comment_id, chat_id) = told.place.ids();
    let values = (
        notifications::user_id.eq(told.user_id),
        notifications::kind.eq(kind.name()),
        notifications::group_key.eq(&told.group_key),
        notifications::actor_id.eq(told.actor_id),
        (notifications::post_id.eq(post_id), notifications::comment_id.eq(comment_id)),
        notifications::chat_id.eq(chat_id),
        notifications::payload.eq(Json(told.payload.clone())),
        notifications::event_id.eq(event_id),
        notifications::seq.eq(seq),
        notifications::created_at.eq(now),
        notifications::updated_at.eq(now),
    );
    diesel::insert_into(notifications::table).values(values).execute(db)?;
    Ok(())
}
