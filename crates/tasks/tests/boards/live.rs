//! Streams of what happens on boards.

use std::time::{Duration, Instant};

use diesel::{RunQueryDsl as _, sql_query};
use poligon_core::db::{Db, DbError};
use poligon_testkit::{Backend, Client, EventStream, StreamEvent, TestApp};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::world::{
    BOARDS, CARDS, Desk, PROJECTS, at, id_of, member, moving, person, putting, removing, replayed, start,
};

/// Nothing comes within this time.
const SILENCE: Duration = Duration::from_millis(1_200);

fn path(desk: &Desk) -> String {
    format!("{}/events", at(BOARDS, &desk.board))
}

async fn open(app: &TestApp, desk: &Desk, who: &Client, last: Option<&str>) -> EventStream {
    let mut stream = EventStream::open(app, &path(desk), who, last).await;
    let ready = stream.try_next().await.unwrap();
    assert_eq!(
        (ready.name.as_str(), ready.id.as_deref()),
        ("ready", Some(ready.data["last_seq"].to_string().as_str()))
    );
    stream
}

async fn next(stream: &mut EventStream) -> StreamEvent {
    stream.try_next().await.expect("an event")
}

/// Every event of a stream up to the entry `seq`, as activity has it.
async fn up_to(stream: &mut EventStream, seq: i64) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let event = next(stream).await;
        assert_eq!(
            (event.data["type"].as_str(), event.id.unwrap()),
            (Some(event.name.as_str()), event.data["seq"].to_string())
        );
        all.push(event.data);
        if all.last().unwrap()["seq"] == seq {
            return all;
        }
    }
}

async fn every_viewer_is_told_of_every_change(app: TestApp) {
    let desk = Desk::new(&app).await;
    let viewer = member(&app, &desk.ann, &desk.team, "viewer").await;
    let elsewhere = app.another_copy();
    let mut streams = vec![open(&app, &desk, &desk.ann, None).await, open(&app, &desk, &viewer, None).await];
    streams.push(open(&elsewhere, &desk, &viewer, None).await);
    let before = desk.activity().await.len();
    let card = desk.card("x", "Ready").await;
    moving(&desk.ann, &card, desk.column("Review"), json!({})).send().await.expect(200);
    desk.ann.patch(&at(CARDS, &card)).json(&json!({"title": "y"})).send().await.expect(200);
    desk.ann.delete(&format!("{}/labels/{}", at(BOARDS, &desk.board), desk.label("Bug"))).send().await.expect(204);
    let activity = desk.activity().await;
    let last = i64::try_from(activity.len()).unwrap();
    for stream in &mut streams {
        assert_eq!(up_to(stream, last).await, activity[before..]);
    }
}

async fn last_event_id_gives_what_was_missed(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut stream = open(&app, &desk, &desk.ann, None).await;
    let card = desk.card("x", "Ready").await;
    next(&mut stream).await;
    let last = stream.id.clone();
    drop(stream);
    for n in 0..260 {
        let column = desk.column(["Done", "Backlog"][n % 2]);
        moving(&desk.ann, &card, column, json!({})).send().await.expect(200);
    }
    let activity = desk.activity().await;
    let end = i64::try_from(activity.len()).unwrap();
    let from: usize = last.parse().unwrap();
    let mut stream = open(&app, &desk, &desk.ann, Some(&last)).await;
    assert_eq!(up_to(&mut stream, end).await, activity[from..]);
    moving(&desk.ann, &card, desk.column("Review"), json!({})).send().await.expect(200);
    assert_eq!(next(&mut stream).await.data["seq"], end + 1);
    let mut whole = open(&app, &desk, &desk.ann, Some("0")).await;
    replayed(&up_to(&mut whole, end + 1).await);
}

async fn who_may_open_a_stream(app: TestApp) {
    let desk = Desk::new(&app).await;
    let stranger = person(&app).await;
    let path = path(&desk);
    app.client().get(&path).send().await.expect_problem(401, "unauthenticated");
    stranger.get(&path).send().await.expect_problem(404, "not_found");
    for last in ["x", "-1", "999999", "1.5"] {
        desk.ann.get(&path).header("last-event-id", last).send().await.expect_problem(400, "malformed_header");
    }
    let head = desk.ann.request("HEAD".parse().unwrap(), &path).send().await.expect(200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    desk.ann.get(&path).header("accept", "application/json").send().await.expect_problem(406, "not_acceptable");
}

/// Whoever is removed from the team, or the project, is told nothing of what happens then; their stream ends within a second.
async fn the_stream_of_a_removed_member_ends(app: TestApp) {
    let desk = Desk::new(&app).await;
    let elsewhere = app.another_copy();
    let (bob, guest) = (member(&app, &desk.ann, &desk.team, "member").await, person(&app).await);
    putting(&desk.ann, &desk.project, &guest, "viewer").send().await.expect(200);
    let kick = desk.ann.delete(&format!("{}/members/{}", at(PROJECTS, &desk.project), id_of(&guest)));
    for (who, removal) in [(&bob, removing(&desk.ann, &desk.team, &bob)), (&guest, kick)] {
        let mut here = open(&app, &desk, who, None).await;
        let mut there = open(&elsewhere, &desk, who, None).await;
        let mut own = open(&app, &desk, &desk.ann, None).await;
        let began = Instant::now();
        removal.send().await.expect(204);
        desk.card("secret", "Backlog").await;
        for stream in [&mut here, &mut there] {
            let told = stream.try_next().await;
            assert!(told.is_none(), "{told:?}");
            assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        }
        assert_eq!(next(&mut own).await.name, "card_created", "others are told");
    }
}

async fn a_stream_ends_with_its_board_and_its_session(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut stream = open(&app, &desk, &desk.ann, None).await;
    let began = Instant::now();
    let id = id_of(&desk.ann);
    let end = move |db: &mut Db| {
        let ended = sql_query(format!("UPDATE sessions SET revoked_at = created_at WHERE user_id = {id}"));
        ended.execute(db).map_err(DbError::from)
    };
    let bob = member(&app, &desk.ann, &desk.team, "owner").await;
    app.ctx.db.write(end).await.unwrap();
    assert!(stream.try_next().await.is_none());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let mut stream = open(&app, &desk, &bob, None).await;
    let began = Instant::now();
    bob.delete(&at(BOARDS, &desk.board)).send().await.expect(204);
    assert!(stream.try_next().await.is_none());
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

/// What the bus loses, a regular look finds.
async fn a_change_that_nobody_announced_is_told(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut stream = open(&app, &desk, &desk.ann, None).await;
    let id = desk.board["id"].as_i64().unwrap();
    let silently = move |db: &mut Db| {
        let statements = [
            format!(
                "INSERT INTO board_activity (board_id, seq, kind, before, after, created_at) SELECT {id}, last_seq + 1, \
                 'board_updated', 'null', 'null', created_at FROM boards WHERE id = {id}"
            ),
            format!("UPDATE boards SET last_seq = last_seq + 1 WHERE id = {id}"),
        ];
        statements.iter().try_for_each(|one| sql_query(one).execute(db).map(drop).map_err(DbError::from))
    };
    app.ctx.db.write(silently).await.unwrap();
    let told = timeout(SILENCE, next(&mut stream)).await.expect("within a second or so");
    assert_eq!(told.name, "board_updated");
    let other = Desk::new(&app).await;
    other.card("x", "Ready").await;
    assert!(timeout(SILENCE, stream.try_next()).await.is_err(), "what happens on other boards is not told");
}

async fn somebody_has_ten_streams_at_most(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut first = open(&app, &desk, &desk.ann, None).await;
    let mut others = Vec::new();
    for _ in 0..10 {
        others.push(open(&app, &desk, &desk.ann, None).await);
    }
    assert!(first.try_next().await.is_none(), "the oldest is closed");
    desk.card("x", "Ready").await;
    for stream in &mut others {
        assert_eq!(next(stream).await.name, "card_created");
    }
}

async fn streams_end_when_their_copy_stops(backend: Backend) {
    let app = start(backend).await;
    let desk = Desk::new(&app).await;
    let mut stream = open(&app, &desk, &desk.ann, None).await;
    let stopping = tokio::spawn(app.stop());
    assert!(stream.try_next().await.is_none());
    drop(stream);
    stopping.await.unwrap();
}

/// A project goes into the archive and comes back: its boards are told, and their streams.
async fn the_archive_of_the_project_is_told(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut stream = open(&app, &desk, &desk.ann, None).await;
    for (act, kind, archived) in [("archive", "board_archived", true), ("restore", "board_restored", false)] {
        for _ in 0..2 {
            desk.ann.post(&format!("{}/{act}", at(PROJECTS, &desk.project))).send().await.expect(200);
        }
        let told = next(&mut stream).await;
        assert_eq!((told.name.as_str(), &told.data["after"]), (kind, &json!({"archived": archived})));
        assert_eq!(told.data["actor"]["id"], id_of(&desk.ann));
    }
    let activity = desk.activity().await;
    assert_eq!(activity.last().unwrap()["type"], "board_restored", "once each");
}

/// The project gets another key: every card is called otherwise, and each board is told, once.
async fn another_key_of_the_project_is_told(app: TestApp) {
    let desk = Desk::new(&app).await;
    let mut stream = open(&app, &desk, &desk.ann, None).await;
    let path = at(PROJECTS, &desk.project);
    let before = desk.ann.get(&path).send().await.expect(200).body["key"].clone();
    for change in [json!({"name": "Renamed"}), json!({"key": "OTHER"}), json!({"key": "OTHER"})] {
        desk.ann.patch(&path).json(&change).send().await.expect(200);
    }
    let told = next(&mut stream).await;
    assert_eq!((told.name.as_str(), &told.data["before"]), ("board_updated", &json!({"project_key": before})));
    assert_eq!(told.data["after"], json!({"project_key": "OTHER"}));
    let card = desk.card("x", "Ready").await;
    assert_eq!(next(&mut stream).await.name, "card_created", "{card}");
}

/// What changes nothing is no change.
async fn a_patch_that_changes_nothing_is_not_told(app: TestApp) {
    let desk = Desk::new(&app).await;
    let before = desk.now().await;
    for patch in [json!({}), json!({"name": before["name"]})] {
        let same = desk.ann.patch(&at(BOARDS, &desk.board)).json(&patch).send().await.expect(200);
        assert_eq!(same.body["version"], before["version"]);
        for (collection, object) in [(PROJECTS, &desk.project), (crate::world::TEAMS, &desk.team)] {
            let patch = if patch == json!({}) { patch.clone() } else { json!({"name": object["name"]}) };
            let same = desk.ann.patch(&at(collection, object)).json(&patch).send().await.expect(200);
            assert_eq!(same.body["version"], object["version"]);
        }
    }
    assert_eq!(desk.now().await["last_seq"], before["last_seq"]);
}

mod whole {
    use super::streams_end_when_their_copy_stops;

    poligon_testkit::tests! { streams_end_when_their_copy_stops }
}

poligon_testkit::tests! { start =>
    the_archive_of_the_project_is_told,
    another_key_of_the_project_is_told,
    a_patch_that_changes_nothing_is_not_told,
    every_viewer_is_told_of_every_change,
    last_event_id_gives_what_was_missed,
    who_may_open_a_stream,
    the_stream_of_a_removed_member_ends,
    a_stream_ends_with_its_board_and_its_session,
    a_change_that_nobody_announced_is_told,
    somebody_has_ten_streams_at_most,
}
