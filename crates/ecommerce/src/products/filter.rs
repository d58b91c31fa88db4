//! Which products a list holds.

use diesel::prelude::*;
use poligon_common::Refused;
use poligon_common::input::{FilterText, Whole};
use poligon_common::money::MOST;
use poligon_common::stems;
use poligon_core::db::{Db, text_search};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::status::Status;
use crate::categories::{self, Tree};
use crate::error::Error;
use crate::schema::categories as categories_table;

/// Which products are asked for, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductParams {
    /// Words, in Russian or English; a product holds every one. The last may be the beginning of a word.
    #[param(value_type = Option<String>, max_length = 200)]
    pub(super) q: Option<FilterText<200>>,
    /// A category, by id or slug, with everything below it.
    #[param(value_type = Option<String>, max_length = 96)]
    pub(super) category: Option<FilterText<96>>,
    /// Lowest price, in minor units: products with a variant at this price or above.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub(super) price_min: Option<Whole<0, MOST>>,
    /// Highest price, in minor units: products with a variant at this price or below.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub(super) price_max: Option<Whole<0, MOST>>,
    /// Whether something of it can be bought now.
    pub(super) in_stock: Option<bool>,
    /// Lowest average rating.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 5)]
    pub(super) rating_min: Option<Whole<1, 5>>,
    /// A tag.
    #[param(value_type = Option<String>, max_length = 32)]
    pub(super) tag: Option<FilterText<32>>,
    /// An option of a variant, as `name:value`.
    #[param(value_type = Option<String>, max_length = 160, pattern = "^[^:\\u0000\\ufffd]+:[^\\u0000\\ufffd]+$")]
    pub(super) option: Option<VariantOption>,
    /// The state; others than `active` need the permission products:write.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// The order; `relevance` when there is a `q`, otherwise `newest`.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
    /// Whether to count products by category, tag and option, too.
    #[param(default = false)]
    pub(super) facets: Option<bool>,
}

/// An order of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = ProductSort)]
pub(crate) enum Sort {
    /// The newest first.
    #[serde(rename = "newest")]
    Newest,
    /// The cheapest first.
    #[serde(rename = "price")]
    Price,
    /// The dearest first.
    #[serde(rename = "-price")]
    PriceDown,
    /// The best rated first.
    #[serde(rename = "rating")]
    Rating,
    /// The most sold first: by pieces that were shipped.
    #[serde(rename = "popularity")]
    Popularity,
    /// By title, in order of characters.
    #[serde(rename = "title")]
    Title,
    /// The best match first; needs `q`.
    #[serde(rename = "relevance")]
    Relevance,
}

/// `name:value`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct VariantOption {
    pub(super) name: String,
    pub(super) value: String,
}

impl TryFrom<String> for VariantOption {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        match text.split_once(':') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() && text.chars().count() <= 160 => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err(Refused::new("option", "must be name:value, at most 160 characters")),
        }
    }
}

/// A filter as the queries need it.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) status: Status,
    /// What [`text_search::match_all`] makes of the words.
    pub(super) words: Option<String>,
    /// There was a question without a word in it: nothing holds that.
    pub(super) nothing: bool,
    /// The category with everything below it.
    pub(super) categories: Option<Vec<i64>>,
    pub(super) price_min: Option<i64>,
    pub(super) price_max: Option<i64>,
    pub(super) in_stock: Option<bool>,
    pub(super) rating_milli: Option<i64>,
    pub(super) tag: Option<String>,
    pub(super) option: Option<VariantOption>,
}

impl Filter {
    /// Looks up what the parameters name; `tree` may be that of a moment ago.
    pub(super) fn of(db: &mut Db, params: &ProductParams, tree: &Tree) -> Result<Self, Error> {
        let words = params.q.as_ref().map(|q| stems::of_query(&q.0));
        Ok(Self {
            status: params.status.unwrap_or(Status::Active),
            nothing: words.as_ref().is_some_and(Vec::is_empty),
            words: words.filter(|words| !words.is_empty()).map(|words| text_search::match_all(db, &words)),
            categories: params.category.as_ref().map(|category| ids_below(db, tree, &category.0)).transpose()?,
            price_min: params.price_min.map(|price| price.0),
            price_max: params.price_max.map(|price| price.0),
            in_stock: params.in_stock,
            rating_milli: params.rating_min.map(|stars| stars.0 * 1_000),
            tag: params.tag.as_ref().map(|tag| tag.0.to_lowercase()),
            option: params.option.clone(),
        })
    }
}

impl Filter {
    /// What is for sale right in a category.
    pub(super) fn of_category(id: i64) -> Self {
        Self {
            status: Status::Active,
            words: None,
            nothing: false,
            categories: Some(vec![id]),
            price_min: None,
            price_max: None,
            in_stock: None,
            rating_milli: None,
            tag: None,
            option: None,
        }
    }
}

/// The ids of a category and of everything below it.
fn ids_below(db: &mut Db, tree: &Tree, id_or_slug: &str) -> Result<Vec<i64>, Error> {
    if let Some(ids) = tree.below(id_or_slug) {
        return Ok(ids);
    }
    let unknown = || Error::field("/category", "unknown_category", "is not the id or slug of a category");
    let path = categories::of_filter(db, id_or_slug)?.ok_or_else(unknown)?;
    let below = categories_table::table.filter(categories_table::path.like(format!("{path}%")));
    Ok(below.select(categories_table::id).order(categories_table::id).load(db)?)
}

/// The products of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        use crate::schema::{product_tags, products, variant_options};
        let filter: &$crate::products::filter::Filter = $filter;
        let mut query = products::table.filter(products::status.eq(filter.status.name())).into_boxed();
        if let Some(words) = &filter.words {
            let select = "SELECT rowid FROM product_search";
            query = query.filter(poligon_core::db::text_search::matches(products::id, select, words.clone()));
        }
        if filter.nothing {
            query = query.filter(products::id.lt(0));
        }
        match filter.categories.as_deref() {
            Some([one]) => query = query.filter(products::category_id.eq(*one)),
            Some(ids) => query = query.filter(products::category_id.eq_any(ids.to_vec())),
            None => {}
        }
        if let Some(price) = filter.price_min {
            query = query.filter(products::price_max.ge(price));
        }
        if let Some(price) = filter.price_max {
            query = query.filter(products::price_min.le(price));
        }
        if let Some(in_stock) = filter.in_stock {
            query = query.filter(products::in_stock.eq(in_stock));
        }
        if let Some(rating) = filter.rating_milli {
            query = query.filter(products::rating_milli.ge(rating));
        }
        if let Some(tag) = &filter.tag {
            let tagged = product_tags::table.filter(product_tags::tag.eq(tag.clone()));
            query = query.filter(products::id.eq_any(tagged.select(product_tags::product_id)));
        }
        if let Some(option) = &filter.option {
            let having = variant_options::table
                .filter(variant_options::name.eq(option.name.clone()))
                .filter(variant_options::value.eq(option.value.clone()));
            query = query.filter(products::id.eq_any(having.select(variant_options::product_id)));
        }
        query
    }};
}
pub(super) use filtered;
