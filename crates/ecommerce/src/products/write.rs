//! Making and changing products.

use std::collections::BTreeMap;

use diesel::dsl::{max, min};
use diesel::prelude::*;
use poligon_common::input::Slug;
use poligon_common::stems;
use poligon_core::db::{Db, DbError, Json, Timestamp, text_search};
use poligon_core::on_each;

use super::input::{FirstStatus, NewProductRequest, ProductPatch};
use super::status::Status;
use crate::categories;
use crate::error::Error;
use crate::events;
use crate::schema::{product_tags, products, variants};
use crate::variants as variants_slice;

/// Plain tries at a free slug (`title`, `title-2`, …) before a random ending is taken.
const PLAIN_SLUGS: u32 = 20;

/// The columns of a new product.
#[derive(Debug, Clone)]
pub(crate) struct NewProduct {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) status: Status,
    pub(crate) category_id: Option<i64>,
    pub(crate) tags: Vec<String>,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// The form of a title that is sorted by.
pub(crate) fn title_key(title: &str) -> String {
    title.to_lowercase()
}

/// Makes a product with its variants; answers its id.
pub(super) fn create(db: &mut Db, new: &NewProductRequest, actor: i64, now: Timestamp) -> Result<i64, Error> {
    require_category(db, new.category_id)?;
    let product = NewProduct {
        title: new.title.0.clone(),
        description: new.description.0.clone(),
        status: FirstStatus::status(new.status),
        category_id: new.category_id,
        tags: new.tags.0.iter().map(|tag| tag.0.clone()).collect(),
        attributes: new.attributes.0.clone(),
    };
    let id = match &new.slug {
        Some(slug) => insert(db, &product, &slug.0, now)?.ok_or_else(|| Error::SlugTaken(slug.0.clone()))?,
        None => insert_under_free_slug(db, &product, now)?,
    };
    write_tags(db, id, &product.tags)?;
    for (n, variant) in new.variants.0.iter().enumerate() {
        variants_slice::create(db, id, variant, Some(actor), now).map_err(|error| at_variant(error, n))?;
    }
    refresh(db, id)?;
    index(db, id)?;
    events::product_changed(db, id, true, now)?;
    Ok(id)
}

/// Field errors of a variant, at its place in the body.
fn at_variant(error: Error, n: usize) -> Error {
    match error {
        Error::Fields(mut wrong) => {
            for field in &mut wrong {
                field.pointer = format!("/variants/{n}{}", field.pointer);
            }
            Error::Fields(wrong)
        }
        other => other,
    }
}

fn require_category(db: &mut Db, category_id: Option<i64>) -> Result<(), Error> {
    match category_id {
        Some(id) if !categories::exists(db, id)? => {
            Err(Error::field("/category_id", "unknown_category", "is not the id of a category"))
        }
        _ => Ok(()),
    }
}

/// Adds the row, unless the slug is taken.
fn insert(db: &mut Db, new: &NewProduct, slug: &str, now: Timestamp) -> Result<Option<i64>, Error> {
    let values = (
        products::slug.eq(slug),
        products::title.eq(&new.title),
        products::title_key.eq(title_key(&new.title)),
        products::description.eq(&new.description),
        products::status.eq(new.status.name()),
        products::category_id.eq(new.category_id),
        (products::price_min.eq(0), products::price_max.eq(0), products::in_stock.eq(false)),
        (products::rating_sum.eq(0), products::rating_count.eq(0), products::rating_milli.eq(0)),
        products::sold_count.eq(0),
        products::tags.eq(Json(new.tags.clone())),
        products::attributes.eq(Json(new.attributes.clone())),
        products::version.eq(1),
        products::created_at.eq(now),
        products::updated_at.eq(now),
    );
    let inserted: Option<i64> = on_each!(db, c => diesel::insert_into(products::table)
        .values(values)
        .on_conflict_do_nothing()
        .returning(products::id)
        .get_result(c)
        .optional())?;
    Ok(inserted)
}

fn insert_under_free_slug(db: &mut Db, new: &NewProduct, now: Timestamp) -> Result<i64, Error> {
    let base = Slug::of_title(&new.title, "product").0;
    for n in 1..=PLAIN_SLUGS {
        let slug = if n == 1 { base.clone() } else { format!("{base}-{n}") };
        if let Some(id) = insert(db, new, &slug, now)? {
            return Ok(id);
        }
    }
    let id = poligon_core::random::id().map_err(|e| diesel::result::Error::SerializationError(Box::new(e)))?;
    let ending: String = id.chars().filter(char::is_ascii_alphanumeric).take(10).collect();
    let slug = format!("{base}-{}", ending.to_lowercase());
    insert(db, new, &slug, now)?.ok_or(Error::SlugTaken(slug))
}

/// Writes the tags of a product, which has none in the table.
fn write_tags(db: &mut Db, id: i64, tags: &[String]) -> Result<(), DbError> {
    let rows: Vec<_> = tags.iter().map(|tag| (product_tags::tag.eq(tag), product_tags::product_id.eq(id))).collect();
    on_each!(db, c => diesel::insert_into(product_tags::table).values(rows).execute(c))?;
    Ok(())
}

/// Takes the row for this transaction, in the version that `check` accepts; answers its state.
fn take(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<Status, Error> {
    // The update is the lock: two edits of one product take turns, also on PostgreSQL.
    let row = diesel::update(products::table.find(id))
        .set((products::version.eq(products::version + 1), products::updated_at.eq(now)));
    if row.execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    let columns = (products::version, products::status);
    let (version, status): (i64, String) = products::table.find(id).select(columns).get_result(db)?;
    if !check(version - 1) {
        return Err(Error::Stale);
    }
    Ok(Status::of(&status))
}

/// Changes what a product says of itself.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    patch: &ProductPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    take(db, id, check, now)?;
    let row = || products::table.find(id);
    if let Some(title) = &patch.title {
        let values = (products::title.eq(&title.0), products::title_key.eq(title_key(&title.0)));
        diesel::update(row()).set(values).execute(db)?;
    }
    if let Some(slug) = &patch.slug {
        let changed = diesel::update(row()).set(products::slug.eq(&slug.0)).execute(db).map_err(DbError::from);
        changed.map_err(|error| {
            let taken = error.is_unique_violation("products", "slug");
            if taken { Error::SlugTaken(slug.0.clone()) } else { error.into() }
        })?;
    }
    if let Some(description) = &patch.description {
        diesel::update(row()).set(products::description.eq(&description.0)).execute(db)?;
    }
    if let Some(category_id) = patch.category_id {
        require_category(db, category_id)?;
        diesel::update(row()).set(products::category_id.eq(category_id)).execute(db)?;
    }
    if let Some(attributes) = &patch.attributes {
        let Json(before) = row().select(products::attributes).get_result(db)?;
        let after = attributes.apply(before).map_err(|refused| Error::refused("/attributes", refused))?;
        diesel::update(row()).set(products::attributes.eq(Json(after))).execute(db)?;
    }
    if let Some(tags) = &patch.tags {
        let tags: Vec<String> = tags.0.iter().map(|tag| tag.0.clone()).collect();
        diesel::update(row()).set(products::tags.eq(Json(tags.clone()))).execute(db)?;
        diesel::delete(product_tags::table.filter(product_tags::product_id.eq(id))).execute(db)?;
        write_tags(db, id, &tags)?;
    }
    index(db, id)?;
    events::product_changed(db, id, true, now)?;
    Ok(())
}

/// Brings a product into another state.
pub(super) fn change_status(
    db: &mut Db,
    id: i64,
    to: Status,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let status = take(db, id, check, now)?.change(to)?;
    diesel::update(products::table.find(id)).set(products::status.eq(status.name())).execute(db)?;
    events::product_changed(db, id, true, now)?;
    Ok(())
}

/// Archives a product; one that is archived is gone already.
pub(super) fn archive(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<(), Error> {
    match change_status(db, id, Status::Archived, check, now) {
        Err(Error::InvalidTransition(..)) => Err(Error::NotFound),
        done => done,
    }
}

/// Takes the row of a product for this transaction. Whatever changes its variants does so first, so that changes of one
/// product take turns and the later one sees both.
pub(crate) fn lock(db: &mut Db, id: i64) -> Result<(), Error> {
    let row = diesel::update(products::table.find(id)).set(products::version.eq(products::version));
    if row.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Brings price range and stock flag in step with the variants; whether lists show something else now.
pub(crate) fn refresh(db: &mut Db, id: i64) -> Result<bool, Error> {
    lock(db, id)?;
    let sold = || variants::table.filter(variants::product_id.eq(id)).filter(variants::archived_at.is_null());
    let range = sold().select((min(variants::price), max(variants::price)));
    let (lowest, highest): (Option<i64>, Option<i64>) = range.get_result(db)?;
    let free = variants::track_stock.eq(false).or(variants::stock_on_hand.gt(variants::stock_reserved));
    let in_stock = sold().filter(free).select(variants::id).first::<i64>(db).optional()?.is_some();
    let (lowest, highest) = (lowest.unwrap_or(0), highest.unwrap_or(0));
    let differs =
        products::price_min.ne(lowest).or(products::price_max.ne(highest)).or(products::in_stock.ne(in_stock));
    let values = (products::price_min.eq(lowest), products::price_max.eq(highest), products::in_stock.eq(in_stock));
    Ok(diesel::update(products::table.find(id).filter(differs)).set(values).execute(db)? == 1)
}

/// The same for many products that this transaction has locked, each with a variant that is sold: one statement.
pub(crate) fn refresh_many(db: &mut Db, ids: &[i64]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let statement = format!(
        "UPDATE products SET price_min = sold.lowest, price_max = sold.highest, in_stock = (sold.free = 1) FROM \
         (SELECT product_id, MIN(price) AS lowest, MAX(price) AS highest, \
          MAX(CASE WHEN NOT track_stock OR stock_on_hand > stock_reserved THEN 1 ELSE 0 END) AS free \
          FROM variants WHERE archived_at IS NULL AND product_id IN ({list}) GROUP BY product_id) AS sold \
         WHERE products.id = sold.product_id"
    );
    on_each!(db, c => diesel::sql_query(statement.as_str()).execute(c))?;
    Ok(())
}

/// Title, description, tags and attributes.
type Words = (String, String, Json<Vec<String>>, Json<BTreeMap<String, String>>);

/// Writes the words of a product as it is stored.
fn index(db: &mut Db, id: i64) -> Result<(), Error> {
    let columns = (products::title, products::description, products::tags, products::attributes);
    let row: Words = products::table.find(id).select(columns).get_result(db)?;
    let (title, description, tags, attributes) = row;
    let values: Vec<&str> = attributes.0.values().map(String::as_str).collect();
    let rest = [description.as_str(), &tags.0.join(" "), &values.join(" ")].join(" ");
    Ok(text_search::PRODUCTS.put(db, id, &stems::line(&title), &stems::line(&rest)).map_err(DbError::from)?)
}

/// Writes the words of many products that have none: id, title, everything else.
pub(crate) fn index_many(db: &mut Db, words: &[(i64, &str, String)]) -> Result<(), DbError> {
    let rows: Vec<(i64, String, String)> =
        words.iter().map(|(id, title, rest)| (*id, stems::line(title), stems::line(rest))).collect();
    Ok(text_search::PRODUCTS.put_many(db, &rows)?)
}
