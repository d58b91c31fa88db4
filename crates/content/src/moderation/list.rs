//! The queue: lists of cases, each one query on one index.

use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::keyset::before;
use poligon_core::db::{Db, limited};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};

use super::input::{AssigneeFilter, CaseParams, Sort};
use super::row::CaseRow;
use super::view::{CaseResponse, show};
use crate::error::Error;
use crate::schema::{content_case_flags as flags, content_cases as cases, content_reports as reports};

/// Which cases a list holds, and in which order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    params: CaseParams,
    caller: i64,
    sort: Sort,
}

impl Filter {
    /// As `caller` asks for them.
    pub(super) fn of(params: CaseParams, caller: i64) -> Self {
        Self { params, caller, sort: params.sort.unwrap_or(Sort::Oldest) }
    }
}

/// Where a page ended: the order, the value sorted by, and the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Oldest first.
    O(i64),
    /// Newest first.
    N(i64),
    /// By reports.
    R(i64, i64),
}

impl Cursor {
    /// The cursor of a page of this list.
    pub(super) fn of(page: &Page, filter: &Filter) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        let fits = |cursor: Self| {
            matches!(
                (cursor, filter.sort),
                (Self::O(_), Sort::Oldest) | (Self::N(_), Sort::Newest) | (Self::R(..), Sort::Reports)
            )
        };
        if cursor.is_none_or(fits) {
            return Ok(cursor);
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"))
    }

    /// Behind this one.
    pub(super) fn at(case: &CaseResponse, filter: &Filter) -> Self {
        match filter.sort {
            Sort::Oldest => Self::O(case.id),
            Sort::Newest => Self::N(case.id),
            Sort::Reports => Self::R(case.report_count, case.id),
        }
    }
}

/// The cases of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        let (params, caller): (CaseParams, i64) = ($filter.params, $filter.caller);
        let mut query = cases::table.into_boxed();
        if let Some(status) = params.status {
            query = query.filter(cases::status.eq(status.name()));
        }
        if let Some(kind) = params.kind {
            query = query.filter(cases::kind.eq(kind.name()));
        }
        query = match params.assignee {
            None => query,
            Some(AssigneeFilter::Nobody) => query.filter(cases::assignee_id.is_null()),
            Some(AssigneeFilter::Me) => query.filter(cases::assignee_id.eq(caller)),
            Some(AssigneeFilter::Person(id)) => query.filter(cases::assignee_id.eq(id)),
        };
        if let Some(reason) = params.reason {
            let reported = reports::table.filter(reports::case_id.eq(cases::id));
            query = query.filter(exists(reported.filter(reports::reason.eq(reason.name()))));
        }
        if let Some(check) = params.flag {
            let found = flags::table.filter(flags::case_id.eq(cases::id));
            query = query.filter(exists(found.filter(flags::flag.eq(check.name()))));
        }
        query
    }};
}

/// The cases of a filter behind a cursor, as `filter`'s caller sees them.
pub(super) fn list(db: &mut Db, filter: Filter, behind: Option<Cursor>, most: i64) -> Result<Vec<CaseResponse>, Error> {
    let rows: Vec<CaseRow> = on_each!(db, c => {
        let query = filtered!(filter);
        let query = match behind {
            None => query,
            Some(Cursor::O(id)) => query.filter(cases::id.gt(id)),
            Some(Cursor::N(id)) => query.filter(cases::id.lt(id)),
            Some(Cursor::R(count, id)) => query.filter(before((cases::report_count, cases::id), count, id)),
        };
        let query = match filter.sort {
            Sort::Oldest => query.order(cases::id.asc()),
            Sort::Newest => query.order(cases::id.desc()),
            Sort::Reports => query.order((cases::report_count.desc(), cases::id.desc())),
        };
        limited(query.select(CaseRow::as_select()), most).load(c)
    })?;
    show(db, rows, filter.caller)
}

/// How many cases a filter has.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(on_each!(db, c => filtered!(filter).count().get_result(c))?)
}
