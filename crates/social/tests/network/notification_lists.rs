//! Notifications as lists: paged, read, deleted, switched off and swept.

use chrono::Duration;
use poligon_core::jobs::Runner;
use poligon_testkit::TestApp;
use serde_json::json;

use crate::notifications::{NOTIFICATIONS, PREFERENCES, facts, read, told, unread_of};
use crate::planted::{ask, between, post, react, replay, settle, written};
use crate::world::{id_of, person, start};

async fn lists_are_paged_and_filtered(app: TestApp) {
    let ann = person(&app).await;
    let id = post(&app, &ann, "public").await;
    let bob = person(&app).await;
    for n in 0..7 {
        if n % 3 != 0 {
            app.clock().advance(Duration::seconds(1));
        }
        written(&app, id, &bob, None, &[]).await;
        if n % 2 == 0 {
            between(&app, "social.followed", &person(&app).await, &ann).await;
        }
        settle(&app).await;
    }
    let all = told(&ann).await;
    assert_eq!(all.len(), 11);
    let order: Vec<(String, i64)> = all
        .iter()
        .map(|item| (item["updated_at"].as_str().unwrap().to_owned(), item["id"].as_i64().unwrap()))
        .collect();
    assert!(order.is_sorted_by(|one, next| one > next), "{order:?}");
    let mut path = format!("{NOTIFICATIONS}?limit=4");
    let mut pages = Vec::new();
    loop {
        let page = ann.get(&path).send().await.expect(200);
        pages.extend(page.body["items"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        assert!(page.header("link").unwrap().contains("rel=\"next\""));
        path = format!("{NOTIFICATIONS}?limit=4&cursor={cursor}");
    }
    assert_eq!(pages, all);
    read(&ann, &all[0]).await;
    read(&ann, &all[5]).await;
    let count = async |query: &str| {
        let page =
            ann.get(&format!("{NOTIFICATIONS}?{query}&limit=100&include_total=true")).send().await.expect(200).body;
        assert_eq!(page["total"], page["items"].as_array().unwrap().len());
        page["total"].as_i64().unwrap()
    };
    assert_eq!((count("unread=true").await, count("unread=false").await), (9, 2));
    assert_eq!((count("kind=comment").await, count("kind=follow").await, count("kind=reaction").await), (7, 4, 0));
    let unread = count("kind=comment&unread=true").await + count("kind=follow&unread=true").await;
    assert_eq!(unread, 9);
    for (query, pointer) in [
        ("unread=maybe", "/unread"),
        ("kind=birthday", "/kind"),
        ("limit=0", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=eyJRdWV1ZSI6MX0", "/cursor"),
        ("user_id=1", "/user_id"),
    ] {
        let refused = ann.get(&format!("{NOTIFICATIONS}?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer], "{query}");
    }
}

async fn what_is_read_stays_read(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    let mut moments = Vec::new();
    for _ in 0..4 {
        app.clock().advance(Duration::seconds(1));
        written(&app, id, &bob, None, &[]).await;
        settle(&app).await;
        moments.push(app.clock().now());
    }
    let items = told(&ann).await;
    app.clock().advance(Duration::seconds(1));
    let once = read(&ann, &items[3]).await;
    assert_eq!(once["id"], items[3]["id"]);
    assert!(once["read_at"].as_str() > items[3]["updated_at"].as_str());
    assert_eq!(once["updated_at"], items[3]["updated_at"], "reading is no news");
    app.clock().advance(Duration::seconds(1));
    assert_eq!(read(&ann, &items[3]).await, once, "again changes nothing");
    assert_eq!(unread_of(&ann).await, 3);
    let path = format!("{NOTIFICATIONS}/read");
    let left = ann.put(&path).json(&json!({"until": moments[1]})).send().await.expect(200).body;
    assert_eq!(left, json!({"unread_count": 2}));
    assert_eq!(ann.put(&path).json(&json!({"until": null})).send().await.expect(200).body, json!({"unread_count": 0}));
    written(&app, id, &bob, None, &[]).await;
    settle(&app).await;
    assert_eq!(unread_of(&ann).await, 1);
    assert_eq!(ann.put(&path).send().await.expect(200).body, json!({"unread_count": 0}), "without a body");
    assert_eq!(told(&ann).await.len(), 5);
    for body in [json!({"until": "yesterday"}), json!({"until": 5}), json!({"since": null})] {
        ann.put(&path).json(&body).send().await.expect_problem(422, "validation_failed");
    }
}

async fn what_is_deleted_comes_back_only_as_something_new(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    react(&app, "post", id, &bob, "like").await;
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    for item in told(&ann).await {
        let path = format!("{NOTIFICATIONS}/{}", item["id"]);
        ann.delete(&path).send().await.expect(204);
        ann.delete(&path).send().await.expect_problem(404, "not_found");
        ann.put(&format!("{path}/read")).send().await.expect_problem(404, "not_found");
    }
    assert_eq!(told(&ann).await.len(), 0);
    replay(&app).await;
    assert_eq!(told(&ann).await.len(), 0, "an event that comes again");
    app.clock().advance(Duration::minutes(1));
    react(&app, "post", id, &cem, "like").await;
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    let items = told(&ann).await;
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|item| item["read_at"].is_null() && item["created_at"] == item["updated_at"]));
    let reaction = items.iter().find(|item| item["kind"] == "reaction").unwrap();
    assert_eq!(facts(reaction).0, id_of(&cem));
}

async fn a_kind_that_is_switched_off_is_not_told(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let all = ann.get(PREFERENCES).send().await.expect(200).body;
    let kinds = all.as_object().unwrap();
    assert_eq!(kinds.len(), 11);
    assert!(kinds.values().all(|wanted| wanted == true));
    let less = ann.patch(PREFERENCES).json(&json!({"follow": false, "reaction": true})).send().await.expect(200).body;
    let mut expected = all.clone();
    expected["follow"] = json!(false);
    assert_eq!((&less, &ann.get(PREFERENCES).send().await.expect(200).body), (&expected, &expected));
    assert_eq!(bob.get(PREFERENCES).send().await.expect(200).body, all, "nobody else's");
    for topic in ["social.followed", "social.follow_requested"] {
        between(&app, topic, &bob, &ann).await;
    }
    settle(&app).await;
    assert_eq!(crate::notifications::kinds(&ann).await, ["follow_request"]);
    assert_eq!(ann.patch(PREFERENCES).json(&json!({"follow": true})).send().await.expect(200).body, all);
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    assert_eq!(told(&ann).await.len(), 2, "from now on, and not what was missed");
    for (body, pointer) in [
        (json!({"follow": null}), "/follow"),
        (json!({"follow": "no"}), "/follow"),
        (json!({"birthday": false}), "/birthday"),
    ] {
        let refused = ann.patch(PREFERENCES).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    assert_eq!(ann.patch(PREFERENCES).json(&json!({})).send().await.expect(200).body, all);
}

async fn what_was_read_long_ago_is_swept(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    for _ in 0..3 {
        written(&app, id, &bob, None, &[]).await;
    }
    settle(&app).await;
    let items = told(&ann).await;
    read(&ann, &items[0]).await;
    ann.delete(&format!("{NOTIFICATIONS}/{}", items[1]["id"])).send().await.expect(204);
    let runner = Runner::new(app.ctx.clone(), (poligon_social::domain().jobs)());
    runner.schedule_periodic().await.unwrap();
    let rows = async |days| {
        app.clock().advance(Duration::days(days));
        for _ in 0..200 {
            runner.round().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            let waiting = format!("SELECT COUNT(*) AS n FROM jobs WHERE run_at <= '{}'", app.clock().now());
            if ask(&app, waiting).await == 0 {
                break;
            }
        }
        ask(&app, "SELECT COUNT(*) AS n FROM notifications").await
    };
    assert_eq!(rows(89).await, 3);
    assert_eq!(rows(2).await, 1, "the unread one stays");
    assert_eq!(items[2]["id"], ask(&app, "SELECT MAX(id) AS n FROM notifications").await);
    assert_eq!(rows(88).await, 1, "for half a year");
    assert_eq!(rows(2).await, 0);
}

poligon_testkit::tests! { start =>
    lists_are_paged_and_filtered,
    what_is_read_stays_read,
    what_is_deleted_comes_back_only_as_something_new,
    a_kind_that_is_switched_off_is_not_told,
    what_was_read_long_ago_is_swept,
}
