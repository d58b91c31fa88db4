//! Metrics stay bounded: whatever people ask for, no label takes its value from them.

use std::collections::BTreeSet;
use std::time::Duration;

use poligon_testkit::TestApp;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Method;

use crate::world::start;

/// Random requests when `POLIGON_RANDOM_REQUESTS` does not say otherwise.
const REQUESTS: usize = 20_000;
const WORKERS: usize = 8;

/// What is asked for; `{}` is filled at random.
const SHAPES: [&str; 12] = [
    "/{}",
    "/{}/{}",
    "/api/{}",
    "/api/auth/{}",
    "/api/auth/users/{}",
    "/api/auth/users/{}/roles",
    "/api/auth/sessions/{}",
    "/api/auth/roles/{}",
    "/api/auth/me?{}={}",
    "/problems/{}",
    "/docs/{}",
    "/health/{}",
];
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "{}"];

#[allow(clippy::disallowed_methods)] // a setting of the test, not of the product
fn requests() -> usize {
    std::env::var("POLIGON_RANDOM_REQUESTS").map_or(REQUESTS, |text| text.parse().expect("a number"))
}

/// Names and values of the labels of every series.
async fn series(app: &TestApp) -> BTreeSet<String> {
    let text = app.client().get("/metrics").send().await.expect(200).text;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series.to_owned()).collect()
}

fn filled(shape: &str, random: &mut ChaCha8Rng) -> String {
    let mut text = shape.to_owned();
    while text.contains("{}") {
        // 1 in 3 a number, which may be somebody's id.
        let fill = if random.random_range(0..3) == 0 {
            random.random_range(1_000_000..9_000_000_u32).to_string()
        } else {
            format!("X{:08x}", random.random_range(0..u32::MAX))
        };
        text = text.replacen("{}", &fill, 1);
    }
    text
}

/// One request of a shape, as one of these people or as nobody.
async fn ask(http: &reqwest::Client, base: &str, which: usize, tokens: &[String], random: &mut ChaCha8Rng) {
    let method = filled(METHODS[which % METHODS.len()], random);
    let path = filled(SHAPES[which / METHODS.len() % SHAPES.len()], random);
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = http.request(method, format!("{base}{path}"));
    if which / (METHODS.len() * SHAPES.len()) % 2 == 1 {
        request = request.bearer_auth(&tokens[random.random_range(0..tokens.len())]);
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    answer.bytes().await.expect("a body");
    assert!(status < 500, "{path} answered {status}");
}

async fn random_requests_add_no_series(app: TestApp) {
    let mut tokens = Vec::new();
    for _ in 0..50 {
        tokens.push(app.sign_in_as(&["auditor"]).await.token().expect("a token").to_owned());
    }
    let http = || reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().expect("a client");
    let mut random = ChaCha8Rng::seed_from_u64(27);
    // Every shape by every method, with a token and without: whatever series there are begin here. Twice, because a
    // number and a word may be answered differently.
    let (warm, kinds) = (http(), METHODS.len() * SHAPES.len() * 2);
    for which in 0..kinds * 12 {
        ask(&warm, &app.url(), which, &tokens, &mut random).await;
    }
    drop(warm);
    series(&app).await; // itself a request, counted from now on
    let before = series(&app).await;
    let workers = (0..WORKERS).map(|worker| {
        let (http, base, tokens) = (http(), app.url(), tokens.clone());
        let mut random = ChaCha8Rng::seed_from_u64(worker as u64);
        tokio::spawn(async move {
            for _ in 0..requests() / WORKERS {
                let which = random.random_range(0..kinds);
                ask(&http, &base, which, &tokens, &mut random).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("a worker");
    }
    let after = series(&app).await;
    let added: Vec<_> = after.difference(&before).take(10).collect();
    assert!(added.is_empty(), "{} series were added: {added:?}", after.len() - before.len());
    assert!(after.iter().all(|line| !line.contains("/X")), "a path is in a label");
}

/// The control: a label that takes its value from the path.
async fn a_path_in_a_label_would_be_seen(app: TestApp) {
    series(&app).await;
    let before = series(&app).await;
    for n in 0..3 {
        app.ctx.metrics.request("GET", &format!("/X{n}"), 404, Duration::ZERO);
    }
    let after = series(&app).await;
    assert!(after.difference(&before).filter(|line| line.contains("/X")).count() >= 3);
}

poligon_testkit::tests! { start => random_requests_add_no_series, a_path_in_a_label_would_be_seen }
