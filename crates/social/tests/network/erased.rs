//! What is deleted is gone, with all that it said; and what is hidden or removed comes back for nobody who has left.

use futures_util::future::join_all;
use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::chats::id_in;
use crate::comments::said;
use crate::media::{path_of, shown, url};
use crate::posts::at;
use crate::reports::{assign, decide, report};
use crate::rows::number;
use crate::ties::{blocks, run_sql};
use crate::world::{POSTS, USERS, id_of, moderator, person, publish, start};

async fn nothing_is_left_of_a_deleted_post(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (post, picture) = shown(&ann, "public").await;
    for body in ["Secret #secret", "Secret #secret again"] {
        let patch = json!({"body": body, "content_warning": "Secret"});
        ann.patch(&at(&post)).json(&patch).send().await.expect(200);
    }
    let report = report(&bob, "post", id_in(&publish(&ann, "Secret #other", "public").await)).await;
    for post in
        ann.get(&format!("{POSTS}?user_id={}", id_of(&ann))).send().await.expect(200).body["items"].as_array().unwrap()
    {
        ann.delete(&at(post)).send().await.expect(204);
    }
    for statement in [
        "SELECT count(*) AS n FROM posts WHERE body <> '' OR html <> '' OR content_warning <> ''",
        "SELECT count(*) AS n FROM posts WHERE CAST(media AS text) <> '[]' OR CAST(tags AS text) <> '[]'",
        "SELECT count(*) AS n FROM post_revisions",
        "SELECT count(*) AS n FROM post_tags",
        "SELECT count(*) AS n FROM social_media WHERE status <> 'doomed'",
    ] {
        assert_eq!(number(&app, statement).await, 0, "{statement}");
    }
    let words = if app.backend == poligon_testkit::Backend::Services {
        "SELECT count(*) AS n FROM post_search('secret')"
    } else {
        "SELECT count(*) AS n FROM post_search WHERE post_search MATCH 'secret'"
    };
    assert_eq!(number(&app, words).await, 0);
    for who in [&ann, &bob] {
        who.get(url(&picture)).send().await.expect_problem(404, "not_found");
    }
    ann.get(&path_of(&picture)).send().await.expect_problem(404, "not_found");
    // The report keeps what it was about.
    let judge = moderator(&app).await;
    let report = judge.get(&format!("/api/social/reports/{}", report["id"])).send().await.expect(200).body;
    assert_eq!(report["snapshot"]["body"], "Secret #other");
}

/// Of a post that is opened, edited or removed while it is deleted, nothing comes back.
async fn a_deletion_is_not_written_over(app: TestApp) {
    let (ann, judge) = (person(&app).await, moderator(&app).await);
    for _ in 0..4 {
        let post = publish(&ann, "Secret", "public").await;
        let edits = (0..4).map(|n| ann.patch(&at(&post)).json(&json!({"body": format!("Secret {n}")})).send());
        let status = format!("{}/status", at(&post));
        let removed = judge.put(&status).json(&json!({"status": "removed"})).send();
        let (edits, deleted, _) = tokio::join!(join_all(edits), ann.delete(&at(&post)).send(), removed);
        assert!(edits.iter().all(|reply| matches!(reply.status, 200 | 404)), "{edits:?}");
        let left = format!("SELECT count(*) AS n FROM posts WHERE id = {} AND body <> ''", post["id"]);
        assert_eq!(number(&app, left).await, i64::from(deleted.status != 204), "{}", deleted.text);
    }
}

/// A picture gets another text while what holds it is deleted: each waits for the other in one order.
async fn a_picture_is_renamed_while_its_post_goes(app: TestApp) {
    let ann = person(&app).await;
    for _ in 0..6 {
        let (post, picture) = shown(&ann, "public").await;
        let path = path_of(&picture);
        let renamed = (0..6).map(|n| ann.patch(&path).json(&json!({"alt": format!("Text {n}")})).send());
        let begun = std::time::Instant::now();
        let (renamed, deleted) = tokio::join!(join_all(renamed), ann.delete(&at(&post)).send());
        deleted.expect(204);
        assert!(renamed.iter().all(|reply| matches!(reply.status, 200 | 404)), "{renamed:?}");
        // PostgreSQL looks for a deadlock after a second.
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    assert_eq!(number(&app, "SELECT count(*) AS n FROM posts WHERE CAST(media AS text) <> '[]'").await, 0);
}

/// Counts are never below nothing, though hidden people are counted a moment later.
async fn hidden_people_are_not_taken_off_twice(app: TestApp) {
    let (ann, bob, cut) = (person(&app).await, person(&app).await, person(&app).await);
    blocks(&app, &bob, &cut).await;
    let post = publish(&ann, "Words", "public").await;
    let id = said(&ann, id_in(&post), 0).await;
    let now = "'2026-01-01T00:00:00.000Z'";
    for (kind, id) in [("post", id_in(&post)), ("comment", id)] {
        let values = format!("({id}, {}, 'like', {now})", id_of(&cut));
        let columns = format!("{kind}_id, user_id, kind, created_at");
        run_sql(&app, format!("INSERT INTO {kind}_reactions ({columns}) VALUES {values}")).await;
        let path = format!("/api/social/{kind}s/{id}");
        let seen = bob.get(&path).send().await.expect(200).body;
        assert_eq!((&seen["reactions"]["like"], &seen["reaction_count"]), (&json!(0), &json!(0)), "{kind}");
        let list = bob.get(&format!("{path}/reactions?include_total=true")).send().await.expect(200).body;
        assert_eq!((&list["items"], &list["total"]), (&json!([]), &json!(0)), "{kind}");
        let liked = bob.put(&format!("{path}/reaction")).json(&json!({"kind": "wow"})).send().await.expect(200).body;
        assert_eq!((&liked["reactions"]["like"], &liked["reaction_count"]), (&json!(0), &json!(1)), "{kind}");
    }
    for (one, other) in [(&cut, &ann), (&ann, &cut)] {
        let values = format!("({}, {}, 'following', {now}, 'friends', {now})", id_of(one), id_of(other));
        let columns = "user_id, other_id, follow, follow_at, friend, friend_at";
        run_sql(&app, format!("INSERT INTO social_ties ({columns}) VALUES {values}")).await;
    }
    let seen = bob.get(&format!("{USERS}/{}", id_of(&ann))).send().await.expect(200).body;
    for count in ["followers", "following", "friends"] {
        assert_eq!(seen["counts"][count], 0, "{count}");
    }
}

async fn create(who: &Client) -> u16 {
    who.post(POSTS).json(&json!({"body": "Words"})).send().await.status
}

async fn nobody_writes_behind_their_suspension(app: TestApp) {
    let (bob, judge) = (person(&app).await, moderator(&app).await);
    for _ in 0..3 {
        let ann = person(&app).await;
        publish(&ann, "Words", "public").await;
        let report = report(&bob, "user", id_of(&ann)).await;
        assign(&judge, &report, "me").await.expect(200);
        let written = format!("SELECT count(*) AS n FROM posts WHERE author_id = {}", id_of(&ann));
        let suspended = async {
            let decision = json!({"status": "resolved", "action": "suspend", "suspend_days": 1});
            decide(&judge, &report, decision).await.expect(200);
            number(&app, written.clone()).await
        };
        let (then, replies) = tokio::join!(suspended, join_all((0..16).map(|_| create(&ann))));
        assert!(replies.iter().all(|status| matches!(status, 201 | 403)), "{replies:?}");
        assert_eq!(number(&app, written.clone()).await, then, "nothing once the suspension is answered");
    }
}

poligon_testkit::tests! { start =>
    nothing_is_left_of_a_deleted_post,
    a_deletion_is_not_written_over,
    a_picture_is_renamed_while_its_post_goes,
    hidden_people_are_not_taken_off_twice,
    nobody_writes_behind_their_suspension,
}
