//! Asking for a return, and deciding on it.

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde_json::json;

use super::restock::restock;
use super::view::{ReturnReason, ReturnStatus, Row, find_row};
use crate::error::Error;
use crate::orders::{self, Viewer};
use crate::schema::{order_lines, order_returns, orders as orders_table, return_lines};

/// Days from the delivery in which goods can be sent back.
const RETURNABLE_DAYS: i64 = 30;

/// What is to be sent back.
#[derive(Debug, Clone)]
pub(super) struct NewReturn {
    /// Lines of the order, and pieces of each.
    pub(super) lines: Vec<(i64, i64)>,
    pub(super) reason: ReturnReason,
    pub(super) note: String,
}

/// Asks for a return; answers its id.
pub(super) fn create(
    db: &mut Db,
    order_id: i64,
    new: &NewReturn,
    viewer: Viewer,
    now: Timestamp,
) -> Result<i64, Error> {
    let order = orders::take_changeable(db, order_id, viewer, now)?;
    require_lines(db, order.id, &new.lines)?;
    let delivered: Option<Timestamp> =
        orders_table::table.find(order_id).select(orders_table::delivered_at).get_result(db)?;
    if delivered.is_some_and(|at| now > at + Duration::days(RETURNABLE_DAYS)) {
        return Err(Error::ReturnTooLate);
    }
    for (line_id, quantity) in &new.lines {
        let after = order_lines::return_open + *quantity;
        let free = (after + order_lines::returned).le(order_lines::delivered);
        let row = order_lines::table.find(line_id).filter(free);
        if diesel::update(row).set(order_lines::return_open.eq(after)).execute(db)? == 0 {
            return Err(Error::NothingToReturn(format!(
                "fewer than {quantity} pieces of line {line_id} can be sent back"
            )));
        }
    }
    let id = insert(db, order_id, new, now)?;
    let told = json!({"return_id": id, "reason": new.reason.name()});
    orders::note_event(db, order_id, "return_requested", Some(viewer.user_id), told, now)?;
    Ok(id)
}

/// Every line is one of the order, and named once.
fn require_lines(db: &mut Db, order_id: i64, lines: &[(i64, i64)]) -> Result<(), Error> {
    let of_order = order_lines::table.filter(order_lines::order_id.eq(order_id));
    let known: Vec<i64> = of_order.select(order_lines::id).load(db)?;
    let mut wrong = Vec::new();
    for (n, (line_id, _)) in lines.iter().enumerate() {
        let pointer = format!("/lines/{n}/line_id");
        if !known.contains(line_id) {
            wrong.push(FieldError::new(pointer, "unknown_line", "is not the id of a line of this order"));
        } else if lines[..n].iter().any(|(before, _)| before == line_id) {
            wrong.push(FieldError::new(pointer, "unique", "must not come twice"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

fn insert(db: &mut Db, order_id: i64, new: &NewReturn, now: Timestamp) -> Result<i64, Error> {
    let values = (
        order_returns::order_id.eq(order_id),
        order_returns::status.eq(ReturnStatus::Requested.name()),
        order_returns::reason.eq(new.reason.name()),
        order_returns::note.eq(&new.note),
        order_returns::version.eq(1),
        order_returns::created_at.eq(now),
        order_returns::updated_at.eq(now),
    );
    let id: i64 = on_each!(db, c =>
        diesel::insert_into(order_returns::table).values(values).returning(order_returns::id).get_result(c))?;
    let rows: Vec<_> = new
        .lines
        .iter()
        .map(|(line_id, quantity)| {
            (return_lines::return_id.eq(id), return_lines::line_id.eq(line_id), return_lines::quantity.eq(quantity))
        })
        .collect();
    on_each!(db, c => diesel::insert_into(return_lines::table).values(rows).execute(c))?;
    Ok(id)
}

/// How a return is to be changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision {
    pub(super) to: ReturnStatus,
    /// Whether what came back is put on sale again.
    pub(super) restock: bool,
    /// Whether the staff decides, or the customer.
    pub(super) staff: bool,
}

/// Brings a return into another state; answers the products of which pieces are on sale again.
pub(super) fn decide(
    db: &mut Db,
    id: i64,
    decision: Decision,
    check: &dyn Fn(i64) -> bool,
    viewer: Viewer,
    now: Timestamp,
) -> Result<Vec<i64>, Error> {
    let order_id = find_row(db, id)?.order_id;
    orders::take_changeable(db, order_id, viewer, now)?; // its returns are changed one at a time, too
    let row = find_row(db, id)?;
    if !check(row.version) {
        return Err(Error::Stale);
    }
    let (from, to) = (row.status(), decision.to);
    if !from.next(decision.staff).contains(&to) {
        return Err(Error::RefusedMove("a return", from.name(), to.name()));
    }
    let values = (
        order_returns::status.eq(to.name()),
        order_returns::version.eq(order_returns::version + 1),
        order_returns::updated_at.eq(now),
    );
    diesel::update(order_returns::table.find(id)).set(values).execute(db)?;
    let products = close_lines(db, id, decision, viewer.user_id, now)?;
    let told = json!({"return_id": id, "from": from.name(), "to": to.name()});
    orders::note_event(db, order_id, "return_changed", Some(viewer.user_id), told, now)?;
    Ok(products)
}

/// Pieces of a line of a return: line, product, variant, pieces, and whether they are counted.
type Pieces = (i64, i64, i64, i64, bool);

/// What the new state does to the lines of the order, and to the store.
fn close_lines(db: &mut Db, id: i64, decision: Decision, actor: i64, now: Timestamp) -> Result<Vec<i64>, Error> {
    if decision.to == ReturnStatus::Approved {
        return Ok(Vec::new());
    }
    let lines: Vec<Pieces> = return_lines::table
        .inner_join(order_lines::table)
        .filter(return_lines::return_id.eq(id))
        .select((
            return_lines::line_id,
            order_lines::product_id,
            order_lines::variant_id,
            return_lines::quantity,
            order_lines::tracked,
        ))
        .load(db)?;
    let received = decision.to == ReturnStatus::Received;
    for (line_id, _, _, quantity, _) in &lines {
        let back = if received { *quantity } else { 0 };
        let values = (
            order_lines::return_open.eq(order_lines::return_open - quantity),
            order_lines::returned.eq(order_lines::returned + back),
        );
        diesel::update(order_lines::table.find(line_id)).set(values).execute(db)?;
    }
    if !received || !decision.restock {
        return Ok(Vec::new());
    }
    let pieces: Vec<(i64, i64, i64)> =
        lines.iter().filter(|line| line.4).map(|line| (line.1, line.2, line.3)).collect();
    restock(db, &pieces, &format!("return {id}"), actor, now)
}

/// The returns of an order, the newest first, below the id `behind`.
pub(super) fn of_order(db: &mut Db, order_id: i64, behind: Option<i64>, most: i64) -> Result<Vec<Row>, Error> {
    let of_order = order_returns::table
        .filter(order_returns::order_id.eq(order_id).and(order_returns::id.lt(behind.unwrap_or(i64::MAX))));
    Ok(of_order.order(order_returns::id.desc()).limit(most).select(Row::as_select()).load(db)?)
}

/// How many returns an order has.
pub(super) fn count_of_order(db: &mut Db, order_id: i64) -> Result<i64, Error> {
    Ok(order_returns::table.filter(order_returns::order_id.eq(order_id)).count().get_result(db)?)
}

/// The returns in a state, or all, the newest first, below the id `behind`.
pub(super) fn list(
    db: &mut Db,
    status: Option<ReturnStatus>,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<Row>, Error> {
    let below = order_returns::table.filter(order_returns::id.lt(behind.unwrap_or(i64::MAX))).into_boxed();
    let below = match status {
        Some(status) => below.filter(order_returns::status.eq(status.name())),
        None => below,
    };
    Ok(below.order(order_returns::id.desc()).limit(most).select(Row::as_select()).load(db)?)
}

/// How many returns are in a state, or in all.
pub(super) fn count(db: &mut Db, status: Option<ReturnStatus>) -> Result<i64, Error> {
    match status {
        Some(status) => {
            Ok(order_returns::table.filter(order_returns::status.eq(status.name())).count().get_result(db)?)
        }
        None => Ok(order_returns::table.count().get_result(db)?),
    }
}
