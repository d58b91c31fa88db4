//! One statement for PostgreSQL. The rows of the variants are locked in order of id before any is changed, so that
//! orders of the same goods wait for each other in one direction. When a line cannot be reserved, nothing of the order
//! is written; what was reserved for its other lines goes with the transaction.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use poligon_core::db::{Instant, Json, Jsonb, Timestamp};
use serde_json::{Value, json};

use super::super::new::NewOrder;
use super::super::{Line, Placing};
use crate::events::ORDER_PLACED;
use crate::orders::address::Address;
use crate::orders::view::ShippingMethod;

/// The order's id and the line's, unless something was short; and the free pieces left, where some were reserved.
pub(super) type Row = (Option<i64>, Option<i64>, Option<i64>);

/// The lines, column by column.
#[derive(Default)]
struct Columns {
    variant_ids: Vec<i64>,
    product_ids: Vec<i64>,
    prices: Vec<i64>,
    quantities: Vec<i64>,
    discounts: Vec<i64>,
    weights: Vec<i64>,
    tracked: Vec<bool>,
    skus: Vec<String>,
    titles: Vec<String>,
    options: Vec<String>,
}

impl Columns {
    fn push(&mut self, line: &Line, discount: i64) {
        self.variant_ids.push(line.good.variant_id);
        self.product_ids.push(line.good.product_id);
        self.prices.push(line.good.price);
        self.quantities.push(line.quantity);
        self.discounts.push(discount);
        self.weights.push(line.good.weight_g);
        self.tracked.push(line.good.tracked);
        self.skus.push(line.good.sku.clone());
        self.titles.push(line.good.title.clone());
        self.options.push(json!(line.good.options.0).to_string());
    }
}

/// The statement, with its values.
pub(super) struct Statement<'a> {
    lines: Columns,
    placing: &'a Placing,
    states: [&'static str; 3],
    sums: [i64; 5],
    tax_bp: i64,
    coupon: (Option<i64>, Option<&'a str>),
    method_id: i64,
    method: Json<ShippingMethod>,
    addresses: [Json<Address>; 2],
    now: Timestamp,
    expires_at: Timestamp,
    paid_at: Option<Timestamp>,
    noted: Json<Value>,
    told: Json<Value>,
}

impl<'a> Statement<'a> {
    pub(super) fn of(order: &'a NewOrder<'a>) -> Self {
        let mut lines = Columns::default();
        for (line, discount) in order.lines.iter().zip(&order.totals.line_discounts) {
            lines.push(line, *discount);
        }
        let (facts, totals, placing) = (&order.facts, order.totals, order.placing);
        Self {
            lines,
            placing,
            states: [facts.status().name(), facts.payment().name(), facts.fulfilment().name()],
            sums: [totals.subtotal, totals.discount, totals.shipping, totals.tax, totals.total],
            tax_bp: order.tax_bp,
            coupon: (order.coupon.map(|coupon| coupon.id), order.coupon.map(|coupon| coupon.code.as_str())),
            method_id: order.method_id,
            method: Json(order.method.clone()),
            addresses: [Json(placing.shipping_address.clone()), Json(placing.billing_address.clone())],
            now: order.now,
            expires_at: order.expires_at,
            paid_at: order.paid_at,
            noted: Json(order.noted()),
            told: Json(order.told(false)),
        }
    }
}

/// Pushes SQL and values in turn: a text is SQL, `Type: value` a value.
macro_rules! push {
    ($out:ident;) => {};
    ($out:ident; $sql:literal $($rest:tt)*) => { $out.push_sql($sql); push!($out; $($rest)*); };
    ($out:ident; [$ty:ty: $value:expr] $($rest:tt)*) => {
        $out.push_bind_param::<$ty, _>($value)?;
        push!($out; $($rest)*);
    };
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push_reserving(&mut out)?;
        self.push_order(&mut out)?;
        self.push_what_follows(&mut out)
    }
}

impl Statement<'_> {
    fn push_reserving<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let lines = &self.lines;
        push!(out;
            "WITH line AS (SELECT * FROM unnest(" [Array<BigInt>: &lines.variant_ids] ", " [Array<BigInt>: &lines.product_ids]
            ", " [Array<BigInt>: &lines.prices] ", " [Array<BigInt>: &lines.quantities] ", " [Array<BigInt>: &lines.discounts]
            ", " [Array<BigInt>: &lines.weights] ", " [Array<Bool>: &lines.tracked] ", " [Array<Text>: &lines.skus]
            ", " [Array<Text>: &lines.titles] ", " [Array<Text>: &lines.options]
            ") WITH ORDINALITY AS given (variant_id, product_id, unit_price, quantity, discount, weight_g, tracked, \
             sku, title, options, n)), \
             held AS MATERIALIZED (SELECT id FROM variants WHERE id IN (SELECT variant_id FROM line WHERE tracked) \
             ORDER BY id FOR NO KEY UPDATE), \
             taken AS (UPDATE variants SET stock_reserved = stock_reserved + line.quantity, updated_at = "
            [Instant: &self.now]
            " FROM held, line WHERE variants.id = held.id AND line.variant_id = held.id \
             AND variants.archived_at IS NULL AND variants.price = line.unit_price \
             AND variants.stock_on_hand - variants.stock_reserved >= line.quantity \
             RETURNING variants.id, variants.stock_on_hand - variants.stock_reserved AS free), "
        );
        Ok(())
    }

    fn push_order<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let ([status, payment, fulfilment], [subtotal, discount, shipping, tax, total]) = (&self.states, &self.sums);
        push!(out;
            "placed AS (INSERT INTO orders (user_id, status, payment_status, fulfilment_status, subtotal, discount, \
             shipping, tax, total, authorized, captured, refunded, tax_bp, coupon_id, coupon_code, shipping_method_id, \
             shipping_method, shipping_address, billing_address, customer_note, version, created_at, updated_at, \
             expires_at, paid_at) SELECT "
            [BigInt: &self.placing.user_id] ", " [Text: *status] ", " [Text: *payment] ", " [Text: *fulfilment] ", "
            [BigInt: subtotal] ", " [BigInt: discount] ", " [BigInt: shipping] ", " [BigInt: tax] ", " [BigInt: total]
            ", 0, 0, 0, " [BigInt: &self.tax_bp] ", " [Nullable<BigInt>: &self.coupon.0] ", "
            [Nullable<Text>: &self.coupon.1] ", " [BigInt: &self.method_id] ", " [Jsonb: &self.method] ", "
            [Jsonb: &self.addresses[0]] ", " [Jsonb: &self.addresses[1]] ", " [Text: &self.placing.note] ", 1, "
            [Instant: &self.now] ", " [Instant: &self.now] ", " [Instant: &self.expires_at] ", "
            [Nullable<Instant>: &self.paid_at]
            " WHERE (SELECT count(*) FROM taken) = (SELECT count(*) FROM line WHERE tracked) RETURNING id), "
        );
        Ok(())
    }

    fn push_what_follows<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push!(out;
            "lines AS (INSERT INTO order_lines (order_id, variant_id, product_id, sku, title, options, unit_price, \
             quantity, discount, weight_g, tracked, shipped, delivered, return_open, returned) \
             SELECT placed.id, line.variant_id, line.product_id, line.sku, line.title, line.options::jsonb, \
             line.unit_price, line.quantity, line.discount, line.weight_g, line.tracked, 0, 0, 0, 0 \
             FROM placed, line ORDER BY line.n RETURNING id, variant_id), \
             noted AS (INSERT INTO order_events (order_id, kind, actor_id, data, internal, created_at) \
             SELECT id, 'placed', " [BigInt: &self.placing.user_id] ", " [Jsonb: &self.noted] ", false, "
            [Instant: &self.now] " FROM placed), \
             told AS (INSERT INTO outbox (topic, object, payload, occurred_at) SELECT " [Text: ORDER_PLACED]
            ", 'order:' || id, " [Jsonb: &self.told]
            " || jsonb_build_object('id', id, 'listed', EXISTS (SELECT 1 FROM taken WHERE free = 0)), "
            [Instant: &self.now] " FROM placed) \
             SELECT placed.id, lines.id, taken.free FROM line LEFT JOIN placed ON true \
             LEFT JOIN lines ON lines.variant_id = line.variant_id \
             LEFT JOIN taken ON taken.id = line.variant_id ORDER BY line.n"
        );
        Ok(())
    }
}

/// The text is always the same, so it is prepared once for a connection.
impl QueryId for Statement<'_> {
    type QueryId = Statement<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Statement<'_> {
    type SqlType = (Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>);
}

impl RunQueryDsl<PgConnection> for Statement<'_> {}
