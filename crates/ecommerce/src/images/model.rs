//! Pictures in the database.

use diesel::prelude::*;
use poligon_common::pictures::Size;
use poligon_core::db::{Db, Timestamp};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::MOST_IMAGES;
use super::files::{Stored, adopt, insert_stray};
use super::http::ImagePatch;
use crate::error::Error;
use crate::events;
use crate::products;
use crate::schema::{product_images, products as products_table};

/// Where the picture with this id is, in each size. The bytes behind an address never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageUrls(i64);

impl Serialize for ImageUrls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut id, mut url) = (itoa::Buffer::new(), String::with_capacity(64));
        for part in ["/api/ecommerce/images/", id.format(self.0), "/"] {
            url.push_str(part);
        }
        let stem = url.len();
        let mut urls = serializer.serialize_struct("ImageUrls", Size::ALL.len())?;
        for size in Size::ALL {
            url.truncate(stem);
            url.push_str(size.name());
            urls.serialize_field(size.name(), &url)?;
        }
        urls.end()
    }
}

/// Where a picture is, in each size. The bytes behind an address never change.
#[derive(ToSchema)]
#[schema(as = ImageUrls)]
#[allow(dead_code)] // for the document
struct ImageUrlsShape {
    /// In all its pixels.
    #[schema(examples("/api/ecommerce/images/7/original"))]
    original: String,
    /// At most 1,200 pixels on its longest side; a smaller picture is not enlarged.
    large: String,
    /// At most 480 pixels.
    medium: String,
    /// At most 160 pixels.
    small: String,
}

impl utoipa::PartialSchema for ImageUrls {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        ImageUrlsShape::schema()
    }
}

impl ToSchema for ImageUrls {
    fn name() -> std::borrow::Cow<'static, str> {
        ImageUrlsShape::name()
    }
}

/// The first picture of a product, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ImageLink {
    /// Its id.
    id: i64,
    /// What it shows, in words.
    alt: String,
    /// Where it is.
    urls: ImageUrls,
}

impl ImageLink {
    /// Of the columns in the product's row.
    pub(crate) fn of(id: Option<i64>, alt: Option<String>) -> Option<Self> {
        id.map(|id| Self { id, alt: alt.unwrap_or_default(), urls: ImageUrls(id) })
    }
}

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ImageResponse {
    /// Its id.
    id: i64,
    /// The product that it is of.
    pub(super) product_id: i64,
    /// What it shows, in words.
    alt: String,
    /// Its place among the pictures of its product; the first has 0.
    pub(super) position: i64,
    /// Pixels from left to right, in its original size.
    width: i64,
    /// Pixels from top to bottom.
    height: i64,
    /// Where it is, in each size.
    urls: ImageUrls,
}

#[derive(Debug, Clone, Queryable, Selectable, Deserialize)]
#[diesel(table_name = product_images)]
pub(crate) struct Row {
    id: i64,
    product_id: i64,
    alt: String,
    position: i64,
    width: i64,
    height: i64,
    file: String,
}

impl From<Row> for ImageResponse {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            product_id: row.product_id,
            alt: row.alt,
            position: row.position,
            width: row.width,
            height: row.height,
            urls: ImageUrls(row.id),
        }
    }
}

/// The rows of the pictures of a product, in their order.
#[diesel::dsl::auto_type]
pub(crate) fn of_product(product_id: i64) -> _ {
    product_images::table.filter(product_images::product_id.eq(product_id)).order(product_images::position)
}

/// The pictures of a product behind a position.
pub(super) fn list(db: &mut Db, product_id: i64, behind: i64, most: i64) -> Result<Vec<ImageResponse>, Error> {
    let behind = of_product(product_id).filter(product_images::position.gt(behind));
    let rows: Vec<Row> = behind.limit(most).select(Row::as_select()).load(db)?;
    Ok(rows.into_iter().map(ImageResponse::from).collect())
}

/// How many pictures a product has.
pub(super) fn count(db: &mut Db, product_id: i64) -> Result<i64, Error> {
    Ok(product_images::table.filter(product_images::product_id.eq(product_id)).count().get_result(db)?)
}

/// Refuses a product that is not there or has no room: a look before the work, which may be out of date after it.
pub(super) fn require_room(db: &mut Db, product_id: i64) -> Result<(), Error> {
    let known: Option<i64> =
        products_table::table.find(product_id).select(products_table::id).get_result(db).optional()?;
    known.ok_or(Error::NotFound)?;
    if count(db, product_id)? >= MOST_IMAGES { Err(Error::TooManyImages(MOST_IMAGES)) } else { Ok(()) }
}

/// A file that may be sent: where it lies, and what it is.
#[derive(Debug, Clone, Queryable)]
pub(super) struct FileOfImage {
    pub(super) file: String,
    pub(super) media_type: String,
    /// The state of its product.
    pub(super) status: String,
}

/// The file of a picture.
pub(super) fn find_file(db: &mut Db, id: i64) -> Result<FileOfImage, Error> {
    let columns = (product_images::file, product_images::media_type, products_table::status);
    let row = product_images::table.inner_join(products_table::table).filter(product_images::id.eq(id)).select(columns);
    row.get_result(db).optional()?.ok_or(Error::NotFound)
}

fn find_row(db: &mut Db, id: i64) -> Result<Row, Error> {
    let row = product_images::table.find(id).select(Row::as_select());
    row.get_result(db).optional()?.ok_or(Error::NotFound)
}

/// The row of a picture under the lock of its product: changes of its pictures take turns.
fn take_row(db: &mut Db, id: i64) -> Result<Row, Error> {
    let product_id = find_row(db, id)?.product_id;
    products::lock(db, product_id)?;
    find_row(db, id)
}

/// Adds a picture behind the others.
pub(super) fn create(
    db: &mut Db,
    product_id: i64,
    stored: &Stored,
    alt: &str,
    now: Timestamp,
) -> Result<ImageResponse, Error> {
    products::lock(db, product_id)?;
    let position = count(db, product_id)?;
    if position >= MOST_IMAGES {
        return Err(Error::TooManyImages(MOST_IMAGES));
    }
    adopt(db, &stored.file)?;
    let values = (
        product_images::product_id.eq(product_id),
        product_images::position.eq(position),
        product_images::alt.eq(alt),
        product_images::file.eq(&stored.file),
        product_images::media_type.eq(stored.media_type),
        product_images::width.eq(stored.width),
        product_images::height.eq(stored.height),
        product_images::created_at.eq(now),
        product_images::updated_at.eq(now),
    );
    let id: i64 =
        diesel::insert_into(product_images::table).values(values).returning(product_images::id).get_result(db)?;
    show_first(db, product_id, now)?;
    Ok(find_row(db, id)?.into())
}

/// Changes a picture's text or its place.
pub(super) fn update(db: &mut Db, id: i64, patch: &ImagePatch, now: Timestamp) -> Result<ImageResponse, Error> {
    let before = take_row(db, id)?;
    if let Some(alt) = &patch.alt {
        let values = (product_images::alt.eq(&alt.0), product_images::updated_at.eq(now));
        diesel::update(product_images::table.find(id)).set(values).execute(db)?;
    }
    if let Some(position) = patch.position {
        // A place behind the last is the last.
        let last = count(db, before.product_id)? - 1;
        move_to(db, &before, position.0.min(last), now)?;
    }
    show_first(db, before.product_id, now)?;
    Ok(find_row(db, id)?.into())
}

/// Moves a picture; those in between make room.
fn move_to(db: &mut Db, row: &Row, to: i64, now: Timestamp) -> Result<(), Error> {
    let (from, position) = (row.position, product_images::position);
    let others = product_images::table.filter(product_images::product_id.eq(row.product_id));
    if to < from {
        let between = others.filter(position.ge(to)).filter(position.lt(from));
        diesel::update(between).set(position.eq(position + 1)).execute(db)?;
    } else {
        let between = others.filter(position.gt(from)).filter(position.le(to));
        diesel::update(between).set(position.eq(position - 1)).execute(db)?;
    }
    let values = (position.eq(to), product_images::updated_at.eq(now));
    diesel::update(product_images::table.find(row.id)).set(values).execute(db)?;
    Ok(())
}

/// Removes a picture; its files go after the commit. Answers the product.
pub(super) fn delete(db: &mut Db, id: i64, now: Timestamp) -> Result<i64, Error> {
    let row = take_row(db, id)?;
    diesel::delete(product_images::table.find(id)).execute(db)?;
    insert_stray(db, &row.file, now)?;
    let position = product_images::position;
    let behind = product_images::table.filter(product_images::product_id.eq(row.product_id));
    diesel::update(behind.filter(position.gt(row.position))).set(position.eq(position - 1)).execute(db)?;
    show_first(db, row.product_id, now)?;
    Ok(row.product_id)
}

/// Brings what lists show in step with the pictures, and tells.
fn show_first(db: &mut Db, product_id: i64, now: Timestamp) -> Result<(), Error> {
    let first: Option<(i64, String)> = product_images::table
        .filter(product_images::product_id.eq(product_id))
        .order(product_images::position)
        .select((product_images::id, product_images::alt))
        .first(db)
        .optional()?;
    let (id, alt) = first.unzip();
    let values = (products_table::image_id.eq(id), products_table::image_alt.eq(alt));
    diesel::update(products_table::table.find(product_id)).set(values).execute(db)?;
    Ok(events::product_changed(db, product_id, true, now)?)
}
