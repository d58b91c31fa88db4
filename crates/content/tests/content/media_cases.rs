//! Files in the queue of moderation.

use poligon_testkit::{TestApp, at_once};
use serde_json::{Value, json};

use crate::media::{MEDIA, PDF, file, png, private, upload, uploading, url};
use crate::moderation::{case_of, cases_of, decided, deciding, moderator, reporting, result};
use crate::world::{ARTICLES, at, author, editor, id_of, person, published, start};

async fn a_file_is_reported_blocked_and_given_back(app: TestApp) {
    let (ann, ed, mona, bob) = (author(&app).await, editor(&app).await, moderator(&app).await, person(&app).await);
    let bob_who_writes = author(&app).await;
    let medium = upload(&ann, "cover.png", png(40, 40, 1)).await;
    let article = published(&ann, &ed, json!({"title": "One", "body": "x", "cover_id": medium["id"]})).await;
    reporting(&ann, "media", &medium["id"], "copyright").send().await.expect_problem(409, "own_content");
    reporting(&bob, "media", &medium["id"], "copyright").send().await.expect(201);
    reporting(&bob, "media", &medium["id"], "spam").send().await.expect_problem(409, "already_flagged");
    let case = case_of(&mona, "media", &medium).await;
    assert_eq!((&case["title"], &case["report_count"]), (&json!("cover.jpg"), &json!(1)));
    assert_eq!((&case["authors"][0]["id"], &case["article_id"]), (&json!(id_of(&ann)), &Value::Null));
    assert_eq!(case["next_decisions"], json!(["approve", "block"]));
    let wrong = deciding(&mona, &case, "trash").send().await.expect(200);
    assert_eq!(result(&wrong)["problem"]["code"], "validation_failed");
    assert_eq!(decided(&mona, &case, "block").await["decision"], "block");
    app.client().get(url(&medium, "small")).send().await.expect_problem(404, "not_found");
    let seen = app.client().get(&at(ARTICLES, &article)).send().await.expect(200).body;
    assert_eq!(seen["cover"], Value::Null, "what is blocked is shown nowhere");
    let own = ann.get(&at(MEDIA, &medium)).send().await.expect(200).body;
    assert_eq!((&own["blocked"], &own["blocked_reason"]), (&json!(true), &json!("By the rules")));
    mona.get(url(&medium, "small")).send().await.expect(200);
    // Nobody brings the same bytes back, and its owner does nothing about it.
    let again = uploading(&bob_who_writes, &[file("b.pdf", PDF), file("c.png", png(40, 40, 1))]).send().await;
    let again = again.expect_problem(422, "validation_failed");
    assert_eq!((again.pointers(), &again.body["errors"][0]["code"]), (vec!["/file/1"], &json!("blocked")));
    for refused in [ann.patch(&at(MEDIA, &medium)).json(&json!({"alt": "x"})), ann.delete(&at(MEDIA, &medium))] {
        refused.send().await.expect_problem(403, "role_too_low");
    }
    // Looked at once more.
    reporting(&ed, "media", &medium["id"], "other").send().await.expect(201);
    decided(&mona, &case_of(&mona, "media", &medium).await, "approve").await;
    app.client().get(url(&medium, "small")).send().await.expect(200);
    let seen = app.client().get(&at(ARTICLES, &article)).send().await.expect(200).body;
    assert_eq!(seen["cover"]["id"], medium["id"]);
}

/// Two people have uploaded the same: what is taken away are the bytes.
async fn the_same_bytes_go_with_a_blocked_file(app: TestApp) {
    let (ann, ed, mona) = (author(&app).await, editor(&app).await, moderator(&app).await);
    let (mine, hers) = (upload(&ann, "a.png", png(40, 40, 7)).await, upload(&ed, "b.png", png(40, 40, 7)).await);
    let other = upload(&ann, "c.png", png(40, 40, 8)).await;
    let article = published(&ann, &ed, json!({"title": "One", "body": "x", "cover_id": mine["id"]})).await;
    let listed = async || {
        let page = app.client().get(ARTICLES).send().await.expect(200).body;
        (page["items"][0]["id"].clone(), page["items"][0]["cover"]["id"].clone())
    };
    assert_eq!(listed().await, (article["id"].clone(), mine["id"].clone()));
    reporting(&ann, "media", &hers["id"], "copyright").send().await.expect(201);
    decided(&mona, &case_of(&mona, "media", &hers).await, "block").await;
    for gone in [&mine, &hers] {
        app.client().get(url(gone, "small")).send().await.expect_problem(404, "not_found");
    }
    app.client().get(url(&other, "small")).send().await.expect(200);
    assert_eq!(listed().await, (article["id"].clone(), Value::Null));
    let own = ann.get(&at(MEDIA, &mine)).send().await.expect(200).body;
    assert_eq!((&own["blocked"], &own["blocked_reason"]), (&json!(true), &json!("By the rules")));
    reporting(&ed, "media", &mine["id"], "other").send().await.expect(201);
    decided(&mona, &case_of(&mona, "media", &mine).await, "approve").await;
    for back in [&mine, &hers] {
        app.client().get(url(back, "small")).send().await.expect(200);
    }
    assert_eq!(listed().await, (article["id"].clone(), mine["id"].clone()));
    assert_eq!(ann.get(&at(MEDIA, &mine)).send().await.expect(200).body["blocked_reason"], Value::Null);
}

/// Of somebody who uploads what is just being taken away nothing is left to be seen.
async fn a_file_is_uploaded_while_it_is_blocked(app: TestApp) {
    let (ann, bob, mona) = (author(&app).await, author(&app).await, moderator(&app).await);
    for n in 0..8_u8 {
        let bytes = [PDF, b"same", &[n]].concat();
        let medium = upload(&ann, "a.pdf", bytes.clone()).await;
        let case = case_of(&mona, "media", &medium).await;
        let replies = at_once([deciding(&mona, &case, "block"), uploading(&bob, &[file("b.pdf", bytes)])]).await;
        assert_eq!(replies[0].body["done"], 1, "{}", replies[0].text);
        assert!([201, 422].contains(&replies[1].status), "{}", replies[1].text);
        let seen = format!(
            "SELECT count(*) AS n FROM content_media WHERE NOT blocked AND file_id IN \
            (SELECT file_id FROM content_media WHERE id = {})",
            medium["id"]
        );
        assert_eq!(app.number(seen).await, 0, "{}", replies[1].text);
    }
}

async fn what_is_said_of_files_is_checked(app: TestApp) {
    let (ann, ed, mona) = (author(&app).await, editor(&app).await, moderator(&app).await);
    let checks = async |medium: &Value| {
        let case = case_of(&mona, "media", medium).await;
        let found = case["flags"].as_array().cloned().unwrap_or_default();
        found.iter().map(|flag| flag["check"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = upload(&ann, "plan.pdf", PDF).await;
    assert_eq!(checks(&first).await, ["new_author"]);
    published(&ann, &ed, json!({"title": "One", "body": "x"})).await;
    let known = upload(&ann, "plan.pdf", [PDF, b"2"].concat()).await;
    assert!(cases_of(&mona, "media", &known).await.is_empty());
    ann.patch(&at(MEDIA, &known)).json(&json!({"alt": "Best casino"})).send().await.expect(200);
    assert_eq!(checks(&known).await, ["word_list"]);
    // What not everybody sees is looked at when they do.
    let hidden = private(&ann, "casino.pdf", [PDF, b"3"].concat()).await;
    assert!(cases_of(&mona, "media", &hidden).await.is_empty());
    ann.patch(&at(MEDIA, &hidden)).json(&json!({"visibility": "public"})).send().await.expect(200);
    assert_eq!(checks(&hidden).await, ["word_list"]);
    // What is removed waits no longer.
    ann.delete(&at(MEDIA, &hidden)).send().await.expect(204);
    let case = case_of(&mona, "media", &hidden).await;
    assert_eq!(
        (&case["status"], &case["decision"], &case["elsewhere"]),
        (&json!("closed"), &json!("deleted"), &json!(true))
    );
}

/// A private file is reported by those who see it alone.
async fn nobody_learns_of_private_files_by_reporting(app: TestApp) {
    let (ann, bob) = (author(&app).await, person(&app).await);
    let medium = private(&ann, "plan.pdf", PDF).await;
    reporting(&bob, "media", &medium["id"], "spam").send().await.expect_problem(404, "not_found");
    reporting(&bob, "media", &json!(999_999), "spam").send().await.expect_problem(404, "not_found");
}

/// Its owner removes a file while moderators decide on it: it ends once, and its case with it.
async fn a_file_goes_while_it_is_decided_on(app: TestApp) {
    let (ann, mona, bob) = (author(&app).await, moderator(&app).await, person(&app).await);
    for n in 0..10_u8 {
        let medium = upload(&ann, "a.pdf", [PDF, &[n]].concat()).await;
        let case = case_of(&mona, "media", &medium).await;
        let report = reporting(&bob, "media", &medium["id"], "spam");
        let replies = at_once([ann.delete(&at(MEDIA, &medium)), deciding(&mona, &case, "block"), report]).await;
        assert!([204, 403].contains(&replies[0].status), "{}", replies[0].text); // what is blocked is not its owner's to remove
        let problem = &result(&replies[1])["problem"]["code"];
        assert!(problem.is_null() || *problem == "case_closed", "{}", replies[1].text);
        assert!([201, 404].contains(&replies[2].status), "{}", replies[2].text);
        let open = format!(
            "SELECT count(*) AS n FROM content_cases WHERE kind = 'media' AND status = 'open' AND object_id = {}",
            medium["id"]
        );
        assert_eq!(app.number(open).await, 0);
    }
}

poligon_testkit::tests! {
    start =>
    a_file_is_reported_blocked_and_given_back,
    the_same_bytes_go_with_a_blocked_file,
    a_file_is_uploaded_while_it_is_blocked,
    what_is_said_of_files_is_checked,
    nobody_learns_of_private_files_by_reporting,
    a_file_goes_while_it_is_decided_on,
}
