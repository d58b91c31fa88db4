//! Cards: what they say, where they go, who works on them.

use chrono::Duration;
use diesel::{RunQueryDsl as _, sql_query};
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_testkit::{Request, TestApp};
use serde_json::{Value, json};

use crate::world::{
    BOARDS, CARDS, Desk, PROJECTS, acting, at, board, eventually, id_of, ids_by_column, items, member, moving, person,
    putting, removing, replayed, start,
};

fn kinds(activity: &[Value]) -> Vec<&str> {
    activity.iter().map(|entry| entry["type"].as_str().unwrap()).filter(|kind| kind.starts_with("card_")).collect()
}

async fn a_card_is_made_edited_and_numbered(app: TestApp) {
    let desk = Desk::new(&app).await;
    let body = json!({
        "board_id": desk.board["id"], "title": " Coupon counts twice ", "description": "**Steps**", "priority": "high",
        "label_ids": [desk.label("Bug")], "start_at": "2026-05-01T08:00:00Z", "due_at": "2026-05-03T08:00:00+02:00",
        "estimate": 3, "assignee_ids": [id_of(&desk.ann)],
    });
    let made = desk.ann.post(CARDS).json(&body).send().await.expect(201);
    let path = at(CARDS, &made.body);
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shown = desk.ann.get(&path).send().await.expect(200);
    assert_eq!(shown.body, made.body);
    let told = ["key", "number", "title", "priority", "status", "due_at", "estimate", "watching", "column_id"];
    assert_eq!(
        told.map(|name| shown.body[name].clone()),
        [
            json!("QA-1"),
            json!(1),
            json!("Coupon counts twice"),
            json!("high"),
            json!("open"),
            json!("2026-05-03T06:00:00.000Z"),
            json!(3),
            json!(true),
            json!(desk.column("Backlog"))
        ]
    );
    assert_eq!(shown.body["next_statuses"], json!(["archived", "trashed"]));
    assert_eq!(shown.body["assignees"][0]["id"], id_of(&desk.ann));
    let tag = shown.header("etag").unwrap().to_owned();
    let patch = |body: Value| desk.ann.patch(&path).json(&body);
    let changed = patch(json!({"title": "x", "due_at": null})).header("if-match", &tag).send().await.expect(200).body;
    assert_eq!((&changed["title"], &changed["due_at"], &changed["version"]), (&json!("x"), &Value::Null, &json!(2)));
    assert_eq!(patch(json!({"title": "x"})).send().await.expect(200).body["version"], 2, "nothing has changed");
    for stale in
        [patch(json!({"title": "y"})), desk.ann.put(&path).json(&json!({"title": "y"})), desk.ann.delete(&path)]
    {
        stale.header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    }
    let replaced = desk.ann.put(&path).json(&json!({"title": "z"})).send().await.expect(200).body;
    let told =
        ["title", "description", "priority", "labels", "estimate", "start_at"].map(|name| replaced[name].clone());
    assert_eq!(told, [json!("z"), json!(""), json!("none"), json!([]), Value::Null, Value::Null]);
    assert_eq!(replaced["assignees"], shown.body["assignees"], "who works on it is no part of what it says");
    // Numbers are the project's, whatever board a card is on.
    let other = board(&desk.ann, &desk.project).await;
    let second = json!({"board_id": other["id"], "title": "x"});
    assert_eq!(desk.ann.post(CARDS).json(&second).send().await.expect(201).body["key"], "QA-2");
    desk.ann.patch(&at(PROJECTS, &desk.project)).json(&json!({"key": "SHOP"})).send().await.expect(200);
    assert_eq!(desk.ann.get(&path).send().await.expect(200).body["key"], "SHOP-1");
}

async fn activity_tells_what_has_changed(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let path = at(CARDS, &card);
    desk.ann.patch(&path).json(&json!({"title": "y", "priority": "low"})).send().await.expect(200);
    moving(&desk.ann, &card, desk.column("Review"), json!({})).send().await.expect(200);
    let assign = desk.ann.post(&format!("{path}/assign")).json(&json!({"user_ids": [id_of(&desk.ann)]}));
    assign.send().await.expect(200);
    acting(&desk.ann, &card, "archive").send().await.expect(200);
    acting(&desk.ann, &card, "restore").send().await.expect(200);
    let all = desk.activity().await;
    let expected = ["card_created", "card_updated", "card_moved", "card_assigned", "card_archived", "card_restored"];
    assert_eq!(kinds(&all), expected);
    let page = desk.ann.get(&format!("{path}/activity?include_total=true")).send().await.expect(200);
    let own: Vec<&Value> = items(&page).iter().rev().collect();
    assert_eq!((own.len(), &page.body["total"]), (6, &json!(6)));
    assert_eq!(own[1]["before"], json!({"title": "x", "priority": "none"}));
    assert_eq!(own[1]["after"], json!({"title": "y", "priority": "low"}));
    assert_eq!(own[1]["actor"]["id"], id_of(&desk.ann));
    assert_eq!(own[2]["before"], json!({"column_id": desk.column("Ready"), "after_id": null}));
    assert_eq!(own[3]["after"], json!({"user_ids": [id_of(&desk.ann)]}));
    let review = desk.column("Review");
    let standing = json!({"column_id": review, "after_id": null, "status": "open"});
    assert_eq!((&own[4]["before"], &own[4]["after"]), (&standing, &json!({"status": "archived"})));
    assert_eq!((&own[5]["before"], &own[5]["after"]), (&json!({"status": "archived"}), &standing));
    assert_eq!(replayed(&all), ids_by_column(&desk.now().await));
}

async fn cards_move_to_the_place_that_is_named(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (ready, review) = (desk.column("Ready"), desk.column("Review"));
    let mut cards = Vec::new();
    for title in ["a", "b", "c", "d"] {
        cards.push(desk.card(title, "Ready").await);
    }
    let go = async |card: usize, column: i64, place: Value| {
        moving(&desk.ann, &cards[card], column, place).send().await.expect(200);
        desk.in_column("Ready").await.concat() + "/" + &desk.in_column("Review").await.concat()
    };
    let id = |card: usize| cards[card]["id"].clone();
    assert_eq!(go(0, ready, json!({})).await, "bcda/");
    assert_eq!(go(0, ready, json!({"before_id": id(1)})).await, "abcd/");
    assert_eq!(go(3, ready, json!({"after_id": id(0)})).await, "adbc/");
    assert_eq!(go(2, review, json!({})).await, "adb/c");
    assert_eq!(go(1, review, json!({"before_id": id(2)})).await, "ad/bc");
    assert_eq!(go(0, review, json!({"after_id": id(1)})).await, "d/bac");
    let before = desk.activity().await.len();
    assert_eq!(go(0, review, json!({"after_id": id(1)})).await, "d/bac");
    assert_eq!(go(0, review, json!({"before_id": id(2)})).await, "d/bac");
    assert_eq!(go(2, review, json!({})).await, "d/bac");
    assert_eq!(desk.activity().await.len(), before, "it stands there already");
    let other = board(&desk.ann, &desk.project).await;
    for (place, pointer) in [
        (json!({"before_id": id(0), "after_id": id(0)}), "/after_id"),
        (json!({"before_id": id(3)}), "/before_id"), // it stands in the other column
        (json!({"after_id": id(1), "column_id": other["columns"][0]["id"]}), "/column_id"),
        (json!({"after_id": id(0)}), "/after_id"), // itself
        (json!({"after_id": 999_999}), "/after_id"),
        (json!({"after_id": 0}), "/after_id"),
    ] {
        let mut body = json!({"column_id": review});
        body.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let request = desk.ann.post(&format!("{}/move", at(CARDS, &cards[0]))).json(&body);
        let refused = request.send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    assert_eq!(replayed(&desk.activity().await), ids_by_column(&desk.now().await));
}

/// Between the same two cards again and again: ranks run out, and are written anew.
async fn there_is_always_room_between_two_cards(app: TestApp) {
    let desk = Desk::new(&app).await;
    let column = desk.column("Backlog");
    let (top, bottom) = (desk.card("top", "Backlog").await, desk.card("bottom", "Backlog").await);
    let mut expected = Vec::new();
    for n in 0..80 {
        let body =
            json!({"board_id": desk.board["id"], "title": n.to_string(), "column_id": column, "after_id": top["id"]});
        desk.ann.post(CARDS).json(&body).send().await.expect(201);
        expected.insert(0, n.to_string());
    }
    for _ in 0..40 {
        moving(&desk.ann, &bottom, column, json!({"after_id": top["id"]})).send().await.expect(200);
        let last = desk.now().await["columns"][0]["cards"][81].clone();
        moving(&desk.ann, &last, column, json!({"before_id": bottom["id"]})).send().await.expect(200);
        let title = expected.pop().unwrap();
        expected.insert(0, title);
        moving(&desk.ann, &bottom, column, json!({})).send().await.expect(200);
    }
    let all = [vec!["top".to_owned()], expected, vec!["bottom".to_owned()]].concat();
    assert_eq!(desk.in_column("Backlog").await, all);
    assert_eq!(replayed(&desk.activity().await), ids_by_column(&desk.now().await));
}

async fn a_full_column_takes_no_card_from_elsewhere(app: TestApp) {
    let desk = Desk::new(&app).await;
    let review = desk.column("Review");
    let column = format!("{}/columns/{review}", at(BOARDS, &desk.board));
    let limit =
        async |limit: Value| desk.ann.patch(&column).json(&json!({"wip_limit": limit})).send().await.expect(200);
    limit(json!(2)).await;
    let (one, two) = (desk.card("one", "Review").await, desk.card("two", "Review").await);
    let three = desk.card("three", "Ready").await;
    let refused = moving(&desk.ann, &three, review, json!({})).send().await.expect_problem(409, "wip_limit_reached");
    assert_eq!(refused.body["detail"], "at most 2 cards may stand in Review at the same time");
    let body = json!({"board_id": desk.board["id"], "title": "four", "column_id": review});
    desk.ann.post(CARDS).json(&body).send().await.expect_problem(409, "wip_limit_reached");
    moving(&desk.ann, &two, review, json!({"before_id": one["id"]})).send().await.expect(200);
    assert_eq!(desk.in_column("Review").await, ["two", "one"]);
    acting(&desk.ann, &one, "archive").send().await.expect(200);
    moving(&desk.ann, &three, review, json!({})).send().await.expect(200);
    acting(&desk.ann, &one, "restore").send().await.expect_problem(409, "wip_limit_reached");
    desk.ann.delete(&at(CARDS, &three)).send().await.expect(204);
    acting(&desk.ann, &one, "restore").send().await.expect(200);
    acting(&desk.ann, &three, "restore").send().await.expect_problem(409, "wip_limit_reached");
    // A lower limit moves nobody out; from then on nobody comes in.
    limit(json!(1)).await;
    assert_eq!(desk.in_column("Review").await, ["two", "one"]);
    moving(&desk.ann, &one, review, json!({"before_id": two["id"]})).send().await.expect(200);
    limit(Value::Null).await;
    acting(&desk.ann, &three, "restore").send().await.expect(200);
}

async fn the_archive_and_the_trash_give_back(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let path = at(CARDS, &card);
    let shut = acting(&desk.ann, &card, "archive").send().await.expect(200).body;
    assert_eq!((&shut["status"], &shut["next_statuses"]), (&json!("archived"), &json!(["open", "trashed"])));
    assert!(shut["archived_at"].is_string());
    assert_eq!(acting(&desk.ann, &card, "archive").send().await.expect(200).body, shut);
    assert_eq!(desk.in_column("Ready").await, Vec::<String>::new());
    let refused: Vec<Request> = vec![
        desk.ann.patch(&path).json(&json!({"title": "y"})),
        desk.ann.put(&path).json(&json!({"title": "y"})),
        moving(&desk.ann, &card, desk.column("Done"), json!({})),
        desk.ann.post(&format!("{path}/assign")).json(&json!({"user_ids": []})),
    ];
    for write in refused {
        write.send().await.expect_problem(409, "card_archived");
    }
    desk.ann.delete(&path).send().await.expect(204);
    desk.ann.delete(&path).send().await.expect_problem(404, "not_found");
    desk.ann.get(&path).send().await.expect_problem(404, "not_found");
    acting(&desk.ann, &card, "archive").send().await.expect_problem(404, "not_found");
    let trash = desk.ann.get(&format!("{}/trash?include_total=true", at(BOARDS, &desk.board))).send().await.expect(200);
    assert_eq!((items(&trash)[0]["id"].clone(), &trash.body["total"]), (card["id"].clone(), &json!(1)));
    assert_eq!(items(&trash)[0]["status"], "trashed");
    let back = acting(&desk.ann, &card, "restore").send().await.expect(200).body;
    assert_eq!((&back["status"], &back["archived_at"]), (&json!("open"), &Value::Null));
    assert_eq!(acting(&desk.ann, &card, "restore").send().await.expect(200).body, back);
    assert_eq!(desk.in_column("Ready").await, ["x"]);
    assert_eq!(replayed(&desk.activity().await), ids_by_column(&desk.now().await));
}

async fn after_thirty_days_the_trash_is_emptied(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (gone, kept) = (desk.card("secret words", "Ready").await, desk.card("y", "Ready").await);
    desk.ann.patch(&at(CARDS, &gone)).json(&json!({"description": "more secret words"})).send().await.expect(200);
    desk.ann.delete(&at(CARDS, &gone)).send().await.expect(204);
    let ago = async |days: i64| {
        let then = Timestamp::from(app.clock().now().utc() - Duration::days(days));
        let id = gone["id"].as_i64().unwrap();
        let age = move |db: &mut Db| {
            let aged = sql_query(format!("UPDATE cards SET trashed_at = '{then}' WHERE id = {id}")).execute(db);
            aged.map_err(DbError::from)
        };
        assert_eq!(app.ctx.db.write(age).await.unwrap(), 1);
        app.clock().advance(Duration::minutes(5));
    };
    let listed = async || {
        let trash = desk.ann.get(&format!("{}/trash", at(BOARDS, &desk.board))).send().await.expect(200);
        items(&trash).len()
    };
    ago(29).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(listed().await, 1);
    ago(31).await;
    eventually(async || listed().await == 0).await;
    acting(&desk.ann, &gone, "restore").send().await.expect_problem(404, "not_found");
    let told = serde_json::to_string(&desk.activity().await).unwrap();
    assert!(!told.contains("secret"), "{told}");
    assert_eq!(desk.ann.get(&at(CARDS, &kept)).send().await.expect(200).body["title"], "y");
    assert_eq!(desk.card("z", "Ready").await["key"], "QA-3", "no number comes twice");
}

async fn people_of_the_project_are_assigned(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let (bob, guest) = (member(&app, &desk.ann, &desk.team, "viewer").await, person(&app).await);
    let stranger = person(&app).await;
    putting(&desk.ann, &desk.project, &guest, "member").send().await.expect(200);
    let assign = |ids: Value| desk.ann.post(&format!("{}/assign", at(CARDS, &card))).json(&json!({"user_ids": ids}));
    let both = assign(json!([id_of(&guest), id_of(&bob)])).send().await.expect(200).body;
    let ids: Vec<i64> = both["assignees"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted() && ids.len() == 2 && ids.contains(&id_of(&bob)));
    let refused = assign(json!([id_of(&bob), id_of(&stranger), 999_999])).send().await;
    let refused = refused.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/user_ids/1", "/user_ids/2"]);
    for (ids, pointer) in [(json!([1, 1]), "/user_ids"), (json!([0]), "/user_ids/0"), (json!("x"), "/user_ids")] {
        let refused = assign(ids).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    assert_eq!(bob.get(&at(CARDS, &card)).send().await.expect(200).body["watching"], true);
    let board = desk.now().await;
    assert_eq!(board["people"].as_array().unwrap().len(), 2);
    // Whoever goes works on nothing there any more.
    removing(&desk.ann, &desk.team, &bob).send().await.expect(204);
    desk.ann.delete(&format!("{}/members/{}", at(PROJECTS, &desk.project), id_of(&guest))).send().await.expect(204);
    eventually(async || desk.ann.get(&at(CARDS, &card)).send().await.expect(200).body["assignees"] == json!([])).await;
    let last = desk.activity().await.pop().unwrap();
    assert_eq!((&last["type"], &last["actor"]), (&json!("card_assigned"), &Value::Null));
}

async fn whoever_watches_says_so(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let viewer = member(&app, &desk.ann, &desk.team, "viewer").await;
    let path = at(CARDS, &card);
    let watching = async || viewer.get(&path).send().await.expect(200).body["watching"].clone();
    assert_eq!(watching().await, false);
    for _ in 0..2 {
        viewer.put(&format!("{path}/watch")).send().await.expect(204);
        assert_eq!(watching().await, true);
    }
    for _ in 0..2 {
        viewer.delete(&format!("{path}/watch")).send().await.expect(204);
        assert_eq!(watching().await, false);
    }
}

async fn bad_input_is_refused_by_name(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let other = board(&desk.ann, &desk.project).await;
    let before = desk.now().await;
    for (name, value) in [
        ("title", json!("")),
        ("title", json!("x".repeat(256))),
        ("title", json!("a\u{202e}b")),
        ("title", Value::Null),
        ("description", json!("x".repeat(20_001))),
        ("priority", json!("highest")),
        ("label_ids", json!([other["labels"][0]["id"]])),
        ("label_ids", json!([1, 1])),
        ("start_at", json!("yesterday")),
        ("due_at", json!("2026-13-01T00:00:00Z")),
        ("estimate", json!(-1)),
        ("estimate", json!(1_001)),
        ("estimate", json!(0.5)),
        ("number", json!(7)),
        ("created_by", json!(1)),
        ("version", json!(1)),
    ] {
        let mut body = json!({"title": "y"});
        body[name] = value;
        let mut new = body.clone();
        new["board_id"] = desk.board["id"].clone();
        for request in [
            desk.ann.post(CARDS).json(&new),
            desk.ann.put(&at(CARDS, &card)).json(&body),
            desk.ann.patch(&at(CARDS, &card)).json(&body),
        ] {
            let refused = request.send().await.expect_problem(422, "validation_failed");
            assert_eq!(refused.pointers(), [format!("/{name}")], "{body}");
        }
    }
    let dates = json!({"start_at": "2026-05-02T00:00:00Z", "due_at": "2026-05-01T00:00:00Z"});
    let refused = desk.ann.patch(&at(CARDS, &card)).json(&dates).send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/due_at"]);
    let nowhere = json!({"board_id": 999_999, "title": "x"});
    desk.ann.post(CARDS).json(&nowhere).send().await.expect_problem(404, "not_found");
    assert_eq!(desk.now().await, before);
}

poligon_testkit::tests! { start =>
    a_card_is_made_edited_and_numbered,
    activity_tells_what_has_changed,
    cards_move_to_the_place_that_is_named,
    there_is_always_room_between_two_cards,
    a_full_column_takes_no_card_from_elsewhere,
    the_archive_and_the_trash_give_back,
    after_thirty_days_the_trash_is_emptied,
    people_of_the_project_are_assigned,
    whoever_watches_says_so,
    bad_input_is_refused_by_name,
}
