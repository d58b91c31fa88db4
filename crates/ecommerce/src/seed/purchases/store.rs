//! What demo orders do to the store: what of them is not shipped yet is reserved (and lies there beside what was there
//! before, so that as much can be bought), what is shipped counts as sold, with the journal in step.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, DbError};

use super::make::Purchase;
use crate::schema::{products, variants};

/// Sums by variant and product.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// Pieces that are promised.
    reserved: BTreeMap<i64, i64>,
    /// Pieces that were shipped.
    sold: BTreeMap<i64, i64>,
}

impl Store {
    pub(super) fn note(&mut self, purchase: &Purchase<'_>) {
        let facts = purchase.facts();
        for line in &purchase.lines {
            if facts.holds_stock() {
                *self.reserved.entry(line.good.variant_id).or_default() += line.quantity - line.shipped;
            }
            *self.sold.entry(line.good.product_id).or_default() += line.shipped;
        }
    }

    pub(super) fn write(self, db: &mut Db) -> Result<(), DbError> {
        for (id, pieces) in self.reserved.into_iter().filter(|(_, pieces)| *pieces > 0) {
            let more = (
                variants::stock_on_hand.eq(variants::stock_on_hand + pieces),
                variants::stock_reserved.eq(variants::stock_reserved + pieces),
            );
            diesel::update(variants::table.find(id)).set(more).execute(db)?;
        }
        for (id, pieces) in self.sold.into_iter().filter(|(_, pieces)| *pieces > 0) {
            let more = products::sold_count.eq(products::sold_count + pieces);
            diesel::update(products::table.find(id)).set(more).execute(db)?;
        }
        Ok(())
    }
}
