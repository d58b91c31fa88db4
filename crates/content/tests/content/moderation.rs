//! Moderation: what is reported and what the checks find becomes cases, which moderators decide.

use poligon_testkit::{Client, Reply, Request, TestApp};
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, acting, article, at, author, eventually, id_of, items, patching, person, published, start,
};

pub(crate) const REPORTS: &str = "/api/content/reports";
pub(crate) const CASES: &str = "/api/content/moderation/cases";
pub(crate) const DECISIONS: &str = "/api/content/moderation/decisions";
pub(crate) const LOG: &str = "/api/content/moderation/log";
pub(crate) const COMMENTS: &str = "/api/content/comments";

/// Somebody who moderates.
pub(crate) async fn moderator(app: &TestApp) -> Client {
    app.grant("moderator", &["content:moderate"]).await;
    app.sign_in_as(&["moderator"]).await
}

/// A published article, with its author and an editor.
pub(crate) async fn piece(app: &TestApp) -> (Client, Client, Value) {
    let (ann, ed) = (author(app).await, crate::world::editor(app).await);
    let one = published(&ann, &ed, json!({"title": "One", "body": "Of one."})).await;
    (ann, ed, one)
}

pub(crate) async fn said(who: &Client, article: &Value, body: &str) -> Value {
    who.post(&format!("{}/comments", at(ARTICLES, article))).json(&json!({"body": body})).send().await.expect(201).body
}

/// What somebody says who says something for the second time: everybody sees it.
pub(crate) async fn seen(app: &TestApp, article: &Value, body: &str) -> (Client, Value) {
    let (bob, mona) = (person(app).await, moderator(app).await);
    let first = said(&bob, article, "Hello").await;
    mona.put(&format!("{}/status", at(COMMENTS, &first))).json(&json!({"status": "approved"})).send().await.expect(200);
    let comment = said(&bob, article, body).await;
    assert_eq!(comment["status"], "approved");
    (bob, comment)
}

pub(crate) fn reporting(who: &Client, kind: &str, id: &Value, reason: &str) -> Request {
    who.post(REPORTS).json(&json!({"kind": kind, "id": id, "reason": reason, "note": "Look at this"}))
}

pub(crate) fn deciding(who: &Client, case: &Value, decision: &str) -> Request {
    let one = json!({"case_id": case["id"], "decision": decision, "reason": "By the rules"});
    who.post(DECISIONS).json(&json!({"decisions": [one]}))
}

/// The one result of a request with one decision.
pub(crate) fn result(reply: &Reply) -> &Value {
    &reply.body["results"][0]
}

pub(crate) async fn decided(who: &Client, case: &Value, decision: &str) -> Value {
    let reply = deciding(who, case, decision).send().await.expect(200);
    assert_eq!((&reply.body["done"], &result(&reply)["problem"]), (&json!(1), &Value::Null), "{}", reply.text);
    result(&reply)["case"].clone()
}

/// The code with which a decision was refused.
pub(crate) async fn refused(who: &Client, case: &Value, decision: &str) -> (u64, String) {
    let reply = deciding(who, case, decision).send().await.expect(200);
    let problem = &result(&reply)["problem"];
    assert_eq!((&reply.body["done"], &reply.body["failed"]), (&json!(0), &json!(1)), "{}", reply.text);
    (problem["status"].as_u64().unwrap(), problem["code"].as_str().unwrap().to_owned())
}

/// The cases about an object, the oldest first.
pub(crate) async fn cases_of(mona: &Client, kind: &str, object: &Value) -> Vec<Value> {
    let page = mona.get(&format!("{CASES}?kind={kind}&limit=100")).send().await.expect(200);
    items(&page).iter().filter(|case| case["object"]["id"] == object["id"]).cloned().collect()
}

/// The newest case about an object, with everything.
pub(crate) async fn case_of(mona: &Client, kind: &str, object: &Value) -> Value {
    let cases = cases_of(mona, kind, object).await;
    mona.get(&at(CASES, cases.last().expect("a case"))).send().await.expect(200).body
}

/// How many open cases there are about an object.
pub(crate) async fn open_cases_of(mona: &Client, kind: &str, object: &Value) -> usize {
    cases_of(mona, kind, object).await.iter().filter(|case| case["status"] == "open").count()
}

fn actions(case: &Value) -> Vec<&str> {
    case["log"].as_array().unwrap().iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect()
}

async fn a_report_opens_a_case_and_others_join_it(app: TestApp) {
    let (ann, _, one) = piece(&app).await;
    let mona = moderator(&app).await;
    let (bob, comment) = seen(&app, &one, "Nonsense, all of it").await;
    let (eve, dan) = (person(&app).await, person(&app).await);
    let made = reporting(&eve, "comment", &comment["id"], "abuse").send().await.expect(201);
    assert_eq!(
        (&made.body["object"], &made.body["status"], &made.body["decision"]),
        (&json!({"kind": "comment", "id": comment["id"]}), &json!("open"), &Value::Null)
    );
    let place = made.header("location").unwrap().to_owned();
    assert_eq!(eve.get(&place).send().await.expect(200).body, made.body);
    dan.get(&place).send().await.expect(404);
    reporting(&dan, "comment", &comment["id"], "spam").send().await.expect(201);
    reporting(&eve, "comment", &comment["id"], "spam").send().await.expect_problem(409, "already_flagged");
    reporting(&bob, "comment", &comment["id"], "spam").send().await.expect_problem(409, "own_content");
    let case = case_of(&mona, "comment", &comment).await;
    assert_eq!(cases_of(&mona, "comment", &comment).await.len(), 1);
    assert_eq!((&case["report_count"], &case["excerpt"]), (&json!(2), &json!("Nonsense, all of it")));
    assert_eq!((&case["title"], &case["article_id"]), (&json!("One"), &one["id"]));
    assert_eq!(case["authors"][0]["id"], id_of(&bob));
    assert_eq!(case["next_decisions"], json!(["approve", "spam", "trash"]));
    assert_eq!((&case["reports"][0]["reason"], &case["reports"][1]["reason"]), (&json!("spam"), &json!("abuse")));
    assert_eq!(case["reports"][1]["reporter"]["id"], id_of(&eve));
    assert_eq!(actions(&case), ["opened", "reported", "reported"]);
    // An article is reported in the same way.
    reporting(&eve, "article", &one["id"], "copyright").send().await.expect(201);
    reporting(&ann, "article", &one["id"], "copyright").send().await.expect_problem(409, "own_content");
    let case = case_of(&mona, "article", &one).await;
    assert_eq!((&case["title"], &case["excerpt"]), (&json!("One"), &json!("Of one.")));
    assert_eq!(case["next_decisions"], json!(["approve", "unpublish", "archive"]));
    assert_eq!(case["authors"][0]["id"], id_of(&ann));
}

async fn only_what_one_sees_is_reported(app: TestApp) {
    let (ann, _, one) = piece(&app).await;
    let (bob, eve, mona) = (person(&app).await, person(&app).await, moderator(&app).await);
    let waits = said(&bob, &one, "My first").await;
    reporting(&eve, "comment", &waits["id"], "spam").send().await.expect_problem(404, "not_found");
    let draft = article(&ann, "Draft").await;
    reporting(&eve, "article", &draft["id"], "spam").send().await.expect_problem(404, "not_found");
    for kind in ["article", "comment"] {
        reporting(&eve, kind, &json!(999_999), "spam").send().await.expect_problem(404, "not_found");
    }
    app.client()
        .post(REPORTS)
        .json(&json!({"kind": "article", "id": one["id"], "reason": "spam"}))
        .send()
        .await
        .expect(401);
    let wrong = eve.post(REPORTS).json(&json!({"kind": "blog", "id": 0, "reason": "boring"})).send().await;
    assert_eq!(wrong.expect_problem(422, "validation_failed").pointers(), ["/id", "/kind", "/reason"]);
    assert_eq!(open_cases_of(&mona, "article", &one).await, 0);
    let reply = reporting(&eve, "article", &one["id"], "other").send().await.expect(201);
    assert!(reply.header("ratelimit-limit").is_some());
}

async fn one_sees_what_became_of_ones_reports(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (eve, mona) = (person(&app).await, moderator(&app).await);
    let (_, comment) = seen(&app, &one, "Rude").await;
    for (kind, id) in [("comment", &comment["id"]), ("article", &one["id"])] {
        reporting(&eve, kind, id, "hate").send().await.expect(201);
    }
    decided(&mona, &case_of(&mona, "comment", &comment).await, "trash").await;
    let mine = async |query: &str| eve.get(&format!("{REPORTS}/mine{query}")).send().await.expect(200);
    let all = mine("?include_total=true&limit=1").await;
    assert_eq!((&items(&all)[0]["object"]["kind"], &all.body["total"]), (&json!("article"), &json!(2)));
    let next = all.body["next_cursor"].as_str().unwrap();
    let second = mine(&format!("?limit=1&cursor={next}")).await;
    assert_eq!(items(&second)[0]["decision"], "trash");
    assert!(items(&second)[0]["closed_at"].is_string());
    assert!(items(&second)[0].get("decided_by").is_none(), "who decided is not told");
    assert_eq!(items(&mine("?status=open").await).len(), 1);
    assert_eq!(items(&mona.get(&format!("{REPORTS}/mine")).send().await.expect(200)).len(), 0);
}

/// The queue is for those who moderate.
async fn the_queue_is_for_moderators(app: TestApp) {
    let (ann, ed, one) = piece(&app).await;
    let (eve, mona) = (person(&app).await, moderator(&app).await);
    reporting(&eve, "article", &one["id"], "spam").send().await.expect(201);
    let case = case_of(&mona, "article", &one).await;
    for who in [&ann, &ed, &eve] {
        for path in [CASES, LOG, &at(CASES, &case)] {
            who.get(path).send().await.expect_problem(403, "forbidden");
        }
        deciding(who, &case, "approve").send().await.expect_problem(403, "forbidden");
        let taken = who.put(&format!("{}/assignee", at(CASES, &case))).json(&json!({"assignee_id": null}));
        taken.send().await.expect_problem(403, "forbidden");
    }
    app.client().get(CASES).send().await.expect(401);
    mona.get(&format!("{CASES}/999999")).send().await.expect(404);
}

async fn the_checks_open_cases_for_comments(app: TestApp) {
    let (_, ed, one) = piece(&app).await;
    let (bob, mona) = (person(&app).await, moderator(&app).await);
    let first = said(&bob, &one, "http://a.b http://c.d http://e.f casino").await;
    assert_eq!(first["status"], "pending");
    let case = case_of(&mona, "comment", &first).await;
    let flags = json!([{"check": "word_list", "words": ["casino"]},
        {"check": "new_author", "published": 0, "known_from": 1}, {"check": "links", "count": 3, "most": 2}]);
    assert_eq!((&case["flags"], &case["report_count"]), (&flags, &json!(0)));
    assert_eq!(actions(&case), ["opened", "flagged"]);
    assert_eq!(decided(&mona, &case, "approve").await["decision"], "approve");
    let shown = app.client().get(&at(COMMENTS, &first)).send().await.expect(200).body;
    assert_eq!((&shown["status"], &shown["version"]), (&json!("approved"), &json!(2)));
    // Known from now on: only what is said is looked at.
    let plain = said(&bob, &one, "Plain").await;
    assert_eq!(cases_of(&mona, "comment", &plain).await, Vec::<Value>::new());
    let patch = bob.patch(&at(COMMENTS, &plain)).json(&json!({"body": "Ставки"})).send().await.expect(200);
    assert_eq!(patch.body["status"], "pending");
    let case = case_of(&mona, "comment", &plain).await;
    assert_eq!((&case["excerpt"], &case["flags"][0]["check"]), (&json!("Ставки"), &json!("word_list")));
    // An edit of what waits is told to whoever has read it before.
    bob.patch(&at(COMMENTS, &plain)).json(&json!({"body": "Nothing to see"})).send().await.expect(200);
    let stale = json!({"decisions": [{"case_id": case["id"], "decision": "approve", "version": case["version"]}]});
    let reply = mona.post(DECISIONS).json(&stale).send().await.expect(200);
    assert_eq!(result(&reply)["problem"]["code"], "precondition_failed");
    assert_eq!(result(&reply)["case"]["excerpt"], "Nothing to see");
    // Whoever decides on comments is not looked at.
    assert_eq!(said(&ed, &one, "Casino").await["status"], "approved");
}

async fn the_checks_open_cases_for_articles_that_go_into_review(app: TestApp) {
    let (ann, ed, mona) = (author(&app).await, crate::world::editor(&app).await, moderator(&app).await);
    let one = crate::world::made(&ann, json!({"title": "Best casinos", "body": "https://a.b ".repeat(21)})).await;
    assert_eq!(cases_of(&mona, "article", &one).await, Vec::<Value>::new(), "a draft is nobody's business");
    acting(&ann, &one, "submit").send().await.expect(200);
    let case = case_of(&mona, "article", &one).await;
    let checks: Vec<&Value> = case["flags"].as_array().unwrap().iter().map(|flag| &flag["check"]).collect();
    assert_eq!(checks, ["word_list", "new_author", "links"]);
    assert_eq!(case["next_decisions"], json!(["approve", "request_changes", "archive"]));
    let done = decided(&mona, &case, "request_changes").await;
    assert_eq!(
        (&done["decision"], &done["elsewhere"], &done["reason"]),
        (&json!("request_changes"), &json!(false), &json!("By the rules"))
    );
    let draft = ann.get(&format!("{}/draft", at(ARTICLES, &one))).send().await.expect(200).body;
    assert_eq!(draft["status"], "changes_requested");
    let history = ann.get(&format!("{}/history", at(ARTICLES, &one))).send().await.expect(200);
    assert_eq!(items(&history).last().unwrap()["note"], "By the rules");
    // Submitted again it is another case, and its editor's approval settles that.
    patching(&ann, &one, json!({"title": "Better", "body": "Plain"})).send().await.expect(200);
    acting(&ann, &one, "submit").send().await.expect(200);
    acting(&ed, &one, "approve").send().await.expect(200);
    let cases = cases_of(&mona, "article", &one).await;
    assert_eq!(cases.len(), 2);
    assert_eq!((&cases[1]["decision"], &cases[1]["elsewhere"]), (&json!("approve"), &json!(true)));
    let second = mona.get(&at(CASES, &cases[1])).send().await.expect(200).body;
    assert_eq!(actions(&second), ["reopened", "flagged", "closed"]);
    assert_eq!(second["log"][2]["before"], "request_changes");
    // What an editor writes is not looked at.
    let hers = crate::world::made(&ed, json!({"title": "Casino"})).await;
    acting(&ed, &hers, "submit").send().await.expect(200);
    assert_eq!(cases_of(&mona, "article", &hers).await, Vec::<Value>::new());
}

async fn operators_see_how_long_cases_wait(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (eve, mona) = (person(&app).await, moderator(&app).await);
    let (_, comment) = seen(&app, &one, "Rude").await;
    reporting(&eve, "comment", &comment["id"], "abuse").send().await.expect(201);
    app.clock().advance(chrono::Duration::seconds(90));
    decided(&mona, &case_of(&mona, "comment", &comment).await, "spam").await;
    let metrics = async || app.ctx.metrics.render().map(|text| String::from_utf8(text).unwrap()).unwrap();
    let series = |of: &str| format!("poligon_moderation_queue_seconds_{of}{{decision=\"spam\",kind=\"comment\"}}");
    let counted = format!("{} 1\n", series("count"));
    eventually(&app, async || metrics().await.contains(&counted)).await;
    let text = metrics().await;
    let sum = text.lines().find_map(|line| line.strip_prefix(&series("sum"))?.trim().parse::<f64>().ok());
    assert!(sum.is_some_and(|sum| (90.0..120.0).contains(&sum)), "{sum:?}");
}

poligon_testkit::tests! { start =>
    a_report_opens_a_case_and_others_join_it,
    only_what_one_sees_is_reported,
    one_sees_what_became_of_ones_reports,
    the_queue_is_for_moderators,
    the_checks_open_cases_for_comments,
    the_checks_open_cases_for_articles_that_go_into_review,
    operators_see_how_long_cases_wait,
}
