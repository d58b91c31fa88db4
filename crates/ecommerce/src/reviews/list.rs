//! Lists of reviews: one query on one index for every order.

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::Db;
use poligon_core::db::keyset::{after, before};
use serde::{Deserialize, Serialize};

use super::input::{OwnReviewParams, ProductReviewParams, QueueSort, ReviewParams, Sort};
use super::status::Status;
use super::view::{self, Joined, ReviewResponse, Row, Viewer};
use crate::error::Error;
use crate::schema::{products, reviews};

/// Which reviews a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filter {
    product_id: Option<i64>,
    user_id: Option<i64>,
    status: Option<Status>,
    rating: Option<i64>,
    verified: Option<bool>,
}

impl Filter {
    /// Reviews of a product; those that are approved unless something else is asked for.
    pub(super) fn of_product(product_id: i64, params: &ProductReviewParams) -> Self {
        Self {
            product_id: Some(product_id),
            status: Some(params.status.unwrap_or(Status::Approved)),
            rating: params.rating.map(|rating| rating.0),
            verified: params.verified,
            user_id: None,
        }
    }

    /// Reviews of one author.
    pub(super) fn of_author(user_id: i64, params: &OwnReviewParams) -> Self {
        let product_id = params.product_id.map(|id| id.0);
        Self { user_id: Some(user_id), product_id, status: params.status, ..Self::default() }
    }

    /// Reviews of all products.
    pub(super) fn of_all(params: &ReviewParams) -> Self {
        Self {
            product_id: params.product_id.map(|id| id.0),
            user_id: params.user_id.map(|id| id.0),
            status: params.status,
            rating: params.rating.map(|rating| rating.0),
            verified: params.verified,
        }
    }
}

/// An order of any list of reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Newest,
    Oldest,
    Helpful,
    Rating,
    RatingDown,
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::Newest,
            Sort::Helpful => Self::Helpful,
            Sort::Rating => Self::Rating,
            Sort::RatingDown => Self::RatingDown,
        }
    }
}

impl From<QueueSort> for Order {
    fn from(sort: QueueSort) -> Self {
        match sort {
            QueueSort::Oldest => Self::Oldest,
            QueueSort::Newest => Self::Newest,
        }
    }
}

/// Where a page ended: the order, the value sorted by, and the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Newest.
    N(i64),
    /// Oldest.
    O(i64),
    /// Most helpful.
    H(i64, i64),
    /// Fewest stars.
    R(i64, i64),
    /// Most stars.
    D(i64, i64),
}

impl Cursor {
    fn fits(self, order: Order) -> bool {
        matches!(
            (self, order),
            (Self::N(_), Order::Newest)
                | (Self::O(_), Order::Oldest)
                | (Self::H(..), Order::Helpful)
                | (Self::R(..), Order::Rating)
                | (Self::D(..), Order::RatingDown)
        )
    }

    /// The cursor of a page in this order.
    pub(super) fn of(page: &Page, order: Order) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.is_none_or(|cursor| cursor.fits(order)) {
            return Ok(cursor);
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another order"))
    }

    fn at(row: &Row, order: Order) -> Self {
        match order {
            Order::Newest => Self::N(row.id),
            Order::Oldest => Self::O(row.id),
            Order::Helpful => Self::H(row.score, row.id),
            Order::Rating => Self::R(row.rating, row.id),
            Order::RatingDown => Self::D(row.rating, row.id),
        }
    }
}

/// A review on a page, and where the page ends behind it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Listed {
    review: ReviewResponse,
    #[serde(skip)]
    pub(super) cursor: Cursor,
}

/// The reviews of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($table:expr, $filter:expr) => {{
        let filter: Filter = $filter;
        let mut query = $table.into_boxed();
        if let Some(id) = filter.product_id {
            query = query.filter(reviews::product_id.eq(id));
        }
        if let Some(id) = filter.user_id {
            query = query.filter(reviews::user_id.eq(id));
        }
        if let Some(status) = filter.status {
            query = query.filter(reviews::status.eq(status.name()));
        }
        if let Some(rating) = filter.rating {
            query = query.filter(reviews::rating.eq(rating));
        }
        if let Some(verified) = filter.verified {
            query = query.filter(reviews::verified.eq(verified));
        }
        query
    }};
}

/// The reviews of a filter in an order, behind a cursor.
pub(super) fn list(
    db: &mut Db,
    filter: Filter,
    order: Order,
    behind: Option<Cursor>,
    most: i64,
    viewer: Viewer,
) -> Result<Vec<Listed>, Error> {
    let query = filtered!(reviews::table.inner_join(products::table), filter).limit(most);
    let query = match behind {
        None => query,
        Some(Cursor::N(id)) => query.filter(reviews::id.lt(id)),
        Some(Cursor::O(id)) => query.filter(reviews::id.gt(id)),
        Some(Cursor::H(key, id)) => query.filter(before((reviews::score, reviews::id), key, id)),
        Some(Cursor::R(key, id)) => query.filter(after((reviews::rating, reviews::id), key, id)),
        Some(Cursor::D(key, id)) => query.filter(before((reviews::rating, reviews::id), key, id)),
    };
    let query = match order {
        Order::Newest => query.order(reviews::id.desc()),
        Order::Oldest => query.order(reviews::id),
        Order::Helpful => query.order((reviews::score.desc(), reviews::id.desc())),
        Order::Rating => query.order((reviews::rating, reviews::id)),
        Order::RatingDown => query.order((reviews::rating.desc(), reviews::id.desc())),
    };
    let columns = (Row::as_select(), (products::slug, products::title, products::status));
    let rows: Vec<Joined> = query.select(columns).load(db)?;
    let cursors: Vec<Cursor> = rows.iter().map(|(row, _)| Cursor::at(row, order)).collect();
    let shown = view::show(db, rows, viewer)?;
    Ok(shown.into_iter().zip(cursors).map(|(review, cursor)| Listed { review, cursor }).collect())
}

/// How many reviews a filter has.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(filtered!(reviews::table, filter).count().get_result(db)?)
}
