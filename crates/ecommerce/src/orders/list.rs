//! Lists of orders and of their timelines.

use diesel::prelude::*;
use poligon_common::input::{FilterId, FilterText};
use poligon_core::db::{Db, Json, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::number::id_of;
use super::status::Status;
use super::view::{OrderSummary, SummaryRow};
use crate::error::Error;
use crate::schema::{order_events, orders};

/// Whose orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderScope {
    /// The caller's.
    Own,
    /// Everybody's; needs the permission orders:read.
    All,
}

/// Which orders are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderParams {
    /// Whose; `own` when it is left out.
    #[param(inline)]
    pub(super) scope: Option<OrderScope>,
    /// The state.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// A customer's id, for `scope=all`.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) user_id: Option<FilterId>,
    /// A number, as `ORD-00000042`.
    #[param(value_type = Option<String>, max_length = 32)]
    pub(super) number: Option<FilterText<32>>,
    /// Placed then or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(super) placed_from: Option<Timestamp>,
    /// Placed before then.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(super) placed_before: Option<Timestamp>,
}

/// A filter as the queries need it.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) user_id: Option<i64>,
    pub(super) status: Option<Status>,
    /// The id that the number names; 0, which no order has, for what is no number.
    pub(super) id: Option<i64>,
    pub(super) placed_from: Option<Timestamp>,
    pub(super) placed_before: Option<Timestamp>,
}

impl Filter {
    /// The filter of `params`, for the orders of one person or (`None`) of all.
    pub(super) fn of(params: &OrderParams, user_id: Option<i64>) -> Self {
        Self {
            user_id,
            status: params.status,
            id: params.number.as_ref().map(|number| id_of(&number.0).unwrap_or(0)),
            placed_from: params.placed_from,
            placed_before: params.placed_before,
        }
    }
}

/// The orders of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: &Filter = $filter;
        let mut query = orders::table.into_boxed();
        if let Some(user_id) = filter.user_id {
            query = query.filter(orders::user_id.eq(user_id));
        }
        if let Some(status) = filter.status {
            query = query.filter(orders::status.eq(status.name()));
        }
        if let Some(id) = filter.id {
            query = query.filter(orders::id.eq(id));
        }
        if let Some(from) = filter.placed_from {
            query = query.filter(orders::created_at.ge(from));
        }
        if let Some(before) = filter.placed_before {
            query = query.filter(orders::created_at.lt(before));
        }
        query
    }};
}

/// The newest orders of a filter, below the id `behind`.
pub(super) fn list(db: &mut Db, filter: &Filter, behind: Option<i64>, most: i64) -> Result<Vec<OrderSummary>, Error> {
    let query = filtered!(filter).filter(orders::id.lt(behind.unwrap_or(i64::MAX)));
    let rows: Vec<SummaryRow> = query.order(orders::id.desc()).limit(most).select(SummaryRow::as_select()).load(db)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many orders a filter has.
pub(super) fn count(db: &mut Db, filter: &Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = order_events)]
pub(crate) struct OrderEvent {
    /// Its id.
    pub(super) id: i64,
    /// What: `placed`, `status_changed`, `cancelled`, `expired`, `completed`, `note`, `address_changed`, and what payments,
    /// shipments and returns add.
    kind: String,
    /// Who did it; `null` when it came by itself.
    actor_id: Option<i64>,
    /// The particulars.
    #[schema(value_type = Object)]
    data: Json<Value>,
    /// Whether the customer does not see it.
    internal: bool,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// The timeline of an order, the oldest first, above the id `behind`; what is internal for the staff only.
pub(super) fn timeline(
    db: &mut Db,
    order_id: i64,
    staff: bool,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<OrderEvent>, Error> {
    let events = order_events::table
        .filter(order_events::order_id.eq(order_id).and(order_events::id.gt(behind.unwrap_or(0))))
        .filter(order_events::internal.eq(false).or(order_events::internal.eq(staff)));
    Ok(events.order(order_events::id).limit(most).select(OrderEvent::as_select()).load(db)?)
}

/// How many entries a timeline has.
pub(super) fn count_timeline(db: &mut Db, order_id: i64, staff: bool) -> Result<i64, Error> {
    let events = order_events::table
        .filter(order_events::order_id.eq(order_id))
        .filter(order_events::internal.eq(false).or(order_events::internal.eq(staff)));
    Ok(events.count().get_result(db)?)
}
