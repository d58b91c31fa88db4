//! Lists of articles: filters, orders, pages.

use chrono::Duration;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, acting, article, at, author, category, editor, id_of, items, made, patching, published, start, titles,
};

/// Six articles, a minute apart, of two authors, in two languages.
async fn shelf(app: &TestApp) -> (Client, Client, Client) {
    let (ann, bob, ed) = (author(app).await, author(app).await, editor(app).await);
    for n in 1..=6 {
        app.clock().advance(Duration::minutes(1));
        let (who, language) = if n % 2 == 0 { (&bob, "ru") } else { (&ann, "en") };
        let text = if n % 3 == 0 {
            "Проверяем корзину и оплату."
        } else {
            "Testing payments of a shop."
        };
        let body = json!({"title": format!("Number {n}"), "body": text, "language": language,
            "tags": [if n > 3 { "late" } else { "early" }]});
        published(who, &ed, body).await;
    }
    (ann, bob, ed)
}

/// Every page of a list, by title.
async fn all(client: &Client, query: &str) -> Vec<String> {
    let mut next = format!("{ARTICLES}?limit=2&{query}");
    let mut found = Vec::new();
    loop {
        let page = client.get(&next).send().await.expect(200);
        found.extend(titles(&page).into_iter().map(|title| title.trim_start_matches("Number ").to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => next = format!("{ARTICLES}?limit=2&{query}&cursor={cursor}"),
            None => return found,
        }
    }
}

async fn everything_is_found_in_its_order(app: TestApp) {
    let (ann, _, _) = shelf(&app).await;
    let client = app.client();
    assert_eq!(all(&client, "").await, ["6", "5", "4", "3", "2", "1"]);
    assert_eq!(all(&client, "sort=oldest").await, ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(all(&client, "sort=title").await, ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(all(&client, "tag=late").await, ["6", "5", "4"]);
    assert_eq!(all(&client, "tag=early&sort=oldest").await, ["1", "2", "3"]);
    assert_eq!(all(&client, "language=ru").await, ["6", "4", "2"]);
    assert_eq!(all(&client, &format!("author={}", id_of(&ann))).await, ["5", "3", "1"]);
    assert_eq!(all(&client, &format!("author={}&tag=late", id_of(&ann))).await, ["5"]);
    let mut found = all(&client, "q=payment").await;
    found.sort();
    assert_eq!(found, ["1", "2", "4", "5"], "by its stem");
    assert_eq!(all(&client, "q=корзин&sort=newest").await, ["6", "3"]);
    assert_eq!(all(&client, "q=корзины&language=en").await, ["3"]);
    assert_eq!(all(&client, "q=%22%27)").await, Vec::<String>::new(), "no word in it");
    let total = client.get(&format!("{ARTICLES}?tag=late&limit=1&include_total=true")).send().await.expect(200);
    assert_eq!(total.body["total"], 3);
}

async fn what_was_published_in_a_time(app: TestApp) {
    let (_, _, _) = shelf(&app).await;
    let client = app.client();
    let page = client.get(&format!("{ARTICLES}?sort=oldest")).send().await.expect(200);
    let third = items(&page)[2]["published_at"].as_str().unwrap().to_owned();
    assert_eq!(all(&client, &format!("published_from={third}")).await, ["6", "5", "4", "3"]);
    assert_eq!(all(&client, &format!("published_before={third}")).await, ["2", "1"]);
    assert_eq!(all(&client, &format!("tag=early&published_from={third}")).await, ["3"]);
    assert_eq!(all(&client, &format!("q=shop&sort=newest&published_before={third}")).await, ["2", "1"]);
    assert_eq!(all(&client, &format!("q=shop&published_before={third}")).await.len(), 2);
}

async fn a_wrong_question_is_told(app: TestApp) {
    shelf(&app).await;
    for (query, field) in [
        ("tag=nothing", "/tag"),
        ("category=7", "/category"),
        ("author=nobody", "/author"),
        ("blog=none", "/blog"),
        ("sort=relevance", "/sort"),
        ("sort=popular", "/sort"),
        ("status=gone", "/status"),
        ("published_from=yesterday", "/published_from"),
        ("language=de", "/language"),
        ("limit=0", "/limit"),
        ("cursor=x", "/cursor"),
        ("colour=red", "/colour"),
    ] {
        let refused = app.client().get(&format!("{ARTICLES}?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [field], "{query}");
    }
    let page = app.client().get(&format!("{ARTICLES}?limit=1")).send().await.expect(200);
    let cursor = page.body["next_cursor"].as_str().unwrap();
    let other = app.client().get(&format!("{ARTICLES}?limit=1&sort=title&cursor={cursor}")).send().await;
    assert_eq!(other.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
}

async fn ones_own_are_listed_in_every_state(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let draft = article(&ann, "Draft").await;
    published(&ann, &ed, json!({"title": "Seen"})).await;
    article(&ed, "Other").await;
    let mine = ann.get(&format!("{ARTICLES}?mine=true")).send().await.expect(200);
    assert_eq!(titles(&mine), ["Seen", "Draft"]);
    let drafts = ann.get(&format!("{ARTICLES}?mine=true&status=draft")).send().await.expect(200);
    assert_eq!(titles(&drafts), ["Draft"]);
    let all = ed.get(&format!("{ARTICLES}?status=draft&sort=title")).send().await.expect(200);
    assert_eq!(titles(&all), ["Draft", "Other"]);
    let public = ann.get(ARTICLES).send().await.expect(200);
    assert_eq!(titles(&public), ["Seen"]);
    assert_eq!((&items(&public)[0]["draft_title"], &items(&public)[0]["draft_status"]), (&Value::Null, &Value::Null));
    app.client().get(&format!("{ARTICLES}?mine=true")).send().await.expect(401);
    ann.delete(&at(ARTICLES, &draft)).send().await.expect(204);
}

/// An insert does not shift a page.
async fn pages_stay_while_articles_come(app: TestApp) {
    let (ann, _, ed) = shelf(&app).await;
    let first = app.client().get(&format!("{ARTICLES}?limit=3")).send().await.expect(200);
    app.clock().advance(Duration::minutes(1));
    published(&ann, &ed, json!({"title": "Number 7"})).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = app.client().get(&format!("{ARTICLES}?limit=3&cursor={cursor}")).send().await.expect(200);
    assert_eq!(titles(&second), ["Number 3", "Number 2", "Number 1"]);
}

/// Ready answers are forgotten when what they show has changed.
async fn what_everybody_sees_is_never_old(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let place = category(&ed, "Place", None).await;
    let one = published(&ann, &ed, json!({"title": "One", "category_ids": [place["id"]]})).await;
    let list = async || app.client().get(ARTICLES).send().await.expect(200);
    let first = list().await;
    let tag = first.header("etag").unwrap().to_owned();
    app.client().get(ARTICLES).header("if-none-match", &tag).send().await.expect(304);
    ed.patch(&at("/api/content/categories", &place)).json(&json!({"title": "Named"})).send().await.expect(200);
    assert_eq!(items(&list().await)[0]["categories"][0]["title"], "Named");
    patching(&ed, &one, json!({"slug": "moved"})).send().await.expect(200);
    assert_eq!(items(&list().await)[0]["slug"], "moved");
    acting(&ed, &one, "unpublish").send().await.expect(200);
    assert!(items(&list().await).is_empty());
    made(&ann, json!({"title": "Two"})).await;
    assert!(items(&list().await).is_empty());
}

/// Words are looked for in what is published; whoever asks for anything else with them is told.
async fn a_search_shows_nobody_the_drafts_of_others(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "Zebra", "body": "stripes"})).await;
    patching(&ann, &one, json!({"title": "Secret", "tags": ["secret"]})).send().await.expect(200);
    let eve = author(&app).await;
    for query in
        ["status=archived&q=zebra", "status=draft&q=zebra", "mine=true&q=zebra", "mine=true&q=zebra&sort=relevance"]
    {
        for who in [&eve, &ann] {
            let refused = who.get(&format!("{ARTICLES}?{query}")).send().await;
            assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/q"], "{query}");
        }
    }
    for who in [&eve, &ann] {
        let public = who.get(&format!("{ARTICLES}?q=zebra&status=published")).send().await.expect(200);
        assert_eq!(titles(&public), ["Zebra"]);
        assert!(!public.text.contains("Secret") && !public.text.contains("secret"), "{}", public.text);
        assert!(items(&who.get(&format!("{ARTICLES}?q=secret")).send().await.expect(200)).is_empty());
    }
}

poligon_testkit::tests! { start =>
    a_search_shows_nobody_the_drafts_of_others,
    everything_is_found_in_its_order,
    what_was_published_in_a_time,
    a_wrong_question_is_told,
    ones_own_are_listed_in_every_state,
    pages_stay_while_articles_come,
    what_everybody_sees_is_never_old,
}
