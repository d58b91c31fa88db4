//! Limits, delays and marks, the same in this process and in Redis.

use std::time::Duration;

use poligon_core::cache::{Backoff, Cache, Rate};
use poligon_testkit::{Backend, TestApp, TestCtx};

poligon_testkit::tests! {
    exactly_the_quota_is_admitted_of_200_at_once,
    admissions_follow_the_formula_as_time_goes_by,
    one_of_many_takes_a_key,
    delays_grow_with_every_failure,
    of_many_tries_at_once_no_more_are_let_through_than_in_turn,
    values_expire_and_can_be_removed,
}

async fn start(backend: Backend) -> TestCtx {
    TestApp::builder(backend).without_server().await
}

/// Two handles to one cache: two copies of the gateway where the cache is shared, two clones where it is not.
fn two_handles(ctx: &TestCtx, backend: Backend) -> [Cache; 2] {
    match backend {
        Backend::Embedded => [ctx.cache.clone(), ctx.cache.clone()],
        Backend::Services => [ctx.cache.clone(), ctx.another_copy().cache.clone()],
    }
}

async fn exactly_the_quota_is_admitted_of_200_at_once(backend: Backend) {
    let ctx = start(backend).await;
    let handles = two_handles(&ctx, backend);
    let (rate, now) = (Rate { interval: 60_000_000, burst: 50 }, ctx.clock.now());
    let calls: Vec<_> = (0..200)
        .map(|n| {
            let cache = handles[n % 2].clone();
            tokio::spawn(async move { cache.admit("caller", rate, now).await.unwrap() })
        })
        .collect();
    let mut remaining = Vec::new();
    for call in calls {
        let admission = call.await.unwrap();
        if admission.admitted {
            remaining.push(admission.remaining);
        } else {
            assert_eq!(admission.retry_after, rate.interval);
        }
    }
    remaining.sort_unstable();
    assert_eq!(remaining, (0..50).collect::<Vec<_>>(), "50 admitted, each told another rest");
}

async fn admissions_follow_the_formula_as_time_goes_by(backend: Backend) {
    let ctx = start(backend).await;
    let (rate, start) = (Rate { interval: 250_000, burst: 3 }, ctx.clock.now());
    let mut tat = None;
    for after in [0, 0, 1, 2, 249, 250, 251, 600, 600, 600, 5_000, 5_000, 5_000, 5_000, 5_001] {
        let now = start + chrono::Duration::milliseconds(after);
        let (expected, next) = rate.decide(tat, now.utc().timestamp_micros());
        tat = Some(next);
        assert_eq!(ctx.cache.admit("caller", rate, now).await.unwrap(), expected, "after {after} ms");
    }
}

async fn one_of_many_takes_a_key(backend: Backend) {
    let ctx = start(backend).await;
    let handles = two_handles(&ctx, backend);
    for round in 0..5 {
        let takes: Vec<_> = (0..40)
            .map(|n| {
                let cache = handles[n % 2].clone();
                let key = format!("key-{round}");
                tokio::spawn(async move { cache.set_if_absent(&key, Duration::from_mins(1)).await.unwrap() })
            })
            .collect();
        let mut taken = 0;
        for take in takes {
            taken += usize::from(take.await.unwrap());
        }
        assert_eq!(taken, 1);
    }
}

async fn delays_grow_with_every_failure(backend: Backend) {
    let ctx = start(backend).await;
    let backoff = Backoff { free: 5, longest: Duration::from_mins(1), memory: Duration::from_hours(1) };
    let now = ctx.clock.now();
    for expected in [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60] {
        let until = ctx.cache.fail("account", backoff, now).await.unwrap();
        // Without a delay there is no time: another copy's clock may be behind this one's.
        assert_eq!(until, (expected > 0).then(|| now + chrono::Duration::seconds(expected)));
        assert_eq!(ctx.cache.blocked_until("account").await.unwrap(), until);
    }
    assert_eq!(ctx.cache.blocked_until("another").await.unwrap(), None);
    ctx.cache.remove("account").await.unwrap();
    assert_eq!(ctx.cache.fail("account", backoff, now).await.unwrap(), None, "forgotten");
}

async fn of_many_tries_at_once_no_more_are_let_through_than_in_turn(backend: Backend) {
    let ctx = start(backend).await;
    let backoff = Backoff { free: 5, longest: Duration::from_mins(1), memory: Duration::from_hours(1) };
    let now = ctx.clock.now();
    let tries = (0..40).map(|_| ctx.cache.take_try("account", backoff, now));
    let refused: Vec<_> = futures_util::future::join_all(tries).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(refused, vec![now + chrono::Duration::seconds(1); 35], "refused tries add nothing to the delay");
    let later = now + chrono::Duration::seconds(1);
    assert_eq!(ctx.cache.take_try("account", backoff, later).await.unwrap(), None);
    let until = later + chrono::Duration::seconds(2);
    assert_eq!(ctx.cache.take_try("account", backoff, later).await.unwrap(), Some(until), "the sixth doubles it");
    ctx.cache.remove("account").await.unwrap();
    assert_eq!(ctx.cache.take_try("account", backoff, later).await.unwrap(), None, "forgotten");
}

async fn values_expire_and_can_be_removed(backend: Backend) {
    let ctx = start(backend).await;
    ctx.cache.ping().await.unwrap();
    let bytes = vec![0, 255, 10];
    ctx.cache.set("short", bytes.clone(), Duration::from_millis(150)).await.unwrap();
    ctx.cache.set("long", bytes.clone(), Duration::from_mins(1)).await.unwrap();
    assert_eq!(ctx.cache.get("short").await.unwrap(), Some(bytes.clone()));
    assert!(!ctx.cache.set_if_absent("short", Duration::from_mins(1)).await.unwrap());
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(ctx.cache.get("short").await.unwrap(), None);
    assert!(ctx.cache.set_if_absent("short", Duration::from_mins(1)).await.unwrap(), "free again");
    assert_eq!(ctx.cache.get("long").await.unwrap(), Some(bytes));
    ctx.cache.remove("long").await.unwrap();
    assert_eq!(ctx.cache.get("long").await.unwrap(), None);
}
