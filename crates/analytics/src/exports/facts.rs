//! Facts of a kind, page by page, in order of when they happened.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use poligon_core::security::identity::{live_sessions, roles_and_permissions};

use super::sheet::{Cell, Rows};
use crate::error::Error;
use crate::facts::Kind;
use crate::metrics::Column;
use crate::schema::analytics_facts as stored;

/// Facts of a page.
const PAGE: i64 = 2_000;

/// The columns of facts.
pub(super) const COLUMNS: &[&str] = &["id", "kind", "at", "user_id", "object_id", "first", "second", "amount"];

/// Which facts are asked for: of a kind, from an instant until before another, in milliseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct Which {
    pub(super) kind: Kind,
    pub(super) from: i64,
    pub(super) to: i64,
    /// With one of these values in each of these columns.
    pub(super) filters: Vec<(Column, Vec<String>)>,
}

/// Who takes facts away, and what it takes to see them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    pub(super) user_id: i64,
    pub(super) session_id: i64,
    pub(super) needed: [&'static str; 2],
}

impl Reader {
    /// Refuses whoever has logged out, was locked or has lost a permission since they have begun.
    pub(super) fn require(self, db: &mut Db, now: Timestamp) -> Result<(), Error> {
        if !live_sessions(db, &[self.session_id], now)?.contains(&self.session_id) {
            return Err(Error::SessionOver);
        }
        let (_, permissions) = roles_and_permissions(db, self.user_id)?;
        let lacking = self.needed.into_iter().find(|needed| !permissions.contains(*needed));
        lacking.map_or(Ok(()), |needed| Err(Error::MetricForbidden(needed)))
    }
}

/// Behind which fact a page begins: when it happened, and its id.
pub(super) type Place = (i64, i64);

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = stored)]
struct Row {
    id: i64,
    at: i64,
    user_id: Option<i64>,
    object_id: Option<i64>,
    first: String,
    second: String,
    amount: i64,
}

/// The next page, and where the one behind it begins; nothing, when there is none.
pub(super) fn page(db: &mut Db, which: &Which, behind: Option<Place>) -> Result<Option<(Rows, Place)>, Error> {
    let (at, id) = behind.unwrap_or((which.from, 0));
    let rows: Vec<Row> = on_each!(db, c => {
        let mut query = stored::table.filter(stored::kind.eq(which.kind.name())).into_boxed();
        query = query.filter(stored::at.ge(at)).filter(stored::at.lt(which.to));
        query = query.filter(stored::at.gt(at).or(stored::id.gt(id)));
        for (column, values) in &which.filters {
            query = match column {
                Column::First => query.filter(stored::first.eq_any(values)),
                Column::Second => query.filter(stored::second.eq_any(values)),
            };
        }
        query.order((stored::at, stored::id)).limit(PAGE).select(Row::as_select()).load(c)
    })?;
    let Some(last) = rows.last().map(|row| (row.at, row.id)) else { return Ok(None) };
    let cells = |row: Row| {
        let at = Timestamp::from_millis(row.at).map_or(Cell::Empty, Cell::At);
        let (kind, amount) = (Cell::Text(which.kind.name().to_owned()), Cell::Whole(row.amount));
        let (user_id, object_id) = (Cell::whole(row.user_id), Cell::whole(row.object_id));
        vec![Cell::Whole(row.id), kind, at, user_id, object_id, Cell::Text(row.first), Cell::Text(row.second), amount]
    };
    Ok(Some((rows.into_iter().map(cells).collect(), last)))
}
