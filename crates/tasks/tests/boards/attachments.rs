//! Files on cards.

use poligon_testkit::{Client, Part, Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{
    BOARDS, CARDS, Desk, PROJECTS, acting, at, eventually, eventually_by_job, id_of, items, member, person, start,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
const MIB: usize = 1024 * 1024;

fn adding(who: &Client, card: &Value, name: &str, bytes: impl Into<Vec<u8>>) -> Request {
    let form = [Part::file("file", name, "application/x-whatever", bytes)];
    who.post(&format!("{}/attachments", at(CARDS, card))).form(&form)
}

async fn names(reader: &Client, card: &Value) -> Vec<String> {
    let page =
        reader.get(&format!("{}/attachments?include_total=true&limit=100", at(CARDS, card))).send().await.expect(200);
    assert_eq!(page.body["total"], items(&page).len());
    items(&page).iter().map(|found| found["name"].as_str().unwrap().to_owned()).collect()
}

async fn files_come(app: &TestApp, wanted: usize) {
    eventually_by_job(app, chrono::Duration::minutes(1), async || app.stored_files().len() == wanted).await;
}

async fn files_are_put_on_cards_read_and_taken_off(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let viewer = member(&app, &desk.ann, &desk.team, "viewer").await;
    let card = desk.card("x", "Ready").await;
    let made = adding(&bob, &card, "shots/Ошибка 1.png", PNG).send().await.expect(201);
    let path = at("/api/tasks/attachments", &made.body);
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(made.body["name"], "Ошибка 1.png");
    assert_eq!((&made.body["media_type"], &made.body["size"]), (&json!("image/png"), &json!(PNG.len())));
    assert_eq!((&made.body["uploader"]["id"], &made.body["card_id"]), (&json!(id_of(&bob)), &card["id"]));
    adding(&desk.ann, &card, "run.LOG", "one\ntwo\n").send().await.expect(201);
    assert_eq!(names(&viewer, &card).await, ["Ошибка 1.png", "run.LOG"]);
    let seen = viewer.get(&at(CARDS, &card)).send().await.expect(200).body;
    assert_eq!((&seen["attachment_count"], &seen["version"]), (&json!(2), &card["version"]), "no edit gets stale");
    assert_eq!(viewer.get(&path).send().await.expect(200).body, made.body);
    let url = made.body["url"].as_str().unwrap();
    let file = viewer.get(url).send().await.expect(200);
    assert_eq!(file.bytes, PNG);
    assert_eq!(file.header("content-type"), Some("image/png"));
    let saved = file.header("content-disposition").unwrap();
    assert!(saved.starts_with("attachment; filename=\"______ 1.png\"; filename*=UTF-8''%D0%9E%D1%88"), "{saved}");
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(file.header("cache-control"), Some("private, no-store"));
    let tag = file.header("etag").unwrap().to_owned();
    viewer.get(url).header("if-none-match", &tag).send().await.expect(304);
    // Who may not.
    adding(&viewer, &card, "a.png", PNG).send().await.expect_problem(403, "role_too_low");
    viewer.delete(&path).send().await.expect_problem(403, "role_too_low");
    let stranger = person(&app).await;
    for request in
        [stranger.get(&path), stranger.get(url), stranger.delete(&path), adding(&stranger, &card, "a.png", PNG)]
    {
        request.send().await.expect_problem(404, "not_found");
    }
    app.client().get(url).send().await.expect_problem(401, "unauthenticated");
    // Off again, by another member.
    desk.ann.delete(&path).send().await.expect(204);
    for gone in [desk.ann.get(&path), desk.ann.get(url), desk.ann.delete(&path)] {
        gone.send().await.expect_problem(404, "not_found");
    }
    assert_eq!(names(&bob, &card).await, ["run.LOG"]);
    let told: Vec<Value> = desk.activity().await;
    let kinds: Vec<&str> = told.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"attachment_added") && kinds.contains(&"attachment_removed"), "{kinds:?}");
    app.clock().advance(chrono::Duration::minutes(2));
    files_come(&app, 1).await;
}

async fn a_file_has_to_be_what_it_is_called(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    for (name, bytes, code) in [
        ("a.png", &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], "file_type"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_type"),
        ("a.html", b"<script>alert(1)</script>", "file_type"),
        ("a.png.exe", PNG, "file_type"),
        ("a.exe", b"MZ\x90\0\x03\0\0\0", "file_type"),
        ("a.pdf", PNG, "file_type"),
        ("a.txt", b"a\0b", "file_type"),
        ("a.csv", b"caf\xe9", "file_type"),
        ("noending", b"text", "file_type"),
        ("", b"text", "file_name"),
        ("folder/", b"text", "file_name"),
        ("a\u{202e}txt.png", PNG, "file_name"),
        ("a\tb.png", PNG, "file_name"),
        (&("x".repeat(197) + ".txt"), b"text", "file_name"),
        ("a.txt", b"", "empty"),
    ] {
        let refused = adding(&desk.ann, &card, name, bytes).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/file"], "{name:?}");
        assert_eq!(refused.body["errors"][0]["code"], code, "{name:?}: {}", refused.text);
    }
    let path = format!("{}/attachments", at(CARDS, &card));
    let nameless = Part::text("file", "text");
    let refused = desk.ann.post(&path).form(&[nameless]).send().await.expect_problem(422, "validation_failed");
    assert_eq!((refused.pointers(), &refused.body["errors"][0]["code"]), (vec!["/file"], &json!("file_name")));
    desk.ann.post(&path).json(&json!({})).send().await.expect_problem(415, "unsupported_media_type");
    let large = adding(&desk.ann, &card, "a.txt", vec![b'x'; 10 * MIB + 1]).send().await;
    large.expect_problem(413, "payload_too_large");
    assert!(app.stored_files().is_empty(), "what is refused is not kept: {:?}", app.stored_files());
    assert_eq!(names(&desk.ann, &card).await, Vec::<String>::new());
    // As large as it may be, so that it is stored in pieces.
    let made = adding(&desk.ann, &card, "a.txt", vec![b'x'; 10 * MIB]).send().await.expect(201).body;
    let file = desk.ann.get(made["url"].as_str().unwrap()).send().await.expect(200);
    assert!(file.bytes.len() == 10 * MIB && file.bytes.iter().all(|byte| *byte == b'x'));
    // Nothing that it is called leads out of the storage.
    adding(&desk.ann, &card, "../../../../etc/passwd.txt", "x").send().await.expect(201);
    assert_eq!(names(&desk.ann, &card).await, ["a.txt", "passwd.txt"]);
    for path in app.stored_files() {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{}", path.display());
    }
}

async fn an_archived_card_gets_none_and_a_key_gives_one(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let once = |name: &str, bytes: &[u8]| adding(&desk.ann, &card, name, bytes).header("idempotency-key", "once");
    let first = once("a.txt", b"x").send().await.expect(201);
    let again = once("a.txt", b"x").send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    once("b.txt", b"x").send().await.expect_problem(422, "idempotency_key_reused");
    once("a.txt", b"y").send().await.expect_problem(422, "idempotency_key_reused");
    acting(&desk.ann, &card, "archive").send().await.expect(200);
    adding(&desk.ann, &card, "b.txt", "x").send().await.expect_problem(409, "card_archived");
    let path = at("/api/tasks/attachments", &first.body);
    desk.ann.delete(&path).send().await.expect_problem(409, "card_archived");
    assert_eq!(names(&desk.ann, &card).await, ["a.txt"]);
    acting(&desk.ann, &card, "restore").send().await.expect(200);
    desk.ann.post(&format!("{}/archive", at(PROJECTS, &desk.project))).send().await.expect(200);
    adding(&desk.ann, &card, "b.txt", "x").send().await.expect_problem(409, "archived");
    desk.ann.delete(&path).send().await.expect_problem(409, "archived");
}

async fn at_once_a_card_gets_as_many_as_it_can_have(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let now = app.ctx.clock.now();
    let (id, who, stamp) = (card["id"].as_i64().unwrap(), id_of(&desk.ann), serde_json::to_string(&now).unwrap());
    let at = stamp.replace('"', "'");
    for which in 0..46 {
        app.sql(format!(
            "INSERT INTO card_attachments (card_id, uploader_id, name, media_type, size, file, created_at) \
             VALUES ({id}, {who}, 'a.txt', 'text/plain', 1, 'f{which}', {at})"
        ))
        .await;
    }
    app.sql(format!("UPDATE cards SET attachment_count = 46 WHERE id = {id}")).await;
    let answers = at_once((0..8).map(|_| adding(&desk.ann, &card, "b.txt", "x"))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let full = answers.iter().filter(|answer| answer.problem_code() == "too_many_attachments").count();
    assert_eq!((made, full), (4, 4));
    assert_eq!(names(&desk.ann, &card).await.len(), 50);
    // What was stored for those that were refused goes an hour later.
    app.clock().advance(chrono::Duration::minutes(62));
    files_come(&app, 4).await;
}

async fn files_go_with_their_card_their_board_and_their_project(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (trashed, kept) = (desk.card("x", "Ready").await, desk.card("y", "Ready").await);
    for card in [&trashed, &kept] {
        adding(&desk.ann, card, "a.txt", "x").send().await.expect(201);
        adding(&desk.ann, card, "b.txt", "x").send().await.expect(201);
    }
    let found = desk.ann.get(&format!("{}/attachments", at(CARDS, &trashed))).send().await.expect(200);
    let url = items(&found)[0]["url"].as_str().unwrap().to_owned();
    desk.ann.delete(&at(CARDS, &trashed)).send().await.expect(204);
    desk.ann.get(&url).send().await.expect_problem(404, "not_found"); // as the card in the trash is
    assert_eq!(app.stored_files().len(), 4);
    app.clock().advance(chrono::Duration::days(31));
    eventually(async || app.number("SELECT count(*) AS n FROM card_attachments").await == 2).await;
    app.clock().advance(chrono::Duration::minutes(2));
    files_come(&app, 2).await;
    let ann = app.log_in(id_of(&desk.ann)).await;
    let other = ann.post(BOARDS).json(&json!({"project_id": desk.project["id"], "name": "B", "template": "kanban"}));
    let other = other.send().await.expect(201).body;
    let column = &other["columns"][1]["id"];
    let card = ann.post(CARDS).json(&json!({"board_id": other["id"], "title": "z", "column_id": column}));
    let card = card.send().await.expect(201).body;
    adding(&ann, &card, "a.txt", "x").send().await.expect(201);
    ann.delete(&at(BOARDS, &other)).send().await.expect(204);
    app.clock().advance(chrono::Duration::minutes(2));
    files_come(&app, 2).await;
    assert_eq!(names(&ann, &kept).await, ["a.txt", "b.txt"]);
    ann.delete(&at(PROJECTS, &desk.project)).send().await.expect(204);
    app.clock().advance(chrono::Duration::minutes(2));
    files_come(&app, 0).await;
}

async fn an_upload_that_came_to_no_end_is_cleared_away(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    app.sql("ALTER TABLE card_attachments RENAME COLUMN name TO broken".to_owned()).await;
    adding(&desk.ann, &card, "a.txt", "x").send().await.expect(500);
    app.sql("ALTER TABLE card_attachments RENAME COLUMN broken TO name".to_owned()).await;
    assert_eq!(app.stored_files().len(), 1);
    app.clock().advance(chrono::Duration::minutes(30));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(app.stored_files().len(), 1, "it may still come to its row");
    app.clock().advance(chrono::Duration::minutes(40));
    files_come(&app, 0).await;
}

poligon_testkit::tests! { start =>
    files_are_put_on_cards_read_and_taken_off,
    a_file_has_to_be_what_it_is_called,
    an_archived_card_gets_none_and_a_key_gives_one,
    at_once_a_card_gets_as_many_as_it_can_have,
    files_go_with_their_card_their_board_and_their_project,
    an_upload_that_came_to_no_end_is_cleared_away,
}
