//! Blocks, which hide two people from each other everywhere, and mutes.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::follows::{lock, request_of};
use crate::people::{at, counts, expect_exact, ids, related, relationship, seen, told};
use crate::world::{USERS, id_of, person, publish, start};

const BLOCKS: &str = "/api/social/blocks";
const MUTES: &str = "/api/social/mutes";
const NOBODY: [i64; 0] = [];

/// Everything that two people can be to each other: followers, friends, requests both ways.
async fn close(one: &Client, other: &Client) {
    for (one, other) in [(one, other), (other, one)] {
        one.post(&at(other, "/follow")).send().await.expect(200);
        one.post(&at(other, "/friend")).send().await.expect(200);
    }
}

async fn a_block_ends_everything_both_ways(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    close(&ann, &bob).await;
    assert_eq!((counts(&ann, &ann).await, counts(&bob, &bob).await), ((1, 1, 1), (1, 1, 1)));
    for _ in 0..2 {
        let blocked = ann.put(&at(&bob, "/block")).send().await.expect(200).body;
        assert_eq!(blocked, related(&json!({"blocking": true})));
    }
    assert_eq!((counts(&ann, &ann).await, counts(&bob, &bob).await), ((0, 0, 0), (0, 0, 0)));
    assert_eq!(told(&app, "blocked").await, [(id_of(&ann), id_of(&bob))]);
    assert_eq!((ids(&ann, BLOCKS, 1).await, ids(&bob, BLOCKS, 1).await), (vec![id_of(&bob)], vec![]));
    expect_exact(&app).await;
    bob.delete(&at(&ann, "/block")).send().await.expect_problem(404, "not_found");
    ann.delete(&at(&bob, "/block")).send().await.expect(204);
    ann.delete(&at(&bob, "/block")).send().await.expect_problem(404, "not_found");
    assert_eq!(relationship(&bob, &ann).await, related(&json!({})));
    expect_exact(&app).await;
    // Requests end, too, of both kinds and directions.
    lock(&ann, true).await;
    lock(&bob, true).await;
    ann.post(&at(&bob, "/friend")).send().await.expect(200);
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        one.post(&at(other, "/follow")).send().await.expect(200);
    }
    bob.put(&at(&ann, "/block")).send().await.expect(200);
    for list in
        ["follow-requests", "follow-requests?direction=sent", "friend-requests", "friend-requests?direction=sent"]
    {
        for one in [&ann, &bob] {
            assert_eq!(ids(one, &format!("/api/social/{list}"), 5).await, NOBODY);
        }
    }
    bob.post(&request_of(&ann, "accept")).send().await.expect_problem(404, "not_found");
    expect_exact(&app).await;
}

/// One's own comment and reactions stay with others who see them; so they can be taken back, though one does not see the post
/// any more. Once, and nobody else's.
async fn what_one_said_is_taken_back_behind_a_block(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    let post = publish(&ann, "hello", "public").await["id"].as_i64().unwrap();
    let path = format!("/api/social/posts/{post}");
    let write = async |who: &Client| {
        let comment = who.post(&format!("{path}/comment")).json(&json!({"body": "hi"})).send().await.expect(201).body;
        format!("/api/social/comments/{}", comment["id"])
    };
    let (own, eves, anns) = (write(&bob).await, write(&eve).await, write(&ann).await);
    bob.put(&format!("{path}/reaction")).json(&json!({"kind": "sad"})).send().await.expect(200);
    for comment in [&own, &eves, &anns] {
        bob.put(&format!("{comment}/reaction")).json(&json!({"kind": "love"})).send().await.expect(200);
    }
    ann.put(&at(&bob, "/block")).send().await.expect(200);
    bob.get(&own).send().await.expect_problem(404, "not_found");
    bob.delete(&anns).send().await.expect_problem(404, "not_found");
    bob.delete(&eves).send().await.expect_problem(404, "not_found");
    bob.delete(&format!("{path}/like")).send().await.expect_problem(404, "not_found");
    for taken in [format!("{path}/reaction"), format!("{anns}/reaction"), format!("{eves}/reaction"), own.clone()] {
        bob.delete(&taken).send().await.expect(204);
        bob.delete(&taken).send().await.expect_problem(404, "not_found");
        bob.put(&format!("{path}/reaction"))
            .json(&json!({"kind": "sad"}))
            .send()
            .await
            .expect_problem(404, "not_found");
    }
    let seen = eve.get(&path).send().await.expect(200).body;
    assert_eq!((&seen["reaction_count"], &seen["comment_count"]), (&json!(0), &json!(2)));
    for comment in [&anns, &eves] {
        assert_eq!(eve.get(comment).send().await.expect(200).body["reaction_count"], 0);
    }
}

async fn whoever_is_blocked_sees_nothing_of_the_other(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    ann.put(&at(&bob, "/block")).send().await.expect(200);
    for request in [
        bob.get(&at(&ann, "")),
        bob.get(&at(&ann, "/followers")),
        bob.get(&at(&ann, "/following")),
        bob.get(&at(&ann, "/friends")),
        bob.post(&at(&ann, "/follow")),
        bob.delete(&at(&ann, "/follow")),
        bob.post(&at(&ann, "/friend")),
        bob.delete(&at(&ann, "/friend")),
        bob.put(&at(&ann, "/mute")).json(&json!({})),
        bob.delete(&at(&ann, "/mute")),
        bob.post(&request_of(&ann, "accept")),
    ] {
        request.send().await.expect_problem(404, "not_found");
    }
    // Whoever blocks sees whom, and nothing beside.
    assert_eq!(relationship(&ann, &bob).await, related(&json!({"blocking": true})));
    for request in [
        ann.get(&at(&bob, "/followers")),
        ann.get(&at(&bob, "/following")),
        ann.get(&at(&bob, "/friends")),
        ann.post(&at(&bob, "/follow")),
        ann.post(&at(&bob, "/friend")),
    ] {
        request.send().await.expect_problem(409, "blocked");
    }
    // For everybody else nothing has changed.
    for other in [&eve, &app.client()] {
        assert_eq!(counts(other, &ann).await, (0, 0, 0));
        assert_eq!(ids(other, USERS, 2).await.len(), 3);
    }
    expect_exact(&app).await;
}

/// The blocked one blocks back, is unblocked, and unblocks.
async fn a_cut_lasts_as_long_as_one_of_the_two_blocks(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    ann.put(&at(&bob, "/block")).send().await.expect(200);
    let back = bob.put(&at(&ann, "/block")).send().await.expect(200).body;
    assert_eq!(back, related(&json!({"blocking": true})), "that the other blocks is not told");
    expect_exact(&app).await;
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        assert_eq!(relationship(one, other).await, related(&json!({"blocking": true})));
        assert_eq!(ids(one, BLOCKS, 1).await, [id_of(other)]);
        assert_eq!(ids(one, USERS, 5).await, [id_of(one)]);
        one.post(&at(other, "/follow")).send().await.expect_problem(409, "blocked");
    }
    ann.delete(&at(&bob, "/block")).send().await.expect(204);
    ann.get(&at(&bob, "")).send().await.expect_problem(404, "not_found");
    ann.post(&at(&bob, "/follow")).send().await.expect_problem(404, "not_found");
    assert_eq!(relationship(&bob, &ann).await, related(&json!({"blocking": true})));
    expect_exact(&app).await;
    bob.delete(&at(&ann, "/block")).send().await.expect(204);
    ann.post(&at(&bob, "/follow")).send().await.expect(200);
    expect_exact(&app).await;
}

async fn hidden_people_are_in_no_list_or_count(app: TestApp) {
    let (hub, ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    for other in [&ann, &bob, &eve] {
        close(&hub, other).await;
    }
    ann.put(&at(&bob, "/block")).send().await.expect(200);
    // Bob and Ann hide each other; Eve, the hub and strangers see both.
    for (viewer, hidden) in [(&ann, Some(&bob)), (&bob, Some(&ann)), (&eve, None), (&hub, None), (&app.client(), None)]
    {
        let left = if hidden.is_some() { 2 } else { 3 };
        assert_eq!(counts(viewer, &hub).await, (left, left, left));
        for list in ["/followers", "/following", "/friends"] {
            let seen = ids(viewer, &at(&hub, list), 1).await;
            assert_eq!(seen.len(), usize::try_from(left).unwrap());
            assert!(hidden.is_none_or(|hidden| !seen.contains(&id_of(hidden))));
        }
    }
    expect_exact(&app).await;
}

async fn a_mute_is_for_good_or_until_its_time(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    ann.post(&at(&bob, "/follow")).send().await.expect(200);
    let muted = ann.put(&at(&bob, "/mute")).json(&json!({"until": null})).send().await.expect(200).body;
    assert_eq!(muted, related(&json!({"following": true, "muting": true})));
    assert_eq!(relationship(&bob, &ann).await, related(&json!({"followed_by": true})), "nobody is told");
    app.clock().advance(chrono::Duration::seconds(1));
    let until = (app.ctx.clock.now() + chrono::Duration::hours(1)).to_string();
    let muted = ann.put(&at(&eve, "/mute")).json(&json!({"until": until})).send().await.expect(200).body;
    assert_eq!(muted, related(&json!({"muting": true, "muted_until": until})));
    let list = ann.get(&format!("{MUTES}?include_total=true")).send().await.expect(200).body;
    assert_eq!(
        (&list["total"], &list["items"][0]["until"], &list["items"][1]["until"]),
        (&json!(2), &json!(until), &Value::Null)
    );
    assert_eq!(ids(&ann, MUTES, 1).await, [id_of(&eve), id_of(&bob)]);
    // The time of a mute is changed; what comes again is still the same mute.
    let since = list["items"][1]["since"].clone();
    ann.put(&at(&bob, "/mute")).json(&json!({"until": until})).send().await.expect(200);
    ann.put(&at(&bob, "/mute")).json(&json!({})).send().await.expect(200);
    let list = ann.get(MUTES).send().await.expect(200).body;
    assert_eq!((&list["items"][1]["since"], &list["items"][1]["until"]), (&since, &Value::Null));
    app.clock().advance(chrono::Duration::minutes(14));
    assert_eq!(relationship(&ann, &eve).await["muting"], true);
    // Tokens live for fifteen minutes; the mute's row is made to end now instead of waiting for it.
    let over = (app.ctx.clock.now() - chrono::Duration::seconds(1)).to_string();
    let row = format!("user_id = {} AND other_id = {}", id_of(&ann), id_of(&eve));
    crate::people::run(&app, format!("UPDATE social_ties SET muted_until = '{over}' WHERE {row}")).await;
    assert_eq!(relationship(&ann, &eve).await, related(&json!({})));
    let list = ann.get(&format!("{MUTES}?include_total=true")).send().await.expect(200).body;
    assert_eq!((&list["total"], ids(&ann, MUTES, 1).await), (&json!(1), vec![id_of(&bob)]));
    ann.delete(&at(&eve, "/mute")).send().await.expect_problem(404, "not_found");
    ann.delete(&at(&bob, "/mute")).send().await.expect(204);
    ann.delete(&at(&bob, "/mute")).send().await.expect_problem(404, "not_found");
    assert_eq!(relationship(&ann, &bob).await, related(&json!({"following": true})));
    expect_exact(&app).await;
}

async fn a_bad_mute_is_refused_by_name(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let now = app.ctx.clock.now().to_string();
    for (body, pointer) in [
        (json!({"until": now}), "/until"),
        (json!({"until": "2001-01-01T00:00:00Z"}), "/until"),
        (json!({"until": "tomorrow"}), "/until"),
        (json!({"until": "+10000-01-01T00:00:00Z"}), "/until"),
        (json!({"until": 5}), "/until"),
        (json!({"till": null}), "/till"),
    ] {
        let refused = ann.put(&at(&bob, "/mute")).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    ann.put(&at(&bob, "/mute")).send().await.expect_problem(415, "unsupported_media_type");
    assert_eq!(relationship(&ann, &bob).await, related(&json!({})));
    let far = json!({"until": "9999-12-31T23:59:59.999Z"});
    ann.put(&at(&bob, "/mute")).json(&far).send().await.expect(200);
}

/// A mute stays under a block, and is seen again when that has gone.
async fn a_mute_and_a_block_know_nothing_of_each_other(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    ann.put(&at(&bob, "/mute")).json(&json!({})).send().await.expect(200);
    bob.put(&at(&ann, "/block")).send().await.expect(200);
    assert_eq!(ids(&ann, MUTES, 1).await, NOBODY);
    let total = ann.get(&format!("{MUTES}?include_total=true")).send().await.expect(200).body["total"].clone();
    assert_eq!(total, 0);
    ann.delete(&at(&bob, "/mute")).send().await.expect_problem(404, "not_found");
    bob.delete(&at(&ann, "/block")).send().await.expect(204);
    assert_eq!(ids(&ann, MUTES, 1).await, [id_of(&bob)]);
    ann.put(&at(&bob, "/block")).send().await.expect(200);
    let both = related(&json!({"blocking": true, "muting": true}));
    assert_eq!(relationship(&ann, &bob).await, both);
    ann.delete(&at(&bob, "/mute")).send().await.expect(204);
    expect_exact(&app).await;
}

/// Who is hidden from somebody is shown to them by name only, however it came about: so nobody sees whether they are blocked.
async fn whoever_blocks_sees_a_name_and_nothing_more(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    ann.patch(&format!("{USERS}/me")).json(&json!({"bio": "Here I am", "locked": true})).send().await.expect(200);
    let id = id_of(&ann);
    crate::people::run(&app, format!("UPDATE users SET avatar_url = '/a.png' WHERE id = {id}")).await;
    crate::world::publish(&ann, "x", "public").await;
    eve.post(&at(&ann, "/friend")).send().await.expect(200);
    ann.post(&at(&eve, "/friend")).send().await.expect(200);
    let before = seen(&bob, &ann).await;
    assert_eq!((&before["bio"], &before["locked"]), (&json!("Here I am"), &json!(true)));
    bob.put(&at(&ann, "/block")).send().await.expect(200);
    let alone = seen(&bob, &ann).await;
    ann.put(&at(&bob, "/block")).send().await.expect(200);
    let both = seen(&bob, &ann).await;
    assert_eq!(alone, both);
    assert_eq!((&both["id"], &both["username"]), (&before["id"], &before["username"]));
    assert_eq!((&both["bio"], &both["avatar_url"], &both["locked"]), (&json!(""), &Value::Null, &json!(false)));
    assert_eq!(both["counts"], json!({"followers": 0, "following": 0, "friends": 0, "posts": 0}));
    assert_eq!(both["relationship"], related(&json!({"blocking": true})));
    assert_eq!(seen(&eve, &ann).await["bio"], "Here I am");
}

poligon_testkit::tests! { start =>
    whoever_blocks_sees_a_name_and_nothing_more,
    a_block_ends_everything_both_ways,
    what_one_said_is_taken_back_behind_a_block,
    whoever_is_blocked_sees_nothing_of_the_other,
    a_cut_lasts_as_long_as_one_of_the_two_blocks,
    hidden_people_are_in_no_list_or_count,
    a_mute_is_for_good_or_until_its_time,
    a_bad_mute_is_refused_by_name,
    a_mute_and_a_block_know_nothing_of_each_other,
}
