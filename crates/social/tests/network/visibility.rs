//! Who sees a post: every relation of a viewer to its author, every visibility, every way to it, against one table that
//! is written by hand.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::planted::settle;
use crate::ties;
use crate::world::{POSTS, USERS, id_of, moderator, person, publish, start};

const VISIBILITIES: [&str; 4] = ["public", "followers", "friends", "private"];

/// Of each relation of the viewer to the author: whether posts of each visibility are seen, and why or why not.
const TABLE: &[(&str, [(bool, &str); 4])] = &[
    ("nobody", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("stranger", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("requested", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("follower", [(true, "public"), (true, "follower"), (false, "not_friend"), (false, "private")]),
    ("followed", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("asked", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("friend", [(true, "public"), (true, "friend"), (true, "friend"), (false, "private")]),
    ("former follower", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("former friend", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("blocked", [(false, "blocked"), (false, "blocked"), (false, "blocked"), (false, "private")]),
    ("blocking", [(false, "blocked"), (false, "blocked"), (false, "blocked"), (false, "private")]),
    ("blocked friend", [(false, "blocked"), (false, "blocked"), (false, "blocked"), (false, "private")]),
    ("muting", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("moderator", [(true, "public"), (false, "not_follower"), (false, "not_friend"), (false, "private")]),
    ("author", [(true, "own"), (true, "own"), (true, "own"), (true, "own")]),
];

fn user(id: i64, rest: &str) -> String {
    format!("{USERS}/{id}/{rest}")
}

/// Follows; `author` is locked, and accepts.
async fn follow(viewer: &Client, author: &Client) {
    viewer.post(&user(id_of(author), "follow")).send().await.expect(200);
    let accept = format!("/api/social/follow-requests/{}/accept", id_of(viewer));
    assert!(author.post(&accept).send().await.status < 300);
}

async fn befriend(viewer: &Client, author: &Client) {
    assert!(viewer.post(&user(id_of(author), "friend")).send().await.status < 300);
    let accept = format!("/api/social/friend-requests/{}/accept", id_of(viewer));
    assert!(author.post(&accept).send().await.status < 300);
}

async fn block(who: &Client, whom: &Client) {
    assert!(who.put(&user(id_of(whom), "block")).send().await.status < 300);
}

/// Somebody who stands in a relation to a locked author.
async fn viewer(app: &TestApp, relation: &str, author: &Client) -> Client {
    let viewer = match relation {
        "nobody" => return app.client(),
        "author" => return author.clone(),
        "moderator" => moderator(app).await,
        _ => person(app).await,
    };
    match relation {
        "requested" => drop(viewer.post(&user(id_of(author), "follow")).send().await.expect(200)),
        "follower" => follow(&viewer, author).await,
        "followed" => drop(author.post(&user(id_of(&viewer), "follow")).send().await.expect(200)),
        "asked" => assert!(viewer.post(&user(id_of(author), "friend")).send().await.status < 300),
        "friend" => befriend(&viewer, author).await,
        "former follower" => {
            follow(&viewer, author).await;
            viewer.delete(&user(id_of(author), "follow")).send().await.expect(204);
        }
        "former friend" => {
            befriend(&viewer, author).await;
            viewer.delete(&user(id_of(author), "friend")).send().await.expect(204);
        }
        "blocked" => block(author, &viewer).await,
        "blocking" => block(&viewer, author).await,
        "blocked friend" => {
            befriend(&viewer, author).await;
            follow(&viewer, author).await;
            block(author, &viewer).await;
        }
        "muting" => assert!(viewer.put(&user(id_of(author), "mute")).json(&json!({})).send().await.status < 300),
        _ => {}
    }
    viewer
}

/// Somebody who wants to be asked before they are followed.
async fn locked(app: &TestApp) -> Client {
    let author = person(app).await;
    author.patch(&format!("{USERS}/me")).json(&json!({"locked": true})).send().await.expect(200);
    author
}

/// A post of each visibility, all with the same word and hashtag, each liked and commented on by its
/// author; answers their ids.
async fn posts_of(author: &Client, word: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    for visibility in VISIBILITIES {
        let id = publish(author, &format!("{word} #{word}"), visibility).await["id"].as_i64().expect("an id");
        author.post(&format!("{POSTS}/{id}/like")).send().await.expect(200);
        author.post(&format!("{POSTS}/{id}/comment")).json(&json!({"body": "First"})).send().await.expect(201);
        ids.push(id);
    }
    ids
}

/// The ids on a list.
async fn listed(viewer: &Client, query: &str) -> Vec<i64> {
    let page = viewer.get(&format!("{POSTS}?limit=100&{query}")).send().await;
    if page.status == 404 || page.status == 401 {
        return Vec::new();
    }
    let items = page.expect(200).body["items"].as_array().expect("items").clone();
    items.iter().map(|post| post["id"].as_i64().expect("an id")).collect()
}

async fn every_list_shows_what_is_seen_and_nothing_else(app: TestApp) {
    for (relation, expected) in TABLE {
        let author = locked(&app).await;
        let word = format!("w{}x", id_of(&author));
        let viewer = viewer(&app, relation, &author).await;
        let ids = posts_of(&author, &word).await;
        let seen: Vec<i64> = ids.iter().zip(expected).filter(|(_, (seen, _))| *seen).map(|(id, _)| *id).collect();
        let newest_first: Vec<i64> = seen.iter().rev().copied().collect();
        let of_author = |all: Vec<i64>| -> Vec<i64> { all.into_iter().filter(|id| ids.contains(id)).collect() };
        let user_feed = format!("feed=user&user_id={}", id_of(&author));
        assert_eq!(of_author(listed(&viewer, &user_feed).await), newest_first, "{relation}: {user_feed}");
        // A mute keeps away what comes by itself: whoever looks for the person still finds them.
        let of_tag = if *relation == "muting" { vec![] } else { newest_first.clone() };
        assert_eq!(of_author(listed(&viewer, &format!("feed=tag&tag={word}")).await), of_tag, "{relation}: by hashtag");
        let mut found = of_author(listed(&viewer, &format!("feed=global&q={word}")).await);
        found.sort_unstable();
        assert!(found.iter().all(|id| seen.contains(id)), "{relation} finds {found:?}, and sees {seen:?}");
        let of_global = of_author(listed(&viewer, "feed=global").await);
        let public = if *relation == "muting" { vec![] } else { of_author(vec![ids[0]]) };
        assert_eq!(of_global, if expected[0].0 { public } else { vec![] }, "{relation}: global");
        let at_home = of_author(listed(&viewer, "feed=home").await);
        let follows = ["follower", "author"].contains(relation);
        assert_eq!(at_home, if follows { newest_first } else { vec![] }, "{relation}: home");
    }
}

/// Method, path below the post, body, and the status for who sees the post. Who does not see it is answered 404; nobody
/// in particular 401, where one has to be somebody.
const ACTIONS: &[(&str, &str, &str, u16, bool)] = &[
    ("GET", "", "", 200, false),
    ("GET", "/comments", "", 200, false),
    ("GET", "/reactions", "", 200, false),
    ("GET", "/revisions", "", 200, false),
    ("POST", "/comment", r#"{"body": "Hello"}"#, 201, true),
    ("POST", "/like", "", 200, true),
    ("PUT", "/reaction", r#"{"kind": "wow"}"#, 200, true),
    ("PUT", "/bookmark", "", 200, true),
    ("DELETE", "/reaction", "", 204, true),
    ("DELETE", "/like", "", 204, true),
    ("DELETE", "/bookmark", "", 204, true),
];

async fn every_action_is_for_those_who_see(app: TestApp) {
    for (relation, expected) in TABLE {
        let author = locked(&app).await;
        let viewer = viewer(&app, relation, &author).await;
        let ids = posts_of(&author, "word").await;
        for (n, id) in ids.iter().enumerate() {
            let (seen, _) = expected[n];
            let before = author.get(&format!("{POSTS}/{id}")).send().await.expect(200).body;
            for (method, path, body, status, personal) in ACTIONS {
                let request = viewer.request(method.parse().expect("a method"), &format!("{POSTS}/{id}{path}"));
                let request = if body.is_empty() {
                    request
                } else {
                    request.json(&serde_json::from_str::<Value>(body).expect("a body"))
                };
                let reply = request.send().await;
                let wanted = match (*relation == "nobody" && *personal, seen) {
                    (true, _) => 401,
                    (false, true) => *status,
                    (false, false) => 404,
                };
                let what = format!("{relation}, {}: {method} {path}", VISIBILITIES[n]);
                let fits = reply.status == wanted || (*method == "PUT" && wanted == 200 && reply.status == 204);
                assert!(fits, "{what}: {} instead of {wanted}: {}", reply.status, reply.text);
            }
            if !seen {
                let after = author.get(&format!("{POSTS}/{id}")).send().await.expect(200).body;
                assert_eq!(after, before, "{relation}, {}: something was changed", VISIBILITIES[n]);
            }
        }
    }
}

async fn the_verdict_is_explained_to_moderators(app: TestApp) {
    let judge = moderator(&app).await;
    for (relation, expected) in TABLE {
        let author = locked(&app).await;
        let viewer = viewer(&app, relation, &author).await;
        let ids = posts_of(&author, "word").await;
        for (id, (seen, reason)) in ids.iter().zip(expected) {
            let of = viewer.user_id.map_or(String::new(), |id| format!("?viewer={id}"));
            let told = judge.get(&format!("{POSTS}/{id}/visibility{of}")).send().await.expect(200).body;
            assert_eq!((&told["visible"], &told["reason"]), (&json!(seen), &json!(reason)), "{relation}");
            let others = person(&app).await.get(&format!("{POSTS}/{id}/visibility{of}")).send().await;
            others.expect_problem(403, "forbidden");
        }
    }
}

/// What has ended is seen by nobody, whoever they are.
async fn what_has_ended_is_not_seen(app: TestApp) {
    let judge = moderator(&app).await;
    for end in ["deleted", "removed"] {
        let author = locked(&app).await;
        let friend = viewer(&app, "friend", &author).await;
        let ids = posts_of(&author, "word").await;
        for id in &ids {
            let path = format!("{POSTS}/{id}");
            friend.get(&path).send().await;
            if end == "deleted" {
                author.delete(&path).send().await.expect(204);
            } else {
                judge.put(&format!("{path}/status")).json(&json!({"status": "removed"})).send().await.expect(200);
            }
            for somebody in [&friend, &app.client()] {
                somebody.get(&path).send().await.expect_problem(404, "not_found");
                somebody.get(&format!("{path}/comments")).send().await.expect_problem(404, "not_found");
            }
            let told = judge.get(&format!("{path}/visibility")).send().await.expect(200).body;
            assert_eq!((&told["visible"], &told["reason"]), (&json!(false), &json!(end)));
        }
        let feed = format!("feed=user&user_id={}", id_of(&author));
        assert_eq!(listed(&friend, &feed).await, Vec::<i64>::new(), "{end}");
    }
}

/// Who is named in a post is told of it only when they see it.
async fn a_mention_is_told_to_those_who_see(app: TestApp) {
    for (relation, expected) in TABLE.iter().filter(|(relation, _)| !["nobody", "author", "muting"].contains(relation))
    {
        let author = locked(&app).await;
        let viewer = viewer(&app, relation, &author).await;
        let name = format!("v{}x", id_of(&viewer));
        ties::name(&app, &viewer, &name).await;
        let mut ids = Vec::new();
        for visibility in VISIBILITIES {
            ids.push(publish(&author, &format!("Hello @{name}"), visibility).await["id"].as_i64().expect("an id"));
        }
        let wanted: Vec<i64> = ids.iter().zip(expected).filter(|(_, (seen, _))| *seen).map(|(id, _)| *id).collect();
        settle(&app).await;
        let page = viewer.get("/api/social/notifications?kind=mention&limit=100").send().await.expect(200).body;
        let items = page["items"].as_array().expect("items").iter();
        let mut told: Vec<i64> = items.map(|item| item["post_id"].as_i64().expect("a post")).collect();
        told.sort_unstable();
        assert_eq!(told, wanted, "{relation}");
    }
}

poligon_testkit::tests! { start =>
    every_list_shows_what_is_seen_and_nothing_else,
    every_action_is_for_those_who_see,
    the_verdict_is_explained_to_moderators,
    what_has_ended_is_not_seen,
    a_mention_is_told_to_those_who_see,
}
