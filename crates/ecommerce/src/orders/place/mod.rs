//! Placing an order: one transaction that looks at the goods as they are, reserves them, and writes down what was agreed.
//!
//! The order of work keeps what is shared by many buyers locked for the shortest time: prices, coupon and shipping are
//! looked at first; then pieces are reserved by conditional updates in order of id, each of which also checks that the
//! price is still the one that was looked at; the coupon's row comes last.

mod new;
pub(super) mod together;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use poligon_core::db::{Db, Timestamp};

use self::new::NewOrder;
use super::address::Address;
use super::view::OrderResponse;
use crate::carts::{self, Cart, CartOwner};
use crate::coupons::{self, Coupon, Offer, judge};
use crate::error::{self, Error, RefusedLine};
use crate::goods::{Good, Obstacle, find_goods, obstacles};
use crate::pricing::{self, Priced, Totals};
use crate::shipping::{self, Band, Rate};

/// What is to be ordered, and how.
#[derive(Debug, Clone)]
pub(super) struct Placing {
    pub(super) owner: CartOwner,
    pub(super) user_id: i64,
    /// Variants and quantities; what lies in the cart when it is `None`.
    pub(super) items: Option<Vec<(i64, i64)>>,
    pub(super) coupon: Option<String>,
    pub(super) shipping_method: String,
    /// What it costs to ship to the country of the address.
    pub(super) bands: Arc<Vec<Band>>,
    pub(super) shipping_address: Address,
    pub(super) billing_address: Address,
    pub(super) note: String,
    /// The total that the customer has seen, in minor units.
    pub(super) expected_total: Option<i64>,
}

/// A line on its way into an order.
#[derive(Debug, Clone)]
struct Line {
    good: Good,
    quantity: i64,
    seen_price: Option<i64>,
}

/// An order that was placed.
pub(super) struct Placed {
    pub(super) order: OrderResponse,
    /// The products of which something was reserved.
    pub(super) products: Vec<i64>,
    /// Whether the last free piece of something went.
    pub(super) sold_out: bool,
}

/// Places an order; answers it as its customer sees it.
pub(super) fn place(db: &mut Db, placing: &Placing, now: Timestamp) -> Result<Placed, Error> {
    carts::adopt_guest(db, &placing.owner, now)?;
    let (cart, lines, coupon) = wanted_lines(db, placing, now)?;
    check_lines(&lines)?;
    let goods: Vec<(&Good, i64)> = lines.iter().map(|line| (&line.good, line.quantity)).collect();
    let offer = coupon.as_ref().map(|coupon| judge(db, coupon, Some(placing.user_id), &goods, now)).transpose()?;
    let rate = find_rate(placing, &goods)?;
    let totals = price(&goods, offer.as_ref(), &rate);
    if placing.expected_total.is_some_and(|expected| expected != totals.total) {
        return Err(Error::TotalChanged { total: totals.total });
    }
    let begun = cart.as_ref().map_or(&[][..], |cart| cart.begun.0.as_slice());
    let order = NewOrder::of(placing, &lines, &totals, &rate, coupon.as_ref(), now).of_carts(begun);
    let written = match write::write(db, std::slice::from_ref(&order))? {
        Ok(mut written) => written.pop().ok_or(Error::NotFound)?,
        Err(short) => return Err(why_short(db, &short)?),
    };
    if let Some(coupon) = &coupon {
        coupons::redeem(db, coupon, placing.user_id, written.id, now)?;
    }
    if let Some(cart) = &cart {
        carts::empty(db, cart.id, now)?;
    }
    let sold_out = written.sold_out;
    Ok(Placed { products: order.products.clone(), sold_out, order: order.shown(&written) })
}

type Wanted = (Option<Cart>, Vec<Line>, Option<Coupon>);

/// The lines to order in order of variant, the cart that they come from, and the coupon.
fn wanted_lines(db: &mut Db, placing: &Placing, now: Timestamp) -> Result<Wanted, Error> {
    let Some(items) = &placing.items else { return lines_of_cart(db, placing, now) };
    let mut ids: Vec<i64> = items.iter().map(|(variant_id, _)| *variant_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let goods = find_goods(db, &ids)?;
    let lines = lines_of_items(items, |id| goods.iter().find(|good| good.variant_id == id).cloned())?;
    let coupon = placing.coupon.as_ref().map(|code| find_coupon(db, code)).transpose()?;
    Ok((None, lines, coupon))
}

/// The lines of items, those of one variant added up, in order of variant; every item that is not for sale is named.
fn lines_of_items(items: &[(i64, i64)], good: impl Fn(i64) -> Option<Good>) -> Result<Vec<Line>, Error> {
    let (mut lines, mut unknown): (BTreeMap<i64, Line>, _) = (BTreeMap::new(), Vec::new());
    for (n, (variant_id, quantity)) in items.iter().enumerate() {
        if let Some(line) = lines.get_mut(variant_id) {
            line.quantity += quantity;
        } else if let Some(good) = good(*variant_id).filter(Good::is_for_sale) {
            lines.insert(*variant_id, Line { good, quantity: *quantity, seen_price: None });
        } else {
            let message = "is not the id of a variant that is for sale";
            let pointer = format!("/items/{n}/variant_id");
            unknown.push(poligon_common::FieldError::new(pointer, "unknown_variant", message));
        }
    }
    if unknown.is_empty() { Ok(lines.into_values().collect()) } else { Err(Error::Fields(unknown)) }
}

fn find_coupon(db: &mut Db, code: &str) -> Result<Coupon, Error> {
    let unknown = || Error::field("/coupon", "unknown_coupon", "is not the code of a coupon");
    coupons::find_by_code(db, code)?.filter(|coupon| coupon.archived_at.is_none()).ok_or_else(unknown)
}

fn lines_of_cart(db: &mut Db, placing: &Placing, now: Timestamp) -> Result<Wanted, Error> {
    let found = carts::find_cart(db, &placing.owner)?.ok_or(Error::CartEmpty)?;
    let cart = carts::lock(db, found.id, now)?.ok_or(Error::CartEmpty)?;
    let mut items = carts::find_items(db, cart.id)?;
    if items.is_empty() {
        return Err(Error::CartEmpty);
    }
    items.sort_by_key(|item| item.good.variant_id);
    let coupon = match (&placing.coupon, cart.coupon_id) {
        (Some(code), _) => Some(find_coupon(db, code)?),
        (None, Some(id)) => Some(coupons::find_row(db, id)?),
        (None, None) => None,
    };
    let line = |item: carts::Item| Line { good: item.good, quantity: item.quantity, seen_price: Some(item.seen_price) };
    Ok((Some(cart), items.into_iter().map(line).collect(), coupon))
}

/// Refuses lines that cannot be bought, all lines with the same reason at once.
fn check_lines(lines: &[Line]) -> Result<(), Error> {
    let reasons = [
        (Obstacle::VariantUnavailable, &error::VARIANT_UNAVAILABLE),
        (Obstacle::QuantityLimited, &error::QUANTITY_LIMITED),
        (Obstacle::OutOfStock, &error::OUT_OF_STOCK),
        (Obstacle::PriceChanged, &error::PRICE_CHANGED),
    ];
    for (reason, kind) in reasons {
        let met = |line: &&Line| obstacles(&line.good, line.quantity, line.seen_price).contains(&reason);
        let refused: Vec<RefusedLine> = lines.iter().filter(met).map(|line| refused(line, reason)).collect();
        if !refused.is_empty() {
            return Err(Error::Lines(kind, refused));
        }
    }
    Ok(())
}

fn refused(line: &Line, reason: Obstacle) -> RefusedLine {
    let available = match reason {
        Obstacle::QuantityLimited => Some(line.good.limit()),
        Obstacle::OutOfStock => line.good.available(),
        _ => None,
    };
    let (variant_id, sku) = (line.good.variant_id, line.good.sku.clone());
    RefusedLine { variant_id, sku, quantity: line.quantity, available }
}

fn find_rate(placing: &Placing, goods: &[(&Good, i64)]) -> Result<Rate, Error> {
    let (weight, subtotal) = carts::shipping_basis(goods);
    let country = &placing.shipping_address.country;
    let rates = shipping::offers(&placing.bands, weight, subtotal);
    let known: Vec<String> = rates.iter().map(|rate| rate.code.clone()).collect();
    rates.into_iter().find(|rate| rate.code == placing.shipping_method).ok_or_else(|| {
        let ways = if known.is_empty() { "no way".to_owned() } else { known.join(", ") };
        Error::ShippingUnavailable(format!("there is {ways} to ship these goods to {country}"))
    })
}

fn price(goods: &[(&Good, i64)], offer: Option<&Offer>, rate: &Rate) -> Totals {
    let plain =
        |(good, quantity): &(&Good, i64)| Priced { unit_price: good.price, quantity: *quantity, eligible: true };
    match offer {
        Some(offer) => pricing::totals(&offer.lines, Some(offer.reduction), rate.price, rate.tax_bp),
        None => pricing::totals(&goods.iter().map(plain).collect::<Vec<_>>(), None, rate.price, rate.tax_bp),
    }
}

/// Why lines could not be reserved that looked fine a moment ago.
fn why_short(db: &mut Db, short: &[Line]) -> Result<Error, Error> {
    let ids: Vec<i64> = short.iter().map(|line| line.good.variant_id).collect();
    let now: BTreeMap<i64, Good> = find_goods(db, &ids)?.into_iter().map(|good| (good.variant_id, good)).collect();
    let again: Vec<Line> = short
        .iter()
        .filter_map(|line| {
            let good = now.get(&line.good.variant_id)?.clone();
            Some(Line { good, quantity: line.quantity, seen_price: Some(line.good.price) })
        })
        .collect();
    match check_lines(&again) {
        Err(error) => Ok(error),
        // It has come back since; the customer may try again.
        Ok(()) => Ok(Error::Lines(
            &error::OUT_OF_STOCK,
            short.iter().map(|line| refused(line, Obstacle::OutOfStock)).collect(),
        )),
    }
}
