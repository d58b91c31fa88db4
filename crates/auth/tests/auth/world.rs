//! What every test here starts from.

use poligon_core::security::permissions;
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

/// A password that is accepted.
pub(crate) const PASSWORD: &str = "four tired lemons";

/// The accounts domain on a fresh database, with its roles and a clock that can be moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    with_roles(TestApp::builder(backend).domain(poligon_auth::domain()).settable_clock().start().await).await
}

/// Writes the built-in roles.
pub(crate) async fn with_roles(app: TestApp) -> TestApp {
    let now = app.ctx.clock.now();
    let written = app.ctx.db.write(move |db| permissions::sync(db, poligon_auth::PERMISSIONS, now)).await;
    written.expect("roles");
    app
}

/// What a person called `name` registers with.
pub(crate) fn registration(name: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "username": name, "display_name": "A Person", "password": PASSWORD})
}

/// Registers a person; answers their id.
pub(crate) async fn register(app: &TestApp, name: &str) -> i64 {
    app.client().post("/api/auth/register").json(&registration(name)).send().await.expect(201).id()
}

/// Logs a person in; answers the pair of tokens.
pub(crate) async fn pair(app: &TestApp, name: &str) -> Value {
    let body = json!({"username": name, "password": PASSWORD});
    app.client().post("/api/auth/login").json(&body).send().await.expect(200).body
}

/// Registers a person and logs them in.
pub(crate) async fn person(app: &TestApp, name: &str) -> Client {
    let id = register(app, name).await;
    let tokens = pair(app, name).await;
    app.client().with_token(tokens["access_token"].as_str().expect("a token")).of_user(id)
}

/// How many of many wrong passwords at once may be told to be wrong when all took this long: five, and one more for each
/// delay (a second, then twice that, …) that went by meanwhile.
pub(crate) fn told_at_most(took: std::time::Duration) -> usize {
    (0..20).take_while(|n| took.as_secs() >= (1 << (n + 1)) - 1).count() + 5
}

/// What a query answers as `text`, row by row: what is stored, past every answer.
pub(crate) async fn stored(app: &TestApp, query: String) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Stored {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let rows = app.ctx.db.read_primary(move |db| {
        use diesel::RunQueryDsl as _;
        let query = diesel::sql_query(&query);
        Ok::<Vec<Stored>, poligon_core::db::DbError>(poligon_core::on_each!(db, c => query.load(c))?)
    });
    rows.await.expect("rows").into_iter().map(|row| row.text).collect()
}

/// The token in the newest mail to an address.
pub(crate) async fn token_in_mail(app: &TestApp, to: &str) -> String {
    let mail = app.last_mail(to).await;
    let (_, rest) = mail.body.split_once("\"token\": \"").expect("a token in the mail");
    rest.split_once('"').expect("its end").0.to_owned()
}

/// Runs jobs until nothing is due: the mails that are sent beside the request.
pub(crate) async fn run_jobs(app: &TestApp) {
    for _ in 0..100 {
        let waiting = app.ctx.db.read_primary(|db| {
            use diesel::prelude::*;
            use poligon_core::schema::jobs;
            let asked = jobs::table.filter(jobs::unique_key.is_null());
            Ok::<i64, poligon_core::db::DbError>(asked.count().get_result(db)?)
        });
        if waiting.await.expect("jobs") == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("jobs are still waiting");
}
