//! From what the domains tell to facts. A fact is named after what it tells of, where that has a name: so it is counted once
//! even when a domain tells of it in two events.

use poligon_core::db::Timestamp;
use poligon_core::events::Event;
use serde_json::Value;

use super::kind::Kind;
use super::record::Fact;

/// What is listened to.
pub(super) const TOPICS: &[&str] = &[
    "auth.registered",
    "auth.logged_in",
    "ecommerce.cart_begun",
    "ecommerce.order_placed",
    "ecommerce.stock_out",
    "ecommerce.payment_captured",
    "ecommerce.payment_failed",
    "ecommerce.payment_refunded",
    "social.post_published",
    "social.comment_written",
    "social.reacted",
    "social.message_sent",
    "social.followed",
    "social.reports_closed",
    "content.article_published",
    "content.moderated",
    "tasks.cards_passed",
    "tasks.cards_overdue",
];

/// The facts of an event; none of one that says too little.
pub(super) fn facts_of(event: &Event) -> Vec<Fact> {
    let told = Told { event, payload: &event.payload.0 };
    let one = match event.topic.as_str() {
        "auth.registered" => told.fact(Kind::Registration, "user_id", "user_id"),
        "auth.logged_in" => told.deed(Kind::Login, "user_id"),
        "ecommerce.cart_begun" => Some(told.cart()),
        "ecommerce.order_placed" => return [told.order(), told.cart_orders()].concat(),
        "ecommerce.stock_out" => told.stock_out(),
        "ecommerce.payment_captured" => {
            told.fact(Kind::Payment, "id", "user_id").map(|fact| told.amount(fact, "amount"))
        }
        "ecommerce.payment_failed" => {
            let failure = told.deed(Kind::PaymentFailure, "user_id");
            failure.map(|fact| Fact { object_id: told.number("order_id"), first: told.text("code"), ..fact })
        }
        "ecommerce.payment_refunded" => {
            told.fact(Kind::Refund, "refund_id", "user_id").map(|fact| told.amount(fact, "amount"))
        }
        "social.post_published" => told.fact(Kind::Post, "id", "author_id"),
        "social.comment_written" => told.fact(Kind::Comment, "id", "author_id"),
        "social.reacted" => {
            let deed = told.deed(Kind::Reaction, "user_id");
            deed.map(|fact| Fact { first: told.text("kind"), second: told.text("object"), ..fact })
        }
        "social.message_sent" => told.fact(Kind::Message, "id", "author_id"),
        "social.followed" => told.deed(Kind::Follow, "user_id"),
        "social.reports_closed" => return told.reports(),
        "content.article_published" => told.publication(),
        "content.moderated" => told.case(),
        "tasks.cards_passed" => return told.passages(),
        "tasks.cards_overdue" => return told.overdue(),
        _ => None,
    };
    one.into_iter().collect()
}

pub(super) struct Told<'a> {
    pub(super) event: &'a Event,
    pub(super) payload: &'a Value,
}

impl Told<'_> {
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.payload[name].as_i64()
    }

    fn text(&self, name: &str) -> String {
        self.payload[name].as_str().unwrap_or_default().to_owned()
    }

    /// A fact that is told once of an object.
    fn fact(&self, kind: Kind, object: &str, user: &str) -> Option<Fact> {
        let object_id = self.number(object)?;
        let source = format!("{}:{object_id}", kind.name());
        Some(Fact { object_id: Some(object_id), ..Fact::new(kind, source, self.event.occurred_at, self.number(user)) })
    }

    /// A fact that may be told often.
    fn deed(&self, kind: Kind, user: &str) -> Option<Fact> {
        let source = format!("event:{}", self.event.id);
        Some(Fact::new(kind, source, self.event.occurred_at, Some(self.number(user)?)))
    }

    fn amount(&self, fact: Fact, name: &str) -> Fact {
        Fact { amount: self.number(name).unwrap_or_default(), ..fact }
    }

    /// An order, and what each of its lines is of.
    fn order(&self) -> Vec<Fact> {
        let Some(order) = self.fact(Kind::Order, "id", "user_id").map(|fact| self.amount(fact, "total")) else {
            return Vec::new();
        };
        let lines = self.payload["lines"].as_array().into_iter().flatten();
        let of_lines = lines.filter_map(|line| {
            let number = |name: &str| line[name].as_i64();
            let (product, variant) = (number("product_id")?, number("variant_id")?);
            let (pieces, price) = (number("quantity")?, number("unit_price")?);
            let of = |kind: Kind, amount: i64| Fact {
                kind,
                source: format!("{}:{variant}", order.source.replacen(Kind::Order.name(), kind.name(), 1)),
                object_id: Some(product),
                first: product.to_string(),
                amount,
                ..order.clone()
            };
            Some([of(Kind::OrderLine, price.saturating_mul(pieces)), of(Kind::OrderPieces, pieces)])
        });
        let mut facts: Vec<Fact> = of_lines.flatten().collect();
        facts.push(order);
        facts
    }

    /// A fact that only this event tells, by somebody or by nobody who is known.
    fn happening(&self, kind: Kind, user: &str) -> Fact {
        Fact::new(kind, format!("event:{}", self.event.id), self.event.occurred_at, self.number(user))
    }

    /// A cart that was begun, perhaps by a guest.
    fn cart(&self) -> Fact {
        Fact { object_id: self.number("id"), ..self.happening(Kind::Cart, "user_id") }
    }

    /// The carts that an order is of, when they were begun.
    fn cart_orders(&self) -> Vec<Fact> {
        let Some(order) = self.number("id") else { return Vec::new() };
        let begun = self.payload["carts_begun"].as_array().into_iter().flatten().filter_map(Value::as_i64);
        let fact = |(n, at): (usize, Timestamp)| {
            let fact = Fact::new(Kind::CartOrder, format!("cart_order:{order}:{n}"), at, self.number("user_id"));
            Fact { object_id: Some(order), ..fact }
        };
        begun.filter_map(Timestamp::from_millis).enumerate().map(fact).collect()
    }

    /// A variant of which nothing is left.
    fn stock_out(&self) -> Option<Fact> {
        let product = self.number("product_id")?;
        let fact = self.happening(Kind::StockOut, "");
        Some(Fact { object_id: Some(product), first: product.to_string(), ..fact })
    }

    /// Reports of one thing, which were decided on together.
    fn reports(&self) -> Vec<Fact> {
        let report = |report: &Value| {
            let id = report["id"].as_i64()?;
            let fact = self.happening(Kind::Report, "moderator_id");
            Some(Fact {
                source: format!("report:{id}"),
                object_id: self.number("object_id"),
                first: self.text("object_kind"),
                second: self.text("decision"),
                amount: report["open_ms"].as_i64().unwrap_or_default(),
                ..fact
            })
        };
        self.payload["reports"].as_array().into_iter().flatten().filter_map(report).collect()
    }

    /// An article, in one of its revisions.
    fn publication(&self) -> Option<Fact> {
        let article = self.fact(Kind::Publication, "id", "author_id")?;
        Some(Fact { source: format!("{}:{}", article.source, self.number("revision")?), ..article })
    }

    /// A closed case.
    fn case(&self) -> Option<Fact> {
        let case = self.fact(Kind::ModerationCase, "case_id", "actor_id")?;
        let case = Fact { object_id: self.number("object_id"), ..self.amount(case, "queue_ms") };
        Some(Fact { first: self.text("kind"), second: self.text("decision"), ..case })
    }
}
