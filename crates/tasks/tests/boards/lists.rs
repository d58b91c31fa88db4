//! Lists of cards: filters, the filter language, orders, pages.

use poligon_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{BOARDS, CARDS, Desk, acting, at, id_of, items, member, moving, person, start};

/// A board with ten cards that differ in everything.
async fn scene(app: &TestApp) -> (Desk, i64) {
    let desk = Desk::new(app).await;
    let bob = member(app, &desk.ann, &desk.team, "member").await;
    let (me, other) = (id_of(&desk.ann), id_of(&bob));
    let (bug, chore) = (desk.label("Bug"), desk.label("Chore"));
    let rows = [
        json!({"title": "Coupon counts twice", "priority": "urgent", "label_ids": [bug], "assignee_ids": [me]}),
        json!({"title": "Ёлка на главной", "description": "К Новому году", "priority": "low", "estimate": 1}),
        json!({"title": "100% of the cart", "estimate": 5, "label_ids": [bug, chore], "assignee_ids": [other]}),
        json!({"title": "Plan the release", "due_at": "2020-01-10T12:00:00Z", "assignee_ids": [me, other]}),
        json!({"title": "Write it down", "due_at": "2090-01-10T12:00:00Z", "start_at": "2090-01-01T00:00:00Z"}),
        json!({"title": "Late but done", "due_at": "2020-02-01T00:00:00Z", "column_id": desk.column("Done")}),
        json!({"title": "In review", "column_id": desk.column("Review"), "priority": "high", "estimate": 8}),
        json!({"title": "Put away", "label_ids": [chore]}),
        json!({"title": "Thrown away", "label_ids": [bug]}),
        json!({"title": "The last", "priority": "high", "due_at": "2020-01-11T00:00:00Z"}),
    ];
    let mut made = Vec::new();
    for mut row in rows {
        row["board_id"] = desk.board["id"].clone();
        made.push(desk.ann.post(CARDS).json(&row).send().await.expect(201).body);
    }
    acting(&desk.ann, &made[7], "archive").send().await.expect(200);
    desk.ann.delete(&at(CARDS, &made[8])).send().await.expect(204);
    (desk, other)
}

async fn ask(desk: &Desk, query: &[(&str, &str)]) -> Reply {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    desk.ann.get(&format!("{}/cards?limit=100&{query}", at(BOARDS, &desk.board))).send().await
}

/// The numbers of the cards that are found, in order of number.
async fn found(desk: &Desk, query: &[(&str, &str)]) -> Vec<i64> {
    let reply = ask(desk, query).await.expect(200);
    let number = |card: &Value| card["key"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
    let mut numbers: Vec<i64> = items(&reply).iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

async fn each_parameter_chooses(app: TestApp) {
    let (desk, bob) = scene(&app).await;
    let text = |id: i64| id.to_string();
    let (review, bug, bob) = (text(desk.column("Review")), text(desk.label("Bug")), text(bob));
    for (query, numbers) in [
        (vec![], vec![1, 2, 3, 4, 5, 6, 7, 10]),
        (vec![("column_id", review.as_str())], vec![7]),
        (vec![("assignee_id", &bob)], vec![3, 4]),
        (vec![("label_id", &bug)], vec![1, 3]),
        (vec![("priority", "high")], vec![7, 10]),
        (vec![("due_from", "2020-01-10T12:00:00Z"), ("due_to", "2020-01-11T00:00:00Z")], vec![4, 10]),
        (vec![("due_to", "2020-01-31T00:00:00Z")], vec![4, 10]),
        (vec![("due_from", "2021-01-01T00:00:00Z")], vec![5]),
        (vec![("q", "ЁЛКА")], vec![2]),
        (vec![("q", "новому")], vec![2]),
        (vec![("q", "%")], vec![3]),
        (vec![("q", "it_down")], vec![]),
        (vec![("archived", "true")], vec![8]),
        (vec![("archived", "false")], vec![1, 2, 3, 4, 5, 6, 7, 10]),
        (vec![("label_id", &bug), ("assignee_id", &bob)], vec![3]),
    ] {
        assert_eq!(found(&desk, &query).await, numbers, "{query:?}");
    }
}

async fn the_language_chooses(app: TestApp) {
    let (desk, bob) = scene(&app).await;
    let me = app.text(format!("SELECT username AS t FROM users WHERE id = {}", id_of(&desk.ann))).await;
    let bob = app.text(format!("SELECT username AS t FROM users WHERE id = {bob}")).await;
    for (filter, numbers) in [
        ("", vec![1, 2, 3, 4, 5, 6, 7, 10]),
        ("assignee:me", vec![1, 4]),
        (&format!("assignee:{bob}"), vec![3, 4]),
        (&format!("assignee:{}", me.to_uppercase()), vec![1, 4]),
        ("assignee:none", vec![2, 5, 6, 7, 10]),
        ("assignee:nobody.by.that.name", vec![]),
        (&format!("assignee:me,{bob}"), vec![1, 3, 4]),
        ("-assignee:me", vec![2, 3, 5, 6, 7, 10]),
        ("label:bug", vec![1, 3]),
        ("label:BUG -label:chore", vec![1]),
        ("label:none priority:none", vec![4, 5, 6]),
        ("column:\"in progress\",review", vec![7]),
        ("priority:>=high", vec![1, 7, 10]),
        ("priority:low..high", vec![2, 7, 10]),
        ("due:2020-01-10", vec![4]),
        ("due:2020-01-10..2020-01-11", vec![4, 10]),
        ("due:none", vec![1, 2, 3, 7]),
        ("-due:2020-01-10", vec![1, 2, 3, 5, 6, 7, 10]),
        ("due:<today", vec![4, 6, 10]),
        ("start:2090-01-01", vec![5]),
        ("estimate:>1", vec![3, 7]),
        ("estimate:none,1", vec![1, 2, 4, 5, 6, 10]),
        ("-estimate:5", vec![1, 2, 4, 5, 6, 7, 10]),
        ("number:2,7,9", vec![2, 7]),
        ("is:open", vec![1, 2, 3, 4, 5, 7, 10]),
        ("is:done", vec![6]),
        ("is:overdue", vec![4, 10]),
        ("is:archived", vec![8]),
        ("is:archived,done", vec![6, 8]),
        ("is:unassigned is:overdue", vec![10]),
        ("-is:open", vec![6]),
        ("has:label", vec![1, 3]),
        ("-has:due,label", vec![2, 7]),
        ("created:today", vec![1, 2, 3, 4, 5, 6, 7, 10]),
        ("created:<today", vec![]),
        ("елка", vec![]),
        ("ёлка", vec![2]),
        ("\"counts twice\" coupon", vec![1]),
        ("\"twice counts\"", vec![]),
        ("-the", vec![1, 2, 5, 6, 7]),
    ] {
        assert_eq!(found(&desk, &[("filter", filter)]).await, numbers, "{filter}");
    }
    assert_eq!(found(&desk, &[("filter", "label:bug"), ("priority", "urgent")]).await, [1]);
}

/// What was archived as done is so, whatever becomes of the column; only a column that is there can be named.
async fn done_outlives_its_column(app: TestApp) {
    let (desk, _) = scene(&app).await;
    let cards = ask(&desk, &[("filter", "is:done")]).await.expect(200);
    acting(&desk.ann, items(&cards).first().unwrap(), "archive").send().await.expect(200);
    let column = format!("{}/columns/{}", at(BOARDS, &desk.board), desk.column("Done"));
    for gone in [false, true] {
        if gone {
            desk.ann.delete(&column).send().await.expect(204);
        }
        for (filter, numbers) in [("is:done", vec![6]), ("-is:done", vec![8]), ("is:open", vec![])] {
            assert_eq!(found(&desk, &[("archived", "true"), ("filter", filter)]).await, numbers, "{filter}, {gone}");
        }
    }
    ask(&desk, &[("filter", "column:done")]).await.expect_problem(422, "validation_failed");
}

async fn every_wrong_term_is_told(app: TestApp) {
    let (desk, _) = scene(&app).await;
    for (filter, codes) in [
        ("colour:red priority:highest due:soon", vec!["unknown_field", "unknown_value", "date"]),
        ("label:\"no end", vec!["unbalanced_quote"]),
        ("label:", vec!["empty_value"]),
        ("estimate:>1000 number:0", vec!["range", "range"]),
        ("label:typo column:nowhere label:bug", vec!["unknown_label", "unknown_column"]),
    ] {
        let refused = ask(&desk, &[("filter", filter)]).await.expect_problem(422, "validation_failed");
        let errors = refused.body["errors"].as_array().unwrap();
        let told: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
        assert_eq!(told, codes, "{filter}");
        assert!(errors.iter().all(|error| error["pointer"] == "/filter"));
    }
    for (name, value) in [
        ("column_id", "0"),
        ("assignee_id", "me"),
        ("label_id", "x"),
        ("priority", "highest"),
        ("due_from", "soon"),
        ("q", &"x".repeat(201)),
        ("archived", "perhaps"),
        ("sort", "title"),
        ("cursor", "!"),
        ("colour", "red"),
    ] {
        let refused = ask(&desk, &[(name, value)]).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [format!("/{name}")]);
    }
    let order = [("due_from", "2020-01-02T00:00:00Z"), ("due_to", "2020-01-01T00:00:00Z")];
    assert_eq!(ask(&desk, &order).await.expect_problem(422, "validation_failed").pointers(), ["/due_to"]);
}

async fn pages_go_on_where_they_ended_in_every_order(app: TestApp) {
    let (desk, _) = scene(&app).await;
    let path = format!("{}/cards", at(BOARDS, &desk.board));
    for (sort, numbers) in [
        ("number", vec![1, 2, 3, 4, 5, 6, 7, 10]),
        ("-number", vec![10, 7, 6, 5, 4, 3, 2, 1]),
        ("priority", vec![3, 4, 5, 6, 2, 7, 10, 1]),
        ("-priority", vec![1, 10, 7, 2, 6, 5, 4, 3]),
        ("due_at", vec![4, 10, 6, 5, 1, 2, 3, 7]),
        ("-due_at", vec![5, 6, 10, 4, 7, 3, 2, 1]),
    ] {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = desk.ann.get(&format!("{path}?sort={sort}&limit=3&include_total=true{cursor}"));
            let page = page.send().await.expect(200);
            assert_eq!(page.body["total"], 8);
            all.extend(items(&page).iter().map(|card| card["key"].as_str().unwrap()[3..].parse::<i64>().unwrap()));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(all, numbers, "{sort}");
        if sort != "number" {
            let other = desk.ann.get(&format!("{path}?sort=number&limit=3{cursor}")).send().await;
            assert_eq!(other.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
        }
    }
    let stranger = person(&app).await;
    stranger.get(&path).send().await.expect_problem(404, "not_found");
    let card = json!({"id": 1});
    moving(&stranger, &card, 1, json!({})).send().await.expect_problem(404, "not_found");
}

poligon_testkit::tests! { start =>
    each_parameter_chooses,
    the_language_chooses,
    done_outlives_its_column,
    every_wrong_term_is_told,
    pages_go_on_where_they_ended_in_every_order,
}
