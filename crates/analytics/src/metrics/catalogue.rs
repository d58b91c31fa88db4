//! Which metrics there are, and what each is made of.

use serde::Serialize;
use utoipa::ToSchema;

use super::requests::Requests;
use crate::facts::{Kind, active_scope, requests_scope, scope};
use crate::permissions::{
    ANALYTICS_AUDIENCE, ANALYTICS_CONTENT, ANALYTICS_OPERATIONS, ANALYTICS_SHOP, ANALYTICS_TASKS,
};

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
pub(crate) enum Column {
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
    /// What the first lacks to the second, by the second; nothing where the second is zero.
    Lack(Term, Term),
    /// Different people who did something.
    Active,
    /// Different people who did something in so many days up to the end.
    ActiveWithin(i64),
    /// The mean of those of each day, by those of thirty days up to the end.
    Stickiness,
    /// Requests.
    Requests(Requests),
}

/// A metric.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Metric {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it tells, in words.
    definition: &'static str,
    /// How it is made of the facts.
    formula: &'static str,
    /// What it is in.
    pub(crate) unit: Unit,
    /// What it can be grouped and filtered by.
    #[serde(serialize_with = "names")]
    #[schema(value_type = Vec<String>)]
    pub(super) dimensions: &'static [(&'static str, Column)],
    /// Who may ask for it.
    pub(crate) permission: &'static str,
    #[serde(skip)]
    pub(super) measure: Measure,
}

fn names<S: serde::Serializer>(dimensions: &&[(&str, Column)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(dimensions.iter().map(|(name, _)| name))
}

impl Metric {
    /// The column of a dimension.
    pub(crate) fn column(&self, dimension: &str) -> Option<Column> {
        self.dimensions.iter().find(|(name, _)| *name == dimension).map(|(_, column)| *column)
    }

    /// Whether its parts add up to the whole.
    pub(crate) fn adds_up(&self) -> bool {
        matches!(self.measure, Measure::Of(_))
    }

    /// Whether it grows with time, so that a target of it is due little by little.
    pub(crate) fn accrues(&self) -> bool {
        matches!(self.measure, Measure::Of(_) | Measure::Less(..) | Measure::Requests(Answers))
    }

    /// What an answer of it is kept by: it is out of date as soon as one of these is.
    pub(crate) fn scopes(&self) -> Vec<String> {
        match self.measure {
            Measure::Of(one) => vec![scope(one.kind())],
            Measure::Less(one, other) | Measure::By(one, other) | Measure::Lack(one, other) => {
                vec![scope(one.kind()), scope(other.kind())]
            }
            Measure::Active | Measure::ActiveWithin(_) | Measure::Stickiness => vec![active_scope()],
            Measure::Requests(_) => vec![requests_scope()],
        }
    }

    /// Whether it is known whose its facts are.
    pub(crate) fn is_of_people(&self) -> bool {
        match self.measure {
            Measure::Of(one) => one.kind().is_of_somebody(),
            Measure::Less(one, other) | Measure::By(one, other) | Measure::Lack(one, other) => {
                one.kind().is_of_somebody() && other.kind().is_of_somebody()
            }
            Measure::Active | Measure::ActiveWithin(_) | Measure::Stickiness => true,
            Measure::Requests(_) => false,
        }
    }

    /// Whether it can be grouped.
    pub(crate) fn has_dimensions(&self) -> bool {
        !self.dimensions.is_empty()
    }

    /// The metric of this name.
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
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
use Measure::{Active, ActiveWithin, By, Lack, Less, Of, Stickiness};
use Requests::{Count as Answers, ErrorRate, Percentile};
use Term::{Amount, Facts};

const PRODUCT: &[(&str, Column)] = &[("product", First)];
const BOARD: &[(&str, Column)] = &[("board", First)];
const ROUTE: &[(&str, Column)] = &[("route", First)];
const CASE: &[(&str, Column)] = &[("kind", First), ("decision", Second)];

/// All of them.
pub(crate) const ALL: &[Metric] = catalogue! {
    ANALYTICS_AUDIENCE:
    "registrations" Count NONE, Of(Facts(Kind::Registration)), "count(registration)", "Accounts that were made.";
    "logins" Count NONE, Of(Facts(Kind::Login)), "count(login)", "Logins, with a second factor or without.";
    "active_users" Count NONE, Active, "count(distinct user)",
        "Different people who registered, logged in, ordered or began a cart, wrote, reacted, followed somebody, made or moved cards, or told of what they looked at or did. Of a longer time it is not the sum of its parts.";
    "weekly_active_users" Count NONE, ActiveWithin(7), "count(distinct user) of 7 days",
        "Different people who were active, as active_users counts them, on the day that the bucket ends in, until its end, or on the six days before.";
    "monthly_active_users" Count NONE, ActiveWithin(30), "count(distinct user) of 30 days",
        "Different people who were active, as active_users counts them, on the day that the bucket ends in, until its end, or on the 29 days before.";
    "stickiness" Ratio NONE, Stickiness, "mean of active_users by day / monthly_active_users",
        "The people who were active on a day of the bucket, on average, as a share of those who were active in the thirty days up to its end; nothing where nobody was.";
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
    "reports_resolved" Count CASE, Of(Facts(Kind::Report)), "count(report)",
        "Reports to the moderators of the network that were decided on, by what they were about and what was done: none, warn, remove, suspend, or rejected.";
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
    "carts" Count NONE, Of(Facts(Kind::Cart)), "count(cart)",
        "Carts that were begun: the first piece was put into an empty one, by guests, too. One that was emptied and is filled again is another.";
    "cart_abandonment" Ratio NONE, Lack(Facts(Kind::CartOrder), Facts(Kind::Cart)), "(count(cart) - count(cart_order)) / count(cart)",
        "Of the carts that were begun, the share that is not ordered so far, whenever that comes; nothing where none was begun.";
    "stock_outs" Count PRODUCT, Of(Facts(Kind::StockOut)), "count(stock_out)",
        "Times that nothing of a variant was left to be sold, by its product; variants whose pieces are not counted are left out.";
    ANALYTICS_TASKS:
    "cards_created" Count BOARD, Of(Facts(Kind::CardCreated)), "count(card_created)", "Cards that were made.";
    "cards_moved" Count &[("board", First), ("column_type", Second)], Of(Facts(Kind::CardMoved)), "count(card_moved)",
        "Times that a card was moved to another column, by what that column is: backlog, active or done.";
    "throughput" Count BOARD, Of(Amount(Kind::CardDone)), "sum(card_done)",
        "Cards that were done, when they were. One that left what is done again no longer counts; one that is done again counts once, then.";
    "cycle_time" Milliseconds BOARD, By(Amount(Kind::CardCycle), Amount(Kind::CardTimed)), "sum(card_cycle.ms) / sum(card_timed)",
        "How long it took, on average, from when cards first came into an active column until they were done, of those that were done in the time; nothing where none was.";
    "cards_overdue" Count BOARD, Of(Facts(Kind::CardOverdue)), "count(card_overdue)",
        "Cards whose due date passed while they were not done, when it passed; each of its dates counts once.";
    ANALYTICS_CONTENT:
    "publications" Count NONE, Of(Facts(Kind::Publication)), "count(publication)",
        "Articles that were published, and newer revisions of them.";
    "moderation_cases" Count CASE, Of(Facts(Kind::ModerationCase)), "count(moderation_case)", "Cases of moderation of the content that were closed.";
    "time_in_moderation" Milliseconds CASE, By(Amount(Kind::ModerationCase), Facts(Kind::ModerationCase)),
        "sum(moderation_case.open_ms) / count(moderation_case)",
        "How long cases that were closed had been open, on average; nothing where none was closed.";
    ANALYTICS_OPERATIONS:
    "requests" Count &[("route", First), ("status", Second)], Measure::Requests(Answers), "sum(requests)",
        "Requests that were answered, by their route (method and pattern; `other` for what is none) and by the class of the status, such as 2xx.";
    "error_rate" Ratio ROUTE, Measure::Requests(ErrorRate), "sum(requests of status 5xx) / sum(requests)",
        "The share of the requests that were answered with a status of 500 or more; nothing where there were none.";
    "request_latency_p50" Milliseconds ROUTE, Measure::Requests(Percentile(50)), "histogram_quantile(0.5, sum(requests by bucket))",
        "Half of the requests took at most as long, to the end of the handler: interpolated within the buckets of the histogram that Prometheus is shown, 10 seconds at most; nothing where there were none.";
    "request_latency_p95" Milliseconds ROUTE, Measure::Requests(Percentile(95)), "histogram_quantile(0.95, sum(requests by bucket))",
        "The same of 95 of 100 requests.";
    "request_latency_p99" Milliseconds ROUTE, Measure::Requests(Percentile(99)), "histogram_quantile(0.99, sum(requests by bucket))",
        "The same of 99 of 100 requests.";
};
