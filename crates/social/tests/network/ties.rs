//! What people are to each other, written straight into the database; and looks into it.

use diesel::RunQueryDsl as _;
use poligon_core::db::{Db, DbError};
use poligon_core::on_each;
use poligon_testkit::{Client, TestApp};

use crate::world::id_of;

/// Runs a statement.
pub(crate) async fn run_sql(app: &TestApp, statement: String) {
    let work = move |db: &mut Db| {
        on_each!(db, c => diesel::sql_query(&statement).execute(c))?;
        Ok::<_, DbError>(())
    };
    app.ctx.db.write(work).await.expect("a statement");
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// The number that a query answers as `n`.
pub(crate) async fn number(app: &TestApp, query: &str) -> i64 {
    let query = query.to_owned();
    let work = move |db: &mut Db| {
        let row: Number = on_each!(db, c => diesel::sql_query(query).get_result(c))?;
        Ok::<_, DbError>(row.n)
    };
    app.ctx.db.read_primary(work).await.expect("a number")
}

const THEN: &str = "'2026-01-01T00:00:00.000Z'";

async fn tie(app: &TestApp, one: &Client, other: &Client, set: &[(&str, &str)]) {
    let names: Vec<&str> = set.iter().map(|(name, _)| *name).collect();
    let values: Vec<&str> = set.iter().map(|(_, value)| *value).collect();
    let sets: Vec<String> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let statement = format!(
        "INSERT INTO social_ties (user_id, other_id, {}) VALUES ({}, {}, {}) \
         ON CONFLICT (user_id, other_id) DO UPDATE SET {}",
        names.join(", "),
        id_of(one),
        id_of(other),
        values.join(", "),
        sets.join(", ")
    );
    run_sql(app, statement).await;
}

/// One follows the other.
pub(crate) async fn follows(app: &TestApp, one: &Client, other: &Client) {
    tie(app, one, other, &[("follow", "'following'"), ("follow_at", THEN)]).await;
}

/// Two are friends.
pub(crate) async fn are_friends(app: &TestApp, one: &Client, other: &Client) {
    for (one, other) in [(one, other), (other, one)] {
        tie(app, one, other, &[("friend", "'friends'"), ("friend_at", THEN)]).await;
    }
}

/// One blocks the other: nothing else is left between them.
pub(crate) async fn blocks(app: &TestApp, one: &Client, other: &Client) {
    let none = [("follow", "'none'"), ("follow_at", "NULL"), ("friend", "'none'"), ("friend_at", "NULL")];
    let yes = if app.backend == poligon_testkit::Backend::Services { "true" } else { "1" };
    let blocking = [("cut", yes), ("blocking", yes), ("blocking_at", THEN)];
    tie(app, one, other, &[&none[..], &blocking].concat()).await;
    tie(app, other, one, &[&none[..], &[("cut", yes)]].concat()).await;
}

/// One mutes the other, for good or until then.
pub(crate) async fn mutes(app: &TestApp, one: &Client, other: &Client, until: Option<String>) {
    let yes = if app.backend == poligon_testkit::Backend::Services { "true" } else { "1" };
    let until = until.map_or("NULL".to_owned(), |until| format!("'{until}'"));
    tie(app, one, other, &[("muted", yes), ("muted_at", THEN), ("muted_until", &until)]).await;
}

/// A person writes nothing until the year 2999.
pub(crate) async fn suspend(app: &TestApp, person: &Client) {
    let (id, until) = (id_of(person), "'2999-01-01T00:00:00.000Z'");
    let insert = format!("INSERT INTO social_profiles (user_id, suspended_until) VALUES ({id}, {until})");
    run_sql(app, format!("{insert} ON CONFLICT (user_id) DO UPDATE SET suspended_until = excluded.suspended_until"))
        .await;
}

/// Gives a person a name that they can be mentioned by.
pub(crate) async fn name(app: &TestApp, person: &Client, name: &str) {
    let key = poligon_core::users::username_key(name);
    let set = format!("username = '{name}', username_key = '{key}'");
    run_sql(app, format!("UPDATE users SET {set} WHERE id = {}", id_of(person))).await;
}
