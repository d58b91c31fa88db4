//! Reactions under concurrent traffic: the counts are those of the rows, whatever comes together.

use std::time::Duration;

use futures_util::future::join_all;
use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::rows::{insert_chat, insert_message, insert_post, number, run, suspend, tie, told};
use crate::world::{id_of, person, start};

const SOCIAL: &str = "/api/social";
const KINDS: [&str; 6] = ["like", "love", "laugh", "wow", "sad", "angry"];

async fn people(app: &TestApp, count: usize) -> Vec<Client> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(person(app).await);
    }
    people
}

/// The counts of an object are those of its rows.
async fn expect_exact(app: &TestApp, kind: &str, id: i64) {
    for name in KINDS {
        let counted = number(app, format!("SELECT {name}_count AS n FROM {kind}s WHERE id = {id}")).await;
        let rows = format!("SELECT count(*) AS n FROM {kind}_reactions WHERE {kind}_id = {id} AND kind = '{name}'");
        assert_eq!(counted, number(app, rows).await, "{name} of a {kind}");
    }
    if kind == "comment" {
        let all = format!("SELECT count(*) AS n FROM comment_reactions WHERE comment_id = {id}");
        let score = number(app, format!("SELECT score AS n FROM comments WHERE id = {id}")).await;
        assert_eq!(score, number(app, all).await);
    }
}

/// Something done to the reaction of a person, as clients do it: whoever is told to come back does.
async fn deed(who: &Client, path: &str, n: usize) -> u16 {
    for _ in 0..50 {
        match try_deed(who, path, n).await {
            503 => tokio::time::sleep(Duration::from_millis(100)).await,
            status => return status,
        }
    }
    503
}

async fn try_deed(who: &Client, path: &str, n: usize) -> u16 {
    let reaction = format!("{path}/reaction");
    let has_like = path.contains("/posts/");
    match n % 5 {
        0 | 1 if has_like => who.post(&format!("{path}/like")).send().await.status,
        2 if has_like => who.delete(&format!("{path}/like")).send().await.status,
        3 => who.delete(&reaction).send().await.status,
        _ => who.put(&reaction).json(&json!({"kind": KINDS[n % 6]})).send().await.status,
    }
}

/// 200 deeds of 50 people at once, on one object of each kind.
async fn counts_equal_the_rows_after_any_traffic(app: TestApp) {
    let people = people(&app, 50).await;
    let author = &people[0];
    let post = insert_post(&app, id_of(author), "public").await;
    let path = format!("{SOCIAL}/posts/{post}/comment");
    let comment = author.post(&path).json(&json!({"body": "Here"})).send().await.expect(201).id();
    let members: Vec<i64> = people.iter().map(id_of).collect();
    let chat = insert_chat(&app, &members).await;
    let message = insert_message(&app, chat, id_of(author)).await;
    for (kind, id) in [("post", post), ("comment", comment), ("message", message)] {
        let path = format!("{SOCIAL}/{kind}s/{id}");
        // Neighbours in time are of the same person four at a time, so that they meet.
        let deeds = (0..200).map(|n| deed(&people[n / 4], &path, n * 7 + n / 6));
        let statuses = join_all(deeds).await;
        let wrong: Vec<_> = statuses.iter().filter(|status| !matches!(status, 200 | 204)).collect();
        assert!(wrong.is_empty(), "{kind}: {wrong:?}");
        expect_exact(&app, kind, id).await;
    }
    let numbered = "SELECT count(*) - max(seq) AS n FROM chat_events";
    assert_eq!(number(&app, numbered).await, 0, "the log of the conversation has no gap");
}

async fn one_person_at_once_has_one_reaction(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    for _ in 0..4 {
        let post = insert_post(&app, id_of(&author), "public").await;
        let path = format!("{SOCIAL}/posts/{post}");
        for reply in join_all((0..16).map(|_| fan.post(&format!("{path}/like")).send())).await {
            reply.expect(200);
        }
        expect_exact(&app, "post", post).await;
        assert_eq!(number(&app, format!("SELECT like_count AS n FROM posts WHERE id = {post}")).await, 1);
        let reaction = format!("{path}/reaction");
        let others = (0..24).map(|n| fan.put(&reaction).json(&json!({"kind": KINDS[n % 6]})).send());
        for reply in join_all(others).await {
            reply.expect(200);
        }
        expect_exact(&app, "post", post).await;
        join_all((0..12).map(|n| deed(&fan, &path, n))).await;
        expect_exact(&app, "post", post).await;
    }
    let rows = number(&app, "SELECT count(*) AS n FROM post_reactions").await;
    assert!(rows <= 4, "{rows} reactions of one person to four posts");
}

async fn a_new_reaction_is_told_once(app: TestApp) {
    let author = person(&app).await;
    let people = people(&app, 8).await;
    let post = insert_post(&app, id_of(&author), "public").await;
    let path = format!("{SOCIAL}/posts/{post}/like");
    join_all((0..64).map(|n| people[n % 8].post(&path).send())).await;
    assert_eq!(told(&app, "social.reacted").await.len(), 8);
}

/// What each of these people may do to each of these posts decides their answer, whoever else comes at the same time.
async fn people_at_once_react_to_what_they_see(app: TestApp) {
    let author = person(&app).await;
    let groups = ["stranger", "following", "friends", "cut", "suspended"];
    let people = people(&app, 20).await;
    for (n, who) in people.iter().enumerate() {
        match groups[n % 5] {
            "suspended" => suspend(&app, id_of(who)).await,
            "stranger" => {}
            group => tie(&app, id_of(who), id_of(&author), group).await,
        }
    }
    let mut posts = Vec::new();
    for visibility in ["public", "followers", "friends", "private", "public", "public"] {
        posts.push((insert_post(&app, id_of(&author), visibility).await, visibility));
    }
    let gone = posts[5].0;
    run(&app, format!("UPDATE posts SET status = 'deleted', ended_at = created_at WHERE id = {gone}")).await;
    let before: Vec<_> = people.iter().step_by(2).map(|who| put(who, posts[4].0, "angry")).collect();
    join_all(before).await;
    let events = told(&app, "social.reacted").await.len();
    let (people, posts) = (&people, &posts);
    let deeds = (0..people.len() * posts.len()).map(|n| {
        let (person, (id, visibility)) = (n % people.len(), posts[n / people.len()]);
        async move { (groups[person % 5], visibility, id == gone, put(&people[person], id, KINDS[n % 4]).await) }
    });
    for (group, visibility, is_gone, status) in join_all(deeds).await {
        let sees = match (group, visibility) {
            ("cut", _) | (_, "private") => false,
            (_, "public") | ("following", "followers") | ("friends", _) => true,
            _ => false,
        };
        let expected = match (group, sees && !is_gone) {
            ("suspended", _) => 403,
            (_, true) => 200,
            _ => 404,
        };
        assert_eq!(status, expected, "{group} {visibility} {is_gone}");
    }
    for (id, _) in posts {
        expect_exact(&app, "post", *id).await;
    }
    let rows = number(&app, "SELECT count(*) AS n FROM post_reactions").await;
    // Twelve may react to each of two public posts, eight to that for followers, four to that for friends; of the twelve, six
    // had reacted to the second already.
    assert_eq!(rows, 12 * 2 + 8 + 4);
    let first = usize::try_from(rows).unwrap() - events;
    assert_eq!(told(&app, "social.reacted").await.len() - events, first, "each first reaction is told once");
}

/// Gives a reaction; answers the status.
async fn put(who: &Client, post: i64, kind: &str) -> u16 {
    let path = format!("{SOCIAL}/posts/{post}/reaction");
    who.put(&path).json(&json!({"kind": kind})).send().await.status
}

poligon_testkit::tests! {
    start =>
    people_at_once_react_to_what_they_see,
    counts_equal_the_rows_after_any_traffic,
    one_person_at_once_has_one_reaction,
    a_new_reaction_is_told_once,
}
