//! The states of a payment and of a refund, and the moves between them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;

/// The state of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentStatus)]
pub(crate) enum Status {
    /// The customer has to prove who they are, at `next_action`.
    RequiresAction,
    /// The provider has been asked and has not answered yet.
    Processing,
    /// The money is promised.
    Authorized,
    /// The money is here.
    Captured,
    /// A part of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
    /// The provider has declined it.
    Failed,
    /// It was given up before the money came.
    Cancelled,
}

impl Status {
    const ALL: [Self; 8] = [
        Self::RequiresAction,
        Self::Processing,
        Self::Authorized,
        Self::Captured,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.name() == name).unwrap_or(Self::Processing)
    }

    /// Whether the provider has said its last word about the authorization: money is here, or never comes.
    pub(crate) fn is_decided(self) -> bool {
        !matches!(self, Self::RequiresAction | Self::Processing | Self::Authorized)
    }

    /// Whether there is captured money that can be given back.
    pub(crate) fn is_refundable(self) -> bool {
        matches!(self, Self::Captured | Self::PartiallyRefunded)
    }

    /// The refusal of a move from here.
    pub(crate) fn cannot_become(self, to: Self) -> Error {
        Error::RefusedMove("a payment", self.name(), to.name())
    }
}

/// What the provider is being asked for while a payment is processing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// To promise the money, or to take it at once.
    Authorize,
    /// To take what is promised.
    Capture,
    /// To let go of what is promised.
    Void,
}

impl Step {
    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Void => "void",
        }
    }

    /// The step that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "capture" => Self::Capture,
            "void" => Self::Void,
            _ => Self::Authorize,
        }
    }
}

/// When the money is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentCapture)]
pub(crate) enum Capture {
    /// With the authorization.
    #[default]
    Automatic,
    /// By `capture`, later.
    Manual,
}

impl Capture {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }

    /// What is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        if name == "manual" { Self::Manual } else { Self::Automatic }
    }
}

/// The state of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    /// The provider has not answered yet.
    Pending,
    /// The money was given back.
    Succeeded,
    /// The provider has refused it; nothing was given back.
    Failed,
}

impl RefundStatus {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            _ => Self::Pending,
        }
    }
}
