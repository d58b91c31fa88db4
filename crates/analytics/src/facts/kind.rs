//! The kinds of facts.

use serde::{Serialize, Serializer};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// An account was made.
    Registration,
    /// Somebody logged in.
    Login,
    /// Somebody looked at a page; `first`: its path.
    PageView,
    /// Somebody looked at a product; `first`: its id.
    ProductView,
    /// Somebody looked at an article; `first`: its id.
    ArticleView,
    /// Something that a client names; `first`: its name.
    Custom,
    /// An order was placed; its total.
    Order,
    /// A line of an order; `first`: the product; price times quantity.
    OrderLine,
    /// The pieces of a line of an order; `first`: the product.
    OrderPieces,
    /// A payment was captured; the amount.
    Payment,
    /// A payment failed; `first`: why.
    PaymentFailure,
    /// A refund was made; the amount.
    Refund,
    /// A post was published.
    Post,
    /// A comment on a post was written.
    Comment,
    /// A reaction to what somebody else said; `first`: which; `second`: to what.
    Reaction,
    /// A message was sent.
    Message,
    /// Somebody began to follow somebody.
    Follow,
    /// An article was published, or a newer revision of it.
    Publication,
    /// A case of moderation of the content was closed; `first`: of what; `second`: the decision; how long it was open.
    ModerationCase,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 19] = [
        Self::Registration,
        Self::Login,
        Self::PageView,
        Self::ProductView,
        Self::ArticleView,
        Self::Custom,
        Self::Order,
        Self::OrderLine,
        Self::OrderPieces,
        Self::Payment,
        Self::PaymentFailure,
        Self::Refund,
        Self::Post,
        Self::Comment,
        Self::Reaction,
        Self::Message,
        Self::Follow,
        Self::Publication,
        Self::ModerationCase,
    ];

    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Login => "login",
            Self::PageView => "page_view",
            Self::ProductView => "product_view",
            Self::ArticleView => "article_view",
            Self::Custom => "custom",
            Self::Order => "order",
            Self::OrderLine => "order_line",
            Self::OrderPieces => "order_pieces",
            Self::Payment => "payment",
            Self::PaymentFailure => "payment_failure",
            Self::Refund => "refund",
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Reaction => "reaction",
            Self::Message => "message",
            Self::Follow => "follow",
            Self::Publication => "publication",
            Self::ModerationCase => "moderation_case",
        }
    }

    /// Whether the person of the fact did it themselves, just then: they were active.
    pub(crate) fn is_act(self) -> bool {
        !matches!(
            self,
            Self::OrderLine
                | Self::OrderPieces
                | Self::Payment
                | Self::PaymentFailure
                | Self::Refund
                | Self::Publication
                | Self::ModerationCase
        )
    }

    /// The names of the kinds in which a person is active, as a list of SQL.
    pub(crate) fn acts() -> String {
        let names = Self::ALL.into_iter().filter(|kind| kind.is_act()).map(|kind| format!("'{}'", kind.name()));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
