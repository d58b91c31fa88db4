//! Posts: written, seen, edited, deleted, removed, bookmarked.

use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::ties::{are_friends, blocks, follows, name, number, run_sql, suspend};
use crate::world::{POSTS, id_of, moderator, person, publish, start};

pub(crate) fn at(post: &Value) -> String {
    format!("{POSTS}/{}", post["id"])
}

fn tag(reply: &Reply) -> String {
    reply.header("etag").expect("a tag").to_owned()
}

/// How many posts a person has by the counters of their profile, by visibility, which must be as many as there are.
pub(crate) async fn counted(app: &TestApp, author: &Client) -> [i64; 4] {
    let mut all = [0; 4];
    for (n, visibility) in ["public", "followers", "friends", "private"].into_iter().enumerate() {
        let id = id_of(author);
        let kept =
            number(app, &format!("SELECT {visibility}_posts AS n FROM social_profiles WHERE user_id = {id}")).await;
        let rows = format!("author_id = {id} AND status = 'published' AND visibility = '{visibility}'");
        assert_eq!(kept, number(app, &format!("SELECT count(*) AS n FROM posts WHERE {rows}")).await, "{visibility}");
        all[n] = kept;
    }
    all
}

async fn a_post_is_written_and_read(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    name(&app, &bob, "Bob.B").await;
    let body = "**Hello** @Bob.B, @nobody-at-all!\r\n#Rust #Ёлка <script>alert(1)</script>";
    let new = json!({"body": body, "content_warning": " loud ", "visibility": "public"});
    let made = ann.post(POSTS).json(&new).send().await.expect(201);
    let post = &made.body;
    assert_eq!(made.header("location"), Some(at(post).as_str()));
    assert_eq!(post["body"], json!(body.replace("\r\n", "\n")));
    let html = post["html"].as_str().unwrap();
    assert!(html.contains("<strong>Hello</strong>") && !html.contains("<script"), "{html}");
    assert!(html.contains(&format!("href=\"/api/social/users/{}\"", id_of(&bob))), "{html}");
    assert_eq!(post["author"]["id"], json!(id_of(&ann)));
    assert_eq!((&post["content_warning"], &post["visibility"]), (&json!("loud"), &json!("public")));
    assert_eq!(post["mentions"], json!([{"id": id_of(&bob), "username": "Bob.B"}]));
    assert_eq!(post["tags"], json!(["rust", "ёлка"]));
    assert_eq!((&post["status"], &post["next_statuses"]), (&json!("published"), &json!(["deleted"])));
    assert_eq!(post["reactions"], json!({"like": 0, "love": 0, "laugh": 0, "wow": 0, "sad": 0, "angry": 0}));
    for (field, value) in [
        ("reaction_count", json!(0)),
        ("comment_count", json!(0)),
        ("comments_locked", json!(false)),
        ("media", json!([])),
        ("mine", json!({"reaction": null, "bookmarked": false})),
        ("version", json!(1)),
        ("edited_at", Value::Null),
    ] {
        assert_eq!(post[field], value, "{field}");
    }
    let seen = ann.get(&at(post)).send().await.expect(200);
    assert_eq!((&seen.body, tag(&seen)), (post, tag(&made)));
    assert_eq!(seen.header("cache-control"), Some("private, no-cache"));
    ann.get(&at(post)).header("if-none-match", &tag(&seen)).send().await.expect(304);
    let public = app.client().get(&at(post)).send().await.expect(200);
    assert_eq!((&public.body["mine"], &public.body["next_statuses"]), (&Value::Null, &json!([])));
    assert_eq!(public.header("cache-control"), Some("public, no-cache"));
    let moderator = moderator(&app).await;
    assert_eq!(moderator.get(&at(post)).send().await.expect(200).body["next_statuses"], json!(["removed"]));
    assert_eq!(counted(&app, &ann).await, [1, 0, 0, 0]);
    let told = format!("topic = 'social.post_published' AND object = 'post:{}'", post["id"]);
    assert_eq!(number(&app, &format!("SELECT count(*) AS n FROM outbox WHERE {told}")).await, 1);
    for id in ["0", "-1", "x", "999999", "99999999999999999999"] {
        ann.get(&format!("{POSTS}/{id}")).send().await.expect_problem(404, "not_found");
    }
}

async fn a_bad_post_is_refused_by_name(app: TestApp) {
    let ann = person(&app).await;
    for (body, pointers) in [
        (json!({}), vec!["/body"]),
        (json!({"body": ""}), vec!["/body"]),
        (json!({"body": " \n\t "}), vec!["/body"]),
        (json!({"body": "\u{200b}"}), vec!["/body"]),
        (json!({"body": "a".repeat(5_001)}), vec!["/body"]),
        (json!({"body": "bell \u{7}"}), vec!["/body"]),
        (json!({"body": "nul \u{0}"}), vec!["/body"]),
        (json!({"body": null}), vec!["/body"]),
        (json!({"body": 5}), vec!["/body"]),
        (json!({"body": "a", "visibility": "secret"}), vec!["/visibility"]),
        (json!({"body": "a", "visibility": null}), vec!["/visibility"]),
        (json!({"body": "a", "content_warning": "a".repeat(201)}), vec!["/content_warning"]),
        (json!({"body": "a", "content_warning": "two\nlines"}), vec!["/content_warning"]),
        (json!({"body": "a", "media_ids": [1, 2, 3, 4, 5]}), vec!["/media_ids"]),
        (json!({"body": "a", "media_ids": [1, 1]}), vec!["/media_ids"]),
        (json!({"body": "a", "media_ids": [0]}), vec!["/media_ids"]),
        (json!({"body": "a", "media_ids": [998, 999]}), vec!["/media_ids/0", "/media_ids/1"]),
        (json!({"body": "a", "status": "published"}), vec!["/status"]),
        (json!({"body": "a", "author_id": 1}), vec!["/author_id"]),
        (json!({"body": "a", "like_count": 9}), vec!["/like_count"]),
        (json!({"body": 1, "visibility": "x"}), vec!["/body", "/visibility"]),
    ] {
        let refused = ann.post(POSTS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    app.client().post(POSTS).json(&json!({"body": "a"})).send().await.expect_problem(401, "unauthenticated");
    ann.post(POSTS).body("{").header("content-type", "application/json").send().await.expect(400);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM posts").await, 0);
    ann.post(POSTS).json(&json!({"body": "a".repeat(5_000)})).send().await.expect(201);
}

async fn a_repeated_request_with_a_key_makes_one_post(app: TestApp) {
    let ann = person(&app).await;
    let send = |body: &str| ann.post(POSTS).header("idempotency-key", "once").json(&json!({"body": body})).send();
    let first = send("one").await.expect(201);
    let again = send("one").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    send("two").await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(counted(&app, &ann).await, [1, 0, 0, 0]);
}

/// Whoever sees a post may bookmark it and not change it; to whoever does not, it is not there.
async fn act(viewer: &Client, post: &Value, seen: bool, author: bool, moderator: bool) {
    let status = if seen { 200 } else { 404 };
    viewer.put(&format!("{}/bookmark", at(post))).send().await.expect(status);
    viewer.delete(&format!("{}/bookmark", at(post))).send().await.expect(if seen { 204 } else { 404 });
    if author {
        return;
    }
    let (code, problem) = if seen { (403, "not_yours") } else { (404, "not_found") };
    viewer.patch(&at(post)).json(&json!({"body": "x"})).send().await.expect_problem(code, problem);
    viewer.delete(&at(post)).send().await.expect_problem(code, problem);
    if !moderator {
        let lock = viewer.put(&format!("{}/comments-lock", at(post))).json(&json!({"locked": true}));
        lock.send().await.expect_problem(code, problem);
    }
}

async fn only_those_see_a_post_whom_it_is_for(app: TestApp) {
    let (ann, friend, follower) = (person(&app).await, person(&app).await, person(&app).await);
    let (stranger, blocked, judge) = (person(&app).await, person(&app).await, moderator(&app).await);
    are_friends(&app, &ann, &friend).await;
    follows(&app, &follower, &ann).await;
    blocks(&app, &ann, &blocked).await;
    let blocker = person(&app).await;
    blocks(&app, &blocker, &ann).await;
    let viewers = [
        ("author", &ann, ["own"; 4]),
        ("friend", &friend, ["public", "friend", "friend", "private"]),
        ("follower", &follower, ["public", "follower", "not_friend", "private"]),
        ("stranger", &stranger, ["public", "not_follower", "not_friend", "private"]),
        ("nobody", &app.client(), ["public", "not_follower", "not_friend", "private"]),
        ("moderator", &judge, ["public", "not_follower", "not_friend", "private"]),
        ("blocked", &blocked, ["blocked", "blocked", "blocked", "private"]),
        ("blocker", &blocker, ["blocked", "blocked", "blocked", "private"]),
    ];
    for (n, visibility) in ["public", "followers", "friends", "private"].into_iter().enumerate() {
        let word = format!("word{n}");
        let post = publish(&ann, &format!("{word} #tag{n}"), visibility).await;
        for (who, viewer, reasons) in &viewers {
            let (what, reason) = (format!("{who} looks at {visibility}"), reasons[n]);
            let seen = ["own", "public", "friend", "follower"].contains(&reason);
            let verdict = format!("{}/visibility?viewer={}", at(&post), viewer.user_id.unwrap_or_default());
            let verdict = if viewer.user_id.is_some() { verdict } else { format!("{}/visibility", at(&post)) };
            let verdict = judge.get(&verdict).send().await.expect(200).body;
            let expected =
                json!({"post_id": post["id"], "viewer_id": viewer.user_id, "visible": seen, "reason": reason});
            assert_eq!(verdict, expected, "{what}");
            let status = if seen { 200 } else { 404 };
            viewer.get(&at(&post)).send().await.expect(status);
            viewer.get(&format!("{}/revisions", at(&post))).send().await.expect(status);
            for query in [
                format!("feed=user&user_id={}&q={word}", id_of(&ann)),
                format!("feed=tag&tag=tag{n}"),
                format!("q={word}"),
                format!("feed=tag&tag=tag{n}&q={word}"),
            ] {
                let list = viewer.get(&format!("{POSTS}?{query}&include_total=true")).send().await.expect(200).body;
                let found = list["items"].as_array().unwrap().len();
                assert_eq!((found, &list["total"]), (usize::from(seen), &json!(i64::from(seen))), "{what}: {query}");
            }
            if viewer.user_id.is_some() {
                act(viewer, &post, seen, *who == "author", *who == "moderator").await;
            }
        }
    }
}

async fn only_moderators_are_told_who_sees_a_post(app: TestApp) {
    let (ann, stranger, judge) = (person(&app).await, person(&app).await, moderator(&app).await);
    let any = publish(&ann, "one", "public").await;
    for who in [&ann, &stranger] {
        who.get(&format!("{}/visibility", at(&any))).send().await.expect_problem(403, "forbidden");
    }
    app.client().get(&format!("{}/visibility", at(&any))).send().await.expect_problem(401, "unauthenticated");
    for bad in ["0", "x", "999999"] {
        let refused = judge.get(&format!("{}/visibility?viewer={bad}", at(&any))).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/viewer"], "{bad}");
    }
    judge.get(&format!("{POSTS}/999999/visibility")).send().await.expect_problem(404, "not_found");
}

async fn an_edit_keeps_what_was_said(app: TestApp) {
    let ann = person(&app).await;
    let (bob, friend) = (person(&app).await, person(&app).await);
    are_friends(&app, &ann, &friend).await;
    let made = ann.post(POSTS).json(&json!({"body": "One #first", "visibility": "friends"})).send().await.expect(201);
    let path = at(&made.body);
    app.clock().advance(chrono::Duration::minutes(1));
    let edit = async |patch: Value| ann.patch(&path).json(&patch).send().await.expect(200);
    let same = edit(json!({})).await;
    assert_eq!((&same.body, tag(&same)), (&made.body, tag(&made)), "nothing has changed");
    assert_eq!(edit(json!({"body": "One #first", "visibility": "friends"})).await.body["version"], 1);
    name(&app, &bob, "bob").await;
    let second = edit(json!({"body": "Two #second @bob", "content_warning": "new"})).await;
    assert_eq!((&second.body["version"], &second.body["tags"]), (&json!(2), &json!(["second"])));
    assert_eq!(second.body["mentions"][0]["id"], json!(id_of(&bob)));
    assert_ne!(second.body["edited_at"], Value::Null);
    let public = edit(json!({"visibility": "public"})).await;
    assert_eq!(counted(&app, &ann).await, [1, 0, 0, 0]);
    let stale = ann.patch(&path).header("if-match", &tag(&second)).json(&json!({"body": "Lost"})).send().await;
    stale.expect_problem(412, "precondition_failed");
    ann.delete(&path).header("if-match", &tag(&second)).send().await.expect_problem(412, "precondition_failed");
    let third = ann.patch(&path).header("if-match", &tag(&public)).json(&json!({"body": "Three"})).send().await;
    assert_eq!(third.expect(200).body["version"], 4);
    let all = format!("{path}/revisions?include_total=true");
    let list = ann.get(&all).send().await.expect(200).body;
    let said = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|r| format!("{}{}", r["version"], r["visibility"])).collect()
    };
    assert_eq!(said(&list), ["3\"public\"", "2\"friends\"", "1\"friends\""]);
    assert_eq!(list["items"][2]["body"], "One #first");
    assert_eq!(list["items"][2]["created_at"], made.body["created_at"]);
    assert_eq!(list["items"][1]["created_at"], second.body["edited_at"]);
    assert_eq!(list["total"], 3);
    let page = ann.get(&format!("{path}/revisions?limit=2")).send().await.expect(200).body;
    let next = format!("{path}/revisions?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = ann.get(&next).send().await.expect(200).body;
    assert_eq!(
        (said(&page).len(), said(&rest), &rest["next_cursor"]),
        (2, vec!["1\"friends\"".to_owned()], &Value::Null)
    );
    // What was written for friends is not for everybody because the post is so now.
    for (who, expected) in [(&friend, 3), (&bob, 1), (&app.client(), 1)] {
        let list = who.get(&all).send().await.expect(200).body;
        assert_eq!((said(&list).len(), &list["total"]), (expected, &json!(expected)));
    }
    for (tag, expected) in [("first", 0), ("second", 0)] {
        let found = ann.get(&format!("{POSTS}?tag={tag}")).send().await.expect(200).body;
        assert_eq!(found["items"].as_array().unwrap().len(), expected, "{tag}");
    }
    assert_eq!(ann.get(&format!("{POSTS}?q=one")).send().await.expect(200).body["items"], json!([]));
    assert_eq!(ann.get(&format!("{POSTS}?q=three")).send().await.expect(200).body["items"][0]["id"], made.body["id"]);
}

async fn a_bad_edit_is_refused_by_name(app: TestApp) {
    let ann = person(&app).await;
    let path = at(&publish(&ann, "one", "public").await);
    for (patch, pointer) in [
        (json!({"body": ""}), "/body"),
        (json!({"body": null}), "/body"),
        (json!({"visibility": null}), "/visibility"),
        (json!({"content_warning": null}), "/content_warning"),
        (json!({"media_ids": []}), "/media_ids"),
        (json!({"status": "removed"}), "/status"),
        (json!({"comments_locked": true}), "/comments_locked"),
    ] {
        let refused = ann.patch(&path).json(&patch).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{patch}");
    }
}

async fn what_is_deleted_stays_so_and_what_is_removed_may_come_back(app: TestApp) {
    let (ann, judge) = (person(&app).await, moderator(&app).await);
    let (first, second) = (publish(&ann, "one", "public").await, publish(&ann, "two", "private").await);
    ann.delete(&at(&first)).send().await.expect(204);
    let decide = async |post: &Value, status: &str| {
        judge.put(&format!("{}/status", at(post))).json(&json!({"status": status, "note": "why"})).send().await
    };
    let verdict = async |post: &Value| {
        judge.get(&format!("{}/visibility?viewer={}", at(post), id_of(&ann))).send().await.expect(200).body["reason"]
            .clone()
    };
    assert_eq!(verdict(&first).await, "deleted");
    for gone in [&ann, &judge, &app.client()] {
        gone.get(&at(&first)).send().await.expect_problem(404, "not_found");
    }
    ann.delete(&at(&first)).send().await.expect_problem(404, "not_found");
    ann.patch(&at(&first)).json(&json!({"body": "x"})).send().await.expect_problem(404, "not_found");
    for status in ["published", "removed", "deleted"] {
        let refused = decide(&first, status).await.expect_problem(409, "invalid_transition");
        assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!("deleted"), &json!(status)));
    }
    for status in ["published", "deleted"] {
        decide(&second, status).await.expect_problem(409, "invalid_transition");
    }
    // What the moderator does not see can be removed, and is not shown by that.
    let removed = decide(&second, "removed").await.expect(200).body;
    assert_eq!((&removed["status"], &removed["next_statuses"]), (&json!("removed"), &json!(["published"])));
    assert_eq!((removed.get("body"), verdict(&second).await), (None, json!("removed")));
    assert_eq!(counted(&app, &ann).await, [0; 4]);
    ann.get(&at(&second)).send().await.expect_problem(404, "not_found");
    ann.delete(&at(&second)).send().await.expect_problem(404, "not_found");
    decide(&second, "removed").await.expect_problem(409, "invalid_transition");
    let stale = judge.put(&format!("{}/status", at(&second))).header("if-match", "\"1-x\"");
    stale.json(&json!({"status": "published"})).send().await.expect_problem(412, "precondition_failed");
    decide(&second, "published").await.expect(200);
    assert_eq!(counted(&app, &ann).await, [0, 0, 0, 1]);
    assert_eq!(ann.get(&at(&second)).send().await.expect(200).body["body"], "two");
    let log = format!("moderator_id = {} AND subject_id = {} AND object_kind = 'post'", id_of(&judge), id_of(&ann));
    let log = format!(
        "SELECT count(*) AS n FROM moderation_log WHERE {log} AND note = 'why' AND object_id = {}",
        second["id"]
    );
    assert_eq!(number(&app, &log).await, 2);
    for (body, pointer) in [
        (json!({}), "/status"),
        (json!({"status": "gone"}), "/status"),
        (json!({"status": "removed", "note": "a".repeat(501)}), "/note"),
        (json!({"status": "removed", "body": "x"}), "/body"),
    ] {
        let wrong = judge.put(&format!("{}/status", at(&second))).json(&body).send().await;
        assert_eq!(wrong.expect_problem(422, "validation_failed").pointers(), [pointer], "{body}");
    }
    let own = ann.put(&format!("{}/status", at(&second))).json(&json!({"status": "removed"}));
    own.send().await.expect_problem(403, "forbidden");
    decide(&json!({"id": 999_999}), "removed").await.expect_problem(404, "not_found");
}

async fn comments_are_locked_by_the_author_and_by_moderators(app: TestApp) {
    let (ann, judge) = (person(&app).await, moderator(&app).await);
    let post = publish(&ann, "one", "public").await;
    let path = format!("{}/comments-lock", at(&post));
    for (who, locked) in [(&ann, true), (&ann, true), (&judge, false), (&judge, true), (&ann, false)] {
        let body = who.put(&path).json(&json!({"locked": locked})).send().await.expect(200).body;
        assert_eq!((&body["comments_locked"], &body["version"]), (&json!(locked), &json!(1)));
    }
    let log = "SELECT count(*) AS n FROM moderation_log WHERE action IN ('lock_comments', 'unlock_comments')";
    assert_eq!(number(&app, log).await, 2);
    for body in [json!({}), json!({"locked": null}), json!({"locked": "yes"}), json!({"locked": true, "for": 1})] {
        ann.put(&path).json(&body).send().await.expect_problem(422, "validation_failed");
    }
    app.client().put(&path).json(&json!({"locked": true})).send().await.expect_problem(401, "unauthenticated");
    let private = publish(&ann, "two", "private").await;
    let unseen = judge.put(&format!("{}/comments-lock", at(&private))).json(&json!({"locked": true}));
    unseen.send().await.expect_problem(404, "not_found");
}

async fn a_bookmark_is_kept_once_and_is_ones_own(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let posts = [publish(&ann, "one", "public").await, publish(&ann, "two", "public").await];
    for post in [&posts[1], &posts[0], &posts[1]] {
        let marked = bob.put(&format!("{}/bookmark", at(post))).send().await.expect(200).body;
        assert_eq!(marked["mine"]["bookmarked"], true);
    }
    let list = async |who: &Client| -> Vec<Value> {
        let page = who.get(&format!("{POSTS}?feed=bookmarks&include_total=true")).send().await.expect(200).body;
        let items: Vec<Value> = page["items"].as_array().unwrap().iter().map(|post| post["id"].clone()).collect();
        assert_eq!(page["total"], json!(items.len()));
        items
    };
    assert_eq!(list(&bob).await, [posts[0]["id"].clone(), posts[1]["id"].clone()], "the last bookmark comes first");
    assert_eq!(list(&ann).await, Vec::<Value>::new());
    assert_eq!(ann.get(&at(&posts[0])).send().await.expect(200).body["mine"]["bookmarked"], false);
    // What is not seen any more is not listed, and its bookmark can still be taken back.
    ann.patch(&at(&posts[0])).json(&json!({"visibility": "private"})).send().await.expect(200);
    assert_eq!(list(&bob).await, [posts[1]["id"].clone()]);
    bob.delete(&format!("{}/bookmark", at(&posts[0]))).send().await.expect(204);
    bob.delete(&format!("{}/bookmark", at(&posts[0]))).send().await.expect_problem(404, "not_found");
    for _ in 0..2 {
        bob.delete(&format!("{}/bookmark", at(&posts[1]))).send().await.expect(204);
    }
    assert_eq!(list(&bob).await, Vec::<Value>::new());
    for request in
        [app.client().put(&format!("{}/bookmark", at(&posts[1]))), app.client().get(&format!("{POSTS}?feed=bookmarks"))]
    {
        request.send().await.expect_problem(401, "unauthenticated");
    }
}

async fn who_is_suspended_writes_nothing(app: TestApp) {
    let ann = person(&app).await;
    let post = publish(&ann, "one", "public").await;
    suspend(&app, &ann).await;
    let path = at(&post);
    for request in [
        ann.post(POSTS).json(&json!({"body": "two"})),
        ann.patch(&path).json(&json!({"body": "two"})),
        ann.delete(&path),
        ann.put(&format!("{path}/bookmark")),
        ann.delete(&format!("{path}/bookmark")),
        ann.put(&format!("{path}/comments-lock")).json(&json!({"locked": true})),
    ] {
        let refused = request.send().await.expect_problem(403, "suspended");
        assert_eq!(refused.body["suspended_until"], "2999-01-01T00:00:00.000Z");
    }
    assert_eq!(ann.get(&path).send().await.expect(200).body["body"], "one");
}

async fn what_hidden_people_did_is_not_shown(app: TestApp) {
    let (ann, bob, cut) = (person(&app).await, person(&app).await, person(&app).await);
    name(&app, &cut, "cut").await;
    let post = publish(&ann, "Hello @cut", "public").await;
    let (id, now) = (&post["id"], "'2026-01-01T00:00:00.000Z'");
    for (who, kind) in [(&cut, "like"), (&ann, "like"), (&bob, "wow")] {
        let values = format!("({id}, {}, '{kind}', {now})", id_of(who));
        run_sql(&app, format!("INSERT INTO post_reactions (post_id, user_id, kind, created_at) VALUES {values}")).await;
        let values = format!("({id}, '/', 1, {}, 'a', 'a', '[]', 'published', 1, {now})", id_of(who));
        let columns = "post_id, path, depth, author_id, body, html, mentions, status, version, created_at";
        run_sql(&app, format!("INSERT INTO comments ({columns}) VALUES {values}")).await;
    }
    run_sql(&app, format!("UPDATE posts SET like_count = 2, wow_count = 1, comment_count = 3 WHERE id = {id}")).await;
    let seen = async |who: &Client| {
        let body = who.get(&at(&post)).send().await.expect(200).body;
        let listed = who.get(&format!("{POSTS}?feed=global")).send().await.expect(200).body["items"][0].clone();
        assert_eq!(listed, body);
        let mentioned = body["html"].as_str().unwrap().contains("class=\"mention\"");
        assert_eq!(body["mentions"] != json!([]), mentioned);
        let counts = [&body["reactions"]["like"], &body["reaction_count"], &body["comment_count"]];
        (counts.map(|n| n.as_i64().unwrap()), mentioned, body["mine"]["reaction"].clone())
    };
    assert_eq!(seen(&bob).await, ([2, 3, 3], true, json!("wow")));
    blocks(&app, &bob, &cut).await;
    assert_eq!(seen(&bob).await, ([1, 2, 2], false, json!("wow")));
    assert_eq!(seen(&cut).await, ([2, 2, 2], true, json!("like")));
    assert_eq!(seen(&ann).await, ([2, 3, 3], true, json!("like")));
}

poligon_testkit::tests! { start =>
    a_post_is_written_and_read,
    a_bad_post_is_refused_by_name,
    a_repeated_request_with_a_key_makes_one_post,
    only_those_see_a_post_whom_it_is_for,
    only_moderators_are_told_who_sees_a_post,
    a_bad_edit_is_refused_by_name,
    an_edit_keeps_what_was_said,
    what_is_deleted_stays_so_and_what_is_removed_may_come_back,
    comments_are_locked_by_the_author_and_by_moderators,
    a_bookmark_is_kept_once_and_is_ones_own,
    who_is_suspended_writes_nothing,
    what_hidden_people_did_is_not_shown,
}
