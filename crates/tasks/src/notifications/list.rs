//! Notifications as they are listed: those that somebody may still see, of projects that they are in and of cards that are not
//! in the trash.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp, any_of};
use serde::Serialize;
use utoipa::ToSchema;

use super::kind::Kind;
use crate::cards::key;
use crate::error::Error;
use crate::schema::{boards, cards, projects, task_notifications as notifications};

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TaskNotification)]
pub(crate) struct NotificationResponse {
    /// Its id.
    pub(super) id: i64,
    /// What it is about.
    pub(super) kind: Kind,
    /// Who did it; nobody, when the service tells by itself.
    pub(super) actor: Option<Person>,
    /// The card that it is about.
    pub(super) card: Option<NotifiedCard>,
    /// The board that the card is on.
    board: Option<NotifiedPlace>,
    /// The project.
    pub(super) project: NotifiedPlace,
    /// When it was told.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was read.
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
}

/// The card of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TaskNotificationCard)]
pub(crate) struct NotifiedCard {
    /// Its id.
    id: i64,
    /// Its name for people, such as `QA-12`.
    pub(super) key: String,
    /// What is to be done.
    pub(super) title: String,
}

/// The board or the project of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, ToSchema)]
#[schema(as = TaskNotificationPlace)]
pub(crate) struct NotifiedPlace {
    /// Its id.
    pub(super) id: i64,
    /// Its name.
    pub(super) name: String,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = notifications)]
struct Row {
    id: i64,
    kind: String,
    actor_id: Option<i64>,
    created_at: Timestamp,
    read_at: Option<Timestamp>,
}

/// Which notifications of a person a list holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    pub(super) user_id: i64,
    pub(super) unread: Option<bool>,
    pub(super) kind: Option<Kind>,
}

impl Filter {
    /// All that a person has not read.
    pub(super) fn unread_of(user_id: i64) -> Self {
        Self { user_id, unread: Some(true), kind: None }
    }
}

/// Those that a person may see, listed in the app or not, as an expression.
macro_rules! told_to {
    ($user_id:expr) => {{
        use diesel::prelude::*;
        use $crate::schema::{boards, cards, project_members, projects, task_notifications, team_members};
        let teams = team_members::table.filter(team_members::user_id.eq($user_id)).select(team_members::team_id);
        let own = project_members::table.filter(project_members::user_id.eq($user_id));
        let own = own.select(project_members::project_id);
        let joined = task_notifications::table.inner_join(projects::table);
        joined
            .left_join(boards::table)
            .left_join(cards::table)
            .filter(task_notifications::user_id.eq($user_id))
            .filter(task_notifications::deleted_at.is_null())
            .filter(cards::trashed_at.is_null())
            .filter(projects::team_id.eq_any(teams).or(projects::id.eq_any(own)))
    }};
}
pub(super) use told_to;

/// Those that a person sees, as an expression.
macro_rules! seen_by {
    ($user_id:expr) => {{ $crate::notifications::list::told_to!($user_id).filter($crate::schema::task_notifications::in_app.eq(true)) }};
}
pub(super) use seen_by;

/// Those of a filter, as an expression.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: Filter = $filter;
        let mut query = seen_by!(filter.user_id).into_boxed();
        match filter.unread {
            Some(true) => query = query.filter(notifications::read_at.is_null()),
            Some(false) => query = query.filter(notifications::read_at.is_not_null()),
            None => {}
        }
        if let Some(kind) = filter.kind {
            query = query.filter(notifications::kind.eq(kind.name()));
        }
        query
    }};
}

type Joined = (Row, (NotifiedPlace, String), Option<NotifiedPlace>, Option<(i64, i64, String)>);

/// The columns that a notification is made of, as an expression.
macro_rules! columns {
    () => {
        (
            Row::as_select(),
            ((projects::id, projects::name), projects::key),
            (boards::id, boards::name).nullable(),
            (cards::id, cards::number, cards::title).nullable(),
        )
    };
}

fn shown(db: &mut Db, rows: Vec<Joined>) -> Result<Vec<NotificationResponse>, Error> {
    let actors: BTreeSet<i64> = rows.iter().filter_map(|(row, ..)| row.actor_id).collect();
    let people = find_people(db, &actors.into_iter().collect::<Vec<_>>())?;
    let notification = |(row, (project, project_key), board, card): Joined| {
        let card = card.map(|(id, number, title)| NotifiedCard { id, key: key(&project_key, number), title });
        Some(NotificationResponse {
            id: row.id,
            kind: Kind::of(&row.kind)?,
            actor: row.actor_id.and_then(|id| people.get(&id).cloned()),
            card,
            board,
            project,
            created_at: row.created_at,
            read_at: row.read_at,
        })
    };
    Ok(rows.into_iter().filter_map(notification).collect())
}

/// The notifications of a filter, the newest first: with smaller ids than `behind`.
pub(super) fn list(
    db: &mut Db,
    filter: Filter,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<NotificationResponse>, Error> {
    let page = filtered!(filter).filter(notifications::id.lt(behind.unwrap_or(i64::MAX)));
    let rows: Vec<Joined> = page.order(notifications::id.desc()).limit(most).select(columns!()).load(db)?;
    shown(db, rows)
}

/// How many notifications a filter has.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}

/// Those of these notifications that a person may see and has not read, the oldest first.
pub(super) fn unread_among(db: &mut Db, user_id: i64, ids: &[i64]) -> Result<Vec<NotificationResponse>, Error> {
    let unread = told_to!(user_id).filter(notifications::read_at.is_null()).filter(any_of(db, notifications::id, ids));
    let rows: Vec<Joined> = unread.order(notifications::id).select(columns!()).load(db)?;
    shown(db, rows)
}

/// One notification of a person.
pub(super) fn find(db: &mut Db, id: i64, user_id: i64) -> Result<NotificationResponse, Error> {
    let row: Vec<Joined> = seen_by!(user_id).filter(notifications::id.eq(id)).select(columns!()).load(db)?;
    shown(db, row)?.pop().ok_or(Error::NotFound)
}
