//! The kinds of facts.

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

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
    /// A cart was begun: something came into an empty one.
    Cart,
    /// A cart that was begun then was ordered.
    CartOrder,
    /// Nothing of a variant can be sold any more; `first`: the product.
    StockOut,
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
    /// A report to the moderators of the network was decided on; `first`: of what; `second`: the decision; how long it was open.
    Report,
    /// An article was published, or a newer revision of it.
    Publication,
    /// A case of moderation of the content was closed; `first`: of what; `second`: the decision; how long it was open.
    ModerationCase,
    /// A card was made; `first`: its board.
    CardCreated,
    /// A card was moved; `first`: its board; `second`: the type of the column that it came into.
    CardMoved,
    /// A card was done then, 1, or is no longer, -1; `first`: its board.
    CardDone,
    /// The same of a card on which work had begun.
    CardTimed,
    /// The same; how long it took since work had begun, or that time taken back.
    CardCycle,
    /// The due date of a card passed while it was not done; `first`: its board.
    CardOverdue,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 29] = [
        Self::Registration,
        Self::Login,
        Self::PageView,
        Self::ProductView,
        Self::ArticleView,
        Self::Custom,
        Self::Order,
        Self::OrderLine,
        Self::OrderPieces,
        Self::Cart,
        Self::CartOrder,
        Self::StockOut,
        Self::Payment,
        Self::PaymentFailure,
        Self::Refund,
        Self::Post,
        Self::Comment,
        Self::Reaction,
        Self::Message,
        Self::Follow,
        Self::Report,
        Self::Publication,
        Self::ModerationCase,
        Self::CardCreated,
        Self::CardMoved,
        Self::CardDone,
        Self::CardTimed,
        Self::CardCycle,
        Self::CardOverdue,
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
            Self::Cart => "cart",
            Self::CartOrder => "cart_order",
            Self::StockOut => "stock_out",
            Self::Payment => "payment",
            Self::PaymentFailure => "payment_failure",
            Self::Refund => "refund",
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Reaction => "reaction",
            Self::Message => "message",
            Self::Follow => "follow",
            Self::Report => "report",
            Self::Publication => "publication",
            Self::ModerationCase => "moderation_case",
            Self::CardCreated => "card_created",
            Self::CardMoved => "card_moved",
            Self::CardDone => "card_done",
            Self::CardTimed => "card_timed",
            Self::CardCycle => "card_cycle",
            Self::CardOverdue => "card_overdue",
        }
    }

    /// Whether the person of the fact did it themselves, just then: they were active.
    pub(crate) fn is_act(self) -> bool {
        !matches!(
            self,
            Self::OrderLine
                | Self::OrderPieces
                | Self::CartOrder
                | Self::StockOut
                | Self::Payment
                | Self::PaymentFailure
                | Self::Refund
                | Self::Report
                | Self::Publication
                | Self::ModerationCase
                | Self::CardDone
                | Self::CardTimed
                | Self::CardCycle
                | Self::CardOverdue
        )
    }

    /// What people do, of which it is known who: steps of funnels.
    pub(crate) fn deeds() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kind| kind.is_act() || *kind == Self::Payment)
    }

    /// Whether it is known whose such a fact is: who did it, or whose order, payment or article it is.
    pub(crate) fn is_of_somebody(self) -> bool {
        let theirs = [
            Self::OrderLine,
            Self::OrderPieces,
            Self::CartOrder,
            Self::Payment,
            Self::PaymentFailure,
            Self::Refund,
            Self::Publication,
        ];
        self.is_act() || theirs.contains(&self)
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

impl PartialSchema for Kind {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.into_iter().map(Self::name).collect::<Vec<_>>();
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for Kind {
    fn name() -> std::borrow::Cow<'static, str> {
        "FactKind".into()
    }
}
