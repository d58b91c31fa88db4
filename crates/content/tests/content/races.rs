//! What many do at once.

use std::collections::BTreeSet;

use poligon_testkit::{TestApp, at_once};
use serde_json::json;

use crate::world::{
    ARTICLES, CATEGORIES, TAGS, acting, approve, article, at, author, category, counted, editor, items, made, patching,
    published, start,
};

/// Twenty save what they have all read: one of them wins, and the others are told.
async fn twenty_editors_save_one_article(app: TestApp) {
    let ann = author(&app).await;
    let one = article(&ann, "One").await;
    let draft = format!("{}/draft", at(ARTICLES, &one));
    for round in 0..3 {
        let tag = ann.get(&draft).send().await.expect(200).header("etag").unwrap().to_owned();
        let save = |n| patching(&ann, &one, json!({"body": format!("{round}.{n}")})).header("if-match", &tag);
        let replies = at_once((0..20).map(save)).await;
        let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(won.len(), 1, "one winner a version");
        for lost in replies.iter().filter(|reply| reply.status != 200) {
            lost.clone().expect_problem(412, "precondition_failed");
            assert_eq!(lost.body["theirs"]["body"], won[0].body["body"]);
            assert_ne!(lost.body["mine"]["body"], won[0].body["body"], "what was sent comes back");
        }
    }
    assert_eq!(ann.get(&draft).send().await.expect(200).body["revision"], 4);
}

/// Twenty save without a word on what they have read: every text is there, each under a number of its own.
async fn no_text_is_lost(app: TestApp) {
    let ann = author(&app).await;
    let one = article(&ann, "One").await;
    let save = |n: usize| patching(&ann, &one, json!({"body": format!("text {n}"), "tags": [format!("tag{}", n % 3)]}));
    let replies = at_once((0..20).map(save)).await;
    // Everybody is answered their own text, under the number that it has.
    let path = format!("{}/revisions", at(ARTICLES, &one));
    for (n, reply) in replies.into_iter().enumerate() {
        let saved = reply.expect(200);
        assert_eq!(saved.body["body"], format!("text {n}"));
        let number = saved.body["revision"].as_i64().unwrap();
        assert!(saved.header("etag").unwrap().contains(&format!("\"{number}-")), "{:?}", saved.header("etag"));
        let kept = ann.get(&format!("{path}/{number}")).send().await.expect(200);
        assert_eq!(kept.body["body"], saved.body["body"]);
    }
    let mut texts = BTreeSet::new();
    for number in 2..=21 {
        let revision = ann.get(&format!("{path}/{number}")).send().await.expect(200);
        texts.insert(revision.body["body"].as_str().unwrap().to_owned());
    }
    assert_eq!(texts.len(), 20);
    ann.get(&format!("{path}/22")).send().await.expect(404);
}

async fn fifty_equal_titles_have_fifty_slugs(app: TestApp) {
    let ann = author(&app).await;
    let make = |_| ann.post(ARTICLES).json(&json!({"title": "Одинаковый заголовок", "tags": ["one", "two"]}));
    let replies = at_once((0..50).map(make)).await;
    let slugs: BTreeSet<String> =
        replies.into_iter().map(|reply| reply.expect(201).body["slug"].as_str().unwrap().to_owned()).collect();
    assert_eq!(slugs.len(), 50);
    let plain = "odinakovyi-zagolovok";
    assert!(slugs.iter().all(|slug| slug.starts_with(plain)), "{slugs:?}");
    assert!(slugs.contains(plain) && slugs.contains(&format!("{plain}-50")), "{slugs:?}");
    let tags = app.client().get("/api/content/tags").send().await.expect(200);
    assert_eq!(items(&tags).len(), 2);
}

/// Ten press the same button: one does it, and it has happened once.
async fn an_act_happens_once(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = article(&ann, "One").await;
    for (who, what) in [(&ann, "submit"), (&ed, "approve"), (&ed, "publish"), (&ed, "archive")] {
        let replies = at_once((0..10).map(|_| acting(who, &one, what))).await;
        let done = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1, "{what}");
        assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 409)));
    }
    let history = ann.get(&format!("{}/history", at(ARTICLES, &one))).send().await.expect(200);
    assert_eq!(items(&history).len(), 5);
}

/// Somebody saves while somebody else publishes what was approved: what everybody sees was approved.
async fn what_is_published_was_approved(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    for n in 0..8 {
        let one = made(&ann, json!({"title": format!("n{n}"), "body": "approved"})).await;
        approve(&ann, &ed, &one).await;
        let save = patching(&ann, &one, json!({"body": "smuggled"}));
        let publish = acting(&ed, &one, "publish");
        let replies = at_once([save, publish]).await;
        assert_eq!(replies[0].status, 200);
        let seen = app.client().get(&at(ARTICLES, &one)).send().await;
        match replies[1].status {
            200 => {
                assert_eq!(seen.expect(200).body["body"], "approved");
                assert_eq!(
                    (&replies[1].body["body"], &replies[1].body["status"]),
                    (&json!("approved"), &json!("published"))
                );
            }
            409 => drop(seen.expect(404)),
            other => panic!("{other}"),
        }
    }
}

async fn one_key_makes_one_article(app: TestApp) {
    let ann = author(&app).await;
    let make = |_| ann.post(ARTICLES).header("idempotency-key", "same").json(&json!({"title": "Once"}));
    let replies = at_once((0..20).map(make)).await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 409)), "{replies:?}");
    let page = ann.get(&format!("{ARTICLES}?mine=true&include_total=true")).send().await.expect(200);
    assert_eq!(page.body["total"], 1);
}

/// Articles are published and taken back while their categories move and their tags are merged: whatever comes first, lists and
/// counters are of one piece afterwards, and nothing is answered but what the contract knows.
async fn shelves_are_of_one_piece_whatever_happens_at_once(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    for round in 0..4 {
        let (to, x) = (category(&ed, "To", None).await, category(&ed, "X", None).await);
        let tags = json!([format!("l{round}"), format!("r{round}")]);
        let mut seen = Vec::new();
        for n in 0..10 {
            let body = json!({"title": format!("{round}.{n}"), "category_ids": [x["id"]], "tags": tags});
            seen.push(published(&ann, &ed, body).await);
        }
        let (left, right) = (seen[0]["tags"][0].clone(), seen[0]["tags"][1].clone());
        let withdraw = seen.iter().take(7).map(|one| acting(&ed, one, "unpublish"));
        let save = seen.iter().skip(7).map(|one| patching(&ann, one, json!({"body": "Changed."})));
        let others = [
            ed.patch(&at(CATEGORIES, &x)).json(&json!({"parent_id": to["id"]})),
            ed.post(&format!("{}/merge", at(TAGS, &left))).json(&json!({"into_id": right["id"]})),
        ];
        for reply in at_once(withdraw.chain(save).chain(others)).await {
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
        for query in [format!("category={}", to["id"]), format!("category={}", x["id"]), format!("tag={}", right["id"])]
        {
            let page = app.client().get(&format!("{ARTICLES}?{query}&include_total=true")).send().await.expect(200);
            assert_eq!((items(&page).len(), &page.body["total"]), (3, &json!(3)), "{query}: {}", page.text);
        }
        assert_eq!(counted(&app, TAGS, &right).await, 3);
        assert_eq!(counted(&app, CATEGORIES, &x).await, 3);
        let shelves = "SELECT count(*) AS n FROM category_articles WHERE article_id IN (SELECT id FROM articles WHERE live IS NULL)";
        assert_eq!(app.number(shelves).await, 0);
    }
}

poligon_testkit::tests! { start =>
    shelves_are_of_one_piece_whatever_happens_at_once,
    twenty_editors_save_one_article,
    no_text_is_lost,
    fifty_equal_titles_have_fifty_slugs,
    an_act_happens_once,
    what_is_published_was_approved,
    one_key_makes_one_article,
}
