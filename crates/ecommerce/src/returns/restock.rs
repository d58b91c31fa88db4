//! What came back is put on sale again.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use crate::error::Error;
use crate::events;
use crate::products;
use crate::schema::{stock_journal, variants};

/// Pieces that are back: product, variant, how many. Products are taken before their variants, in order of id.
pub(super) fn restock(
    db: &mut Db,
    pieces: &[(i64, i64, i64)],
    note: &str,
    actor: i64,
    now: Timestamp,
) -> Result<Vec<i64>, Error> {
    let mut of_product: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
    for (product_id, variant_id, quantity) in pieces {
        of_product.entry(*product_id).or_default().push((*variant_id, *quantity));
    }
    for product_id in of_product.keys() {
        products::lock(db, *product_id)?;
    }
    let mut returned: Vec<(i64, i64)> = of_product.values().flatten().copied().collect();
    returned.sort_unstable();
    for (variant_id, quantity) in returned {
        put_back(db, variant_id, quantity, note, actor, now)?;
    }
    for product_id in of_product.keys() {
        let listed = products::refresh(db, *product_id)?;
        events::product_changed(db, *product_id, listed, now)?;
    }
    Ok(of_product.into_keys().collect())
}

fn put_back(db: &mut Db, id: i64, quantity: i64, note: &str, actor: i64, now: Timestamp) -> Result<(), Error> {
    let more = (variants::stock_on_hand.eq(variants::stock_on_hand + quantity), variants::updated_at.eq(now));
    let row = variants::table.find(id);
    let after: i64 = on_each!(db, c => diesel::update(row)
        .set(more)
        .returning(variants::stock_on_hand)
        .get_result(c))?;
    diesel::insert_into(stock_journal::table)
        .values((
            stock_journal::variant_id.eq(id),
            stock_journal::delta.eq(quantity),
            stock_journal::reason.eq("returned"),
            stock_journal::note.eq(note),
            stock_journal::on_hand_after.eq(after),
            stock_journal::actor_id.eq(actor),
            stock_journal::created_at.eq(now),
        ))
        .execute(db)?;
    Ok(())
}
