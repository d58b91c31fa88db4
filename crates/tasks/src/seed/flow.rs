//! The history of a demo board: cards come, are pulled from column to column within the limits, are reopened, put away and
//! thrown away, hour by hour of working days.

use chrono::{DateTime, Datelike as _, Duration, Utc, Weekday};
use poligon_core::db::Timestamp;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use serde_json::{Value, json};

/// Days that the history goes back.
pub(super) const DAYS: i64 = 90;
/// Columns of a board: the last one is the only done one, the two before it are active.
pub(super) const COLUMNS: usize = 5;
pub(super) const DONE: usize = COLUMNS - 1;
/// Hours of a day in which work is done, UTC.
const HOURS: std::ops::Range<i64> = 8..18;

/// A card, as its history has left it.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub(super) id: i64,
    pub(super) column: usize,
    pub(super) created_at: Timestamp,
    pub(super) entered_at: Timestamp,
    pub(super) archived_at: Option<Timestamp>,
    pub(super) trashed_at: Option<Timestamp>,
    pub(super) created_by: i64,
    /// Hours of work that it needs in each column but the last.
    needs: [usize; DONE],
    /// Hour of its coming.
    comes: usize,
    entered: usize,
    /// Whether it is to be reopened once.
    reopens: bool,
    abandoned: bool,
}

/// Something that has happened to a card.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) kind: &'static str,
    /// Which card of the board.
    pub(super) card: usize,
    pub(super) actor_id: i64,
    pub(super) before: Value,
    pub(super) after: Value,
    /// Where it counted for reports before, and counts now; `None` where that has not changed.
    pub(super) passed: Option<(Option<usize>, Option<usize>)>,
    pub(super) at: Timestamp,
}

/// A board and its history.
pub(super) struct Flow<'a> {
    pub(super) cards: Vec<Card>,
    /// From top to bottom.
    pub(super) standing: [Vec<usize>; COLUMNS],
    pub(super) events: Vec<Event>,
    limits: [Option<usize>; COLUMNS],
    column_ids: [i64; COLUMNS],
    /// Those who work on it.
    workers: &'a [i64],
}

/// The hours in which work was done, the earliest first.
fn hours(anchor: Timestamp) -> Vec<DateTime<Utc>> {
    let days = (1..=DAYS).rev().map(|ago| anchor.utc() - Duration::days(ago));
    let working = days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
    working.flat_map(|day| HOURS.map(move |hour| day + Duration::hours(hour))).collect()
}

impl<'a> Flow<'a> {
    /// Plays the history of `count` cards, whose ids begin with `first`.
    pub(super) fn play(
        (first, count): (i64, usize),
        (column_ids, limits): ([i64; COLUMNS], [Option<i64>; COLUMNS]),
        workers: &'a [i64],
        anchor: Timestamp,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let hours = hours(anchor);
        let limits = limits.map(|limit| limit.and_then(|limit| usize::try_from(limit).ok()));
        let (standing, events) = (Default::default(), Vec::new());
        let mut flow = Self { cards: Vec::new(), standing, events, limits, column_ids, workers };
        for (id, n) in (first..).zip(0..count) {
            flow.cards.push(Card {
                id,
                column: 0,
                created_at: anchor,
                entered_at: anchor,
                archived_at: None,
                trashed_at: None,
                created_by: flow.worker(rng),
                needs: [
                    rng.random_range(2..40),
                    rng.random_range(1..15),
                    rng.random_range(2..22),
                    rng.random_range(1..11),
                ],
                // The last tenth of the time nobody adds anything but what is urgent.
                comes: n * hours.len() * 19 / (count.max(1) * 20),
                entered: 0,
                reopens: rng.random_ratio(1, 20),
                abandoned: rng.random_ratio(1, 25),
            });
        }
        let mut next = 0;
        for (hour, began) in hours.iter().enumerate() {
            flow.hour(hour, *began, &mut next, anchor, rng);
        }
        flow
    }

    fn worker(&self, rng: &mut ChaCha8Rng) -> i64 {
        self.workers.get(rng.random_range(0..self.workers.len().max(1))).copied().unwrap_or(1)
    }

    /// One hour: what is finished goes on, from right to left, so that room is made first; then cards come.
    fn hour(&mut self, hour: usize, began: DateTime<Utc>, next: &mut usize, anchor: Timestamp, rng: &mut ChaCha8Rng) {
        let mut second = 0;
        let mut tick = |rng: &mut ChaCha8Rng| {
            second = (second + rng.random_range(5..90)).min(3_599);
            Timestamp::from(began + Duration::seconds(second))
        };
        for card in self.standing[DONE].clone() {
            let waited = hour - self.cards[card].entered;
            if self.cards[card].reopens && waited > 6 && self.has_room(2) {
                self.cards[card].reopens = false;
                self.shift(card, 2, hour, tick(rng), rng);
            } else if waited > 250 && self.cards[card].id % 3 == 0 {
                self.put_away(card, "card_archived", tick(rng), rng);
            }
        }
        for column in (0..DONE).rev() {
            for card in self.standing[column].clone() {
                if hour - self.cards[card].entered < self.cards[card].needs[column] {
                    continue;
                }
                let late = anchor.utc() - began < Duration::days(25);
                if column == 0 && self.cards[card].abandoned && late {
                    self.put_away(card, "card_trashed", tick(rng), rng);
                } else if self.has_room(column + 1) {
                    self.shift(card, column + 1, hour, tick(rng), rng);
                }
            }
        }
        while self.cards.get(*next).is_some_and(|card| card.comes <= hour) {
            self.come(*next, hour, tick(rng));
            *next += 1;
        }
    }

    fn has_room(&self, column: usize) -> bool {
        self.limits[column].is_none_or(|limit| self.standing[column].len() < limit)
    }

    /// The bottom of a column, as activity has it.
    fn bottom(&self, column: usize) -> Value {
        let last = self.standing[column].last().map(|card| self.cards[*card].id);
        json!({"column_id": self.column_ids[column], "after_id": last})
    }

    /// Takes a card out of its column; answers where it stood.
    fn lift(&mut self, card: usize) -> Value {
        let column = self.cards[card].column;
        let place = self.standing[column].iter().position(|other| *other == card).unwrap_or(0);
        let above = place.checked_sub(1).map(|above| self.cards[self.standing[column][above]].id);
        self.standing[column].remove(place);
        json!({"column_id": self.column_ids[column], "after_id": above})
    }

    fn come(&mut self, card: usize, hour: usize, at: Timestamp) {
        let after = self.bottom(0);
        self.standing[0].push(card);
        let own = &mut self.cards[card];
        (own.created_at, own.entered_at, own.entered) = (at, at, hour);
        let actor_id = own.created_by;
        let passed = Some((None, Some(0)));
        self.events.push(Event { kind: "card_created", card, actor_id, before: Value::Null, after, passed, at });
    }

    fn shift(&mut self, card: usize, to: usize, hour: usize, at: Timestamp, rng: &mut ChaCha8Rng) {
        let (from, actor_id) = (self.cards[card].column, self.worker(rng));
        let before = self.lift(card);
        let after = self.bottom(to);
        self.standing[to].push(card);
        let own = &mut self.cards[card];
        (own.column, own.entered_at, own.entered) = (to, at, hour);
        let passed = Some((Some(from), Some(to)));
        self.events.push(Event { kind: "card_moved", card, actor_id, before, after, passed, at });
    }

    fn put_away(&mut self, card: usize, kind: &'static str, at: Timestamp, rng: &mut ChaCha8Rng) {
        let actor_id = self.worker(rng);
        let mut before = self.lift(card);
        before["status"] = json!("open");
        let own = &mut self.cards[card];
        // What is archived as done stays done.
        let passed = if kind == "card_archived" {
            own.archived_at = Some(at);
            None
        } else {
            own.trashed_at = Some(at);
            Some((Some(own.column), None))
        };
        let after = json!({"status": kind.trim_start_matches("card_")});
        self.events.push(Event { kind, card, actor_id, before, after, passed, at });
    }
}
