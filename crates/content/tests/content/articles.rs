//! Articles: what they say, and who sees it.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, acting, article, at, author, category, editor, id_of, made, patching, person, publish, published, start,
};

async fn an_article_says_what_it_was_given(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let place = category(&ed, "Guides", None).await;
    let body = json!({
        "title": "How to test a checkout", "language": "en", "body": "# Begin\n\nBuy *one* thing.\n\n## End\n\nDone.",
        "excerpt": "In short.", "meta_title": "Checkout", "meta_description": "All of it",
        "canonical_url": "https://example.com/first", "category_ids": [place["id"]], "tags": ["api", "Shop"],
        "author_ids": [id_of(&ann), id_of(&ed)]});
    let one = made(&ann, body).await;
    assert_eq!(
        (&one["status"], &one["revision"], &one["slug"]),
        (&json!("draft"), &json!(1), &json!("how-to-test-a-checkout"))
    );
    assert_eq!(one["next_statuses"], json!(["in_review"]));
    assert_eq!(
        one["html"],
        "<h1 id=\"h-begin\">Begin</h1>\n<p>Buy <em>one</em> thing.</p>\n<h2 id=\"h-end\">End</h2>\n<p>Done.</p>"
    );
    assert_eq!(one["toc"][1], json!({"level": 2, "id": "h-end", "title": "End"}));
    assert_eq!(
        (&one["word_count"], &one["reading_minutes"], &one["excerpt"]),
        (&json!(6), &json!(1), &json!("In short."))
    );
    assert_eq!(one["categories"], json!([{"id": place["id"], "slug": "guides", "title": "Guides"}]));
    let authors: Vec<&Value> = one["authors"].as_array().unwrap().iter().map(|author| &author["id"]).collect();
    assert_eq!(authors, [&json!(id_of(&ann)), &json!(id_of(&ed))]);
    assert_eq!((&one["published_at"], &one["blog"], &one["draft_status"]), (&Value::Null, &Value::Null, &Value::Null));
    let patched =
        patching(&ann, &one, json!({"excerpt": null, "meta_title": null, "tags": []})).send().await.expect(200);
    assert_eq!((&patched.body["excerpt"], &patched.body["revision"]), (&json!("Buy one thing. Done."), &json!(2)));
    assert_eq!((&patched.body["meta_title"], &patched.body["tags"]), (&Value::Null, &json!([])));
    let put = ann.put(&at(ARTICLES, &one)).json(&json!({"title": "Other"})).send().await.expect(200).body;
    assert_eq!((&put["body"], &put["canonical_url"], &put["slug"]), (&json!(""), &Value::Null, &one["slug"]));
    assert_eq!(put["authors"].as_array().unwrap().len(), 2, "authors stay unless they are named");
}

async fn every_wrong_field_is_named(app: TestApp) {
    let ann = author(&app).await;
    let wrong = json!({
        "title": " ", "language": "de", "body": "x\u{1}", "excerpt": "e".repeat(301), "meta_title": "m".repeat(71),
        "meta_description": "m".repeat(161), "canonical_url": "javascript:alert(1)", "author_ids": [],
        "category_ids": [1, 1], "tags": ["a".repeat(51)], "slug": "No", "blog_id": 0, "status": "published"});
    let refused = ann.post(ARTICLES).json(&wrong).send().await.expect_problem(422, "validation_failed");
    let fields = [
        "/author_ids",
        "/blog_id",
        "/body",
        "/canonical_url",
        "/category_ids",
        "/excerpt",
        "/language",
        "/meta_description",
        "/meta_title",
        "/slug",
        "/status",
        "/tags/0",
        "/title",
    ];
    assert_eq!(refused.pointers(), fields);
    let deep = ann.post(ARTICLES).json(&json!({"title": "Deep", "body": ">".repeat(100)})).send().await;
    let deep = deep.expect_problem(422, "validation_failed");
    assert_eq!((deep.pointers(), &deep.body["errors"][0]["code"]), (vec!["/body"], &json!("too_deep")));
    let long = ann.post(ARTICLES).json(&json!({"title": "Long", "body": "a".repeat(100_001)})).send().await;
    assert_eq!(long.expect_problem(422, "validation_failed").pointers(), ["/body"]);
    let page = ann.get(&format!("{ARTICLES}?mine=true")).send().await.expect(200);
    assert_eq!(page.body["items"], json!([]), "nothing was made");
}

async fn a_draft_is_for_those_who_work_on_it(app: TestApp) {
    let (ann, ed, eve) = (author(&app).await, editor(&app).await, author(&app).await);
    let mine = article(&ann, "Mine").await;
    let (place, draft) = (at(ARTICLES, &mine), format!("{}/draft", at(ARTICLES, &mine)));
    for path in [&place, &draft] {
        ann.get(path).send().await.expect(200);
        ed.get(path).send().await.expect(200);
        eve.get(path).send().await.expect(404);
    }
    app.client().get(&place).send().await.expect(404);
    app.client().get(&format!("{ARTICLES}/mine")).send().await.expect(404);
    app.client().get(&draft).send().await.expect(401);
    patching(&eve, &mine, json!({"title": "Hers"})).send().await.expect(404);
    eve.delete(&place).send().await.expect(404);
    acting(&eve, &mine, "submit").send().await.expect(404);
}

async fn what_is_published_stays_while_a_draft_is_worked_on_beside_it(app: TestApp) {
    let (ann, ed, eve) = (author(&app).await, editor(&app).await, author(&app).await);
    let one = published(&ann, &ed, json!({"title": "First", "body": "one", "tags": ["a"]})).await;
    let place = at(ARTICLES, &one);
    let seen = async || app.client().get(&place).send().await.expect(200).body;
    assert_eq!(seen().await["title"], "First");
    let saved =
        patching(&ann, &one, json!({"title": "Second", "body": "two", "tags": ["b"]})).send().await.expect(200).body;
    assert_eq!((&saved["status"], &saved["draft_status"]), (&json!("published"), &json!("draft")));
    let now = seen().await;
    assert_eq!((&now["title"], &now["body"], &now["tags"][0]["name"]), (&json!("First"), &json!("one"), &json!("a")));
    assert_eq!((&now["revision"], &now["draft_status"], &now["next_statuses"]), (&json!(1), &Value::Null, &json!([])));
    let theirs = ann.get(&place).send().await.expect(200).body;
    assert_eq!((&theirs["title"], &theirs["draft_status"]), (&json!("First"), &json!("draft")));
    let draft = ann.get(&format!("{place}/draft")).send().await.expect(200).body;
    assert_eq!((&draft["title"], &draft["revision"]), (&json!("Second"), &json!(2)));
    eve.get(&format!("{place}/draft")).send().await.expect_problem(403, "role_too_low");
    patching(&eve, &one, json!({"title": "Hers"})).send().await.expect_problem(403, "role_too_low");
    let published_at = now["published_at"].clone();
    app.clock().advance(chrono::Duration::minutes(5));
    publish(&ann, &ed, &one).await;
    let now = seen().await;
    assert_eq!((&now["title"], &now["revision"], &now["published_at"]), (&json!("Second"), &json!(2), &published_at));
    assert!(now["revised_at"].as_str() > now["published_at"].as_str());
    let by_tag = async |tag: &str| {
        let page = app.client().get(&format!("{ARTICLES}?tag={tag}")).send().await.expect(200);
        page.body["items"].as_array().unwrap().len()
    };
    assert_eq!((by_tag("a").await, by_tag("b").await), (0, 1));
}

async fn a_draft_beside_what_is_published_can_be_given_up(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "First", "body": "one", "tags": ["a"]})).await;
    let draft = format!("{}/draft", at(ARTICLES, &one));
    ann.delete(&draft).send().await.expect(404);
    patching(&ann, &one, json!({"title": "Second", "tags": []})).send().await.expect(200);
    ann.delete(&draft).header("if-match", "\"1-x\"").send().await.expect_problem(412, "precondition_failed");
    ann.delete(&draft).send().await.expect(204);
    ann.delete(&draft).send().await.expect(404);
    let now = ann.get(&draft).send().await.expect(200).body;
    assert_eq!((&now["title"], &now["draft_status"], &now["revision"]), (&json!("First"), &Value::Null, &json!(3)));
    assert_eq!(now["tags"][0]["name"], "a");
    assert_eq!(app.client().get(&at(ARTICLES, &one)).send().await.expect(200).body["title"], "First");
}

async fn co_authors_are_people_who_may_write_there(app: TestApp) {
    let (ann, ed, bob) = (author(&app).await, editor(&app).await, person(&app).await);
    let mine = article(&ann, "Mine").await;
    let authors = |who: &poligon_testkit::Client, ids: Vec<i64>| patching(who, &mine, json!({"author_ids": ids}));
    for (ids, code) in [
        (vec![id_of(&ann), id_of(&bob)], "unknown_author"),
        (vec![id_of(&ann), 999_999], "unknown_author"),
        (vec![id_of(&ed)], "own"),
    ] {
        let refused = authors(&ann, ids).send().await.expect_problem(422, "validation_failed");
        assert_eq!((refused.pointers(), &refused.body["errors"][0]["code"]), (vec!["/author_ids"], &json!(code)));
    }
    let eve = author(&app).await;
    authors(&ann, vec![id_of(&eve), id_of(&ann)]).send().await.expect(200);
    patching(&eve, &mine, json!({"title": "Ours"})).send().await.expect(200);
    authors(&ed, vec![id_of(&eve)]).send().await.expect(200);
    patching(&ann, &mine, json!({"title": "Mine again"})).send().await.expect(404);
}

async fn an_article_is_deleted(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let draft = article(&ann, "Draft").await;
    ann.delete(&at(ARTICLES, &draft)).header("if-match", "\"7-x\"").send().await.expect(412);
    ann.delete(&at(ARTICLES, &draft)).send().await.expect(204);
    ann.delete(&at(ARTICLES, &draft)).send().await.expect(404);
    let one = published(&ann, &ed, json!({"title": "Seen", "tags": ["t"], "body": "words to find"})).await;
    ann.delete(&at(ARTICLES, &one)).send().await.expect_problem(403, "role_too_low");
    ed.delete(&at(ARTICLES, &one)).send().await.expect(204);
    app.client().get(&at(ARTICLES, &one)).send().await.expect(404);
    let page = app.client().get(&format!("{ARTICLES}?q=words")).send().await.expect(200);
    assert_eq!(page.body["items"], json!([]));
    let tag = app.client().get("/api/content/tags/t").send().await.expect(200);
    assert_eq!(tag.body["article_count"], 0);
    assert_eq!(article(&ann, "Seen").await["slug"], "seen", "its slug is free");
}

async fn a_repeated_request_makes_one_article(app: TestApp) {
    let ann = author(&app).await;
    let send = || ann.post(ARTICLES).header("idempotency-key", "k1").json(&json!({"title": "Once"}));
    let first = send().send().await.expect(201);
    let again = send().send().await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let page = ann.get(&format!("{ARTICLES}?mine=true&include_total=true")).send().await.expect(200);
    assert_eq!(page.body["total"], 1);
}

async fn a_published_article_is_a_page(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let body = json!({"title": "A <b> & \"c\"", "body": "Is <script>alert(1)</script> *so*", "language": "ru",
        "canonical_url": "https://example.com/a"});
    let one = published(&ann, &ed, body).await;
    let page = app.client().get(&format!("{}/page", at(ARTICLES, &one))).send().await.expect(200);
    assert!(page.text.contains("<h1>A &lt;b&gt; &amp; &quot;c&quot;</h1>"), "{}", page.text);
    assert!(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt; <em>so</em>") && !page.text.contains("<script"));
    assert!(page.text.contains("<article lang=\"ru\""));
    assert_eq!(page.header("link"), Some("<https://example.com/a>; rel=\"canonical\""));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(page.text.contains("<title>A &lt;b&gt; &amp; &quot;c&quot; · Poligon</title>"), "{}", page.text);
    let meta = json!({"title": "Two", "body": "x", "meta_title": "Found \"so\"", "meta_description": "Of <two>"});
    let two = published(&ann, &ed, meta).await;
    let page = app.client().get(&format!("{}/page", at(ARTICLES, &two))).send().await.expect(200);
    assert!(page.text.contains(
        "<title>Found &quot;so&quot; · Poligon</title>\n<meta name=\"description\" content=\"Of &lt;two&gt;\">"
    ));
    assert!(page.text.contains("<h1>Two</h1>"));
    let draft = article(&ann, "Draft").await;
    app.client().get(&format!("{}/page", at(ARTICLES, &draft))).send().await.expect(404);
}

poligon_testkit::tests! { start =>
    an_article_says_what_it_was_given,
    every_wrong_field_is_named,
    a_draft_is_for_those_who_work_on_it,
    what_is_published_stays_while_a_draft_is_worked_on_beside_it,
    a_draft_beside_what_is_published_can_be_given_up,
    co_authors_are_people_who_may_write_there,
    an_article_is_deleted,
    a_repeated_request_makes_one_article,
    a_published_article_is_a_page,
}
