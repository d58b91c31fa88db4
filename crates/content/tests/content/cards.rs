//! What everybody reads is shown with cards: the same as without them, whatever changes on them, and by one statement.

use std::cell::Cell;

use futures_util::future::join_all;
use poligon_testkit::{Backend, Client, Reply, TestApp, count_queries, queries_of};
use serde_json::{Value, json};

use crate::media::{MEDIA, png, upload};
use crate::moderation::said;
use crate::world::{
    ARTICLES, BLOGS, CATEGORIES, TAGS, acting, approve, at, author, blog, category, editor, eventually, id_of, join,
    patching, published, start,
};

async fn counted(backend: Backend) -> TestApp {
    count_queries();
    start(backend).await
}

/// Waits until every published article has its card.
async fn cards_come(app: &TestApp) {
    let missing = "SELECT count(*) AS n FROM articles a LEFT JOIN article_cards c ON c.article_id = a.id \
                   WHERE a.live IS NOT NULL AND (c.card IS NULL OR c.card = 'null')";
    eventually(app, async || app.number(missing).await == 0).await;
}

/// Read anew, and not as it is kept.
async fn read(app: &TestApp, path: &str) -> Reply {
    app.ctx.near.forget("content.lists");
    app.client().get(path).send().await.expect(200)
}

/// Reads with cards and without them: both say the same, which is the answer.
async fn read_both_ways(app: &TestApp, paths: &[String]) -> Vec<Value> {
    cards_come(app).await;
    let mut with = Vec::new();
    for path in paths {
        with.push(read(app, path).await);
    }
    cards_come(app).await; // nothing was forgotten meanwhile
    app.sql("UPDATE article_cards SET card = NULL, turn = turn + 1 WHERE card <> 'null'").await;
    for (path, with) in paths.iter().zip(&with) {
        let without = read(app, path).await;
        for name in ["etag", "link", "content-type", "cache-control"] {
            assert_eq!(with.header(name), without.header(name), "{name} of {path}");
        }
        assert_eq!(with.text, without.text, "{path}");
    }
    app.clock().advance(chrono::Duration::seconds(61)); // the job's time
    with.into_iter().map(|reply| reply.body).collect()
}

/// An article with something of everything, and one with nothing.
struct Shown {
    ann: Client,
    ed: Client,
    article: Value,
    blog: Value,
    place: Value,
    cover: Value,
    paths: Vec<String>,
}

impl Shown {
    async fn new(app: &TestApp) -> Self {
        let (ann, bob, ed) = (author(app).await, author(app).await, editor(app).await);
        let blog = blog(&ann, "Blog \"one\"").await;
        join(&ann, &blog, &bob, "author").await;
        let top = category(&ed, "Top", None).await;
        let place = category(&ed, "Place", Some(&top)).await;
        let cover = upload(&ann, "cover.png", png(60, 30, 1)).await;
        let body = json!({"title": "Of \u{1f980} & <b>", "body": "# One\n\ntext", "blog_id": blog["id"], "cover_id": cover["id"],
            "category_ids": [place["id"], top["id"]], "tags": ["One", "Две"], "author_ids": [id_of(&bob), id_of(&ann)]});
        let article = published(&ann, &ed, body).await;
        published(&ann, &ed, json!({"title": "Plain", "excerpt": "short", "language": "ru"})).await;
        let place_of = |query: &str| format!("{ARTICLES}?{query}");
        let mut paths = vec![at(ARTICLES, &article), format!("{}/articles", at(BLOGS, &blog)), ARTICLES.to_owned()];
        paths.push(place_of(&format!("category={}", top["id"])));
        paths.push(place_of(&format!("author={}", id_of(&bob))));
        let of_blog = format!("blog={}&sort=oldest", blog["id"]);
        let others = ["sort=title&limit=1", "sort=oldest&limit=1", "limit=1", "language=ru", &of_blog];
        paths.extend(others.map(place_of));
        Self { ann, ed, article, blog, place, cover, paths }
    }

    /// The article, after everything was read both ways.
    async fn seen(&self, app: &TestApp) -> Value {
        let mut all = read_both_ways(app, &self.paths).await;
        let article = all.remove(0);
        let listed = all[0]["items"].as_array().and_then(|items| items.first()).cloned();
        if let Some(listed) = listed {
            for part in ["authors", "categories", "tags", "blog", "cover"] {
                assert_eq!(listed[part], article[part], "{part}");
            }
        }
        article
    }
}

async fn cards_show_what_is_shown_without_them(app: TestApp) {
    let shown = Shown::new(&app).await;
    let article = shown.seen(&app).await;
    assert_eq!(article["authors"].as_array().map(Vec::len), Some(2));
    assert_eq!(article["categories"][0]["id"], shown.place["id"]);
    assert_eq!(article["tags"][1]["name"], "Две");
    assert_eq!((&article["blog"]["title"], &article["cover"]["id"]), (&json!("Blog \"one\""), &shown.cover["id"]));
    let [tagged] = &read_both_ways(&app, &[format!("{ARTICLES}?tag=one")]).await[..] else { unreachable!("one path") };
    assert_eq!(tagged["items"][0]["id"], article["id"]);
    // The pages behind lead on.
    for query in ["limit=1", "sort=title&limit=1", "sort=oldest&limit=1", "category=top&limit=1"] {
        let first = read(&app, &format!("{ARTICLES}?{query}")).await;
        if let Some(cursor) = first.body["next_cursor"].as_str() {
            let [next] = &read_both_ways(&app, &[format!("{ARTICLES}?{query}&cursor={cursor}")]).await[..] else {
                unreachable!("one path")
            };
            assert_ne!(next["items"][0]["id"], first.body["items"][0]["id"], "{query}");
        }
    }
}

async fn cards_follow_what_changes(app: TestApp) {
    let shown = Shown::new(&app).await;
    let Shown { ann, ed, article, .. } = &shown;
    shown.seen(&app).await;
    let tag = article["tags"][0].clone();
    ed.patch(&at(TAGS, &tag)).json(&json!({"name": "Uno"})).send().await.expect(200);
    assert_eq!(read(&app, &at(ARTICLES, article)).await.body["tags"][0]["name"], "Uno", "at once");
    assert_eq!(shown.seen(&app).await["tags"][0]["name"], "Uno");
    ed.post(&format!("{}/merge", at(TAGS, &tag)))
        .json(&json!({"into_id": article["tags"][1]["id"]}))
        .send()
        .await
        .expect(200);
    assert_eq!(read(&app, &at(ARTICLES, article)).await.body["tags"].as_array().map(Vec::len), Some(1), "at once");
    assert_eq!(shown.seen(&app).await["tags"][0]["name"], "Две");
    ann.patch(&at(BLOGS, &shown.blog)).json(&json!({"title": "Other"})).send().await.expect(200);
    assert_eq!(read(&app, &at(ARTICLES, &shown.article)).await.body["blog"]["title"], "Other", "at once");
    assert_eq!(shown.seen(&app).await["blog"]["title"], "Other");
    ann.patch(&at(MEDIA, &shown.cover)).json(&json!({"alt": "Seen"})).send().await.expect(200);
    assert_eq!(read(&app, &at(ARTICLES, &shown.article)).await.body["cover"]["alt"], "Seen", "at once");
    assert_eq!(shown.seen(&app).await["cover"]["alt"], "Seen");
    let heir = category(ed, "Heir", None).await;
    ed.delete(&format!("{}?move_to={}", at(CATEGORIES, &shown.place), heir["id"])).send().await.expect(204);
    assert_eq!(shown.seen(&app).await["categories"][0]["id"], heir["id"]);
}

async fn cards_follow_the_article(app: TestApp) {
    let shown = Shown::new(&app).await;
    let Shown { ann, ed, article, .. } = &shown;
    shown.seen(&app).await;
    said(ed, article, "x").await;
    let seen = shown.seen(&app).await;
    assert_eq!((&seen["comment_count"], &seen["comments_open"]), (&json!(1), &json!(true)));
    let discussion = format!("{}/discussion", at(ARTICLES, article));
    ed.put(&discussion).json(&json!({"open": false})).send().await.expect(204);
    assert_eq!(read(&app, &at(ARTICLES, article)).await.body["comments_open"], false, "at once");
    assert_eq!(shown.seen(&app).await["comments_open"], false);
    // A draft beside it changes nothing, until it is published.
    patching(ann, article, json!({"tags": ["new"], "cover_id": null})).send().await.expect(200);
    assert_eq!(shown.seen(&app).await["tags"], article["tags"]);
    approve(ann, ed, article).await;
    acting(ed, article, "publish").send().await.expect(200);
    assert_eq!(read(&app, &at(ARTICLES, article)).await.body["tags"][0]["name"], "new", "at once");
    cards_come(&app).await;
    let seen = shown.seen(&app).await;
    assert_eq!((seen["tags"].as_array().map(Vec::len), &seen["cover"]), (Some(1), &Value::Null));
    // Another blog.
    let other = blog(ann, "Other").await;
    join(ann, &other, &shown.ed, "editor").await;
    let body = json!({"blog_id": other["id"]});
    shown.ed.put(&format!("{}/blog", at(ARTICLES, &shown.article))).json(&body).send().await.expect(200);
    assert_eq!(read(&app, &at(ARTICLES, &shown.article)).await.body["blog"]["title"], "Other", "at once");
    let alone = [at(ARTICLES, &shown.article), ARTICLES.to_owned()];
    assert_eq!(read_both_ways(&app, &alone).await[0]["blog"]["title"], "Other");
    // Taken back, with a tag that is called otherwise when it comes again.
    acting(&shown.ed, &shown.article, "unpublish").send().await.expect(200);
    assert_eq!(app.number("SELECT count(*) AS n FROM article_cards WHERE card = 'null'").await, 1);
    let id = shown.article["id"].as_i64().expect("an id");
    let left = format!("SELECT count(*) AS n FROM article_pages WHERE article_id = {id}");
    assert_eq!(app.number(left).await, 0, "names of people are on it");
    let tag = &seen["tags"][0];
    shown.ed.patch(&at(TAGS, tag)).json(&json!({"name": "newer"})).send().await.expect(200);
    approve(ann, &shown.ed, &shown.article).await;
    acting(&shown.ed, &shown.article, "publish").send().await.expect(200);
    assert_eq!(read_both_ways(&app, &alone).await[0]["tags"][0]["name"], "newer");
    // Another slug.
    let body = json!({"slug": "another"});
    patching(&shown.ed, &shown.article, body).send().await.expect(200);
    let listed = read(&app, ARTICLES).await;
    assert_eq!(listed.body["items"][0]["slug"], "another", "at once");
    assert_eq!(read_both_ways(&app, &alone).await[0]["slug"], "another");
    shown.ed.delete(&at(ARTICLES, &shown.article)).send().await.expect(204);
    assert_eq!(app.number("SELECT count(*) AS n FROM article_cards").await, 1);
}

/// As an earlier version of the gateway leaves it, which runs beside this one.
async fn an_article_that_was_published_without_a_card_is_found(app: TestApp) {
    let shown = Shown::new(&app).await;
    cards_come(&app).await;
    app.sql("DELETE FROM article_cards").await;
    said(&shown.ed, &shown.article, "x").await;
    app.clock().advance(chrono::Duration::minutes(61));
    assert_eq!(shown.seen(&app).await["comment_count"], 1);
}

/// As an earlier version leaves it that knew of no pages.
async fn an_article_whose_card_has_no_page_gets_one(app: TestApp) {
    let shown = Shown::new(&app).await;
    cards_come(&app).await;
    app.sql("DELETE FROM article_pages").await;
    app.sql("UPDATE article_cards SET comments_open = NOT comments_open").await;
    app.clock().advance(chrono::Duration::minutes(61));
    let pages = "SELECT count(*) AS n FROM article_pages JOIN article_cards USING (article_id, turn)";
    eventually(&app, async || app.number(pages).await == 2).await;
    assert_eq!(shown.seen(&app).await["comments_open"], true);
}

/// However long texts are, pages of them are made a few at a time.
async fn pages_of_long_texts_are_made_in_portions(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    for n in 0..8 {
        let body = format!("{n} {}", "<".repeat(99_000)); // four characters each in HTML
        published(&ann, &ed, json!({"title": format!("Long {n}"), "body": body})).await;
    }
    let paths: Vec<String> = (1..=8).map(|id| format!("{ARTICLES}/{id}")).collect();
    let read = read_both_ways(&app, &paths).await;
    assert!(read.iter().all(|article| article["html"].as_str().is_some_and(|html| html.len() > 390_000)));
    cards_come(&app).await;
    assert_eq!(
        app.number("SELECT count(*) AS n FROM article_pages JOIN article_cards USING (article_id, turn)").await,
        8
    );
}

/// Names change while cards are made and articles are published: in the end every card says what is so.
async fn names_that_change_at_once_are_on_every_card(app: TestApp) {
    let shown = Shown::new(&app).await;
    let Shown { ann, ed, article, .. } = &shown;
    for n in 0..12 {
        let body = json!({"title": format!("n{n}"), "blog_id": shown.blog["id"], "tags": ["One", "Две"], "cover_id": shown.cover["id"]});
        published(ann, ed, body).await;
    }
    for round in 0..8 {
        let title = json!({"title": format!("b{round}")});
        let [one, two] = [0, 1].map(|n| at(TAGS, &article["tags"][n]));
        let name = |n: usize| json!({"name": format!("t{n} {round}")});
        let (first, second, alt) = (name(0), name(1), json!({"alt": format!("a{round}")}));
        let changes = vec![
            ed.patch(&one).json(&first).send(),
            ed.patch(&two).json(&second).send(),
            ann.patch(&at(BLOGS, &shown.blog)).json(&title).send(),
            ann.patch(&at(MEDIA, &shown.cover)).json(&alt).send(),
        ];
        let (changed, again) = tokio::join!(join_all(changes), async {
            acting(ed, article, "unpublish").send().await.expect(200);
            approve(ann, ed, article).await;
            acting(ed, article, "publish").send().await
        });
        assert!(changed.iter().all(|reply| reply.status == 200), "{changed:?}");
        again.expect(200);
    }
    let paths = [format!("{ARTICLES}?limit=100&blog={}", shown.blog["id"]), at(ARTICLES, article)];
    let all = read_both_ways(&app, &paths).await;
    let items = all[0]["items"].as_array().expect("a list");
    assert_eq!(items.len(), 13);
    for one in items {
        assert_eq!(one["blog"]["title"], "b7");
        assert_eq!((&one["tags"][0]["name"], &one["tags"][1]["name"]), (&json!("t0 7"), &json!("t1 7")));
        assert_eq!(one["cover"]["alt"], "a7");
    }
}

async fn a_page_and_an_article_are_one_statement(app: TestApp) {
    let shown = Shown::new(&app).await;
    cards_come(&app).await;
    let told = "SELECT count(*) AS n FROM outbox WHERE dispatched_at IS NULL";
    eventually(&app, async || app.number(told).await == 0).await;
    let place = &shown.place["id"];
    let reads = ["", &format!("category={place}&"), "sort=title&"].map(|query| format!("{ARTICLES}?{query}limit="));
    let article = format!("content.article:{}", shown.article["id"]);
    let limit = Cell::new(10);
    for path in reads.iter().chain([&at(ARTICLES, &shown.article)]) {
        let look = async || {
            app.ctx.near.forget(&article);
            // Each page is asked for once, so that none is kept.
            limit.set(limit.get() + 1);
            let path = if path.ends_with('=') { format!("{path}{}", limit.get()) } else { path.clone() };
            app.client().get(&path).send().await.expect(200);
        };
        assert_eq!(queries_of(look).await, 1, "{path}");
    }
}

poligon_testkit::tests! { start =>
    cards_show_what_is_shown_without_them,
    cards_follow_what_changes,
    cards_follow_the_article,
    an_article_that_was_published_without_a_card_is_found,
    an_article_whose_card_has_no_page_gets_one,
    pages_of_long_texts_are_made_in_portions,
    names_that_change_at_once_are_on_every_card,
}

mod statements {
    use super::{a_page_and_an_article_are_one_statement, counted};

    poligon_testkit::tests! { counted => a_page_and_an_article_are_one_statement }
}
