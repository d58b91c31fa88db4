//! Writing what people are told.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use super::kind::Kind;
use super::preferences;
use crate::error::Error;
use crate::projects::{self, ProjectRow};
use crate::schema::task_notifications as notifications;

/// Rows that are written by one statement: SQLite takes 32,766 values in one.
const AT_ONCE: usize = 1_000;

/// What somebody is to be told.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// Whom.
    pub(super) user_id: i64,
    pub(super) kind: Kind,
    /// As what they are told of it who do not want to hear of its kind.
    pub(super) instead: Option<Kind>,
    /// Who did it; nobody for what the service tells by itself.
    pub(super) actor_id: Option<i64>,
    /// The board and the card that it is about; none of what is about a whole project.
    pub(super) place: Option<(i64, i64)>,
    /// What it tells of: the same is told once.
    pub(super) key: String,
}

/// Tells people of a project: those of them who are in it now, who did not do it themselves, and who want to be told. What
/// they were told already is not told again.
pub(super) fn tell(db: &mut Db, project: &ProjectRow, told: Vec<Told>, now: Timestamp) -> Result<(), Error> {
    let told: Vec<Told> = told.into_iter().filter(|one| one.actor_id != Some(one.user_id)).collect();
    let ids: BTreeSet<i64> = told.iter().map(|one| one.user_id).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let members = projects::hold(db, project, &ids)?;
    let wanted = preferences::wanted(db, &ids)?;
    let rows = told.into_iter().filter(|one| members.contains(&one.user_id)).filter_map(|one| {
        let channels = |kind: &Kind| wanted.get(&(one.user_id, *kind)).copied().unwrap_or_default();
        let is_wanted = |kind: &Kind| channels(kind).in_app || channels(kind).mail;
        let kind = [Some(one.kind), one.instead].into_iter().flatten().find(is_wanted);
        kind.map(|kind| {
            let channels = channels(&kind);
            (
                (notifications::user_id.eq(one.user_id), notifications::kind.eq(kind.name())),
                notifications::actor_id.eq(one.actor_id),
                notifications::project_id.eq(project.id),
                notifications::board_id.eq(one.place.map(|(board_id, _)| board_id)),
                notifications::card_id.eq(one.place.map(|(_, card_id)| card_id)),
                notifications::key.eq(one.key),
                (notifications::in_app.eq(channels.in_app), notifications::by_mail.eq(channels.mail)),
                notifications::created_at.eq(now),
            )
        })
    });
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        let part: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
        on_each!(db, c => {
            diesel::insert_into(notifications::table).values(part).on_conflict_do_nothing().execute(c)
        })?;
    }
    Ok(())
}
