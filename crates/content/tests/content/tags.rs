//! Tags: made by articles and by editors, renamed, merged, counted.

use poligon_testkit::{TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, TAGS, at, author, category, counted, editor, items, made, patching, person, published, start, titles,
};

async fn tag(app: &TestApp, slug: &str) -> Value {
    app.client().get(&format!("{TAGS}/{slug}")).send().await.expect(200).body
}

async fn a_tag_is_made_by_the_first_article_that_has_it(app: TestApp) {
    let ann = author(&app).await;
    let one = made(&ann, json!({"title": "One", "tags": ["C++", "Тесты"]})).await;
    let two = made(&ann, json!({"title": "Two", "tags": ["ТЕСТЫ", "C"]})).await;
    assert_eq!(one["tags"][1], two["tags"][0], "case makes no difference");
    assert_eq!(tag(&app, "testy").await["name"], "Тесты");
    let slugs: Vec<&Value> = vec![&one["tags"][0]["slug"], &two["tags"][1]["slug"]];
    assert_eq!(slugs, ["c", "c-2"], "names that look the same in addresses are numbered");
    let refused = patching(&ann, &one, json!({"tags": ["a", "A"]})).send().await;
    assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/tags"]);
    let refused = patching(&ann, &one, json!({"tags": ["fine", "a,b", "+"]})).send().await;
    assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/tags/1"]);
}

async fn editors_make_rename_and_remove_tags(app: TestApp) {
    let ed = editor(&app).await;
    let made_here = ed.post(TAGS).json(&json!({"name": "Load"})).send().await.expect(201).body;
    ed.post(TAGS).json(&json!({"name": "LOAD"})).send().await.expect_problem(409, "tag_taken");
    ed.post(TAGS).json(&json!({"name": "Other", "slug": "load"})).send().await.expect_problem(409, "slug_taken");
    let renamed = ed.patch(&at(TAGS, &made_here)).json(&json!({"name": "Нагрузка"})).send().await.expect(200);
    assert_eq!((&renamed.body["name"], &renamed.body["slug"]), (&json!("Нагрузка"), &json!("load")));
    for who in [author(&app).await, person(&app).await] {
        who.post(TAGS).json(&json!({"name": "Mine"})).send().await.expect(403);
        who.post(&format!("{}/merge", at(TAGS, &made_here))).json(&json!({"into_id": 1})).send().await.expect(403);
    }
    ed.delete(&at(TAGS, &made_here)).send().await.expect(204);
    ed.delete(&at(TAGS, &made_here)).send().await.expect(404);
}

async fn articles_show_the_new_name_of_a_tag(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "One", "tags": ["old"]})).await;
    let shown = async || app.client().get(&at(ARTICLES, &one)).send().await.expect(200).body["tags"][0]["name"].clone();
    assert_eq!(shown().await, "old");
    ed.patch(&at(TAGS, &one["tags"][0])).json(&json!({"name": "new"})).send().await.expect(200);
    assert_eq!(shown().await, "new");
}

async fn two_tags_become_one(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "one", "tags": ["js"]})).await;
    published(&ann, &ed, json!({"title": "two", "tags": ["js", "javascript"]})).await;
    published(&ann, &ed, json!({"title": "three", "tags": ["javascript"]})).await;
    let draft = made(&ann, json!({"title": "draft", "tags": ["js"]})).await;
    let (js, whole) = (tag(&app, "js").await, tag(&app, "javascript").await);
    assert_eq!((counted(&app, TAGS, &js).await, counted(&app, TAGS, &whole).await), (2, 2));
    let merge =
        async |into: &Value| ed.post(&format!("{}/merge", at(TAGS, &js))).json(&json!({"into_id": into})).send().await;
    assert_eq!(merge(&js["id"]).await.expect_problem(422, "validation_failed").pointers(), ["/into_id"]);
    assert_eq!(merge(&json!(999_999)).await.expect_problem(422, "validation_failed").pointers(), ["/into_id"]);
    let kept = merge(&whole["id"]).await.expect(200);
    assert_eq!(kept.body["article_count"], 3);
    app.client().get(&format!("{TAGS}/js")).send().await.expect(404);
    let page = app.client().get(&format!("{ARTICLES}?tag=javascript")).send().await.expect(200);
    assert_eq!(titles(&page), ["three", "two", "one"]);
    let shown = app.client().get(&at(ARTICLES, &one)).send().await.expect(200);
    assert_eq!(shown.body["tags"], json!([{"id": whole["id"], "slug": "javascript", "name": "javascript"}]));
    let draft = ann.get(&format!("{}/draft", at(ARTICLES, &draft))).send().await.expect(200);
    assert_eq!(draft.body["tags"][0]["id"], whole["id"]);
}

async fn a_used_tag_is_removed_when_another_takes_its_place(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let draft = made(&ann, json!({"title": "draft", "tags": ["a"]})).await;
    let (a, b) = (&draft["tags"][0], ed.post(TAGS).json(&json!({"name": "b"})).send().await.expect(201).body);
    ed.delete(&at(TAGS, a)).send().await.expect_problem(409, "tag_used");
    let itself = ed.delete(&format!("{}?move_to={}", at(TAGS, a), a["id"])).send().await;
    assert_eq!(itself.expect_problem(422, "validation_failed").pointers(), ["/move_to"]);
    ed.delete(&format!("{}?move_to={}", at(TAGS, a), b["id"])).send().await.expect(204);
    let draft = ann.get(&format!("{}/draft", at(ARTICLES, &draft))).send().await.expect(200);
    assert_eq!(draft.body["tags"][0]["id"], b["id"]);
}

async fn tags_are_listed_by_name_and_by_use(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    published(&ann, &ed, json!({"title": "1", "tags": ["beta", "alpha"]})).await;
    published(&ann, &ed, json!({"title": "2", "tags": ["beta", "Gamma"]})).await;
    let names = async |query: &str| {
        let mut next = format!("{TAGS}?limit=2&{query}");
        let mut names = Vec::new();
        loop {
            let page = app.client().get(&next).send().await.expect(200);
            names.extend(items(&page).iter().map(|tag| tag["name"].as_str().unwrap().to_owned()));
            match page.body["next_cursor"].as_str() {
                Some(cursor) => next = format!("{TAGS}?limit=2&{query}&cursor={cursor}"),
                None => return names,
            }
        }
    };
    assert_eq!(names("sort=name").await, ["alpha", "beta", "Gamma"]);
    assert_eq!(names("sort=popularity").await[0], "beta");
    assert_eq!(names("sort=popularity").await.len(), 3);
    assert_eq!(names("q=GA").await, ["Gamma"]);
    assert_eq!(names("q=%25").await, Vec::<String>::new(), "a wildcard is a character like others");
}

/// Articles are tagged, published and taken back while the tags are merged: the counter is what is there.
async fn counters_are_exact_while_tags_are_merged(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let first = published(&ann, &ed, json!({"title": "0", "tags": ["left", "right"]})).await;
    let (left, right) = (first["tags"][0].clone(), first["tags"][1].clone());
    let mut articles = Vec::new();
    for n in 1..8 {
        let tags = if n % 2 == 0 { json!(["left"]) } else { json!(["right", "left"]) };
        let one = made(&ann, json!({"title": n.to_string(), "tags": tags})).await;
        crate::world::approve(&ann, &ed, &one).await;
        articles.push(one);
    }
    let publish = articles.iter().map(|one| ed.post(&format!("{}/publish", at(ARTICLES, one))));
    let merge = ed.post(&format!("{}/merge", at(TAGS, &left))).json(&json!({"into_id": right["id"]}));
    let replies = at_once(publish.chain([merge])).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    assert_eq!(counted(&app, TAGS, &right).await, 8);
    let page = app.client().get(&format!("{ARTICLES}?limit=100&tag={}", right["id"])).send().await.expect(200);
    assert_eq!(items(&page).len(), 8);
}

/// What has become of tags and categories since a text was saved stays when something else of it is changed.
async fn a_save_keeps_what_has_become_of_tags_and_categories(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let (old, new) = (category(&ed, "Old", None).await, category(&ed, "New", None).await);
    let body = json!({"title": "One", "tags": ["a", "b"], "category_ids": [old["id"]]});
    let one = made(&ann, body).await;
    let (a, b) = (one["tags"][0].clone(), one["tags"][1].clone());
    let heir = ed.post(TAGS).json(&json!({"name": "heir"})).send().await.expect(201).body;
    ed.patch(&at(TAGS, &a)).json(&json!({"name": "A, renamed".replace(',', "")})).send().await.expect(200);
    ed.post(&format!("{}/merge", at(TAGS, &b))).json(&json!({"into_id": heir["id"]})).send().await.expect(200);
    let gone = format!("{}?move_to={}", at("/api/content/categories", &old), new["id"]);
    ed.delete(&gone).send().await.expect(204);
    let saved = patching(&ann, &one, json!({"title": "Two"})).send().await.expect(200).body;
    let names: Vec<&Value> = saved["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    assert_eq!(names, [&json!("A renamed"), &json!("heir")]);
    assert_eq!(saved["categories"][0]["id"], new["id"]);
    assert_eq!(items(&app.client().get(TAGS).send().await.expect(200)).len(), 2, "no tag came back");
    let stale = patching(&ann, &one, json!({"title": "x"})).header("if-match", "\"1-x\"").send().await;
    assert_eq!(stale.expect(412).body["theirs"]["tags"], json!(["A renamed", "heir"]));
}

async fn a_new_tag_is_listed_at_once(app: TestApp) {
    let ann = author(&app).await;
    assert!(items(&app.client().get(TAGS).send().await.expect(200)).is_empty());
    made(&ann, json!({"title": "One", "tags": ["new"]})).await;
    assert_eq!(items(&app.client().get(TAGS).send().await.expect(200)).len(), 1);
}

poligon_testkit::tests! { start =>
    a_save_keeps_what_has_become_of_tags_and_categories,
    a_new_tag_is_listed_at_once,
    a_tag_is_made_by_the_first_article_that_has_it,
    editors_make_rename_and_remove_tags,
    articles_show_the_new_name_of_a_tag,
    two_tags_become_one,
    a_used_tag_is_removed_when_another_takes_its_place,
    tags_are_listed_by_name_and_by_use,
    counters_are_exact_while_tags_are_merged,
}
