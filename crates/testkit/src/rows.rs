//! Rows that tests write and read themselves, and the demo data of a domain.

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::Domain;
use poligon_core::db::{Db, DbError, Timestamp, transact};
use poligon_core::on_each;
use poligon_core::seed::{Plan, Profile};

use crate::app::TestApp;

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[derive(diesel::QueryableByName)]
struct Words {
    #[diesel(sql_type = diesel::sql_types::Text)]
    t: String,
}

impl TestApp {
    /// Runs a statement that answers one text, as `t`.
    pub async fn text(&self, statement: impl Into<String>) -> String {
        let statement = statement.into();
        let work = move |db: &mut Db| {
            let found: Words = on_each!(db, c => diesel::sql_query(&statement).get_result(c))?;
            Ok::<_, DbError>(found.t)
        };
        self.ctx.db.write(work).await.expect("a text")
    }

    /// Runs a statement that answers one number, as `n`.
    pub async fn number(&self, statement: impl Into<String>) -> i64 {
        let statement = statement.into();
        let work = move |db: &mut Db| {
            let found: Number = on_each!(db, c => diesel::sql_query(&statement).get_result(c))?;
            Ok::<_, DbError>(found.n)
        };
        self.ctx.db.write(work).await.expect("a number")
    }

    /// Runs a statement.
    pub async fn sql(&self, statement: impl Into<String>) {
        let statement = statement.into();
        let work = move |db: &mut Db| Ok::<_, DbError>(on_each!(db, c => diesel::sql_query(&statement).execute(c))?);
        self.ctx.db.write(work).await.expect("a statement that runs");
    }

    /// Makes the demo data of a domain, for people with the ids 1 to `people` who have no account.
    pub async fn seed_demo(&self, domain: Domain, people: i64) {
        self.seed_demo_as_of(domain, people, self.clock().now()).await;
    }

    /// The same as of another day: demo data follow from their seed and this.
    pub async fn seed_demo_as_of(&self, domain: Domain, people: i64, anchor: Timestamp) {
        let since = anchor - Duration::days(400);
        let person = |id: i64| {
            let name = if id % 3 == 0 { "Иван" } else { "Ada" };
            format!("({id}, 'demo{id}', 'demo{id}', '{name} {id}', '{since}')")
        };
        let rows: Vec<String> = (1..=people).map(person).collect();
        let columns = "id, username, username_key, display_name, created_at";
        self.sql(format!("INSERT INTO users ({columns}) VALUES {}", rows.join(", "))).await;
        let (keys, database) = (self.ctx.keys.clone(), self.ctx.db.clone());
        let seed = move |db: &mut Db| {
            let progress = |_: &str, _, _| {};
            let profile = Profile::Demo;
            let plan = Plan {
                profile,
                products: None,
                articles: None,
                facts: None,
                seed: 42,
                anchor,
                bcrypt_cost: 4,
                progress: &progress,
            };
            transact(db, |db| (domain.seed)(db, &plan, &keys))
        };
        // On a connection of its own, as at a start: it takes longer than a request may.
        tokio::task::spawn_blocking(move || database.alone(seed)).await.unwrap().expect("demo data");
    }
}
