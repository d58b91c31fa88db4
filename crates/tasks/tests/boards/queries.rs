//! What is read takes as many statements for much as for little.

use std::collections::BTreeMap;

use poligon_testkit::{Backend, TestApp, at_once, count_queries, queries_of};
use serde_json::json;

use crate::world::{BOARDS, CARDS, Desk, at, id_of, member, start};

/// More than any of them takes: each asks for the session, the right to the board, and each kind of thing once, some between
/// the beginning and the end of a snapshot.
const MOST: usize = 20;

async fn counted(backend: Backend) -> TestApp {
    count_queries();
    start(backend).await
}

/// Cards with everything that may hang on one, put there by different people.
async fn fill(app: &TestApp, desk: &Desk, people: usize, each: usize) {
    for n in 0..people {
        let who = member(app, &desk.ann, &desk.team, "member").await;
        let card = json!({
            "board_id": desk.board["id"],
            "title": format!("Card of {n}"),
            "column_id": desk.column(["Backlog", "Done"][n % 2]),
            "assignee_ids": [id_of(&who), id_of(&desk.ann)],
            "label_ids": [desk.board["labels"][n % 3]["id"]],
        });
        let made = at_once((0..each).map(|_| who.post(CARDS).json(&card))).await;
        let made: Vec<_> = made.into_iter().map(|reply| reply.expect(201).body).collect();
        let comment = json!({"body": "as *seen*"});
        at_once(made.iter().map(|card| who.post(&format!("{}/comments", at(CARDS, card))).json(&comment))).await;
        let list = json!({"title": "Steps"});
        let lists =
            at_once(made.iter().map(|card| who.post(&format!("{}/checklists", at(CARDS, card))).json(&list))).await;
        let items = lists.into_iter().map(|reply| at("/api/tasks/checklists", &reply.expect(201).body));
        at_once(items.map(|list| who.post(&format!("{list}/items")).json(&json!({"text": "one"})))).await;
    }
}

async fn reading_takes_as_many_statements_whatever_there_is(app: TestApp) {
    let desk = Desk::new(&app).await;
    let board = at(BOARDS, &desk.board);
    let reads = [
        board.clone(),
        format!("{board}/cards?limit=100&include_total=true"),
        format!("{board}/activity?limit=100"),
        format!("{board}/export?format=json"),
        format!("{board}/reports/cumulative_flow"),
        format!("{board}/reports/workload"),
    ];
    let count = async || {
        let mut counts = BTreeMap::new();
        for path in &reads {
            let read = async || drop(desk.ann.get(path).send().await.expect(200));
            counts.insert(path.clone(), queries_of(read).await);
        }
        counts
    };
    fill(&app, &desk, 2, 2).await;
    let of_little = count().await;
    fill(&app, &desk, 5, 12).await;
    assert_eq!(count().await, of_little);
    println!("statements: {of_little:#?}");
    assert!(of_little.values().all(|count| (1..=MOST).contains(count)), "{of_little:#?}");
}

poligon_testkit::tests! { counted => reading_takes_as_many_statements_whatever_there_is }
