//! Variants in the database.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{VariantPatch, VariantRequest};
use super::stock;
use crate::error::Error;
use crate::events;
use crate::products::refresh;
use crate::schema::{products, variant_options, variants};

/// A variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct VariantResponse {
    /// Its id.
    pub(super) id: i64,
    /// The product that it is of.
    pub(super) product_id: i64,
    /// Its number in the store.
    sku: String,
    /// In what it differs from the others.
    options: BTreeMap<String, String>,
    /// What it costs.
    price: Money,
    /// What it used to cost.
    compare_at_price: Option<Money>,
    /// Its weight, in grams.
    weight_g: i64,
    /// Whether its pieces are counted.
    track_stock: bool,
    /// Most pieces that one order may have; `null` for any number.
    max_per_order: Option<i64>,
    /// Pieces that can be bought now; `null` when they are not counted.
    available: Option<i64>,
    /// Whether it can be bought now.
    in_stock: bool,
    /// Pieces in the store, for the staff.
    stock_on_hand: Option<i64>,
    /// Pieces of them that are promised to orders, for the staff.
    stock_reserved: Option<i64>,
    /// When it was taken from sale, for the staff.
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Queryable, Selectable, Deserialize)]
#[diesel(table_name = variants)]
pub(crate) struct Row {
    pub(super) id: i64,
    pub(super) product_id: i64,
    sku: String,
    options: Json<BTreeMap<String, String>>,
    price: i64,
    compare_at_price: Option<i64>,
    weight_g: i64,
    pub(super) track_stock: bool,
    max_per_order: Option<i64>,
    pub(super) stock_on_hand: i64,
    pub(super) stock_reserved: i64,
    archived_at: Option<Timestamp>,
}

impl Row {
    /// Whether it was taken from sale.
    pub(super) fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }

    fn shown(self, staff: bool) -> VariantResponse {
        let available = self.stock_on_hand - self.stock_reserved;
        let in_stock = self.archived_at.is_none() && (!self.track_stock || available > 0);
        VariantResponse {
            id: self.id,
            product_id: self.product_id,
            sku: self.sku,
            options: self.options.0,
            price: Money::of(self.price),
            compare_at_price: self.compare_at_price.map(Money::of),
            weight_g: self.weight_g,
            track_stock: self.track_stock,
            max_per_order: self.max_per_order,
            available: self.track_stock.then_some(available),
            in_stock,
            stock_on_hand: staff.then_some(self.stock_on_hand),
            stock_reserved: staff.then_some(self.stock_reserved),
            archived_at: self.archived_at,
        }
    }
}

/// The rows of the variants of a product, in order of id.
#[diesel::dsl::auto_type]
pub(crate) fn of_product(product_id: i64) -> _ {
    variants::table.filter(variants::product_id.eq(product_id)).order(variants::id)
}

/// Variants as they are shown; archived ones for the staff only.
pub(crate) fn shown(rows: Vec<Row>, staff: bool) -> Vec<VariantResponse> {
    rows.into_iter().filter(|row| staff || row.archived_at.is_none()).map(|row| row.shown(staff)).collect()
}

/// The row of a variant.
pub(super) fn find_row(db: &mut Db, id: i64) -> Result<Row, Error> {
    let row = variants::table.find(id).select(Row::as_select());
    row.get_result(db).optional()?.ok_or(Error::NotFound)
}

/// A variant as the staff sees it.
pub(super) fn find(db: &mut Db, id: i64) -> Result<VariantResponse, Error> {
    Ok(find_row(db, id)?.shown(true))
}

/// Adds a variant to a product; its price range and stock flag are to be refreshed behind it.
pub(crate) fn create(
    db: &mut Db,
    product_id: i64,
    new: &VariantRequest,
    actor: Option<i64>,
    now: Timestamp,
) -> Result<i64, Error> {
    check_compared(new.price.0, new.compare_at_price.map(|price| price.0))?;
    let values = (
        variants::product_id.eq(product_id),
        variants::sku.eq(&new.sku.0),
        variants::options.eq(Json(new.options.0.clone())),
        variants::price.eq(new.price.0),
        variants::compare_at_price.eq(new.compare_at_price.map(|price| price.0)),
        variants::weight_g.eq(new.weight_g.0),
        variants::track_stock.eq(new.track_stock),
        variants::max_per_order.eq(new.max_per_order.map(|most| most.0)),
        (variants::stock_on_hand.eq(new.stock.0), variants::stock_reserved.eq(0)),
        variants::created_at.eq(now),
        variants::updated_at.eq(now),
    );
    let inserted: Result<i64, _> =
        on_each!(db, c => diesel::insert_into(variants::table).values(values).returning(variants::id).get_result(c));
    let id = inserted.map_err(|error| taken(error.into(), &new.sku.0))?;
    write_options(db, id, product_id, &new.options.0)?;
    if new.stock.0 > 0 {
        stock::note(db, id, new.stock.0, "initial", "", new.stock.0, actor, now)?;
    }
    Ok(id)
}

fn check_compared(price: i64, compared: Option<i64>) -> Result<(), Error> {
    match compared {
        Some(compared) if compared <= price => {
            Err(Error::field("/compare_at_price", "above_price", "must be above the price"))
        }
        _ => Ok(()),
    }
}

fn taken(error: DbError, sku: &str) -> Error {
    if error.is_unique_violation("variants", "sku") { Error::SkuTaken(sku.to_owned()) } else { error.into() }
}

fn write_options(db: &mut Db, id: i64, product_id: i64, options: &BTreeMap<String, String>) -> Result<(), Error> {
    let rows: Vec<_> = options
        .iter()
        .map(|(name, value)| {
            (
                variant_options::name.eq(name),
                variant_options::value.eq(value),
                variant_options::variant_id.eq(id),
                variant_options::product_id.eq(product_id),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(variant_options::table).values(rows).execute(c))?;
    Ok(())
}

/// Counts an edit of the product, and locks its row: whatever changes its variants takes turns.
fn touch_product(db: &mut Db, product_id: i64, now: Timestamp) -> Result<(), Error> {
    let row = diesel::update(products::table.find(product_id))
        .set((products::version.eq(products::version + 1), products::updated_at.eq(now)));
    if row.execute(db)? == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Adds a variant to a product that is there.
pub(super) fn add(
    db: &mut Db,
    product_id: i64,
    new: &VariantRequest,
    actor: i64,
    now: Timestamp,
) -> Result<VariantResponse, Error> {
    touch_product(db, product_id, now)?;
    let id = create(db, product_id, new, Some(actor), now)?;
    refresh(db, product_id)?;
    events::product_changed(db, product_id, true, now)?;
    find(db, id)
}

/// Changes a variant.
pub(super) fn update(db: &mut Db, id: i64, patch: &VariantPatch, now: Timestamp) -> Result<VariantResponse, Error> {
    let product_id = find_row(db, id)?.product_id;
    touch_product(db, product_id, now)?;
    let before = find_row(db, id)?;
    if before.is_archived() {
        return Err(Error::NotFound);
    }
    let price = patch.price.map_or(before.price, |price| price.0);
    let compared = patch.compare_at_price.map_or(before.compare_at_price, |given| given.map(|price| price.0));
    check_compared(price, compared)?;
    let sku = patch.sku.as_ref().map_or(&before.sku, |sku| &sku.0);
    let values = (
        variants::sku.eq(sku),
        variants::price.eq(price),
        variants::compare_at_price.eq(compared),
        variants::weight_g.eq(patch.weight_g.map_or(before.weight_g, |weight| weight.0)),
        variants::track_stock.eq(patch.track_stock.unwrap_or(before.track_stock)),
        variants::max_per_order.eq(patch.max_per_order.map_or(before.max_per_order, |given| given.map(|most| most.0))),
        variants::updated_at.eq(now),
    );
    diesel::update(variants::table.find(id)).set(values).execute(db).map_err(|error| taken(error.into(), sku))?;
    let counted_now = patch.track_stock == Some(true) && !before.track_stock;
    if counted_now && before.stock_on_hand == before.stock_reserved {
        events::stock_out(db, &[(id, product_id)], now)?;
    }
    if let Some(options) = &patch.options {
        let after = options.apply(before.options.0).map_err(|refused| Error::refused("/options", refused))?;
        diesel::delete(variant_options::table.filter(variant_options::variant_id.eq(id))).execute(db)?;
        write_options(db, id, product_id, &after)?;
        diesel::update(variants::table.find(id)).set(variants::options.eq(Json(after))).execute(db)?;
    }
    refresh(db, product_id)?;
    events::product_changed(db, product_id, true, now)?;
    find(db, id)
}

/// Takes a variant from sale; never the last one of its product. Answers the product.
pub(super) fn archive(db: &mut Db, id: i64, now: Timestamp) -> Result<i64, Error> {
    let product_id = find_row(db, id)?.product_id;
    touch_product(db, product_id, now)?;
    let sold = variants::table.filter(variants::product_id.eq(product_id)).filter(variants::archived_at.is_null());
    let ids: Vec<i64> = sold.select(variants::id).load(db)?;
    match (ids.contains(&id), ids.len()) {
        (false, _) => return Err(Error::NotFound),
        (true, 1) => return Err(Error::LastVariant),
        (true, _) => {}
    }
    diesel::update(variants::table.find(id)).set(variants::archived_at.eq(now)).execute(db)?;
    diesel::delete(variant_options::table.filter(variant_options::variant_id.eq(id))).execute(db)?;
    refresh(db, product_id)?;
    events::product_changed(db, product_id, true, now)?;
    Ok(product_id)
}
