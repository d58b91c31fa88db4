//! Notifications under concurrent traffic: each event counts once, and what is counted is what is there.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::notifications::{NOTIFICATIONS, told, unread_of};
use crate::planted::{ask, between, blocked, cut, dispatcher, post, react, run, settle, unreact, written};
use crate::world::{id_of, person, start};

/// Has all events delivered by several dispatchers at once, each of which delivers every one.
async fn deliver_at_once(app: &TestApp) {
    run(app, "UPDATE outbox SET dispatched_at = NULL").await;
    let dispatchers: Vec<_> = (0..4).map(|_| dispatcher(app)).collect();
    for round in join_all(dispatchers.iter().map(poligon_core::events::Dispatcher::round)).await {
        round.expect("a round");
    }
    settle(app).await;
}

async fn people(app: &TestApp, count: usize) -> Vec<Client> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(person(app).await);
    }
    people
}

/// Ids of a person's notifications, and whether they are unread.
async fn states(person: &Client) -> Vec<(i64, bool)> {
    let items = told(person).await;
    items.iter().map(|item| (item["id"].as_i64().unwrap(), item["read_at"].is_null())).collect()
}

async fn events_that_come_to_several_at_once_count_once(app: TestApp) {
    let ann = person(&app).await;
    let others = people(&app, 6).await;
    let id = post(&app, &ann, "public").await;
    for other in &others {
        between(&app, "social.followed", other, &ann).await;
        react(&app, "post", id, other, "like").await;
        written(&app, id, other, None, &[&others[0]]).await;
    }
    for _ in 0..3 {
        deliver_at_once(&app).await;
        let items = told(&ann).await;
        assert_eq!(items.len(), 6 + 1 + 6, "follows, reactions, comments");
        let reaction = items.iter().find(|item| item["kind"] == "reaction").unwrap();
        assert_eq!((&reaction["actor_count"], &reaction["actor"]["id"]), (&json!(6), &json!(id_of(&others[5]))));
        assert_eq!(told(&others[0]).await.len(), 5, "named by the five others");
        ann.put(&format!("{NOTIFICATIONS}/read")).send().await.expect(200);
    }
    assert_eq!(unread_of(&ann).await, 0, "what is delivered again is not new again");
    assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM outbox_deliveries").await, 0, "no delivery has failed");
}

async fn people_who_react_at_once_are_one_notification(app: TestApp) {
    let ann = person(&app).await;
    let others = people(&app, 12).await;
    let id = post(&app, &ann, "public").await;
    join_all(others.iter().map(|other| react(&app, "post", id, other, "love"))).await;
    deliver_at_once(&app).await;
    let items = told(&ann).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["actor_count"], 12);
}

/// Reactions of many to two posts, delivered in one go and each by itself: the same is told, to the last of them.
async fn what_comes_together_is_told_as_if_one_by_one(app: TestApp) {
    for together in [true, false] {
        let ann = person(&app).await;
        let others = people(&app, 3).await;
        cut(&app, &ann, &others[2]).await;
        let posts = [post(&app, &ann, "public").await, post(&app, &ann, "private").await];
        react(&app, "post", posts[0], &others[0], "like").await;
        settle(&app).await;
        ann.put(&format!("{NOTIFICATIONS}/read")).send().await.expect(200);
        app.clock().advance(chrono::Duration::minutes(1));
        let since = json!(app.clock().now());
        unreact(&app, "post", posts[0], &others[0], "like").await;
        for (post, other, kind) in [(0, 1, "sad"), (1, 2, "like"), (1, 1, "love"), (0, 0, "wow"), (0, 2, "like")] {
            react(&app, "post", posts[post], &others[other], kind).await;
            if !together {
                settle(&app).await;
            }
        }
        settle(&app).await;
        let items = told(&ann).await;
        assert_eq!(items.len(), 2);
        for (id, actor, count, kind) in [(posts[0], &others[0], 2, "wow"), (posts[1], &others[1], 1, "love")] {
            let item = items.iter().find(|item| item["post_id"] == id).unwrap();
            let facts = (&item["actor"]["id"], &item["actor_count"], &item["payload"]["reaction"], &item["read_at"]);
            assert_eq!(
                facts,
                (&json!(id_of(actor)), &json!(count), &json!(kind), &serde_json::Value::Null),
                "{together}"
            );
            assert!(item["updated_at"].as_str() >= since.as_str(), "{together}: {item}");
        }
    }
}

/// Reading everything while new ones arrive: nothing is lost, each change has its own number, and the count is that of what
/// is unread.
async fn reading_all_and_new_ones_do_not_disturb_each_other(app: TestApp) {
    let ann = person(&app).await;
    let others = people(&app, 5).await;
    let id = post(&app, &ann, "public").await;
    let arrive = async |other: &Client| {
        for _ in 0..4 {
            written(&app, id, other, None, &[]).await;
            dispatcher(&app).round().await.expect("a round");
        }
    };
    let read_all = async || {
        for _ in 0..6 {
            ann.put(&format!("{NOTIFICATIONS}/read")).send().await.expect(200);
            let first = ann.get(&format!("{NOTIFICATIONS}?unread=true&limit=1")).send().await.expect(200).body;
            if let Some(id) = first["items"][0]["id"].as_i64() {
                ann.put(&format!("{NOTIFICATIONS}/{id}/read")).send().await.expect(200);
            }
        }
    };
    tokio::join!(join_all(others.iter().map(arrive)), join_all((0..3).map(|_| read_all())));
    settle(&app).await;
    let all = states(&ann).await;
    assert_eq!(all.len(), 20, "every comment was told");
    let rows = format!("FROM notifications WHERE user_id = {}", id_of(&ann));
    assert_eq!(ask(&app, format!("SELECT COUNT(DISTINCT seq) AS n {rows}")).await, 20);
    let last = ask(&app, format!("SELECT MAX(seq) AS n {rows}")).await;
    let counted = format!("SELECT notification_seq AS n FROM social_profiles WHERE user_id = {}", id_of(&ann));
    assert!(ask(&app, counted).await >= last);
    let unread = i64::try_from(all.iter().filter(|(_, unread)| *unread).count()).unwrap();
    assert_eq!(unread_of(&ann).await, unread);
    ann.put(&format!("{NOTIFICATIONS}/read")).send().await.expect(200);
    assert_eq!(unread_of(&ann).await, 0);
}

async fn one_of_two_who_delete_at_once_did_it(app: TestApp) {
    let ann = person(&app).await;
    let others = people(&app, 4).await;
    for other in &others {
        between(&app, "social.followed", other, &ann).await;
    }
    settle(&app).await;
    for (id, _) in states(&ann).await {
        let path = format!("{NOTIFICATIONS}/{id}");
        let read = format!("{path}/read");
        let replies = join_all((0..6).map(|n| {
            let request = if n < 4 { ann.delete(&path) } else { ann.put(&read) };
            request.send()
        }))
        .await;
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses[..4].iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
        assert_eq!(statuses[..4].iter().filter(|status| **status == 404).count(), 3, "{statuses:?}");
        assert!(statuses[4..].iter().all(|status| [200, 404].contains(status)), "{statuses:?}");
    }
    assert_eq!(states(&ann).await, []);
}

/// Preferences that are changed at once end as one of the changes has them, field by field.
async fn preferences_at_once_do_not_disturb_each_other(app: TestApp) {
    let ann = person(&app).await;
    let path = format!("{NOTIFICATIONS}/preferences");
    let fields = ["follow", "mention", "reply", "reaction"];
    let replies = join_all((0..16).map(|n| {
        let body = json!({ (fields[n % 4]): false, "comment": n % 2 == 0 });
        ann.patch(&path).json(&body).send()
    }))
    .await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    let wanted = ann.get(&path).send().await.expect(200).body;
    assert!(fields.iter().all(|field| wanted[*field] == false));
}

/// A block among events of the two: nothing of the one is left with the other, whatever came first.
async fn a_block_among_events_leaves_nothing(app: TestApp) {
    let ann = person(&app).await;
    let others = people(&app, 4).await;
    let id = post(&app, &ann, "public").await;
    for (n, other) in others.iter().enumerate() {
        let deeds = async {
            between(&app, "social.followed", other, &ann).await;
            react(&app, "post", id, other, "like").await;
            written(&app, id, other, None, &[]).await;
        };
        let block = async {
            if n % 2 == 0 {
                cut(&app, &ann, other).await;
                blocked(&app, &ann, other).await;
            }
        };
        tokio::join!(deeds, block);
    }
    deliver_at_once(&app).await;
    let gone: BTreeSet<i64> = [id_of(&others[0]), id_of(&others[2])].into();
    let items = told(&ann).await;
    assert!(items.iter().all(|item| !gone.contains(&item["actor"]["id"].as_i64().unwrap())), "{items:?}");
    assert_eq!(items.len(), 5, "two follows, two comments, one of reactions: {items:?}");
    let reaction = items.iter().find(|item| item["kind"] == "reaction").unwrap();
    assert_eq!(reaction["actor_count"], 2);
}

poligon_testkit::tests! { start =>
    events_that_come_to_several_at_once_count_once,
    people_who_react_at_once_are_one_notification,
    what_comes_together_is_told_as_if_one_by_one,
    reading_all_and_new_ones_do_not_disturb_each_other,
    one_of_two_who_delete_at_once_did_it,
    preferences_at_once_do_not_disturb_each_other,
    a_block_among_events_leaves_nothing,
}
