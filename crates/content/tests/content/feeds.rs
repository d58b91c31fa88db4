//! Feeds and the list of addresses. An independent reader looks at them in `tests/steps`.

use poligon_testkit::TestApp;
use serde_json::json;

use crate::world::{article, author, blog, editor, made, publish, published, start};

const API: &str = "/api/content";

async fn feeds_hold_what_is_published(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let mine = blog(&ann, "Заметки & <b>").await;
    let inside =
        made(&ann, json!({"title": "In & out <x>", "body": "*so* ]]> it", "blog_id": mine["id"], "tags": ["a<b"]}))
            .await;
    publish(&ann, &ed, &inside).await;
    published(&ann, &ed, json!({"title": "Elsewhere"})).await;
    article(&ann, "Draft").await;
    for (path, media, entry) in [
        ("feed.rss", "application/rss+xml", "<item>"),
        ("feed.atom", "application/atom+xml", "<entry>"),
        ("blogs/zametki-b/feed.rss", "application/rss+xml", "<item>"),
        ("blogs/zametki-b/feed.atom", "application/atom+xml", "<entry>"),
    ] {
        let feed = app.client().get(&format!("{API}/{path}")).send().await.expect(200);
        assert_eq!(feed.header("content-type"), Some(media));
        let many = if path.starts_with("blogs") { 1 } else { 2 };
        assert_eq!(feed.text.matches(entry).count(), many, "{path}: {}", feed.text);
        assert!(feed.text.contains("In &amp; out &lt;x&gt;") && !feed.text.contains("Draft"), "{}", feed.text);
        assert!(feed.text.contains("/api/content/articles/in-out-x/page"), "{}", feed.text);
        let tag = feed.header("etag").unwrap().to_owned();
        app.client().get(&format!("{API}/{path}")).header("if-none-match", &tag).send().await.expect(304);
    }
    app.client().get(&format!("{API}/blogs/none/feed.rss")).send().await.expect(404);
    app.client().get(&format!("{API}/feed.rss")).header("accept", "application/json").send().await.expect(406);
}

async fn the_list_of_addresses_is_in_parts(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    published(&ann, &ed, json!({"title": "One"})).await;
    article(&ann, "Draft").await;
    let index = app.client().get(&format!("{API}/sitemap.xml")).send().await.expect(200);
    assert_eq!(index.header("content-type"), Some("application/xml"));
    assert!(index.text.contains("/api/content/sitemaps/1</loc>") && !index.text.contains("sitemaps/2"));
    let part = app.client().get(&format!("{API}/sitemaps/1")).send().await.expect(200);
    assert!(part.text.contains("/api/content/articles/one/page</loc><lastmod>2"), "{}", part.text);
    assert_eq!(part.text.matches("<url>").count(), 1);
    for none in ["2", "0", "x"] {
        app.client().get(&format!("{API}/sitemaps/{none}")).send().await.expect(404);
    }
}

poligon_testkit::tests! { start => feeds_hold_what_is_published, the_list_of_addresses_is_in_parts }
