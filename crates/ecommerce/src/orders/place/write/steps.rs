//! The same step by step. Lines are written one by one: each is the same prepared statement, which a list of any
//! length would not be.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, kept};
use poligon_core::{events, on_each};

use super::super::Line;
use super::super::new::NewOrder;
use super::Written;
use crate::error::Error;
use crate::events::{ORDER_PLACED, stock_out};
use crate::orders::settle::note_event;
use crate::schema::{order_lines, orders, variants};

pub(super) fn write(db: &mut Db, order: &NewOrder<'_>) -> Result<Result<Written, Vec<Line>>, Error> {
    let (mut gone, mut short) = (Vec::new(), Vec::new());
    for line in order.lines.iter().filter(|line| line.good.tracked) {
        match reserve(db, line, order)? {
            Some(0) => gone.push((line.good.variant_id, line.good.product_id)),
            Some(_) => {}
            None => short.push(line.clone()),
        }
    }
    if !short.is_empty() {
        return Ok(Err(short));
    }
    let id = insert_order(db, order)?;
    let mut line_ids = Vec::with_capacity(order.lines.len());
    for (line, discount) in order.lines.iter().zip(&order.totals.line_discounts) {
        line_ids.push(insert_line(db, id, line, *discount)?);
    }
    note_event(db, id, "placed", Some(order.placing.user_id), order.noted(), order.now)?;
    let mut told = order.told(!gone.is_empty());
    told["id"] = id.into();
    events::publish(db, ORDER_PLACED, &format!("order:{id}"), &told, order.now)?;
    stock_out(db, &gone, order.now)?;
    Ok(Ok(Written { id, line_ids, sold_out: !gone.is_empty() }))
}

/// Reserves the pieces of a line; answers how many are free behind it, `None` when there are too few, or when the
/// price is another.
fn reserve(db: &mut Db, line: &Line, order: &NewOrder<'_>) -> Result<Option<i64>, Error> {
    let free = variants::stock_on_hand - variants::stock_reserved;
    let row = variants::table
        .find(line.good.variant_id)
        .filter(variants::archived_at.is_null().and(variants::price.eq(line.good.price)))
        .filter(free.ge(line.quantity));
    let taken =
        (variants::stock_reserved.eq(variants::stock_reserved + line.quantity), variants::updated_at.eq(order.now));
    Ok(on_each!(db, c => kept(diesel::update(row).set(taken).returning(free)).get_result(c).optional())?)
}

fn insert_order(db: &mut Db, order: &NewOrder<'_>) -> Result<i64, Error> {
    let (totals, placing) = (order.totals, order.placing);
    let values = (
        orders::user_id.eq(placing.user_id),
        (
            orders::status.eq(order.facts.status().name()),
            orders::payment_status.eq(order.facts.payment().name()),
            orders::fulfilment_status.eq(order.facts.fulfilment().name()),
        ),
        (
            orders::subtotal.eq(totals.subtotal),
            orders::discount.eq(totals.discount),
            orders::shipping.eq(totals.shipping),
            orders::tax.eq(totals.tax),
            orders::total.eq(totals.total),
        ),
        (orders::authorized.eq(0), orders::captured.eq(0), orders::refunded.eq(0)),
        orders::tax_bp.eq(order.tax_bp),
        orders::coupon_id.eq(order.coupon.map(|coupon| coupon.id)),
        orders::coupon_code.eq(order.coupon.map(|coupon| &coupon.code)),
        orders::shipping_method_id.eq(order.method_id),
        orders::shipping_method.eq(Json(order.method.clone())),
        orders::shipping_address.eq(Json(placing.shipping_address.clone())),
        orders::billing_address.eq(Json(placing.billing_address.clone())),
        orders::customer_note.eq(&placing.note),
        orders::version.eq(1),
        (orders::created_at.eq(order.now), orders::updated_at.eq(order.now)),
        orders::expires_at.eq(order.expires_at),
        orders::paid_at.eq(order.paid_at),
    );
    Ok(on_each!(db, c => diesel::insert_into(orders::table).values(values).returning(orders::id).get_result(c))?)
}

fn insert_line(db: &mut Db, order_id: i64, line: &Line, discount: i64) -> Result<i64, Error> {
    let values = (
        order_lines::order_id.eq(order_id),
        order_lines::variant_id.eq(line.good.variant_id),
        order_lines::product_id.eq(line.good.product_id),
        order_lines::sku.eq(&line.good.sku),
        order_lines::title.eq(&line.good.title),
        order_lines::options.eq(&line.good.options),
        order_lines::unit_price.eq(line.good.price),
        order_lines::quantity.eq(line.quantity),
        order_lines::discount.eq(discount),
        order_lines::weight_g.eq(line.good.weight_g),
        order_lines::tracked.eq(line.good.tracked),
        (order_lines::shipped.eq(0), order_lines::delivered.eq(0)),
        (order_lines::return_open.eq(0), order_lines::returned.eq(0)),
    );
    Ok(on_each!(db, c =>
        diesel::insert_into(order_lines::table).values(values).returning(order_lines::id).get_result(c))?)
}
