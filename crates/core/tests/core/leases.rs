//! Leases: one holder at a time.

use chrono::Duration;
use poligon_core::db::Database;
use poligon_core::{Timestamp, lease};
use poligon_testkit::{Backend, TestApp};

poligon_testkit::tests! { one_of_many_takes_a_lease, a_lease_is_renewed_runs_out_and_is_given_back }

const TIME: Duration = Duration::seconds(10);

async fn take(db: &Database, holder: &str, now: Timestamp) -> bool {
    let holder = holder.to_owned();
    db.write(move |db| lease::take(db, "toy", &holder, now, TIME)).await.unwrap()
}

async fn one_of_many_takes_a_lease(backend: Backend) {
    let ctx = TestApp::builder(backend).without_server().await;
    let copies = [ctx.another_copy(), ctx.another_copy()];
    for round in 0..5 {
        // Nobody's the first time; later, one that has run out.
        let now = ctx.clock.now() + TIME * (2 * round);
        let takes: Vec<_> = (0..20)
            .map(|n| {
                let db = copies[n % 2].db.clone();
                tokio::spawn(async move { take(&db, &format!("copy-{round}-{n}"), now).await })
            })
            .collect();
        let mut taken = 0;
        for each in takes {
            taken += usize::from(each.await.unwrap());
        }
        assert_eq!(taken, 1, "round {round}");
    }
}

async fn a_lease_is_renewed_runs_out_and_is_given_back(backend: Backend) {
    let ctx = TestApp::builder(backend).without_server().await;
    let (db, start) = (&ctx.db, ctx.clock.now());
    assert!(take(db, "a", start).await);
    assert!(!take(db, "b", start).await);
    assert!(take(db, "a", start + Duration::seconds(9)).await, "the holder renews it");
    assert!(!take(db, "b", start + Duration::seconds(11)).await, "so it lasts longer");
    assert!(take(db, "b", start + Duration::seconds(20)).await, "until it runs out");
    db.write(|db| lease::release(db, "toy", "a")).await.unwrap();
    assert!(!take(db, "a", start + Duration::seconds(20)).await, "only the holder gives it back");
    db.write(|db| lease::release(db, "toy", "b")).await.unwrap();
    assert!(take(db, "a", start + Duration::seconds(20)).await);
}
