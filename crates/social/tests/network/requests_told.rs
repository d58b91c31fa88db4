//! What is told of requests: only for as long as they stand.

use futures_util::future::join_all;
use poligon_testkit::{Client, Request, TestApp};

use crate::follows::{lock, request_of};
use crate::notifications::{kinds, told};
use crate::people::at;
use crate::planted::{ask, blocked, cut, dispatcher, settle};
use crate::world::{id_of, person, start};

fn friend_request(asker: &Client, answer: &str) -> String {
    format!("/api/social/friend-requests/{}/{answer}", id_of(asker))
}

/// Every way in which a request of `asker` ends: its name, who ends it, and what the asked one is told of afterwards.
fn ends(asker: &Client, asked: &Client) -> Vec<(&'static str, Request, Request)> {
    let (follow, befriend) = (|| asker.post(&at(asked, "/follow")), || asker.post(&at(asked, "/friend")));
    vec![
        ("follow taken back", follow(), asker.delete(&at(asked, "/follow"))),
        ("follow declined", follow(), asked.post(&request_of(asker, "decline"))),
        ("follow accepted", follow(), asked.post(&request_of(asker, "accept"))),
        ("friendship taken back", befriend(), asker.delete(&at(asked, "/friend"))),
        ("friendship declined", befriend(), asked.post(&friend_request(asker, "decline"))),
        ("friendship accepted", befriend(), asked.post(&friend_request(asker, "accept"))),
        ("friendship asked back", befriend(), asked.post(&at(asker, "/friend"))),
    ]
}

async fn a_request_is_told_for_as_long_as_it_stands(app: TestApp) {
    for n in 0..7 {
        for told_before in [true, false] {
            let (ann, bob) = (person(&app).await, person(&app).await);
            lock(&bob, true).await;
            let (what, request, end) = ends(&ann, &bob).swap_remove(n);
            request.send().await.expect(200);
            if told_before {
                settle(&app).await;
                assert_eq!(kinds(&bob).await.len(), 1, "{what}");
            }
            assert!([200, 204].contains(&end.send().await.status), "{what}");
            if told_before {
                assert_eq!(kinds(&bob).await.len(), 0, "{what}: at once");
            }
            settle(&app).await;
            assert_eq!(kinds(&bob).await.len(), 0, "{what}");
        }
    }
}

async fn whoever_follows_no_longer_is_not_told_of(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    ann.post(&at(&bob, "/follow")).send().await.expect(200);
    ann.delete(&at(&bob, "/follow")).send().await.expect(204);
    settle(&app).await;
    assert_eq!(kinds(&bob).await.len(), 0);
    // Asked again it is told again.
    lock(&bob, true).await;
    for _ in 0..2 {
        ann.post(&at(&bob, "/follow")).send().await.expect(200);
        settle(&app).await;
        assert_eq!(kinds(&bob).await, ["follow_request"]);
        ann.delete(&at(&bob, "/follow")).send().await.expect(204);
    }
    assert_eq!(kinds(&bob).await.len(), 0);
}

/// Requests are taken back while they are told: what is told at the end is what stands.
async fn a_request_that_is_taken_back_while_it_is_told_leaves_nothing(app: TestApp) {
    let bob = person(&app).await;
    lock(&bob, true).await;
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(person(&app).await);
    }
    for round in 0..3 {
        for other in &others {
            other.post(&at(&bob, "/follow")).send().await.expect(200);
            other.post(&at(&bob, "/friend")).send().await.expect(200);
        }
        let carriers: Vec<_> = (0..2).map(|_| dispatcher(&app)).collect();
        let carry = join_all(carriers.iter().map(poligon_core::events::Dispatcher::round));
        let mut ends = Vec::new();
        for other in &others[..4] {
            ends.push(tokio::spawn(other.delete(&at(&bob, "/follow")).send()));
            ends.push(tokio::spawn(other.delete(&at(&bob, "/friend")).send()));
        }
        let (rounds, ended) = futures_util::future::join(carry, join_all(ends)).await;
        assert!(rounds.into_iter().all(|round| round.is_ok()));
        assert!(ended.into_iter().all(|reply| reply.unwrap().status == 204));
        settle(&app).await;
        let items = told(&bob).await;
        assert_eq!(items.len(), 8, "round {round}: {items:?}");
        let stand = |item: &serde_json::Value| others[4..].iter().any(|other| item["actor"]["id"] == id_of(other));
        assert!(items.iter().all(stand), "{items:?}");
    }
    assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM outbox_deliveries").await, 0, "no delivery has failed");
}

async fn a_block_ends_what_was_told_of_a_request(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    ann.post(&at(&bob, "/friend")).send().await.expect(200);
    settle(&app).await;
    assert_eq!(kinds(&bob).await, ["friend_request"]);
    bob.put(&at(&ann, "/block")).send().await.expect(200);
    assert_eq!(kinds(&bob).await.len(), 0);
    bob.delete(&at(&ann, "/block")).send().await.expect(204);
    settle(&app).await;
    assert_eq!(kinds(&bob).await.len(), 0);
    // By rows alone, as a copy would have left it that knew nothing of this.
    cut(&app, &bob, &ann).await;
    blocked(&app, &bob, &ann).await;
    settle(&app).await;
    assert_eq!(kinds(&bob).await.len(), 0);
}

poligon_testkit::tests! { start =>
    a_request_is_told_for_as_long_as_it_stands,
    whoever_follows_no_longer_is_not_told_of,
    a_request_that_is_taken_back_while_it_is_told_leaves_nothing,
    a_block_ends_what_was_told_of_a_request,
}
