//! Writing an order: on PostgreSQL in one statement, which is one round trip; on SQLite, where a statement costs no
//! trip, step by step.

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

/// Reserves the pieces of an order and writes it; or answers the lines whose pieces could not be reserved, and then the
/// transaction is to be rolled back.
pub(super) fn write(db: &mut Db, order: &NewOrder<'_>) -> Result<Result<Written, Vec<Line>>, Error> {
    match dialect::at_once(db, || Statement::of(order)) {
        Some(rows) => Ok(written(&rows?, order.lines)),
        None => steps::write(db, order),
    }
}

/// What the rows of the one statement say: one for each line, in order.
fn written(rows: &[Row], lines: &[Line]) -> Result<Written, Vec<Line>> {
    let ids: Option<Vec<i64>> = rows.iter().map(|row| row.1).collect();
    let short = || {
        let taken = |(row, line): &(&Row, &Line)| line.good.tracked && row.2.is_none();
        rows.iter().zip(lines).filter(taken).map(|(_, line)| line.clone()).collect()
    };
    match (rows.first().and_then(|row| row.0), ids) {
        (Some(id), Some(line_ids)) => Ok(Written { id, line_ids, sold_out: rows.iter().any(|row| row.2 == Some(0)) }),
        _ => Err(short()),
    }
}
