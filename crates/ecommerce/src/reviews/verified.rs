//! The mark of a verified purchase: the author has received a piece of the product. It is kept in the review, and
//! stays when the piece goes back.

use diesel::prelude::*;
use poligon_core::db::{Db, dialect};

use crate::error::Error;
use crate::schema::{order_lines, orders, reviews};

/// Held, for each customer, by whoever writes a review and by whoever delivers to them: of two at once, the later one
/// sees what the other has done. Behind every row in the order of locks.
const CUSTOMER_LOCK: i64 = 0x7265_7669_0000_0000;

fn lock(db: &mut Db, user_id: i64) -> Result<(), Error> {
    Ok(dialect::lock(db, CUSTOMER_LOCK ^ user_id)?)
}

/// Whether a customer has received a piece of the product. Their deliveries wait until this transaction is over.
pub(super) fn is_verified(db: &mut Db, user_id: i64, product_id: i64) -> Result<bool, Error> {
    lock(db, user_id)?;
    let received = order_lines::table
        .inner_join(orders::table.on(orders::id.eq(order_lines::order_id)))
        .filter(orders::user_id.eq(user_id))
        .filter(order_lines::product_id.eq(product_id))
        .filter(order_lines::delivered.gt(0));
    Ok(received.select(order_lines::id).first::<i64>(db).optional()?.is_some())
}

/// Marks a customer's reviews of what has been delivered of an order.
pub(crate) fn refresh_verified(db: &mut Db, order_id: i64, user_id: i64) -> Result<(), Error> {
    lock(db, user_id)?;
    let received = order_lines::table
        .filter(order_lines::order_id.eq(order_id))
        .filter(order_lines::delivered.gt(0))
        .select(order_lines::product_id);
    let unmarked = reviews::table
        .filter(reviews::user_id.eq(user_id))
        .filter(reviews::verified.eq(false))
        .filter(reviews::product_id.eq_any(received));
    diesel::update(unmarked).set(reviews::verified.eq(true)).execute(db)?;
    Ok(())
}
