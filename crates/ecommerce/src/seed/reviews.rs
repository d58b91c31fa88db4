//! Demo reviews: of every state, in English and Russian, with votes; the products' ratings in step with them.

use std::collections::BTreeMap;

use chrono::Duration;
use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp, dialect};
use poligon_core::insert_many;
use poligon_core::schema::users;
use poligon_core::seed::Plan;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::BATCH;
use super::words::{OPINIONS, Opinion};
use crate::products::{RatingHistogram, put_ratings};
use crate::schema::{order_lines, orders, products, review_votes, reviews};

/// Makes chance of its own, so that the products stay as they are.
const SALT: u64 = 0x7265_7669_6577_7300;
/// The demo people without a role that people log in as.
const AUTHORS: std::ops::RangeInclusive<i64> = 10..=309;
/// Most reviews of a product.
const MOST: usize = 6;
/// Of a hundred reviews, so many have one star, two, and so on.
const STARS: [(i64, u32); 5] = [(1, 5), (2, 7), (3, 13), (4, 30), (5, 45)];

struct Review {
    product_id: i64,
    user_id: i64,
    rating: i64,
    opinion: &'static Opinion,
    russian: bool,
    status: &'static str,
    /// Who voted, and whether for it.
    votes: Vec<(i64, bool)>,
    created_at: Timestamp,
}

/// Adds reviews by the demo people, if there are any, of all products.
pub(super) fn insert(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let people = users::table.filter(users::id.between(*AUTHORS.start(), *AUTHORS.end())).order(users::id);
    let people: Vec<(i64, Timestamp)> = people.select((users::id, users::created_at)).load(db)?;
    if people.len() <= MOST {
        return Ok(());
    }
    let of = products::table.order(products::id).select((products::id, products::created_at));
    let of: Vec<(i64, Timestamp)> = of.load(db)?;
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT);
    let received = received(db)?;
    let mut made: Vec<Review> = Vec::new();
    for (product_id, made_at) in of {
        let buyers = received.get(&product_id).map_or(&[][..], Vec::as_slice);
        let authors = authors(made_at, &people, buyers, &mut rng);
        made.extend(authors.into_iter().map(|author| review(product_id, author, &people, plan, &mut rng)));
    }
    made.sort_by_key(|review| (review.created_at, review.product_id, review.user_id));
    let numbered: Vec<(i64, &Review)> = (1..).zip(&made).collect();
    for batch in numbered.chunks(BATCH) {
        insert_rows(db, batch)?;
        insert_votes(db, batch)?;
    }
    rate(db, &made)?;
    verify(db)?;
    (plan.progress)("reviews", made.len() as u64, made.len() as u64);
    Ok(dialect::reset_identity(db, "reviews")?)
}

/// Who has received which product, and when.
type Received = BTreeMap<i64, Vec<(i64, Timestamp)>>;

fn received(db: &mut Db) -> Result<Received, DbError> {
    let delivered = orders::table.inner_join(order_lines::table).filter(order_lines::delivered.gt(0));
    let columns = (order_lines::product_id, orders::user_id, orders::delivered_at.assume_not_null());
    let whole = delivered.filter(orders::delivered_at.is_not_null()).order(order_lines::id);
    let rows: Vec<(i64, i64, Timestamp)> = whole.select(columns).load(db)?;
    let mut received = Received::new();
    for (product_id, user_id, at) in rows {
        received.entry(product_id).or_default().push((user_id, at));
    }
    Ok(received)
}

/// Who reviews a product, and the instant from which each can: half of them have received it, where anybody has.
fn authors(
    made_at: Timestamp,
    people: &[(i64, Timestamp)],
    buyers: &[(i64, Timestamp)],
    rng: &mut ChaCha8Rng,
) -> BTreeMap<i64, Timestamp> {
    let mut authors = BTreeMap::new();
    for _ in 0..rng.random_range(0..=MOST) {
        let of = if !buyers.is_empty() && rng.random_ratio(1, 2) { buyers } else { people };
        let (user_id, from) = of[rng.random_range(0..of.len())];
        authors.entry(user_id).or_insert(from.max(made_at));
    }
    authors
}

fn review(
    product_id: i64,
    (user_id, from): (i64, Timestamp),
    people: &[(i64, Timestamp)],
    plan: &Plan<'_>,
    rng: &mut ChaCha8Rng,
) -> Review {
    let rating = stars(rng.random_range(0..100));
    let fitting: Vec<&'static Opinion> = OPINIONS.iter().filter(|opinion| opinion.0.contains(&rating)).collect();
    let status = match rng.random_range(0..100) {
        0..10 => "pending",
        10..15 => "rejected",
        _ => "approved",
    };
    let minutes = plan.anchor.since(from).num_minutes().max(1);
    let created_at = plan.before(Duration::minutes(rng.random_range(0..minutes)));
    let voters = if status == "approved" { rng.random_range(0..6) } else { 0 };
    let votes: BTreeMap<i64, bool> = (0..voters)
        .map(|_| (people[rng.random_range(0..people.len())].0, rng.random_ratio(3, 4)))
        .filter(|(voter, _)| *voter != user_id)
        .collect();
    Review {
        product_id,
        user_id,
        rating,
        opinion: fitting[rng.random_range(0..fitting.len())],
        russian: rng.random_ratio(1, 3),
        status,
        votes: votes.into_iter().collect(),
        created_at,
    }
}

/// The stars of the `n`th of a hundred reviews.
fn stars(n: u32) -> i64 {
    let mut below = 0;
    for (stars, share) in STARS {
        below += share;
        if n < below {
            return stars;
        }
    }
    5
}

fn insert_rows(db: &mut Db, batch: &[(i64, &Review)]) -> Result<(), DbError> {
    let rows: Vec<_> = batch
        .iter()
        .map(|(id, review)| {
            let Opinion(_, english, russian) = review.opinion;
            let (title, body) = if review.russian { russian } else { english };
            let decided = review.status != "pending";
            let helpful = votes(review, true);
            let unhelpful = votes(review, false);
            (
                reviews::id.eq(*id),
                reviews::product_id.eq(review.product_id),
                reviews::user_id.eq(review.user_id),
                reviews::rating.eq(review.rating),
                reviews::title.eq(*title),
                reviews::body.eq(*body),
                reviews::status.eq(review.status),
                reviews::verified.eq(false),
                reviews::helpful_count.eq(helpful),
                reviews::unhelpful_count.eq(unhelpful),
                reviews::score.eq(helpful - unhelpful),
                reviews::moderation_note.eq(if review.status == "rejected" { "Off topic." } else { "" }),
                reviews::moderated_at.eq(decided.then_some(review.created_at)),
                reviews::version.eq(if decided { 2 } else { 1 }),
                reviews::created_at.eq(review.created_at),
                reviews::updated_at.eq(review.created_at),
            )
        })
        .collect();
    insert_many!(db, reviews::table, rows)?;
    Ok(())
}

fn votes(review: &Review, helpful: bool) -> i64 {
    review.votes.iter().map(|vote| i64::from(vote.1 == helpful)).sum()
}

fn insert_votes(db: &mut Db, batch: &[(i64, &Review)]) -> Result<(), DbError> {
    let given = batch.iter().flat_map(|(id, review)| review.votes.iter().map(move |vote| (*id, vote, review)));
    let rows: Vec<_> = given
        .map(|(id, (voter, helpful), review)| {
            (
                review_votes::review_id.eq(id),
                review_votes::user_id.eq(*voter),
                review_votes::helpful.eq(*helpful),
                review_votes::created_at.eq(review.created_at),
            )
        })
        .collect();
    insert_many!(db, review_votes::table, rows)?;
    Ok(())
}

/// Brings the products' ratings in step.
fn rate(db: &mut Db, made: &[Review]) -> Result<(), DbError> {
    let mut ratings: BTreeMap<i64, RatingHistogram> = BTreeMap::new();
    for review in made.iter().filter(|review| review.status == "approved") {
        ratings.entry(review.product_id).or_default().add(review.rating, 1);
    }
    for (id, stars) in ratings {
        put_ratings(db, id, stars)?;
    }
    Ok(())
}

/// Marks the reviews of those who have received the product.
fn verify(db: &mut Db) -> Result<(), DbError> {
    let received = orders::table
        .inner_join(order_lines::table)
        .filter(order_lines::delivered.gt(0))
        .filter(order_lines::product_id.eq(reviews::product_id).and(orders::user_id.eq(reviews::user_id)));
    let bought: Vec<i64> = reviews::table.filter(exists(received)).select(reviews::id).load(db)?;
    diesel::update(reviews::table.filter(reviews::id.eq_any(bought))).set(reviews::verified.eq(true)).execute(db)?;
    Ok(())
}
