//! Putting things into a cart, changing how many, taking them out; and the coupon.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::content::{find_items, too_many};
use super::model::{Cart, begin, find_cart, lock, take_or_make};
use super::owner::CartOwner;
use crate::coupons::{self, judge};
use crate::error::Error;
use crate::goods::{Good, MOST_LINES, find_goods, only_variant};
use crate::schema::{cart_items, carts};

/// What is named to be bought: a variant, or a product that has only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A variant.
    Variant(i64),
    /// A product.
    Product(i64),
}

/// The variant that is meant, with its product.
fn find_good(db: &mut Db, wanted: Wanted) -> Result<Good, Error> {
    let id = match wanted {
        Wanted::Variant(id) => id,
        Wanted::Product(id) => only_variant(db, id)?,
    };
    let found = find_goods(db, &[id])?.pop().filter(Good::is_for_sale);
    found.ok_or_else(|| Error::field("/variant_id", "unknown_variant", "is not the id of a variant that is for sale"))
}

/// Puts pieces into the cart of `owner`; answers the cart.
pub(super) fn add(
    db: &mut Db,
    owner: &CartOwner,
    new_token: Option<&str>,
    wanted: Wanted,
    quantity: i64,
    now: Timestamp,
) -> Result<Cart, Error> {
    let good = find_good(db, wanted)?;
    let mut cart = take_or_make(db, owner, new_token, now)?;
    let cart_id = cart.id;
    let of_cart = || cart_items::table.filter(cart_items::cart_id.eq(cart_id));
    let same = of_cart().filter(cart_items::variant_id.eq(good.variant_id));
    let there: Option<(i64, i64)> = same.select((cart_items::id, cart_items::quantity)).get_result(db).optional()?;
    let sum = there.map_or(0, |(_, before)| before) + quantity;
    too_many(&good, sum)?;
    if let Some((id, _)) = there {
        set(db, id, sum, good.price, now)?;
        return Ok(cart);
    }
    let lines: i64 = of_cart().count().get_result(db)?;
    if usize::try_from(lines).unwrap_or(usize::MAX) >= MOST_LINES {
        return Err(Error::CartFull(MOST_LINES));
    }
    if lines == 0 {
        begin(db, &mut cart, owner.user_id, now)?;
    }
    diesel::insert_into(cart_items::table)
        .values((
            cart_items::cart_id.eq(cart_id),
            cart_items::variant_id.eq(good.variant_id),
            cart_items::quantity.eq(quantity),
            cart_items::seen_price.eq(good.price),
            cart_items::created_at.eq(now),
            cart_items::updated_at.eq(now),
        ))
        .execute(db)?;
    Ok(cart)
}

fn set(db: &mut Db, id: i64, quantity: i64, seen_price: i64, now: Timestamp) -> Result<(), Error> {
    let values =
        (cart_items::quantity.eq(quantity), cart_items::seen_price.eq(seen_price), cart_items::updated_at.eq(now));
    diesel::update(cart_items::table.find(id)).set(values).execute(db)?;
    Ok(())
}

/// The caller's cart, taken for this transaction.
fn take(db: &mut Db, owner: &CartOwner, now: Timestamp) -> Result<Cart, Error> {
    let cart = find_cart(db, owner)?.ok_or(Error::NotFound)?;
    lock(db, cart.id, now)?.ok_or(Error::NotFound)
}

/// Sets how many pieces a line has, and takes the present price as seen.
pub(super) fn change(
    db: &mut Db,
    owner: &CartOwner,
    item_id: i64,
    quantity: i64,
    now: Timestamp,
) -> Result<Cart, Error> {
    let cart = take(db, owner, now)?;
    let own = cart_items::table.find(item_id).filter(cart_items::cart_id.eq(cart.id));
    let variant_id: Option<i64> = own.select(cart_items::variant_id).get_result(db).optional()?;
    let good = find_goods(db, &[variant_id.ok_or(Error::NotFound)?])?.pop().ok_or(Error::NotFound)?;
    too_many(&good, quantity)?;
    set(db, item_id, quantity, good.price, now)?;
    Ok(cart)
}

/// Takes a line out.
pub(super) fn remove(db: &mut Db, owner: &CartOwner, item_id: i64, now: Timestamp) -> Result<(), Error> {
    let cart = take(db, owner, now)?;
    let own = cart_items::table.find(item_id).filter(cart_items::cart_id.eq(cart.id));
    if diesel::delete(own).execute(db)? == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Takes everything out; where nothing is, nothing can be deleted.
pub(super) fn clear(db: &mut Db, owner: &CartOwner, now: Timestamp) -> Result<(), Error> {
    let cart = take(db, owner, now)?;
    let items = cart_items::table.filter(cart_items::cart_id.eq(cart.id));
    if cart.coupon_id.is_none() && items.select(cart_items::id).first::<i64>(db).optional()?.is_none() {
        return Err(Error::NotFound);
    }
    super::model::empty(db, cart.id, now)
}

/// Notes a coupon that can be used for what lies in the cart.
pub(super) fn put_coupon(db: &mut Db, owner: &CartOwner, code: &str, now: Timestamp) -> Result<Cart, Error> {
    let unknown = || Error::field("/code", "unknown_coupon", "is not the code of a coupon");
    let coupon = coupons::find_by_code(db, code)?.filter(|coupon| coupon.archived_at.is_none()).ok_or_else(unknown)?;
    let cart = find_cart(db, owner)?.ok_or(Error::CartEmpty)?;
    let cart = lock(db, cart.id, now)?.ok_or(Error::CartEmpty)?;
    let items = find_items(db, cart.id)?;
    if items.is_empty() {
        return Err(Error::CartEmpty);
    }
    let goods: Vec<(&Good, i64)> = items.iter().map(|item| (&item.good, item.quantity)).collect();
    judge(db, &coupon, owner.user_id, &goods, now)?;
    diesel::update(carts::table.find(cart.id)).set(carts::coupon_id.eq(coupon.id)).execute(db)?;
    Ok(Cart { coupon_id: Some(coupon.id), ..cart })
}

/// Takes the coupon away; without one it is 404.
pub(super) fn remove_coupon(db: &mut Db, owner: &CartOwner, now: Timestamp) -> Result<(), Error> {
    let cart = take(db, owner, now)?;
    if cart.coupon_id.is_none() {
        return Err(Error::NotFound);
    }
    diesel::update(carts::table.find(cart.id)).set(carts::coupon_id.eq(None::<i64>)).execute(db)?;
    Ok(())
}
