//! Lists of notifications.

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::keyset::before;
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::view::{self, NotificationResponse, Row, is_shown};
use crate::error::Error;
use crate::schema::notifications;

/// Which notifications of a person a list holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    pub(super) user_id: i64,
    pub(super) unread: Option<bool>,
    pub(super) kind: Option<Kind>,
}

/// Where a page ended: the newest change comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// When the last one was changed, and its id.
    Changed(Timestamp, i64),
}

impl Cursor {
    /// The cursor of a page.
    pub(super) fn of(page: &Page) -> Result<Option<Self>, Problem> {
        page.after()
    }

    /// Behind this one.
    pub(super) fn at(notification: &NotificationResponse) -> Self {
        Self::Changed(notification.updated_at, notification.id)
    }
}

/// The notifications of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: Filter = $filter;
        let mut query = notifications::table
            .filter(notifications::user_id.eq(filter.user_id))
            .filter(notifications::deleted_at.is_null())
            .filter(is_shown())
            .into_boxed();
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

/// The notifications of a filter behind a cursor, the newest change first.
pub(super) fn list(
    db: &mut Db,
    filter: Filter,
    behind: Option<Cursor>,
    most: i64,
) -> Result<Vec<NotificationResponse>, Error> {
    let mut query = filtered!(filter);
    if let Some(Cursor::Changed(at, id)) = behind {
        query = query.filter(before((notifications::updated_at, notifications::id), at, id));
    }
    let query = query.order((notifications::updated_at.desc(), notifications::id.desc())).limit(most);
    let rows: Vec<Row> = query.select(Row::as_select()).load(db)?;
    view::show(db, filter.user_id, rows)
}

/// How many notifications a filter has.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}
