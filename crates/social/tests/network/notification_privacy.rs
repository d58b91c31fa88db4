//! Who is told nothing: of whom, and of what they do not see.

use chrono::Duration;
use poligon_testkit::TestApp;
use serde_json::json;

use crate::notifications::{NOTIFICATIONS, PREFERENCES, published, told, unread_of};
use crate::planted::{
    ask, between, blocked, chat, comment, cut, message, post, react, replay, run, settle, tell, tie, unreact, written,
};
use crate::world::{id_of, person, start};

/// What is told of something goes with it, and comes back with it: from the list, from the count, from sockets.
async fn what_is_not_seen_any_more_is_not_told_of(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (one, own) = (post(&app, &bob, "public").await, post(&app, &ann, "public").await);
    published(&app, one, &bob, &[&ann]).await;
    written(&app, own, &bob, None, &[]).await;
    react(&app, "post", own, &bob, "like").await;
    settle(&app).await;
    let shown = async || (told(&ann).await.len(), usize::try_from(unread_of(&ann).await).unwrap());
    assert_eq!(shown().await, (3, 3));
    for (change, left) in [
        (format!("UPDATE posts SET visibility = 'private' WHERE id = {one}"), 2),
        (format!("UPDATE posts SET visibility = 'public' WHERE id = {one}"), 3),
        ("UPDATE comments SET status = 'removed'".to_owned(), 2),
        ("UPDATE comments SET status = 'published'".to_owned(), 3),
        (format!("UPDATE posts SET status = 'removed' WHERE id = {own}"), 1),
    ] {
        run(&app, change).await;
        assert_eq!(shown().await, (left, left));
    }
}

async fn hidden_and_muted_people_are_silent(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    let theirs = post(&app, &bob, "public").await;
    let talk = chat(&app, &bob, &ann, "invited").await;
    let everything = async || {
        for topic in ["social.followed", "social.follow_requested", "social.friend_requested"] {
            between(&app, topic, &bob, &ann).await;
            settle(&app).await;
        }
        between(&app, "social.follow_accepted", &ann, &bob).await;
        published(&app, theirs, &bob, &[&ann]).await;
        written(&app, id, &bob, None, &[&ann]).await;
        react(&app, "post", id, &bob, "like").await;
        let request = json!({"id": 1, "chat_id": talk, "author_id": id_of(&bob), "request": true});
        tell(&app, "social.message_sent", &format!("chat:{talk}"), request).await;
        settle(&app).await;
        unreact(&app, "post", id, &bob, "like").await;
    };
    let now = app.clock().now();
    let until = now + Duration::hours(1);
    tie(&app, &ann, &bob, &format!("muted = true, muted_at = '{now}'")).await;
    everything().await;
    assert_eq!(told(&ann).await.len(), 0, "muted for good");
    tie(&app, &ann, &bob, &format!("muted_until = '{until}'")).await;
    everything().await;
    assert_eq!(told(&ann).await.len(), 0, "muted for an hour");
    tie(&app, &ann, &bob, "muted = false, muted_at = NULL, muted_until = NULL").await;
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        cut(&app, one, other).await;
        everything().await;
        assert_eq!(told(&ann).await.len(), 0, "blocked");
        run(&app, "UPDATE social_ties SET cut = false, blocking = false, blocking_at = NULL").await;
    }
    // Whom Bob has muted is none of Ann's business, and her hour is over.
    tie(&app, &bob, &ann, &format!("muted = true, muted_at = '{now}'")).await;
    tie(&app, &ann, &bob, &format!("muted = true, muted_at = '{now}', muted_until = '{now}'")).await;
    everything().await;
    assert_eq!(told(&ann).await.len(), 7, "all but the reaction, which was taken back again");
}

async fn what_a_person_does_not_see_is_not_told(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let now = app.clock().now();
    for (visibility, mentioned) in [("public", 1), ("followers", 1), ("friends", 1), ("private", 1)] {
        let id = post(&app, &bob, visibility).await;
        published(&app, id, &bob, &[&ann]).await;
        written(&app, id, &bob, None, &[&ann]).await;
        settle(&app).await;
        let expected = if visibility == "public" { 2 * mentioned } else { 0 };
        let seen = told(&ann).await.iter().filter(|item| item["post_id"] == id).count();
        assert_eq!(seen, expected, "{visibility}, a stranger");
    }
    for (tie_of, sees) in [
        (format!("follow = 'following', follow_at = '{now}'"), ["public", "followers"].as_slice()),
        (format!("friend = 'friends', friend_at = '{now}'"), &["public", "followers", "friends"]),
    ] {
        tie(&app, &ann, &bob, &tie_of).await;
        for visibility in ["public", "followers", "friends", "private"] {
            let id = post(&app, &bob, visibility).await;
            // Cem, who may be anything, answers Ann's comment.
            let own = comment(&app, id, &ann, None).await;
            written(&app, id, &cem, Some(own), &[]).await;
            react(&app, "comment", own, &cem, "like").await;
            published(&app, id, &bob, &[&ann]).await;
            settle(&app).await;
            let seen = told(&ann).await.iter().filter(|item| item["post_id"] == id).count();
            assert_eq!(seen, if sees.contains(&visibility) { 3 } else { 0 }, "{visibility}, {tie_of}");
        }
    }
    // What is gone.
    for status in ["deleted", "removed"] {
        let id = post(&app, &ann, "public").await;
        run(&app, format!("UPDATE posts SET status = '{status}', ended_at = '{now}' WHERE id = {id}")).await;
        react(&app, "post", id, &bob, "like").await;
        written(&app, id, &bob, None, &[]).await;
        settle(&app).await;
        assert!(told(&ann).await.iter().all(|item| item["post_id"] != id), "{status}");
    }
    // A message that the author does not read any more.
    let talk = chat(&app, &ann, &bob, "active").await;
    let sent = message(&app, talk, &ann).await;
    run(&app, format!("UPDATE messages SET status = 'deleted', ended_at = '{now}' WHERE id = {sent}")).await;
    react(&app, "message", sent, &bob, "like").await;
    // A message of an accepted conversation is no request, nor is one of somebody who is in.
    let plain = json!({"id": sent, "chat_id": talk, "author_id": id_of(&bob), "request": false});
    tell(&app, "social.message_sent", &format!("chat:{talk}"), plain).await;
    let accepted = json!({"id": sent, "chat_id": talk, "author_id": id_of(&bob), "request": true});
    tell(&app, "social.message_sent", &format!("chat:{talk}"), accepted).await;
    settle(&app).await;
    assert!(told(&ann).await.iter().all(|item| item["chat_id"].is_null()));
}

async fn a_block_takes_away_what_the_two_have_of_each_other(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let (popular, quiet) = (post(&app, &ann, "public").await, post(&app, &ann, "public").await);
    between(&app, "social.followed", &bob, &ann).await;
    between(&app, "social.followed", &cem, &ann).await;
    between(&app, "social.friend_requested", &ann, &bob).await;
    for (id, who) in [(popular, &cem), (popular, &bob), (quiet, &bob)] {
        app.clock().advance(Duration::seconds(1));
        react(&app, "post", id, who, "like").await;
    }
    settle(&app).await;
    assert_eq!((told(&ann).await.len(), told(&bob).await.len()), (4, 1));
    let hidden = told(&ann).await.into_iter().find(|item| item["post_id"] == quiet).unwrap();
    cut(&app, &bob, &ann).await;
    // At once, before the event has arrived.
    let left = told(&ann).await;
    assert!(left.iter().all(|item| item["actor"]["id"] != id_of(&bob)), "{left:?}");
    assert_eq!(told(&bob).await.len(), 0);
    ann.put(&format!("{NOTIFICATIONS}/{}/read", hidden["id"])).send().await.expect_problem(404, "not_found");
    ann.delete(&format!("{NOTIFICATIONS}/{}", hidden["id"])).send().await.expect_problem(404, "not_found");
    blocked(&app, &bob, &ann).await;
    settle(&app).await;
    let left = told(&ann).await;
    assert_eq!(left.len(), 2, "Cem follows, and reacts: {left:?}");
    assert!(left.iter().all(|item| item["actor"]["id"] == id_of(&cem) && item["actor_count"] == 1));
    // An end of the block does not bring back what is gone, nor does an old event.
    run(&app, "UPDATE social_ties SET cut = false, blocking = false, blocking_at = NULL").await;
    replay(&app).await;
    let left = told(&ann).await;
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(told(&bob).await.len(), 0);
}

async fn notifications_are_for_one_person(app: TestApp) {
    let (ann, bob, nobody) = (person(&app).await, person(&app).await, app.client());
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    let item = told(&ann).await.remove(0);
    let path = format!("{NOTIFICATIONS}/{}", item["id"]);
    for (method, path) in [
        ("GET", NOTIFICATIONS.to_owned()),
        ("GET", format!("{NOTIFICATIONS}/unread-count")),
        ("PUT", format!("{NOTIFICATIONS}/read")),
        ("PUT", format!("{path}/read")),
        ("DELETE", path.clone()),
        ("GET", PREFERENCES.to_owned()),
        ("PATCH", PREFERENCES.to_owned()),
    ] {
        let request = nobody.request(method.parse().unwrap(), &path);
        request.send().await.expect_problem(401, "unauthenticated");
    }
    for id in
        [item["id"].to_string(), "0".into(), "x".into(), "-1".into(), "99999999999999999999".into(), "7777".into()]
    {
        bob.put(&format!("{NOTIFICATIONS}/{id}/read")).send().await.expect_problem(404, "not_found");
        bob.delete(&format!("{NOTIFICATIONS}/{id}")).send().await.expect_problem(404, "not_found");
    }
    let seen = ann.get(NOTIFICATIONS).send().await.expect(200);
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    // Whoever is suspended reads, and tidies up: nobody hears of it. What they want to be told is no news of theirs either,
    // but nothing that cannot wait.
    let until = app.clock().now() + Duration::days(1);
    run(&app, format!("UPDATE social_profiles SET suspended_until = '{until}'")).await;
    assert_eq!(told(&ann).await.len(), 1);
    ann.patch(PREFERENCES).json(&json!({"follow": false})).send().await.expect_problem(403, "suspended");
    ann.put(&format!("{path}/read")).send().await.expect(200);
    ann.put(&format!("{NOTIFICATIONS}/read")).send().await.expect(200);
    ann.delete(&path).send().await.expect(204);
}

/// A block takes very many groups away, and names somebody else in those that have others, each with a change of its own.
async fn a_block_renames_many_groups(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let talk = chat(&app, &ann, &bob, "active").await;
    let (mut shared, mut alone) = (Vec::new(), Vec::new());
    for n in 0..12 {
        let (object, id) = match n % 3 {
            0 => ("post", post(&app, &ann, "public").await),
            1 => {
                let below = post(&app, &ann, "public").await;
                ("comment", comment(&app, below, &ann, None).await)
            }
            _ => ("message", message(&app, talk, &ann).await),
        };
        if n % 2 == 0 {
            react(&app, object, id, &cem, "wow").await;
            shared.push(json!({"kind": object, "id": id}));
        } else {
            alone.push(json!({"kind": object, "id": id}));
        }
        app.clock().advance(Duration::seconds(1));
        react(&app, object, id, &bob, "like").await;
    }
    settle(&app).await;
    assert_eq!(told(&ann).await.len(), 12);
    cut(&app, &bob, &ann).await;
    blocked(&app, &bob, &ann).await;
    settle(&app).await;
    let left = told(&ann).await;
    assert_eq!(left.len(), shared.len(), "{left:?}");
    for item in &left {
        assert!(shared.contains(&item["payload"]["object"]), "{item}");
        assert_eq!((&item["actor"]["id"], &item["payload"]["reaction"]), (&json!(id_of(&cem)), &json!("wow")));
        assert_eq!(item["actor_count"], 1);
    }
    let of_ann = format!("FROM notifications WHERE user_id = {}", id_of(&ann));
    let gone = format!("SELECT COUNT(*) AS n {of_ann} AND deleted_at IS NOT NULL AND read_at IS NOT NULL");
    assert_eq!(ask(&app, gone).await, i64::try_from(alone.len()).unwrap());
    assert_eq!(ask(&app, format!("SELECT COUNT(DISTINCT seq) AS n {of_ann}")).await, 12);
    let last = format!("SELECT notification_seq - (SELECT MAX(seq) {of_ann}) AS n FROM social_profiles");
    assert!(ask(&app, format!("{last} WHERE user_id = {}", id_of(&ann))).await >= 0);
}

poligon_testkit::tests! { start =>
    a_block_renames_many_groups,
    what_is_not_seen_any_more_is_not_told_of,
    hidden_and_muted_people_are_silent,
    what_a_person_does_not_see_is_not_told,
    a_block_takes_away_what_the_two_have_of_each_other,
    notifications_are_for_one_person,
}
