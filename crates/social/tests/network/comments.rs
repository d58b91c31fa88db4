//! Comments: written, read, changed, deleted, locked, moderated.

use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::rows::{insert_post, number, run, suspend, tie, told};
use crate::world::{id_of, moderator, person, start};

pub(crate) const POSTS: &str = "/api/social/posts";
pub(crate) const COMMENTS: &str = "/api/social/comments";

/// Writes a comment; `parent` is 0 for one on the post itself.
pub(crate) async fn comment(who: &Client, post: i64, parent: i64, body: &str) -> Reply {
    let parent = if parent == 0 { Value::Null } else { json!(parent) };
    let body = json!({"body": body, "parent_id": parent});
    who.post(&format!("{POSTS}/{post}/comment")).json(&body).send().await
}

/// The same; answers its id.
pub(crate) async fn said(who: &Client, post: i64, parent: i64) -> i64 {
    comment(who, post, parent, "Words").await.expect(201).id()
}

pub(crate) async fn get(who: &Client, id: i64) -> Reply {
    who.get(&format!("{COMMENTS}/{id}")).send().await
}

pub(crate) async fn delete(who: &Client, id: i64) -> Reply {
    who.delete(&format!("{COMMENTS}/{id}")).send().await
}

pub(crate) async fn set_status(who: &Client, id: i64, status: &str) -> Reply {
    who.put(&format!("{COMMENTS}/{id}/status")).json(&json!({"status": status})).send().await
}

pub(crate) async fn lock(who: &Client, id: i64, locked: bool) -> Reply {
    who.put(&format!("{COMMENTS}/{id}/lock")).json(&json!({"locked": locked})).send().await
}

/// The ids of a list.
pub(crate) async fn ids(who: &Client, post: i64, query: &str) -> Vec<i64> {
    let list = who.get(&format!("{POSTS}/{post}/comments?{query}")).send().await.expect(200).body;
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

async fn a_comment_is_written_and_read(app: TestApp) {
    let (author, reader) = (person(&app).await, person(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let made = comment(&reader, post, 0, "Very **good** #idea").await.expect(201);
    let id = made.id();
    assert_eq!(made.header("location"), Some(format!("{COMMENTS}/{id}").as_str()));
    assert!(made.header("etag").is_some());
    let seen = &made.body;
    assert_eq!((&seen["post_id"], &seen["parent_id"], &seen["depth"]), (&json!(post), &Value::Null, &json!(1)));
    assert_eq!(seen["author"]["id"].as_i64(), reader.user_id);
    assert_eq!(seen["body"], "Very **good** #idea");
    assert!(seen["html"].as_str().unwrap().contains("<strong>good</strong>"));
    assert_eq!((&seen["status"], &seen["next_statuses"]), (&json!("published"), &json!(["deleted"])));
    assert_eq!((&seen["reply_count"], &seen["replies"], &seen["locked"]), (&json!(0), &Value::Null, &json!(false)));
    assert_eq!((&seen["mine"], &seen["edited_at"]), (&json!({"reaction": null}), &Value::Null));
    assert_eq!((&seen["reaction_count"], &seen["version"]), (&json!(0), &json!(1)));
    let public = get(&app.client(), id).await.expect(200);
    assert_eq!((&public.body["mine"], &public.body["next_statuses"]), (&Value::Null, &json!([])));
    assert_eq!(public.header("cache-control"), Some("public, no-cache"));
    assert_eq!(get(&reader, id).await.expect(200).header("cache-control"), Some("private, no-cache"));
    let answer = comment(&author, post, id, "Thanks").await.expect(201).body;
    assert_eq!((&answer["parent_id"], &answer["depth"]), (&json!(id), &json!(2)));
    assert_eq!(get(&reader, id).await.expect(200).body["reply_count"], 1);
    assert_eq!(number(&app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await, 2);
    let events = told(&app, "social.comment_written").await;
    let first = json!({"id": id, "post_id": post, "parent_id": null, "author_id": reader.user_id, "mentions": []});
    let second =
        json!({"id": answer["id"], "post_id": post, "parent_id": id, "author_id": author.user_id, "mentions": []});
    assert_eq!(events, [first, second]);
    let path = format!("SELECT count(*) AS n FROM comments WHERE path = '/{id}/{}/'", answer["id"]);
    assert_eq!(number(&app, path).await, 1);
}

async fn people_are_named_in_comments(app: TestApp) {
    let (author, named, cut) = (person(&app).await, person(&app).await, person(&app).await);
    for (who, name) in [(&named, "friend"), (&cut, "enemy")] {
        let names = format!("username = '{name}', username_key = '{}'", poligon_core::users::username_key(name));
        run(&app, format!("UPDATE users SET {names} WHERE id = {}", id_of(who))).await;
    }
    tie(&app, id_of(&cut), id_of(&author), "cut").await;
    let post = insert_post(&app, id_of(&author), "public").await;
    let made = comment(&author, post, 0, "@friend and @enemy and @nobody").await.expect(201).body;
    assert_eq!(made["mentions"], json!([{"id": named.user_id, "username": "friend"}]));
    assert_eq!(told(&app, "social.comment_written").await[0]["mentions"], json!([named.user_id]));
}

async fn a_bad_comment_is_refused_by_name(app: TestApp) {
    let author = person(&app).await;
    let post = insert_post(&app, id_of(&author), "public").await;
    let other = insert_post(&app, id_of(&author), "public").await;
    let elsewhere = said(&author, other, 0).await;
    let path = format!("{POSTS}/{post}/comment");
    for (body, pointer) in [
        (json!({}), "/body"),
        (json!({"body": ""}), "/body"),
        (json!({"body": " \n\t "}), "/body"),
        (json!({"body": "\u{200b}"}), "/body"),
        (json!({"body": "a".repeat(2_001)}), "/body"),
        (json!({"body": "bell \u{7}"}), "/body"),
        (json!({"body": null}), "/body"),
        (json!({"body": 1}), "/body"),
        (json!({"body": "a", "parent_id": 0}), "/parent_id"),
        (json!({"body": "a", "parent_id": -1}), "/parent_id"),
        (json!({"body": "a", "parent_id": "x"}), "/parent_id"),
        (json!({"body": "a", "parent_id": 999_999}), "/parent_id"),
        (json!({"body": "a", "parent_id": elsewhere}), "/parent_id"),
        (json!({"body": "a", "author_id": 1}), "/author_id"),
        (json!({"body": "a", "status": "removed"}), "/status"),
    ] {
        let refused = author.post(&path).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    assert_eq!(number(&app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await, 0);
    comment(&author, post, 0, &"ж".repeat(2_000)).await.expect(201);
    comment(&app.client(), post, 0, "a").await.expect_problem(401, "unauthenticated");
    let id = said(&author, post, 0).await;
    for query in
        ["sort=best", "depth=0", "depth=4", "limit=0", "limit=101", "parent_id=x", "parent_id=0", "cursor=x", "q=1"]
    {
        let list = author.get(&format!("{POSTS}/{post}/comments?{query}")).send().await;
        list.expect_problem(422, "validation_failed");
    }
    for body in [json!({"body": ""}), json!({"body": null}), json!({"parent_id": 1}), json!({"status": "deleted"})] {
        author.patch(&format!("{COMMENTS}/{id}")).json(&body).send().await.expect_problem(422, "validation_failed");
    }
    for body in [json!({}), json!({"locked": "yes"}), json!({"locked": null}), json!({"locked": true, "a": 1})] {
        author.put(&format!("{COMMENTS}/{id}/lock")).json(&body).send().await.expect_problem(422, "validation_failed");
    }
    let moderator = moderator(&app).await;
    for body in [json!({}), json!({"status": "deleted"}), json!({"status": "removed", "note": "a".repeat(501)})] {
        let path = format!("{COMMENTS}/{id}/status");
        moderator.put(&path).json(&body).send().await.expect_problem(422, "validation_failed");
    }
}

async fn what_is_not_there_is_not_found(app: TestApp) {
    let (author, moderator) = (person(&app).await, moderator(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let other = insert_post(&app, id_of(&author), "public").await;
    let elsewhere = said(&author, other, 0).await;
    for missing in ["999999", "0", "x", "9223372036854775808"] {
        author.get(&format!("{COMMENTS}/{missing}")).send().await.expect_problem(404, "not_found");
        let body = json!({"body": "a"});
        author.patch(&format!("{COMMENTS}/{missing}")).json(&body).send().await.expect_problem(404, "not_found");
        author.delete(&format!("{COMMENTS}/{missing}")).send().await.expect_problem(404, "not_found");
        author.post(&format!("{POSTS}/{missing}/comment")).json(&body).send().await.expect_problem(404, "not_found");
        author.get(&format!("{POSTS}/{missing}/comments")).send().await.expect_problem(404, "not_found");
        moderator
            .put(&format!("{COMMENTS}/{missing}/status"))
            .json(&json!({"status": "removed"}))
            .send()
            .await
            .expect_problem(404, "not_found");
    }
    author.get(&format!("{POSTS}/{post}/comments?parent_id={elsewhere}")).send().await.expect_problem(404, "not_found");
}

async fn a_repeated_request_with_a_key_makes_one_comment(app: TestApp) {
    let author = person(&app).await;
    let post = insert_post(&app, id_of(&author), "public").await;
    let path = format!("{POSTS}/{post}/comment");
    let send = |body: &str| author.post(&path).header("idempotency-key", "once").json(&json!({"body": body})).send();
    let first = send("a").await.expect(201);
    let again = send("a").await.expect(201);
    assert_eq!((first.id(), again.header("idempotency-replayed")), (again.id(), Some("true")));
    assert_eq!(first.header("etag"), again.header("etag"));
    send("b").await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(number(&app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await, 1);
}

async fn only_its_author_changes_a_comment(app: TestApp) {
    let (author, writer, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let id = said(&writer, post, 0).await;
    let path = format!("{COMMENTS}/{id}");
    let edit = json!({"body": "Other *words*"});
    for other in [&author, &moderator] {
        other.patch(&path).json(&edit).send().await.expect_problem(403, "not_yours");
    }
    author.delete(&path).send().await.expect_problem(403, "not_yours");
    app.client().patch(&path).json(&edit).send().await.expect_problem(401, "unauthenticated");
    let tag = get(&writer, id).await.header("etag").unwrap().to_owned();
    let edited = writer.patch(&path).header("if-match", &tag).json(&edit).send().await.expect(200);
    assert_eq!((&edited.body["body"], &edited.body["version"]), (&json!("Other *words*"), &json!(2)));
    assert!(edited.body["edited_at"].is_string() && edited.body["html"].as_str().unwrap().contains("<em>"));
    writer.patch(&path).header("if-match", &tag).json(&edit).send().await.expect_problem(412, "precondition_failed");
    writer.delete(&path).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    // The same again, or nothing, is no edit.
    for body in [edit, json!({})] {
        assert_eq!(writer.patch(&path).json(&body).send().await.expect(200).body["version"], 2);
    }
    // A reaction makes no edit stale.
    let tag = get(&writer, id).await.header("etag").unwrap().to_owned();
    author.put(&format!("{path}/reaction")).json(&json!({"kind": "love"})).send().await.expect(200);
    let more = json!({"body": "More"});
    let changed = writer.patch(&path).header("if-match", &tag).json(&more).send().await.expect(200).body;
    assert_eq!((&changed["reactions"]["love"], &changed["mine"]["reaction"]), (&json!(1), &Value::Null));
    delete(&writer, id).await.expect(204);
    delete(&writer, id).await.expect_problem(404, "not_found");
    writer.patch(&path).json(&more).send().await.expect_problem(404, "not_found");
    assert_eq!(number(&app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await, 0);
    assert_eq!(
        number(&app, format!("SELECT CAST(length(body) + length(html) AS bigint) AS n FROM comments WHERE id = {id}"))
            .await,
        0
    );
}

/// Relation to the author of the post × its visibility: who reads, writes and lists.
async fn who_sees_a_post_comments_on_it(app: TestApp) {
    let author = person(&app).await;
    let author_id = id_of(&author);
    let (stranger, follower, friend, blocked) =
        (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    tie(&app, id_of(&follower), author_id, "following").await;
    tie(&app, id_of(&friend), author_id, "friends").await;
    tie(&app, author_id, id_of(&blocked), "cut").await;
    let moderator = moderator(&app).await;
    for (visibility, allowed) in [
        ("public", [true, true, true, true, true, false]),
        ("followers", [true, false, false, true, true, false]),
        ("friends", [true, false, false, false, true, false]),
        ("private", [true, false, false, false, false, false]),
    ] {
        let post = insert_post(&app, author_id, visibility).await;
        let first = said(&author, post, 0).await;
        let list = format!("{POSTS}/{post}/comments");
        for (n, who) in [&author, &stranger, &moderator, &follower, &friend, &blocked].into_iter().enumerate() {
            let done = [
                comment(who, post, 0, "Hello").await.status,
                comment(who, post, first, "Hello").await.status,
                who.get(&list).send().await.status,
                get(who, first).await.status,
            ];
            let expected = if allowed[n] { [201, 201, 200, 200] } else { [404; 4] };
            assert_eq!(done, expected, "{visibility}, person {n}");
        }
        let nobody = [app.client().get(&list).send().await.status, get(&app.client(), first).await.status];
        assert_eq!(nobody, if visibility == "public" { [200; 2] } else { [404; 2] }, "{visibility}");
    }
    let post = insert_post(&app, author_id, "public").await;
    let first = said(&stranger, post, 0).await;
    run(&app, format!("UPDATE posts SET status = 'deleted' WHERE id = {post}")).await;
    for who in [&author, &stranger] {
        comment(who, post, 0, "Late").await.expect_problem(404, "not_found");
        get(who, first).await.expect_problem(404, "not_found");
        who.get(&format!("{POSTS}/{post}/comments")).send().await.expect_problem(404, "not_found");
    }
}

async fn nobody_replies_where_it_is_locked(app: TestApp) {
    let (author, writer, stranger, moderator) =
        (person(&app).await, person(&app).await, person(&app).await, moderator(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let first = said(&writer, post, 0).await;
    let second = said(&writer, post, first).await;
    let third = said(&writer, post, second).await;
    for other in [&writer, &stranger] {
        lock(other, first, true).await.expect_problem(403, "not_yours");
    }
    lock(&app.client(), first, true).await.expect_problem(401, "unauthenticated");
    for _ in 0..2 {
        let locked = lock(&author, first, true).await.expect(200).body;
        assert_eq!((&locked["locked"], &locked["version"]), (&json!(true), &json!(1)));
    }
    for parent in [first, second, third] {
        for who in [&writer, &author, &moderator] {
            comment(who, post, parent, "More").await.expect_problem(409, "comments_locked");
        }
    }
    said(&writer, post, 0).await;
    // What was said can still be changed, and gets reactions.
    writer.patch(&format!("{COMMENTS}/{third}")).json(&json!({"body": "Else"})).send().await.expect(200);
    lock(&moderator, first, false).await.expect(200);
    said(&writer, post, third).await;
    lock(&moderator, third, true).await.expect(200);
    comment(&writer, post, third, "More").await.expect_problem(409, "comments_locked");
    said(&writer, post, second).await;
    run(&app, format!("UPDATE posts SET comments_locked = TRUE WHERE id = {post}")).await;
    for parent in [0, second] {
        comment(&author, post, parent, "More").await.expect_problem(409, "comments_locked");
    }
    assert_eq!(number(&app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await, 6);
}

async fn moderators_remove_comments_and_bring_them_back(app: TestApp) {
    let (author, writer, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    // One that the moderator does not see.
    tie(&app, id_of(&writer), id_of(&author), "friends").await;
    let post = insert_post(&app, id_of(&author), "friends").await;
    let id = said(&writer, post, 0).await;
    get(&moderator, id).await.expect_problem(404, "not_found");
    set_status(&author, id, "removed").await.expect_problem(403, "forbidden");
    set_status(&app.client(), id, "removed").await.expect_problem(401, "unauthenticated");
    set_status(&moderator, id, "published").await.expect_problem(409, "invalid_transition");
    let body = json!({"status": "removed", "note": "Rude"});
    let removed = moderator.put(&format!("{COMMENTS}/{id}/status")).json(&body).send().await.expect(200).body;
    assert_eq!((&removed["status"], &removed["next_statuses"]), (&json!("removed"), &json!(["published"])));
    assert_eq!((&removed["author_id"], removed.get("body"), removed.get("html")), (&json!(id_of(&writer)), None, None));
    set_status(&moderator, id, "removed").await.expect_problem(409, "invalid_transition");
    assert_eq!(number(&app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await, 0);
    for who in [&author, &writer] {
        get(who, id).await.expect_problem(404, "not_found");
        delete(who, id).await.expect_problem(404, "not_found");
    }
    let back = set_status(&moderator, id, "published").await.expect(200).body;
    assert_eq!((&back["status"], &back["version"], back.get("body")), (&json!("published"), &json!(3), None));
    assert_eq!(get(&author, id).await.expect(200).body["body"], "Words");
    assert_eq!(number(&app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await, 1);
    // A deletion by a moderator is a removal.
    delete(&moderator, id).await.expect(204);
    delete(&moderator, id).await.expect_problem(404, "not_found");
    set_status(&moderator, id, "published").await.expect(200);
    delete(&writer, id).await.expect(204);
    for status in ["published", "removed"] {
        set_status(&moderator, id, status).await.expect_problem(409, "invalid_transition");
    }
    let of = format!("object_kind = 'comment' AND object_id = {id} AND subject_id = {}", id_of(&writer));
    let rows = |what: &str| format!("SELECT count(*) AS n FROM moderation_log WHERE {of} AND {what}");
    assert_eq!(number(&app, rows("action = 'remove'")).await, 2);
    assert_eq!(number(&app, rows("action = 'restore'")).await, 2);
    assert_eq!(number(&app, rows("note = 'Rude'")).await, 1);
    let events = told(&app, "social.moderated").await;
    let first = json!({"subject_id": writer.user_id, "action": "remove", "object_kind": "comment", "object_id": id,
        "note": "Rude"});
    assert_eq!((events.len(), &events[0]), (4, &first));
}

async fn whoever_is_suspended_writes_no_comment(app: TestApp) {
    let (author, moderator) = (person(&app).await, moderator(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let id = said(&author, post, 0).await;
    let theirs = said(&moderator, post, 0).await;
    suspend(&app, id_of(&author)).await;
    suspend(&app, id_of(&moderator)).await;
    comment(&author, post, 0, "More").await.expect_problem(403, "suspended");
    let body = json!({"body": "Else"});
    author.patch(&format!("{COMMENTS}/{id}")).json(&body).send().await.expect_problem(403, "suspended");
    delete(&author, id).await.expect_problem(403, "suspended");
    lock(&author, id, true).await.expect_problem(403, "suspended");
    set_status(&moderator, theirs, "removed").await.expect_problem(403, "suspended");
    get(&author, id).await.expect(200);
}

poligon_testkit::tests! {
    start =>
    a_comment_is_written_and_read,
    people_are_named_in_comments,
    a_bad_comment_is_refused_by_name,
    what_is_not_there_is_not_found,
    a_repeated_request_with_a_key_makes_one_comment,
    only_its_author_changes_a_comment,
    who_sees_a_post_comments_on_it,
    nobody_replies_where_it_is_locked,
    moderators_remove_comments_and_bring_them_back,
    whoever_is_suspended_writes_no_comment,
}
