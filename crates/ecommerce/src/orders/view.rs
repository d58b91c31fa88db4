//! Orders as they are shown: three queries for one, two for a page of a list.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, Json, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::address::Address;
use super::number::number_of;
use super::status::{Facts, FulfilmentStatus, PaymentStatus, Status};
use crate::error::Error;
use crate::schema::{order_lines, orders};

/// The way of shipping that was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderShippingMethod)]
pub(crate) struct ShippingMethod {
    /// Its code.
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: String,
    /// Fewest days that it takes.
    pub(crate) min_days: i64,
    /// Most days that it takes.
    pub(crate) max_days: i64,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderResponse {
    /// What lists show of it.
    #[serde(flatten)]
    summary: OrderSummary,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// What was ordered.
    lines: Vec<OrderLine>,
    /// What the goods cost.
    subtotal: Money,
    /// What the coupon took off.
    discount: Money,
    /// What shipping costs.
    shipping: Money,
    /// Sales tax.
    tax: Money,
    /// The rate of the tax, in basis points.
    tax_rate_bp: i64,
    /// What is promised and not yet taken, or was.
    authorized: Money,
    /// What was taken.
    captured: Money,
    /// What was given back.
    refunded: Money,
    /// The coupon that was used.
    coupon_code: Option<String>,
    /// How it is shipped.
    shipping_method: ShippingMethod,
    /// Where it goes.
    shipping_address: Address,
    /// Who pays.
    billing_address: Address,
    /// What the customer has said with it.
    note: String,
    /// Until when it waits for its money.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When the money came.
    #[schema(value_type = Option<String>, format = DateTime)]
    paid_at: Option<Timestamp>,
    /// When all of it had arrived.
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Timestamp>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    /// When it was called off.
    #[schema(value_type = Option<String>, format = DateTime)]
    cancelled_at: Option<Timestamp>,
    /// Counts the changes.
    pub(super) version: i64,
}

impl OrderResponse {
    /// Its id.
    pub(super) fn id(&self) -> i64 {
        self.summary.id
    }
}

/// An order as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderSummary {
    /// Its id.
    pub(super) id: i64,
    /// Its number, for people.
    number: String,
    /// Whose it is.
    user_id: i64,
    /// Its state.
    status: Status,
    /// What has become of the money.
    payment_status: PaymentStatus,
    /// What has become of the goods.
    fulfilment_status: FulfilmentStatus,
    /// What it comes to.
    total: Money,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderLine {
    /// Its id.
    id: i64,
    /// The variant.
    variant_id: i64,
    /// Its product.
    product_id: i64,
    /// The variant's number in the store, as it was.
    sku: String,
    /// The product's name, as it was.
    title: String,
    /// The variant's options, as they were.
    options: BTreeMap<String, String>,
    /// What one piece cost.
    unit_price: Money,
    /// Pieces.
    quantity: i64,
    /// What the pieces cost together.
    line_total: Money,
    /// Its part of the discount.
    discount: Money,
    /// Pieces on their way, those that have arrived among them.
    shipped: i64,
    /// Pieces that have arrived, those that came back among them.
    delivered: i64,
    /// Pieces that the customer wants to send back, or has sent.
    return_open: i64,
    /// Pieces that came back.
    returned: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(super) struct SummaryRow {
    pub(super) id: i64,
    pub(super) user_id: i64,
    pub(super) status: String,
    pub(super) payment_status: String,
    pub(super) fulfilment_status: String,
    pub(super) total: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl From<SummaryRow> for OrderSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: row.id,
            number: number_of(row.id),
            user_id: row.user_id,
            status: Status::of(&row.status),
            payment_status: PaymentStatus::of(&row.payment_status),
            fulfilment_status: FulfilmentStatus::of(&row.fulfilment_status),
            total: Money::of(row.total),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(super) struct Row {
    #[diesel(embed)]
    pub(super) summary: SummaryRow,
    pub(super) subtotal: i64,
    pub(super) discount: i64,
    pub(super) shipping: i64,
    pub(super) tax: i64,
    pub(super) tax_bp: i64,
    pub(super) authorized: i64,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    pub(super) coupon_code: Option<String>,
    pub(super) shipping_method: Json<ShippingMethod>,
    pub(super) shipping_address: Json<Address>,
    pub(super) billing_address: Json<Address>,
    pub(super) customer_note: String,
    pub(super) expires_at: Timestamp,
    pub(super) paid_at: Option<Timestamp>,
    pub(super) delivered_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) cancelled_at: Option<Timestamp>,
    pub(super) expired_at: Option<Timestamp>,
    pub(super) version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = order_lines)]
pub(super) struct LineRow {
    pub(super) id: i64,
    pub(super) variant_id: i64,
    pub(super) product_id: i64,
    pub(super) sku: String,
    pub(super) title: String,
    pub(super) options: Json<BTreeMap<String, String>>,
    pub(super) unit_price: i64,
    pub(super) quantity: i64,
    pub(super) discount: i64,
    pub(super) shipped: i64,
    pub(super) delivered: i64,
    pub(super) return_open: i64,
    pub(super) returned: i64,
}

impl From<LineRow> for OrderLine {
    fn from(row: LineRow) -> Self {
        Self {
            id: row.id,
            variant_id: row.variant_id,
            product_id: row.product_id,
            sku: row.sku,
            title: row.title,
            options: row.options.0,
            unit_price: Money::of(row.unit_price),
            quantity: row.quantity,
            line_total: Money::of(row.unit_price.saturating_mul(row.quantity)),
            discount: Money::of(row.discount),
            shipped: row.shipped,
            delivered: row.delivered,
            return_open: row.return_open,
            returned: row.returned,
        }
    }
}

/// The order with this id, as its owner sees it, or as those who change orders do (`staff`).
pub(super) fn find(db: &mut Db, id: i64, staff: bool) -> Result<OrderResponse, Error> {
    let row: Option<Row> = orders::table.find(id).select(Row::as_select()).get_result(db).optional()?;
    let row = row.ok_or(Error::NotFound)?;
    let of_order = order_lines::table.filter(order_lines::order_id.eq(id)).order(order_lines::id);
    let lines: Vec<LineRow> = of_order.select(LineRow::as_select()).load(db)?;
    Ok(shown(row, lines, staff))
}

pub(super) fn shown(row: Row, lines: Vec<LineRow>, staff: bool) -> OrderResponse {
    let facts = Facts {
        total: row.summary.total,
        authorized: row.authorized,
        captured: row.captured,
        refunded: row.refunded,
        quantity: lines.iter().map(|line| line.quantity).sum(),
        shipped: lines.iter().map(|line| line.shipped).sum(),
        delivered: lines.iter().map(|line| line.delivered).sum(),
        cancelled: row.cancelled_at.is_some(),
        expired: row.expired_at.is_some(),
        completed: row.completed_at.is_some(),
    };
    OrderResponse {
        next_statuses: next_statuses(&facts, staff),
        summary: row.summary.into(),
        lines: lines.into_iter().map(Into::into).collect(),
        subtotal: Money::of(row.subtotal),
        discount: Money::of(row.discount),
        shipping: Money::of(row.shipping),
        tax: Money::of(row.tax),
        tax_rate_bp: row.tax_bp,
        authorized: Money::of(row.authorized),
        captured: Money::of(row.captured),
        refunded: Money::of(row.refunded),
        coupon_code: row.coupon_code,
        shipping_method: row.shipping_method.0,
        shipping_address: row.shipping_address.0,
        billing_address: row.billing_address.0,
        note: row.customer_note,
        expires_at: row.expires_at,
        paid_at: row.paid_at,
        delivered_at: row.delivered_at,
        completed_at: row.completed_at,
        cancelled_at: row.cancelled_at,
        version: row.version,
    }
}

/// Where the caller may bring an order by hand; everything else follows from payments and shipments.
fn next_statuses(facts: &Facts, staff: bool) -> Vec<Status> {
    let cancel = facts.may_cancel().then_some(Status::Cancelled);
    let complete = (staff && facts.may_complete()).then_some(Status::Completed);
    cancel.into_iter().chain(complete).collect()
}
