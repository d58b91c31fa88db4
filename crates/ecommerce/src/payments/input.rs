//! Requests about payments, as clients write them.

use poligon_common::Refused;
use poligon_common::input::Remark;
use poligon_common::money::Price;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card::Card;
use super::status::Capture;

/// A payment of an order. The amount is the order's total.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPaymentRequest {
    pub(super) method: MethodRequest,
    /// Whether the money is taken with the authorization; it is, when nothing is said.
    #[serde(default)]
    pub(super) capture: Capture,
}

/// What is paid with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentMethodRequest)]
pub(crate) struct MethodRequest {
    #[serde(rename = "type")]
    #[allow(dead_code)] // there is one
    kind: MethodKind,
    pub(super) card: Card,
}

/// The kind of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentMethodType)]
pub(crate) enum MethodKind {
    /// A card.
    Card,
}

/// A refund.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRefundRequest {
    /// How much; everything that is left, when nothing is said.
    pub(super) amount: Option<RefundAmount>,
    /// Why.
    pub(super) reason: GivenReason,
    /// More about it.
    #[serde(default)]
    pub(super) note: Remark,
}

/// An amount of 1 or more, in the shop's currency.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(try_from = "Price")]
#[schema(value_type = Price)]
pub(crate) struct RefundAmount(pub(super) i64);

impl TryFrom<Price> for RefundAmount {
    type Error = Refused;

    fn try_from(price: Price) -> Result<Self, Refused> {
        if price.0 > 0 { Ok(Self(price.0)) } else { Err(Refused::new("range", "must have an amount of 1 or more")) }
    }
}

/// Why money is given back, as the staff says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NewRefundReason)]
pub(crate) enum GivenReason {
    /// The customer asked for it.
    RequestedByCustomer,
    /// The goods came back.
    Returned,
    /// The goods arrived damaged.
    Damaged,
    /// It was paid twice.
    Duplicate,
    /// Somebody else's card was used.
    Fraudulent,
    /// Another reason: see the note.
    Other,
}

/// Why money is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RefundReason)]
pub(crate) enum Reason {
    /// The customer asked for it.
    RequestedByCustomer,
    /// The goods came back.
    Returned,
    /// The goods arrived damaged.
    Damaged,
    /// It was paid twice.
    Duplicate,
    /// Somebody else's card was used.
    Fraudulent,
    /// Another reason: see the note.
    Other,
    /// The order was cancelled, or had ended when the money came.
    OrderCancelled,
}

impl From<GivenReason> for Reason {
    fn from(given: GivenReason) -> Self {
        match given {
            GivenReason::RequestedByCustomer => Self::RequestedByCustomer,
            GivenReason::Returned => Self::Returned,
            GivenReason::Damaged => Self::Damaged,
            GivenReason::Duplicate => Self::Duplicate,
            GivenReason::Fraudulent => Self::Fraudulent,
            GivenReason::Other => Self::Other,
        }
    }
}

impl Reason {
    const ALL: [Self; 7] = [
        Self::RequestedByCustomer,
        Self::Returned,
        Self::Damaged,
        Self::Duplicate,
        Self::Fraudulent,
        Self::Other,
        Self::OrderCancelled,
    ];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RequestedByCustomer => "requested_by_customer",
            Self::Returned => "returned",
            Self::Damaged => "damaged",
            Self::Duplicate => "duplicate",
            Self::Fraudulent => "fraudulent",
            Self::Other => "other",
            Self::OrderCancelled => "order_cancelled",
        }
    }

    /// The reason that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.name() == name).unwrap_or(Self::Other)
    }
}
