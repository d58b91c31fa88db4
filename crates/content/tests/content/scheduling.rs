//! Articles that are published by themselves.

use chrono::Duration;
use poligon_testkit::{Request, TestApp};
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, acting, approve, article, at, author, editor, eventually, items, patching, published, start,
};

fn scheduling(who: &poligon_testkit::Client, article: &Value, at_instant: &str) -> Request {
    who.post(&format!("{}/schedule", at(ARTICLES, article))).json(&json!({"publish_at": at_instant}))
}

fn instant(app: &TestApp, ahead: Duration) -> String {
    (app.clock().now() + ahead).to_string()
}

async fn an_article_is_published_when_its_time_has_come(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = article(&ann, "One").await;
    let when = instant(&app, Duration::minutes(10));
    scheduling(&ed, &one, &when).send().await.expect_problem(409, "invalid_transition");
    approve(&ann, &ed, &one).await;
    scheduling(&ann, &one, &when).send().await.expect_problem(403, "role_too_low");
    for bad in [instant(&app, Duration::zero()), instant(&app, Duration::days(400))] {
        let refused = scheduling(&ed, &one, &bad).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/publish_at"]);
    }
    let waiting = scheduling(&ed, &one, &when).send().await.expect(200).body;
    assert_eq!((&waiting["status"], &waiting["publish_at"]), (&json!("scheduled"), &json!(when)));
    app.clock().advance(Duration::minutes(9));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    app.client().get(&at(ARTICLES, &one)).send().await.expect(404);
    app.clock().advance(Duration::minutes(2));
    eventually(&app, async || app.client().get(&at(ARTICLES, &one)).send().await.status == 200).await;
    let seen = app.client().get(&at(ARTICLES, &one)).send().await.expect(200).body;
    assert_eq!((&seen["published_at"], &seen["publish_at"]), (&json!(when), &Value::Null));
}

async fn what_is_scheduled_can_be_taken_back(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let (one, two) = (article(&ann, "One").await, article(&ann, "Two").await);
    for article in [&one, &two] {
        approve(&ann, &ed, article).await;
        scheduling(&ed, article, &instant(&app, Duration::minutes(5))).send().await.expect(200);
    }
    scheduling(&ed, &two, &instant(&app, Duration::minutes(6))).send().await.expect(200);
    let back = acting(&ed, &one, "unpublish").send().await.expect(200).body;
    assert_eq!((&back["status"], &back["publish_at"]), (&json!("approved"), &Value::Null));
    patching(&ann, &two, json!({"body": "Changed."})).send().await.expect(200);
    app.clock().advance(Duration::minutes(10));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let page = app.client().get(ARTICLES).send().await.expect(200);
    assert!(items(&page).is_empty(), "{}", page.text);
}

async fn a_draft_beside_what_is_published_can_be_scheduled(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "First"})).await;
    patching(&ann, &one, json!({"title": "Second"})).send().await.expect(200);
    approve(&ann, &ed, &one).await;
    let waiting = scheduling(&ed, &one, &instant(&app, Duration::minutes(5))).send().await.expect(200).body;
    assert_eq!((&waiting["status"], &waiting["draft_status"]), (&json!("published"), &json!("scheduled")));
    app.clock().advance(Duration::minutes(6));
    let title = async || app.client().get(&at(ARTICLES, &one)).send().await.expect(200).body["title"].clone();
    eventually(&app, async || title().await == "Second").await;
}

/// Two copies of the gateway look at the same clock: each article is published once.
async fn two_copies_publish_once(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let _other = app.another_copy();
    let mut all = Vec::new();
    for n in 0..5 {
        let one = article(&ann, &format!("n{n}")).await;
        approve(&ann, &ed, &one).await;
        scheduling(&ed, &one, &instant(&app, Duration::minutes(5))).send().await.expect(200);
        all.push(one);
    }
    app.clock().advance(Duration::minutes(6));
    let seen = format!("{ARTICLES}?mine=true&status=published");
    eventually(&app, async || items(&ann.get(&seen).send().await.expect(200)).len() == 5).await;
    app.clock().advance(Duration::seconds(20));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    for one in &all {
        let ann = app.log_in(ann.user_id.unwrap()).await;
        let history = ann.get(&format!("{}/history", at(ARTICLES, one))).send().await.expect(200);
        let published: Vec<&Value> = items(&history).iter().filter(|step| step["act"] == "published").collect();
        assert_eq!(published.len(), 1);
        assert_eq!(published[0]["actor"], Value::Null, "it happened by itself");
    }
}

poligon_testkit::tests! { start =>
    an_article_is_published_when_its_time_has_come,
    what_is_scheduled_can_be_taken_back,
    a_draft_beside_what_is_published_can_be_scheduled,
    two_copies_publish_once,
}
