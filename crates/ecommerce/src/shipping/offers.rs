//! Rates of shipping over HTTP.

use actix_web::{HttpRequest, HttpResponse};
use poligon_common::answer::Answer;
use poligon_common::input::Whole;
use poligon_common::money::{MOST, Money};
use poligon_common::page::Listing;
use poligon_common::{Ctx, Problem, Query, near};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::country::Country;
use super::input::HEAVIEST;
use super::rates::{self, Rate};
use crate::events::SHIPPING;

/// What is to be shipped, and where to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RateParams {
    /// The country, as ISO 3166-1 alpha-2.
    #[param(inline)]
    country: Country,
    /// The weight, in grams.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000, default = 0)]
    weight_g: Option<Whole<0, HEAVIEST>>,
    /// The value of the goods, in minor units.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000_000_i64, default = 0)]
    subtotal: Option<Whole<0, MOST>>,
}

/// An offer to ship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RateResponse {
    /// The method.
    method_id: i64,
    /// Its code within its zone.
    code: String,
    /// Its name.
    name: String,
    /// What it costs.
    price: Money,
    /// The days that it takes, at least.
    min_days: i64,
    /// The days that it takes, at most.
    max_days: i64,
    /// Sales tax there, in basis points of goods after discount plus shipping.
    tax_bp: i64,
}

impl From<Rate> for RateResponse {
    fn from(rate: Rate) -> Self {
        Self {
            method_id: rate.method_id,
            code: rate.code,
            name: rate.name,
            price: Money::of(rate.price),
            min_days: rate.min_days,
            max_days: rate.max_days,
            tax_bp: rate.tax_bp,
        }
    }
}

/// The offers to ship something somewhere, the cheapest first; all of them on one page.
#[utoipa::path(get, path = "/shipping/rates", params(RateParams),
    responses((status = 200, description = "The offers", body = Listing<RateResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_rates(
    ctx: Ctx,
    Query(params): Query<RateParams>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    near::answer(&ctx, &req, &[SHIPPING], async || {
        let (weight_g, subtotal) = (params.weight_g.map_or(0, |w| w.0), params.subtotal.map_or(0, |s| s.0));
        let country = params.country.0;
        let offers = ctx.db.read_primary(move |db| rates::rates(db, &country, weight_g, subtotal)).await?;
        let items = offers.into_iter().map(RateResponse::from).collect();
        Ok(Answer::ok(Listing { items, next_cursor: None, total: None }))
    })
    .await
}
