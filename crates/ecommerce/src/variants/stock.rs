//! What is on hand, and the journal of its changes by hand.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::input::{MOST_PIECES, StockRequest};
use super::model::{VariantResponse, find, find_row};
use crate::error::Error;
use crate::events;
use crate::products;
use crate::schema::{stock_journal, variants};

/// A change of a stock by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = stock_journal)]
pub(crate) struct StockEntry {
    /// Its id.
    pub(super) id: i64,
    /// The variant.
    variant_id: i64,
    /// Pieces more, or fewer when it is negative.
    delta: i64,
    /// `initial`, `received`, `returned`, `damaged`, `lost` or `correction`.
    reason: String,
    /// More about it.
    note: String,
    /// Pieces on hand behind it.
    on_hand_after: i64,
    /// Who changed it.
    actor_id: Option<i64>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Changes a stock: one conditional update, so that of changes at once none is lost and none goes below what is
/// reserved.
pub(super) fn change(
    db: &mut Db,
    id: i64,
    by: &StockRequest,
    actor: i64,
    now: Timestamp,
) -> Result<VariantResponse, Error> {
    let product_id = find_row(db, id)?.product_id;
    products::lock(db, product_id)?;
    let after = variants::stock_on_hand + by.delta.0;
    let row = variants::table
        .find(id)
        .filter(variants::archived_at.is_null())
        .filter(variants::track_stock.eq(true))
        .filter(after.ge(variants::stock_reserved))
        .filter(after.le(MOST_PIECES));
    let changed = diesel::update(row).set((variants::stock_on_hand.eq(after), variants::updated_at.eq(now)));
    if changed.execute(db)? == 0 {
        return Err(refusal(db, id, by.delta.0)?);
    }
    let row = find_row(db, id)?;
    note(db, id, by.delta.0, by.reason.name(), &by.note.0, row.stock_on_hand, Some(actor), now)?;
    if by.delta.0 < 0 && row.stock_on_hand == row.stock_reserved {
        events::stock_out(db, &[(id, row.product_id)], now)?;
    }
    let listed = products::refresh(db, row.product_id)?;
    events::product_changed(db, row.product_id, listed, now)?;
    find(db, id)
}

/// Why a stock could not be changed.
fn refusal(db: &mut Db, id: i64, delta: i64) -> Result<Error, Error> {
    let row = find_row(db, id)?;
    if row.is_archived() {
        return Ok(Error::NotFound);
    }
    if !row.track_stock {
        return Ok(Error::StockNotTracked);
    }
    if delta > 0 {
        return Ok(Error::field("/delta", "range", "would bring the stock above what can be counted"));
    }
    Ok(Error::StockTooLow { on_hand: row.stock_on_hand, reserved: row.stock_reserved })
}

/// Writes an entry of the journal.
#[allow(clippy::too_many_arguments)] // the columns of a row
pub(super) fn note(
    db: &mut Db,
    variant_id: i64,
    delta: i64,
    reason: &str,
    note: &str,
    on_hand_after: i64,
    actor_id: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    diesel::insert_into(stock_journal::table)
        .values((
            stock_journal::variant_id.eq(variant_id),
            stock_journal::delta.eq(delta),
            stock_journal::reason.eq(reason),
            stock_journal::note.eq(note),
            stock_journal::on_hand_after.eq(on_hand_after),
            stock_journal::actor_id.eq(actor_id),
            stock_journal::created_at.eq(now),
        ))
        .execute(db)?;
    Ok(())
}

/// The journal of a variant, newest first, below the id `behind`.
pub(super) fn list(db: &mut Db, variant_id: i64, behind: Option<i64>, most: i64) -> Result<Vec<StockEntry>, Error> {
    find_row(db, variant_id)?;
    let entries = stock_journal::table
        .filter(stock_journal::variant_id.eq(variant_id))
        .filter(stock_journal::id.lt(behind.unwrap_or(i64::MAX)));
    Ok(entries.order(stock_journal::id.desc()).limit(most).select(StockEntry::as_select()).load(db)?)
}

/// How many entries the journal of a variant has.
pub(super) fn count(db: &mut Db, variant_id: i64) -> Result<i64, Error> {
    Ok(stock_journal::table.filter(stock_journal::variant_id.eq(variant_id)).count().get_result(db)?)
}
