//! Using a coupon: whether it can be used for these goods by this person now, and the use itself.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::model::Coupon;
use crate::error::Error;
use crate::goods::Good;
use crate::pricing::{self, Priced, Reduction};
use crate::schema::{categories, coupon_redemptions, coupons};

/// What a coupon comes to for given goods.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) reduction: Reduction,
    /// The goods, priced, those marked that the coupon is for.
    pub(crate) lines: Vec<Priced>,
}

/// Goods without a coupon.
fn plain(goods: &[(&Good, i64)]) -> Vec<Priced> {
    goods
        .iter()
        .map(|(good, quantity)| Priced { unit_price: good.price, quantity: *quantity, eligible: true })
        .collect()
}

/// What a coupon comes to for these goods and quantities, or why it cannot be used. Limits are looked at, and kept only
/// by [`redeem`].
pub(crate) fn judge(
    db: &mut Db,
    coupon: &Coupon,
    user_id: Option<i64>,
    goods: &[(&Good, i64)],
    now: Timestamp,
) -> Result<Offer, Error> {
    if coupon.archived_at.is_some() || coupon.ends_at.is_some_and(|end| end <= now) {
        return Err(Error::CouponExpired);
    }
    if coupon.starts_at.is_some_and(|start| start > now) {
        return Err(Error::CouponNotStarted);
    }
    if coupon.max_redemptions.is_some_and(|most| coupon.redeemed >= most) {
        return Err(Error::CouponExhausted);
    }
    if let (Some(most), Some(user_id)) = (coupon.max_per_customer, user_id)
        && used_by(db, coupon.id, user_id)? >= most
    {
        return Err(Error::CouponExhausted);
    }
    let mut lines = plain(goods);
    if let Some(id) = coupon.category_id {
        let path: String = categories::table.find(id).select(categories::path).get_result(db)?;
        for (line, (good, _)) in lines.iter_mut().zip(goods) {
            line.eligible = good.is_within(&path);
        }
    }
    let eligible = pricing::eligible(&lines);
    if !lines.iter().any(|line| line.eligible) {
        return Err(Error::CouponNotApplicable);
    }
    if eligible < coupon.minimum_spend {
        return Err(Error::CouponMinimum { spend: eligible, minimum: coupon.minimum_spend });
    }
    Ok(Offer { reduction: coupon.reduction(), lines })
}

/// How often a person has used a coupon, in orders that were not called off.
fn used_by(db: &mut Db, coupon_id: i64, user_id: i64) -> Result<i64, Error> {
    Ok(coupon_redemptions::table
        .filter(coupon_redemptions::coupon_id.eq(coupon_id))
        .filter(coupon_redemptions::user_id.eq(user_id))
        .count()
        .get_result(db)?)
}

/// Uses a coupon for an order. The update of its row is the lock: of uses at once none goes above a limit.
pub(crate) fn redeem(db: &mut Db, coupon: &Coupon, user_id: i64, order_id: i64, now: Timestamp) -> Result<(), Error> {
    let free = coupons::max_redemptions.is_null().or(coupons::redeemed.nullable().lt(coupons::max_redemptions));
    let row = coupons::table.find(coupon.id).filter(coupons::archived_at.is_null()).filter(free);
    if diesel::update(row).set(coupons::redeemed.eq(coupons::redeemed + 1)).execute(db)? == 0 {
        return Err(Error::CouponExhausted);
    }
    if let Some(most) = coupon.max_per_customer
        && used_by(db, coupon.id, user_id)? >= most
    {
        return Err(Error::CouponExhausted);
    }
    diesel::insert_into(coupon_redemptions::table)
        .values((
            coupon_redemptions::order_id.eq(order_id),
            coupon_redemptions::coupon_id.eq(coupon.id),
            coupon_redemptions::user_id.eq(user_id),
            coupon_redemptions::created_at.eq(now),
        ))
        .execute(db)?;
    Ok(())
}

/// Gives the use of a coupon back that an order had.
pub(crate) fn release(db: &mut Db, order_id: i64, coupon_id: i64) -> Result<(), Error> {
    if diesel::delete(coupon_redemptions::table.find(order_id)).execute(db)? == 1 {
        let row = coupons::table.find(coupon_id);
        diesel::update(row).set(coupons::redeemed.eq(coupons::redeemed - 1)).execute(db)?;
    }
    Ok(())
}
