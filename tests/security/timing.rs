//! Neither the answer nor its time tells whether an account exists.

use std::time::{Duration, Instant};

use poligon_core::db::DbError;
use poligon_core::security::passwords;
use poligon_testkit::{Backend, Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{PASSWORD, builder, register, started};

/// Requests of each kind, sent in turns, so that whatever else the machine does slows down both.
const ROUNDS: usize = 500;
/// The most that the medians may differ.
const TOLERANCE: Duration = Duration::from_millis(5);

/// Without delays after failures, which would end the measurement.
async fn start(backend: Backend) -> TestApp {
    started(builder(backend).config(|config| config.limits.login_delays = false)).await
}

async fn send(app: &TestApp, path: &str, body: &Value) -> (Reply, Duration) {
    let request = app.client().post(path).json(body);
    let began = Instant::now();
    let reply = request.send().await;
    (reply, began.elapsed())
}

/// By how much the medians of two kinds of request differ.
async fn difference(app: &TestApp, path: &str, known: &Value, unknown: &Value, rounds: usize) -> Duration {
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Who goes first changes, so that neither is always the one behind the other's work.
        if round % 2 == 0 {
            of_known.push(send(app, path, known).await.1);
            of_unknown.push(send(app, path, unknown).await.1);
        } else {
            of_unknown.push(send(app, path, unknown).await.1);
            of_known.push(send(app, path, known).await.1);
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    median(&mut of_known).abs_diff(median(&mut of_unknown))
}

fn logins() -> (Value, Value) {
    let body = |name: &str| json!({"username": name, "password": "wrong password"});
    (body("ann"), body("nobody"))
}

fn comparable(reply: &Reply) -> (u16, Value) {
    let mut body = reply.body.clone();
    body["request_id"] = json!("");
    (reply.status, body)
}

async fn login_reads_and_costs_the_same(app: TestApp) {
    register(&app, "ann").await;
    let (known, unknown) = logins();
    let mut told = Vec::new();
    for body in [&known, &unknown] {
        let before = app.ctx.hasher.begun();
        let reply = send(&app, "/api/auth/login", body).await.0.expect_problem(401, "invalid_credentials");
        let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        told.push((comparable(&reply), names, app.ctx.hasher.begun() - before));
    }
    assert_eq!(told[0], told[1], "answer, headers and hashes");
    assert_eq!(told[0].2, 1, "one hash each");
}

async fn login_takes_the_same_time(app: TestApp) {
    register(&app, "ann").await;
    let (known, unknown) = logins();
    let difference = difference(&app, "/api/auth/login", &known, &unknown, ROUNDS).await;
    assert!(difference <= TOLERANCE, "the medians differ by {difference:?}");
}

async fn a_forgotten_password_takes_the_same_time(app: TestApp) {
    register(&app, "ann").await;
    let (known, unknown) = (json!({"email": "ann@example.com"}), json!({"email": "nobody@example.com"}));
    let mut told = Vec::new();
    for body in [&known, &unknown] {
        told.push(comparable(&send(&app, "/api/auth/forgot-password", body).await.0.expect(202)));
    }
    assert_eq!(told[0], told[1]);
    // Half as many: each leaves a job and a mail behind, which are written to the disk before the test can end.
    let difference = difference(&app, "/api/auth/forgot-password", &known, &unknown, ROUNDS / 2).await;
    assert!(difference <= TOLERANCE, "the medians differ by {difference:?}");
}

/// The control: an account whose hash takes longer than the one that is computed for nobody.
async fn a_longer_hash_would_be_noticed(app: TestApp) {
    let id = register(&app, "ann").await;
    let keys = app.ctx.keys.clone();
    let costly = tokio::task::spawn_blocking(move || passwords::hash_blocking(&keys, 10, PASSWORD));
    let sql = format!("UPDATE accounts SET password_hash = '{}' WHERE user_id = {id}", costly.await.unwrap().unwrap());
    let written = app.ctx.db.write(move |db| {
        use diesel::RunQueryDsl as _;
        poligon_core::on_each!(db, c => diesel::sql_query(&sql).execute(c))?;
        Ok::<_, DbError>(())
    });
    written.await.expect("an update");
    let (known, unknown) = logins();
    let difference = difference(&app, "/api/auth/login", &known, &unknown, 50).await;
    assert!(difference > TOLERANCE, "the medians differ by {difference:?} only");
}

poligon_testkit::tests! { start =>
    login_reads_and_costs_the_same,
    login_takes_the_same_time,
    a_forgotten_password_takes_the_same_time,
    a_longer_hash_would_be_noticed,
}
