//! The states of an order. They are not set, they follow: from the sums of the ledger of payments, from what of each
//! line is shipped, and from the three decisions that end an order (cancelled, expired, completed).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Declares an enum of states that are stored and shown by name.
macro_rules! states {
    ($(#[$about:meta])* $name:ident as $schema:ident { $($(#[$doc:meta])* $state:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub(crate) enum $name {
            $($(#[$doc])* $state,)*
        }

        impl $name {
            /// As it is stored and shown.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$state => $text,)* }
            }

            /// The state that is stored as `name`; the database holds no other (`CHECK`).
            pub(crate) fn of(name: &str) -> Self {
                [$(Self::$state),*].into_iter().find(|state| state.name() == name).unwrap_or(Self::FIRST)
            }
        }
    };
}
pub(crate) use states;

states! {
    /// The state of an order as a whole.
    Status as OrderStatus {
        /// Placed; its pieces are reserved until it is paid or expires.
        PendingPayment = "pending_payment",
        /// The money is promised.
        Authorized = "authorized",
        /// The money is here.
        Paid = "paid",
        /// Some of it is on its way.
        PartiallyShipped = "partially_shipped",
        /// All of it is on its way.
        Shipped = "shipped",
        /// All of it has arrived.
        Delivered = "delivered",
        /// Nothing more will happen.
        Completed = "completed",
        /// Called off before anything was shipped.
        Cancelled = "cancelled",
        /// Not paid in time.
        Expired = "expired",
        /// A part of the money was given back.
        PartiallyRefunded = "partially_refunded",
        /// All of the money was given back.
        Refunded = "refunded",
    }
}

impl Status {
    const FIRST: Self = Self::PendingPayment;
}

states! {
    /// What has become of the money.
    PaymentStatus as OrderPaymentStatus {
        /// Nothing yet.
        Unpaid = "unpaid",
        /// Promised.
        Authorized = "authorized",
        /// Here.
        Paid = "paid",
        /// A part was given back.
        PartiallyRefunded = "partially_refunded",
        /// All of it was given back.
        Refunded = "refunded",
        /// The order ended before any money came.
        Voided = "voided",
    }
}

impl PaymentStatus {
    const FIRST: Self = Self::Unpaid;
}

states! {
    /// What has become of the goods.
    FulfilmentStatus as OrderFulfilmentStatus {
        /// All in the store.
        Unfulfilled = "unfulfilled",
        /// Some on their way.
        PartiallyShipped = "partially_shipped",
        /// All on their way.
        Shipped = "shipped",
        /// All arrived.
        Delivered = "delivered",
    }
}

impl FulfilmentStatus {
    const FIRST: Self = Self::Unfulfilled;
}

/// What the states of an order follow from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts {
    pub(crate) total: i64,
    pub(crate) authorized: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    /// Pieces ordered, shipped and delivered.
    pub(crate) quantity: i64,
    pub(crate) shipped: i64,
    pub(crate) delivered: i64,
    pub(crate) cancelled: bool,
    pub(crate) expired: bool,
    pub(crate) completed: bool,
}

impl Facts {
    /// What has become of the money.
    pub(crate) fn payment(&self) -> PaymentStatus {
        match self {
            _ if self.captured > 0 && self.refunded >= self.captured => PaymentStatus::Refunded,
            _ if self.refunded > 0 => PaymentStatus::PartiallyRefunded,
            _ if self.captured >= self.total && !(self.total == 0 && self.is_ended()) => PaymentStatus::Paid,
            _ if self.is_ended() => PaymentStatus::Voided,
            _ if self.authorized >= self.total => PaymentStatus::Authorized,
            _ => PaymentStatus::Unpaid,
        }
    }

    /// What has become of the goods.
    pub(crate) fn fulfilment(&self) -> FulfilmentStatus {
        match self {
            _ if self.shipped == 0 => FulfilmentStatus::Unfulfilled,
            _ if self.delivered >= self.quantity => FulfilmentStatus::Delivered,
            _ if self.shipped >= self.quantity => FulfilmentStatus::Shipped,
            _ => FulfilmentStatus::PartiallyShipped,
        }
    }

    /// The state of the order as a whole. An order that was called off stays so, whatever is given back for it;
    /// money that was given back otherwise outweighs where the goods are.
    pub(crate) fn status(&self) -> Status {
        if self.expired {
            return Status::Expired;
        }
        if self.cancelled {
            return Status::Cancelled;
        }
        match (self.payment(), self.fulfilment()) {
            (PaymentStatus::Refunded, _) => Status::Refunded,
            (PaymentStatus::PartiallyRefunded, _) => Status::PartiallyRefunded,
            _ if self.completed => Status::Completed,
            (_, FulfilmentStatus::Delivered) => Status::Delivered,
            (_, FulfilmentStatus::Shipped) => Status::Shipped,
            (_, FulfilmentStatus::PartiallyShipped) => Status::PartiallyShipped,
            (PaymentStatus::Paid, _) => Status::Paid,
            (PaymentStatus::Authorized, _) => Status::Authorized,
            _ => Status::PendingPayment,
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.cancelled || self.expired
    }

    /// Whether what is not shipped of it is reserved: until it ends, or all of the money was given back, as nothing more
    /// is shipped then.
    pub(crate) fn holds_stock(&self) -> bool {
        !self.is_ended() && self.payment() != PaymentStatus::Refunded
    }

    /// Whether it can be called off: nothing of it is shipped, it has not ended, and not all of it was given back.
    pub(crate) fn may_cancel(&self) -> bool {
        self.holds_stock() && !self.completed && self.shipped == 0
    }

    /// Whether something of it can be shipped: the money is here, and something is left.
    pub(crate) fn may_ship(&self) -> bool {
        let paid = matches!(self.payment(), PaymentStatus::Paid | PaymentStatus::PartiallyRefunded);
        paid && !self.is_ended() && !self.completed && self.shipped < self.quantity
    }

    /// Whether it can be closed: everything has arrived, and the money has stayed.
    pub(crate) fn may_complete(&self) -> bool {
        self.status() == Status::Delivered
    }
}
