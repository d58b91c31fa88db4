//! Boards, their columns and labels.

use poligon_testkit::{Client, Request, TestApp};
use serde_json::{Value, json};

use crate::world::{BOARDS, CARDS, Desk, PROJECTS, at, board, items, member, moving, person, project, start, team};

fn columns_of(board: &Value) -> Vec<(String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let shown = |column: &Value| (text(&column["name"]), text(&column["type"]), column["wip_limit"].clone());
    board["columns"].as_array().unwrap().iter().map(shown).collect()
}

fn names(board: &Value) -> Vec<String> {
    columns_of(board).into_iter().map(|column| column.0).collect()
}

async fn a_board_is_made_changed_and_deleted(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let project = project(&ann, &team, "QA").await;
    let body = json!({"project_id": project["id"], "name": "Checkout", "description": "*Buy*"});
    let made = ann.post(BOARDS).json(&body).send().await.expect(201);
    let path = at(BOARDS, &made.body);
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shown = ann.get(&path).send().await.expect(200);
    assert_eq!(shown.body, made.body);
    assert_eq!((&shown.body["project_key"], &shown.body["archived"]), (&json!("QA"), &json!(false)));
    assert_eq!(names(&shown.body), ["Backlog", "Ready", "In progress", "Review", "Done"]);
    let tag = shown.header("etag").unwrap().to_owned();
    ann.get(&path).header("if-none-match", &tag).send().await.expect(304);
    let patch = |body: Value| ann.patch(&path).json(&body);
    let changed = patch(json!({"name": "Cart"})).header("if-match", &tag).send().await.expect(200).body;
    assert_eq!(
        (&changed["name"], &changed["description"], &changed["version"]),
        (&json!("Cart"), &json!("*Buy*"), &json!(2))
    );
    patch(json!({"name": "x"})).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    ann.delete(&path).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    let card = json!({"board_id": made.body["id"], "title": "x"});
    let card = ann.post(CARDS).json(&card).send().await.expect(201).body;
    ann.delete(&path).send().await.expect(204);
    ann.delete(&path).send().await.expect_problem(404, "not_found");
    ann.get(&at(CARDS, &card)).send().await.expect_problem(404, "not_found");
}

async fn templates_bring_columns_and_labels(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let project = project(&ann, &team, "QA").await;
    for (template, columns, labels) in [("empty", 0, 0), ("kanban", 5, 3), ("scrum", 5, 4), ("bug_triage", 5, 5)] {
        let body = json!({"project_id": project["id"], "name": "x", "template": template});
        let made = ann.post(BOARDS).json(&body).send().await.expect(201).body;
        let count = |name: &str| made[name].as_array().unwrap().len();
        assert_eq!((count("columns"), count("labels")), (columns, labels), "{template}");
        let kinds: Vec<String> = columns_of(&made).into_iter().map(|column| column.1).collect();
        let order = |kind: &String| ["backlog", "active", "done"].iter().position(|known| known == kind);
        assert!(kinds.is_sorted_by_key(order), "{kinds:?}");
    }
    let empty = json!({"project_id": project["id"], "name": "x", "template": "empty"});
    let empty = ann.post(BOARDS).json(&empty).send().await.expect(201).body;
    let card = json!({"board_id": empty["id"], "title": "x"});
    ann.post(CARDS).json(&card).send().await.expect_problem(409, "no_column");
}

async fn boards_are_listed_by_pages_and_projects(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let mine = team(&ann).await;
    let (one, two) = (project(&ann, &mine, "QA").await, project(&ann, &mine, "OPS").await);
    let theirs = team(&bob).await;
    let foreign = project(&bob, &theirs, "QA").await;
    board(&bob, &foreign).await;
    let mut made = Vec::new();
    for project in [&one, &one, &two] {
        made.push(board(&ann, project).await["id"].clone());
    }
    let list = async |query: &str| {
        let page = ann.get(&format!("{BOARDS}?{query}")).send().await.expect(200);
        (items(&page).iter().map(|board| board["id"].clone()).collect::<Vec<_>>(), page.body)
    };
    assert_eq!(list("").await.0, [made[2].clone(), made[1].clone(), made[0].clone()]);
    assert_eq!(list(&format!("project_id={}", one["id"])).await.0, [made[1].clone(), made[0].clone()]);
    assert_eq!(list(&format!("project_id={}", foreign["id"])).await.0, Vec::<Value>::new());
    let (first, page) = list("limit=2&include_total=true").await;
    assert_eq!((first.len(), &page["total"]), (2, &json!(3)));
    assert_eq!(list(&format!("limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await.0, [made[0].clone()]);
    for query in ["project_id=0", "project_id=x", "limit=0", "cursor=%21", "colour=red"] {
        let refused = ann.get(&format!("{BOARDS}?{query}")).send().await.expect_problem(422, "validation_failed");
        let (name, _) = query.split_once('=').unwrap();
        assert_eq!(refused.pointers(), [format!("/{name}")]);
    }
}

async fn columns_are_made_changed_arranged_and_deleted(app: TestApp) {
    let desk = Desk::new(&app).await;
    let path = format!("{}/columns", at(BOARDS, &desk.board));
    let add = |body: Value| desk.ann.post(&path).json(&body);
    let made =
        add(json!({"name": "Blocked", "type": "active", "wip_limit": 2, "position": 4})).send().await.expect(201);
    assert_eq!(made.header("location"), Some(format!("{path}/{}", made.body["id"]).as_str()));
    assert_eq!(
        ["name", "type", "wip_limit", "position", "card_count"].map(|name| made.body[name].clone()),
        [json!("Blocked"), json!("active"), json!(2), json!(4), json!(0)]
    );
    assert_eq!(names(&desk.now().await), ["Backlog", "Ready", "In progress", "Blocked", "Review", "Done"]);
    add(json!({"name": "Later", "type": "done"})).send().await.expect(201);
    let own = format!("{path}/{}", made.body["id"]);
    let patch = |body: Value| desk.ann.patch(&own).json(&body);
    let changed = patch(json!({"position": 1, "wip_limit": null, "type": "backlog"})).send().await.expect(200).body;
    assert_eq!(
        (&changed["position"], &changed["wip_limit"], &changed["type"]),
        (&json!(1), &Value::Null, &json!("backlog"))
    );
    assert_eq!(names(&desk.now().await), ["Blocked", "Backlog", "Ready", "In progress", "Review", "Done", "Later"]);
    patch(json!({"position": 30})).send().await.expect(200);
    assert_eq!(names(&desk.now().await), ["Backlog", "Ready", "In progress", "Review", "Done", "Later", "Blocked"]);
    let before = desk.activity().await.len();
    patch(json!({"position": 7, "name": "Blocked"})).send().await.expect(200);
    assert_eq!(desk.activity().await.len(), before, "nothing has changed");
    let card = desk.card("x", "Ready").await;
    moving(&desk.ann, &card, made.body["id"].as_i64().unwrap(), json!({})).send().await.expect(200);
    let refused = desk.ann.delete(&own).send().await.expect_problem(409, "column_not_empty");
    assert_eq!(refused.body["detail"], "1 cards stand in this column");
    desk.ann.delete(&at(CARDS, &card)).send().await.expect(204);
    desk.ann.delete(&own).send().await.expect(204);
    desk.ann.delete(&own).send().await.expect_problem(404, "not_found");
    patch(json!({"name": "x"})).send().await.expect_problem(404, "not_found");
    let left = desk.now().await;
    let positions: Vec<i64> =
        left["columns"].as_array().unwrap().iter().map(|column| column["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6]);
    // A card of a column that is no more comes back to the first one.
    let back = desk.ann.post(&format!("{}/restore", at(CARDS, &card))).send().await.expect(200).body;
    assert_eq!(back["column_id"], desk.column("Backlog"));
}

async fn a_board_has_thirty_columns_at_most(app: TestApp) {
    let desk = Desk::new(&app).await;
    let path = format!("{}/columns", at(BOARDS, &desk.board));
    for n in 0..25 {
        desk.ann
            .post(&path)
            .json(&json!({"name": format!("C{n}"), "type": "backlog", "position": 1}))
            .send()
            .await
            .expect(201);
    }
    let more = desk.ann.post(&path).json(&json!({"name": "x", "type": "done"}));
    more.send().await.expect_problem(409, "too_many_columns");
    assert_eq!(names(&desk.now().await)[0], "C24");
}

async fn labels_are_unlike_each_other(app: TestApp) {
    let desk = Desk::new(&app).await;
    let path = format!("{}/labels", at(BOARDS, &desk.board));
    let add = |body: Value| desk.ann.post(&path).json(&body);
    let made = add(json!({"name": "Payment", "color": "#ABCDEF"})).send().await.expect(201).body;
    assert_eq!((&made["name"], &made["color"]), (&json!("Payment"), &json!("#abcdef")));
    let refused =
        add(json!({"name": "pAYMENT", "color": "#000000"})).send().await.expect_problem(409, "label_name_taken");
    assert_eq!(refused.body["detail"], "the board has a label pAYMENT already");
    let own = format!("{path}/{}", made["id"]);
    let patch = |body: Value| desk.ann.patch(&own).json(&body);
    patch(json!({"name": "BUG"})).send().await.expect_problem(409, "label_name_taken");
    assert_eq!(patch(json!({"name": "PAYMENT"})).send().await.expect(200).body["name"], "PAYMENT");
    let body = json!({"board_id": desk.board["id"], "title": "x", "label_ids": [made["id"], desk.label("Bug")]});
    let card = desk.ann.post(CARDS).json(&body).send().await.expect(201).body;
    assert_eq!(card["labels"].as_array().unwrap().len(), 2);
    desk.ann.delete(&own).send().await.expect(204);
    desk.ann.delete(&own).send().await.expect_problem(404, "not_found");
    let left = desk.ann.get(&at(CARDS, &card)).send().await.expect(200).body;
    assert_eq!(left["labels"], json!([{"id": desk.label("Bug"), "name": "Bug", "color": "#d55e00"}]));
    let listed = desk.ann.get(&path).send().await.expect(200);
    let listed: Vec<&Value> = items(&listed).iter().map(|label| &label["name"]).collect();
    assert_eq!(listed, ["Bug", "Chore", "Feature"]);
    let other = board(&desk.ann, &desk.project).await;
    let elsewhere = format!("{}/labels/{}", at(BOARDS, &other), desk.label("Bug"));
    desk.ann.delete(&elsewhere).send().await.expect_problem(404, "not_found");
}

async fn a_board_of_an_archived_project_is_only_read(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let path = at(BOARDS, &desk.board);
    desk.ann.post(&format!("{}/archive", at(PROJECTS, &desk.project))).send().await.expect(200);
    let shown = desk.now().await;
    assert_eq!(shown["archived"], true);
    let column = format!("{path}/columns/{}", desk.column("Ready"));
    let label = format!("{path}/labels/{}", desk.label("Bug"));
    let ann = &desk.ann;
    let writes: Vec<Request> = vec![
        ann.post(BOARDS).json(&json!({"project_id": desk.project["id"], "name": "x"})),
        ann.patch(&path).json(&json!({"name": "x"})),
        ann.post(&format!("{path}/columns")).json(&json!({"name": "x", "type": "done"})),
        ann.patch(&column).json(&json!({"name": "x"})),
        ann.delete(&column),
        ann.post(&format!("{path}/labels")).json(&json!({"name": "x", "color": "#000000"})),
        ann.patch(&label).json(&json!({"name": "x"})),
        ann.delete(&label),
        ann.post(CARDS).json(&json!({"board_id": desk.board["id"], "title": "y"})),
        ann.patch(&at(CARDS, &card)).json(&json!({"title": "y"})),
        ann.put(&at(CARDS, &card)).json(&json!({"title": "y"})),
        ann.delete(&at(CARDS, &card)),
        moving(ann, &card, desk.column("Done"), json!({})),
        ann.post(&format!("{}/assign", at(CARDS, &card))).json(&json!({"user_ids": []})),
        ann.post(&format!("{}/archive", at(CARDS, &card))),
        ann.post(&format!("{}/restore", at(CARDS, &card))),
        ann.delete(&path),
    ];
    for write in writes {
        write.send().await.expect_problem(409, "archived");
    }
    assert_eq!(ann.get(&at(CARDS, &card)).send().await.expect(200).body["next_statuses"], json!([]));
    assert_eq!(desk.now().await, shown);
}

async fn bad_input_is_refused_by_name(app: TestApp) {
    let desk = Desk::new(&app).await;
    let path = at(BOARDS, &desk.board);
    let before = desk.now().await;
    let refused = async |request: Request, pointer: &str, why: &Value| {
        let refused = request.send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{why}");
    };
    for (name, value) in [
        ("project_id", json!(0)),
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("name", json!("a\nb")),
        ("description", json!("x".repeat(2_001))),
        ("template", json!("waterfall")),
        ("id", json!(1)),
        ("version", json!(1)),
    ] {
        let mut body = json!({"project_id": desk.project["id"], "name": "x"});
        body[name] = value;
        refused(desk.ann.post(BOARDS).json(&body), &format!("/{name}"), &body).await;
    }
    for (name, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(51))),
        ("type", json!("waiting")),
        ("type", Value::Null),
        ("wip_limit", json!(0)),
        ("wip_limit", json!(1_001)),
        ("wip_limit", json!(1.5)),
        ("position", json!(0)),
        ("position", json!(31)),
        ("card_count", json!(1)),
    ] {
        let mut body = json!({"name": "x", "type": "active"});
        body[name] = value;
        refused(desk.ann.post(&format!("{path}/columns")).json(&body), &format!("/{name}"), &body).await;
    }
    for (name, value) in
        [("name", json!("")), ("color", json!("red")), ("color", json!("#12345")), ("color", json!("#12345g"))]
    {
        let mut body = json!({"name": "x", "color": "#000000"});
        body[name] = value;
        refused(desk.ann.post(&format!("{path}/labels")).json(&body), &format!("/{name}"), &body).await;
    }
    assert_eq!(desk.now().await, before);
}

/// A removed member and a stranger see none; a viewer sees all and changes nothing.
async fn only_people_of_the_project_see_a_board(app: TestApp) {
    let desk = Desk::new(&app).await;
    let viewer = member(&app, &desk.ann, &desk.team, "viewer").await;
    let stranger: Client = person(&app).await;
    let path = at(BOARDS, &desk.board);
    assert_eq!(viewer.get(&path).send().await.expect(200).body["role"], "viewer");
    for below in ["", "/activity", "/labels", "/trash"] {
        viewer.get(&format!("{path}{below}")).send().await.expect(200);
        stranger.get(&format!("{path}{below}")).send().await.expect_problem(404, "not_found");
    }
}

/// What the caller may not know of is told as what is not there is, and by which name the body asked for it.
async fn a_body_that_names_nothing_known_is_told_where(app: TestApp) {
    let desk = Desk::new(&app).await;
    let stranger = person(&app).await;
    let operations = json!([{"create": {"title": "x"}}]);
    for (path, name, mut body, own) in [
        (CARDS, "board_id", json!({"title": "x"}), &desk.board["id"]),
        ("/api/tasks/cards/bulk", "board_id", json!({"operations": operations}), &desk.board["id"]),
        (BOARDS, "project_id", json!({"name": "x"}), &desk.project["id"]),
        (PROJECTS, "team_id", json!({"name": "x", "key": "XY"}), &desk.team["id"]),
    ] {
        for (caller, id) in [(&stranger, own.clone()), (&desk.ann, json!(4_000_000_000_i64))] {
            body[name] = id;
            let refused = caller.post(path).json(&body).send().await.expect_problem(404, "not_found");
            let detail = format!("{name} is the id of nothing that you may know of");
            assert_eq!((&refused.body["detail"], &refused.body["errors"]), (&json!(detail), &json!([])), "{path}");
        }
    }
}

poligon_testkit::tests! { start =>
    a_board_is_made_changed_and_deleted,
    templates_bring_columns_and_labels,
    boards_are_listed_by_pages_and_projects,
    columns_are_made_changed_arranged_and_deleted,
    a_board_has_thirty_columns_at_most,
    labels_are_unlike_each_other,
    a_board_of_an_archived_project_is_only_read,
    bad_input_is_refused_by_name,
    only_people_of_the_project_see_a_board,
    a_body_that_names_nothing_known_is_told_where,
}
