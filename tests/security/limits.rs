//! Quotas: exactly what is promised is admitted, and nobody makes themselves another caller.

use std::sync::Arc;
use std::time::Instant;

use chrono::Duration;
use poligon_core::config::{LimitsConfig, Profile};
use poligon_testkit::{Backend, Builder, Client, Reply};
use serde_json::json;
use tokio::sync::Barrier;

use crate::world::{builder, started};

/// The burst of the families in the production profile.
const READS: usize = 300;
const LOGINS: usize = 20;

/// Seconds in which one request is given back: longer than a test takes.
const INTERVAL: i64 = 60;

/// The bursts of production; they are given back so slowly that none is during a test.
fn limited(backend: Backend) -> Builder {
    builder(backend).config(|config| {
        config.limits = LimitsConfig::of(true);
        config.limits.families.values_mut().for_each(|quota| quota.per_minute = 1);
        config.limits.login_delays = false;
        // A thousand connections at once on a busy machine.
        config.server.header_timeout_ms = 60_000;
        config.cache.timeout_ms = 30_000;
    })
}

/// The same behind a load balancer at 127.0.0.0/8, which itself stands behind another at 10.0.0.0/8.
fn behind_proxies(backend: Backend) -> Builder {
    limited(backend).config(|config| {
        config.server.trusted_proxies = ["127.0.0.0/8", "10.0.0.0/8"].map(|net| net.parse().expect("a net")).into();
    })
}

async fn log_in(client: &Client, name: &str, forwarded: Option<&str>) -> Reply {
    let body = json!({"username": name, "password": "not the password"});
    let request = client.post("/api/auth/login").json(&body);
    match forwarded {
        Some(value) => request.header("x-forwarded-for", value).send().await,
        None => request.send().await,
    }
}

/// 1,000 requests at once, spread over these addresses; how many were admitted.
async fn admitted_of_a_thousand(copies: &[&Client]) -> usize {
    let gate = Arc::new(Barrier::new(1_000));
    let requests = (0..1_000).map(|n| {
        let (client, gate) = (copies[n % copies.len()].clone(), Arc::clone(&gate));
        tokio::spawn(async move {
            gate.wait().await;
            client.get("/api/auth/permissions").send().await
        })
    });
    let mut admitted = 0;
    for request in requests.collect::<Vec<_>>() {
        let reply = request.await.expect("an answer");
        if reply.status == 200 {
            admitted += 1;
        } else {
            reply.expect_problem(429, "rate_limited");
        }
    }
    admitted
}

async fn exactly_the_quota_is_admitted(backend: Backend) {
    let app = started(limited(backend)).await;
    let me = app.sign_in_as(&["admin"]).await;
    let admitted = if backend == Backend::Services {
        let other = app.another_copy();
        let there = me.towards(other.url());
        admitted_of_a_thousand(&[&me, &there]).await
    } else {
        admitted_of_a_thousand(&[&me]).await
    };
    assert_eq!(admitted, READS);
    // Another person has a quota of their own.
    let other = app.sign_in_as(&["admin"]).await;
    other.get("/api/auth/permissions").send().await.expect(200);
}

/// The control: without limits all of them are admitted.
async fn without_limits_all_are_admitted(backend: Backend) {
    let app = started(limited(backend).config(|config| config.limits.enabled = false)).await;
    let me = app.sign_in_as(&["admin"]).await;
    assert_eq!(admitted_of_a_thousand(&[&me]).await, 1_000);
}

async fn the_headers_tell_the_truth(backend: Backend) {
    let app = started(limited(backend)).await;
    let client = app.client();
    let number = |reply: &Reply, name: &str| -> i64 {
        let value = reply.header(name).unwrap_or_else(|| panic!("{name} is missing")).to_owned();
        value.parse().unwrap_or_else(|_| panic!("{name}: {value}"))
    };
    let began = Instant::now();
    // The clock runs on: what is told in seconds may be less by as many as have passed.
    let near = |told: i64, exact: i64| {
        let passed = i64::try_from(began.elapsed().as_secs()).expect("seconds") + 1;
        assert!((exact - passed..=exact).contains(&told), "{told} s, not {exact} s");
    };
    let burst = i64::try_from(LOGINS).expect("a number");
    for used in 1..=burst {
        let reply = log_in(&client, &format!("nobody{used}"), None).await.expect_problem(401, "invalid_credentials");
        let told = ["ratelimit-limit", "ratelimit-remaining"].map(|name| number(&reply, name));
        assert_eq!(told, [burst, burst - used]);
        near(number(&reply, "ratelimit-reset"), used * INTERVAL);
        assert!(reply.header("retry-after").is_none());
    }
    let refused = log_in(&client, "nobody", None).await.expect_problem(429, "rate_limited");
    assert_eq!(["ratelimit-limit", "ratelimit-remaining"].map(|name| number(&refused, name)), [burst, 0]);
    near(number(&refused, "ratelimit-reset"), burst * INTERVAL);
    client.get("/api/ecommerce/categories").send().await.expect(200); // another family, another quota
    let wait = number(&refused, "retry-after");
    near(wait, INTERVAL);
    app.clock().advance(Duration::seconds(wait));
    log_in(&client, "nobody", None).await.expect_problem(401, "invalid_credentials");
    let refused = log_in(&client, "nobody", None).await.expect_problem(429, "rate_limited");
    app.clock().advance(Duration::seconds(number(&refused, "ratelimit-reset")));
    let whole = log_in(&client, "nobody", None).await.expect_problem(401, "invalid_credentials");
    assert_eq!(number(&whole, "ratelimit-remaining"), burst - 1, "after RateLimit-Reset all of it is back");
}

async fn an_ipv6_caller_is_a_64(backend: Backend) {
    let app = started(behind_proxies(backend)).await;
    let client = app.client();
    for n in 0..LOGINS {
        let address = format!("2001:db8:1:2:{n:x}:{n:x}::{n:x}");
        log_in(&client, &format!("nobody{n}"), Some(&address)).await.expect_problem(401, "invalid_credentials");
    }
    let same = log_in(&client, "nobody", Some("2001:db8:1:2:ffff::1")).await;
    same.expect_problem(429, "rate_limited");
    let other = log_in(&client, "nobody", Some("2001:db8:1:3::1")).await;
    other.expect_problem(401, "invalid_credentials");
}

async fn an_ipv4_caller_is_an_address(backend: Backend) {
    let app = started(behind_proxies(backend)).await;
    let client = app.client();
    for n in 0..LOGINS {
        // One address in two ways of writing it (RFC 4291, section 2.5.5.2).
        let address = if n % 2 == 0 { "192.0.2.7" } else { "::ffff:192.0.2.7" };
        log_in(&client, &format!("nobody{n}"), Some(address)).await.expect_problem(401, "invalid_credentials");
    }
    log_in(&client, "nobody", Some("192.0.2.7")).await.expect_problem(429, "rate_limited");
    log_in(&client, "nobody", Some("192.0.2.8")).await.expect_problem(401, "invalid_credentials");
}

async fn an_untrusted_peer_is_not_believed(backend: Backend) {
    let app = started(limited(backend)).await;
    let client = app.client();
    for n in 0..LOGINS {
        let address = format!("198.51.100.{n}");
        log_in(&client, &format!("nobody{n}"), Some(&address)).await.expect_problem(401, "invalid_credentials");
    }
    for spoof in ["198.51.100.200", "2001:db8::1", "127.0.0.1", ""] {
        log_in(&client, "nobody", Some(spoof)).await.expect_problem(429, "rate_limited");
    }
}

async fn the_last_address_that_is_no_proxy_counts(backend: Backend) {
    let app = started(behind_proxies(backend)).await;
    let client = app.client();
    for n in 0..LOGINS {
        // What the client wrote itself stands in front, the inner proxy behind.
        let chain = format!("203.0.113.{n}, 10.9.9.9,192.0.2.7, 10.0.0.1");
        log_in(&client, &format!("nobody{n}"), Some(&chain)).await.expect_problem(401, "invalid_credentials");
    }
    for chain in ["192.0.2.7", "203.0.113.99, 192.0.2.7", "nonsense, 192.0.2.7, 10.0.0.2"] {
        log_in(&client, "nobody", Some(chain)).await.expect_problem(429, "rate_limited");
    }
    log_in(&client, "nobody", Some("192.0.2.7, 203.0.113.99")).await.expect_problem(401, "invalid_credentials");
}

async fn nonsense_counts_for_one_caller(backend: Backend) {
    let app = started(behind_proxies(backend)).await;
    let client = app.client();
    for n in 0..LOGINS {
        let nonsense = format!("192.0.2.{n}, nonsense{n}");
        log_in(&client, &format!("nobody{n}"), Some(&nonsense)).await.expect_problem(401, "invalid_credentials");
    }
    log_in(&client, "nobody", Some("192.0.2.250, unknown")).await.expect_problem(429, "rate_limited");
    // The proxy's own address is another caller: what is no address does not pass for somebody near.
    log_in(&client, "nobody", None).await.expect_problem(401, "invalid_credentials");
}

/// Some proxies write the port, and brackets around IPv6.
async fn an_address_may_come_with_its_port(backend: Backend) {
    let app = started(behind_proxies(backend)).await;
    let client = app.client();
    for n in 0..LOGINS {
        let address = ["192.0.2.9", "192.0.2.9:4711", "::ffff:192.0.2.9", "[::ffff:192.0.2.9]:80"][n % 4];
        log_in(&client, &format!("nobody{n}"), Some(address)).await.expect_problem(401, "invalid_credentials");
    }
    log_in(&client, "nobody", Some("[::ffff:192.0.2.9]")).await.expect_problem(429, "rate_limited");
}

async fn an_address_is_delayed_from_the_fifth_failure(backend: Backend) {
    let production = |profile| {
        builder(backend).config(move |config| {
            config.profile = profile;
            config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
        })
    };
    let app = started(production(Profile::Production)).await;
    let client = app.client();
    for n in 0..5 {
        let reply = log_in(&client, &format!("nobody{n}"), Some("192.0.2.7")).await;
        reply.expect_problem(401, "invalid_credentials");
    }
    let reply = log_in(&client, "nobody5", Some("192.0.2.7")).await.expect_problem(429, "login_delayed");
    assert_eq!(reply.header("retry-after"), Some("1"));
    log_in(&client, "nobody5", Some("192.0.2.8")).await.expect_problem(401, "invalid_credentials");
    app.clock().advance(Duration::milliseconds(1_001));
    log_in(&client, "nobody5", Some("192.0.2.7")).await.expect_problem(401, "invalid_credentials");
    let reply = log_in(&client, "nobody6", Some("192.0.2.7")).await.expect_problem(429, "login_delayed");
    assert_eq!(reply.header("retry-after"), Some("2"), "it doubles");
    // A whole class behind one address is not slowed down in the demo profile.
    let demo = started(production(Profile::Demo)).await;
    for n in 0..20 {
        let reply = log_in(&demo.client(), &format!("nobody{n}"), Some("192.0.2.7")).await;
        reply.expect_problem(401, "invalid_credentials");
    }
}

poligon_testkit::tests! {
    exactly_the_quota_is_admitted,
    without_limits_all_are_admitted,
    the_headers_tell_the_truth,
    an_ipv6_caller_is_a_64,
    an_ipv4_caller_is_an_address,
    an_untrusted_peer_is_not_believed,
    the_last_address_that_is_no_proxy_counts,
    nonsense_counts_for_one_caller,
    an_address_may_come_with_its_port,
    an_address_is_delayed_from_the_fifth_failure,
}
