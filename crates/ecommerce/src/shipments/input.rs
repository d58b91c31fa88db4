//! What shipments and what is heard of them are made of, as clients write it.

use std::collections::BTreeSet;

use poligon_common::Refused;
use poligon_common::input::{Line, Prose, Whole, present};
use poligon_core::db::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::status::Status;

/// Most lines of a shipment: an order has no more.
const MOST_LINES: usize = 100;

/// Pieces of a line of the order.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipmentLineRequest {
    /// The line.
    #[schema(minimum = 1)]
    pub(super) line_id: i64,
    /// Pieces of it.
    #[schema(value_type = i64, minimum = 1, maximum = 1_000_000)]
    pub(super) quantity: Whole<1, 1_000_000>,
}

/// 1 to 100 lines, each once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(try_from = "Vec<ShipmentLineRequest>")]
#[schema(as = ShipmentLines, value_type = Vec<ShipmentLineRequest>, min_items = 1, max_items = 100)]
pub(crate) struct Lines(pub(super) Vec<ShipmentLineRequest>);

impl TryFrom<Vec<ShipmentLineRequest>> for Lines {
    type Error = Refused;

    fn try_from(lines: Vec<ShipmentLineRequest>) -> Result<Self, Refused> {
        if !(1..=MOST_LINES).contains(&lines.len()) {
            return Err(Refused::new("items", format!("must have 1 to {MOST_LINES} lines")));
        }
        let ids: BTreeSet<i64> = lines.iter().map(|line| line.line_id).collect();
        if ids.len() < lines.len() {
            return Err(Refused::new("unique", "must name each line once"));
        }
        Ok(Self(lines))
    }
}

/// What is shipped.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipmentRequest {
    /// What is in it; everything that is left when it is left out.
    pub(super) lines: Option<Lines>,
    /// Who carries it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 60, examples("UPS"))]
    pub(super) carrier: Option<Line<1, 60>>,
    /// Its number with the carrier.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub(super) tracking_number: Option<Line<1, 100>>,
    /// Whether the customer is to be told.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(super) notify: bool,
}

fn yes() -> bool {
    true
}

/// What shall change of a shipment (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipmentPatch {
    /// Who carries it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 60)]
    pub(super) carrier: Option<Option<Line<1, 60>>>,
    /// Its number with the carrier.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub(super) tracking_number: Option<Option<Line<1, 100>>>,
}

/// What can be heard of a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TrackingStatus {
    /// With the carrier.
    InTransit,
    /// On its last way.
    OutForDelivery,
    /// With the customer.
    Delivered,
    /// Could not be delivered; it may be tried again.
    Failed,
    /// Back in the store; its pieces can be shipped again.
    ReturnedToSender,
}

impl TrackingStatus {
    /// The state that the shipment has then.
    pub(super) fn status(self) -> Status {
        match self {
            Self::InTransit => Status::InTransit,
            Self::OutForDelivery => Status::OutForDelivery,
            Self::Delivered => Status::Delivered,
            Self::Failed => Status::Failed,
            Self::ReturnedToSender => Status::ReturnedToSender,
        }
    }
}

/// What was heard of a shipment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackingRequest {
    /// What it is now.
    pub(super) status: TrackingStatus,
    /// Where it is.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub(super) location: Option<Line<1, 100>>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500)]
    pub(super) note: Prose<500>,
    /// When it happened: within the last year; now when it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) occurred_at: Option<Timestamp>,
}
