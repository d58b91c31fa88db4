//! Metrics for Prometheus.

use std::net::IpAddr;

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpResponse, Responder};
use ipnet::IpNet;
use poligon_common::{Client, Ctx, Problem};
use poligon_core::Config;

use crate::cli::is_production;

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Counters and gauges in the text format of Prometheus. Answers while the database is down. Only for the networks in
/// `server.metrics_networks`; elsewhere there is nothing here.
#[utoipa::path(get, path = "/metrics",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain"),
        (status = 404, description = "`not_found`: not for the caller's network")))]
pub(crate) async fn read_metrics(ctx: Ctx, client: Client) -> Result<impl Responder, Problem> {
    if !may_read(&ctx.config, client.address) {
        return Err(Problem::not_found());
    }
    ctx.refresh_gauges().await;
    let text = ctx.metrics.render().map_err(|e| Problem::internal(&e))?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT_FORMAT)).body(text))
}

fn may_read(config: &Config, address: IpAddr) -> bool {
    match config.server.metrics_networks.as_slice() {
        [] => !is_production(config) || is_near(address),
        networks => networks.iter().any(|network: &IpNet| network.contains(&address)),
    }
}

/// Whether an address cannot come from the internet: loopback, private (RFC 1918), unique local (RFC 4193).
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}
