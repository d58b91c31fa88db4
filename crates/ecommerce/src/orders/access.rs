//! Who may see an order, and who may change it: one place, for every route of orders, payments, shipments and returns.

use diesel::prelude::*;
use poligon_common::CurrentUser;
use poligon_core::db::{Db, Timestamp};

use super::settle::{Taken, take};
use crate::error::Error;
use crate::permissions::{ORDERS_READ, ORDERS_WRITE};
use crate::schema::orders;

/// Who asks for an order, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Viewer {
    pub(crate) user_id: i64,
    /// Sees everybody's orders.
    pub(crate) reads_all: bool,
    /// Changes everybody's orders.
    pub(crate) writes_all: bool,
}

impl From<&CurrentUser> for Viewer {
    fn from(user: &CurrentUser) -> Self {
        let writes_all = user.may(ORDERS_WRITE);
        Self { user_id: user.user_id, reads_all: writes_all || user.may(ORDERS_READ), writes_all }
    }
}

/// Goes on only when the viewer may know of this order: their own, or everybody's.
pub(crate) fn require_visible(db: &mut Db, order_id: i64, viewer: Viewer) -> Result<(), Error> {
    let owner: Option<i64> = orders::table.find(order_id).select(orders::user_id).get_result(db).optional()?;
    match owner {
        Some(owner) if owner == viewer.user_id || viewer.reads_all => Ok(()),
        _ => Err(Error::NotFound),
    }
}

/// Takes an order that the viewer may change: their own, or everybody's.
pub(crate) fn take_changeable(db: &mut Db, order_id: i64, viewer: Viewer, now: Timestamp) -> Result<Taken, Error> {
    require_visible(db, order_id, viewer)?;
    let order = take(db, order_id, now)?;
    if order.user_id == viewer.user_id || viewer.writes_all { Ok(order) } else { Err(Error::NotFound) }
}
