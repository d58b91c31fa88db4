//! What a batch of rows would do: looked up in a few queries, whatever the batch holds, and checked.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_common::Refused;
use poligon_core::db::{Db, Json, Timestamp, planned_anew};

use super::batch::Group;
use super::rows::{Row, RowError};
use crate::error::Error;
use crate::products::Status;
use crate::schema::{categories, products, variants};

/// On whose behalf, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Who imports; nobody on the command line.
    pub(super) actor: Option<i64>,
    /// Whether the stock of variants that are there may be changed.
    pub(super) may_change_stock: bool,
    pub(super) now: Timestamp,
}

/// What a product says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) status: Status,
    pub(super) category_id: Option<i64>,
    pub(super) tags: Vec<String>,
    pub(super) attributes: BTreeMap<String, String>,
}

/// What can be bought of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) options: BTreeMap<String, String>,
    pub(super) price: i64,
    pub(super) compared: Option<i64>,
    pub(super) weight_g: i64,
    pub(super) track_stock: bool,
    pub(super) stock: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = products)]
struct KnownProduct {
    id: i64,
    slug: String,
    title: String,
    description: String,
    status: String,
    category_id: Option<i64>,
    tags: Json<Vec<String>>,
    attributes: Json<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = variants)]
struct KnownVariant {
    id: i64,
    product_id: i64,
    sku: String,
    options: Json<BTreeMap<String, String>>,
    price: i64,
    compare_at_price: Option<i64>,
    weight_g: i64,
    track_stock: bool,
    stock_on_hand: i64,
    stock_reserved: i64,
    archived_at: Option<Timestamp>,
}

/// A variant that is to be written.
#[derive(Debug, Clone)]
pub(super) struct PlannedVariant {
    pub(super) number: u64,
    pub(super) sku: String,
    /// Its id and what it is now; `None` for a new one.
    pub(super) known: Option<(i64, Variant)>,
    pub(super) wanted: Variant,
}

/// A product that is to be written, with at least one variant.
#[derive(Debug, Clone)]
pub(super) struct PlannedProduct {
    pub(super) slug: String,
    /// Its id and what it says now; `None` for a new one.
    pub(super) known: Option<(i64, Product)>,
    pub(super) wanted: Product,
    pub(super) variants: Vec<PlannedVariant>,
}

/// A batch as it is to be written, and what is wrong with its other rows.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) products: Vec<PlannedProduct>,
    pub(super) errors: Vec<RowError>,
    /// Rows that are left out.
    pub(super) skipped: u64,
}

/// What is there of what the rows name.
struct Known {
    categories: BTreeMap<String, i64>,
    products: BTreeMap<String, KnownProduct>,
    variants: BTreeMap<String, KnownVariant>,
}

impl Known {
    fn find(db: &mut Db, groups: &[Group]) -> Result<Self, Error> {
        let slugs: Vec<&str> = groups.iter().map(|group| group.slug.as_str()).collect();
        let skus: Vec<&str> = groups.iter().flat_map(|group| &group.rows).map(|row| row.sku.as_str()).collect();
        let named: BTreeSet<&str> =
            groups.iter().filter_map(|group| group.product.category.as_ref()?.as_deref()).collect();
        let named: Vec<&str> = named.into_iter().collect();
        let of_slugs = products::table.filter(products::slug.eq_any(&slugs)).select(KnownProduct::as_select());
        let of_skus = variants::table.filter(variants::sku.eq_any(&skus)).select(KnownVariant::as_select());
        let of_names = categories::table.filter(categories::slug.eq_any(&named));
        Ok(Self {
            categories: of_names.select((categories::slug, categories::id)).load(db)?.into_iter().collect(),
            products: planned_anew(of_slugs)
                .load(db)?
                .into_iter()
                .map(|known: KnownProduct| (known.slug.clone(), known))
                .collect(),
            variants: planned_anew(of_skus)
                .load(db)?
                .into_iter()
                .map(|known: KnownVariant| (known.sku.clone(), known))
                .collect(),
        })
    }
}

/// Looks up and checks a batch.
pub(super) fn plan(db: &mut Db, groups: &[Group], terms: &Terms) -> Result<Plan, Error> {
    let known = Known::find(db, groups)?;
    let mut plan = Plan::default();
    for group in groups {
        match plan_product(&known, group) {
            Ok((product, wanted)) => plan_variants(&known, group, product, wanted, terms, &mut plan),
            Err((column, refused)) => {
                plan.skipped += group.rows.len() as u64;
                let wrong = group.rows.iter().map(|row| RowError::new(row.number, column, refused.clone()));
                plan.errors.extend(wrong);
            }
        }
    }
    Ok(plan)
}

type Wrong = (&'static str, Refused);

/// What the product says now, if it is there, and what it shall say.
fn plan_product(known: &Known, group: &Group) -> Result<(Option<(i64, Product)>, Product), Wrong> {
    let cells = &group.product;
    let product = known.products.get(&group.slug).map(|row| {
        let product = Product {
            title: row.title.clone(),
            description: row.description.clone(),
            status: Status::of(&row.status),
            category_id: row.category_id,
            tags: row.tags.0.clone(),
            attributes: row.attributes.0.clone(),
        };
        (row.id, product)
    });
    let before = product.as_ref().map(|(_, before)| before);
    let title = cells.title.clone().or_else(|| before.map(|before| before.title.clone()));
    let title = title.ok_or_else(|| ("title", Refused::new("required", "is required for a new product")))?;
    let category_id = match &cells.category {
        None => before.and_then(|before| before.category_id),
        Some(None) => None,
        Some(Some(slug)) => Some(
            *known
                .categories
                .get(slug)
                .ok_or_else(|| ("category", Refused::new("unknown_category", "is not the slug of a category")))?,
        ),
    };
    let status = match (cells.status, before) {
        (Some(to), Some(before)) if to != before.status && !before.status.next().contains(&to) => {
            let message = format!("cannot become {} from {}", to.name(), before.status.name());
            return Err(("status", Refused::new("invalid_transition", message)));
        }
        (Some(to), _) => to,
        (None, before) => before.map_or(Status::Draft, |before| before.status),
    };
    let or = |given: &Option<_>, before: Option<_>| given.clone().or(before).unwrap_or_default();
    let wanted = Product {
        title,
        description: or(&cells.description, before.map(|before| before.description.clone())),
        status,
        category_id,
        tags: cells.tags.clone().or_else(|| before.map(|before| before.tags.clone())).unwrap_or_default(),
        attributes: cells.attributes.clone().or_else(|| before.map(|b| b.attributes.clone())).unwrap_or_default(),
    };
    Ok((product, wanted))
}

fn plan_variants(
    known: &Known,
    group: &Group,
    product: Option<(i64, Product)>,
    wanted: Product,
    terms: &Terms,
    plan: &mut Plan,
) {
    let product_id = product.as_ref().map(|(id, _)| *id);
    let mut variants = Vec::with_capacity(group.rows.len());
    for row in &group.rows {
        match plan_variant(known.variants.get(&row.sku), row, product_id, terms) {
            Ok(variant) => variants.push(variant),
            Err((column, refused)) => {
                plan.skipped += 1;
                plan.errors.push(RowError::new(row.number, column, refused));
            }
        }
    }
    if !variants.is_empty() {
        plan.products.push(PlannedProduct { slug: group.slug.clone(), known: product, wanted, variants });
    }
}

fn plan_variant(
    known: Option<&KnownVariant>,
    row: &Row,
    product_id: Option<i64>,
    terms: &Terms,
) -> Result<PlannedVariant, Wrong> {
    let wrong = |column, code, message: &str| Err((column, Refused::new(code, message)));
    let before = known.map(|known| Variant {
        options: known.options.0.clone(),
        price: known.price,
        compared: known.compare_at_price,
        weight_g: known.weight_g,
        track_stock: known.track_stock,
        stock: known.stock_on_hand,
    });
    if let Some(known) = known {
        if Some(known.product_id) != product_id {
            return wrong("sku", "sku_taken", "is the SKU of another product");
        }
        if known.archived_at.is_some() {
            return wrong("sku", "sku_taken", "is the SKU of a variant that was taken from sale");
        }
    }
    let of = before.as_ref();
    let Some(price) = row.price.or(of.map(|before| before.price)) else {
        return wrong("price", "required", "is required for a new variant");
    };
    let wanted = Variant {
        options: row.options.clone().or_else(|| of.map(|before| before.options.clone())).unwrap_or_default(),
        price,
        compared: row.compared.unwrap_or_else(|| of.and_then(|before| before.compared)),
        weight_g: row.weight_g.or(of.map(|before| before.weight_g)).unwrap_or(0),
        track_stock: row.track_stock.or(of.map(|before| before.track_stock)).unwrap_or(true),
        stock: row.stock.or(of.map(|before| before.stock)).unwrap_or(0),
    };
    if wanted.compared.is_some_and(|compared| compared <= price) {
        return wrong("compare_at_price", "above_price", "must be above the price");
    }
    if let Some(known) = known.filter(|known| known.stock_on_hand != wanted.stock) {
        if !terms.may_change_stock {
            return wrong(
                "stock",
                "forbidden",
                "differs from what is on hand; changing it needs the permission stock:write",
            );
        }
        if wanted.stock < known.stock_reserved {
            return wrong("stock", "stock_too_low", "is less than is reserved for orders");
        }
    }
    let known = known.zip(before).map(|(known, before)| (known.id, before));
    Ok(PlannedVariant { number: row.number, sku: row.sku.clone(), known, wanted })
}
