//! An order on its way into the database, with everything that is written and shown of it.

use chrono::Duration;
use poligon_core::db::{Json, Timestamp};
use serde_json::{Value, json};

use super::write::Written;
use super::{Line, Placing};
use crate::coupons::Coupon;
use crate::orders::status::Facts;
use crate::orders::view::{self, LineRow, OrderResponse, Row, ShippingMethod, SummaryRow};
use crate::pricing::Totals;
use crate::shipping::Rate;

/// How long an order waits for its money, in minutes.
const WAITS_MINUTES: i64 = 30;

/// An order that is to be written.
pub(super) struct NewOrder<'a> {
    pub(super) placing: &'a Placing,
    pub(super) lines: &'a [Line],
    pub(super) totals: &'a Totals,
    pub(super) method_id: i64,
    pub(super) method: ShippingMethod,
    pub(super) tax_bp: i64,
    pub(super) coupon: Option<&'a Coupon>,
    /// What its states follow from.
    pub(super) facts: Facts,
    pub(super) expires_at: Timestamp,
    /// At once, when there is nothing to pay.
    pub(super) paid_at: Option<Timestamp>,
    /// The products of its lines, each once, in order.
    pub(super) products: Vec<i64>,
    /// When the carts were begun that are ordered by it, in milliseconds since 1970.
    pub(super) carts: &'a [i64],
    pub(super) now: Timestamp,
}

impl<'a> NewOrder<'a> {
    pub(super) fn of(
        placing: &'a Placing,
        lines: &'a [Line],
        totals: &'a Totals,
        rate: &Rate,
        coupon: Option<&'a Coupon>,
        now: Timestamp,
    ) -> Self {
        let mut products: Vec<i64> = lines.iter().map(|line| line.good.product_id).collect();
        products.sort_unstable();
        products.dedup();
        let quantity = lines.iter().map(|line| line.quantity).sum();
        let facts = Facts { total: totals.total, quantity, ..Facts::default() };
        Self {
            placing,
            lines,
            totals,
            method_id: rate.method_id,
            method: ShippingMethod {
                code: rate.code.clone(),
                name: rate.name.clone(),
                min_days: rate.min_days,
                max_days: rate.max_days,
            },
            tax_bp: rate.tax_bp,
            coupon,
            facts,
            expires_at: now + Duration::minutes(WAITS_MINUTES),
            paid_at: (totals.total == 0).then_some(now),
            products,
            carts: &[],
            now,
        }
    }

    /// The same, of what lay in a cart that was begun then.
    pub(super) fn of_carts(self, carts: &'a [i64]) -> Self {
        Self { carts, ..self }
    }

    /// The particulars of the timeline's first entry.
    pub(super) fn noted(&self) -> Value {
        json!({"total": self.totals.total})
    }

    /// What the event tells, but for the order's id.
    pub(super) fn told(&self, sold_out: bool) -> Value {
        let line = |line: &Line| {
            let (variant, product) = (line.good.variant_id, line.good.product_id);
            json!({"variant_id": variant, "product_id": product, "quantity": line.quantity, "unit_price": line.good.price})
        };
        let mut told = json!({
            "user_id": self.placing.user_id, "total": self.totals.total, "discount": self.totals.discount,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(), "products": self.products, "listed": sold_out,
        });
        if !self.carts.is_empty() {
            told["carts_begun"] = json!(self.carts);
        }
        told
    }

    /// The order as its customer sees it: what was written needs not be read again.
    pub(super) fn shown(&self, written: &Written) -> OrderResponse {
        let lines = self.lines.iter().zip(&self.totals.line_discounts).zip(&written.line_ids);
        let lines = lines.map(|((line, discount), id)| line_row(line, *discount, *id)).collect();
        view::shown(self.row(written.id), lines, false)
    }

    fn row(&self, id: i64) -> Row {
        let placing = self.placing;
        Row {
            summary: SummaryRow {
                id,
                user_id: placing.user_id,
                status: self.facts.status().name().to_owned(),
                payment_status: self.facts.payment().name().to_owned(),
                fulfilment_status: self.facts.fulfilment().name().to_owned(),
                total: self.totals.total,
                created_at: self.now,
                updated_at: self.now,
            },
            subtotal: self.totals.subtotal,
            discount: self.totals.discount,
            shipping: self.totals.shipping,
            tax: self.totals.tax,
            tax_bp: self.tax_bp,
            authorized: 0,
            captured: 0,
            refunded: 0,
            coupon_code: self.coupon.map(|coupon| coupon.code.clone()),
            shipping_method: Json(self.method.clone()),
            shipping_address: Json(placing.shipping_address.clone()),
            billing_address: Json(placing.billing_address.clone()),
            customer_note: placing.note.clone(),
            expires_at: self.expires_at,
            paid_at: self.paid_at,
            delivered_at: None,
            completed_at: None,
            cancelled_at: None,
            expired_at: None,
            version: 1,
        }
    }
}

fn line_row(line: &Line, discount: i64, id: i64) -> LineRow {
    LineRow {
        id,
        variant_id: line.good.variant_id,
        product_id: line.good.product_id,
        sku: line.good.sku.clone(),
        title: line.good.title.clone(),
        options: line.good.options.clone(),
        unit_price: line.good.price,
        quantity: line.quantity,
        discount,
        shipped: 0,
        delivered: 0,
        return_open: 0,
        returned: 0,
    }
}
