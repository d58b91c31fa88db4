//! Metrics stay bounded: whatever people ask for, no label takes its value from them.

use std::collections::BTreeSet;
use std::time::Duration;

use poligon_core::config::Profile;
use poligon_testkit::{Backend, TestApp};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Method;

use crate::world::start;

/// Random requests when `POLIGON_RANDOM_REQUESTS` does not say otherwise.
const REQUESTS: usize = 20_000;
const WORKERS: usize = 8;

/// What is asked for; `{}` is filled at random.
const SHAPES: [&str; 13] = [
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
    "/dashboard/{}",
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

/// The value of a series, 0 while there is none.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

async fn what_operators_watch_is_there(app: TestApp) {
    let text = async || app.client().get("/metrics").send().await.expect(200).text;
    let read = async || {
        app.client().get("/api/ecommerce/categories").send().await.expect(200);
        text().await
    };
    let of =
        |cache: &str, outcome: &str| format!("poligon_cache_reads_total{{cache=\"{cache}\",outcome=\"{outcome}\"}}");
    let before = read().await;
    let after = read().await;
    for (outcome, more) in [("hit", 1.0), ("miss", 0.0)] {
        let series = of("answers", outcome);
        assert!((value(&after, &series) - value(&before, &series) - more).abs() < 0.1, "{series}: {before} {after}");
    }
    let me = crate::world::person(&app, "ann").await;
    me.get("/api/auth/me").send().await.expect(200);
    me.get("/api/auth/me").send().await.expect(200);
    let began = std::time::Instant::now();
    // Jobs and the bookkeeping of the caches are a moment behind.
    let wanted = [
        of("sessions", "hit"),
        of("sessions", "miss"),
        "poligon_cache_calls_total{outcome=\"success\"}".to_owned(),
        "poligon_cache_entries{cache=\"answers\"}".to_owned(),
        "poligon_cache_entries{cache=\"sessions\"}".to_owned(),
        "poligon_cache_answer_bytes".to_owned(),
        "poligon_http_requests_total{method=\"GET\",route=\"/api/auth/me\",status=\"200\"}".to_owned(),
        "poligon_http_request_duration_seconds_count{method=\"GET\",route=\"/api/auth/me\"}".to_owned(),
    ];
    loop {
        me.get("/api/auth/me").send().await.expect(200);
        let text = read().await;
        let missing: Vec<_> = wanted.iter().filter(|series| value(&text, series) < 1.0).collect();
        let listed = [
            "poligon_database_pool{pool=",
            "poligon_password_hashing{state=\"waiting\"}",
            "poligon_outbox{measure=\"oldest_ms\"}",
            "poligon_jobs_total{job=",
        ];
        let absent: Vec<_> = listed.iter().filter(|series| !text.contains(**series)).collect();
        if missing.is_empty() && absent.is_empty() {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{missing:?} {absent:?}: {text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Who may read them, by the address that a load balancer tells.
async fn metrics_are_for_their_networks(backend: Backend) {
    let of = async |profile: Profile, networks: &[&str]| {
        let networks: Vec<_> = networks.iter().map(|net| net.parse().expect("a network")).collect();
        let behind = crate::world::builder(backend).config(move |config| {
            config.profile = profile;
            config.server.metrics_networks = networks;
            config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        });
        crate::world::started(behind).await
    };
    let read = async |app: &TestApp, address: &str| {
        app.client().get("/metrics").header("x-forwarded-for", address).send().await.status
    };
    let (near, far, public) = ("10.1.2.3", "192.0.2.9", "198.51.100.1");
    for (profile, networks, expected) in [
        (Profile::Demo, &[][..], [200, 200, 200]),
        (Profile::Production, &[], [200, 404, 404]),
        (Profile::Production, &["192.0.2.0/24"], [404, 200, 404]),
        (Profile::Demo, &["192.0.2.0/24"], [404, 200, 404]),
    ] {
        let app = of(profile, networks).await;
        let seen = [read(&app, near).await, read(&app, far).await, read(&app, public).await];
        assert_eq!(seen, expected, "{profile:?} {networks:?}");
        app.stop().await;
    }
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

poligon_testkit::tests! { start =>
    random_requests_add_no_series,
    a_path_in_a_label_would_be_seen,
    what_operators_watch_is_there,
}

mod by_network {
    use super::metrics_are_for_their_networks;
    poligon_testkit::tests! { metrics_are_for_their_networks }
}
