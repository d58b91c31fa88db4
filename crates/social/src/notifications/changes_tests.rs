//! What devices hear of notifications, and in which order.

use diesel::prelude::*;
use poligon_core::Ctx;
use poligon_core::events::{Dispatcher, lag, publish};
use poligon_testkit::{Backend, TestApp};
use serde_json::{Value, json};

use super::{changed_after, model};
use crate::error::Error;
use crate::events::FOLLOWED;
use crate::schema::social_ties;

async fn start(backend: Backend) -> TestApp {
    TestApp::builder(backend).domain(crate::domain()).settable_clock().start().await
}

async fn person(app: &TestApp) -> i64 {
    app.sign_in_as(&[]).await.user_id.unwrap()
}

async fn changes(ctx: &Ctx, user_id: i64, seq: i64, most: i64) -> Vec<(i64, Value)> {
    ctx.db.read_primary(move |db| changed_after(db, user_id, seq, most)).await.expect("changes")
}

/// Tells a person that these people follow them.
async fn follow(app: &TestApp, user_id: i64, followers: &[i64]) {
    let dispatcher = Dispatcher::new(app.ctx.clone(), (crate::domain().subscribers)());
    for follower in followers {
        let tie = (social_ties::user_id.eq(*follower), social_ties::other_id.eq(user_id));
        let tie = (tie, social_ties::follow.eq("following"), social_ties::follow_at.eq(app.clock().now()));
        let plant = move |db: &mut _| {
            diesel::insert_into(social_ties::table).values(tie).execute(db)?;
            Ok::<_, Error>(())
        };
        app.ctx.db.write(plant).await.unwrap();
        let (told, now) = (json!({"user_id": follower, "other_id": user_id}), app.clock().now());
        let object = format!("user:{follower}");
        app.ctx.db.write(move |db| publish(db, FOLLOWED, &object, &told, now)).await.unwrap();
    }
    loop {
        dispatcher.round().await.unwrap();
        let now = app.clock().now();
        if app.ctx.db.read_primary(move |db| lag(db, now)).await.unwrap().0 == 0 {
            return;
        }
    }
}

async fn changes_come_in_their_order_and_once(app: TestApp) {
    let ann = person(&app).await;
    let (bob, cem, dag) = (person(&app).await, person(&app).await, person(&app).await);
    follow(&app, ann, &[bob, cem, dag]).await;
    let all = changes(&app.ctx, ann, 0, 100).await;
    let actors: Vec<&Value> = all.iter().map(|(_, change)| &change["actor"]["id"]).collect();
    assert_eq!(actors, [&json!(bob), &json!(cem), &json!(dag)]);
    assert!(all.is_sorted_by(|one, next| one.0 < next.0));
    assert!(all.iter().all(|(_, change)| change["deleted"] == false && change["read_at"].is_null()));
    // In pages, as a device reads them.
    let first = changes(&app.ctx, ann, 0, 2).await;
    assert_eq!(first, all[..2]);
    assert_eq!(changes(&app.ctx, ann, first[1].0, 2).await, all[2..]);
    let mut last = all[2].0;
    assert_eq!(changes(&app.ctx, ann, last, 100).await, []);
    // Reading is a change, and reading again is none.
    let id = all[1].1["id"].as_i64().unwrap();
    for expected in [1, 0] {
        let now = app.clock().now();
        app.ctx.db.write(move |db| model::read(db, id, ann, now)).await.unwrap();
        let changed = changes(&app.ctx, ann, last, 100).await;
        assert_eq!(changed.len(), expected);
        if let Some((seq, change)) = changed.first() {
            assert!(change["id"] == id && change["read_at"].is_string());
            last = *seq;
        }
    }
    let now = app.clock().now();
    app.ctx.db.write(move |db| model::read_all(db, ann, now, now)).await.unwrap();
    let changed = changes(&app.ctx, ann, last, 100).await;
    let ids: Vec<&Value> = changed.iter().map(|(_, change)| &change["id"]).collect();
    assert_eq!(ids, [&all[0].1["id"], &all[2].1["id"]], "in the order in which they came");
    last = changed[1].0;
    // What is gone says so, and no more.
    let now = app.clock().now();
    app.ctx.db.write(move |db| model::delete(db, id, ann, now)).await.unwrap();
    let changed = changes(&app.ctx, ann, last, 100).await;
    assert_eq!(changed.len(), 1);
    let gone = &changed[0].1;
    assert_eq!((&gone["id"], &gone["deleted"], &gone["actor"]), (&json!(id), &json!(true), &Value::Null));
    assert_eq!((&gone["actor_count"], &gone["payload"]), (&json!(0), &json!({})));
}

async fn nobody_hears_of_people_who_are_hidden(app: TestApp) {
    let ann = person(&app).await;
    let (bob, cem) = (person(&app).await, person(&app).await);
    follow(&app, ann, &[bob, cem]).await;
    let cut = (social_ties::user_id.eq(ann), social_ties::other_id.eq(bob), social_ties::cut.eq(true));
    let hide = move |db: &mut _| {
        diesel::insert_into(social_ties::table).values(cut).execute(db)?;
        Ok::<_, Error>(())
    };
    app.ctx.db.write(hide).await.unwrap();
    let left = changes(&app.ctx, ann, 0, 1).await;
    assert_eq!(left[0].1["actor"]["id"], cem, "a page is not filled with what is not shown");
    let now = app.clock().now();
    app.ctx.db.write(move |db| model::forget(db, ann, bob, now)).await.unwrap();
    let changed = changes(&app.ctx, ann, left[0].0, 100).await;
    assert_eq!(changed.len(), 1);
    assert_eq!((&changed[0].1["deleted"], &changed[0].1["actor"]), (&json!(true), &Value::Null));
}

poligon_testkit::tests! { start =>
    changes_come_in_their_order_and_once,
    nobody_hears_of_people_who_are_hidden,
}
