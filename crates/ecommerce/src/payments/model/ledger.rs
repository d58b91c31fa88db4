//! The ledger: what the provider has done, as entries that are added and never changed. The sums of an order are the
//! sums of its entries.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::Row;
use crate::error::Error;
use crate::orders;
use crate::schema::{orders as orders_table, payment_entries};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentEntryKind)]
pub(crate) enum EntryKind {
    /// The money was promised.
    Authorization,
    /// The promised money was taken.
    Capture,
    /// The promise was given up.
    Void,
    /// Money was given back.
    Refund,
}

impl EntryKind {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }

    /// The kind that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "capture" => Self::Capture,
            "void" => Self::Void,
            "refund" => Self::Refund,
            _ => Self::Authorization,
        }
    }
}

/// Adds an entry.
pub(super) fn add(
    db: &mut Db,
    row: &Row,
    kind: EntryKind,
    amount: i64,
    refund_id: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    diesel::insert_into(payment_entries::table)
        .values((
            payment_entries::order_id.eq(row.order_id),
            payment_entries::payment_id.eq(row.id),
            payment_entries::refund_id.eq(refund_id),
            payment_entries::kind.eq(kind.name()),
            payment_entries::amount.eq(amount),
            payment_entries::created_at.eq(now),
        ))
        .execute(db)?;
    Ok(())
}

/// Brings an order, which this transaction has taken, in step with its entries: its sums, then its states.
pub(super) fn settle_order(db: &mut Db, order_id: i64, actor: Option<i64>, now: Timestamp) -> Result<(), Error> {
    let sums: Vec<(String, i64)> = payment_entries::table
        .filter(payment_entries::order_id.eq(order_id))
        .group_by(payment_entries::kind)
        // PostgreSQL's sum of bigint is numeric.
        .select((payment_entries::kind, sql::<BigInt>("CAST(SUM(amount) AS BIGINT)")))
        .load(db)?;
    let sum = |kind: EntryKind| sums.iter().find(|(name, _)| name == kind.name()).map_or(0, |(_, amount)| *amount);
    let changes = (
        orders_table::authorized.eq(sum(EntryKind::Authorization) - sum(EntryKind::Void)),
        orders_table::captured.eq(sum(EntryKind::Capture)),
        orders_table::refunded.eq(sum(EntryKind::Refund)),
    );
    diesel::update(orders_table::table.find(order_id)).set(changes).execute(db)?;
    orders::settle(db, order_id, actor, now)?;
    Ok(())
}
