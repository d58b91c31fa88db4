//! Pieces that leave the store with a shipment, and come back with it.
//!
//! What is shipped was reserved, so that both go down together and what can be bought stays the same. Products are taken
//! before their variants, as by every change of the catalogue, so that neither waits for the other in a circle.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use crate::error::Error;
use crate::events;
use crate::products;
use crate::schema::{products as products_table, stock_journal, variants};

/// Pieces of a line of an order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pieces {
    pub(super) line_id: i64,
    pub(super) variant_id: i64,
    pub(super) product_id: i64,
    pub(super) quantity: i64,
    /// Whether they are counted.
    pub(super) tracked: bool,
}

/// Which way pieces go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the store, to the customer.
    Out,
    /// Into the store, reserved as they were.
    Back,
    /// Into the store, for anybody.
    Free,
}

/// Takes pieces from what is on hand and reserved, and counts them as sold; or the reverse. `note` goes into the
/// journal.
pub(super) fn change(
    db: &mut Db,
    pieces: &[Pieces],
    way: Way,
    note: &str,
    actor: i64,
    now: Timestamp,
) -> Result<(), Error> {
    for (product_id, quantity) in sums(pieces.iter().map(|piece| (piece.product_id, piece.quantity))) {
        count_sold(db, product_id, quantity, way)?;
        events::product_changed(db, product_id, true, now)?;
    }
    let of_variants = sums(pieces.iter().filter(|piece| piece.tracked).map(|piece| (piece.variant_id, piece.quantity)));
    for (variant_id, quantity) in &of_variants {
        move_stock(db, *variant_id, *quantity, way, now)?;
    }
    write_journal(db, &of_variants, way, note, actor, now)
}

/// Quantities by id, in order of id.
fn sums(quantities: impl Iterator<Item = (i64, i64)>) -> BTreeMap<i64, i64> {
    let mut sums = BTreeMap::new();
    for (id, quantity) in quantities {
        *sums.entry(id).or_insert(0) += quantity;
    }
    sums
}

fn count_sold(db: &mut Db, product_id: i64, quantity: i64, way: Way) -> Result<(), Error> {
    products::lock(db, product_id)?;
    let row = products_table::table.find(product_id);
    let sold = products_table::sold_count;
    match way {
        Way::Out => diesel::update(row).set(sold.eq(sold + quantity)).execute(db)?,
        Way::Back | Way::Free => {
            diesel::update(row.filter(sold.ge(quantity))).set(sold.eq(sold - quantity)).execute(db)?
        }
    };
    Ok(())
}

fn move_stock(db: &mut Db, id: i64, quantity: i64, way: Way, now: Timestamp) -> Result<(), Error> {
    let (less, promised) = match way {
        Way::Out => (quantity, quantity),
        Way::Back => (-quantity, -quantity),
        Way::Free => (-quantity, 0),
    };
    let (on_hand, reserved) = (variants::stock_on_hand, variants::stock_reserved);
    let row = variants::table.find(id).filter(on_hand.ge(less)).filter(reserved.ge(promised));
    let values = (on_hand.eq(on_hand - less), reserved.eq(reserved - promised), variants::updated_at.eq(now));
    if diesel::update(row).set(values).execute(db)? == 1 {
        return Ok(());
    }
    let (on_hand, reserved) = variants::table.find(id).select((on_hand, reserved)).get_result(db)?;
    Err(Error::StockTooLow { on_hand, reserved })
}

/// One entry for each variant that was changed.
fn write_journal(
    db: &mut Db,
    quantities: &BTreeMap<i64, i64>,
    way: Way,
    note: &str,
    actor: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let ids: Vec<i64> = quantities.keys().copied().collect();
    let columns = (variants::id, variants::stock_on_hand);
    let after: Vec<(i64, i64)> = variants::table.filter(variants::id.eq_any(ids)).select(columns).load(db)?;
    let delta = |id: &i64| quantities.get(id).map_or(0, |quantity| if way == Way::Out { -quantity } else { *quantity });
    let rows: Vec<_> = after
        .iter()
        .map(|(id, on_hand)| {
            (
                stock_journal::variant_id.eq(id),
                stock_journal::delta.eq(delta(id)),
                stock_journal::reason.eq("sold"),
                stock_journal::note.eq(note),
                stock_journal::on_hand_after.eq(on_hand),
                stock_journal::actor_id.eq(actor),
                stock_journal::created_at.eq(now),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(stock_journal::table).values(rows).execute(c))?;
    Ok(())
}
