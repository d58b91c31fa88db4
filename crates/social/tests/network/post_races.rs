//! Posts that many want to change at once.

use futures_util::future::join_all;
use poligon_testkit::TestApp;
use serde_json::json;

use crate::posts::{at, counted};
use crate::ties::number;
use crate::world::{POSTS, id_of, moderator, person, publish, start};

async fn many_bookmarks_at_once_are_one(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let post = publish(&ann, "one", "public").await;
    let path = format!("{}/bookmark", at(&post));
    for reply in join_all((0..16).map(|_| bob.put(&path).send())).await {
        assert_eq!(reply.expect(200).body["mine"]["bookmarked"], true);
    }
    assert_eq!(number(&app, "SELECT count(*) AS n FROM bookmarks").await, 1);
    for reply in join_all((0..16).map(|_| bob.delete(&path).send())).await {
        reply.expect(204);
    }
    let mixed = (0..30).map(|n| if n % 2 == 0 { bob.put(&path).send() } else { bob.delete(&path).send() });
    for reply in join_all(mixed.collect::<Vec<_>>()).await {
        assert!([200, 204].contains(&reply.status), "{}", reply.text);
    }
    assert!(number(&app, "SELECT count(*) AS n FROM bookmarks").await <= 1);
}

async fn of_many_edits_of_one_version_one_is_made(app: TestApp) {
    let ann = person(&app).await;
    let post = publish(&ann, "one", "public").await;
    let tag = ann.get(&at(&post)).send().await.expect(200).header("etag").unwrap().to_owned();
    let bodies: Vec<_> = (0..12).map(|n| json!({"body": format!("edit {n}")})).collect();
    let sent = bodies.iter().map(|body| ann.patch(&at(&post)).header("if-match", &tag).json(body).send());
    let replies = join_all(sent).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 200) {
        reply.expect_problem(412, "precondition_failed");
    }
    // Without it every edit is made, and every text before it is kept.
    let sent = bodies.iter().map(|body| ann.patch(&at(&post)).json(body).send());
    for reply in join_all(sent).await {
        reply.expect(200);
    }
    let version = ann.get(&at(&post)).send().await.expect(200).body["version"].as_i64().unwrap();
    let kept = ann.get(&format!("{}/revisions?include_total=true", at(&post))).send().await.expect(200).body;
    assert_eq!(kept["total"], json!(version - 1));
    assert!(version >= 12, "{version}");
}

async fn counters_are_exact_after_any_traffic(app: TestApp) {
    let (ann, judge) = (person(&app).await, moderator(&app).await);
    let visibilities = ["public", "followers", "friends", "private"];
    let posts = join_all((0..12).map(|n| publish(&ann, "one", visibilities[n % 4]))).await;
    assert_eq!(counted(&app, &ann).await, [3; 4]);
    let mut sent = Vec::new();
    for (n, post) in posts.iter().enumerate() {
        for to in [visibilities[(n + 1) % 4], visibilities[(n + 2) % 4]] {
            sent.push(ann.patch(&at(post)).json(&json!({"visibility": to})).send());
        }
        for status in ["removed", "published", "removed"] {
            sent.push(judge.put(&format!("{}/status", at(post))).json(&json!({"status": status})).send());
        }
        if n % 3 == 0 {
            sent.push(ann.delete(&at(post)).send());
            sent.push(ann.delete(&at(post)).send());
        }
        let body = json!({"body": "more", "visibility": visibilities[n % 4]});
        sent.push(ann.post(POSTS).json(&body).send());
    }
    let replies = join_all(sent).await;
    for reply in &replies {
        assert!([200, 201, 204, 404, 409].contains(&reply.status), "{}", reply.text);
    }
    let live: i64 = counted(&app, &ann).await.iter().sum();
    let gone = "SELECT count(*) AS n FROM posts WHERE status <> 'published'";
    assert_eq!(live + number(&app, gone).await, 24);
    // One of two deletions at most.
    let deleted = i64::try_from(replies.iter().filter(|reply| reply.status == 204).count()).unwrap();
    assert_eq!(number(&app, "SELECT count(*) AS n FROM posts WHERE status = 'deleted'").await, deleted);
    let log = format!("SELECT count(*) AS n FROM moderation_log WHERE subject_id = {}", id_of(&ann));
    let moderated = replies.iter().filter(|reply| reply.status == 200 && reply.body.get("body").is_none()).count();
    assert_eq!(number(&app, &log).await, i64::try_from(moderated).unwrap());
}

poligon_testkit::tests! { start =>
    many_bookmarks_at_once_are_one,
    of_many_edits_of_one_version_one_is_made,
    counters_are_exact_after_any_traffic,
}
