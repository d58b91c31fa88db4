//! Conversations under concurrent traffic: numbers without a gap, groups that are never too full, one owner.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::chat_members::{adding, giving, removing, roles};
use crate::chats::{CHATS, at, bodies, direct, group, id_in, items, log_of, number, own_chats, run, say, saying, seen};
use crate::world::{id_of, person, start};

fn statuses(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

async fn crowd(app: &TestApp, many: usize) -> Vec<Client> {
    let mut people = Vec::new();
    for _ in 0..many {
        people.push(person(app).await);
    }
    people
}

/// The log has every number once, and messages in the order of theirs. Answers those.
async fn told_numbers(app: &TestApp, chat: &Value) -> Vec<i64> {
    let log = log_of(app, chat).await;
    let seqs: Vec<i64> = log.iter().map(|event| event.0).collect();
    assert_eq!(seqs, (1..=i64::try_from(log.len()).unwrap()).collect::<Vec<_>>());
    let messages = log.iter().filter(|event| event.1 == "message");
    messages.map(|event| event.3["number"].as_i64().unwrap()).collect()
}

async fn two_who_begin_at_once_have_one_chat(app: TestApp) {
    for _ in 0..4 {
        let (ann, bob) = (person(&app).await, person(&app).await);
        let requests = (0..10).map(|n| if n % 2 == 0 { direct(&ann, &bob) } else { direct(&bob, &ann) });
        let replies = join_all(requests.map(poligon_testkit::Request::send)).await;
        assert_eq!((statuses(&replies, 201), statuses(&replies, 200)), (1, 9));
        let ids: BTreeSet<i64> = replies.iter().map(Reply::id).collect();
        assert_eq!(ids.len(), 1);
        // Strangers, who both want it: nothing waits.
        let chat = replies[0].body.clone();
        for one in [&ann, &bob] {
            assert_eq!((own_chats(one).await.len(), &seen(one, &chat).await["standing"]), (1, &json!("active")));
            say(one, &chat, "One").await;
            say(one, &chat, "Two").await;
        }
    }
}

async fn many_senders_are_numbered_without_a_gap(app: TestApp) {
    let people = crowd(&app, 20).await;
    let others: Vec<&Client> = people[1..].iter().collect();
    let chat = group(&people[0], &others).await;
    let sent = people.iter().enumerate().flat_map(|(n, author)| {
        let chat = &chat;
        (0..3).map(move |m| saying(author, chat, &format!("{n}.{m}")).send())
    });
    let replies = join_all(sent).await;
    assert_eq!(statuses(&replies, 201), 60);
    let mut numbers: Vec<i64> = replies.iter().map(|reply| reply.body["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
    assert_eq!(told_numbers(&app, &chat).await, numbers, "the log has them in the same order");
    // Every message that was answered is there, once.
    let mut there = bodies(&people[7], &chat).await;
    let mut answered: Vec<String> =
        replies.iter().map(|reply| reply.body["body"].as_str().unwrap().to_owned()).collect();
    there.sort();
    answered.sort();
    assert_eq!(there, answered);
    assert_eq!(seen(&people[7], &chat).await["unread_count"], 57);
}

async fn one_key_sends_once_however_often_it_comes(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&ann, &[&bob]).await;
    let replies = join_all((0..12).map(|_| saying(&ann, &chat, "Once").header("idempotency-key", "k").send())).await;
    assert_eq!(statuses(&replies, 201) + statuses(&replies, 409), 12);
    assert!(statuses(&replies, 201) >= 1);
    assert_eq!(bodies(&bob, &chat).await, ["Once"]);
}

/// People who are in the database only.
async fn extras(app: &TestApp, many: i64) -> Vec<i64> {
    let first = number(app, "SELECT max(id) + 1000 AS n FROM users").await;
    let last = first + many - 1;
    let numbers = format!("WITH RECURSIVE n (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n < {last})");
    let at = "(SELECT created_at FROM users ORDER BY id LIMIT 1)";
    let columns = "id, username, username_key, display_name, created_at";
    let values = format!("n, 'extra-' || n, 'extra-' || n, 'Extra', {at}");
    run(app, &format!("INSERT INTO users ({columns}) {numbers} SELECT {values} FROM n")).await;
    (first..=last).collect()
}

async fn a_group_is_never_too_full(app: TestApp) {
    let ann = person(&app).await;
    let ids = extras(&app, 510).await;
    let chat = {
        let body = json!({"kind": "group", "title": "Full", "member_ids": ids[..497]});
        ann.post(CHATS).json(&body).send().await.expect(201).body
    };
    assert_eq!(chat["member_count"], 498);
    let add = |ids: &[i64]| ann.post(&format!("{}/members", at(&chat))).json(&json!({"user_ids": ids})).send();
    add(&ids[497..500]).await.expect_problem(409, "chat_full");
    let replies = join_all(ids[497..507].iter().map(|id| add(&[*id]))).await;
    assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (2, 8));
    let refused = replies.into_iter().find(|reply| reply.status == 409).unwrap();
    refused.expect_problem(409, "chat_full");
    let rows = format!("SELECT count(*) AS n FROM chat_members WHERE chat_id = {} AND status = 'active'", id_in(&chat));
    assert_eq!((number(&app, &rows).await, &seen(&ann, &chat).await["member_count"]), (500, &json!(500)));
    // One goes, one comes: of many who want the place.
    ann.delete(&format!("{}/members/{}", at(&chat), ids[0])).send().await.expect(204);
    let same = join_all((0..6).map(|_| add(&ids[508..509]))).await;
    assert_eq!((statuses(&same, 201), statuses(&same, 409)), (1, 5));
    assert_eq!(number(&app, &rows).await, 500);
    told_numbers(&app, &chat).await;
    let mut path = format!("{}/members?limit=100&include_total=true", at(&chat));
    let mut known = BTreeSet::new();
    loop {
        let page = ann.get(&path).send().await.expect(200);
        assert_eq!(page.body["total"], 500);
        known.extend(items(&page).iter().map(|member| member["person"]["id"].as_i64().unwrap()));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("{}/members?limit=100&include_total=true&cursor={cursor}", at(&chat));
    }
    assert_eq!(known.len(), 500);
}

/// Whoever is removed while they write: what they wrote before is there, and nothing after.
async fn nobody_writes_after_they_have_gone(app: TestApp) {
    for round in 0..4 {
        let (ann, bob) = (person(&app).await, person(&app).await);
        let chat = group(&ann, &[&bob]).await;
        let gone = if round % 2 == 0 { removing(&ann, &chat, &bob) } else { removing(&bob, &chat, &bob) };
        let sent = join_all((0..8).map(|n| saying(&bob, &chat, &n.to_string()).send()));
        let (sent, gone) = futures_util::join!(sent, gone.send());
        gone.expect(204);
        assert_eq!(statuses(&sent, 201) + statuses(&sent, 403), 8);
        let log = log_of(&app, &chat).await;
        let left = log.iter().position(|event| event.1 == "member").unwrap();
        assert!(log[left..].iter().all(|event| event.1 != "message"), "{log:?}");
        let numbers = told_numbers(&app, &chat).await;
        assert_eq!(numbers, (1..=i64::try_from(statuses(&sent, 201)).unwrap()).collect::<Vec<_>>());
        assert_eq!(bodies(&ann, &chat).await.len(), numbers.len());
        assert_eq!(bodies(&bob, &chat).await.len(), numbers.len(), "and they read it all");
    }
}

async fn a_marker_ends_at_the_largest_number(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&ann, &[&bob]).await;
    for n in 0..12 {
        say(&ann, &chat, &n.to_string()).await;
    }
    let read = |number: i64| bob.put(&format!("{}/read", at(&chat))).json(&json!({"number": number})).send();
    let replies = join_all((1..=12).rev().chain(1..=12).map(read)).await;
    assert_eq!(statuses(&replies, 200), 24);
    let own = seen(&bob, &chat).await;
    assert_eq!((&own["read_number"], &own["unread_count"]), (&json!(12), &json!(0)));
    let ahead = format!(
        "SELECT count(*) AS n FROM chat_members INNER JOIN chats ON chats.id = chat_id WHERE read_seq > last_seq AND chat_id = {}",
        id_in(&chat)
    );
    assert_eq!(number(&app, &ahead).await, 0);
}

/// The owner leaves while others leave, are removed, and come.
async fn a_group_has_one_owner_whatever_happens(app: TestApp) {
    for round in 0..4 {
        let people = crowd(&app, 6).await;
        let others: Vec<&Client> = people[1..].iter().collect();
        let chat = group(&people[0], &others[..4]).await;
        giving(&people[0], &chat, &people[1], "admin").send().await.expect(200);
        let deeds = vec![
            removing(&people[0], &chat, &people[0]),
            removing(&people[1], &chat, &people[1]),
            removing(&people[2], &chat, &people[2]),
            removing(&people[0], &chat, &people[3]),
            giving(&people[0], &chat, &people[2 + round % 2], "owner"),
            adding(&people[1], &chat, &[&people[5]]),
        ];
        let replies = join_all(deeds.into_iter().map(poligon_testkit::Request::send)).await;
        for reply in &replies {
            assert!([200, 201, 204, 403, 404].contains(&reply.status), "{} {}", reply.status, reply.text);
        }
        let members = roles(&people[4], &chat).await;
        let owners: Vec<_> = members.iter().filter(|(_, role)| role == "owner").collect();
        assert_eq!(owners.len(), 1, "round {round}: {members:?}");
        let rows =
            format!("SELECT count(*) AS n FROM chat_members WHERE chat_id = {} AND status = 'active'", id_in(&chat));
        let count = number(&app, &rows).await;
        assert_eq!(json!(count), seen(&people[4], &chat).await["member_count"]);
        assert_eq!(count, i64::try_from(members.len()).unwrap());
        told_numbers(&app, &chat).await;
    }
}

/// An edit and a deletion at once: nothing of what it said comes back.
async fn what_is_deleted_stays_so(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&ann, &[&bob]).await;
    for round in 0..6 {
        let message = say(&ann, &chat, "Secret").await;
        let path = format!("{}/{}", crate::chats::MESSAGES, message["id"]);
        let edits = (0..3).map(|n| ann.patch(&path).json(&json!({"body": format!("Secret {n}")})).send());
        let deletes = (0..3).map(|_| ann.delete(&path).send());
        let (edits, deletes) = futures_util::join!(join_all(edits), join_all(deletes));
        assert_eq!((statuses(&deletes, 204), statuses(&deletes, 404)), (1, 2), "round {round}");
        assert_eq!(statuses(&edits, 200) + statuses(&edits, 404), 3);
    }
    assert_eq!(bodies(&bob, &chat).await, [""; 6]);
    for event in log_of(&app, &chat).await {
        assert!(!event.3.to_string().contains("Secret"), "{event:?}");
    }
    assert_eq!(told_numbers(&app, &chat).await, [1, 2, 3, 4, 5, 6]);
}

/// A request holds one message, however many are sent at once; accepting and declining at once end somewhere.
async fn a_request_holds_one_message(app: TestApp) {
    for _ in 0..3 {
        let (ann, bob) = (person(&app).await, person(&app).await);
        let chat = direct(&ann, &bob).send().await.expect(201).body;
        let replies = join_all((0..6).map(|n| saying(&ann, &chat, &n.to_string()).send())).await;
        assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 5));
        assert_eq!(bodies(&bob, &chat).await.len(), 1);
        let decide = |deed: &str| bob.post(&format!("{}/{deed}", at(&chat))).send();
        let (accepted, declined) = futures_util::join!(decide("accept"), decide("decline"));
        accepted.expect(200);
        assert!([204, 409].contains(&declined.status), "{}", declined.text);
        assert_eq!(seen(&bob, &chat).await["standing"], "active", "accepting is the last word");
        assert_eq!(told_numbers(&app, &chat).await, [1]);
        assert_eq!(id_of(&ann), log_of(&app, &chat).await[0].2);
    }
}

poligon_testkit::tests! { start =>
    two_who_begin_at_once_have_one_chat,
    many_senders_are_numbered_without_a_gap,
    one_key_sends_once_however_often_it_comes,
    a_group_is_never_too_full,
    nobody_writes_after_they_have_gone,
    a_marker_ends_at_the_largest_number,
    a_group_has_one_owner_whatever_happens,
    what_is_deleted_stays_so,
    a_request_holds_one_message,
}
