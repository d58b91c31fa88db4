//! Following: at once, by request, and the lists of it.

use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

use crate::people::{at, counts, expect_exact, ids, related, relationship, run, seen, told};
use crate::world::{USERS, id_of, moderator, person, start};

pub(crate) const REQUESTS: &str = "/api/social/follow-requests";

/// Locks or unlocks an account.
pub(crate) async fn lock(person: &Client, locked: bool) -> Value {
    person.patch(&format!("{USERS}/me")).json(&json!({"locked": locked})).send().await.expect(200).body
}

pub(crate) fn request_of(asker: &Client, answer: &str) -> String {
    format!("{REQUESTS}/{}/{answer}", id_of(asker))
}

async fn one_follows_and_follows_no_longer(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    for _ in 0..2 {
        let reply = ann.post(&at(&bob, "/follow")).send().await.expect(200);
        assert_eq!(reply.body, related(&json!({"following": true})));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    assert_eq!(relationship(&bob, &ann).await, related(&json!({"followed_by": true})));
    assert_eq!((counts(&ann, &ann).await, counts(&bob, &bob).await), ((0, 1, 0), (1, 0, 0)));
    let both = bob.post(&at(&ann, "/follow")).send().await.expect(200).body;
    assert_eq!(both, related(&json!({"following": true, "followed_by": true})));
    assert_eq!(told(&app, "followed").await, [(id_of(&ann), id_of(&bob)), (id_of(&bob), id_of(&ann))]);
    ann.delete(&at(&bob, "/follow")).send().await.expect(204);
    ann.delete(&at(&bob, "/follow")).send().await.expect_problem(404, "not_found");
    assert_eq!((counts(&ann, &ann).await, counts(&bob, &bob).await), ((1, 0, 0), (0, 1, 0)));
    expect_exact(&app).await;
}

async fn a_locked_account_is_asked(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    assert_eq!(lock(&bob, true).await["locked"], true);
    for _ in 0..2 {
        let asked = ann.post(&at(&bob, "/follow")).send().await.expect(200).body;
        assert_eq!(asked, related(&json!({"requested": true})));
    }
    assert_eq!(relationship(&bob, &ann).await, related(&json!({"requested_by": true})));
    assert_eq!(seen(&ann, &bob).await["counts"]["followers"], 0);
    assert_eq!(ids(&bob, REQUESTS, 1).await, [id_of(&ann)]);
    assert_eq!(ids(&ann, &format!("{REQUESTS}?direction=sent"), 1).await, [id_of(&bob)]);
    for (viewer, direction) in [(&ann, "received"), (&bob, "sent"), (&eve, "received"), (&eve, "sent")] {
        assert_eq!(ids(viewer, &format!("{REQUESTS}?direction={direction}"), 1).await, [0_i64; 0]);
    }
    // Accepted by whom it was sent to, once.
    for other in [&eve, &ann] {
        other.post(&request_of(&ann, "accept")).send().await.expect(if id_of(other) == id_of(&ann) {
            409
        } else {
            404
        });
    }
    let accepted = bob.post(&request_of(&ann, "accept")).send().await.expect(200).body;
    assert_eq!(accepted, related(&json!({"followed_by": true})));
    for answer in ["accept", "decline"] {
        bob.post(&request_of(&ann, answer)).send().await.expect_problem(404, "not_found");
    }
    assert_eq!(counts(&ann, &bob).await, (1, 0, 0));
    // Declined; may be asked again, and taken back.
    eve.post(&at(&bob, "/follow")).send().await.expect(200);
    let declined = bob.post(&request_of(&eve, "decline")).send().await.expect(200).body;
    assert_eq!(declined, related(&json!({})));
    bob.post(&request_of(&eve, "decline")).send().await.expect_problem(404, "not_found");
    eve.delete(&at(&bob, "/follow")).send().await.expect_problem(404, "not_found");
    eve.post(&at(&bob, "/follow")).send().await.expect(200);
    eve.delete(&at(&bob, "/follow")).send().await.expect(204);
    bob.post(&request_of(&eve, "accept")).send().await.expect_problem(404, "not_found");
    // A follower is taken away, and has to ask again.
    bob.delete(&format!("{USERS}/me/followers/{}", id_of(&ann))).send().await.expect(204);
    bob.delete(&format!("{USERS}/me/followers/{}", id_of(&ann))).send().await.expect_problem(404, "not_found");
    let asked = ann.post(&at(&bob, "/follow")).send().await.expect(200).body;
    assert_eq!(asked, related(&json!({"requested": true})));
    let (a, b, e) = (id_of(&ann), id_of(&bob), id_of(&eve));
    assert_eq!(told(&app, "follow_requested").await, [(a, b), (e, b), (e, b), (a, b)]);
    assert_eq!((told(&app, "follow_accepted").await, told(&app, "followed").await), (vec![(a, b)], vec![]));
    expect_exact(&app).await;
}

async fn unlocking_lets_everybody_in_who_has_asked(app: TestApp) {
    let bob = person(&app).await;
    lock(&bob, true).await;
    let mut asked = Vec::new();
    for _ in 0..53 {
        let ann = person(&app).await;
        ann.post(&at(&bob, "/follow")).send().await.expect(200);
        asked.push(ann);
    }
    asked[7].delete(&at(&bob, "/follow")).send().await.expect(204);
    let open = lock(&bob, false).await;
    assert_eq!((&open["locked"], &open["counts"]["followers"]), (&json!(false), &json!(52)));
    assert_eq!(ids(&bob, REQUESTS, 10).await, [0_i64; 0]);
    assert_eq!(relationship(&asked[7], &bob).await, related(&json!({})));
    assert_eq!(relationship(&asked[8], &bob).await, related(&json!({"following": true})));
    assert_eq!(told(&app, "follow_accepted").await.len(), 52);
    // Who follows stays when it is locked again.
    lock(&bob, true).await;
    assert_eq!(counts(&bob, &bob).await, (52, 0, 0));
    expect_exact(&app).await;
}

/// The copy of the gateway that unlocked it died before it had let anybody in.
async fn what_a_copy_has_left_is_accepted_later(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    lock(&bob, true).await;
    ann.post(&at(&bob, "/follow")).send().await.expect(200);
    let (id, now) = (id_of(&bob), app.ctx.clock.now());
    let not = if app.backend == Backend::Embedded { "0" } else { "false" };
    run(&app, format!("UPDATE social_profiles SET locked = {not} WHERE user_id = {id}")).await;
    let work = move |db: &mut poligon_core::db::Db| {
        let told = json!({"user_id": id});
        poligon_core::jobs::enqueue(db, "social.accept_follow_requests", told, now, now)
    };
    app.ctx.db.write(work).await.unwrap();
    let follows = |reply: &poligon_testkit::Reply| reply.body["relationship"]["following"] == true;
    crate::people::wait_for(&ann, &at(&bob, ""), follows).await;
    expect_exact(&app).await;
}

async fn lists_are_newest_first_and_stay_while_others_come(app: TestApp) {
    let bob = person(&app).await;
    let mut fans = Vec::new();
    for n in 0..7 {
        let fan = person(&app).await;
        fan.post(&at(&bob, "/follow")).send().await.expect(200);
        bob.post(&at(&fan, "/follow")).send().await.expect(200);
        if n % 2 == 0 {
            app.clock().advance(chrono::Duration::seconds(1)); // the others come in the same millisecond
        }
        fans.push(fan);
    }
    let newest: Vec<i64> = fans.iter().rev().map(id_of).collect();
    let client = app.client();
    for limit in [1, 3, 7] {
        assert_eq!(ids(&client, &at(&bob, "/followers"), limit).await, newest, "{limit}");
        assert_eq!(ids(&bob, &format!("{USERS}/me/following"), limit).await, newest, "{limit}");
    }
    let first = client.get(&at(&bob, "/followers?limit=3")).send().await.expect(200);
    assert_eq!(first.header("cache-control"), Some("public, no-cache"));
    let item = &first.body["items"][0];
    assert_eq!(item["person"]["display_name"], "A Person");
    assert!(item["since"].as_str().unwrap().ends_with('Z'));
    person(&app).await.post(&at(&bob, "/follow")).send().await.expect(200);
    fans[6].delete(&at(&bob, "/follow")).send().await.expect(204);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = client.get(&at(&bob, &format!("/followers?limit=3&cursor={cursor}"))).send().await.expect(200).body;
    let second: Vec<_> = second["items"].as_array().unwrap().iter().map(|item| item["person"]["id"].as_i64()).collect();
    assert_eq!(second, newest[3..6].iter().copied().map(Some).collect::<Vec<_>>());
    client.get(&format!("{USERS}/me/followers")).send().await.expect_problem(401, "unauthenticated");
}

async fn lists_of_a_locked_account_are_for_those_near_it(app: TestApp) {
    let (bob, fan, friend) = (person(&app).await, person(&app).await, person(&app).await);
    let (asker, followed) = (person(&app).await, person(&app).await);
    fan.post(&at(&bob, "/follow")).send().await.expect(200);
    friend.post(&at(&bob, "/friend")).send().await.expect(200);
    bob.post(&at(&friend, "/friend")).send().await.expect(200);
    bob.post(&at(&followed, "/follow")).send().await.expect(200);
    lock(&bob, true).await;
    asker.post(&at(&bob, "/follow")).send().await.expect(200);
    for list in ["/followers", "/following", "/friends"] {
        for near in [&bob, &fan, &friend] {
            assert_eq!(ids(near, &at(&bob, list), 5).await.len(), 1);
        }
        for far in [&asker, &followed, &moderator(&app).await] {
            far.get(&at(&bob, list)).send().await.expect_problem(403, "locked_account");
        }
        app.client().get(&at(&bob, list)).send().await.expect_problem(401, "unauthenticated");
    }
    // The counts are for everybody.
    let shown = json!({"followers": 1, "following": 1, "friends": 1, "posts": 0});
    assert_eq!(seen(&app.client(), &bob).await["counts"], shown);
}

async fn nobody_follows_themselves_or_whoever_is_not_there(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let own = |behind: &str| at(&ann, behind);
    for request in [
        ann.post(&own("/follow")),
        ann.delete(&own("/follow")),
        ann.post(&own("/friend")),
        ann.delete(&own("/friend")),
        ann.put(&own("/block")),
        ann.delete(&own("/block")),
        ann.put(&own("/mute")).json(&json!({})),
        ann.delete(&own("/mute")),
        ann.post(&request_of(&ann, "accept")),
        ann.post(&request_of(&ann, "decline")),
        ann.delete(&format!("{USERS}/me/followers/{}", id_of(&ann))),
    ] {
        request.send().await.expect_problem(409, "own_account");
    }
    run(&app, format!("UPDATE users SET deleted_at = created_at WHERE id = {}", id_of(&bob))).await;
    for other in [id_of(&bob).to_string(), "999999".into(), "0".into(), "x".into(), "me".into()] {
        for request in [
            ann.post(&format!("{USERS}/{other}/follow")),
            ann.delete(&format!("{USERS}/{other}/follow")),
            ann.post(&format!("{USERS}/{other}/friend")),
            ann.delete(&format!("{USERS}/{other}/friend")),
            ann.put(&format!("{USERS}/{other}/block")),
            ann.delete(&format!("{USERS}/{other}/block")),
            ann.put(&format!("{USERS}/{other}/mute")).json(&json!({})),
            ann.delete(&format!("{USERS}/{other}/mute")),
            ann.post(&format!("{REQUESTS}/{other}/accept")),
            ann.post(&format!("/api/social/friend-requests/{other}/decline")),
            ann.delete(&format!("{USERS}/me/followers/{other}")),
        ] {
            request.send().await.expect_problem(404, "not_found");
        }
    }
    let nobody = app.client();
    for request in [
        nobody.post(&own("/follow")),
        nobody.delete(&own("/follow")),
        nobody.post(&own("/friend")),
        nobody.put(&own("/block")),
        nobody.put(&own("/mute")).json(&json!({})),
        nobody.get(REQUESTS),
        nobody.get("/api/social/friend-requests"),
        nobody.get("/api/social/blocks"),
        nobody.get("/api/social/mutes"),
        nobody.post(&request_of(&ann, "accept")),
    ] {
        request.send().await.expect_problem(401, "unauthenticated");
    }
    let wrong = ann.get(&format!("{REQUESTS}?direction=both")).send().await.expect_problem(422, "validation_failed");
    assert_eq!(wrong.pointers(), ["/direction"]);
    expect_exact(&app).await;
}

async fn whoever_is_suspended_changes_nothing(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    bob.post(&at(&ann, "/follow")).send().await.expect(200);
    ann.patch(&format!("{USERS}/me")).json(&json!({"bio": "before"})).send().await.expect(200);
    let id = id_of(&ann);
    run(&app, format!("UPDATE social_profiles SET suspended_until = '2999-01-01T00:00:00.000Z' WHERE user_id = {id}"))
        .await;
    for request in [
        ann.post(&at(&bob, "/follow")),
        ann.post(&at(&bob, "/friend")),
        ann.delete(&format!("{USERS}/me/followers/{}", id_of(&bob))),
        ann.patch(&format!("{USERS}/me")).json(&json!({"bio": "after"})),
    ] {
        let refused = request.send().await.expect_problem(403, "suspended");
        assert_eq!(refused.body["suspended_until"], "2999-01-01T00:00:00.000Z");
    }
    let me = ann.get(&format!("{USERS}/me")).send().await.expect(200).body;
    assert_eq!((&me["bio"], &me["counts"]["followers"]), (&json!("before"), &json!(1)));
    bob.delete(&at(&ann, "/follow")).send().await.expect(204);
    // What says nothing to anybody they may do: see and hear less.
    ann.put(&at(&bob, "/mute")).json(&json!({})).send().await.expect(200);
    ann.delete(&at(&bob, "/mute")).send().await.expect(204);
    ann.put(&at(&bob, "/block")).send().await.expect(200);
    bob.get(&at(&ann, "")).send().await.expect_problem(404, "not_found");
    ann.delete(&at(&bob, "/block")).send().await.expect(204);
}

async fn a_repeated_request_with_a_key_does_it_once(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let send = || ann.post(&at(&bob, "/follow")).header("idempotency-key", "once").send();
    let first = send().await.expect(200);
    ann.delete(&at(&bob, "/follow")).send().await.expect(204);
    let again = send().await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    assert_eq!(relationship(&ann, &bob).await, related(&json!({})));
    lock(&bob, true).await;
    ann.post(&at(&bob, "/follow")).send().await.expect(200);
    let accept = || bob.post(&request_of(&ann, "accept")).header("idempotency-key", "once").send();
    let first = accept().await.expect(200);
    assert_eq!(accept().await.expect(200).body, first.body);
}

poligon_testkit::tests! { start =>
    one_follows_and_follows_no_longer,
    a_locked_account_is_asked,
    unlocking_lets_everybody_in_who_has_asked,
    what_a_copy_has_left_is_accepted_later,
    lists_are_newest_first_and_stay_while_others_come,
    lists_of_a_locked_account_are_for_those_near_it,
    nobody_follows_themselves_or_whoever_is_not_there,
    whoever_is_suspended_changes_nothing,
    a_repeated_request_with_a_key_does_it_once,
}
