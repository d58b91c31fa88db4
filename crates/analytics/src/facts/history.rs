//! Facts of the demo data: what the domains tell of their past, and what people would have looked at meanwhile.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp, dialect};
use poligon_core::events::Event;
use poligon_core::schema::users;
use poligon_core::seed::{Plan, Profile};
use poligon_core::{insert_many, on_each};
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::kind::Kind;
use super::rebuild::count_all;
use super::record::{Fact, insert};
use super::told::{TOPICS, facts_of};
use crate::error::Error;
use crate::schema::analytics_facts;

/// Makes chance of its own, so that the data of other domains stays as it is.
const SALT: u64 = 0x616e_616c_7974_6963;
/// Facts that go to the database at once.
const BATCH: i64 = 1_000;
/// Facts of the large profile, with what the domains tell.
const LARGE: i64 = 10_000_000;
/// Days in which people looked at things.
const DAYS: i64 = 90;
/// Pages that they looked at, the most wanted first.
const PAGES: [&str; 8] = ["/", "/shop", "/shop/sale", "/articles", "/feed", "/boards", "/shop/cart", "/about"];

/// Looks that are written without indexes, which are made when all are there: that is much faster.
const MANY: i64 = 200_000;
/// Indexes of facts that are no constraints, and what they are on.
const INDEXES: [(&str, &str); 2] = [
    ("analytics_facts_kind", "analytics_facts (kind, at)"),
    ("analytics_facts_person", "analytics_facts (kind, user_id, at) WHERE user_id IS NOT NULL"),
];

/// Counts the past, as the domains tell it.
pub struct History<'a> {
    plan: &'a Plan<'a>,
    told: i64,
    facts: i64,
    products: BTreeSet<i64>,
    articles: BTreeSet<i64>,
}

impl<'a> History<'a> {
    /// Of the demo data of a plan.
    pub fn new(plan: &'a Plan<'a>) -> Self {
        Self { plan, told: 0, facts: 0, products: BTreeSet::new(), articles: BTreeSet::new() }
    }

    /// Hears of some of it.
    pub fn hear(&mut self, db: &mut Db, events: Vec<Event>) -> Result<(), DbError> {
        let mut facts = Vec::new();
        for mut event in events.into_iter().filter(|event| TOPICS.contains(&event.topic.as_str())) {
            self.told += 1;
            event.id = -self.told; // of no event of the outbox
            facts.extend(facts_of(&event));
        }
        for fact in &facts {
            match fact.kind {
                Kind::OrderLine => self.products.extend(fact.object_id),
                Kind::Publication => self.articles.extend(fact.object_id),
                _ => {}
            }
        }
        self.facts += i64::try_from(insert(db, &facts)?.len()).unwrap_or(0);
        Ok(())
    }

    /// Counts what was heard, and what people looked at.
    pub fn finish(self, db: &mut Db) -> Result<(), DbError> {
        self.look_at_things(db)?;
        count_all(db).map_err(|error| match error {
            Error::Db(error) => error,
            other => diesel::result::Error::SerializationError(other.to_string().into()).into(),
        })?;
        Ok(dialect::analyze(
            db,
            &["analytics_facts", "analytics_hours", "analytics_days", "analytics_active", "analytics_people"],
        )?)
    }

    fn look_at_things(&self, db: &mut Db) -> Result<(), DbError> {
        let people: Vec<i64> = users::table.select(users::id).order(users::id).limit(BATCH).load(db)?;
        if self.plan.profile == Profile::Empty || people.is_empty() {
            return Ok(());
        }
        let total = match (self.plan.facts, self.plan.profile) {
            (Some(facts), _) => (i64::try_from(facts).unwrap_or(i64::MAX) - self.facts).max(0),
            (None, Profile::Large) => (LARGE - self.facts).max(0),
            (None, _) => 9_000,
        };
        if total > MANY {
            for (name, _) in INDEXES {
                on_each!(db, c => diesel::sql_query(format!("DROP INDEX {name}")).execute(c))?;
            }
        }
        self.look_so_often(db, &people, total)?;
        if total > MANY {
            for (name, on) in INDEXES {
                on_each!(db, c => diesel::sql_query(format!("CREATE INDEX {name} ON {on}")).execute(c))?;
            }
        }
        Ok(())
    }

    fn look_so_often(&self, db: &mut Db, people: &[i64], total: i64) -> Result<(), DbError> {
        let (products, articles) = (Vec::from_iter(&self.products), Vec::from_iter(&self.articles));
        let mut rng = ChaCha8Rng::seed_from_u64(self.plan.seed ^ SALT);
        let row = |fact: Fact| {
            (
                analytics_facts::source.eq(fact.source),
                analytics_facts::kind.eq(fact.kind.name()),
                analytics_facts::at.eq(fact.at),
                analytics_facts::user_id.eq(fact.user_id),
                analytics_facts::object_id.eq(fact.object_id),
                analytics_facts::first.eq(fact.first),
                analytics_facts::second.eq(fact.second),
                analytics_facts::amount.eq(fact.amount),
            )
        };
        for first in (0..total).step_by(usize::try_from(BATCH).unwrap_or(1)) {
            let look = |n: i64| {
                let at = self.instant(&mut rng);
                // Every fifth is by somebody who is not logged in.
                let user_id = people.choose(&mut rng).copied().filter(|_| n % 5 != 0);
                let seen = |kind, object: Option<&&i64>, page: &str| {
                    let first = object.map_or_else(|| page.to_owned(), ToString::to_string);
                    let fact = Fact::new(kind, format!("seed:{n}"), at, user_id);
                    Fact { object_id: object.map(|id| **id), first, ..fact }
                };
                match (n % 10, products.choose(&mut rng), articles.choose(&mut rng)) {
                    (6..=8, Some(product), _) => seen(Kind::ProductView, Some(product), ""),
                    (9, _, Some(article)) => seen(Kind::ArticleView, Some(article), ""),
                    _ => {
                        let page = rng.random_range(0..PAGES.len()).min(rng.random_range(0..PAGES.len()));
                        seen(Kind::PageView, None, PAGES.get(page).copied().unwrap_or("/"))
                    }
                }
            };
            let facts: Vec<_> = (first..total.min(first + BATCH)).map(look).map(row).collect();
            insert_many!(db, analytics_facts::table, facts)?;
            (self.plan.progress)("facts", first.unsigned_abs(), total.unsigned_abs());
        }
        Ok(())
    }

    /// Some instant of the last days; more of the later ones.
    fn instant(&self, rng: &mut ChaCha8Rng) -> Timestamp {
        let span = DAYS * 24 * 3_600_000;
        let ago = rng.random_range(0..span).min(rng.random_range(0..span));
        self.plan.before(Duration::milliseconds(ago))
    }
}
