//! Reactions: who reacts to what, what is counted and shown.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::rows::{insert_chat, insert_message, insert_post, number, run, suspend, tie, told};
use crate::world::{id_of, moderator, person, start};

const SOCIAL: &str = "/api/social";
const KINDS: [&str; 6] = ["like", "love", "laugh", "wow", "sad", "angry"];

/// Counts with these numbers, in the order of the kinds.
fn counts(numbers: [i64; 6]) -> Value {
    KINDS.iter().zip(numbers).map(|(kind, n)| ((*kind).to_owned(), json!(n))).collect::<serde_json::Map<_, _>>().into()
}

/// A comment of `author` on a new public post of theirs; answers its id.
async fn comment(app: &TestApp, author: &Client) -> i64 {
    let post = insert_post(app, id_of(author), "public").await;
    let path = format!("{SOCIAL}/posts/{post}/comment");
    author.post(&path).json(&json!({"body": "First"})).send().await.expect(201).id()
}

/// One object of each kind by `author`, in which `others` take part: paths.
async fn objects(app: &TestApp, author: &Client, others: &[&Client]) -> [(&'static str, i64, String); 3] {
    let post = insert_post(app, id_of(author), "public").await;
    let comment = comment(app, author).await;
    let members: Vec<i64> = [author].iter().chain(others).map(|member| id_of(member)).collect();
    let chat = insert_chat(app, &members).await;
    let message = insert_message(app, chat, id_of(author)).await;
    [("post", post), ("comment", comment), ("message", message)]
        .map(|(kind, id)| (kind, id, format!("{SOCIAL}/{kind}s/{id}")))
}

async fn a_like_is_given_once_and_taken_back_once(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let path = format!("{SOCIAL}/posts/{post}/like");
    for _ in 0..3 {
        let liked = fan.post(&path).send().await.expect(200).body;
        let expected = json!({"liked": true, "reactions": counts([1, 0, 0, 0, 0, 0]), "reaction_count": 1});
        assert_eq!(liked, expected);
    }
    let event = json!({"object": "post", "id": post, "user_id": fan.user_id, "kind": "like"});
    assert_eq!(told(&app, "social.reacted").await, [event]);
    for _ in 0..3 {
        assert_eq!(fan.delete(&path).send().await.expect(204).text, "");
    }
    assert_eq!(number(&app, format!("SELECT like_count AS n FROM posts WHERE id = {post}")).await, 0);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM post_reactions").await, 0);
    assert_eq!(told(&app, "social.reacted").await.len(), 1);
}

async fn a_like_takes_the_place_of_another_reaction_and_leaves_it_alone_when_taken_back(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let (like, reaction) = (format!("{SOCIAL}/posts/{post}/like"), format!("{SOCIAL}/posts/{post}/reaction"));
    fan.put(&reaction).json(&json!({"kind": "sad"})).send().await.expect(200);
    fan.delete(&like).send().await.expect(204);
    let sad = number(&app, format!("SELECT sad_count AS n FROM posts WHERE id = {post}")).await;
    assert_eq!(sad, 1, "it was no like that was there");
    let liked = fan.post(&like).send().await.expect(200).body;
    assert_eq!((&liked["reactions"], &liked["reaction_count"]), (&counts([1, 0, 0, 0, 0, 0]), &json!(1)));
    fan.delete(&reaction).send().await.expect(204);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM post_reactions").await, 0);
}

async fn every_kind_of_object_is_reacted_to_in_the_same_way(app: TestApp) {
    let (author, fan, other) = (person(&app).await, person(&app).await, person(&app).await);
    for (kind, id, path) in objects(&app, &author, &[&fan, &other]).await {
        let before = told(&app, "social.reacted").await.len();
        for (n, name) in KINDS.iter().enumerate() {
            let mut one = [0; 6];
            one[n] = 1;
            for _ in 0..2 {
                let done = fan.put(&format!("{path}/reaction")).json(&json!({"kind": name})).send().await.expect(200);
                let expected = json!({"kind": name, "reactions": counts(one), "reaction_count": 1});
                assert_eq!(done.body, expected, "{kind}");
            }
        }
        let body = json!({"kind": "angry"});
        let done = other.put(&format!("{path}/reaction")).json(&body).send().await.expect(200).body;
        assert_eq!(done["reactions"], counts([0, 0, 0, 0, 0, 2]), "{kind}");
        let own = json!({"kind": "wow"});
        author.put(&format!("{path}/reaction")).json(&own).send().await.expect(200);
        let events = told(&app, "social.reacted").await.split_off(before);
        let expected = [(&fan, "like"), (&other, "angry")]
            .map(|(who, how)| json!({"object": kind, "id": id, "user_id": who.user_id, "kind": how}));
        assert_eq!(events, expected, "{kind}: one for each person who reacts anew, none for the author");
        for who in [&fan, &fan, &other, &author] {
            who.delete(&format!("{path}/reaction")).send().await.expect(204);
        }
        let left = fan.get(&format!("{path}/reactions?include_total=true")).send().await.expect(200).body;
        assert_eq!((&left["items"], &left["total"]), (&json!([]), &json!(0)), "{kind}");
        let sums = KINDS.map(|name| format!("{name}_count")).join(" + ");
        assert_eq!(number(&app, format!("SELECT {sums} AS n FROM {kind}s WHERE id = {id}")).await, 0);
    }
}

async fn the_log_of_a_conversation_tells_of_reactions(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    let chat = insert_chat(&app, &[id_of(&author), id_of(&fan)]).await;
    let message = insert_message(&app, chat, id_of(&author)).await;
    let path = format!("{SOCIAL}/messages/{message}/reaction");
    let mut heard = app.ctx.bus.subscribe();
    for kind in ["like", "like", "love"] {
        fan.put(&path).json(&json!({"kind": kind})).send().await.expect(200);
    }
    fan.delete(&path).send().await.expect(204);
    fan.delete(&path).send().await.expect(204);
    let events = "SELECT count(*) AS n FROM chat_events WHERE kind = 'reaction' AND";
    let count = number(&app, format!("{events} chat_id = {chat} AND message_id = {message}")).await;
    assert_eq!(count, 3, "what changes nothing is not told");
    assert_eq!(number(&app, format!("SELECT last_seq AS n FROM chats WHERE id = {chat}")).await, 3);
    let like = |what: &str| format!("{events} seq = 2 AND CAST(payload AS text) LIKE '%{what}%'");
    // No counts: whoever hears of it may not see all who react.
    for (what, times) in [("love", 1), ("user_id", 1), ("message_id", 1), ("reactions", 0)] {
        assert_eq!(number(&app, like(what)).await, times, "{what}");
    }
    let mut calls = 0;
    while let Ok(Ok(message)) = tokio::time::timeout(std::time::Duration::from_millis(300), heard.recv()).await {
        calls += usize::from(message.topic == "social.chat" && message.payload == chat.to_string());
    }
    assert!(calls >= 3, "{calls} calls");
}

/// Relation to the author × visibility of the post: who reacts, and sees who reacted.
async fn who_sees_a_post_reacts_to_it_and_to_its_comments(app: TestApp) {
    let author = person(&app).await;
    let author_id = id_of(&author);
    let (stranger, follower, friend, blocked, blocker) =
        (person(&app).await, person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    tie(&app, id_of(&follower), author_id, "following").await;
    tie(&app, id_of(&friend), author_id, "friends").await;
    tie(&app, author_id, id_of(&blocked), "cut").await;
    tie(&app, id_of(&blocker), author_id, "cut").await;
    let moderator = moderator(&app).await;
    for (visibility, allowed) in [
        ("public", [true, true, true, true, true, false, false]),
        ("followers", [true, false, false, true, true, false, false]),
        ("friends", [true, false, false, false, true, false, false]),
        ("private", [true, false, false, false, false, false, false]),
    ] {
        let post = insert_post(&app, author_id, visibility).await;
        let body = json!({"body": "Mine"});
        let comment = author.post(&format!("{SOCIAL}/posts/{post}/comment")).json(&body).send().await.expect(201).id();
        let paths = [format!("{SOCIAL}/posts/{post}"), format!("{SOCIAL}/comments/{comment}")];
        let people = [&author, &stranger, &moderator, &follower, &friend, &blocked, &blocker];
        for (n, (who, allowed)) in people.into_iter().zip(allowed).enumerate() {
            for path in &paths {
                let all = [
                    who.put(&format!("{path}/reaction")).json(&json!({"kind": "love"})).send().await,
                    who.get(&format!("{path}/reactions")).send().await,
                    who.delete(&format!("{path}/reaction")).send().await,
                ];
                let expected = if allowed { [200, 200, 204] } else { [404; 3] };
                assert_eq!(all.map(|reply| reply.status), expected, "{visibility}, person {n}, {path}");
            }
            let like = format!("{}/like", paths[0]);
            let both = [who.post(&like).send().await.status, who.delete(&like).send().await.status];
            assert_eq!(both, if allowed { [200, 204] } else { [404; 2] }, "{visibility}, person {n}");
        }
        let nobody = app.client();
        for path in &paths {
            let seen = nobody.get(&format!("{path}/reactions")).send().await.status;
            assert_eq!(seen, if visibility == "public" { 200 } else { 404 }, "{visibility}");
            let kind = json!({"kind": "like"});
            nobody.put(&format!("{path}/reaction")).json(&kind).send().await.expect_problem(401, "unauthenticated");
            nobody.delete(&format!("{path}/reaction")).send().await.expect_problem(401, "unauthenticated");
        }
        nobody.post(&format!("{}/like", paths[0])).send().await.expect_problem(401, "unauthenticated");
    }
    let rows = "SELECT (SELECT count(*) FROM post_reactions) + (SELECT count(*) FROM comment_reactions) AS n";
    assert_eq!(number(&app, rows).await, 0);
}

async fn members_react_to_messages(app: TestApp) {
    let (author, member, cut, stranger) =
        (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    let chat = insert_chat(&app, &[&author, &member, &cut].map(id_of)).await;
    let early = insert_message(&app, chat, id_of(&author)).await;
    let late = insert_message(&app, chat, id_of(&author)).await;
    tie(&app, id_of(&author), id_of(&cut), "cut").await;
    let left =
        format!("UPDATE chat_members SET status = 'left', until_number = 1, until_seq = 1 WHERE chat_id = {chat}");
    run(&app, format!("{left} AND user_id = {}", id_of(&member))).await;
    let moderator = moderator(&app).await;
    // Whoever has gone reads what was there, and adds nothing to it.
    let matrix = [
        (&author, [(200, 200), (200, 200)]),
        (&member, [(403, 200), (404, 404)]),
        (&cut, [(404, 404); 2]),
        (&stranger, [(404, 404); 2]),
        (&moderator, [(404, 404); 2]),
    ];
    for (n, (who, expected)) in matrix.into_iter().enumerate() {
        for (message, (reacts, reads)) in [early, late].into_iter().zip(expected) {
            let path = format!("{SOCIAL}/messages/{message}");
            let body = json!({"kind": "laugh"});
            let status = who.put(&format!("{path}/reaction")).json(&body).send().await.status;
            assert_eq!(status, reacts, "person {n}");
            assert_eq!(who.get(&format!("{path}/reactions")).send().await.status, reads, "person {n}");
        }
    }
    app.client()
        .get(&format!("{SOCIAL}/messages/{late}/reactions"))
        .send()
        .await
        .expect_problem(401, "unauthenticated");
    run(&app, format!("UPDATE messages SET status = 'deleted' WHERE id = {late}")).await;
    let path = format!("{SOCIAL}/messages/{late}/reaction");
    author.delete(&path).send().await.expect_problem(404, "not_found");
}

async fn what_is_not_there_takes_no_reaction(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    for status in ["deleted", "removed"] {
        let post = insert_post(&app, id_of(&author), "public").await;
        run(&app, format!("UPDATE posts SET status = '{status}' WHERE id = {post}")).await;
        for who in [&author, &fan] {
            let path = format!("{SOCIAL}/posts/{post}");
            who.post(&format!("{path}/like")).send().await.expect_problem(404, "not_found");
            who.delete(&format!("{path}/like")).send().await.expect_problem(404, "not_found");
            who.get(&format!("{path}/reactions")).send().await.expect_problem(404, "not_found");
        }
    }
    for object in ["posts", "comments", "messages"] {
        for id in ["999999", "0", "-1", "1e3", "9223372036854775808", "x", "01"] {
            let path = format!("{SOCIAL}/{object}/{id}");
            let body = json!({"kind": "like"});
            fan.put(&format!("{path}/reaction")).json(&body).send().await.expect_problem(404, "not_found");
            fan.delete(&format!("{path}/reaction")).send().await.expect_problem(404, "not_found");
            fan.get(&format!("{path}/reactions")).send().await.expect_problem(404, "not_found");
        }
    }
}

async fn a_bad_reaction_is_refused_by_name(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    for (kind, _, path) in objects(&app, &author, &[&fan]).await {
        let reaction = format!("{path}/reaction");
        for (body, pointer) in [
            (json!({}), "/kind"),
            (json!({"kind": "hate"}), "/kind"),
            (json!({"kind": "Like"}), "/kind"),
            (json!({"kind": null}), "/kind"),
            (json!({"kind": 1}), "/kind"),
            (json!({"kind": "like", "user_id": 1}), "/user_id"),
        ] {
            let refused = fan.put(&reaction).json(&body).send().await.expect_problem(422, "validation_failed");
            assert_eq!(refused.pointers(), [pointer], "{kind}: {body}");
        }
        fan.put(&reaction).body("{").header("content-type", "application/json").send().await.expect(400);
        for query in ["kind=hate", "limit=0", "limit=101", "cursor=x", "sort=new", "kind="] {
            fan.get(&format!("{path}/reactions?{query}")).send().await.expect_problem(422, "validation_failed");
        }
        fan.post(&reaction).json(&json!({"kind": "like"})).send().await.expect(405);
    }
}

async fn whoever_is_suspended_does_not_react(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    let all = objects(&app, &author, &[&fan]).await;
    for (_, _, path) in &all {
        fan.put(&format!("{path}/reaction")).json(&json!({"kind": "wow"})).send().await.expect(200);
    }
    suspend(&app, id_of(&fan)).await;
    for (kind, id, path) in &all {
        let body = json!({"kind": "like"});
        let refused = fan.put(&format!("{path}/reaction")).json(&body).send().await;
        assert!(refused.expect_problem(403, "suspended").body["suspended_until"].is_string(), "{kind}");
        fan.delete(&format!("{path}/reaction")).send().await.expect_problem(403, "suspended");
        fan.get(&format!("{path}/reactions")).send().await.expect(200);
        assert_eq!(number(&app, format!("SELECT wow_count AS n FROM {kind}s WHERE id = {id}")).await, 1);
    }
    fan.post(&format!("{}/like", all[0].2)).send().await.expect_problem(403, "suspended");
    fan.post(&format!("{SOCIAL}/posts/999999/like")).send().await.expect_problem(403, "suspended");
    run(&app, "UPDATE social_profiles SET suspended_until = '2020-01-01T00:00:00.000Z'").await;
    fan.post(&format!("{}/like", all[0].2)).send().await.expect(200);
}

async fn who_reacted_is_listed_in_pages(app: TestApp) {
    let author = person(&app).await;
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(person(&app).await);
    }
    let others: Vec<&Client> = people.iter().collect();
    let all = objects(&app, &author, &others).await;
    let mut foreign = None;
    for (kind, _, path) in &all {
        for (n, who) in people.iter().enumerate() {
            let how = if n % 2 == 0 { "love" } else { "sad" };
            who.put(&format!("{path}/reaction")).json(&json!({"kind": how})).send().await.expect(200);
        }
        let list = format!("{path}/reactions");
        let (mut seen, mut next) = (Vec::new(), format!("{list}?limit=2&include_total=true"));
        loop {
            let page = author.get(&next).send().await.expect(200);
            assert_eq!(page.body["total"], 5, "{kind}");
            seen.extend(page.body["items"].as_array().unwrap().clone());
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            assert!(page.header("link").unwrap().contains("rel=\"next\""));
            if let Some(foreign) = foreign.replace(cursor.to_owned())
                && seen.len() == 2
            {
                let other = author.get(&format!("{list}?cursor={foreign}")).send().await;
                assert_eq!(other.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
            }
            let filtered = author.get(&format!("{list}?kind=sad&cursor={cursor}")).send().await;
            filtered.expect_problem(422, "validation_failed");
            next = format!("{list}?limit=2&include_total=true&cursor={cursor}");
        }
        let ids: Vec<Option<i64>> = seen.iter().map(|item| item["person"]["id"].as_i64()).collect();
        assert_eq!(ids, people.iter().map(|who| who.user_id).collect::<Vec<_>>(), "{kind}");
        assert_eq!(seen[0]["person"].as_object().unwrap().len(), 4);
        assert!(seen[0]["created_at"].as_str().unwrap().ends_with('Z'));
        let sad = author.get(&format!("{list}?kind=sad&include_total=true")).send().await.expect(200).body;
        assert_eq!((sad["total"].as_i64(), sad["items"][0]["kind"].as_str()), (Some(2), Some("sad")));
    }
}

async fn reactions_of_hidden_people_are_not_shown_and_not_counted(app: TestApp) {
    let (author, viewer, hidden, other) =
        (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    tie(&app, id_of(&hidden), id_of(&viewer), "cut").await;
    for (kind, _, path) in objects(&app, &author, &[&viewer, &hidden, &other]).await {
        for who in [&hidden, &other] {
            who.put(&format!("{path}/reaction")).json(&json!({"kind": "love"})).send().await.expect(200);
        }
        for (who, expected) in [(&viewer, 1), (&hidden, 2), (&other, 2), (&author, 2)] {
            let list = who.get(&format!("{path}/reactions?include_total=true")).send().await.expect(200).body;
            let items = list["items"].as_array().unwrap().len();
            assert_eq!((items, &list["total"]), (expected, &json!(expected)), "{kind}");
        }
        let done = viewer.put(&format!("{path}/reaction")).json(&json!({"kind": "like"})).send().await.expect(200).body;
        assert_eq!((&done["reactions"], &done["reaction_count"]), (&counts([1, 1, 0, 0, 0, 0]), &json!(2)), "{kind}");
        // Neither way.
        let list = hidden.get(&format!("{path}/reactions?include_total=true")).send().await.expect(200).body;
        assert_eq!(list["total"], 2, "{kind}");
    }
}

async fn answers_are_kept_by_nobody_but_the_caller(app: TestApp) {
    let (author, fan) = (person(&app).await, person(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let list = format!("{SOCIAL}/posts/{post}/reactions");
    assert_eq!(app.client().get(&list).send().await.expect(200).header("cache-control"), Some("public, no-cache"));
    let mine = fan.get(&list).send().await.expect(200);
    assert_eq!(mine.header("cache-control"), Some("private, no-cache"));
    let tag = mine.header("etag").unwrap().to_owned();
    fan.get(&list).header("if-none-match", &tag).send().await.expect(304);
    let liked = fan.post(&format!("{SOCIAL}/posts/{post}/like")).send().await.expect(200);
    assert_eq!(liked.header("cache-control"), Some("no-store"));
    fan.get(&list).header("if-none-match", &tag).send().await.expect(200);
    fan.post(&format!("{SOCIAL}/posts/{post}/like")).json(&json!({"kind": "sad"})).send().await.expect(422);
}

poligon_testkit::tests! {
    start =>
    a_like_is_given_once_and_taken_back_once,
    a_like_takes_the_place_of_another_reaction_and_leaves_it_alone_when_taken_back,
    every_kind_of_object_is_reacted_to_in_the_same_way,
    the_log_of_a_conversation_tells_of_reactions,
    who_sees_a_post_reacts_to_it_and_to_its_comments,
    members_react_to_messages,
    what_is_not_there_takes_no_reaction,
    a_bad_reaction_is_refused_by_name,
    whoever_is_suspended_does_not_react,
    who_reacted_is_listed_in_pages,
    reactions_of_hidden_people_are_not_shown_and_not_counted,
    answers_are_kept_by_nobody_but_the_caller,
}
