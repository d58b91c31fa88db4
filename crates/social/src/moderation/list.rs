//! Lists of reports: one query on one index.

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::Db;
use serde::{Deserialize, Serialize};

use super::input::{OwnReportParams, ReportParams};
use super::object::ObjectKind;
use super::status::Status;
use super::view::{self, ReportResponse, Row};
use crate::error::Error;
use crate::schema::reports;
use crate::visibility::Viewer;

/// Which reports a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filter {
    reporter_id: Option<i64>,
    subject_id: Option<i64>,
    assignee_id: Option<i64>,
    status: Option<Status>,
    object_kind: Option<ObjectKind>,
}

impl Filter {
    /// Reports of everybody, as `moderator` asks for them.
    pub(super) fn of_all(params: &ReportParams, moderator: i64) -> Self {
        Self {
            reporter_id: None,
            subject_id: params.subject_id.map(|id| id.0),
            assignee_id: params.assignee.map(|assignee| assignee.0.id(moderator)),
            status: params.status,
            object_kind: params.object_kind,
        }
    }

    /// Reports of one person.
    pub(super) fn of_reporter(reporter_id: i64, params: &OwnReportParams) -> Self {
        Self { reporter_id: Some(reporter_id), status: params.status, ..Self::default() }
    }
}

/// An order of a list of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Who waits longest comes first: the queue of the moderators.
    Oldest,
    /// One's own.
    Newest,
}

/// Where a page ended: the order, and the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Oldest first.
    Queue(i64),
    /// Newest first.
    Mine(i64),
}

impl Cursor {
    fn fits(self, order: Order) -> bool {
        matches!((self, order), (Self::Queue(_), Order::Oldest) | (Self::Mine(_), Order::Newest))
    }

    /// The cursor of a page in this order.
    pub(super) fn of(page: &Page, order: Order) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.is_none_or(|cursor| cursor.fits(order)) {
            return Ok(cursor);
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"))
    }

    /// Behind this one.
    pub(super) fn at(report: &ReportResponse, order: Order) -> Self {
        match order {
            Order::Oldest => Self::Queue(report.id),
            Order::Newest => Self::Mine(report.id),
        }
    }
}

/// The reports of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: Filter = $filter;
        let mut query = reports::table.into_boxed();
        if let Some(id) = filter.reporter_id {
            query = query.filter(reports::reporter_id.eq(id));
        }
        if let Some(id) = filter.subject_id {
            query = query.filter(reports::subject_id.eq(id));
        }
        if let Some(id) = filter.assignee_id {
            query = query.filter(reports::assignee_id.eq(id));
        }
        if let Some(status) = filter.status {
            query = query.filter(reports::status.eq(status.name()));
        }
        if let Some(kind) = filter.object_kind {
            query = query.filter(reports::object_kind.eq(kind.name()));
        }
        query
    }};
}

/// The reports of a filter in an order, behind a cursor.
pub(super) fn list(
    db: &mut Db,
    filter: Filter,
    order: Order,
    behind: Option<Cursor>,
    most: i64,
    viewer: Viewer,
) -> Result<Vec<ReportResponse>, Error> {
    let query = filtered!(filter).limit(most);
    let query = match behind {
        None => query,
        Some(Cursor::Queue(id)) => query.filter(reports::id.gt(id)),
        Some(Cursor::Mine(id)) => query.filter(reports::id.lt(id)),
    };
    let query = match order {
        Order::Oldest => query.order(reports::id),
        Order::Newest => query.order(reports::id.desc()),
    };
    let rows: Vec<Row> = query.select(Row::as_select()).load(db)?;
    view::show(db, rows, viewer)
}

/// How many reports a filter has.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}
