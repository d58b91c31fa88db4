//! What customers think of a product: kept in its row, in step with its approved reviews.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::events;
use crate::schema::products;

/// What customers think of a product.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct Rating {
    /// The average, 1 to 5 with up to three decimals; `null` without a rating.
    average: Option<f64>,
    /// How many ratings.
    count: i64,
}

impl Rating {
    #[allow(clippy::cast_precision_loss)] // at most 5,000
    pub(super) fn of(milli: i64, count: i64) -> Self {
        Self { average: (count > 0).then_some(milli as f64 / 1_000.0), count }
    }
}

/// The same, with how many gave how many stars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct DetailedRating {
    #[serde(flatten)]
    rating: Rating,
    /// How many ratings have how many stars.
    histogram: RatingHistogram,
}

impl DetailedRating {
    pub(super) fn of(milli: i64, count: i64, histogram: RatingHistogram) -> Self {
        Self { rating: Rating::of(milli, count), histogram }
    }
}

/// How many ratings have how many stars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Queryable, Selectable, AsChangeset, ToSchema)]
#[diesel(table_name = products)]
pub(crate) struct RatingHistogram {
    /// One star.
    #[serde(rename = "1")]
    #[diesel(column_name = rating_1)]
    one: i64,
    /// Two stars.
    #[serde(rename = "2")]
    #[diesel(column_name = rating_2)]
    two: i64,
    /// Three stars.
    #[serde(rename = "3")]
    #[diesel(column_name = rating_3)]
    three: i64,
    /// Four stars.
    #[serde(rename = "4")]
    #[diesel(column_name = rating_4)]
    four: i64,
    /// Five stars.
    #[serde(rename = "5")]
    #[diesel(column_name = rating_5)]
    five: i64,
}

impl RatingHistogram {
    /// Counts `by` more ratings of so many stars, 1 to 5.
    pub(crate) fn add(&mut self, stars: i64, by: i64) {
        let bin = match stars {
            1 => &mut self.one,
            2 => &mut self.two,
            3 => &mut self.three,
            4 => &mut self.four,
            _ => &mut self.five,
        };
        *bin += by;
    }

    fn count(self) -> i64 {
        self.one + self.two + self.three + self.four + self.five
    }

    fn sum(self) -> i64 {
        self.one + 2 * self.two + 3 * self.three + 4 * self.four + 5 * self.five
    }

    /// The average in thousandths, rounded; 0 without a rating.
    fn milli(self) -> i64 {
        match self.count() {
            0 => 0,
            count => (1_000 * self.sum() + count / 2) / count,
        }
    }
}

/// Takes one rating of a product away and adds another, each if there is one; whether anything differs now. To be
/// called under the lock of the product's row.
pub(crate) fn change_rating(
    db: &mut Db,
    id: i64,
    away: Option<i64>,
    added: Option<i64>,
    now: Timestamp,
) -> Result<bool, Error> {
    if away == added {
        return Ok(false);
    }
    let mut stars: RatingHistogram = products::table.find(id).select(RatingHistogram::as_select()).get_result(db)?;
    if let Some(rating) = away {
        stars.add(rating, -1);
    }
    if let Some(rating) = added {
        stars.add(rating, 1);
    }
    put_ratings(db, id, stars)?;
    events::product_changed(db, id, true, now)?;
    Ok(true)
}

/// Writes the ratings of a product, and what is made of them.
pub(crate) fn put_ratings(db: &mut Db, id: i64, stars: RatingHistogram) -> Result<(), DbError> {
    let made = (
        products::rating_sum.eq(stars.sum()),
        products::rating_count.eq(stars.count()),
        products::rating_milli.eq(stars.milli()),
    );
    diesel::update(products::table.find(id)).set((stars, made)).execute(db)?;
    Ok(())
}
