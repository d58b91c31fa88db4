//! Messages for those who have gone from their conversation: as they were when they went. What was changed later was not
//! said to them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::schema::{chat_events, chat_members};

/// What a message said when the viewer went; nothing of it when the log does not tell.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Said {
    pub(super) body: String,
    pub(super) html: String,
    pub(super) version: i64,
    pub(super) edited_at: Option<Timestamp>,
}

/// What has changed since the viewer went, by the ids of messages.
#[derive(Debug, Default)]
pub(super) struct Since {
    /// Those that say something else now, with what they said then.
    pub(super) edited: BTreeMap<i64, Said>,
    /// Those to which somebody has reacted in another way.
    pub(super) reacted: BTreeSet<i64>,
}

/// Of these messages those that have changed since the viewer went from their conversations; none where the viewer is in
/// them.
pub(super) fn since_gone(db: &mut Db, ids: &[i64], viewer: i64) -> Result<Since, Error> {
    let mut since = Since::default();
    if ids.is_empty() {
        return Ok(since);
    }
    let own = chat_members::table.on(chat_members::chat_id.eq(chat_events::chat_id));
    let told = chat_events::table
        .inner_join(own)
        .filter(chat_events::message_id.eq_any(ids))
        .filter(chat_members::user_id.eq(viewer))
        .filter(chat_members::until_seq.is_not_null());
    let is_later = chat_events::seq.nullable().gt(chat_members::until_seq);
    let later: Vec<(Option<i64>, String)> = told
        .clone()
        .filter(is_later)
        .filter(chat_events::kind.eq_any(["edit", "reaction"]))
        .select((chat_events::message_id, chat_events::kind))
        .distinct()
        .load(db)?;
    for (id, kind) in later {
        match (id, kind.as_str()) {
            (Some(id), "edit") => drop(since.edited.insert(id, Said::default())),
            (Some(id), _) => drop(since.reacted.insert(id)),
            (None, _) => {}
        }
    }
    if since.edited.is_empty() {
        return Ok(since);
    }
    let before: Vec<(Option<i64>, Json<Value>)> = told
        .filter(chat_events::seq.nullable().le(chat_members::until_seq))
        .filter(chat_events::kind.eq_any(["message", "edit"]))
        .order(chat_events::seq)
        .select((chat_events::message_id, chat_events::payload))
        .load(db)?;
    for (id, Json(payload)) in before {
        let said = id.and_then(|id| since.edited.get_mut(&id)).zip(serde_json::from_value(payload).ok());
        if let Some((place, then)) = said {
            *place = then;
        }
    }
    Ok(since)
}
