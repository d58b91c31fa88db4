//! Writing orders: on PostgreSQL in one statement, which is one round trip; on SQLite, where a statement costs no trip,
//! step by step.

mod at_once;
mod steps;

use poligon_core::db::{Db, dialect};

use self::at_once::{Row, Statement};
use super::Line;
use super::new::NewOrder;
use crate::error::Error;

/// An order as it was written.
pub(super) struct Written {
    pub(super) id: i64,
    /// The ids of its lines, in their order.
    pub(super) line_ids: Vec<i64>,
    /// Whether the last free piece of something went.
    pub(super) sold_out: bool,
}

/// Reserves the pieces of orders that are placed at one instant, and writes them, all or none; or answers the lines whose
/// pieces could not be reserved, and then the transaction is to be rolled back.
pub(super) fn write(db: &mut Db, orders: &[NewOrder<'_>]) -> Result<Result<Vec<Written>, Vec<Line>>, Error> {
    let Some(statement) = Statement::of(orders) else { return Ok(Ok(Vec::new())) };
    if let Some(rows) = dialect::at_once(db, || statement) {
        return Ok(written(&rows?, orders));
    }
    let mut all = Vec::with_capacity(orders.len());
    for order in orders {
        match steps::write(db, order)? {
            Ok(one) => all.push(one),
            Err(short) => return Ok(Err(short)),
        }
    }
    Ok(Ok(all))
}

/// What the rows of the one statement say: one for each line, in order.
fn written(rows: &[Row], orders: &[NewOrder<'_>]) -> Result<Vec<Written>, Vec<Line>> {
    let lines = orders.iter().flat_map(|order| order.lines);
    let taken = |(row, line): &(&Row, &Line)| line.good.tracked && row.2.is_none();
    let short: Vec<Line> = rows.iter().zip(lines).filter(taken).map(|(_, line)| line.clone()).collect();
    let mut rest = rows;
    let mut all = Vec::with_capacity(orders.len());
    for order in orders {
        let (own, others) = rest.split_at(order.lines.len().min(rest.len()));
        let line_ids: Option<Vec<i64>> = own.iter().map(|row| row.1).collect();
        let (Some(id), Some(line_ids)) = (own.first().and_then(|row| row.0), line_ids) else { return Err(short) };
        all.push(Written { id, line_ids, sold_out: own.iter().any(|row| row.2 == Some(0)) });
        rest = others;
    }
    Ok(all)
}
