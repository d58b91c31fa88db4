//! One product with everything that is shown of it: a few queries, whatever it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_common::{Ctx, Problem, near};
use poligon_core::db::{Db, Json, Timestamp, dialect, nested, whole};
use poligon_core::on_each;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::ProductSummary;
use super::rating::{DetailedRating, RatingHistogram};
use super::related::{Best, Related};
use super::status::Status;
use crate::categories::{CategoryLink, breadcrumbs, tree};
use crate::error::Error;
use crate::events::LISTS;
use crate::images::{self, ImageRow};
use crate::schema::products;
use crate::variants::{self, VariantResponse, VariantRow};

/// A product.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProductResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
    /// What it is, in Markdown.
    description: String,
    /// Its state.
    pub(super) status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// The category that it stands in.
    category_id: Option<i64>,
    /// The categories from the top down to its own.
    categories: Vec<CategoryLink>,
    /// Words to find it by.
    tags: Vec<String>,
    /// What it has, by name.
    attributes: BTreeMap<String, String>,
    /// The price of its cheapest variant.
    price: Money,
    /// The price of its dearest variant.
    price_max: Money,
    /// Whether something of it can be bought now.
    in_stock: bool,
    /// What customers think of it.
    rating: DetailedRating,
    /// Its pictures, in their order.
    images: Vec<images::ImageResponse>,
    /// What can be bought of it, in the order in which it was added.
    variants: Vec<VariantResponse>,
    /// Others of its category, the most sold first.
    #[schema(value_type = Vec<ProductSummary>)]
    related: Related,
    /// Counts the edits.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = products)]
struct Row {
    id: i64,
    slug: String,
    title: String,
    description: String,
    status: String,
    category_id: Option<i64>,
    price_min: i64,
    price_max: i64,
    in_stock: bool,
    rating_count: i64,
    rating_milli: i64,
    #[diesel(embed)]
    stars: RatingHistogram,
    tags: Json<Vec<String>>,
    attributes: Json<BTreeMap<String, String>>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    image_id: Option<i64>,
}

/// How a product is named in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// By its id.
    Id(i64),
    /// By its slug.
    Slug(String),
}

impl std::str::FromStr for Named {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse::<poligon_common::Id>().map(|id| Self::Id(id.0));
        }
        if text.len() > 96 { Err(()) } else { Ok(Self::Slug(text.to_owned())) }
    }
}

/// The id of the product with this name.
pub(super) fn find_id(db: &mut Db, named: &Named) -> Result<i64, Error> {
    let id = match named {
        Named::Id(id) => products::table.find(*id).select(products::id).get_result(db),
        Named::Slug(slug) => products::table.filter(products::slug.eq(slug)).select(products::id).get_result(db),
    };
    id.optional()?.ok_or(Error::NotFound)
}

/// Refuses a product that is not there, or that only the staff knows.
pub(crate) fn require_known(db: &mut Db, id: i64, staff: bool) -> Result<(), Error> {
    let status: Option<String> = products::table.find(id).select(products::status).get_result(db).optional()?;
    let known = status.is_some_and(|status| staff || Status::of(&status) == Status::Active);
    if known { Ok(()) } else { Err(Error::NotFound) }
}

/// What a product's own rows say.
struct Found {
    row: Row,
    status: Status,
    images: Vec<images::ImageResponse>,
    variants: Vec<VariantResponse>,
}

/// The rows of a product: its own, those of its variants, those of its pictures.
type Rows = (Row, Vec<VariantRow>, Vec<ImageRow>);

/// The rows of the product with this id: one statement, or three where they cost no round trips.
fn rows_of(db: &mut Db, id: i64) -> Result<Option<Rows>, Error> {
    type Nested = (Row, Vec<Json<VariantRow>>, Vec<Json<ImageRow>>);
    let at_once = dialect::at_once(db, || {
        let variants = nested(variants::of_product(id).select(whole(VariantRow::as_select())));
        let images = nested(images::of_product(id).select(whole(ImageRow::as_select())));
        products::table.find(id).select((Row::as_select(), variants, images))
    });
    if let Some(rows) = at_once {
        let row: Option<Nested> = rows?.pop();
        return Ok(row.map(|(row, variants, images)| (row, plain(variants), plain(images))));
    }
    let own = products::table.find(id);
    let row: Option<Row> = on_each!(db, c => own.select(Row::as_select()).get_result(c).optional())?;
    let Some(row) = row else { return Ok(None) };
    let variants = on_each!(db, c => variants::of_product(id).select(VariantRow::as_select()).load(c))?;
    let images = match row.image_id {
        Some(_) => on_each!(db, c => images::of_product(id).select(ImageRow::as_select()).load(c))?,
        None => Vec::new(),
    };
    Ok(Some((row, variants, images)))
}

fn plain<T: std::fmt::Debug + Send + Sync>(rows: Vec<Json<T>>) -> Vec<T> {
    rows.into_iter().map(|Json(row)| row).collect()
}

impl Found {
    fn of(db: &mut Db, id: i64, staff: bool) -> Result<Self, Error> {
        let (row, variants, images) = rows_of(db, id)?.ok_or(Error::NotFound)?;
        let status = Status::of(&row.status);
        if status != Status::Active && !staff {
            return Err(Error::NotFound);
        }
        let images = images.into_iter().map(Into::into).collect();
        Ok(Self { row, status, images, variants: variants::shown(variants, staff) })
    }

    fn shown(self, staff: bool, categories: Vec<CategoryLink>, best: Arc<Best>) -> ProductResponse {
        let Self { row, status, images, variants } = self;
        ProductResponse {
            id: row.id,
            slug: row.slug,
            title: row.title,
            description: row.description,
            status,
            next_statuses: if staff { status.next().to_vec() } else { Vec::new() },
            category_id: row.category_id,
            categories,
            tags: row.tags.0,
            attributes: row.attributes.0,
            price: Money::of(row.price_min),
            price_max: Money::of(row.price_max),
            in_stock: row.in_stock,
            rating: DetailedRating::of(row.rating_milli, row.rating_count, row.stars),
            images,
            variants,
            related: Related::of(best, row.id),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The whole product, as the staff (`staff`) or as everybody sees it.
pub(super) fn find(db: &mut Db, id: i64, staff: bool) -> Result<ProductResponse, Error> {
    let found = Found::of(db, id, staff)?;
    let (categories, best) = match found.row.category_id {
        Some(category) => (breadcrumbs(db, category)?, Best::of(db, category)?),
        None => (Vec::new(), Best::default()),
    };
    Ok(found.shown(staff, categories, best.into()))
}

/// The whole product as everybody sees it. What it shares with others of its category is kept near at hand.
pub(super) async fn find_public(ctx: &Ctx, id: i64) -> Result<ProductResponse, Problem> {
    let found = ctx.db.read_primary(move |db| Found::of(db, id, false)).await?;
    let Some(category) = found.row.category_id else { return Ok(found.shown(false, Vec::new(), Arc::default())) };
    let categories = match tree(ctx).await?.breadcrumbs(category) {
        Some(categories) => categories,
        None => ctx.db.read_primary(move |db| breadcrumbs(db, category)).await?,
    };
    let read = async || Ok(ctx.db.read_primary(move |db| Best::of(db, category)).await?);
    let best = near::value(ctx, &[LISTS], &format!("best of category {category}"), read).await?;
    Ok(found.shown(false, categories, best))
}

/// Whether there is such a product, and everybody may see it.
pub(crate) fn is_for_sale(db: &mut Db, id: i64) -> Result<bool, Error> {
    let status: Option<String> = products::table.find(id).select(products::status).get_result(db).optional()?;
    Ok(status.is_some_and(|status| Status::of(&status) == Status::Active))
}
