//! The catalogue on its way out, some products at a time.

use std::collections::BTreeMap;
use std::io::Write;

use ::csv::{Writer, WriterBuilder};
use diesel::prelude::*;
use poligon_common::csv::written;
use poligon_common::money::CURRENCY;
use poligon_core::db::{Db, DbError, Json};

use super::cells::COLUMNS;
use crate::error::Error;
use crate::schema::{categories, products, variants};

/// Products of a piece.
const PRODUCTS: i64 = 200;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = products)]
struct Product {
    id: i64,
    slug: String,
    title: String,
    description: String,
    status: String,
    category_id: Option<i64>,
    tags: Json<Vec<String>>,
    attributes: Json<BTreeMap<String, String>>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = variants)]
struct Variant {
    product_id: i64,
    sku: String,
    options: Json<BTreeMap<String, String>>,
    price: i64,
    compare_at_price: Option<i64>,
    weight_g: i64,
    track_stock: bool,
    stock_on_hand: i64,
}

/// The names of the columns.
pub(super) fn head() -> Vec<u8> {
    let mut line = COLUMNS.join(",").into_bytes();
    line.extend_from_slice(b"\r\n");
    line
}

/// The rows of the next products behind `after`, and the last of these; `None` when there are no more.
pub(super) fn piece(db: &mut Db, after: i64) -> Result<Option<(Vec<u8>, i64)>, Error> {
    let next = products::table.filter(products::id.gt(after)).order(products::id).limit(PRODUCTS);
    let found: Vec<Product> = next.select(Product::as_select()).load(db)?;
    let Some(last) = found.last().map(|product| product.id) else { return Ok(None) };
    let ids: Vec<i64> = found.iter().map(|product| product.id).collect();
    let sold = variants::table.filter(variants::product_id.eq_any(&ids)).filter(variants::archived_at.is_null());
    let sold: Vec<Variant> = sold.order((variants::product_id, variants::id)).select(Variant::as_select()).load(db)?;
    let named: Vec<i64> = found.iter().filter_map(|product| product.category_id).collect();
    let named = categories::table.filter(categories::id.eq_any(&named)).select((categories::id, categories::slug));
    let named: BTreeMap<i64, String> = named.load(db)?.into_iter().collect();
    let products: BTreeMap<i64, &Product> = found.iter().map(|product| (product.id, product)).collect();
    let mut out = WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    for variant in &sold {
        if let Some(product) = products.get(&variant.product_id) {
            let category = product.category_id.and_then(|id| named.get(&id)).map_or("", String::as_str);
            write_row(&mut out, product, category, variant).map_err(unwritten)?;
        }
    }
    let bytes = out.into_inner().map_err(|e| unwritten(e.into_error()))?;
    Ok(Some((bytes, last)))
}

fn unwritten(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Db(DbError::from(diesel::result::Error::SerializationError(Box::new(error))))
}

/// A list or an object as JSON; nothing for an empty one.
fn json<T: serde::Serialize>(value: &T, is_empty: bool) -> String {
    if is_empty { String::new() } else { serde_json::to_string(value).unwrap_or_default() }
}

fn write_row(out: &mut Writer<Vec<u8>>, product: &Product, category: &str, variant: &Variant) -> ::csv::Result<()> {
    let cells: [&str; COLUMNS.len()] = [
        &product.slug,
        &product.title,
        &product.description,
        &product.status,
        category,
        &json(&product.tags, product.tags.0.is_empty()),
        &json(&product.attributes, product.attributes.0.is_empty()),
        &variant.sku,
        &json(&variant.options, variant.options.0.is_empty()),
        &variant.price.to_string(),
        CURRENCY,
        &variant.compare_at_price.map(|price| price.to_string()).unwrap_or_default(),
        &variant.weight_g.to_string(),
        if variant.track_stock { "true" } else { "false" },
        &variant.stock_on_hand.to_string(),
    ];
    out.write_record(cells.map(|cell| written(cell).into_owned()))
}

/// Why an export did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailure {
    /// The file.
    #[error("the file cannot be written: {0}")]
    File(#[from] std::io::Error),
    /// The database.
    #[error(transparent)]
    Other(#[from] Error),
}

/// Writes the catalogue over a connection of the caller's own; `progress` is told the products so far. Blocks.
pub fn export_to(db: &mut Db, out: &mut impl Write, progress: &dyn Fn(u64)) -> Result<u64, ExportFailure> {
    out.write_all(&head())?;
    let (mut after, mut done) = (0, 0);
    while let Some((rows, last)) = piece(db, after)? {
        out.write_all(&rows)?;
        after = last;
        done += u64::try_from(PRODUCTS).unwrap_or(0);
        progress(done);
    }
    out.flush()?;
    Ok(done)
}
