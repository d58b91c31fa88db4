//! What moderators may do, and what they may not: to what is their own, and to what they do not see.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::chats::{group, id_in};
use crate::comments::{delete, get, lock, said, set_status};
use crate::media::{MEDIA, path_of, shown, upload, url};
use crate::posts::at;
use crate::reports::{assign, decide, report};
use crate::rows::{insert_post, number, told};
use crate::world::{id_of, moderator, person, publish, start};

async fn nobody_decides_on_their_own_posts_and_comments(app: TestApp) {
    let (judge, other) = (moderator(&app).await, moderator(&app).await);
    let post = publish(&judge, "Words", "public").await;
    assert_eq!(post["next_statuses"], json!(["deleted"]));
    let status = format!("{}/status", at(&post));
    let set =
        async |to: &str, who: &poligon_testkit::Client| who.put(&status).json(&json!({"status": to})).send().await;
    set("removed", &judge).await.expect_problem(403, "own_case");
    set("removed", &other).await.expect(200);
    set("published", &judge).await.expect_problem(403, "own_case");
    set("published", &other).await.expect(200);
    let id = said(&judge, id_in(&post), 0).await;
    assert_eq!(get(&judge, id).await.expect(200).body["next_statuses"], json!(["deleted"]));
    assert_eq!(get(&other, id).await.expect(200).body["next_statuses"], json!(["removed"]));
    set_status(&judge, id, "removed").await.expect_problem(403, "own_case");
    delete(&other, id).await.expect(204);
    set_status(&judge, id, "published").await.expect_problem(403, "own_case");
    set_status(&other, id, "published").await.expect(200);
    delete(&judge, id).await.expect(204);
    let log = format!("SELECT count(*) AS n FROM moderation_log WHERE subject_id = {}", id_of(&judge));
    assert_eq!(number(&app, log).await, 4);
}

async fn a_moderator_locks_what_they_see_and_it_is_written_down(app: TestApp) {
    let (author, writer, judge) = (person(&app).await, person(&app).await, moderator(&app).await);
    let private = insert_post(&app, id_of(&author), "private").await;
    let unseen = said(&author, private, 0).await;
    lock(&judge, unseen, true).await.expect_problem(404, "not_found");
    let post = insert_post(&app, id_of(&author), "public").await;
    let id = said(&writer, post, 0).await;
    for (who, locked) in [(&author, true), (&judge, true), (&judge, false), (&judge, true), (&author, false)] {
        assert_eq!(lock(who, id, locked).await.expect(200).body["locked"], locked);
    }
    let of = format!("object_kind = 'comment' AND object_id = {id} AND subject_id = {}", id_of(&writer));
    for action in ["lock_comment", "unlock_comment"] {
        let rows = format!("SELECT count(*) AS n FROM moderation_log WHERE {of} AND action = '{action}'");
        assert_eq!(number(&app, rows).await, 1, "{action}");
    }
    let events: Vec<Value> = told(&app, "social.moderated").await;
    let actions: Vec<&Value> = events.iter().map(|event| &event["action"]).collect();
    assert_eq!(actions, ["unlock_comment", "lock_comment"]);
}

/// While a report is open that shows them, and no others.
async fn who_decides_on_a_report_sees_its_pictures(app: TestApp) {
    let (ann, bob, judge) = (person(&app).await, person(&app).await, moderator(&app).await);
    let chat = group(&ann, &[&bob]).await;
    let sent = upload(&ann).await;
    let body = json!({"media_ids": [sent["id"]]});
    let path = format!("{}/messages", crate::chats::at(&chat));
    let message = ann.post(&path).json(&body).send().await.expect(201).body;
    let (post, posted) = shown(&ann, "public").await;
    ann.patch(&at(&post)).json(&json!({"body": "Words"})).send().await.expect(200);
    let (_, other) = shown(&ann, "private").await;
    for (kind, id, picture) in [("message", id_in(&message), &sent), ("post", id_in(&post), &posted)] {
        let report = report(&bob, kind, id).await;
        if kind == "post" {
            ann.patch(&at(&post)).json(&json!({"visibility": "private"})).send().await.expect(200);
            bob.get(url(picture)).send().await.expect_problem(404, "not_found");
        }
        for _ in 0..2 {
            let reply = judge.get(url(picture)).send().await.expect(200);
            assert_eq!(reply.header("cache-control"), Some("private, no-store"), "{kind}");
            assign(&judge, &report, "me").await.expect(200);
        }
        for who in [&judge, &app.client()] {
            who.get(url(&other)).send().await.expect_problem(404, "not_found");
        }
        app.client().get(url(picture)).send().await.expect_problem(404, "not_found");
        decide(&judge, &report, json!({"status": "rejected"})).await.expect(200);
        judge.get(url(picture)).send().await.expect_problem(404, "not_found");
        ann.get(url(picture)).send().await.expect(200);
    }
}

/// Also what its author deletes, until it is decided.
async fn what_is_reported_keeps_its_pictures_until_it_is_decided(app: TestApp) {
    let (ann, bob, judge) = (person(&app).await, person(&app).await, moderator(&app).await);
    let chat = group(&ann, &[&bob]).await;
    for (kind, action) in [("message", "none"), ("message", "warn"), ("post", "none"), ("post", "remove")] {
        let (object, picture) = if kind == "post" {
            shown(&ann, "public").await
        } else {
            let picture = upload(&ann).await;
            let path = format!("{}/messages", crate::chats::at(&chat));
            let body = json!({"media_ids": [picture["id"]]});
            (ann.post(&path).json(&body).send().await.expect(201).body, picture)
        };
        let reports = [report(&bob, kind, id_in(&object)).await];
        let path = if kind == "post" { at(&object) } else { format!("/api/social/messages/{}", object["id"]) };
        ann.delete(&path).send().await.expect(204);
        judge.get(url(&picture)).send().await.expect(200);
        bob.get(url(&picture)).send().await.expect_problem(404, "not_found");
        for report in &reports {
            assign(&judge, report, "me").await.expect(200);
            let decision = json!({"status": "resolved", "action": action});
            decide(&judge, report, decision).await.expect(200);
        }
        for who in [&judge, &ann] {
            who.get(url(&picture)).send().await.expect_problem(404, "not_found");
        }
        ann.get(&path_of(&picture)).send().await.expect_problem(404, "not_found");
    }
    ann.get(&format!("{MEDIA}/999999/small")).send().await.expect_problem(404, "not_found");
}

/// A report is decided while the author deletes what it is about: the pictures go, whoever is first.
async fn pictures_go_whether_deletion_or_decision_is_first(app: TestApp) {
    let (ann, bob, judge) = (person(&app).await, person(&app).await, moderator(&app).await);
    for _ in 0..6 {
        let (post, picture) = shown(&ann, "public").await;
        let report = report(&bob, "post", id_in(&post)).await;
        assign(&judge, &report, "me").await.expect(200);
        let decision = decide(&judge, &report, json!({"status": "rejected"}));
        let (deleted, decided) = tokio::join!(ann.delete(&at(&post)).send(), decision);
        deleted.expect(204);
        decided.expect(200);
        ann.get(url(&picture)).send().await.expect_problem(404, "not_found");
    }
    let left = "SELECT count(*) AS n FROM social_media WHERE status = 'stored'";
    assert_eq!(number(&app, left).await, 0);
}

poligon_testkit::tests! { start =>
    nobody_decides_on_their_own_posts_and_comments,
    a_moderator_locks_what_they_see_and_it_is_written_down,
    who_decides_on_a_report_sees_its_pictures,
    what_is_reported_keeps_its_pictures_until_it_is_decided,
    pictures_go_whether_deletion_or_decision_is_first,
}
