//! What moderators do: take cases, decide on many, and read what was done.

use poligon_testkit::{Client, Request, TestApp};
use serde_json::{Value, json};

use crate::moderation::{
    CASES, COMMENTS, DECISIONS, LOG, case_of, decided, moderator, open_cases_of, piece, refused, reporting, said, seen,
};
use crate::world::{ARTICLES, acting, at, author, editor, id_of, items, person, published, start};

pub(crate) fn assigning(who: &Client, case: &Value, to: Option<&Client>) -> Request {
    let body = json!({"assignee_id": to.map(id_of)});
    who.put(&format!("{}/assignee", at(CASES, case))).json(&body)
}

/// A reported comment, by whom it is, its case, and a moderator.
pub(crate) async fn reported(app: &TestApp) -> (Client, Value, Value, Client) {
    let (_, _, one) = piece(app).await;
    let mona = moderator(app).await;
    let (bob, comment) = seen(app, &one, "Rude").await;
    reporting(&person(app).await, "comment", &comment["id"], "abuse").send().await.expect(201);
    let case = case_of(&mona, "comment", &comment).await;
    (bob, comment, case, mona)
}

async fn a_case_is_taken_handed_over_and_given_back(app: TestApp) {
    let (_, _, case, mona) = reported(&app).await;
    let (max, eve) = (moderator(&app).await, person(&app).await);
    let taken = assigning(&mona, &case, Some(&mona)).send().await.expect(200);
    assert_eq!(taken.body["assignee"]["id"], id_of(&mona));
    assigning(&mona, &case, Some(&mona)).send().await.expect(200);
    assigning(&max, &case, Some(&max)).send().await.expect_problem(409, "case_taken");
    assigning(&max, &case, None).send().await.expect_problem(409, "case_taken");
    let nobody = assigning(&mona, &case, Some(&eve)).send().await.expect_problem(422, "validation_failed");
    assert_eq!(nobody.pointers(), ["/assignee_id"]);
    assigning(&mona, &case, Some(&max)).send().await.expect(200);
    assigning(&max, &case, None).send().await.expect(200);
    assigning(&mona, &case, Some(&max)).send().await.expect(200);
    // Max does not come back: whoever has read that he has it may take it from him.
    let read = mona.get(&at(CASES, &case)).send().await.expect(200).header("etag").unwrap().to_owned();
    let old = taken.header("etag").unwrap();
    assigning(&mona, &case, Some(&mona))
        .header("if-match", old)
        .send()
        .await
        .expect_problem(412, "precondition_failed");
    assigning(&mona, &case, Some(&mona)).header("if-match", "*").send().await.expect_problem(409, "case_taken");
    assigning(&mona, &case, Some(&mona)).header("if-match", &read).send().await.expect(200);
    let now = case_log(&mona, &case, "").await;
    let told: Vec<_> = now
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["before"].clone(), entry["after"].clone()))
        .collect();
    let (m, x) = (json!(id_of(&mona).to_string()), json!(id_of(&max).to_string()));
    assert_eq!(told[0], ("assigned", x.clone(), m.clone()));
    assert_eq!(told[1], ("assigned", Value::Null, x.clone()));
    assert_eq!(told[2], ("unassigned", x.clone(), Value::Null));
    assert_eq!(told[3], ("assigned", m.clone(), x));
    assert_eq!(told[4], ("assigned", Value::Null, m));
    decided(&max, &case, "approve").await; // any moderator decides, whoever has it
    assigning(&mona, &case, None).send().await.expect_problem(409, "case_closed");
}

/// The entries of the log about a case, newest first.
pub(crate) async fn case_log(who: &Client, case: &Value, query: &str) -> Vec<Value> {
    let page = who.get(&format!("{LOG}?case_id={}{query}", case["id"])).send().await.expect(200);
    items(&page).clone()
}

async fn decisions_are_done_to_comments(app: TestApp) {
    let (bob, comment, case, mona) = reported(&app).await;
    let done = decided(&mona, &case, "trash").await;
    assert_eq!(
        (&done["status"], &done["decision"], &done["elsewhere"]),
        (&json!("closed"), &json!("trash"), &json!(false))
    );
    assert_eq!((&done["next_decisions"], done["decided_by"]["id"].as_i64()), (&json!([]), mona.user_id));
    app.client().get(&at(COMMENTS, &comment)).send().await.expect(404);
    let kept = mona.get(&at(COMMENTS, &comment)).send().await.expect(200).body;
    assert_eq!((&kept["status"], &kept["reason"]), (&json!("trash"), &json!("By the rules")));
    assert_eq!(refused(&mona, &case, "approve").await, (409, "case_closed".to_owned()));
    assert_eq!(refused(&mona, &json!({"id": 999_999}), "approve").await, (404, "not_found".to_owned()));
    // What was put away cannot be reported by those who do not see it any more, nor by whoever wrote it.
    reporting(&person(&app).await, "comment", &comment["id"], "spam").send().await.expect(404);
    reporting(&bob, "comment", &comment["id"], "spam").send().await.expect_problem(409, "own_content");
}

/// Whoever wrote a comment reads why it is gone; others learn nothing of it.
async fn the_reason_reaches_whoever_wrote_it(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (bob, comment) = seen(&app, &one, "Buy this").await;
    let (mona, path) = (moderator(&app).await, at(COMMENTS, &comment));
    reporting(&person(&app).await, "comment", &comment["id"], "spam").send().await.expect(201);
    decided(&mona, &case_of(&mona, "comment", &comment).await, "spam").await;
    let own = bob.get(&path).send().await.expect(200).body;
    assert_eq!(
        (&own["status"], &own["reason"], &own["taken_back"]),
        (&json!("spam"), &json!("By the rules"), &json!(false))
    );
    assert_eq!(own["decided_at"], Value::Null, "for those who decide");
    bob.patch(&path).json(&json!({"body": "Else"})).send().await.expect_problem(403, "role_too_low");
    for other in [person(&app).await, app.client()] {
        other.get(&path).send().await.expect_problem(404, "not_found");
    }
}

/// What somebody has taken back comes to light again by nobody's hand.
async fn what_is_taken_back_stays_so(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (bob, comment) = seen(&app, &one, "I regret this").await;
    let (mona, path) = (moderator(&app).await, at(COMMENTS, &comment));
    bob.delete(&path).send().await.expect(204);
    bob.get(&path).send().await.expect_problem(404, "not_found");
    let kept = mona.get(&path).send().await.expect(200).body;
    assert_eq!(
        (&kept["status"], &kept["taken_back"], &kept["next_statuses"]),
        (&json!("trash"), &json!(true), &json!([]))
    );
    for status in ["approved", "spam", "trash"] {
        let decision = mona.put(&format!("{path}/status")).json(&json!({"status": status}));
        decision.send().await.expect_problem(409, "invalid_transition");
    }
    reporting(&mona, "comment", &comment["id"], "other").send().await.expect(201);
    let case = case_of(&mona, "comment", &comment).await;
    assert_eq!(refused(&mona, &case, "approve").await, (409, "invalid_transition".to_owned()));
    app.client().get(&path).send().await.expect_problem(404, "not_found");
}

async fn decisions_are_done_to_articles(app: TestApp) {
    let (ann, ed, mona) = (author(&app).await, editor(&app).await, moderator(&app).await);
    for (decision, status) in [("approve", "published"), ("unpublish", "draft"), ("archive", "archived")] {
        let one = published(&ann, &ed, json!({"title": decision})).await;
        reporting(&person(&app).await, "article", &one["id"], "misinformation").send().await.expect(201);
        let case = case_of(&mona, "article", &one).await;
        assert_eq!(refused(&mona, &case, "request_changes").await, (409, "invalid_transition".to_owned()));
        assert_eq!(refused(&mona, &case, "spam").await, (422, "validation_failed".to_owned()));
        app.client().get(&at(ARTICLES, &one)).send().await.expect(200); // now there is a ready answer
        assert_eq!(decided(&mona, &case, decision).await["decision"], decision);
        let shown = ann.get(&format!("{}/draft", at(ARTICLES, &one))).send().await.expect(200).body;
        assert_eq!(shown["status"], status);
        let seen = if status == "published" { 200 } else { 404 };
        app.client().get(&at(ARTICLES, &one)).send().await.expect(seen);
        // Reported anew, it is another case.
        if status == "published" {
            reporting(&person(&app).await, "article", &one["id"], "spam").send().await.expect(201);
            assert_eq!(open_cases_of(&mona, "article", &one).await, 1);
            assert_ne!(case_of(&mona, "article", &one).await["id"], case["id"]);
        }
    }
}

async fn nobody_decides_on_what_they_wrote(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (mona, max) = (moderator(&app).await, moderator(&app).await);
    let hers = said(&mona, &one, "I moderate").await;
    let eve = person(&app).await;
    reporting(&eve, "comment", &hers["id"], "abuse").send().await.expect(201);
    let case = case_of(&mona, "comment", &hers).await;
    assert_eq!((&case["next_decisions"], &case["reports"][0]["reporter"]), (&json!([]), &Value::Null));
    assert_eq!(refused(&mona, &case, "approve").await, (409, "own_content".to_owned()));
    assigning(&mona, &case, Some(&mona)).send().await.expect_problem(409, "own_content");
    let wrong = assigning(&max, &case, Some(&mona)).send().await.expect_problem(422, "validation_failed");
    assert_eq!(wrong.body["errors"][0]["code"], "own_content");
    // Who has reported it is not told to her by the log either.
    let of_eve = format!("&actor_id={}", id_of(&eve));
    assert_eq!((case_log(&mona, &case, &of_eve).await.len(), case_log(&max, &case, &of_eve).await.len()), (0, 1));
    assert_eq!(case_log(&mona, &case, "&action=reported").await, Vec::<Value>::new());
    // Nor does she come around the queue: by a decision on the comment itself, or by taking it back and bringing it back.
    let status = |to: &str| mona.put(&format!("{}/status", at(COMMENTS, &hers))).json(&json!({"status": to}));
    status("spam").send().await.expect_problem(409, "own_content");
    decided(&max, &case, "spam").await;
    status("approved").send().await.expect_problem(409, "own_content");
    let second = said(&mona, &one, "Once more").await;
    reporting(&eve, "comment", &second["id"], "abuse").send().await.expect(201);
    mona.delete(&at(COMMENTS, &second)).send().await.expect(204);
    let again = mona.put(&format!("{}/status", at(COMMENTS, &second))).json(&json!({"status": "approved"}));
    again.send().await.expect_problem(409, "invalid_transition");
}

/// Each decision by itself: what cannot be decided keeps nothing else from being decided.
async fn many_are_decided_at_once_each_by_itself(app: TestApp) {
    let (ann, ed, one) = piece(&app).await;
    let (mona, max) = (moderator(&app).await, moderator(&app).await);
    let mut cases = Vec::new();
    for n in 0..4 {
        let waits = said(&person(&app).await, &one, &format!("n{n}")).await;
        cases.push(case_of(&mona, "comment", &waits).await);
    }
    let own = said(&mona, &one, "mine").await;
    let other = published(&ann, &ed, json!({"title": "Other"})).await;
    let eve = person(&app).await;
    reporting(&eve, "comment", &own["id"], "spam").send().await.expect(201);
    reporting(&eve, "article", &other["id"], "spam").send().await.expect(201);
    let (own, other) = (case_of(&max, "comment", &own).await, case_of(&mona, "article", &other).await);
    decided(&max, &cases[3], "approve").await;
    let say = |case: &Value, decision: &str| json!({"case_id": case["id"], "decision": decision, "reason": "Because"});
    let body = json!({"decisions": [
        {"case_id": cases[0]["id"], "decision": "approve"},
        say(&cases[1], "spam"), say(&own, "trash"), say(&cases[3], "trash"), say(&json!({"id": 999_999}), "spam"),
        say(&other, "spam"), say(&cases[1], "approve"), say(&cases[2], "trash"), say(&other, "archive"),
    ]});
    let reply = mona.post(DECISIONS).header("idempotency-key", "once").json(&body).send().await.expect(200);
    assert_eq!((&reply.body["done"], &reply.body["failed"]), (&json!(4), &json!(5)));
    let results = reply.body["results"].as_array().unwrap();
    let codes: Vec<&str> = results.iter().map(|one| one["problem"]["code"].as_str().unwrap_or("-")).collect();
    let wanted = ["-", "-", "own_content", "case_closed", "not_found", "validation_failed", "case_closed", "-", "-"];
    assert_eq!(codes, wanted);
    let wrong = &results[5]["problem"];
    assert_eq!(
        (&wrong["errors"][0]["pointer"], &wrong["type"]),
        (&json!("/decisions/5/decision"), &json!("/problems/validation_failed"))
    );
    assert!(results.iter().enumerate().all(|(index, one)| one["index"] == index));
    assert_eq!((&results[1]["case"]["decision"], &results[4]["case"]), (&json!("spam"), &Value::Null));
    let again = mona.post(DECISIONS).header("idempotency-key", "once").json(&body).send().await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &reply.body));
}

async fn a_reason_is_required_but_for_approval(app: TestApp) {
    let (_, _, case, mona) = reported(&app).await;
    let body = json!({"decisions": [{"case_id": case["id"], "decision": "approve"},
        {"case_id": case["id"], "decision": "spam"}, {"case_id": case["id"], "decision": "trash", "reason": " \u{3164}"}]});
    let refused = mona.post(DECISIONS).json(&body).send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/decisions/1/reason", "/decisions/2/reason"]);
    assert_eq!(mona.get(&at(CASES, &case)).send().await.expect(200).body["status"], "open", "nothing was decided");
    for wrong in [json!([]), json!(vec![json!({"case_id": 1, "decision": "approve"}); 101])] {
        let refused = mona.post(DECISIONS).json(&json!({"decisions": wrong})).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/decisions"]);
    }
    let wrong = json!({"decisions": [{"case_id": 0, "decision": "burn", "reason": "x".repeat(501), "author": 1}]});
    let refused = mona.post(DECISIONS).json(&wrong).send().await.expect_problem(422, "validation_failed");
    assert!(refused.pointers().iter().all(|pointer| pointer.starts_with("/decisions/0/")), "{}", refused.text);
}

/// What is done about a comment or an article itself closes its case.
async fn what_is_settled_elsewhere_waits_no_more(app: TestApp) {
    let (ann, ed, one) = piece(&app).await;
    let (mona, bob) = (moderator(&app).await, person(&app).await);
    let closed = async |kind: &str, object: &Value| {
        let case = case_of(&mona, kind, object).await;
        assert_eq!((&case["status"], &case["elsewhere"]), (&json!("closed"), &json!(true)), "{case}");
        (case["decision"].as_str().unwrap().to_owned(), case["decided_by"]["id"].as_i64())
    };
    for (status, decision) in [("approved", "approve"), ("spam", "spam"), ("trash", "trash")] {
        let waits = said(&person(&app).await, &one, status).await;
        let decide =
            ed.put(&format!("{}/status", at(COMMENTS, &waits))).json(&json!({"status": status, "reason": "so"}));
        decide.send().await.expect(200);
        assert_eq!(closed("comment", &waits).await, (decision.to_owned(), ed.user_id));
    }
    let (mine, other) = (said(&bob, &one, "mine").await, said(&bob, &one, "other").await);
    bob.delete(&at(COMMENTS, &mine)).send().await.expect(204);
    assert_eq!(closed("comment", &mine).await, ("deleted".to_owned(), bob.user_id));
    ed.delete(&at(COMMENTS, &other)).send().await.expect(204);
    assert_eq!(closed("comment", &other).await, ("trash".to_owned(), ed.user_id));
    for (act, decision) in [("unpublish", "unpublish"), ("archive", "archive")] {
        let two = published(&ann, &ed, json!({"title": act})).await;
        reporting(&bob, "article", &two["id"], "spam").send().await.expect(201);
        acting(&ed, &two, act).send().await.expect(200);
        assert_eq!(closed("article", &two).await, (decision.to_owned(), ed.user_id));
    }
    // An article goes with what was said of it.
    let waits = said(&person(&app).await, &one, "waits").await;
    reporting(&bob, "article", &one["id"], "spam").send().await.expect(201);
    ed.delete(&at(ARTICLES, &one)).send().await.expect(204);
    assert_eq!(closed("article", &one).await, ("deleted".to_owned(), ed.user_id));
    assert_eq!(closed("comment", &waits).await, ("deleted".to_owned(), ed.user_id));
    let kept = case_of(&mona, "comment", &waits).await;
    assert_eq!((&kept["excerpt"], &kept["title"]), (&json!("waits"), &json!("One")), "it keeps what it was about");
    assert_eq!(refused(&mona, &kept, "approve").await, (409, "case_closed".to_owned()));
}

/// What people report of what is published is not settled by the approval of another text beside it.
async fn a_draft_beside_is_another_text(app: TestApp) {
    let (ann, ed, one) = piece(&app).await;
    let mona = moderator(&app).await;
    reporting(&person(&app).await, "article", &one["id"], "spam").send().await.expect(201);
    crate::world::patching(&ann, &one, json!({"title": "Casino"})).send().await.expect(200);
    acting(&ann, &one, "submit").send().await.expect(200);
    let case = case_of(&mona, "article", &one).await;
    assert_eq!((&case["title"], &case["flags"][0]["check"]), (&json!("Casino"), &json!("word_list")));
    acting(&ed, &one, "approve").send().await.expect(200);
    let case = case_of(&mona, "article", &one).await;
    assert_eq!((&case["status"], &case["title"]), (&json!("open"), &json!("One")));
    decided(&mona, &case, "approve").await;
}

poligon_testkit::tests! { start =>
    a_case_is_taken_handed_over_and_given_back,
    decisions_are_done_to_comments,
    decisions_are_done_to_articles,
    the_reason_reaches_whoever_wrote_it,
    what_is_taken_back_stays_so,
    nobody_decides_on_what_they_wrote,
    many_are_decided_at_once_each_by_itself,
    a_reason_is_required_but_for_approval,
    what_is_settled_elsewhere_waits_no_more,
    a_draft_beside_is_another_text,
}
