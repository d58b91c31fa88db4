//! How many products of a list have what: counted on request only.

use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use poligon_core::db::Db;
use poligon_core::on_each;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{Filter, filtered};
use crate::error::Error;
use crate::schema::{product_tags, variant_options};

/// Most tags and options that are counted.
const MOST: i64 = 50;

/// Counts of the whole list, whatever page is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Facets {
    /// By category; products of categories below are counted there.
    categories: Vec<CategoryCount>,
    /// By tag, the most frequent first, at most 50.
    tags: Vec<TagCount>,
    /// By option of a variant, the most frequent first, at most 50.
    options: Vec<OptionCount>,
}

/// Products of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CategoryCount {
    /// The category; `null` for products in none.
    category_id: Option<i64>,
    /// How many.
    count: i64,
}

/// Products with a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TagCount {
    /// The tag.
    tag: String,
    /// How many.
    count: i64,
}

/// Products with an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct OptionCount {
    /// The option's name.
    name: String,
    /// The option's value.
    value: String,
    /// How many.
    count: i64,
}

/// The counts of a filter.
pub(super) fn find(db: &mut Db, filter: &Filter) -> Result<Facets, Error> {
    use crate::schema::products;
    // A boxed sub-select is no part of what the combined backend can do.
    let categories: Vec<(Option<i64>, i64)> = on_each!(db, c => products::table
        .filter(products::id.eq_any(filtered!(filter).select(products::id)))
        .group_by(products::category_id)
        .select((products::category_id, count_star()))
        .order(products::category_id)
        .load(c))?;
    let tags: Vec<(String, i64)> = on_each!(db, c => product_tags::table
        .filter(product_tags::product_id.eq_any(filtered!(filter).select(products::id)))
        .group_by(product_tags::tag)
        .select((product_tags::tag, count_star()))
        .order((count_star().desc(), product_tags::tag))
        .limit(MOST)
        .load(c))?;
    let distinct = || count(variant_options::product_id).aggregate_distinct();
    let options: Vec<(String, String, i64)> = on_each!(db, c => variant_options::table
        .filter(variant_options::product_id.eq_any(filtered!(filter).select(products::id)))
        .group_by((variant_options::name, variant_options::value))
        .select((variant_options::name, variant_options::value, distinct()))
        .order((distinct().desc(), variant_options::name, variant_options::value))
        .limit(MOST)
        .load(c))?;
    Ok(Facets {
        categories: categories.into_iter().map(|(category_id, count)| CategoryCount { category_id, count }).collect(),
        tags: tags.into_iter().map(|(tag, count)| TagCount { tag, count }).collect(),
        options: options.into_iter().map(|(name, value, count)| OptionCount { name, value, count }).collect(),
    })
}
