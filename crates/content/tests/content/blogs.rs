//! Blogs and who is in them.

use poligon_testkit::{TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, BLOGS, at, author, blog, editor, id_of, items, join, made, person, publish, start, titles,
};

async fn a_blog_is_made_read_changed_and_deleted(app: TestApp) {
    let ann = author(&app).await;
    let mine = blog(&ann, "Записки").await;
    assert_eq!((&mine["slug"], &mine["role"], &mine["article_count"]), (&json!("zapiski"), &json!("owner"), &json!(0)));
    assert_eq!(blog(&ann, "Записки").await["slug"], "zapiski-2");
    let seen = app.client().get(&format!("{BLOGS}/zapiski")).send().await.expect(200);
    assert_eq!((&seen.body["id"], &seen.body["role"]), (&mine["id"], &Value::Null));
    let tag = seen.header("etag").unwrap().to_owned();
    let changed = ann.patch(&at(BLOGS, &mine)).header("if-match", &tag).json(&json!({"title": "Notes"}));
    assert_eq!(changed.send().await.expect(200).body["version"], 2);
    let stale = ann.patch(&at(BLOGS, &mine)).header("if-match", &tag).json(&json!({"title": "Again"}));
    stale.send().await.expect_problem(412, "precondition_failed");
    assert_eq!(app.client().get(&at(BLOGS, &mine)).send().await.expect(200).body["title"], "Notes");
    let taken = ann.patch(&at(BLOGS, &mine)).json(&json!({"slug": "zapiski-2"})).send().await;
    taken.expect_problem(409, "slug_taken");
    ann.delete(&at(BLOGS, &mine)).send().await.expect(204);
    ann.delete(&at(BLOGS, &mine)).send().await.expect(404);
}

async fn who_may_write_may_found_one(app: TestApp) {
    person(&app).await.post(BLOGS).json(&json!({"title": "Mine"})).send().await.expect_problem(403, "forbidden");
    app.client().post(BLOGS).json(&json!({"title": "Mine"})).send().await.expect(401);
    let wrong = author(&app).await.post(BLOGS).json(&json!({"title": "", "slug": "No", "name": 1})).send().await;
    assert_eq!(wrong.expect_problem(422, "validation_failed").pointers(), ["/name", "/slug", "/title"]);
}

async fn members_come_and_go(app: TestApp) {
    let (ann, bob) = (author(&app).await, person(&app).await);
    let mine = blog(&ann, "Mine").await;
    let path = |who: i64| format!("{}/members/{who}", at(BLOGS, &mine));
    bob.get(&format!("{}/members", at(BLOGS, &mine))).send().await.expect_problem(403, "role_too_low");
    bob.put(&path(id_of(&bob))).json(&json!({"role": "owner"})).send().await.expect_problem(403, "role_too_low");
    join(&ann, &mine, &bob, "author").await;
    let members = bob.get(&format!("{}/members?include_total=true", at(BLOGS, &mine))).send().await.expect(200);
    assert_eq!(members.body["total"], 2);
    assert_eq!(items(&members)[1]["role"], "author");
    bob.put(&path(id_of(&ann))).json(&json!({"role": "author"})).send().await.expect_problem(403, "role_too_low");
    ann.put(&path(id_of(&ann))).json(&json!({"role": "author"})).send().await.expect_problem(409, "last_blog_owner");
    ann.delete(&path(id_of(&ann))).send().await.expect_problem(409, "last_blog_owner");
    ann.put(&path(999_999)).json(&json!({"role": "author"})).send().await.expect(404);
    join(&ann, &mine, &bob, "owner").await;
    ann.delete(&path(id_of(&ann))).send().await.expect(204);
    bob.delete(&path(id_of(&ann))).send().await.expect(404);
    let own = bob.get(&format!("{BLOGS}?mine=true")).send().await.expect(200);
    assert_eq!((items(&own).len(), &items(&own)[0]["role"]), (1, &json!("owner")));
    app.client().get(&format!("{BLOGS}?mine=true")).send().await.expect(401);
}

/// Two owners leave at once: one of them stays.
async fn a_blog_keeps_an_owner(app: TestApp) {
    for _ in 0..5 {
        let (ann, bob) = (author(&app).await, author(&app).await);
        let mine = blog(&ann, "Ours").await;
        join(&ann, &mine, &bob, "owner").await;
        let leaving = [&ann, &bob].map(|who| who.delete(&format!("{}/members/{}", at(BLOGS, &mine), id_of(who))));
        let mut statuses: Vec<u16> = at_once(leaving).await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    }
}

async fn who_is_in_a_blog_writes_in_it(app: TestApp) {
    let (ann, bob, eve) = (author(&app).await, person(&app).await, author(&app).await);
    let mine = blog(&ann, "Mine").await;
    join(&ann, &mine, &bob, "author").await;
    let body = json!({"title": "In it", "blog_id": mine["id"]});
    eve.post(ARTICLES).json(&body).send().await.expect_problem(403, "role_too_low");
    let article = made(&bob, body).await;
    assert_eq!(article["blog"], json!({"id": mine["id"], "slug": "mine", "title": "Mine"}));
    bob.post(ARTICLES).json(&json!({"title": "Elsewhere"})).send().await.expect_problem(403, "role_too_low");
    let unknown = bob.post(ARTICLES).json(&json!({"title": "x", "blog_id": 999_999})).send().await;
    assert_eq!(unknown.expect_problem(422, "validation_failed").pointers(), ["/blog_id"]);
    ann.get(&format!("{}/draft", at(ARTICLES, &article))).send().await.expect(200);
    ann.delete(&at(BLOGS, &mine)).send().await.expect_problem(409, "blog_not_empty");
}

async fn a_blog_shows_and_counts_what_is_published_in_it(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let (mine, other) = (blog(&ann, "Mine").await, blog(&ann, "Other").await);
    let one = made(&ann, json!({"title": "one", "blog_id": mine["id"]})).await;
    made(&ann, json!({"title": "draft", "blog_id": mine["id"]})).await;
    publish(&ann, &ed, &one).await;
    let counts = async || {
        let count =
            async |blog| app.client().get(&at(BLOGS, blog)).send().await.expect(200).body["article_count"].clone();
        (count(&mine).await, count(&other).await)
    };
    assert_eq!(counts().await, (json!(1), json!(0)));
    let page = app.client().get(&format!("{BLOGS}/mine/articles")).send().await.expect(200);
    assert_eq!(titles(&page), ["one"]);
    app.client().get(&format!("{BLOGS}/nowhere/articles")).send().await.expect(404);
    let moving = |who: &poligon_testkit::Client, blog: Value| {
        who.put(&format!("{}/blog", at(ARTICLES, &one))).json(&json!({"blog_id": blog}))
    };
    let eve = author(&app).await;
    moving(&eve, other["id"].clone()).send().await.expect_problem(403, "role_too_low");
    // She owns both, but what is published of her own goes elsewhere by other eyes.
    moving(&ann, other["id"].clone()).send().await.expect_problem(403, "own_text");
    let moved = moving(&ed, other["id"].clone()).send().await.expect(200);
    assert_eq!(moved.body["blog"]["id"], other["id"]);
    assert_eq!(counts().await, (json!(0), json!(1)));
    moving(&ann, Value::Null).send().await.expect_problem(403, "role_too_low");
    moving(&ed, Value::Null).send().await.expect(200);
    assert_eq!(counts().await, (json!(0), json!(0)));
    ann.put(&format!("{}/blog", at(ARTICLES, &one)))
        .json(&json!({}))
        .send()
        .await
        .expect_problem(422, "validation_failed");
}

poligon_testkit::tests! { start =>
    a_blog_is_made_read_changed_and_deleted,
    who_may_write_may_found_one,
    members_come_and_go,
    a_blog_keeps_an_owner,
    who_is_in_a_blog_writes_in_it,
    a_blog_shows_and_counts_what_is_published_in_it,
}
