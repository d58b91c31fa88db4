//! The states of a shipment, and the moves between them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::orders::states;

states! {
    /// Where a shipment is.
    Status as ShipmentStatus {
        /// Packed, in the store.
        Created = "created",
        /// With the carrier.
        InTransit = "in_transit",
        /// On its last way.
        OutForDelivery = "out_for_delivery",
        /// With the customer.
        Delivered = "delivered",
        /// Could not be delivered; it may be tried again.
        Failed = "failed",
        /// Back in the store.
        ReturnedToSender = "returned_to_sender",
        /// Unpacked before it left.
        Cancelled = "cancelled",
    }
}

impl Status {
    const FIRST: Self = Self::Created;

    /// Where a shipment can go from here. Of one that is in transit more may be heard: it stays so at another place.
    pub(super) fn next(self) -> &'static [Self] {
        match self {
            Self::Created => &[Self::InTransit, Self::Cancelled],
            Self::InTransit => {
                &[Self::InTransit, Self::OutForDelivery, Self::Delivered, Self::Failed, Self::ReturnedToSender]
            }
            Self::OutForDelivery => &[Self::Delivered, Self::Failed, Self::ReturnedToSender],
            Self::Failed => &[Self::InTransit, Self::ReturnedToSender],
            Self::Delivered | Self::ReturnedToSender | Self::Cancelled => &[],
        }
    }

    /// Whether nothing more happens to it.
    pub(super) fn is_over(self) -> bool {
        self.next().is_empty()
    }

    /// Goes to `to`, if there is a way.
    pub(super) fn change(self, to: Self) -> Result<Self, Error> {
        if self.next().contains(&to) { Ok(to) } else { Err(Error::RefusedMove("a shipment", self.name(), to.name())) }
    }
}
