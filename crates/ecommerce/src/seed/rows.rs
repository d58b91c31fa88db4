//! Demo rows on their way to the database, many at once.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::input::Slug;
use poligon_common::pictures::drawn_file;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::insert_many;

use crate::images::DRAWN_SIDE;
use crate::products::{index_many, title_key};
use crate::schema::{product_images, product_tags, products, variant_options, variants};

/// A demo product.
pub(super) struct Product {
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) category_id: i64,
    pub(super) tags: Vec<String>,
    pub(super) material: &'static str,
    pub(super) variants: Vec<Variant>,
    /// Whether it has a picture, whose id is the product's.
    pub(super) pictured: bool,
    pub(super) created_at: Timestamp,
}

/// A variant of a demo product.
pub(super) struct Variant {
    pub(super) id: i64,
    pub(super) sku: String,
    pub(super) option: Option<(&'static str, &'static str)>,
    pub(super) price: i64,
    pub(super) compared: bool,
    pub(super) weight_g: i64,
    pub(super) stock: i64,
}

/// Adds products with everything that belongs to them.
pub(super) fn insert(db: &mut Db, batch: &[Product]) -> Result<(), DbError> {
    insert_products(db, batch)?;
    insert_images(db, batch)?;
    insert_tags(db, batch)?;
    insert_variants(db, batch)?;
    let words: Vec<(i64, &str, String)> = batch
        .iter()
        .map(|product| {
            let rest = format!("{} {} {}", product.description, product.tags.join(" "), product.material);
            (product.id, product.title.as_str(), rest)
        })
        .collect();
    index_many(db, &words)
}

fn insert_products(db: &mut Db, batch: &[Product]) -> Result<(), DbError> {
    let rows: Vec<_> = batch
        .iter()
        .map(|product| {
            let prices = || product.variants.iter().map(|variant| variant.price);
            let attributes = BTreeMap::from([("material".to_owned(), product.material.to_owned())]);
            (
                products::id.eq(product.id),
                products::slug.eq(format!("{}-{}", Slug::of_title(&product.title, "product").0, product.id)),
                products::title.eq(&product.title),
                products::title_key.eq(title_key(&product.title)),
                products::description.eq(&product.description),
                products::status.eq("active"),
                products::category_id.eq(product.category_id),
                products::price_min.eq(prices().min().unwrap_or(0)),
                products::price_max.eq(prices().max().unwrap_or(0)),
                products::in_stock.eq(product.variants.iter().any(|variant| variant.stock > 0)),
                products::image_id.eq(product.pictured.then_some(product.id)),
                products::image_alt.eq(product.pictured.then_some(&product.title)),
                products::rating_sum.eq(0),
                products::rating_count.eq(0),
                products::rating_milli.eq(0),
                products::sold_count.eq(0),
                products::tags.eq(Json(product.tags.clone())),
                products::attributes.eq(Json(attributes)),
                products::version.eq(1),
                products::created_at.eq(product.created_at),
                products::updated_at.eq(product.created_at),
            )
        })
        .collect();
    insert_many!(db, products::table, rows)?;
    Ok(())
}

fn insert_images(db: &mut Db, batch: &[Product]) -> Result<(), DbError> {
    let rows: Vec<_> = batch
        .iter()
        .filter(|product| product.pictured)
        .map(|product| {
            (
                product_images::id.eq(product.id),
                product_images::product_id.eq(product.id),
                product_images::position.eq(0),
                product_images::alt.eq(&product.title),
                product_images::file.eq(drawn_file(product.category_id, product.id)),
                product_images::media_type.eq("image/jpeg"),
                product_images::width.eq(i64::from(DRAWN_SIDE)),
                product_images::height.eq(i64::from(DRAWN_SIDE)),
                product_images::created_at.eq(product.created_at),
                product_images::updated_at.eq(product.created_at),
            )
        })
        .collect();
    insert_many!(db, product_images::table, rows)?;
    Ok(())
}

fn insert_tags(db: &mut Db, batch: &[Product]) -> Result<(), DbError> {
    let rows: Vec<_> = batch
        .iter()
        .flat_map(|product| product.tags.iter().map(move |tag| (tag, product.id)))
        .map(|(tag, id)| (product_tags::tag.eq(tag), product_tags::product_id.eq(id)))
        .collect();
    insert_many!(db, product_tags::table, rows)?;
    Ok(())
}

fn insert_variants(db: &mut Db, batch: &[Product]) -> Result<(), DbError> {
    let all = || batch.iter().flat_map(|product| product.variants.iter().map(move |variant| (product, variant)));
    let rows: Vec<_> = all()
        .map(|(product, variant)| {
            let options: BTreeMap<&str, &str> = variant.option.into_iter().collect();
            (
                variants::id.eq(variant.id),
                variants::product_id.eq(product.id),
                variants::sku.eq(&variant.sku),
                variants::options.eq(Json(serde_json::json!(options))),
                variants::price.eq(variant.price),
                variants::compare_at_price.eq(variant.compared.then_some(variant.price * 5 / 4 + 1)),
                variants::weight_g.eq(variant.weight_g),
                variants::track_stock.eq(true),
                variants::stock_on_hand.eq(variant.stock),
                variants::stock_reserved.eq(0),
                variants::created_at.eq(product.created_at),
                variants::updated_at.eq(product.created_at),
            )
        })
        .collect();
    insert_many!(db, variants::table, rows)?;
    let options: Vec<_> = all()
        .filter_map(|(product, variant)| variant.option.map(|option| (product, variant, option)))
        .map(|(product, variant, (name, value))| {
            (
                variant_options::name.eq(name),
                variant_options::value.eq(value),
                variant_options::variant_id.eq(variant.id),
                variant_options::product_id.eq(product.id),
            )
        })
        .collect();
    insert_many!(db, variant_options::table, options)?;
    Ok(())
}
