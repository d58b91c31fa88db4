//! Comments on articles: a tree, its states, who sees and decides what.

use chrono::Duration;
use poligon_testkit::{Client, Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{ARTICLES, acting, article, at, author, editor, id_of, items, person, published, start};

const COMMENTS: &str = "/api/content/comments";

fn saying(who: &Client, article: &Value, body: &str, parent: Option<&Value>) -> Request {
    let body = json!({"body": body, "parent_id": parent.map(|parent| &parent["id"])});
    who.post(&format!("{}/comments", at(ARTICLES, article))).json(&body)
}

async fn said(who: &Client, article: &Value, body: &str, parent: Option<&Value>) -> Value {
    saying(who, article, body, parent).send().await.expect(201).body
}

fn deciding(who: &Client, comment: &Value, status: &str) -> Request {
    who.put(&format!("{}/status", at(COMMENTS, comment))).json(&json!({"status": status, "reason": "because"}))
}

/// What somebody sees below an article, or a comment on it.
async fn branch(who: &Client, article: &Value, parent: Option<&Value>) -> Vec<String> {
    let of = parent.map(|parent| format!("?parent_id={}", parent["id"])).unwrap_or_default();
    let page = who.get(&format!("{}/comments{of}", at(ARTICLES, article))).send().await.expect(200);
    items(&page).iter().map(|comment| comment["body"].as_str().unwrap().to_owned()).collect()
}

async fn counted(app: &TestApp, article: &Value) -> i64 {
    let shown = app.client().get(&at(ARTICLES, article)).send().await.expect(200);
    shown.body["comment_count"].as_i64().unwrap()
}

async fn moderator(app: &TestApp) -> Client {
    app.grant("moderator", &["content:moderate"]).await;
    app.sign_in_as(&["moderator"]).await
}

/// A published article, with its author and an editor.
async fn piece(app: &TestApp) -> (Client, Client, Value) {
    let (ann, ed) = (author(app).await, editor(app).await);
    let one = published(&ann, &ed, json!({"title": "One"})).await;
    (ann, ed, one)
}

async fn the_first_comment_waits_and_the_next_is_seen(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (bob, mona) = (person(&app).await, moderator(&app).await);
    let first = said(&bob, &one, "Hello <b> *there*", None).await;
    assert_eq!(
        (&first["status"], &first["level"], &first["next_statuses"]),
        (&json!("pending"), &json!(1), &json!([]))
    );
    assert_eq!(first["html"], "<p>Hello &lt;b&gt; <em>there</em></p>");
    assert_eq!(branch(&app.client(), &one, None).await, Vec::<String>::new());
    assert_eq!(branch(&bob, &one, None).await, ["Hello <b> *there*"], "whoever wrote it sees that it waits");
    app.client().get(&at(COMMENTS, &first)).send().await.expect(404);
    bob.get(&at(COMMENTS, &first)).send().await.expect(200);
    let queue = mona.get(&format!("{COMMENTS}?status=pending&include_total=true")).send().await.expect(200);
    assert_eq!((items(&queue).len(), &queue.body["total"]), (1, &json!(1)));
    assert_eq!(items(&queue)[0]["next_statuses"], json!(["approved", "spam", "trash"]));
    let approved = deciding(&mona, &first, "approved").send().await.expect(200).body;
    assert_eq!((&approved["status"], &approved["reason"]), (&json!("approved"), &json!("because")));
    assert_eq!(said(&bob, &one, "Again", None).await["status"], "approved");
    assert_eq!(branch(&app.client(), &one, None).await.len(), 2);
    assert_eq!(counted(&app, &one).await, 2);
    let looks_like_it = said(&bob, &one, "Best casino", None).await;
    assert_eq!(looks_like_it["status"], "pending");
    let links = said(&bob, &one, "http://a.b http://c.d http://e.f", None).await;
    assert_eq!(links["status"], "pending");
}

async fn comments_are_a_tree(app: TestApp) {
    let (ann, _, one) = piece(&app).await;
    let mona = moderator(&app).await;
    let mut chain = vec![said(&mona, &one, "1", None).await];
    for n in 2..=6 {
        chain.push(said(&mona, &one, &n.to_string(), chain.last()).await);
    }
    assert_eq!(chain[5]["level"], 6);
    saying(&mona, &one, "7", Some(&chain[5])).send().await.expect_problem(409, "comment_too_deep");
    said(&mona, &one, "2b", Some(&chain[0])).await;
    assert_eq!(branch(&app.client(), &one, Some(&chain[0])).await, ["2", "2b"]);
    let newest =
        app.client().get(&format!("{}/comments?parent_id={}&sort=newest&limit=1", at(ARTICLES, &one), chain[0]["id"]));
    assert_eq!(items(&newest.send().await.expect(200))[0]["body"], "2b");
    let top = app.client().get(&format!("{}/comments?include_total=true", at(ARTICLES, &one))).send().await.expect(200);
    assert_eq!((&items(&top)[0]["reply_count"], &top.body["total"]), (&json!(2), &json!(1)));
    assert_eq!(counted(&app, &one).await, 7);
    let other = article(&ann, "Other").await;
    let elsewhere = saying(&mona, &other, "x", Some(&chain[0])).send().await;
    elsewhere.expect(404);
    let unknown = saying(&mona, &one, "x", Some(&json!({"id": 999_999}))).send().await;
    assert_eq!(unknown.expect_problem(422, "validation_failed").pointers(), ["/parent_id"]);
    for bad in ["", " \n", "\u{200b}\u{3164}", "[]()", "&nbsp;", "***"] {
        let refused = saying(&mona, &one, bad, None).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/body"], "{bad:?}");
    }
}

/// What stands below a comment that goes, goes with it, and comes back with it; the count follows.
async fn a_branch_goes_and_comes_with_what_is_above_it(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (mona, max) = (moderator(&app).await, moderator(&app).await);
    let top = said(&mona, &one, "top", None).await;
    let middle = said(&mona, &one, "middle", Some(&top)).await;
    let leaf = said(&mona, &one, "leaf", Some(&middle)).await;
    assert_eq!(counted(&app, &one).await, 3);
    deciding(&max, &middle, "spam").send().await.expect(200);
    assert_eq!(counted(&app, &one).await, 1);
    app.client().get(&at(COMMENTS, &leaf)).send().await.expect(404);
    deciding(&max, &leaf, "trash").send().await.expect(200);
    deciding(&max, &middle, "approved").send().await.expect(200);
    assert_eq!(counted(&app, &one).await, 2);
    deciding(&max, &leaf, "approved").send().await.expect(200);
    assert_eq!(counted(&app, &one).await, 3);
    deciding(&max, &top, "trash").send().await.expect(200);
    assert_eq!(counted(&app, &one).await, 0);
    deciding(&max, &top, "trash").send().await.expect_problem(409, "invalid_transition");
    deciding(&max, &top, "pending").send().await.expect_problem(409, "invalid_transition");
    deciding(&max, &top, "approved").send().await.expect(200);
    assert_eq!(counted(&app, &one).await, 3);
    assert_eq!(branch(&app.client(), &one, Some(&middle)).await, ["leaf"]);
}

async fn ones_own_comment_can_be_changed_for_a_while(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (bob, mona) = (person(&app).await, moderator(&app).await);
    let mine = said(&bob, &one, "Fist", None).await;
    deciding(&mona, &mine, "approved").send().await.expect(200);
    let patch = |who: &Client, body: &str| who.patch(&at(COMMENTS, &mine)).json(&json!({"body": body}));
    let tag = bob.get(&at(COMMENTS, &mine)).send().await.expect(200).header("etag").unwrap().to_owned();
    patch(&bob, "First").header("if-match", &tag).send().await.expect(200);
    patch(&bob, "Again").header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    patch(&mona, "Hers").send().await.expect_problem(403, "role_too_low");
    assert_eq!(branch(&app.client(), &one, None).await, ["First"]);
    let changed = patch(&bob, "Casino, casino").send().await.expect(200).body;
    assert_eq!(changed["status"], "pending", "what was approved says something else now");
    assert_eq!(counted(&app, &one).await, 0);
    app.clock().advance(Duration::minutes(14));
    patch(&bob, "Calm").send().await.expect(200);
    app.clock().advance(Duration::minutes(2));
    let bob = app.log_in(id_of(&bob)).await;
    patch(&bob, "Late").send().await.expect_problem(409, "edit_time_over");
    bob.delete(&at(COMMENTS, &mine)).send().await.expect(204);
    bob.delete(&at(COMMENTS, &mine)).send().await.expect(404);
}

async fn who_decides_on_comments(app: TestApp) {
    let (ann, ed, one) = piece(&app).await;
    let (bob, eve) = (person(&app).await, person(&app).await);
    let mine = said(&bob, &one, "Mine", None).await;
    for who in [&ann, &bob] {
        deciding(who, &mine, "approved").send().await.expect(if who.user_id == bob.user_id { 403 } else { 404 });
    }
    deciding(&eve, &mine, "approved").send().await.expect(404);
    deciding(&ed, &mine, "approved").send().await.expect(200);
    deciding(&eve, &mine, "spam").send().await.expect_problem(403, "role_too_low");
    eve.delete(&at(COMMENTS, &mine)).send().await.expect_problem(403, "role_too_low");
    eve.get(COMMENTS).send().await.expect_problem(403, "role_too_low");
    let of_one = format!("{COMMENTS}?article_id={}&status=approved", one["id"]);
    eve.get(&of_one).send().await.expect_problem(403, "role_too_low");
    assert_eq!(items(&ed.get(&of_one).send().await.expect(200)).len(), 1);
    ed.get(COMMENTS).send().await.expect_problem(403, "role_too_low");
    eve.get(&format!("{COMMENTS}?article_id=999999")).send().await.expect(404);
    app.client().post(&format!("{}/comments", at(ARTICLES, &one))).json(&json!({"body": "x"})).send().await.expect(401);
    ed.delete(&at(COMMENTS, &mine)).send().await.expect(204);
}

async fn a_discussion_is_closed_and_opened(app: TestApp) {
    let (ann, ed, one) = piece(&app).await;
    let bob = person(&app).await;
    let open =
        |who: &Client, open: bool| who.put(&format!("{}/discussion", at(ARTICLES, &one))).json(&json!({"open": open}));
    open(&bob, false).send().await.expect_problem(403, "role_too_low");
    open(&ann, false).send().await.expect(204);
    saying(&bob, &one, "x", None).send().await.expect_problem(409, "comments_closed");
    assert_eq!(app.client().get(&at(ARTICLES, &one)).send().await.expect(200).body["comments_open"], false);
    open(&ed, true).send().await.expect(204);
    said(&bob, &one, "x", None).await;
    let draft = article(&ann, "Draft").await;
    saying(&ann, &draft, "x", None).send().await.expect_problem(409, "comments_closed");
    saying(&bob, &draft, "x", None).send().await.expect(404);
    acting(&ed, &one, "unpublish").send().await.expect(200);
    saying(&bob, &one, "y", None).send().await.expect(404);
    bob.get(&format!("{}/comments", at(ARTICLES, &one))).send().await.expect(404);
}

/// Many speak, and moderators decide, at once: the count is what is seen.
async fn the_count_is_exact_whatever_happens_at_once(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let mona = moderator(&app).await;
    let top = said(&mona, &one, "top", None).await;
    let mut all = Vec::new();
    for n in 0..6 {
        all.push(said(&mona, &one, &n.to_string(), Some(&top)).await);
    }
    let speak = (0..8).map(|n| saying(&mona, &one, &format!("more {n}"), Some(&all[n % 6])));
    let decide = all.iter().map(|comment| deciding(&mona, comment, "spam"));
    let above = [deciding(&mona, &top, "trash"), deciding(&mona, &top, "approved"), deciding(&mona, &top, "trash")];
    at_once(speak.chain(decide).chain(above)).await;
    deciding(&mona, &top, "approved").send().await;
    let mut seen = 0;
    let mut open: Vec<Option<Value>> = vec![None];
    while let Some(parent) = open.pop() {
        let of = parent.map(|parent| format!("&parent_id={}", parent["id"])).unwrap_or_default();
        let page = app.client().get(&format!("{}/comments?limit=100{of}", at(ARTICLES, &one))).send().await.expect(200);
        seen += items(&page).len();
        open.extend(items(&page).iter().cloned().map(Some));
    }
    assert_eq!(counted(&app, &one).await, i64::try_from(seen).unwrap());
}

async fn comments_are_rate_limited(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let mona = moderator(&app).await;
    let reply = saying(&mona, &one, "x", None).send().await.expect(201);
    assert_eq!(reply.header("ratelimit-limit"), Some("10000000"), "of their own family, wide in the demo");
}

poligon_testkit::tests! { start =>
    the_first_comment_waits_and_the_next_is_seen,
    comments_are_a_tree,
    a_branch_goes_and_comes_with_what_is_above_it,
    ones_own_comment_can_be_changed_for_a_while,
    who_decides_on_comments,
    a_discussion_is_closed_and_opened,
    the_count_is_exact_whatever_happens_at_once,
    comments_are_rate_limited,
}
