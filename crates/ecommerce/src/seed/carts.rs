//! Demo carts that nobody has ordered: of people, and of guests who have gone away.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp, dialect};
use poligon_core::schema::users;
use poligon_core::seed::Plan;
use poligon_core::{insert_many, random};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::purchases::{Good, find_goods};
use crate::schema::{cart_items, carts};

/// Makes chance of its own, so that other data stays as it is.
const SALT: u64 = 0x6361_7274_7300_0000;
/// Those who have left something in their carts: every other one of them. Nobody of them has a name that is published.
const PEOPLE: std::ops::RangeInclusive<i64> = 100..=309;
/// Guests who have.
const GUESTS: usize = 280;
/// How long ago people began theirs at most, and guests, whose carts are kept for a month, in minutes.
const AGO_MINUTES: (i64, i64) = (90 * 24 * 60, 29 * 24 * 60);

/// Adds carts, if there is anything to buy.
pub(super) fn insert(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let goods = find_goods(db)?;
    let people = users::table.filter(users::id.between(*PEOPLE.start(), *PEOPLE.end())).order(users::id);
    let people: Vec<i64> = people.select(users::id).load(db)?;
    if goods.is_empty() || people.is_empty() {
        return Ok(());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT);
    let owners = people.into_iter().step_by(2).map(Some).chain((0..GUESTS).map(|_| None));
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    for (id, user_id) in (1_i64..).zip(owners) {
        let most = if user_id.is_some() { AGO_MINUTES.0 } else { AGO_MINUTES.1 };
        let begun_at = plan.before(Duration::minutes(rng.random_range(10..most)));
        let token_hash = user_id.is_none().then(|| random::hex(&rng.random::<[u8; 32]>()));
        rows.push((
            carts::id.eq(id),
            carts::user_id.eq(user_id),
            carts::token_hash.eq(token_hash),
            carts::created_at.eq(begun_at),
            carts::updated_at.eq(begun_at),
            carts::begun.eq(Json(vec![begun_at.millis()])),
        ));
        items.extend(lines(id, &goods, begun_at, &mut rng));
    }
    insert_many!(db, carts::table, rows)?;
    insert_many!(db, cart_items::table, items)?;
    Ok(dialect::reset_identity(db, "carts")?)
}

/// A line of a cart: cart, variant, pieces, price, and when it came into the cart, twice.
type Line = (
    diesel::dsl::Eq<cart_items::cart_id, i64>,
    diesel::dsl::Eq<cart_items::variant_id, i64>,
    diesel::dsl::Eq<cart_items::quantity, i64>,
    diesel::dsl::Eq<cart_items::seen_price, i64>,
    diesel::dsl::Eq<cart_items::created_at, Timestamp>,
    diesel::dsl::Eq<cart_items::updated_at, Timestamp>,
);

/// One to three variants, each once.
fn lines(cart_id: i64, goods: &[Good], at: Timestamp, rng: &mut ChaCha8Rng) -> Vec<Line> {
    let mut chosen: Vec<usize> = (0..rng.random_range(1..=3)).map(|_| rng.random_range(0..goods.len())).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let line = |good: &Good| {
        (
            cart_items::cart_id.eq(cart_id),
            cart_items::variant_id.eq(good.variant_id),
            cart_items::quantity.eq(1),
            cart_items::seen_price.eq(good.price),
            cart_items::created_at.eq(at),
            cart_items::updated_at.eq(at),
        )
    };
    chosen.into_iter().filter_map(|n| goods.get(n)).map(line).collect()
}
