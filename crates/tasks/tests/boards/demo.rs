//! Demo data: boards, what has happened on them, and what is counted are of one piece.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{BOARDS, PROJECTS, TEAMS, ids_by_column, items, replayed, start};

/// People of the demo who take part.
const PEOPLE: i64 = 80;

/// Every report.
const KINDS: [&str; 10] = [
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
];

async fn seeded(app: &TestApp) {
    app.seed_demo(poligon_tasks::domain(), PEOPLE).await;
}

/// The whole activity of a board, the oldest first.
async fn activity(reader: &Client, board_id: i64) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = reader.get(&format!("{BOARDS}/{board_id}/activity?limit=100{cursor}")).send().await.expect(200);
        all.extend(items(&page).iter().cloned());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    all.reverse();
    all
}

async fn boards_are_what_their_activity_says(app: TestApp) {
    seeded(&app).await;
    let mut cards = 0;
    for board_id in 1..=12 {
        // The first of each team, who owns it.
        let owner = app.log_in(11 + (board_id - 1) / 2 * 10).await;
        let board = owner.get(&format!("{BOARDS}/{board_id}")).send().await.expect(200).body;
        let all = activity(&owner, board_id).await;
        assert_eq!(board["last_seq"], all.len());
        assert_eq!(replayed(&all), ids_by_column(&board), "board {board_id}");
        assert!(all.is_sorted_by_key(|entry| entry["created_at"].as_str().unwrap().to_owned()), "in order of time");
        cards += all.iter().filter(|entry| entry["type"] == "card_created").count();
        let columns = board["columns"].as_array().unwrap();
        for column in columns {
            let there = column["cards"].as_array().unwrap().len();
            assert_eq!(column["card_count"], there);
            assert!(column["wip_limit"].as_u64().is_none_or(|limit| there as u64 <= limit), "{}", column["name"]);
        }
        let done = columns[4]["card_count"].as_i64().unwrap();
        assert!((30..=110).contains(&done), "board {board_id} has {done} done cards");
        assert_eq!(board["archived"], board_id == 12);
    }
    assert_eq!(cards, 1_500);
}

async fn what_is_counted_equals_rows(app: TestApp) {
    seeded(&app).await;
    let wrong = async |table: &str, counter: &str, counted: &str| {
        app.number(format!("SELECT COUNT(*) AS n FROM {table} AS object WHERE {counter} <> ({counted})")).await
    };
    for (table, counter, counted) in [
        ("teams", "member_count", "SELECT COUNT(*) FROM team_members WHERE team_id = object.id"),
        ("projects", "last_card_number", "SELECT MAX(number) FROM cards WHERE project_id = object.id"),
        ("boards", "card_count", "SELECT COUNT(*) FROM cards WHERE board_id = object.id"),
        ("cards", "comment_count", "SELECT COUNT(*) FROM card_comments WHERE card_id = object.id"),
        ("cards", "item_count", "SELECT COUNT(*) FROM checklist_items WHERE card_id = object.id"),
        (
            "cards",
            "done_item_count",
            "SELECT COUNT(*) FROM checklist_items WHERE card_id = object.id AND done_at IS NOT NULL",
        ),
        ("board_columns", "card_count", "SELECT COUNT(*) FROM cards WHERE column_id = object.id AND rank IS NOT NULL"),
    ] {
        assert_eq!(wrong(table, counter, counted).await, 0, "{table}");
    }
    // Where the last transition of a card leads is where it stands, unless it was archived as done.
    let strayed = "SELECT COUNT(*) AS n FROM cards WHERE column_id <> COALESCE((SELECT to_column_id FROM card_transitions \
                   WHERE card_id = cards.id ORDER BY id DESC LIMIT 1), column_id)";
    assert_eq!(app.number(strayed).await, 0);
    let outside = "SELECT COUNT(*) AS n FROM cards WHERE trashed_at IS NULL AND (SELECT to_column_id FROM card_transitions \
                   WHERE card_id = cards.id ORDER BY id DESC LIMIT 1) IS NULL";
    assert_eq!(app.number(outside).await, 0);
    for (what, least, most) in [
        ("archived_at IS NOT NULL", 50, 500),
        ("trashed_at IS NOT NULL", 3, 60),
        ("due_at IS NOT NULL", 400, 600),
        ("comment_count > 0", 500, 1_200),
        ("item_count > 0", 200, 400),
        ("done_item_count > 0", 150, 400),
        ("estimate IS NULL", 150, 350),
    ] {
        let count = app.number(format!("SELECT COUNT(*) AS n FROM cards WHERE {what}")).await;
        assert!((least..=most).contains(&count), "{what}: {count}");
    }
}

async fn each_role_has_somebody_to_log_in_as(app: TestApp) {
    seeded(&app).await;
    for (person, roles) in [(7, vec!["member", "viewer", "owner"]), (8, vec!["owner", "admin"]), (10, vec!["viewer"])] {
        let page = app.log_in(person).await.get(TEAMS).send().await.expect(200);
        let found: Vec<&str> = items(&page).iter().map(|team| team["role"].as_str().unwrap()).collect();
        assert_eq!(found, roles, "person {person}");
    }
    let guest = app.log_in(71).await.get(PROJECTS).send().await.expect(200);
    assert_eq!(items(&guest).len(), 2);
}

/// What a report comes to: figures that a person would look at.
fn summary(kind: &str, report: &Value) -> Value {
    let of = |name: &str| report[name].as_array().unwrap();
    let each = |rows: &Vec<Value>, names: &[&str]| {
        let row = |row: &Value| names.iter().map(|name| row[name].clone()).collect::<Vec<Value>>();
        json!(rows.iter().map(row).collect::<Vec<_>>())
    };
    match kind {
        "cumulative_flow" => json!([of("days")[0]["cards"], of("days").last().unwrap()["cards"]]),
        "burndown" => each(&of("days")[89..].to_vec(), &["scope", "remaining"]),
        "burnup" => each(&of("days")[89..].to_vec(), &["scope", "completed"]),
        "lead_time" | "cycle_time" => {
            json!(["count", "mean", "p50", "p85", "p95", "min", "max"].map(|name| report[name].clone()))
        }
        "throughput" => each(of("periods"), &["count"]),
        "time_in_column" => each(of("columns"), &["name", "stays", "cards", "total", "p50", "p85"]),
        "workload" => {
            let mut people = of("people").clone();
            people.sort_by_key(|row| row["person"]["id"].as_i64().unwrap_or(i64::MAX));
            each(&people, &["open", "active", "estimate", "completed"])
        }
        "overdue" => json!([of("open").len(), of("completed").len()]),
        "estimate_accuracy" => {
            let sum = |name: &str| of("points").iter().map(|point| point[name].as_i64().unwrap()).sum::<i64>();
            json!([of("points").len(), sum("estimate"), sum("actual")])
        }
        other => panic!("{other}: what does it come to? Say so here"),
    }
}

/// The figures of three boards, as `gateway seed --anchor 2026-04-30` makes them, of the 90 days before that in Berlin, where the
/// clock was changed on the 29th of March. They are those of `tests/reports/figures.py`, which knows nothing of the service but
/// the exported transitions.
async fn the_figures_of_the_reports_are_known(app: TestApp) {
    let anchor = serde_json::from_value(json!("2026-04-30T00:00:00Z")).unwrap();
    app.seed_demo_as_of(poligon_tasks::domain(), PEOPLE, anchor).await;
    let owner = app.log_in(11).await;
    let range = "from=2026-01-30&to=2026-04-29&tz=Europe/Berlin";
    let mut found = serde_json::Map::new();
    for (board, who) in [(1, 11), (2, 11), (3, 21)] {
        let reader = if who == 11 { owner.clone() } else { app.log_in(who).await };
        for kind in KINDS {
            let more = if kind == "throughput" { "&interval=week" } else { "" };
            let path = format!("{BOARDS}/{board}/reports/{kind}?{range}{more}");
            let report = reader.get(&path).send().await.expect(200).body;
            found.insert(format!("{board} {kind}"), summary(kind, &report));
        }
    }
    let known: Value = serde_json::from_str(include_str!("demo_figures.json")).unwrap();
    let found = Value::Object(found);
    assert_eq!(found, known, "{}", serde_json::to_string(&found).unwrap());
}

poligon_testkit::tests! { start =>
    boards_are_what_their_activity_says,
    what_is_counted_equals_rows,
    each_role_has_somebody_to_log_in_as,
    the_figures_of_the_reports_are_known,
}
