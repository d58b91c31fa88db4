//! People under concurrent traffic: of two requests one comes after the other, and counters are what the rows say.

use futures_util::future::join_all;
use poligon_testkit::{Client, Reply, Request, TestApp, at_once};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::follows::{lock, request_of};
use crate::people::{at, counts, expect_exact, number, related, relationship, told};
use crate::world::{USERS, id_of, person, start};

/// Sends it again when the application says that it is too busy: a crowd may wait longer for a connection than it may.
async fn insist(make: impl Fn() -> Request) -> Reply {
    loop {
        let reply = make().send().await;
        if reply.status != 503 {
            return reply;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

fn statuses(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

async fn crowd(app: &TestApp, size: usize) -> Vec<Client> {
    let mut all = Vec::new();
    for _ in 0..size {
        all.push(person(app).await);
    }
    all
}

fn friend_request(asker: &Client, answer: &str) -> String {
    format!("/api/social/friend-requests/{}/{answer}", id_of(asker))
}

async fn fifty_follow_one_at_once_and_some_follow_no_longer(app: TestApp) {
    let (hub, fans) = (person(&app).await, crowd(&app, 50).await);
    let path = at(&hub, "/follow");
    let follow = |fan: &Client| {
        let (fan, path) = (fan.clone(), path.clone());
        insist(move || fan.post(&path))
    };
    let replies = at_once(fans.iter().chain(&fans).map(follow)).await;
    assert_eq!(statuses(&replies, 200), 100, "{replies:?}");
    assert_eq!(told(&app, "followed").await.len(), 50);
    assert_eq!(counts(&hub, &hub).await, (50, 0, 0));
    expect_exact(&app).await;
    // Twenty go, each asked twice, while the hub follows the others back.
    let unfollow = |fan: &Client| {
        let (fan, path) = (fan.clone(), path.clone());
        insist(move || fan.delete(&path))
    };
    let follow_back = |fan: &Client| {
        let (hub, path) = (hub.clone(), at(fan, "/follow"));
        insist(move || hub.post(&path))
    };
    let leaving = fans[..20].iter().chain(&fans[..20]).map(|fan| tokio::spawn(unfollow(fan)));
    let all = leaving.chain(fans[20..].iter().map(|fan| tokio::spawn(follow_back(fan)))).collect::<Vec<_>>();
    let replies: Vec<Reply> = join_all(all).await.into_iter().map(|reply| reply.unwrap()).collect();
    assert_eq!((statuses(&replies, 204) + statuses(&replies, 404), statuses(&replies, 200)), (40, 30));
    assert_eq!(counts(&hub, &hub).await, (30, 30, 0));
    expect_exact(&app).await;
}

async fn requests_that_cross_at_once_make_one_friendship(app: TestApp) {
    for round in 0..10 {
        let (ann, bob) = (person(&app).await, person(&app).await);
        let crossing = [ann.post(&at(&bob, "/friend")).send(), bob.post(&at(&ann, "/friend")).send()];
        let replies = at_once(crossing).await;
        assert_eq!(statuses(&replies, 200), 2);
        for (one, other) in [(&ann, &bob), (&bob, &ann)] {
            assert_eq!(relationship(one, other).await, related(&json!({"friend": true})));
        }
        let (asked, befriended) = (told(&app, "friend_requested").await, told(&app, "befriended").await);
        assert_eq!((asked.len(), befriended.len()), (round + 1, round + 1));
        assert_eq!(asked[round], befriended[round], "whoever came first has asked");
    }
    expect_exact(&app).await;
}

async fn one_of_accept_decline_and_withdrawal_wins(app: TestApp) {
    for _ in 0..8 {
        let (ann, bob) = (person(&app).await, person(&app).await);
        lock(&bob, true).await;
        ann.post(&at(&bob, "/follow")).send().await.expect(200);
        ann.post(&at(&bob, "/friend")).send().await.expect(200);
        let requests = [
            bob.post(&request_of(&ann, "accept")),
            bob.post(&request_of(&ann, "decline")),
            bob.post(&friend_request(&ann, "accept")),
            bob.post(&friend_request(&ann, "decline")),
        ];
        let replies = at_once(requests.map(Request::send)).await;
        for (accepted, declined, is) in [(0, 1, "followed_by"), (2, 3, "friend")] {
            let expected = [(200, 404), (404, 200)];
            assert!(expected.contains(&(replies[accepted].status, replies[declined].status)), "{replies:?}");
            assert_eq!(relationship(&bob, &ann).await[is], replies[accepted].status == 200);
        }
    }
    expect_exact(&app).await;
    for _ in 0..8 {
        let (ann, bob) = (person(&app).await, person(&app).await);
        lock(&bob, true).await;
        ann.post(&at(&bob, "/follow")).send().await.expect(200);
        ann.post(&at(&bob, "/friend")).send().await.expect(200);
        let requests = [
            bob.post(&request_of(&ann, "accept")),
            ann.delete(&at(&bob, "/follow")),
            bob.post(&friend_request(&ann, "accept")),
            ann.delete(&at(&bob, "/friend")),
        ];
        let replies = at_once(requests.map(Request::send)).await;
        // Either order: what is accepted is ended by who takes it back later.
        for (accepted, withdrawn) in [(0, 1), (2, 3)] {
            assert!(matches!(replies[accepted].status, 200 | 404) && replies[withdrawn].status == 204, "{replies:?}");
        }
        assert_eq!(relationship(&ann, &bob).await, related(&json!({})));
    }
    expect_exact(&app).await;
}

async fn a_block_leaves_nothing_whatever_comes_with_it(app: TestApp) {
    for round in 0..10 {
        let (ann, bob) = (person(&app).await, person(&app).await);
        lock(&ann, true).await;
        bob.post(&at(&ann, "/follow")).send().await.expect(200);
        bob.post(&at(&ann, "/friend")).send().await.expect(200);
        let requests = [
            ann.put(&at(&bob, "/block")),
            ann.post(&request_of(&bob, "accept")),
            ann.post(&friend_request(&bob, "accept")),
            ann.post(&at(&bob, "/follow")),
            bob.post(&at(&ann, "/follow")),
            if round % 2 == 0 { bob.put(&at(&ann, "/block")) } else { bob.post(&at(&ann, "/friend")) },
        ];
        let replies = at_once(requests.map(Request::send)).await;
        assert_eq!(replies[0].status, 200);
        assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 404 | 409)), "{replies:?}");
        assert_eq!(relationship(&ann, &bob).await, related(&json!({"blocking": true})));
        assert_eq!(counts(&ann, &ann).await, (0, 0, 0));
        expect_exact(&app).await;
    }
    // Both block and unblock at once: nobody stays hidden without a block.
    let (ann, bob) = (person(&app).await, person(&app).await);
    for _ in 0..5 {
        let pairs = [(&ann, &bob), (&bob, &ann)];
        let blocked = at_once(pairs.map(|(one, other)| one.put(&at(other, "/block")).send())).await;
        assert_eq!(statuses(&blocked, 200), 2);
        expect_exact(&app).await;
        let unblocked = at_once(pairs.map(|(one, other)| one.delete(&at(other, "/block")).send())).await;
        assert_eq!(statuses(&unblocked, 204), 2);
        assert_eq!(relationship(&ann, &bob).await, related(&json!({})));
    }
    expect_exact(&app).await;
}

/// Whoever asks while an account is unlocked is not left behind, asking.
async fn unlocking_leaves_nobody_who_asks(app: TestApp) {
    let (bob, fans) = (person(&app).await, crowd(&app, 24).await);
    let path = at(&bob, "/follow");
    for _ in 0..3 {
        lock(&bob, true).await;
        let replies = at_once(fans[..12].iter().map(|fan| fan.post(&path).send())).await;
        assert_eq!(statuses(&replies, 200), 12);
        let unlock = bob.patch(&format!("{USERS}/me")).json(&json!({"locked": false})).send();
        let asked = fans[12..].iter().map(|fan| fan.post(&path).send());
        let withdrawn = fans[..4].iter().map(|fan| fan.delete(&path).send());
        let mut all = vec![tokio::spawn(unlock)];
        all.extend(asked.chain(withdrawn).map(|request| tokio::spawn(request)));
        let replies: Vec<Reply> = join_all(all).await.into_iter().map(|reply| reply.unwrap()).collect();
        assert_eq!((statuses(&replies, 200), statuses(&replies, 204)), (13, 4));
        let asking = "SELECT count(*) AS number FROM social_ties WHERE follow = 'requested'";
        assert_eq!(number(&app, asking).await, 0);
        assert_eq!(counts(&bob, &bob).await, (20, 0, 0));
        expect_exact(&app).await;
        let gone = at_once(fans[4..].iter().map(|fan| fan.delete(&path).send())).await;
        assert_eq!(statuses(&gone, 204), 20);
    }
}

/// One person's random deeds towards the others.
async fn deeds(me: Client, others: Vec<Client>, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..40 {
        let other = &others[rng.random_range(0..others.len())];
        let request = match rng.random_range(0..16) {
            0..=3 => me.post(&at(other, "/follow")),
            4 => me.delete(&at(other, "/follow")),
            5 | 6 => me.post(&at(other, "/friend")),
            7 => me.delete(&at(other, "/friend")),
            8 => me.post(&request_of(other, "accept")),
            9 => me.post(&friend_request(other, "accept")),
            10 => me.post(&friend_request(other, "decline")),
            11 => me.put(&at(other, "/block")),
            12 | 13 => me.delete(&at(other, "/block")),
            14 => me.put(&at(other, "/mute")).json(&json!({"until": Value::Null})),
            _ => me.patch(&format!("{USERS}/me")).json(&json!({"locked": rng.random_bool(0.5)})),
        };
        let reply = request.send().await;
        assert!(matches!(reply.status, 200 | 204 | 404 | 409), "{} {}", reply.status, reply.text);
    }
}

async fn counters_are_exact_after_any_traffic(app: TestApp) {
    let people = crowd(&app, 8).await;
    let all = (0..people.len()).map(|n| {
        let mut others = people.clone();
        let me = others.remove(n);
        tokio::spawn(deeds(me, others, u64::try_from(n).unwrap()))
    });
    for done in join_all(all).await {
        done.expect("every deed is answered");
    }
    let alive = "SELECT count(*) AS number FROM social_ties WHERE follow = 'following' OR friend = 'friends' OR cut";
    assert!(number(&app, alive).await > 10, "too little is left to prove anything");
    expect_exact(&app).await;
    for person in &people {
        counts(person, person).await;
    }
}

poligon_testkit::tests! { start =>
    fifty_follow_one_at_once_and_some_follow_no_longer,
    requests_that_cross_at_once_make_one_friendship,
    one_of_accept_decline_and_withdrawal_wins,
    a_block_leaves_nothing_whatever_comes_with_it,
    unlocking_leaves_nobody_who_asks,
    counters_are_exact_after_any_traffic,
}
