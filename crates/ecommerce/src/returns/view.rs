//! Returns as they are shown: two queries for a page.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::orders::states;
use crate::schema::{order_lines, order_returns, return_lines};

states! {
    /// The state of a return.
    ReturnStatus as ReturnStatus {
        /// The customer has asked for it.
        Requested = "requested",
        /// The goods may be sent back.
        Approved = "approved",
        /// The goods stay where they are.
        Rejected = "rejected",
        /// The goods are back.
        Received = "received",
        /// The customer has thought better of it.
        Cancelled = "cancelled",
    }
}

impl ReturnStatus {
    const FIRST: Self = Self::Requested;

    /// Where a return can go from here: for the staff, or for its customer.
    pub(super) fn next(self, staff: bool) -> &'static [Self] {
        match (self, staff) {
            (Self::Requested, true) => &[Self::Approved, Self::Rejected, Self::Cancelled],
            (Self::Approved, true) => &[Self::Received, Self::Cancelled],
            (Self::Requested | Self::Approved, false) => &[Self::Cancelled],
            _ => &[],
        }
    }
}

/// Why something is sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReturnReason {
    /// It came broken.
    Damaged,
    /// It is something else.
    WrongItem,
    /// It is not what was said of it.
    NotAsDescribed,
    /// It is not wanted any more.
    Unwanted,
    /// Something else.
    Other,
}

impl ReturnReason {
    /// As it is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::WrongItem => "wrong_item",
            Self::NotAsDescribed => "not_as_described",
            Self::Unwanted => "unwanted",
            Self::Other => "other",
        }
    }

    fn of(name: &str) -> Self {
        let all = [Self::Damaged, Self::WrongItem, Self::NotAsDescribed, Self::Unwanted];
        all.into_iter().find(|reason| reason.name() == name).unwrap_or(Self::Other)
    }
}

/// A return.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ReturnResponse {
    /// Its id.
    pub(super) id: i64,
    /// The order that it is of.
    order_id: i64,
    /// Its state.
    status: ReturnStatus,
    /// The states that this caller may bring it to.
    next_statuses: Vec<ReturnStatus>,
    /// Why.
    reason: ReturnReason,
    /// More about it.
    note: String,
    /// What is sent back.
    lines: Vec<ReturnLine>,
    /// What was paid for the goods, without shipping and tax.
    goods_value: Money,
    /// Counts the changes.
    pub(super) version: i64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Pieces of a line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ReturnLine {
    /// The line of the order.
    line_id: i64,
    /// The variant's number in the store.
    sku: String,
    /// The product's name.
    title: String,
    /// Pieces.
    quantity: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = order_returns)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) order_id: i64,
    status: String,
    reason: String,
    note: String,
    pub(super) version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    pub(super) fn status(&self) -> ReturnStatus {
        ReturnStatus::of(&self.status)
    }
}

/// Return, line, SKU, title, pieces; and price, pieces and discount of the whole line.
type LineRow = (i64, i64, String, String, i64, i64, i64, i64);

/// These returns with their lines, in the same order.
pub(super) fn with_lines(db: &mut Db, rows: Vec<Row>, staff: bool) -> Result<Vec<ReturnResponse>, Error> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let found: Vec<LineRow> = return_lines::table
        .inner_join(order_lines::table)
        .filter(return_lines::return_id.eq_any(ids))
        .order((return_lines::return_id, return_lines::line_id))
        .select((
            return_lines::return_id,
            return_lines::line_id,
            order_lines::sku,
            order_lines::title,
            return_lines::quantity,
            order_lines::unit_price,
            order_lines::quantity,
            order_lines::discount,
        ))
        .load(db)?;
    let mut of_return: BTreeMap<i64, Vec<LineRow>> = BTreeMap::new();
    for line in found {
        of_return.entry(line.0).or_default().push(line);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let lines = of_return.remove(&row.id).unwrap_or_default();
            shown(row, lines, staff)
        })
        .collect())
}

fn shown(row: Row, lines: Vec<LineRow>, staff: bool) -> ReturnResponse {
    let status = row.status();
    // The line's discount is shared by its pieces; what does not divide stays with the shop.
    let value = lines.iter().map(|line| (line.5 * line.6 - line.7) * line.4 / line.6).sum();
    ReturnResponse {
        id: row.id,
        order_id: row.order_id,
        status,
        next_statuses: status.next(staff).to_vec(),
        reason: ReturnReason::of(&row.reason),
        note: row.note,
        lines: lines
            .into_iter()
            .map(|line| ReturnLine { line_id: line.1, sku: line.2, title: line.3, quantity: line.4 })
            .collect(),
        goods_value: Money::of(value),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// The row of a return.
pub(super) fn find_row(db: &mut Db, id: i64) -> Result<Row, Error> {
    let row = order_returns::table.find(id).select(Row::as_select()).get_result(db).optional()?;
    row.ok_or(Error::NotFound)
}

/// One return.
pub(super) fn find(db: &mut Db, id: i64, staff: bool) -> Result<ReturnResponse, Error> {
    let row = find_row(db, id)?;
    with_lines(db, vec![row], staff)?.pop().ok_or(Error::NotFound)
}
