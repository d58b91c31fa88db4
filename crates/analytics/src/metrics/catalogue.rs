//! Which metrics there are, and what each is made of.

use serde::Serialize;
use utoipa::ToSchema;

use crate::facts::Kind;
use crate::permissions::{ANALYTICS_AUDIENCE, ANALYTICS_CONTENT, ANALYTICS_SHOP};

/// What a figure is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MetricUnit)]
pub(crate) enum Unit {
    /// How many.
    Count,
    /// Hundredths of the shop's currency.
    Cents,
    /// Milliseconds.
    Milliseconds,
    /// A share, 1 is all.
    Ratio,
}

/// Where the value of a dimension stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    First,
    Second,
}

impl Column {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

/// What facts of a kind come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Term {
    /// How many they are.
    Facts(Kind),
    /// The sum of their amounts.
    Amount(Kind),
}

impl Term {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Facts(kind) | Self::Amount(kind) => kind,
        }
    }
}

/// How a figure is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// One term.
    Of(Term),
    /// The first without the second.
    Less(Term, Term),
    /// The first by the second; nothing where the second is zero.
    By(Term, Term),
    /// Different people who did something.
    Active,
}

/// A metric.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Metric {
    /// Its name.
    pub(super) name: &'static str,
    /// What it tells, in words.
    definition: &'static str,
    /// How it is made of the facts.
    formula: &'static str,
    /// What it is in.
    pub(super) unit: Unit,
    /// What it can be grouped and filtered by.
    #[serde(serialize_with = "names")]
    #[schema(value_type = Vec<String>)]
    pub(super) dimensions: &'static [(&'static str, Column)],
    /// Who may ask for it.
    pub(super) permission: &'static str,
    #[serde(skip)]
    pub(super) measure: Measure,
}

fn names<S: serde::Serializer>(dimensions: &&[(&str, Column)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(dimensions.iter().map(|(name, _)| name))
}

impl Metric {
    /// The column of a dimension.
    pub(super) fn column(&self, dimension: &str) -> Option<Column> {
        self.dimensions.iter().find(|(name, _)| *name == dimension).map(|(_, column)| *column)
    }

    /// The metric of this name.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|metric| metric.name == name)
    }
}

const NONE: &[(&str, Column)] = &[];

/// Entries of the catalogue: who may see them, then name, unit, dimensions, measure, formula, definition.
macro_rules! catalogue {
    ($($permission:ident: $($name:literal $unit:ident $dimensions:expr, $measure:expr, $formula:literal, $definition:literal;)+)+) => {
        &[$($(Metric {
            name: $name,
            definition: $definition,
            formula: $formula,
            unit: Unit::$unit,
            dimensions: $dimensions,
            permission: $permission,
            measure: $measure,
        },)+)+]
    };
}

use Column::{First, Second};
use Measure::{Active, By, Less, Of};
use Term::{Amount, Facts};

const PRODUCT: &[(&str, Column)] = &[("product", First)];
const CASE: &[(&str, Column)] = &[("kind", First), ("decision", Second)];

/// All of them.
pub(super) const ALL: &[Metric] = catalogue! {
    ANALYTICS_AUDIENCE:
    "registrations" Count NONE, Of(Facts(Kind::Registration)), "count(registration)", "Accounts that were made.";
    "logins" Count NONE, Of(Facts(Kind::Login)), "count(login)", "Logins, with a second factor or without.";
    "active_users" Count NONE, Active, "count(distinct user)",
        "Different people who logged in, ordered, wrote, reacted or looked at something. Of a longer time it is not the sum of its parts.";
    "page_views" Count &[("path", First)], Of(Facts(Kind::PageView)), "count(page_view)", "Pages that clients showed.";
    "product_views" Count PRODUCT, Of(Facts(Kind::ProductView)), "count(product_view)", "Products that clients showed.";
    "article_views" Count &[("article", First)], Of(Facts(Kind::ArticleView)), "count(article_view)", "Articles that clients showed.";
    "custom_events" Count &[("name", First)], Of(Facts(Kind::Custom)), "count(custom)", "Events that clients have names of their own for.";
    "posts" Count NONE, Of(Facts(Kind::Post)), "count(post)", "Posts that were published, those that were deleted since included.";
    "comments" Count NONE, Of(Facts(Kind::Comment)), "count(comment)", "Comments that were written on posts, those that were deleted since included.";
    "reactions" Count &[("kind", First), ("object", Second)], Of(Facts(Kind::Reaction)), "count(reaction)",
        "First reactions of people to what others said. One that is changed or taken back still counts, and one that is given again counts again.";
    "messages" Count NONE, Of(Facts(Kind::Message)), "count(message)", "Messages that were sent.";
    "follows" Count NONE, Of(Facts(Kind::Follow)), "count(follow)", "Times that somebody began to follow somebody.";
    ANALYTICS_SHOP:
    "orders" Count NONE, Of(Facts(Kind::Order)), "count(order)", "Orders that were placed, those that were cancelled since included.";
    "order_value" Cents NONE, Of(Amount(Kind::Order)), "sum(order.total)", "What the orders that were placed come to, with shipping and tax.";
    "average_order_value" Cents NONE, By(Amount(Kind::Order), Facts(Kind::Order)), "sum(order.total) / count(order)",
        "What an order comes to on average; nothing where there was none.";
    "payments" Cents NONE, Of(Amount(Kind::Payment)), "sum(payment.amount)", "What was captured, when it was.";
    "payment_failures" Count &[("reason", First)], Of(Facts(Kind::PaymentFailure)), "count(payment_failure)", "Payments that failed.";
    "refunds" Cents NONE, Of(Amount(Kind::Refund)), "sum(refund.amount)", "What was given back, when it was.";
    "revenue" Cents NONE, Less(Amount(Kind::Payment), Amount(Kind::Refund)), "sum(payment.amount) - sum(refund.amount)",
        "What was captured without what was given back, each when it was.";
    "refund_rate" Ratio NONE, By(Amount(Kind::Refund), Amount(Kind::Payment)), "sum(refund.amount) / sum(payment.amount)",
        "What was given back as a share of what was captured in the same time; nothing where nothing was captured.";
    "product_sales" Cents PRODUCT, Of(Amount(Kind::OrderLine)), "sum(order_line.price * order_line.quantity)",
        "What products were ordered for, before discounts, shipping and tax.";
    "product_pieces" Count PRODUCT, Of(Amount(Kind::OrderPieces)), "sum(order_line.quantity)", "Pieces of products that were ordered.";
    ANALYTICS_CONTENT:
    "publications" Count NONE, Of(Facts(Kind::Publication)), "count(publication)",
        "Articles that were published, and newer revisions of them.";
    "moderation_cases" Count CASE, Of(Facts(Kind::ModerationCase)), "count(moderation_case)", "Cases of moderation of the content that were closed.";
    "time_in_moderation" Milliseconds CASE, By(Amount(Kind::ModerationCase), Facts(Kind::ModerationCase)),
        "sum(moderation_case.open_ms) / count(moderation_case)",
        "How long cases that were closed had been open, on average; nothing where none was closed.";
};
