//! What boards tell of their cards, for whoever counts, beside what the reports say.

use std::collections::BTreeMap;

use chrono::Duration;
use poligon_core::db::{Db, DbError};
use poligon_core::events::Event;
use poligon_testkit::{Client, TestApp, at_once};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::world::{BOARDS, CARDS, Desk, acting, at, eventually, eventually_by_job, id_of, moving, start};

const PASSED: &str = "tasks.cards_passed";
const OVERDUE: &str = "tasks.cards_overdue";

/// The particulars of all events of a topic, the oldest first.
async fn told(app: &TestApp, topic: &str) -> Vec<Value> {
    let all = format!(
        "SELECT '[' || coalesce(string_agg(CAST(payload AS text), ',' ORDER BY id), '') || ']' AS t \
         FROM outbox WHERE topic = '{topic}'"
    );
    serde_json::from_str(&app.text(all).await).unwrap()
}

fn cards(event: &Value) -> &Vec<Value> {
    event["cards"].as_array().unwrap()
}

/// What completions come to when those that were taken back are taken back: how many, how many of them have a cycle time, and
/// the sum of these.
fn sums<'a>(events: impl Iterator<Item = &'a Value>) -> (i64, i64, i64) {
    let mut all = (0, 0, 0);
    for card in events.flat_map(cards) {
        for (done, sign) in [(&card["done"], 1), (&card["undone"], -1)] {
            if done.is_null() {
                continue;
            }
            all.0 += sign;
            if let Some(cycle) = done["cycle_ms"].as_i64() {
                all = (all.0, all.1 + sign, all.2 + sign * cycle);
            }
        }
    }
    all
}

/// The same as the reports of a board have it: completed, with a cycle time, and its mean in seconds.
async fn reported(reader: &Client, board_id: &Value, from: &str, to: &str) -> (i64, i64, Option<i64>) {
    let report = async |kind: &str| {
        let path = format!("{BOARDS}/{board_id}/reports/{kind}?from={from}&to={to}&tz=UTC");
        reader.get(&path).send().await.expect(200).body
    };
    let (throughput, cycle) = (report("throughput").await, report("cycle_time").await);
    (throughput["total"].as_i64().unwrap(), cycle["count"].as_i64().unwrap(), cycle["mean"].as_i64())
}

fn day(app: &TestApp, days: i64) -> String {
    (app.clock().now() + Duration::days(days)).utc().format("%Y-%m-%d").to_string()
}

async fn a_card_tells_where_it_goes(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let to = async |column: &str| {
        app.clock().advance(Duration::minutes(1));
        moving(&desk.ann, &card, desk.column(column), json!({})).send().await.expect(200);
    };
    to("Ready").await;
    to("Review").await;
    to("Done").await;
    desk.ann.patch(&at(CARDS, &card)).json(&json!({"title": "y"})).send().await.expect(200);
    let events = told(&app, PASSED).await;
    // The clock goes on while the test runs.
    let minutes = |card: &Value| card["done"]["cycle_ms"].as_i64().map(|cycle| cycle / 60_000);
    let short = |card: &Value| (card["deed"].clone(), card["column_type"].clone(), minutes(card));
    let all: Vec<_> = events.iter().flat_map(cards).map(short).collect();
    assert_eq!(
        all,
        [
            (json!("created"), json!("backlog"), None),
            (json!("moved"), json!("active"), None),
            (json!("moved"), json!("done"), Some(1)),
        ]
    );
    for event in &events {
        assert_eq!((&event["board_id"], &event["actor_id"]), (&desk.board["id"], &json!(desk.ann.user_id)));
        assert_eq!(cards(event)[0]["card_id"], card["id"]);
    }
}

async fn what_is_done_comes_to_what_reports_say(app: TestApp) {
    let mut desk = Desk::new(&app).await;
    let (mut rng, mut all) = (ChaCha8Rng::seed_from_u64(5), Vec::new());
    let names: Vec<String> =
        desk.board["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_owned()).collect();
    let (from, to) = (day(&app, 0), day(&app, 40));
    for turn in 0..140 {
        app.clock().advance(Duration::minutes(rng.random_range(1..300)));
        desk.ann = app.log_in(id_of(&desk.ann)).await;
        if all.len() < 12 && turn % 3 == 0 {
            all.push(desk.card(&turn.to_string(), if turn % 4 == 3 { "Done" } else { "Backlog" }).await);
            continue;
        }
        let card = &all[rng.random_range(0..all.len())];
        match rng.random_range(0..8) {
            0 => drop(acting(&desk.ann, card, "archive").send().await),
            1 => drop(desk.ann.delete(&at(CARDS, card)).send().await),
            2 | 3 => drop(acting(&desk.ann, card, "restore").send().await),
            _ => drop(
                moving(&desk.ann, card, desk.column(&names[rng.random_range(0..names.len())]), json!({})).send().await,
            ),
        }
    }
    let events = told(&app, PASSED).await;
    let (done, timed, sum) = sums(events.iter());
    let undone = events.iter().flat_map(cards).filter(|card| !card["undone"].is_null()).count();
    assert!(done > 1 && timed > 0 && undone > 3, "{done} {timed} {undone}");
    let (total, count, mean) = reported(&desk.ann, &desk.board["id"], &from, &to).await;
    assert_eq!((done, timed), (total, count));
    assert!((sum / timed / 1_000 - mean.unwrap()).abs() <= 1, "{sum} by {timed} is not {mean:?}");
}

/// The type of a column is changed while cards stand in it: what was told is what is taken back.
async fn what_was_told_is_taken_back_whatever_columns_are_by_then(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (mut all, mut wanted) = (Vec::new(), (0, 0));
    for name in ["unseen", "worked", "twice"] {
        all.push(desk.card(name, "Backlog").await);
    }
    let to = async |card: &Value, column: &str| {
        app.clock().advance(Duration::minutes(1));
        moving(&desk.ann, card, desk.column(column), json!({})).send().await.expect(200);
    };
    let into = async |column: &str, kind: &str| {
        let path = format!("{}/columns/{}", at(BOARDS, &desk.board), desk.column(column));
        desk.ann.patch(&path).json(&json!({"type": kind})).send().await.expect(200);
    };
    let mut check = async |change: (i64, i64)| {
        wanted = (wanted.0 + change.0, wanted.1 + change.1);
        let (done, timed, _) = sums(told(&app, PASSED).await.iter());
        assert_eq!((done, timed), wanted);
    };
    // What stands in a column that becomes a done one did not come there to be done.
    to(&all[0], "Ready").await;
    into("Ready", "done").await;
    to(&all[0], "Backlog").await;
    check((0, 0)).await;
    into("Ready", "backlog").await;
    // The cycle of a card goes with its completion, although nobody would say now that work was begun.
    to(&all[1], "Review").await;
    to(&all[1], "Done").await;
    check((1, 1)).await;
    into("Review", "backlog").await;
    to(&all[1], "Backlog").await;
    check((-1, -1)).await;
    into("Review", "active").await;
    // A card in a column that is no longer a done one is done until it leaves it, and once in another.
    to(&all[2], "Done").await;
    check((1, 0)).await;
    into("Done", "active").await;
    into("Ready", "done").await;
    to(&all[2], "Ready").await;
    check((0, 0)).await;
    to(&all[2], "Backlog").await;
    check((-1, 0)).await;
    // Of what was there before it was written down, nothing was told.
    to(&all[2], "Ready").await;
    check((1, 0)).await;
    app.sql("UPDATE card_transitions SET to_kind = NULL").await;
    to(&all[2], "Backlog").await;
    check((0, 0)).await;
}

async fn many_cards_at_once_are_one_event(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (done, ready) = (desk.column("Done"), desk.column("Backlog"));
    let bulk = async |operations: Vec<Value>| {
        let body = json!({"board_id": desk.board["id"], "mode": "skip_bad", "operations": operations});
        desk.ann.post(&format!("{CARDS}/bulk")).json(&body).send().await.expect(200).body
    };
    let made = bulk((0..60).map(|n| json!({"create": {"title": n.to_string(), "column_id": ready}})).collect()).await;
    let ids: Vec<Value> = made["results"].as_array().unwrap().iter().map(|one| one["card"]["id"].clone()).collect();
    let mut moves: Vec<Value> = ids.iter().map(|id| json!({"card_id": id, "move": {"column_id": done}})).collect();
    moves.push(json!({"card_id": ids[0], "move": {"column_id": 999_999}}));
    moves.push(json!({"card_id": ids[0], "move": {"column_id": ready}}));
    moves.push(json!({"card_id": ids[0], "move": {"column_id": done}}));
    bulk(moves).await;
    let events = told(&app, PASSED).await;
    assert_eq!(events.iter().map(|event| cards(event).len()).collect::<Vec<_>>(), [60, 62]);
    assert_eq!(sums(events.iter()), (60, 0, 0));
}

/// Ten people at once, over two copies, move the same cards to what is done and back: each is done once in the end, or not at all.
async fn a_card_that_many_finish_at_once_is_done_once(app: TestApp) {
    let desk = Desk::new(&app).await;
    let copy = app.another_copy();
    let other = desk.ann.towards(copy.url());
    let mut all = Vec::new();
    for n in 0..4 {
        all.push(desk.card(&n.to_string(), "Ready").await);
    }
    let (from, to) = (day(&app, 0), day(&app, 2));
    for round in 0..4 {
        app.clock().advance(Duration::minutes(1));
        let columns = ["Done", "Review", "Done", "Ready", "Done"];
        let moves = all.iter().flat_map(|card| columns.iter().map(move |name| (card, *name))).enumerate();
        let moves = moves.map(|(n, (card, name))| {
            let who = if (n + round) % 2 == 0 { &desk.ann } else { &other };
            moving(who, card, desk.column(name), json!({})).send()
        });
        for reply in at_once(moves.collect::<Vec<_>>()).await {
            assert!([200, 409].contains(&reply.status), "{}", reply.text);
        }
        let (done, timed, _) = sums(told(&app, PASSED).await.iter());
        let (total, count, _) = reported(&desk.ann, &desk.board["id"], &from, &to).await;
        assert_eq!((done, timed), (total, count));
    }
}

async fn a_due_date_that_passes_is_told_with_its_card(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (late, done) = (desk.card("late", "Ready").await, desk.card("done", "Done").await);
    let due = app.clock().now() + Duration::minutes(10);
    for card in [&late, &done] {
        let body = json!({"due_at": due.utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)});
        desk.ann.patch(&at(CARDS, card)).json(&body).send().await.expect(200);
    }
    app.clock().advance(Duration::minutes(9));
    assert_eq!(told(&app, OVERDUE).await, Vec::<Value>::new());
    app.clock().advance(Duration::minutes(2));
    let minute = Duration::seconds(61);
    eventually_by_job(&app, minute, async || !told(&app, OVERDUE).await.is_empty()).await;
    let event = told(&app, OVERDUE).await.remove(0);
    assert_eq!(
        event,
        json!({"board_id": desk.board["id"], "cards": [{"card_id": late["id"], "due_at": due.millis()}]})
    );
    moving(&desk.ann, &done, desk.column("Ready"), json!({})).send().await.expect(200);
    eventually(async || app.number("SELECT count(*) AS n FROM outbox WHERE dispatched_at IS NULL").await == 0).await;
    app.clock().advance(minute);
    eventually_by_job(&app, minute, async || told(&app, OVERDUE).await.len() == 2).await;
    assert_eq!(cards(&told(&app, OVERDUE).await[1])[0]["card_id"], done["id"]);
}

/// What demo data would have told is what the reports say of it.
async fn the_past_is_told_as_reports_have_it(app: TestApp) {
    app.seed_demo(poligon_tasks::domain(), 80).await;
    let database = app.ctx.db.clone();
    let work = move |db: &mut Db| {
        let mut all: Vec<Event> = Vec::new();
        (poligon_tasks::domain().history)(db, &mut |_, events| {
            all.extend(events);
            Ok(())
        })?;
        Ok::<_, DbError>(all)
    };
    let all = tokio::task::spawn_blocking(move || database.alone(work)).await.unwrap().expect("the past");
    let mut of_boards: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for event in all.iter().filter(|event| event.topic == PASSED) {
        of_boards.entry(event.payload.0["board_id"].as_i64().unwrap()).or_default().push(event.payload.0.clone());
    }
    assert_eq!(of_boards.len(), 12);
    let (from, to) = (day(&app, -95), day(&app, 0));
    let mut made = 0;
    for (board_id, events) in &of_boards {
        let owner = app.log_in(11 + (board_id - 1) / 2 * 10).await;
        let (done, timed, sum) = sums(events.iter());
        let (total, count, mean) = reported(&owner, &json!(board_id), &from, &to).await;
        assert_eq!((done, timed), (total, count), "board {board_id}");
        assert!((sum / timed / 1_000 - mean.unwrap()).abs() <= 1, "board {board_id}: {sum} by {timed} is not {mean:?}");
        assert!(events.iter().flat_map(cards).any(|card| !card["undone"].is_null()));
        made += events.iter().flat_map(cards).filter(|card| card["deed"] == "created").count();
        let known =
            events.iter().filter(|event| cards(event)[0]["deed"] != "kept").all(|event| event["actor_id"].is_i64());
        assert!(known, "everybody who did anything is known");
    }
    assert_eq!(made, 1_500);
    let overdue: Vec<&Event> = all.iter().filter(|event| event.topic == OVERDUE).collect();
    assert!((20..450).contains(&overdue.len()), "{}", overdue.len());
    assert!(overdue.iter().all(|event| event.occurred_at < app.clock().now()));
}

poligon_testkit::tests! { start =>
    a_card_tells_where_it_goes,
    what_is_done_comes_to_what_reports_say,
    what_was_told_is_taken_back_whatever_columns_are_by_then,
    many_cards_at_once_are_one_event,
    a_card_that_many_finish_at_once_is_done_once,
    a_due_date_that_passes_is_told_with_its_card,
    the_past_is_told_as_reports_have_it,
}
