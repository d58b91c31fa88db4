//! Friendship: asked for, accepted, declined, taken back, ended.

use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::people::{at, counts, expect_exact, ids, related, relationship, told};
use crate::world::{id_of, person, start};

const REQUESTS: &str = "/api/social/friend-requests";

fn request_of(asker: &Client, answer: &str) -> String {
    format!("{REQUESTS}/{}/{answer}", id_of(asker))
}

async fn one_asks_and_the_other_accepts(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    for _ in 0..2 {
        let asked = ann.post(&at(&bob, "/friend")).send().await.expect(200).body;
        assert_eq!(asked, related(&json!({"friend_request": "sent"})));
    }
    assert_eq!(relationship(&bob, &ann).await, related(&json!({"friend_request": "received"})));
    assert_eq!(counts(&bob, &bob).await, (0, 0, 0));
    assert_eq!(ids(&bob, REQUESTS, 1).await, [id_of(&ann)]);
    assert_eq!(ids(&ann, &format!("{REQUESTS}?direction=sent"), 1).await, [id_of(&bob)]);
    let total = bob.get(&format!("{REQUESTS}?include_total=true")).send().await.expect(200).body["total"].clone();
    assert_eq!(total, 1);
    for (viewer, direction) in [(&ann, "received"), (&bob, "sent"), (&eve, "received"), (&eve, "sent")] {
        assert_eq!(ids(viewer, &format!("{REQUESTS}?direction={direction}"), 1).await, [0_i64; 0]);
    }
    // Nobody accepts their own request, or that of somebody else.
    ann.post(&request_of(&bob, "accept")).send().await.expect_problem(404, "not_found");
    eve.post(&request_of(&ann, "accept")).send().await.expect_problem(404, "not_found");
    let friends = bob.post(&request_of(&ann, "accept")).send().await.expect(200).body;
    assert_eq!(friends, related(&json!({"friend": true})));
    assert_eq!(ann.post(&at(&bob, "/friend")).send().await.expect(200).body, friends);
    bob.post(&request_of(&ann, "accept")).send().await.expect_problem(404, "not_found");
    assert_eq!((counts(&eve, &ann).await, counts(&eve, &bob).await), ((0, 0, 1), (0, 0, 1)));
    assert_eq!(ids(&app.client(), &at(&ann, "/friends"), 1).await, [id_of(&bob)]);
    let both = vec![(id_of(&ann), id_of(&bob))];
    assert_eq!((told(&app, "friend_requested").await, told(&app, "befriended").await), (both.clone(), both));
    // Either ends it.
    bob.delete(&at(&ann, "/friend")).send().await.expect(204);
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        one.delete(&at(other, "/friend")).send().await.expect_problem(404, "not_found");
        assert_eq!(relationship(one, other).await, related(&json!({})));
    }
    expect_exact(&app).await;
}

async fn a_request_is_declined_or_taken_back(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    ann.post(&at(&bob, "/friend")).send().await.expect(200);
    // What the other has asked is declined, not cancelled.
    bob.delete(&at(&ann, "/friend")).send().await.expect_problem(404, "not_found");
    assert_eq!(bob.post(&request_of(&ann, "decline")).send().await.expect(200).body, related(&json!({})));
    bob.post(&request_of(&ann, "decline")).send().await.expect_problem(404, "not_found");
    ann.post(&at(&bob, "/friend")).send().await.expect(200);
    ann.delete(&at(&bob, "/friend")).send().await.expect(204);
    bob.post(&request_of(&ann, "accept")).send().await.expect_problem(404, "not_found");
    assert_eq!(relationship(&bob, &ann).await, related(&json!({})));
    expect_exact(&app).await;
}

async fn crossing_requests_make_a_friendship(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    ann.post(&at(&bob, "/friend")).send().await.expect(200);
    let crossed = bob.post(&at(&ann, "/friend")).send().await.expect(200).body;
    assert_eq!(crossed, related(&json!({"friend": true})));
    assert_eq!(told(&app, "befriended").await, [(id_of(&ann), id_of(&bob))]);
    assert_eq!(told(&app, "friend_requested").await.len(), 1);
    // Friends follow each other only when they do.
    assert_eq!(counts(&ann, &ann).await, (0, 0, 1));
    expect_exact(&app).await;
}

poligon_testkit::tests! { start =>
    one_asks_and_the_other_accepts,
    a_request_is_declined_or_taken_back,
    crossing_requests_make_a_friendship,
}
