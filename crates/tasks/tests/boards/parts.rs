//! What is said about cards, and what they consist of.

use poligon_core::users::username_key;
use poligon_testkit::{Client, Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{BOARDS, CARDS, Desk, acting, at, id_of, items, member, person, start};

fn saying(who: &Client, card: &Value, body: &str) -> Request {
    who.post(&format!("{}/comments", at(CARDS, card))).json(&json!({"body": body}))
}

async fn bodies(reader: &Client, card: &Value) -> Vec<Value> {
    let page = reader.get(&format!("{}/comments", at(CARDS, card))).send().await.expect(200);
    items(&page).iter().map(|comment| comment["body"].clone()).collect()
}

async fn comments_are_written_edited_and_taken_back(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (bob, viewer) = (member(&app, &desk.ann, &desk.team, "member").await, person(&app).await);
    let card = desk.card("x", "Ready").await;
    let key = username_key("ann.archer");
    let named =
        format!("UPDATE users SET username = 'ann.archer', username_key = '{key}' WHERE id = {}", id_of(&desk.ann));
    app.sql(named).await;
    let text = "# Seen\n\n**twice**, @ann.archer @nobody <b>x</b>";
    let made = saying(&bob, &card, text).send().await.expect(201);
    let path = at("/api/tasks/comments", &made.body);
    assert_eq!(made.header("location"), Some(path.as_str()));
    let html = made.body["body_html"].as_str().unwrap();
    assert!(
        html.starts_with("<h1>Seen</h1>\n<p><strong>twice</strong>, <strong class=\"mention\">@ann.archer</strong> "),
        "{html}"
    );
    assert!(html.ends_with("@nobody &lt;b&gt;x&lt;/b&gt;</p>"), "{html}");
    assert_eq!(made.body["author"]["id"], id_of(&bob));
    let seen = desk.ann.get(&at(CARDS, &card)).send().await.expect(200).body;
    assert_eq!(seen["comment_count"], 1);
    assert_eq!(bob.get(&at(CARDS, &card)).send().await.expect(200).body["watching"], true);
    desk.ann.patch(&path).json(&json!({"body": "mine"})).send().await.expect_problem(403, "not_yours");
    let changed = bob.patch(&path).json(&json!({"body": "once"})).send().await.expect(200);
    assert_eq!((&changed.body["body"], &changed.body["version"]), (&json!("once"), &json!(2)));
    assert!(changed.body["edited_at"].is_string());
    let stale = bob.patch(&path).json(&json!({"body": "again"})).header("if-match", "\"1-x\"");
    stale.send().await.expect_problem(412, "precondition_failed");
    viewer.patch(&path).json(&json!({"body": "x"})).send().await.expect_problem(404, "not_found");
    saying(&desk.ann, &card, "second").send().await.expect(201);
    assert_eq!(bodies(&bob, &card).await, ["once", "second"]);
    let of_kind = async |kind: &str| {
        let all = desk.activity().await;
        all.into_iter().find(|entry| entry["type"] == kind).unwrap_or_else(|| panic!("no {kind}"))
    };
    let edited = of_kind("comment_updated").await;
    assert_eq!(
        (edited["before"]["mentioned_ids"][0].as_i64(), &edited["after"]["mentioned_ids"]),
        (Some(id_of(&desk.ann)), &json!([]))
    );
    desk.ann.delete(&path).send().await.expect(204); // she administers the project
    let first = of_kind("comment_created").await;
    assert_eq!((&first["before"], &first["after"]), (&Value::Null, &json!({"comment_id": made.body["id"]})));
    desk.ann.delete(&path).send().await.expect_problem(404, "not_found");
    let told = serde_json::to_string(&desk.activity().await).unwrap();
    assert!(told.contains("comment_deleted") && !told.contains("twice") && !told.contains("once"), "{told}");
    let other = saying(&desk.ann, &card, "third").send().await.expect(201).body;
    bob.delete(&at("/api/tasks/comments", &other)).send().await.expect_problem(403, "not_yours");
}

async fn a_comment_has_to_say_something(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    for body in ["", " \n ", "\u{200b}", &"x".repeat(10_001), "a\u{0}b"] {
        let refused = saying(&desk.ann, &card, body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/body"], "{body:?}");
    }
    let viewer = member(&app, &desk.ann, &desk.team, "viewer").await;
    saying(&viewer, &card, "x").send().await.expect_problem(403, "role_too_low");
    acting(&desk.ann, &card, "archive").send().await.expect(200);
    saying(&desk.ann, &card, "x").send().await.expect_problem(409, "card_archived");
    assert_eq!(bodies(&viewer, &card).await, Vec::<Value>::new());
}

async fn checklists_are_ticked_off(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let new = desk.ann.post(&format!("{}/checklists", at(CARDS, &card))).json(&json!({"title": "Before"}));
    let list = new.send().await.expect(201);
    let path = at("/api/tasks/checklists", &list.body);
    assert_eq!(list.header("location"), Some(path.as_str()));
    let add = |text: &str| desk.ann.post(&format!("{path}/items")).json(&json!({"text": text}));
    let mut made = Value::Null;
    for text in ["one", "two", "three"] {
        made = add(text).send().await.expect(201).body;
    }
    let item = |n: usize| at("/api/tasks/checklist-items", &made["items"][n]);
    let patch = |n: usize, body: Value| desk.ann.patch(&item(n)).json(&body);
    let done = patch(1, json!({"done": true})).send().await.expect(200).body;
    assert_eq!(done["items"][1]["done_by"], id_of(&desk.ann));
    assert!(done["items"][1]["done_at"].is_string());
    assert_eq!(patch(1, json!({"done": true})).send().await.expect(200).body, done, "once is enough");
    let moved = patch(2, json!({"position": 1, "text": "THREE"})).send().await.expect(200).body;
    let texts: Vec<&str> =
        moved["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["THREE", "one", "two"]);
    let shown = desk.ann.get(&at(CARDS, &card)).send().await.expect(200).body;
    assert_eq!((&shown["checklists"], &shown["checklist_item_count"]), (&json!([moved]), &json!(3)));
    assert_eq!(shown["checklist_done_count"], 1);
    desk.ann.delete(&item(1)).send().await.expect(204);
    desk.ann.delete(&item(1)).send().await.expect_problem(404, "not_found");
    desk.ann.patch(&path).json(&json!({"title": "After"})).send().await.expect(200);
    let shown = desk.ann.get(&at(CARDS, &card)).send().await.expect(200).body;
    assert_eq!((&shown["checklists"][0]["title"], &shown["checklist_done_count"]), (&json!("After"), &json!(0)));
    desk.ann.delete(&path).send().await.expect(204);
    patch(0, json!({"done": true})).send().await.expect_problem(404, "not_found");
    let shown = desk.ann.get(&at(CARDS, &card)).send().await.expect(200).body;
    assert_eq!((&shown["checklists"], &shown["checklist_item_count"]), (&json!([]), &json!(0)));
    let board = desk.now().await;
    assert_eq!(board["columns"][1]["cards"][0]["checklist_item_count"], 0);
    for (body, pointer) in [(json!({"title": ""}), "/title"), (json!({"title": "x", "items": []}), "/items")] {
        let new = desk.ann.post(&format!("{}/checklists", at(CARDS, &card))).json(&body);
        assert_eq!(new.send().await.expect_problem(422, "validation_failed").pointers(), [pointer]);
    }
}

/// Items that are added, moved and ticked off at once: each has a place of its own, and all are counted.
async fn items_at_once_are_all_counted(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let new = desk.ann.post(&format!("{}/checklists", at(CARDS, &card))).json(&json!({"title": "Before"}));
    let path = at("/api/tasks/checklists", &new.send().await.expect(201).body);
    let add = |n: usize| desk.ann.post(&format!("{path}/items")).json(&json!({"text": n.to_string()}));
    for reply in at_once((0..12).map(add)).await {
        reply.expect(201);
    }
    let card_now = async || desk.ann.get(&at(CARDS, &card)).send().await.expect(200).body;
    let all = card_now().await["checklists"][0]["items"].as_array().unwrap().clone();
    let change = |item: &Value| {
        let body = json!({"done": true, "position": 1});
        desk.ann.patch(&at("/api/tasks/checklist-items", item)).json(&body)
    };
    let deletions = all[8..].iter().map(|item| desk.ann.delete(&at("/api/tasks/checklist-items", item)));
    for reply in at_once(all[..8].iter().map(change).chain(deletions)).await {
        assert!(reply.status < 300, "{}", reply.text);
    }
    let shown = card_now().await;
    assert_eq!((&shown["checklist_item_count"], &shown["checklist_done_count"]), (&json!(8), &json!(8)));
    assert_eq!(shown["checklists"][0]["items"].as_array().unwrap().len(), 8);
}

async fn a_board_is_taken_away_whole(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (card, gone) = (desk.card("=1+1", "Ready").await, desk.card("gone", "Ready").await);
    desk.ann.delete(&at(CARDS, &gone)).send().await.expect(204);
    saying(&desk.ann, &card, "seen").send().await.expect(201);
    let away = desk.card("away", "Done").await;
    acting(&desk.ann, &away, "archive").send().await.expect(200);
    let path = format!("{}/export", at(BOARDS, &desk.board));
    let whole = desk.ann.get(&path).send().await.expect(200);
    assert!(whole.header("content-disposition").unwrap().ends_with(".json\""));
    let cards = whole.body["cards"].as_array().unwrap();
    assert_eq!(cards.iter().map(|card| card["title"].as_str().unwrap()).collect::<Vec<_>>(), ["=1+1", "away"]);
    assert_eq!((&cards[0]["comments"][0]["body"], &cards[1]["status"]), (&json!("seen"), &json!("archived")));
    let listed = desk.ann.get(&format!("{}/transitions?include_total=true", at(BOARDS, &desk.board)));
    let listed = listed.send().await.expect(200);
    assert_eq!((&listed.body["items"], &listed.body["total"]), (&whole.body["transitions"], &json!(4)));
    let table = desk.ann.get(&format!("{path}?format=csv")).send().await.expect(200);
    assert!(table.header("content-type").unwrap().starts_with("text/csv"));
    let lines: Vec<&str> = table.text.trim_end().split("\r\n").collect();
    assert!(lines[0].starts_with("key,title,status,column,type,priority,"), "{}", lines[0]);
    assert!(lines[1].starts_with("QA-1,'=1+1,open,Ready,backlog,none,"), "{}", lines[1]);
    assert_eq!(lines.len(), 3);
    let stranger = person(&app).await;
    for below in ["export", "export?format=csv", "transitions", "reports/burnup", "reports/workload?format=svg"] {
        stranger.get(&format!("{}/{below}", at(BOARDS, &desk.board))).send().await.expect_problem(404, "not_found");
    }
}

async fn reports_come_in_three_forms(app: TestApp) {
    let desk = Desk::new(&app).await;
    desk.card("a <b> & \"c\"", "In progress").await;
    let reports = format!("{}/reports", at(BOARDS, &desk.board));
    for kind in [
        "cumulative_flow",
        "burndown",
        "burnup",
        "lead_time",
        "cycle_time",
        "throughput",
        "time_in_column",
        "workload",
        "overdue",
        "estimate_accuracy",
    ] {
        let path = format!("{reports}/{kind}");
        let json = desk.ann.get(&path).send().await.expect(200);
        assert_eq!(json.body["range"]["tz"], "UTC", "{kind}");
        let csv = desk.ann.get(&path).header("accept", "text/csv").send().await.expect(200);
        assert!(csv.header("content-type").unwrap().starts_with("text/csv"), "{kind}");
        let svg = desk.ann.get(&format!("{path}?format=svg&lang=ru&tz=Asia/Kolkata")).send().await.expect(200);
        assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
        assert!(svg.header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert!(svg.text.starts_with("<svg") && !svg.text.contains("<b>"), "{kind}");
        let tag = svg.header("etag").unwrap().to_owned();
        let again = desk.ann.get(&format!("{path}?format=svg&lang=ru&tz=Asia/Kolkata")).header("if-none-match", &tag);
        again.send().await.expect(304);
    }
    desk.ann.get(&format!("{reports}/velocity")).send().await.expect_problem(404, "not_found");
    for (query, pointer) in [
        ("tz=Mars/Base", "/tz"),
        ("from=2026-02-30", "/from"),
        ("to=soon", "/to"),
        ("from=2026-01-02&to=2026-01-01", "/to"),
        ("from=2020-01-01&to=2026-01-01", "/from"),
        ("measure=hours", "/measure"),
        ("interval=year", "/interval"),
        ("format=pdf", "/format"),
        ("lang=de", "/lang"),
        ("colour=red", "/colour"),
    ] {
        let refused = desk.ann.get(&format!("{reports}/burnup?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer], "{query}");
    }
}

poligon_testkit::tests! { start =>
    comments_are_written_edited_and_taken_back,
    a_comment_has_to_say_something,
    checklists_are_ticked_off,
    items_at_once_are_all_counted,
    a_board_is_taken_away_whole,
    reports_come_in_three_forms,
}
