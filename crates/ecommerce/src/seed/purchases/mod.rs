//! Demo orders of the last 90 days, in every state, each with the payment, the ledger, the shipment and the return that
//! its state follows from; and coupons to try. The states are not chosen: they are derived from the facts, as always.

mod make;
mod money;
mod parcels;
mod rows;
mod store;

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp, dialect};
use poligon_core::insert_many;
use poligon_core::schema::users;
use poligon_core::seed::{Plan, Profile};
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

use crate::schema::{coupons, products, variants};
use make::{Maker, Purchase};

/// Makes chance of its own, so that the products stay as they are.
const SALT: u64 = 0x6f72_6465_7273_0000;
/// Orders that go to the database at once, of at most four lines: below SQLite's limit of 32,766 values.
const BATCH: usize = 400;
/// The demo people who buy.
const BUYERS: std::ops::RangeInclusive<i64> = 7..=309;
/// What is bought: the first variants, so that the large profile needs not hold them all.
const GOODS: i64 = 20_000;

/// A variant that is bought.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Good {
    pub(super) variant_id: i64,
    pub(super) product_id: i64,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) options: Json<BTreeMap<String, String>>,
    pub(super) price: i64,
    pub(super) weight_g: i64,
}

/// Adds coupons and, if the demo people are there, their orders.
pub(super) fn insert(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    insert_coupons(db, plan)?;
    let people = users::table.filter(users::id.between(*BUYERS.start(), *BUYERS.end())).order(users::id);
    let people: Vec<(i64, Timestamp)> = people.select((users::id, users::created_at)).load(db)?;
    let goods = find_goods(db)?;
    if people.is_empty() || goods.is_empty() {
        return Ok(());
    }
    // Two and a half lines an order: a million lines in the large profile.
    let wanted: i64 = if plan.profile == Profile::Large { 400_000 } else { 1_000 };
    let mut maker = Maker::new(db, &people, &goods, wanted, ChaCha8Rng::seed_from_u64(plan.seed ^ SALT))?;
    let mut store = store::Store::default();
    let mut batch = Vec::with_capacity(BATCH);
    for id in 1..=wanted {
        let purchase = maker.purchase(id, plan);
        store.note(&purchase);
        batch.push(purchase);
        if batch.len() == BATCH || id == wanted {
            insert_batch(db, &batch)?;
            batch.clear();
            (plan.progress)("orders", u64::try_from(id).unwrap_or(0), u64::try_from(wanted).unwrap_or(0));
        }
    }
    store.write(db)?;
    for table in ["orders", "order_lines", "payments", "payment_refunds", "shipments", "order_returns"] {
        dialect::reset_identity(db, table)?;
    }
    Ok(())
}

fn insert_batch(db: &mut Db, batch: &[Purchase<'_>]) -> Result<(), DbError> {
    rows::insert(db, batch)?;
    money::insert(db, batch)?;
    parcels::insert(db, batch)
}

pub(super) fn find_goods(db: &mut Db) -> Result<Vec<Good>, DbError> {
    let sold = variants::table.inner_join(products::table).filter(variants::id.le(GOODS)).order(variants::id);
    let columns = (
        variants::id,
        variants::product_id,
        variants::sku,
        products::title,
        variants::options,
        variants::price,
        variants::weight_g,
    );
    Ok(sold.select(columns).load(db)?)
}

/// Code, description, kind, value, least spend, limit, days until it ends.
type CouponWords = (&'static str, &'static str, &'static str, i64, i64, Option<i64>, i64);

const COUPONS: [CouponWords; 5] = [
    ("WELCOME10", "Ten percent off everything", "percent", 10, 0, None, 365),
    ("SAVE5", "Five dollars off from fifty on", "fixed", 500, 5_000, None, 365),
    ("FREESHIP", "Shipping for nothing", "free_shipping", 0, 0, None, 365),
    ("SOLD-OUT", "Used as often as it may be", "percent", 50, 0, Some(0), 365),
    ("LAST-YEAR", "Its time is over", "percent", 25, 0, None, -30),
];

fn insert_coupons(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let at = plan.before(chrono::Duration::days(400));
    let rows: Vec<_> = (1_i64..)
        .zip(&COUPONS)
        .map(|(id, (code, about, kind, value, least, limit, days))| {
            (
                coupons::id.eq(id),
                coupons::code.eq(*code),
                coupons::description.eq(*about),
                coupons::kind.eq(*kind),
                coupons::value.eq(*value),
                coupons::minimum_spend.eq(*least),
                coupons::starts_at.eq(at),
                coupons::ends_at.eq(plan.before(chrono::Duration::days(-days))),
                coupons::max_redemptions.eq(*limit),
                coupons::redeemed.eq(0),
                coupons::version.eq(1),
                coupons::created_at.eq(at),
                coupons::updated_at.eq(at),
            )
        })
        .collect();
    insert_many!(db, coupons::table, rows)?;
    Ok(dialect::reset_identity(db, "coupons")?)
}
