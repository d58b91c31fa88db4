//! What is read takes as many statements for much as for little.

use std::collections::BTreeMap;

use poligon_testkit::{Backend, TestApp, count_queries, queries_of};
use serde_json::json;

use crate::moderation::{reporting, said};
use crate::world::{ARTICLES, author, category, editor, eventually, made, person, published, start};

/// More than any of them takes.
const MOST: usize = 12;

async fn counted(backend: Backend) -> TestApp {
    count_queries();
    start(backend).await
}

async fn reading_takes_as_many_statements_whatever_there_is(app: TestApp) {
    app.grant("author", &["content:moderate"]).await;
    let (ann, ed, eva) = (author(&app).await, editor(&app).await, editor(&app).await);
    let place = category(&ed, "Place", None).await;
    let blog = crate::world::blog(&ann, "Blog").await;
    let fill = async |many: usize| {
        for n in 0..many {
            let body = json!({"title": format!("n{n}"), "body": "words", "blog_id": blog["id"],
                "category_ids": [place["id"]], "tags": ["one", "two", format!("n{}", n % 5)]});
            let one = published(&ann, &ed, body).await;
            if n < 4 {
                for (kind, id) in [("article", &one["id"]), ("comment", &said(&ed, &one, "x").await["id"])] {
                    reporting(&person(&app).await, kind, id, "spam").send().await.expect(201);
                }
                let hers = published(&eva, &ed, json!({"title": "hers"})).await;
                reporting(&ann, "article", &hers["id"], "spam").send().await.expect(201);
            }
            made(&ann, json!({"title": format!("draft {n}")})).await;
        }
    };
    // Who is logged in is answered anew each time.
    let reads = [
        format!("{ARTICLES}?mine=true&limit=100&include_total=true"),
        format!("{ARTICLES}?status=draft&limit=100"),
        format!("{ARTICLES}/1"),
        format!("{ARTICLES}/1/draft"),
        format!("{ARTICLES}/1/revisions"),
        format!("{ARTICLES}/1/history"),
        "/api/content/feed.atom".to_owned(),
        "/api/content/moderation/cases?limit=100&include_total=true".to_owned(),
        "/api/content/moderation/cases/1".to_owned(),
        "/api/content/moderation/log?limit=100&include_total=true".to_owned(),
        "/api/content/reports/mine?include_total=true".to_owned(),
    ];
    let count = async || {
        // What has happened makes the tree of categories be read anew, once it is told.
        let told = "SELECT count(*) AS n FROM outbox WHERE dispatched_at IS NULL";
        eventually(&app, async || app.number(told).await == 0).await;
        ann.get(&reads[0]).send().await.expect(200);
        let mut counts = BTreeMap::new();
        for path in &reads {
            let read = async || drop(ann.get(path).send().await.expect(200));
            counts.insert(path.clone(), queries_of(read).await);
        }
        counts
    };
    fill(2).await;
    let of_little = count().await;
    fill(12).await;
    assert_eq!(count().await, of_little);
    println!("statements: {of_little:#?}");
    assert!(of_little.values().all(|count| (1..=MOST).contains(count)), "{of_little:#?}");
}

poligon_testkit::tests! { counted => reading_takes_as_many_statements_whatever_there_is }
