//! Cards that many people move, make and change at once.

use std::collections::BTreeSet;

use poligon_testkit::{Client, Reply, Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{
    BOARDS, CARDS, Desk, PROJECTS, acting, at, eventually, id_of, ids_by_column, member, moving, removing, replayed,
    start,
};

fn count(replies: &[Reply], is_so: impl Fn(&Reply) -> bool) -> usize {
    replies.iter().filter(|reply| is_so(reply)).count()
}

/// Of twelve cards that come into a column for three at once, three come.
async fn a_limit_holds_against_moves_at_once(app: TestApp) {
    let desk = Desk::new(&app).await;
    let review = desk.column("Review");
    let limit = json!({"wip_limit": 3});
    desk.ann.patch(&format!("{}/columns/{review}", at(BOARDS, &desk.board))).json(&limit).send().await.expect(200);
    let mut cards = Vec::new();
    for n in 0..12 {
        cards.push(desk.card(&n.to_string(), "Backlog").await);
    }
    let new = json!({"board_id": desk.board["id"], "title": "new", "column_id": review});
    let moves = cards.iter().map(|card| moving(&desk.ann, card, review, json!({})));
    let replies = at_once(moves.chain((0..4).map(|_| desk.ann.post(CARDS).json(&new)))).await;
    let done = count(&replies, |reply| reply.status < 300);
    let full = count(&replies, |reply| reply.problem_code() == "wip_limit_reached");
    assert_eq!((done, full), (3, 13), "{replies:?}");
    assert_eq!(desk.in_column("Review").await.len(), 3);
}

/// A small generator of numbers that look like chance, the same each time (Numerical Recipes).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// What one of many people does: a card that they have seen, to a place that they have seen.
fn deed(dice: &mut Dice, who: &Client, desk: &Desk, cards: &[Value], columns: &[i64]) -> Request {
    let (card, other) = (&cards[dice.below(cards.len())], &cards[dice.below(cards.len())]);
    let column = columns[dice.below(columns.len())];
    match dice.below(20) {
        0 => acting(who, card, "archive"),
        1 | 2 => acting(who, card, "restore"),
        3 => who.delete(&at(CARDS, card)),
        4 => who.post(CARDS).json(&json!({"board_id": desk.board["id"], "title": "new", "column_id": column})),
        5..=9 => moving(who, card, column, json!({})),
        10..=14 => moving(who, card, column, json!({"before_id": other["id"]})),
        _ => moving(who, card, column, json!({"after_id": other["id"]})),
    }
}

/// Sixteen people move, make, archive and delete as they like: every card stands in one place, no limit is exceeded, and what is
/// told of it makes the same board.
async fn a_storm_loses_and_doubles_no_card(app: TestApp) {
    let desk = Desk::new(&app).await;
    let columns: Vec<i64> =
        desk.board["columns"].as_array().unwrap().iter().map(|column| column["id"].as_i64().unwrap()).collect();
    let mut cards = Vec::new();
    for n in 0..24 {
        cards.push(desk.card(&n.to_string(), ["Backlog", "Done"][n % 2]).await);
    }
    let mut people = vec![desk.ann.clone()];
    for _ in 0..15 {
        people.push(member(&app, &desk.ann, &desk.team, "member").await);
    }
    let storm = people.iter().zip(1..).map(|(who, seed)| {
        let (desk, cards, columns) = (&desk, &cards, &columns);
        async move {
            let mut dice = Dice(seed);
            for _ in 0..30 {
                let reply = deed(&mut dice, who, desk, cards, columns).send().await;
                assert!(reply.status < 500, "{}", reply.text);
            }
        }
    });
    futures_util::future::join_all(storm).await;
    let (board, activity) = (desk.now().await, desk.activity().await);
    let standing = ids_by_column(&board);
    assert_eq!(replayed(&activity), standing);
    let ids: Vec<i64> = standing.values().flatten().copied().collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no card stands twice");
    for column in board["columns"].as_array().unwrap() {
        let there = column["cards"].as_array().unwrap().len();
        assert_eq!(column["card_count"], there);
        assert!(column["wip_limit"].as_u64().is_none_or(|limit| there as u64 <= limit), "{}", column["name"]);
    }
}

async fn every_new_card_gets_a_number_of_its_own(app: TestApp) {
    let desk = Desk::new(&app).await;
    let body = json!({"board_id": desk.board["id"], "title": "x"});
    let replies = at_once((0..20).map(|_| desk.ann.post(CARDS).json(&body))).await;
    let mut numbers: Vec<i64> =
        replies.into_iter().map(|reply| reply.expect(201).body["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<i64>>());
}

async fn of_edits_of_one_version_one_is_made(app: TestApp) {
    let desk = Desk::new(&app).await;
    let card = desk.card("x", "Ready").await;
    let path = at(CARDS, &card);
    let tag = desk.ann.get(&path).send().await.expect(200).header("etag").unwrap().to_owned();
    let edit = |n: usize| {
        let title = json!({"title": n.to_string()});
        let request = if n.is_multiple_of(2) { desk.ann.put(&path) } else { desk.ann.patch(&path) };
        request.json(&title).header("if-match", &tag)
    };
    let replies = at_once((0..10).map(edit)).await;
    assert_eq!(count(&replies, |reply| reply.status == 200), 1);
    assert_eq!(count(&replies, |reply| reply.status == 412), 9);
    assert_eq!(desk.ann.get(&path).send().await.expect(200).body["version"], 2);
}

/// A column or a label goes while cards come to it: each request is done or refused in words.
async fn what_goes_meanwhile_is_refused_in_words(app: TestApp) {
    for _ in 0..4 {
        let desk = Desk::new(&app).await;
        let (review, bug) = (desk.column("Review"), desk.label("Bug"));
        let card = desk.card("x", "Ready").await;
        let path = at(BOARDS, &desk.board);
        let new = json!({"board_id": desk.board["id"], "title": "y", "label_ids": [bug]});
        let mut requests = vec![
            desk.ann.delete(&format!("{path}/columns/{review}")),
            desk.ann.delete(&format!("{path}/labels/{bug}")),
            moving(&desk.ann, &card, review, json!({})),
        ];
        requests.extend((0..4).map(|_| desk.ann.post(CARDS).json(&new)));
        let replies = at_once(requests).await;
        for reply in &replies {
            let known = ["column_not_empty", "validation_failed"].contains(&reply.problem_code());
            assert!(reply.status < 300 || known, "{}", reply.text);
        }
        let moved = replies[2].status == 200;
        assert_eq!(moved, replies[0].problem_code() == "column_not_empty", "one of both: {replies:?}");
        assert_eq!(replayed(&desk.activity().await), ids_by_column(&desk.now().await));
    }
}

/// When the answer says that a project is archived, nothing on its boards changes any more.
async fn nothing_changes_behind_an_archive(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (ready, review) = (desk.column("Ready"), desk.column("Review"));
    let card = desk.card("x", "Ready").await;
    let archive = async {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        desk.ann.post(&format!("{}/archive", at(PROJECTS, &desk.project))).send().await.expect(200);
        desk.now().await["last_seq"].clone()
    };
    let moves = (0..8).map(|_| async {
        for n in 0..20 {
            let reply = moving(&desk.ann, &card, if n % 2 == 0 { review } else { ready }, json!({})).send().await;
            assert!(reply.status == 200 || reply.problem_code() == "archived", "{}", reply.text);
        }
    });
    let (seq, _) = futures_util::future::join(archive, futures_util::future::join_all(moves)).await;
    assert_eq!(desk.now().await["last_seq"], seq);
}

/// A board, or its project, is deleted while people work on it.
async fn a_board_is_deleted_under_work(app: TestApp) {
    for whole_project in [false, true] {
        let desk = Desk::new(&app).await;
        let card = desk.card("x", "Ready").await;
        let new = json!({"board_id": desk.board["id"], "title": "y"});
        let gone = if whole_project { at(PROJECTS, &desk.project) } else { at(BOARDS, &desk.board) };
        let mut requests: Vec<Request> = Vec::new();
        for n in 0..6 {
            requests.push(moving(&desk.ann, &card, desk.column(["Done", "Ready"][n % 2]), json!({})));
            requests.push(desk.ann.post(CARDS).json(&new));
            requests.push(desk.ann.patch(&at(CARDS, &card)).json(&json!({"title": n.to_string()})));
        }
        requests.push(desk.ann.delete(&gone));
        let replies = at_once(requests).await;
        for reply in &replies {
            assert!(reply.status < 300 || reply.status == 404, "{}", reply.text);
        }
        assert_eq!(replies.last().unwrap().status, 204);
        desk.ann.get(&at(CARDS, &card)).send().await.expect_problem(404, "not_found");
    }
}

/// Somebody is assigned while they are removed: afterwards they are not assigned.
async fn nobody_who_has_gone_stays_assigned(app: TestApp) {
    for _ in 0..5 {
        let desk = Desk::new(&app).await;
        let bob = member(&app, &desk.ann, &desk.team, "member").await;
        let mut cards = Vec::new();
        for n in 0..6 {
            cards.push(desk.card(&n.to_string(), "Ready").await);
        }
        let assign = |card: &Value| {
            desk.ann.post(&format!("{}/assign", at(CARDS, card))).json(&json!({"user_ids": [id_of(&bob)]}))
        };
        let replies = at_once(cards.iter().map(assign).chain([removing(&desk.ann, &desk.team, &bob)])).await;
        for reply in &replies {
            assert!(reply.status < 300 || reply.problem_code() == "validation_failed", "{}", reply.text);
        }
        eventually(async || desk.now().await["people"] == json!([])).await;
    }
}

/// A board that is read while cards move is of one piece: columns count what stands in them, no card is twice on it, and it is
/// the board that its activity makes up to the number that it names.
async fn what_is_read_meanwhile_is_of_one_piece(app: TestApp) {
    let desk = Desk::new(&app).await;
    let columns = [desk.column("Backlog"), desk.column("Ready"), desk.column("Done")];
    let mut cards = Vec::new();
    for n in 0..12 {
        cards.push(desk.card(&n.to_string(), "Backlog").await);
    }
    let movers = cards.chunks(3).map(|own| {
        let (ann, own) = (desk.ann.clone(), own.to_vec());
        tokio::spawn(async move {
            for round in 0..24 {
                let column = columns[round % 3];
                moving(&ann, &own[round % own.len()], column, json!({})).send().await.expect(200);
            }
        })
    });
    let movers: Vec<_> = movers.collect();
    let (mut seen, mut exports) = (Vec::new(), Vec::new());
    while !movers.iter().all(tokio::task::JoinHandle::is_finished) {
        seen.push(desk.now().await);
        let export = desk.ann.get(&format!("{}/export?format=json", at(BOARDS, &desk.board))).send().await.expect(200);
        exports.push(export.body);
    }
    let activity = desk.activity().await;
    assert!(seen.len() > 5, "only {} looks", seen.len());
    for board in seen {
        for column in board["columns"].as_array().unwrap() {
            assert_eq!(column["card_count"], column["cards"].as_array().unwrap().len());
        }
        let last = usize::try_from(board["last_seq"].as_i64().unwrap()).unwrap();
        assert_eq!(replayed(&activity[..last]), ids_by_column(&board));
    }
    for export in exports {
        let mut at_last = std::collections::BTreeMap::new();
        for passed in export["transitions"].as_array().unwrap() {
            at_last.insert(passed["card_id"].as_i64().unwrap(), passed["to_column_id"].clone());
        }
        for card in export["cards"].as_array().unwrap() {
            assert_eq!(card["column_id"], at_last[&card["id"].as_i64().unwrap()]);
        }
    }
}

poligon_testkit::tests! { start =>
    what_is_read_meanwhile_is_of_one_piece,
    a_limit_holds_against_moves_at_once,
    a_storm_loses_and_doubles_no_card,
    every_new_card_gets_a_number_of_its_own,
    of_edits_of_one_version_one_is_made,
    what_goes_meanwhile_is_refused_in_words,
    nothing_changes_behind_an_archive,
    a_board_is_deleted_under_work,
    nobody_who_has_gone_stays_assigned,
}
