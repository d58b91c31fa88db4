//! Carts in the database: finding, making, merging and emptying them.

use std::time::Duration;

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::jobs::{Job, JobError};
use poligon_core::on_each;

use super::owner::CartOwner;
use crate::error::Error;
use crate::events::cart_begun;
use crate::goods::{MOST_LINES, MOST_OF_ONE};
use crate::schema::{cart_items, carts};

/// How long a guest's cart that nobody touches is kept, in days.
const GUEST_DAYS: i64 = 30;
/// Carts that one run of the sweep removes at most.
const SWEPT_AT_ONCE: i64 = 1_000;
/// Carts that one cart is made of at most: of more, the oldest count as never ordered.
const MOST_BEGUN: usize = 20;

/// A cart.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = carts)]
pub(crate) struct Cart {
    pub(crate) id: i64,
    pub(crate) coupon_id: Option<i64>,
    /// When the carts were begun that it is made of, in milliseconds since 1970: its own, and those of guests that were merged
    /// into it. What is left of a cart from which everything was taken says nothing.
    pub(crate) begun: Json<Vec<i64>>,
}

/// The cart of a person; for a guest, of the token.
pub(crate) fn find_cart(db: &mut Db, owner: &CartOwner) -> Result<Option<Cart>, Error> {
    match (owner.user_id, &owner.token_hash) {
        (Some(user_id), _) => of_user(db, user_id),
        (None, Some(hash)) => of_token(db, hash),
        (None, None) => Ok(None),
    }
}

fn of_user(db: &mut Db, user_id: i64) -> Result<Option<Cart>, Error> {
    let own = carts::table.filter(carts::user_id.eq(user_id));
    Ok(own.select(Cart::as_select()).get_result(db).optional()?)
}

fn of_token(db: &mut Db, hash: &str) -> Result<Option<Cart>, Error> {
    let own = carts::table.filter(carts::token_hash.eq(hash));
    Ok(own.select(Cart::as_select()).get_result(db).optional()?)
}

/// Whether the caller is logged in and still carries a guest's cart, which is to be merged.
pub(super) fn has_guest_cart(db: &mut Db, owner: &CartOwner) -> Result<bool, Error> {
    match (owner.user_id, &owner.token_hash) {
        (Some(_), Some(hash)) => Ok(of_token(db, hash)?.is_some()),
        _ => Ok(false),
    }
}

/// Takes the row of a cart for this transaction: changes of one cart take turns. Answers it as it is then.
pub(crate) fn lock(db: &mut Db, id: i64, now: Timestamp) -> Result<Option<Cart>, Error> {
    if diesel::update(carts::table.find(id)).set(carts::updated_at.eq(now)).execute(db)? == 0 {
        return Ok(None); // merged or swept meanwhile
    }
    Ok(Some(carts::table.find(id).select(Cart::as_select()).get_result(db)?))
}

/// The cart of a person or a guest, taken for this transaction, and made when it is not there. `new_token` is the
/// fingerprint of the token that a new guest is given.
pub(super) fn take_or_make(
    db: &mut Db,
    owner: &CartOwner,
    new_token: Option<&str>,
    now: Timestamp,
) -> Result<Cart, Error> {
    let hash = owner.token_hash.as_deref().filter(|_| owner.user_id.is_none());
    let known = match (owner.user_id, hash) {
        (None, Some(_)) => find_cart(db, owner)?, // a token that is of no cart makes none
        _ => None,
    };
    if owner.user_id.is_none() && known.is_none() && new_token.is_none() {
        return Err(Error::NotFound);
    }
    let id = match known {
        Some(cart) => cart.id,
        None => insert_or_find(db, owner.user_id, new_token.filter(|_| owner.user_id.is_none()), now)?,
    };
    lock(db, id, now)?.ok_or(Error::NotFound)
}

fn insert_or_find(db: &mut Db, user_id: Option<i64>, hash: Option<&str>, now: Timestamp) -> Result<i64, Error> {
    if let Some(user_id) = user_id
        && let Some(cart) = of_user(db, user_id)?
    {
        return Ok(cart.id);
    }
    let values =
        (carts::user_id.eq(user_id), carts::token_hash.eq(hash), carts::created_at.eq(now), carts::updated_at.eq(now));
    on_each!(db, c => diesel::insert_into(carts::table).values(values).on_conflict_do_nothing().execute(c))?;
    let made = match (user_id, hash) {
        (Some(user_id), _) => of_user(db, user_id)?,
        (None, Some(hash)) => of_token(db, hash)?,
        (None, None) => None,
    };
    Ok(made.ok_or(Error::NotFound)?.id)
}

/// Merges the guest's cart whose token a logged-in caller sends into the caller's own. Nothing happens without one.
pub(crate) fn adopt_guest(db: &mut Db, owner: &CartOwner, now: Timestamp) -> Result<(), Error> {
    let (Some(user_id), Some(hash)) = (owner.user_id, &owner.token_hash) else { return Ok(()) };
    let Some(found) = of_token(db, hash)? else { return Ok(()) };
    let Some(guest) = lock(db, found.id, now)? else { return Ok(()) };
    let own = insert_or_find(db, Some(user_id), None, now)?;
    let own = lock(db, own, now)?.ok_or(Error::NotFound)?;
    let (of_guest, of_own) = merge_items(db, guest.id, own.id)?;
    if of_guest || own.coupon_id.is_none() && guest.coupon_id.is_some() {
        let begun =
            both(if of_own { own.begun.0 } else { Vec::new() }, if of_guest { guest.begun.0 } else { Vec::new() });
        let merged = (carts::coupon_id.eq(own.coupon_id.or(guest.coupon_id)), carts::begun.eq(Json(begun)));
        diesel::update(carts::table.find(own.id)).set(merged).execute(db)?;
    }
    diesel::delete(carts::table.find(guest.id)).execute(db)?;
    Ok(())
}

/// The beginnings of two carts that are one now.
fn both(mut own: Vec<i64>, others: Vec<i64>) -> Vec<i64> {
    own.extend(others);
    own.sort_unstable();
    own.split_off(own.len().saturating_sub(MOST_BEGUN))
}

/// Answers which of the two had anything in it.
fn merge_items(db: &mut Db, from: i64, into: i64) -> Result<(bool, bool), Error> {
    let columns = (cart_items::id, cart_items::variant_id, cart_items::quantity);
    let of = |cart_id: i64| cart_items::table.filter(cart_items::cart_id.eq(cart_id)).order(cart_items::id);
    let guests: Vec<(i64, i64, i64)> = of(from).select(columns).load(db)?;
    let own: Vec<(i64, i64, i64)> = of(into).select(columns).load(db)?;
    let (mut lines, had) = (own.len(), (!guests.is_empty(), !own.is_empty()));
    for (id, variant_id, quantity) in guests {
        match own.iter().find(|item| item.1 == variant_id) {
            Some(item) => {
                let sum = (item.2 + quantity).min(MOST_OF_ONE);
                diesel::update(cart_items::table.find(item.0)).set(cart_items::quantity.eq(sum)).execute(db)?;
            }
            None if lines < MOST_LINES => {
                diesel::update(cart_items::table.find(id)).set(cart_items::cart_id.eq(into)).execute(db)?;
                lines += 1;
            }
            None => {} // no room; it goes with the guest's cart
        }
    }
    Ok(had)
}

/// Notes and tells that a cart is begun: something comes into it, and nothing was in it. The cart is taken.
pub(super) fn begin(db: &mut Db, cart: &mut Cart, user_id: Option<i64>, now: Timestamp) -> Result<(), Error> {
    cart.begun = Json(vec![now.millis()]);
    diesel::update(carts::table.find(cart.id)).set(carts::begun.eq(&cart.begun)).execute(db)?;
    Ok(cart_begun(db, cart.id, user_id, now)?)
}

/// Takes everything out of a cart, the coupon too.
pub(crate) fn empty(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    diesel::delete(cart_items::table.filter(cart_items::cart_id.eq(id))).execute(db)?;
    let bare =
        ((carts::coupon_id.eq(None::<i64>), carts::begun.eq(Json(Vec::<i64>::new()))), carts::updated_at.eq(now));
    diesel::update(carts::table.find(id)).set(bare).execute(db)?;
    Ok(())
}

/// Removes guests' carts that nobody has touched for a month.
pub(super) fn sweep_job() -> Job {
    Job::periodic("ecommerce.sweep_carts", Duration::from_hours(1), |ctx| async move {
        let now = ctx.clock.now();
        ctx.db.write(move |db| sweep(db, now)).await.map_err(|error| JobError(error.to_string()))
    })
}

fn sweep(db: &mut Db, now: Timestamp) -> Result<(), Error> {
    let stale = carts::table
        .filter(carts::user_id.is_null())
        .filter(carts::updated_at.lt(now - chrono::Duration::days(GUEST_DAYS)))
        .order(carts::updated_at);
    let ids: Vec<i64> = stale.select(carts::id).limit(SWEPT_AT_ONCE).load(db)?;
    diesel::delete(carts::table.filter(carts::id.eq_any(ids))).execute(db)?;
    Ok(())
}
