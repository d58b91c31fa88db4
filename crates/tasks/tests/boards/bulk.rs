//! Many things done to cards at once.

use poligon_testkit::{Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{CARDS, Desk, at, board, id_of, ids_by_column, member, person, replayed, start};

fn bulk(desk: &Desk, mode: &str, operations: Value) -> Request {
    let body = json!({"board_id": desk.board["id"], "mode": mode, "operations": operations});
    desk.ann.post(&format!("{CARDS}/bulk")).json(&body)
}

async fn everything_is_done_in_order(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (one, two) = (desk.card("one", "Ready").await, desk.card("two", "Ready").await);
    let (review, me) = (desk.column("Review"), id_of(&desk.ann));
    let operations = json!([
        {"create": {"title": "three", "column_id": review}},
        {"card_id": one["id"], "update": {"title": "ONE", "estimate": 5}},
        {"card_id": one["id"], "move": {"column_id": review}},
        {"card_id": two["id"], "assign": {"user_ids": [me]}},
        {"card_id": two["id"], "status": "archived"},
        {"card_id": two["id"], "status": "open"},
        {"card_id": two["id"], "status": "trashed"},
        {"create": {"title": "four", "before_id": one["id"], "column_id": review}},
    ]);
    let done = bulk(&desk, "all_or_nothing", operations).send().await.expect(200).body;
    assert_eq!((&done["done"], &done["failed"]), (&json!(8), &json!(0)));
    assert_eq!(done["results"][0]["card"]["key"], "QA-3");
    assert_eq!((&done["results"][1]["card"]["title"], &done["results"][6]["card"]), (&json!("ONE"), &Value::Null));
    assert_eq!(desk.in_column("Review").await, ["three", "four", "ONE"]);
    assert_eq!(desk.in_column("Ready").await, Vec::<String>::new());
    assert_eq!(replayed(&desk.activity().await), ids_by_column(&desk.now().await));
}

/// What is wrong with the operations below: their places, the fields, the codes.
const WRONG: [(usize, &str, &str); 10] = [
    (1, "", "wip_limit_reached"),
    (2, "", "wip_limit_reached"),
    (3, "/create/label_ids", "unknown_label"),
    (4, "/card_id", "unknown_card"),
    (5, "/card_id", "unknown_card"),
    (6, "/assign/user_ids/0", "not_a_member"),
    (7, "", "one_of"),
    (8, "", "one_of"),
    (9, "/card_id", "required"),
    (10, "/card_id", "unexpected"),
];

/// What cannot be done is told by its place, whatever the mode; the mode says what becomes of the others.
async fn what_cannot_be_done_is_told_by_its_place(app: TestApp) {
    let desk = Desk::new(&app).await;
    let other = board(&desk.ann, &desk.project).await;
    let foreign = json!({"board_id": other["id"], "title": "foreign"});
    let foreign = desk.ann.post(CARDS).json(&foreign).send().await.expect(201).body;
    let card = desk.card("x", "Ready").await;
    for n in 0..5 {
        desk.card(&n.to_string(), "Review").await;
    }
    let (review, ready) = (desk.column("Review"), desk.column("Ready"));
    let operations = json!([
        {"card_id": card["id"], "update": {"title": "y"}},
        {"card_id": card["id"], "move": {"column_id": review}},
        {"create": {"title": "a", "column_id": review}},
        {"create": {"title": "b", "label_ids": [other["labels"][0]["id"]], "column_id": ready}},
        {"card_id": foreign["id"], "status": "archived"},
        {"card_id": 999_999, "status": "archived"},
        {"card_id": card["id"], "assign": {"user_ids": [999_999]}},
        {"card_id": card["id"]},
        {"card_id": card["id"], "status": "open", "assign": {"user_ids": []}},
        {"status": "open"},
        {"card_id": card["id"], "create": {"title": "c"}},
        {"create": {"title": "d", "column_id": ready}},
    ]);
    let before = desk.now().await;
    let refused = bulk(&desk, "all_or_nothing", operations.clone()).send().await;
    let refused = refused.expect_problem(422, "validation_failed");
    let told: Vec<(String, String)> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned()))
        .collect();
    let expected: Vec<(String, String)> =
        WRONG.iter().map(|(index, at, code)| (format!("/operations/{index}{at}"), (*code).to_owned())).collect();
    assert_eq!(told, expected);
    assert_eq!(desk.now().await, before);
    let done = bulk(&desk, "skip_bad", operations).send().await.expect(200).body;
    assert_eq!((&done["done"], &done["failed"]), (&json!(2), &json!(10)));
    for (index, at, code) in WRONG {
        let error = &done["results"][index]["error"];
        match at {
            "" if code != "one_of" => assert_eq!(error["code"], code),
            _ => assert_eq!((&error["errors"][0]["pointer"], &error["errors"][0]["code"]), (&json!(at), &json!(code))),
        }
    }
    assert_eq!(desk.in_column("Ready").await, ["y", "d"]);
    assert_eq!(desk.in_column("Review").await.len(), 5);
    assert_eq!(replayed(&desk.activity().await), ids_by_column(&desk.now().await));
}

async fn bad_input_is_refused_by_name(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let many: Vec<Value> = (0..101).map(|_| json!({"card_id": card["id"], "status": "open"})).collect();
    for (operations, pointer) in [
        (json!([]), "/operations"),
        (json!(many), "/operations"),
        (json!([[]]), "/operations/0"),
        (json!([{"card_id": 1, "update": []}]), "/operations/0/update"),
        (json!([{"card_id": 1, "move": [1]}]), "/operations/0/move"),
        (json!([{"card_id": 0, "status": "open"}]), "/operations/0/card_id"),
        (json!([{"card_id": 1, "status": "gone"}]), "/operations/0/status"),
        (json!([{"card_id": 1, "status": "open"}, {"create": {"title": ""}}]), "/operations/1/create/title"),
        (json!([{"card_id": 1, "update": {"owner": 1}}]), "/operations/0/update/owner"),
    ] {
        let refused = bulk(&desk, "all_or_nothing", operations).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    let refused = bulk(&desk, "sometimes", json!([{"card_id": 1, "status": "open"}])).send().await;
    assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/mode"]);
    let (viewer, stranger) = (member(&app, &desk.ann, &desk.team, "viewer").await, person(&app).await);
    let body = json!({"board_id": desk.board["id"], "operations": [{"card_id": card["id"], "status": "trashed"}]});
    let path = format!("{CARDS}/bulk");
    viewer.post(&path).json(&body).send().await.expect_problem(403, "role_too_low");
    stranger.post(&path).json(&body).send().await.expect_problem(404, "not_found");
    desk.ann.get(&at(CARDS, &card)).send().await.expect(200);
}

/// Whatever is wrong with an operation, each of them is told of, and the others are done.
async fn wrong_values_are_told_one_by_one(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let operations = json!([
        {"card_id": card["id"], "update": {"title": 5}},
        {"card_id": card["id"], "update": {"title": "", "owner": 1}},
        [],
        {"card_id": 999_999, "status": "trashed"},
        {"card_id": card["id"], "update": {"title": "y"}},
        {"create": {"title": "new"}, "card_id": null},
    ]);
    let pointers = [
        "/operations/0/update/title",
        "/operations/1/update/title",
        "/operations/1/update/owner",
        "/operations/2",
        "/operations/3/card_id",
    ];
    let refused = bulk(&desk, "all_or_nothing", operations.clone()).send().await;
    let mut told =
        refused.expect_problem(422, "validation_failed").pointers().iter().map(ToString::to_string).collect::<Vec<_>>();
    told.sort();
    let mut expected = pointers.map(ToOwned::to_owned).to_vec();
    expected.sort();
    assert_eq!(told, expected);
    let done = bulk(&desk, "skip_bad", operations).send().await.expect(200).body;
    assert_eq!((&done["done"], &done["failed"]), (&json!(2), &json!(4)));
    assert_eq!(done["results"][0]["error"]["errors"][0]["pointer"], "/update/title");
    assert_eq!(done["results"][4]["card"]["title"], "y");
    // Of very much that is wrong not every place is looked up, and nothing of it is done.
    let body = json!({"card_id": card["id"], "update": {"a": 1, "b": 1, "c": 1}});
    let many: Vec<Value> = (0..100).map(|_| body.clone()).collect();
    let done = bulk(&desk, "skip_bad", json!(many)).send().await.expect(200).body;
    assert_eq!((&done["done"], &done["failed"]), (&json!(0), &json!(100)));
    let nul = json!([{"card_id": card["id"], "update": {"title": "a\u{0}b"}}]);
    bulk(&desk, "skip_bad", nul).send().await.expect_problem(422, "validation_failed");
}

/// Two that move the same cards: each is done as a whole.
async fn two_at_once_do_not_mix(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut cards = Vec::new();
    for n in 0..4 {
        cards.push(desk.card(&n.to_string(), "Backlog").await);
    }
    let (ready, done) = (desk.column("Ready"), desk.column("Done"));
    let to = |column: i64| {
        let all: Vec<Value> =
            cards.iter().map(|card| json!({"card_id": card["id"], "move": {"column_id": column}})).collect();
        bulk(&desk, "all_or_nothing", json!(all))
    };
    for reply in at_once([to(ready), to(done), to(ready), to(done)]).await {
        reply.expect(200);
    }
    let counts = [desk.in_column("Ready").await.len(), desk.in_column("Done").await.len()];
    assert!([[0, 4], [4, 0]].contains(&counts), "{counts:?}");
    assert_eq!(replayed(&desk.activity().await), ids_by_column(&desk.now().await));
}

/// JSON by its grammar, and nothing that can be read: no operation, so with `all_or_nothing` none is done.
async fn what_cannot_be_read_is_no_operation(app: TestApp) {
    let desk = Desk::new(&app).await;
    let before = desk.activity().await.len();
    let deep = "[".repeat(5_000) + &"]".repeat(5_000);
    for bad in [
        r#"{"create":{"title":1e400}}"#,
        r#"{"create":{"title":"\ud800"}}"#,
        r#"{"create":{"title":"x","estimate":1e999}}"#,
        r#"{"card_id":1e400,"status":"open"}"#,
        "1e400",
        r#""\udfff""#,
        deep.as_str(),
    ] {
        let send = async |mode: &str| {
            let body = format!(
                r#"{{"board_id":{},"mode":"{mode}","operations":[{{"create":{{"title":"first"}}}},{bad}]}}"#,
                desk.board["id"]
            );
            let request = desk.ann.post(&format!("{CARDS}/bulk")).header("content-type", "application/json");
            request.body(body).send().await
        };
        let refused = send("all_or_nothing").await;
        assert!(matches!(refused.status, 400 | 422), "{bad:.40}: {} {}", refused.status, refused.text);
        assert_eq!(desk.activity().await.len(), before, "{bad:.40}: something was done");
        let told = send("skip_bad").await;
        if told.status == 200 {
            assert_eq!(told.body["failed"], 1);
            assert!(!told.body["results"][1]["error"]["errors"].as_array().unwrap().is_empty(), "{}", told.text);
            let id = &told.body["results"][0]["card"]["id"];
            desk.ann.delete(&format!("{CARDS}/{id}")).send().await.expect(204);
        }
        let now = desk.activity().await.len();
        assert!(now == before || told.status == 200);
        if told.status == 200 {
            return_to(&app, &desk, before).await;
        }
    }
}

/// Forgets what was done since, for the next round.
async fn return_to(app: &TestApp, desk: &Desk, before: usize) {
    let id = &desk.board["id"];
    app.sql(format!("DELETE FROM board_activity WHERE board_id = {id} AND seq > {before}")).await;
    app.sql(format!("UPDATE boards SET last_seq = {before} WHERE id = {id}")).await;
}

/// A member that is taken away is `null`, also when it is the only one.
async fn one_member_may_be_taken_away(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let due = json!({"due_at": "2030-01-01T00:00:00Z", "estimate": 3});
    desk.ann.patch(&at(CARDS, &card)).json(&due).send().await.expect(200);
    for member in ["due_at", "estimate"] {
        let operation = json!({"card_id": card["id"], "update": {member: null}});
        let done = bulk(&desk, "all_or_nothing", json!([operation])).send().await.expect(200).body;
        assert_eq!(done["results"][0]["card"][member], Value::Null);
    }
    for (wrong, pointer) in [
        (json!({"create": {"title": null}}), "/operations/0/create/title"),
        (json!({"card_id": card["id"], "status": {"open": null}}), "/operations/0/status"),
        (json!({"card_id": card["id"], "update": {"priority": {"high": null}}}), "/operations/0/update/priority"),
    ] {
        let refused = bulk(&desk, "all_or_nothing", json!([wrong])).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer]);
    }
}

poligon_testkit::tests! { start =>
    what_cannot_be_read_is_no_operation,
    one_member_may_be_taken_away,
    everything_is_done_in_order,
    what_cannot_be_done_is_told_by_its_place,
    bad_input_is_refused_by_name,
    wrong_values_are_told_one_by_one,
    two_at_once_do_not_mix,
}
