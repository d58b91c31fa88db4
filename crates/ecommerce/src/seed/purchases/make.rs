//! What a demo order is made of.

use std::collections::BTreeMap;

use chrono::Duration;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::seed::Plan;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;

use super::Good;
use crate::error::Error;
use crate::orders::Facts;
use crate::pricing::{self, Priced, Totals};
use crate::shipping::{self, Rate};

/// Days over which the orders are spread.
const DAYS: i64 = 90;

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    Pending,
    Authorized,
    Paid,
    PartlyShipped,
    Shipped,
    Delivered,
    /// Delivered, and a return is asked for.
    ReturnAsked,
    Completed,
    Cancelled,
    CancelledAfterPayment,
    Expired,
    PartlyRefunded,
    Refunded,
}

/// Of a hundred orders, so many go this way. The newest take the ways that are not over yet.
const OLD: [(Course, u32); 6] = [
    (Course::Completed, 62),
    (Course::Cancelled, 8),
    (Course::CancelledAfterPayment, 4),
    (Course::Expired, 10),
    (Course::PartlyRefunded, 8),
    (Course::Refunded, 8),
];
const NEW: [(Course, u32); 9] = [
    (Course::Pending, 10),
    (Course::Authorized, 10),
    (Course::Paid, 16),
    (Course::PartlyShipped, 10),
    (Course::Shipped, 14),
    (Course::Delivered, 22),
    (Course::ReturnAsked, 6),
    (Course::Cancelled, 6),
    (Course::Expired, 6),
];

/// A line of a demo order.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) id: i64,
    pub(super) good: &'a Good,
    pub(super) quantity: i64,
    pub(super) shipped: i64,
    pub(super) delivered: i64,
    pub(super) return_open: i64,
    pub(super) returned: i64,
}

/// A demo order.
#[derive(Debug, Clone)]
pub(super) struct Purchase<'a> {
    pub(super) id: i64,
    pub(super) user_id: i64,
    pub(super) course: Course,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) totals: Totals,
    pub(super) rate: Rate,
    /// Whether it goes to Russia, or stays in the United States.
    pub(super) abroad: bool,
    pub(super) placed_at: Timestamp,
    pub(super) authorized: i64,
    pub(super) captured: i64,
    pub(super) refunded: i64,
}

impl Purchase<'_> {
    /// What its states follow from.
    pub(super) fn facts(&self) -> Facts {
        let sum = |of: fn(&Line<'_>) -> i64| self.lines.iter().map(of).sum();
        Facts {
            total: self.totals.total,
            authorized: self.authorized,
            captured: self.captured,
            refunded: self.refunded,
            quantity: sum(|line| line.quantity),
            shipped: sum(|line| line.shipped),
            delivered: sum(|line| line.delivered),
            cancelled: self.is_cancelled(),
            expired: self.course == Course::Expired,
            completed: matches!(self.course, Course::Completed | Course::PartlyRefunded | Course::Refunded),
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.course, Course::Cancelled | Course::CancelledAfterPayment)
    }
}

/// Makes demo orders.
pub(super) struct Maker<'a> {
    people: &'a [(i64, Timestamp)],
    goods: &'a [Good],
    wanted: i64,
    next_line: i64,
    rng: ChaCha8Rng,
    /// The standard way of shipping, by country and by the weight that its bands end at.
    rates: BTreeMap<(bool, i64, bool), Rate>,
}

/// Weights at which the price of shipping changes, in grams, and the spend from which it is free.
const BANDS: [i64; 2] = [2_000, 20_000];
const FREE_FROM: i64 = 10_000;

impl<'a> Maker<'a> {
    pub(super) fn new(
        db: &mut Db,
        people: &'a [(i64, Timestamp)],
        goods: &'a [Good],
        wanted: i64,
        rng: ChaCha8Rng,
    ) -> Result<Self, DbError> {
        let mut rates = BTreeMap::new();
        for abroad in [false, true] {
            for weight in BANDS {
                for free in [false, true] {
                    let spend = if free { FREE_FROM } else { 1 };
                    let offers = shipping::rates(db, country(abroad), weight, spend).map_err(of_database)?;
                    if let Some(rate) = offers.into_iter().find(|rate| rate.code == "standard") {
                        rates.insert((abroad, weight, free), rate);
                    }
                }
            }
        }
        Ok(Self { people, goods, wanted, next_line: 1, rng, rates })
    }

    /// The order with this id; older orders have lower ids.
    pub(super) fn purchase(&mut self, id: i64, plan: &Plan<'_>) -> Purchase<'a> {
        let minutes = DAYS * 24 * 60;
        let age = (self.wanted - id) * minutes / self.wanted + self.rng.random_range(10..70);
        let placed_at = plan.before(Duration::minutes(age));
        let course =
            pick(if age > 16 * 24 * 60 { OLD.as_slice() } else { NEW.as_slice() }, self.rng.random_range(0..100));
        let user_id = self.people[self.rng.random_range(0..self.people.len())].0;
        let abroad = self.rng.random_ratio(1, 4);
        let lines = self.lines(course);
        let weight: i64 = lines.iter().map(|line| line.good.weight_g * line.quantity).sum();
        let band = BANDS.into_iter().find(|most| weight <= *most).unwrap_or(BANDS[1]);
        let priced: Vec<Priced> = lines
            .iter()
            .map(|line| Priced { unit_price: line.good.price, quantity: line.quantity, eligible: true })
            .collect();
        let free = pricing::subtotal(&priced) >= FREE_FROM;
        let rate = self.rates.get(&(abroad, band, free)).cloned().unwrap_or_else(nothing);
        let totals = pricing::totals(&priced, None, rate.price, rate.tax_bp);
        let mut purchase = Purchase {
            id,
            user_id,
            course,
            lines,
            totals,
            rate,
            abroad,
            placed_at,
            authorized: 0,
            captured: 0,
            refunded: 0,
        };
        pay(&mut purchase);
        purchase
    }

    fn lines(&mut self, course: Course) -> Vec<Line<'a>> {
        let count = self.rng.random_range(1..=4);
        let mut chosen: Vec<usize> = (0..count).map(|_| self.rng.random_range(0..self.goods.len())).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let mut lines = Vec::with_capacity(chosen.len());
        for (n, good) in chosen.into_iter().enumerate() {
            let quantity = self.rng.random_range(2..=3) - i64::from(n > 0); // the first can be shipped in parts
            let line = Line {
                id: self.next_line,
                good: &self.goods[good],
                quantity,
                shipped: 0,
                delivered: 0,
                return_open: 0,
                returned: 0,
            };
            lines.push(shipped(line, n, course));
            self.next_line += 1;
        }
        lines
    }
}

/// How far the pieces of the `n`th line have come.
fn shipped(mut line: Line<'_>, n: usize, course: Course) -> Line<'_> {
    use Course::{Completed, Delivered, PartlyRefunded, PartlyShipped, Refunded, ReturnAsked, Shipped};
    line.shipped = match course {
        PartlyShipped => i64::from(n == 0),
        Shipped | Delivered | ReturnAsked | Completed | PartlyRefunded | Refunded => line.quantity,
        _ => 0,
    };
    if matches!(course, Delivered | ReturnAsked | Completed | PartlyRefunded | Refunded) {
        line.delivered = line.quantity;
    }
    line.return_open = i64::from(course == ReturnAsked && n == 0);
    line.returned = match course {
        Refunded => line.quantity,
        PartlyRefunded => i64::from(n == 0),
        _ => 0,
    };
    line
}

/// How far its money has come.
fn pay(purchase: &mut Purchase<'_>) {
    let total = purchase.totals.total;
    if matches!(purchase.course, Course::Pending | Course::Cancelled | Course::Expired) {
        return;
    }
    purchase.authorized = total;
    purchase.captured = if purchase.course == Course::Authorized { 0 } else { total };
    purchase.refunded = match purchase.course {
        Course::CancelledAfterPayment | Course::Refunded => total,
        // What the piece cost that came back.
        Course::PartlyRefunded => purchase.lines.first().map_or(0, |line| line.good.price).min(total),
        _ => 0,
    };
}

fn pick(ways: &[(Course, u32)], n: u32) -> Course {
    let mut below = 0;
    for (course, share) in ways {
        below += share;
        if n < below {
            return *course;
        }
    }
    ways[0].0
}

/// Where an order goes.
pub(super) fn country(abroad: bool) -> &'static str {
    if abroad { "RU" } else { "US" }
}

/// What an order is shipped by where the shop has no such way any more.
fn nothing() -> Rate {
    let (code, name) = ("standard".to_owned(), "Standard".to_owned());
    Rate { method_id: 1, code, name, price: 0, min_days: 3, max_days: 5, tax_bp: 0 }
}

fn of_database(error: Error) -> DbError {
    match error {
        Error::Db(error) => error,
        other => DbError::Unavailable(other.to_string()),
    }
}
