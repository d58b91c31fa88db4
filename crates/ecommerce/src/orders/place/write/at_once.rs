//! One statement for PostgreSQL, for one order or many. The rows of the variants are locked in order of id before any is
//! changed, so that orders of the same goods wait for each other in one direction. When a line of any order cannot be
//! reserved, nothing is written; what was reserved for other lines goes with the transaction.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use poligon_core::db::{Instant, Timestamp};
use serde_json::json;

use super::super::Line;
use super::super::new::NewOrder;
use crate::events::{ORDER_PLACED, STOCK_OUT};

/// The order's id and the line's, unless something was short; and the free pieces left, where some were reserved.
pub(super) type Row = (Option<i64>, Option<i64>, Option<i64>);

/// The lines of all orders, column by column.
#[derive(Default)]
struct Lines {
    /// Of which order, from 1 on.
    orders: Vec<i64>,
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

impl Lines {
    fn push(&mut self, order: i64, line: &Line, discount: i64) {
        self.orders.push(order);
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

/// The orders, column by column; JSON as text.
#[derive(Default)]
struct Orders {
    user_ids: Vec<i64>,
    states: [Vec<&'static str>; 3],
    sums: [Vec<i64>; 5],
    tax_bps: Vec<i64>,
    coupon_ids: Vec<Option<i64>>,
    coupon_codes: Vec<Option<String>>,
    method_ids: Vec<i64>,
    methods: Vec<String>,
    addresses: [Vec<String>; 2],
    notes: Vec<String>,
    paid: Vec<bool>,
    noted: Vec<String>,
    told: Vec<String>,
}

impl Orders {
    fn push(&mut self, order: &NewOrder<'_>) {
        let (facts, totals, placing) = (&order.facts, order.totals, order.placing);
        let states = [facts.status().name(), facts.payment().name(), facts.fulfilment().name()];
        let sums = [totals.subtotal, totals.discount, totals.shipping, totals.tax, totals.total];
        self.states.iter_mut().zip(states).for_each(|(column, state)| column.push(state));
        self.sums.iter_mut().zip(sums).for_each(|(column, sum)| column.push(sum));
        self.user_ids.push(placing.user_id);
        self.tax_bps.push(order.tax_bp);
        self.coupon_ids.push(order.coupon.map(|coupon| coupon.id));
        self.coupon_codes.push(order.coupon.map(|coupon| coupon.code.clone()));
        self.method_ids.push(order.method_id);
        self.methods.push(json!(order.method).to_string());
        let addresses = [&placing.shipping_address, &placing.billing_address];
        self.addresses.iter_mut().zip(addresses).for_each(|(column, address)| column.push(json!(address).to_string()));
        self.notes.push(placing.note.clone());
        self.paid.push(order.paid_at.is_some());
        self.noted.push(order.noted().to_string());
        self.told.push(order.told(false).to_string());
    }
}

/// The statement, with its values.
pub(super) struct Statement {
    lines: Lines,
    orders: Orders,
    now: Timestamp,
    expires_at: Timestamp,
}

impl Statement {
    /// Of orders that are placed at one instant; `None` without any.
    pub(super) fn of(orders: &[NewOrder<'_>]) -> Option<Self> {
        let first = orders.first()?;
        let (mut lines, mut columns) = (Lines::default(), Orders::default());
        for (n, order) in (1..).zip(orders) {
            columns.push(order);
            for (line, discount) in order.lines.iter().zip(&order.totals.line_discounts) {
                lines.push(n, line, *discount);
            }
        }
        Some(Self { lines, orders: columns, now: first.now, expires_at: first.expires_at })
    }
}

/// Pushes SQL and values in turn: a text is SQL, `[Type: value]` a value.
macro_rules! push {
    ($out:ident;) => {};
    ($out:ident; $sql:literal $($rest:tt)*) => { $out.push_sql($sql); push!($out; $($rest)*); };
    ($out:ident; [$ty:ty: $value:expr] $($rest:tt)*) => {
        $out.push_bind_param::<$ty, _>($value)?;
        push!($out; $($rest)*);
    };
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push_reserving(&mut out)?;
        self.push_orders(&mut out)?;
        self.push_what_follows(&mut out)
    }
}

impl Statement {
    fn push_reserving<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let lines = &self.lines;
        push!(out;
            "WITH line AS (SELECT * FROM unnest(" [Array<BigInt>: &lines.orders] ", " [Array<BigInt>: &lines.variant_ids]
            ", " [Array<BigInt>: &lines.product_ids] ", " [Array<BigInt>: &lines.prices] ", " [Array<BigInt>: &lines.quantities]
            ", " [Array<BigInt>: &lines.discounts] ", " [Array<BigInt>: &lines.weights] ", " [Array<Bool>: &lines.tracked]
            ", " [Array<Text>: &lines.skus] ", " [Array<Text>: &lines.titles] ", " [Array<Text>: &lines.options]
            ") WITH ORDINALITY AS given (nth, variant_id, product_id, unit_price, quantity, discount, weight_g, tracked, \
             sku, title, options, n)), \
             need AS MATERIALIZED (SELECT variant_id, sum(quantity)::bigint AS quantity, min(unit_price) AS unit_price, \
             min(product_id) AS product_id \
             FROM line WHERE tracked GROUP BY variant_id), \
             held AS MATERIALIZED (SELECT id FROM variants WHERE id IN (SELECT variant_id FROM need) \
             ORDER BY id FOR NO KEY UPDATE), \
             taken AS (UPDATE variants SET stock_reserved = stock_reserved + need.quantity, updated_at = "
            [Instant: &self.now]
            " FROM held, need WHERE variants.id = held.id AND need.variant_id = held.id \
             AND variants.archived_at IS NULL AND variants.price = need.unit_price \
             AND variants.stock_on_hand - variants.stock_reserved >= need.quantity \
             RETURNING variants.id, need.product_id, variants.stock_on_hand - variants.stock_reserved AS free), "
        );
        Ok(())
    }

    fn push_orders<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let of = &self.orders;
        let ([status, payment, fulfilment], [subtotal, discount, shipping, tax, total]) = (&of.states, &of.sums);
        push!(out;
            "wanted AS MATERIALIZED (SELECT nextval('orders_id_seq') AS id, given.* FROM unnest("
            [Array<BigInt>: &of.user_ids] ", " [Array<Text>: status] ", " [Array<Text>: payment] ", " [Array<Text>: fulfilment]
            ", " [Array<BigInt>: subtotal] ", " [Array<BigInt>: discount] ", " [Array<BigInt>: shipping]
            ", " [Array<BigInt>: tax] ", " [Array<BigInt>: total] ", " [Array<BigInt>: &of.tax_bps]
            ", " [Array<Nullable<BigInt>>: &of.coupon_ids] ", " [Array<Nullable<Text>>: &of.coupon_codes]
            ", " [Array<BigInt>: &of.method_ids] ", " [Array<Text>: &of.methods]
            ", " [Array<Text>: &of.addresses[0]] ", " [Array<Text>: &of.addresses[1]] ", " [Array<Text>: &of.notes]
            ", " [Array<Bool>: &of.paid] ", " [Array<Text>: &of.noted] ", " [Array<Text>: &of.told]
            ") WITH ORDINALITY AS given (user_id, status, payment_status, fulfilment_status, subtotal, discount, shipping, \
             tax, total, tax_bp, coupon_id, coupon_code, shipping_method_id, shipping_method, shipping_address, \
             billing_address, note, paid, noted, told, n)), \
             placed AS (INSERT INTO orders (id, user_id, status, payment_status, fulfilment_status, subtotal, discount, \
             shipping, tax, total, authorized, captured, refunded, tax_bp, coupon_id, coupon_code, shipping_method_id, \
             shipping_method, shipping_address, billing_address, customer_note, version, created_at, updated_at, \
             expires_at, paid_at) SELECT id, user_id, status, payment_status, fulfilment_status, subtotal, discount, \
             shipping, tax, total, 0, 0, 0, tax_bp, coupon_id, coupon_code, shipping_method_id, shipping_method::jsonb, \
             shipping_address::jsonb, billing_address::jsonb, note, 1, "
            [Instant: &self.now] ", " [Instant: &self.now] ", " [Instant: &self.expires_at] ", CASE WHEN paid THEN "
            [Instant: &self.now]
            " END FROM wanted WHERE (SELECT count(*) FROM taken) = (SELECT count(*) FROM need) RETURNING id), "
        );
        Ok(())
    }

    fn push_what_follows<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push!(out;
            "lines AS (INSERT INTO order_lines (order_id, variant_id, product_id, sku, title, options, unit_price, \
             quantity, discount, weight_g, tracked, shipped, delivered, return_open, returned) \
             SELECT wanted.id, line.variant_id, line.product_id, line.sku, line.title, line.options::jsonb, \
             line.unit_price, line.quantity, line.discount, line.weight_g, line.tracked, 0, 0, 0, 0 \
             FROM placed JOIN wanted ON wanted.id = placed.id JOIN line ON line.nth = wanted.n \
             ORDER BY line.n RETURNING id, order_id, variant_id), \
             noted AS (INSERT INTO order_events (order_id, kind, actor_id, data, internal, created_at) \
             SELECT wanted.id, 'placed', wanted.user_id, wanted.noted::jsonb, false, " [Instant: &self.now]
            " FROM placed JOIN wanted ON wanted.id = placed.id), \
             told AS (INSERT INTO outbox (topic, object, payload, occurred_at) SELECT " [Text: ORDER_PLACED]
            ", 'order:' || wanted.id, wanted.told::jsonb || jsonb_build_object('id', wanted.id, 'listed', \
             EXISTS (SELECT 1 FROM taken JOIN line ON line.variant_id = taken.id \
             WHERE taken.free = 0 AND line.nth = wanted.n)), "
            [Instant: &self.now] " FROM placed JOIN wanted ON wanted.id = placed.id UNION ALL SELECT " [Text: STOCK_OUT]
            ", 'variant:' || id, jsonb_build_object('variant_id', id, 'product_id', product_id), " [Instant: &self.now]
            " FROM taken WHERE free = 0) \
             SELECT placed.id, lines.id, taken.free FROM line JOIN wanted ON wanted.n = line.nth \
             LEFT JOIN placed ON placed.id = wanted.id \
             LEFT JOIN lines ON lines.order_id = placed.id AND lines.variant_id = line.variant_id \
             LEFT JOIN taken ON taken.id = line.variant_id ORDER BY line.n"
        );
        Ok(())
    }
}

/// The text is always the same, so it is prepared once for a connection.
impl QueryId for Statement {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Statement {
    type SqlType = (Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>);
}

impl RunQueryDsl<PgConnection> for Statement {}
