//! Lists of products: one query on one index for every order.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, Text};
use poligon_common::page::Page;
use poligon_common::{Problem, money::Money};
use poligon_core::db::keyset::{self, after, before};
use poligon_core::db::{Db, Timestamp, any_of, limited};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filter::{Filter, Sort, filtered};
use super::rating::Rating;
use super::status::Status;
use crate::error::Error;
use crate::images::ImageLink;
use crate::schema::products;

/// A product as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ProductSummary {
    /// Its id.
    pub(super) id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
    /// Its state.
    status: Status,
    /// The category that it stands in.
    category_id: Option<i64>,
    /// The price of its cheapest variant.
    price: Money,
    /// The price of its dearest variant.
    price_max: Money,
    /// Whether something of it can be bought now.
    in_stock: bool,
    /// What customers think of it.
    rating: Rating,
    /// Its first picture.
    image: Option<ImageLink>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The columns of a summary, and those that are sorted by.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = products)]
pub(super) struct Row {
    pub(super) id: i64,
    slug: String,
    title: String,
    title_key: String,
    status: String,
    category_id: Option<i64>,
    price_min: i64,
    price_max: i64,
    in_stock: bool,
    rating_count: i64,
    rating_milli: i64,
    sold_count: i64,
    image_id: Option<i64>,
    image_alt: Option<String>,
    created_at: Timestamp,
}

impl From<Row> for ProductSummary {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            title: row.title,
            status: Status::of(&row.status),
            category_id: row.category_id,
            price: Money::of(row.price_min),
            price_max: Money::of(row.price_max),
            in_stock: row.in_stock,
            rating: Rating::of(row.rating_milli, row.rating_count),
            image: ImageLink::of(row.image_id, row.image_alt),
            created_at: row.created_at,
        }
    }
}

/// Where a page ended: the order, the value sorted by, and the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Newest.
    N(i64),
    /// Price.
    P(i64, i64),
    /// Price, the dearest first.
    D(i64, i64),
    /// Rating.
    R(i64, i64),
    /// Popularity.
    S(i64, i64),
    /// Title.
    T(String, i64),
    /// Relevance: the bits of the rank, which no decimal form keeps exactly.
    W(u64, i64),
}

impl Cursor {
    fn fits(&self, sort: Sort) -> bool {
        matches!(
            (self, sort),
            (Self::N(_), Sort::Newest)
                | (Self::P(..), Sort::Price)
                | (Self::D(..), Sort::PriceDown)
                | (Self::R(..), Sort::Rating)
                | (Self::S(..), Sort::Popularity)
                | (Self::T(..), Sort::Title)
                | (Self::W(..), Sort::Relevance)
        )
    }

    /// The cursor of a page in this order.
    pub(super) fn of(page: &Page, sort: Sort) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.as_ref().is_none_or(|cursor| cursor.fits(sort)) {
            return Ok(cursor);
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another order"))
    }
}

/// A product on a page, and where the page ends behind it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Listed {
    pub(super) product: ProductSummary,
    #[serde(skip)]
    pub(super) cursor: Cursor,
}

/// The products of a filter in an order, behind a cursor.
pub(super) fn list(
    db: &mut Db,
    filter: &Filter,
    sort: Sort,
    behind: Option<Cursor>,
    most: i64,
) -> Result<Vec<Listed>, Error> {
    if sort == Sort::Relevance {
        return by_relevance(db, filter, behind, most);
    }
    let Some(cursor) = behind else { return part(db, filter, sort, None, most) };
    if !keyset::goes_in_steps(db) || matches!(cursor, Cursor::N(_)) {
        return part(db, filter, sort, Some((Step::Behind, &cursor)), most);
    }
    let mut found = part(db, filter, sort, Some((Step::Equal, &cursor)), most)?;
    let rest = most - i64::try_from(found.len()).unwrap_or(most);
    if rest > 0 {
        found.extend(part(db, filter, sort, Some((Step::Beyond, &cursor)), rest)?);
    }
    Ok(found)
}

/// Which rows behind a cursor, see [`keyset::goes_in_steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// All of them.
    Behind,
    /// Those with its key.
    Equal,
    /// Those with another key.
    Beyond,
}

/// Filters a query by a step behind `$key` and `$id`; the order goes `up` or `down`.
macro_rules! stepped {
    ($query:ident, $step:expr, $column:expr, $key:expr, $id:expr, up) => {
        match $step {
            Step::Behind => $query.filter(after(($column, products::id), $key, $id)),
            Step::Equal => $query.filter($column.eq($key)).filter(products::id.gt($id)),
            Step::Beyond => $query.filter($column.gt($key)),
        }
    };
    ($query:ident, $step:expr, $column:expr, $key:expr, $id:expr, down) => {
        match $step {
            Step::Behind => $query.filter(before(($column, products::id), $key, $id)),
            Step::Equal => $query.filter($column.eq($key)).filter(products::id.lt($id)),
            Step::Beyond => $query.filter($column.lt($key)),
        }
    };
}

fn part(
    db: &mut Db,
    filter: &Filter,
    sort: Sort,
    from: Option<(Step, &Cursor)>,
    most: i64,
) -> Result<Vec<Listed>, Error> {
    let several = filter.categories.as_ref().is_some_and(|ids| ids.len() > 1);
    // The connection as it is, here and for other reads that come often: through the combined one diesel writes the text
    // of a statement anew, twice, each time that it runs.
    let rows: Vec<Row> = on_each!(db, c => {
        let query = filtered!(filter);
        let query = match from {
            None | Some((_, Cursor::W(..))) => query,
            Some((_, Cursor::N(id))) => query.filter(products::id.lt(*id)),
            Some((step, Cursor::P(key, id))) => stepped!(query, step, products::price_min, *key, *id, up),
            Some((step, Cursor::D(key, id))) => stepped!(query, step, products::price_min, *key, *id, down),
            Some((step, Cursor::R(key, id))) => stepped!(query, step, products::rating_milli, *key, *id, down),
            Some((step, Cursor::S(key, id))) => stepped!(query, step, products::sold_count, *key, *id, down),
            Some((step, Cursor::T(key, id))) => stepped!(query, step, products::title_key, key.clone(), *id, up),
        };
        let query = match sort {
            Sort::Newest | Sort::Relevance => query.order(products::id.desc()),
            Sort::Price => query.order((products::price_min, products::id)),
            Sort::PriceDown => query.order((products::price_min.desc(), products::id.desc())),
            Sort::Rating => query.order((products::rating_milli.desc(), products::id.desc())),
            Sort::Popularity => query.order((products::sold_count.desc(), products::id.desc())),
            Sort::Title => query.order((products::title_key, products::id)),
        };
        // One plan for every list of categories would be none for most of them.
        limited(query.select(Row::as_select()), most).planned_anew_when(several).load(c)
    })?;
    Ok(rows.into_iter().map(|row| listed(row, sort)).collect())
}

fn listed(row: Row, sort: Sort) -> Listed {
    let cursor = match sort {
        Sort::Newest | Sort::Relevance => Cursor::N(row.id),
        Sort::Price => Cursor::P(row.price_min, row.id),
        Sort::PriceDown => Cursor::D(row.price_min, row.id),
        Sort::Rating => Cursor::R(row.rating_milli, row.id),
        Sort::Popularity => Cursor::S(row.sold_count, row.id),
        Sort::Title => Cursor::T(row.title_key.clone(), row.id),
    };
    Listed { product: row.into(), cursor }
}

/// How many products a filter has.
pub(super) fn count(db: &mut Db, filter: &Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}

#[derive(QueryableByName)]
struct Ranked {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Double)]
    rank: f64,
}

/// The best matches, by the rank that the text index gives. A parameter that is NULL filters nothing.
const BY_RELEVANCE: &str = "\
    SELECT p.id AS id, s.rank AS rank FROM product_search($1) s JOIN products p ON p.id = s.rowid \
    WHERE p.status = $2 AND (s.rank, p.id) > ($3, $4) \
    AND (CAST($5 AS bigint) IS NULL OR p.price_max >= $5) \
    AND (CAST($6 AS bigint) IS NULL OR p.price_min <= $6) \
    AND (CAST($7 AS bigint) IS NULL OR p.in_stock = ($7 = 1)) \
    AND (CAST($8 AS bigint) IS NULL OR p.rating_milli >= $8) \
    AND (CAST($9 AS text) IS NULL OR p.id IN (SELECT product_id FROM product_tags WHERE tag = $9)) \
    AND (CAST($10 AS text) IS NULL OR p.id IN (SELECT product_id FROM variant_options WHERE name = $10 AND value = $11)) \
    AND (CAST($12 AS text) IS NULL OR \
         p.category_id IN (SELECT c.id FROM categories c WHERE $12 LIKE '%,' || CAST(c.id AS text) || ',%')) \
    ORDER BY s.rank, p.id LIMIT $13";

fn by_relevance(db: &mut Db, filter: &Filter, behind: Option<Cursor>, most: i64) -> Result<Vec<Listed>, Error> {
    let Some(words) = &filter.words else { return Ok(Vec::new()) };
    let (rank, id) = match behind {
        Some(Cursor::W(bits, id)) => (f64::from_bits(bits), id),
        _ => (f64::MIN, 0),
    };
    let ids = filter.categories.as_ref().map(|ids| {
        let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
        format!(",{},", list.join(","))
    });
    let (name, value) = filter.option.as_ref().map(|o| (o.name.clone(), o.value.clone())).unzip();
    let ranked: Vec<Ranked> = on_each!(db, c => diesel::sql_query(BY_RELEVANCE)
        .bind::<Text, _>(words)
        .bind::<Text, _>(filter.status.name())
        .bind::<Double, _>(rank)
        .bind::<BigInt, _>(id)
        .bind::<Nullable<BigInt>, _>(filter.price_min)
        .bind::<Nullable<BigInt>, _>(filter.price_max)
        .bind::<Nullable<BigInt>, _>(filter.in_stock.map(i64::from))
        .bind::<Nullable<BigInt>, _>(filter.rating_milli)
        .bind::<Nullable<Text>, _>(&filter.tag)
        .bind::<Nullable<Text>, _>(&name)
        .bind::<Nullable<Text>, _>(&value)
        .bind::<Nullable<Text>, _>(&ids)
        .bind::<BigInt, _>(most)
        .load(c))?;
    let ids: Vec<i64> = ranked.iter().map(|found| found.id).collect();
    let rows: Vec<Row> = products::table.filter(any_of(db, products::id, &ids)).select(Row::as_select()).load(db)?;
    let mut by_id: BTreeMap<i64, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
    let found = ranked.into_iter().filter_map(|found| {
        let product = by_id.remove(&found.id)?.into();
        Some(Listed { product, cursor: Cursor::W(found.rank.to_bits(), found.id) })
    });
    Ok(found.collect())
}
