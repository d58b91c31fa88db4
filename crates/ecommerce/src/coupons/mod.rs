//! Coupons: what they take off, from whom and how often. A limit is kept by a conditional update of the coupon's row, in
//! the transaction that places the order; an order that is called off gives its use back.

mod http;
mod input;
mod model;
mod redeem;

use poligon_common::{Routes, op};

use crate::error;

pub(crate) use input::CouponCode;
pub(crate) use model::{Coupon, find_by_code, find_row};
pub(crate) use redeem::{Offer, judge, redeem, release};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let taken = &[&error::COUPON_CODE_TAKEN];
    routes
        .permitted("coupons:write", op!(http::list_coupons))
        .permitted("coupons:write", op!(http::get_coupon))
        .permitted("coupons:write", op!(http::create_coupon).refuses(taken).idempotent_by_key())
        .permitted("coupons:write", op!(http::patch_coupon).refuses(taken).by_version())
        .permitted("coupons:write", op!(http::delete_coupon).by_version());
}
