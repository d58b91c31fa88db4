//! Reports: who may report what, who reads them, and what is decided.

use chrono::Duration;
use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::notifications::told;
use crate::planted::{ask, chat, comment, cut, message, post, run, settle};
use crate::world::{id_of, moderator, person, publish, start};

pub(crate) const REPORTS: &str = "/api/social/reports";
pub(crate) const LOG: &str = "/api/social/moderation/log";

pub(crate) fn report_of(kind: &str, id: i64) -> Value {
    json!({"object": {"kind": kind, "id": id}, "reason": "spam", "note": "Again and again"})
}

/// Reports a thing; answers the report.
pub(crate) async fn report(reporter: &Client, kind: &str, id: i64) -> Value {
    reporter.post(REPORTS).json(&report_of(kind, id)).send().await.expect(201).body
}

pub(crate) fn at(report: &Value) -> String {
    format!("{REPORTS}/{}", report["id"])
}

pub(crate) async fn assign(moderator: &Client, report: &Value, to: impl Into<Value>) -> Reply {
    let body = json!({"assignee_id": to.into()});
    moderator.put(&format!("{}/assignment", at(report))).json(&body).send().await
}

pub(crate) async fn decide(moderator: &Client, report: &Value, body: Value) -> Reply {
    moderator.put(&format!("{}/status", at(report))).json(&body).send().await
}

/// The report as this person sees it.
pub(crate) async fn seen(person: &Client, report: &Value) -> Value {
    person.get(&at(report)).send().await.expect(200).body
}

/// A thing of each kind, all of one author, and who sees them.
pub(crate) async fn things(app: &TestApp, author: &Client, reader: &Client) -> [(&'static str, i64); 4] {
    let id = post(app, author, "public").await;
    let answer = comment(app, id, author, None).await;
    let talk = chat(app, author, reader, "active").await;
    let sent = message(app, talk, author).await;
    [("post", id), ("comment", answer), ("message", sent), ("user", id_of(author))]
}

pub(crate) async fn log_of(moderator: &Client, subject: &Client) -> Vec<Value> {
    let page = moderator.get(&format!("{LOG}?subject_id={}&limit=100", id_of(subject))).send().await.expect(200).body;
    page["items"].as_array().unwrap().clone()
}

async fn a_report_keeps_what_was_said(app: TestApp) {
    let (ann, bob, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    for (kind, id) in things(&app, &bob, &ann).await {
        let made = ann.post(REPORTS).json(&report_of(kind, id)).send().await.expect(201);
        let mine = &made.body;
        assert_eq!(made.header("location"), Some(at(mine).as_str()));
        assert_eq!(mine["object"], json!({"kind": kind, "id": id}));
        assert_eq!((&mine["subject"]["id"], &mine["reporter"]["id"]), (&json!(id_of(&bob)), &json!(id_of(&ann))));
        assert_eq!((&mine["reason"], &mine["note"]), (&json!("spam"), &json!("Again and again")));
        assert_eq!(
            (&mine["status"], &mine["next_statuses"], &mine["version"]),
            (&json!("open"), &json!([]), &json!(1))
        );
        for unknown in ["snapshot", "assignee", "action", "resolution", "closed_at"] {
            assert_eq!(mine[unknown], Value::Null, "{unknown}");
        }
        assert_eq!(&seen(&ann, mine).await, mine);
        let all = seen(&moderator, mine).await;
        assert_eq!(all["next_statuses"], json!(["assigned"]));
        let said = match kind {
            "post" => ("body", json!("Said")),
            "comment" => ("body", json!("Answered")),
            "message" => ("body", json!("Written")),
            _ => ("display_name", json!("A Person")),
        };
        assert_eq!(all["snapshot"][said.0], said.1);
        // Others know nothing of it, whoever it is about included.
        for other in [&bob, &person(&app).await] {
            other.get(&at(mine)).send().await.expect_problem(404, "not_found");
            other.get(REPORTS).send().await.expect_problem(403, "forbidden");
        }
        app.client().get(&at(mine)).send().await.expect_problem(401, "unauthenticated");
    }
    let id = ask(&app, "SELECT MAX(id) AS n FROM posts").await;
    run(&app, format!("UPDATE posts SET body = 'Something else' WHERE id = {id}")).await;
    let first = ann.get(&format!("{REPORTS}/mine")).send().await.expect(200).body["items"][3].clone();
    assert_eq!(seen(&moderator, &first).await["snapshot"]["body"], "Said");
}

async fn a_bad_report_is_refused_by_name(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let id = post(&app, &bob, "public").await;
    let with = |changes: Value| {
        let mut body = report_of("post", id);
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (body, pointer) in [
        (json!({"reason": "spam"}), "/object"),
        (json!({"object": {"kind": "post", "id": id}}), "/reason"),
        (with(json!({"object": {"kind": "planet", "id": id}})), "/object/kind"),
        (with(json!({"object": {"kind": "post", "id": 0}})), "/object/id"),
        (with(json!({"object": {"kind": "post", "id": "1"}})), "/object/id"),
        (with(json!({"object": {"kind": "post"}})), "/object/id"),
        (with(json!({"object": {"kind": "post", "id": id, "body": ""}})), "/object/body"),
        (with(json!({"object": null})), "/object"),
        (with(json!({"reason": "boring"})), "/reason"),
        (with(json!({"reason": null})), "/reason"),
        (with(json!({"note": "a".repeat(1_001)})), "/note"),
        (with(json!({"note": "bell \u{7}"})), "/note"),
        (with(json!({"note": null})), "/note"),
        (with(json!({"status": "resolved"})), "/status"),
        (with(json!({"reporter_id": 1})), "/reporter_id"),
    ] {
        let refused = ann.post(REPORTS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    app.client().post(REPORTS).json(&report_of("post", id)).send().await.expect_problem(401, "unauthenticated");
    let until = app.clock().now() + Duration::days(1);
    run(&app, format!("INSERT INTO social_profiles (user_id, suspended_until) VALUES ({}, '{until}')", id_of(&ann)))
        .await;
    ann.post(REPORTS).json(&report_of("post", id)).send().await.expect_problem(403, "suspended");
    assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM reports").await, 0);
}

async fn nobody_reports_what_they_do_not_see(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let now = app.clock().now();
    let refuse = async |kind: &str, id: i64| {
        ann.post(REPORTS).json(&report_of(kind, id)).send().await.expect_problem(404, "not_found");
    };
    for visibility in ["followers", "friends", "private"] {
        let id = post(&app, &bob, visibility).await;
        refuse("post", id).await;
        refuse("comment", comment(&app, id, &cem, None).await).await;
    }
    let id = post(&app, &bob, "public").await;
    let gone = comment(&app, id, &bob, None).await;
    run(&app, format!("UPDATE comments SET status = 'deleted', ended_at = '{now}' WHERE id = {gone}")).await;
    refuse("comment", gone).await;
    let talk = chat(&app, &bob, &cem, "active").await;
    refuse("message", message(&app, talk, &bob).await).await;
    for kind in ["post", "comment", "message", "user"] {
        refuse(kind, 777_777).await;
    }
    // Below a comment of somebody hidden.
    let above = comment(&app, id, &cem, None).await;
    let below = comment(&app, id, &bob, Some(above)).await;
    cut(&app, &cem, &ann).await;
    refuse("comment", above).await;
    refuse("comment", below).await;
    // Whom one blocks can be reported, and who blocks one cannot: they are not there.
    refuse("user", id_of(&cem)).await;
    report(&cem, "user", id_of(&ann)).await;
    run(&app, format!("UPDATE users SET deleted_at = '{now}' WHERE id = {}", id_of(&bob))).await;
    refuse("user", id_of(&bob)).await;
    // One's own.
    for (kind, id) in things(&app, &ann, &person(&app).await).await {
        ann.post(REPORTS).json(&report_of(kind, id)).send().await.expect_problem(409, "own_report");
    }
    assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM reports").await, 1);
}

async fn a_thing_is_reported_once_until_it_is_decided(app: TestApp) {
    let (ann, bob, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    for (kind, id) in things(&app, &bob, &ann).await {
        let body = report_of(kind, id);
        let keyed = || ann.post(REPORTS).header("idempotency-key", &format!("a-{kind}")).json(&body).send();
        let first = keyed().await.expect(201);
        let again = keyed().await.expect(201);
        assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, Some("true")));
        ann.post(REPORTS).json(&body).send().await.expect_problem(409, "already_reported");
        assign(&moderator, &first.body, "me").await.expect(200);
        ann.post(REPORTS).json(&body).send().await.expect_problem(409, "already_reported");
        decide(&moderator, &first.body, json!({"status": "rejected"})).await.expect(200);
        let second = report(&ann, kind, id).await;
        assert_ne!(second["id"], first.body["id"]);
    }
    let other = json!({"object": {"kind": "user", "id": id_of(&bob)}, "reason": "abuse"});
    let reused = ann.post(REPORTS).header("idempotency-key", "a-user").json(&other).send().await;
    reused.expect_problem(422, "idempotency_key_reused");
}

async fn a_report_is_assigned_and_given_back(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (one, other) = (moderator(&app).await, moderator(&app).await);
    let report = report(&ann, "post", post(&app, &bob, "public").await).await;
    let taken = assign(&one, &report, "me").await.expect(200).body;
    assert_eq!((&taken["status"], &taken["assignee"]["id"]), (&json!("assigned"), &json!(id_of(&one))));
    assert_eq!((&taken["next_statuses"], &taken["version"]), (&json!(["open", "resolved", "rejected"]), &json!(2)));
    assert_eq!(assign(&one, &report, id_of(&one)).await.expect(200).body, taken, "again changes nothing");
    let mine = seen(&ann, &report).await;
    assert_eq!(
        (&mine["status"], &mine["assignee"], &mine["next_statuses"]),
        (&json!("assigned"), &Value::Null, &json!([]))
    );
    let given = assign(&one, &report, id_of(&other)).await.expect(200).body;
    assert_eq!((&given["assignee"]["id"], &given["version"]), (&json!(id_of(&other)), &json!(3)));
    let back = assign(&other, &report, Value::Null).await.expect(200).body;
    assert_eq!((&back["status"], &back["assignee"], &back["version"]), (&json!("open"), &Value::Null, &json!(4)));
    assert_eq!(assign(&other, &report, Value::Null).await.expect(200).body, back);
    for to in [json!(id_of(&ann)), json!(777_777), json!(0), json!("you"), json!(1.5), json!([])] {
        let refused = assign(&one, &report, to.clone()).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/assignee_id"], "{to}");
    }
    let path = format!("{}/assignment", at(&report));
    for (body, pointer) in [(json!({}), "/assignee_id"), (json!({"assignee_id": null, "status": "open"}), "/status")] {
        let refused = one.put(&path).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    // In the version that was read, or not at all.
    let tag = one.get(&at(&report)).send().await.expect(200).header("etag").unwrap().to_owned();
    let to_me = json!({"assignee_id": "me"});
    one.put(&path).header("if-match", &tag).json(&to_me).send().await.expect(200);
    other.put(&path).header("if-match", &tag).json(&to_me).send().await.expect_problem(412, "precondition_failed");
    // Others do nothing here.
    for (client, status, code) in [(&ann, 403, "forbidden"), (&app.client(), 401, "unauthenticated")] {
        client.put(&path).json(&to_me).send().await.expect_problem(status, code);
        decide(client, &report, json!({"status": "rejected"})).await.expect_problem(status, code);
    }
    for id in ["0", "x", "777777"] {
        one.put(&format!("{REPORTS}/{id}/assignment")).json(&to_me).send().await.expect_problem(404, "not_found");
        let rejected = one.put(&format!("{REPORTS}/{id}/status")).json(&json!({"status": "rejected"}));
        rejected.send().await.expect_problem(404, "not_found");
        one.get(&format!("{REPORTS}/{id}")).send().await.expect_problem(404, "not_found");
    }
}

async fn a_report_goes_from_state_to_state(app: TestApp) {
    let (ann, bob, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    let report = report(&ann, "post", post(&app, &bob, "public").await).await;
    for status in ["resolved", "rejected"] {
        let refused = decide(&moderator, &report, json!({"status": status})).await;
        let refused = refused.expect_problem(409, "invalid_transition");
        assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!("open"), &json!(status)));
    }
    assign(&moderator, &report, "me").await.expect(200);
    for (body, pointer) in [
        (json!({}), "/status"),
        (json!({"status": "open"}), "/status"),
        (json!({"status": "assigned"}), "/status"),
        (json!({"status": "resolved", "action": "ban"}), "/action"),
        (json!({"status": "rejected", "action": "warn"}), "/action"),
        (json!({"status": "rejected", "action": "suspend", "suspend_days": 1}), "/action"),
        (json!({"status": "resolved", "action": "suspend"}), "/suspend_days"),
        (json!({"status": "resolved", "action": "suspend", "suspend_days": null}), "/suspend_days"),
        (json!({"status": "resolved", "action": "suspend", "suspend_days": 0}), "/suspend_days"),
        (json!({"status": "resolved", "action": "suspend", "suspend_days": 366}), "/suspend_days"),
        (json!({"status": "resolved", "action": "warn", "suspend_days": 3}), "/suspend_days"),
        (json!({"status": "resolved", "note": "a".repeat(1_001)}), "/note"),
        (json!({"status": "resolved", "assignee_id": 1}), "/assignee_id"),
    ] {
        let refused = decide(&moderator, &report, body.clone()).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    let tag = moderator.get(&at(&report)).send().await.expect(200).header("etag").unwrap().to_owned();
    let path = format!("{}/status", at(&report));
    let stale = moderator.put(&path).header("if-match", "\"1-0\"").json(&json!({"status": "rejected"}));
    stale.send().await.expect_problem(412, "precondition_failed");
    let body = json!({"status": "rejected", "note": "This is no advertisement."});
    let closed = moderator.put(&path).header("if-match", &tag).json(&body).send().await.expect(200).body;
    assert_eq!((&closed["status"], &closed["action"]), (&json!("rejected"), &json!("none")));
    assert_eq!((&closed["next_statuses"], &closed["resolution"]), (&json!([]), &json!("This is no advertisement.")));
    assert!(closed["closed_at"].is_string() && closed["closed_at"] == closed["updated_at"]);
    let mine = seen(&ann, &report).await;
    assert_eq!(
        (&mine["status"], &mine["action"], &mine["resolution"]),
        (&closed["status"], &closed["action"], &closed["resolution"])
    );
    assert_eq!((&mine["assignee"], &mine["snapshot"]), (&Value::Null, &Value::Null));
    // What is closed stays closed.
    decide(&moderator, &report, json!({"status": "resolved"})).await.expect_problem(409, "invalid_transition");
    for to in [json!("me"), Value::Null] {
        assign(&moderator, &report, to).await.expect_problem(409, "invalid_transition");
    }
    let log = log_of(&moderator, &bob).await;
    assert_eq!(log.len(), 1);
    assert_eq!(
        (&log[0]["action"], &log[0]["report_id"], &log[0]["note"]),
        (&json!("reject"), &report["id"], &closed["resolution"])
    );
    assert_eq!((&log[0]["moderator"]["id"], &log[0]["object"]), (&json!(id_of(&moderator)), &report["object"]));
    assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM audit_log WHERE action = 'report_decided'").await, 1);
    settle(&app).await;
    assert_eq!(told(&bob).await.len(), 0, "nothing was done about Bob");
}

async fn what_is_decided_is_done(app: TestApp) {
    let (ann, moderator) = (person(&app).await, moderator(&app).await);
    for action in ["none", "warn", "remove", "suspend"] {
        let bob = person(&app).await;
        for (n, (kind, id)) in things(&app, &bob, &ann).await.into_iter().rev().enumerate() {
            let report = report(&ann, kind, id).await;
            assign(&moderator, &report, "me").await.expect(200);
            let mut body = json!({"status": "resolved", "action": action, "note": "Read the rules."});
            if action == "suspend" {
                body["suspend_days"] = json!(n + 1);
            }
            if (action, kind) == ("remove", "user") {
                let refused = decide(&moderator, &report, body).await.expect_problem(422, "validation_failed");
                assert_eq!(refused.pointers(), ["/action"]);
                continue;
            }
            let closed = decide(&moderator, &report, body).await.expect(200).body;
            assert_eq!((&closed["status"], &closed["action"]), (&json!("resolved"), &json!(action)));
            if kind != "user" {
                let removed = format!(
                    "SELECT COUNT(*) AS n FROM {kind}s WHERE id = {id} AND status = 'removed' AND ended_at IS NOT NULL"
                );
                assert_eq!(ask(&app, removed).await, i64::from(action == "remove"), "{action} {kind}");
            }
            settle(&app).await;
            let mut items = told(&bob).await;
            items.retain(|item| item["payload"]["object"] == json!({"kind": kind, "id": id}));
            assert_eq!(items.len(), usize::from(action != "none"), "{action} {kind}");
            for item in items {
                assert_eq!((&item["kind"], &item["actor"]), (&json!("moderation"), &Value::Null));
                assert_eq!(
                    (&item["payload"]["action"], &item["payload"]["note"]),
                    (&json!(action), &json!("Read the rules."))
                );
                assert_eq!(item["payload"]["suspended_until"].is_string(), action == "suspend");
                // Moderators see the same moment; whoever reported does not.
                assert_eq!(closed["suspended_until"].as_str(), item["payload"]["suspended_until"].as_str());
            }
            assert_eq!(closed["suspended_until"].is_string(), action == "suspend");
            assert_eq!(seen(&ann, &report).await["suspended_until"], Value::Null);
            let log = log_of(&moderator, &bob).await;
            assert_eq!(log[0]["suspended_until"], closed["suspended_until"]);
            assert_eq!((&log[0]["action"], &log[0]["report_id"]), (&json!(action), &report["id"]));
        }
        let writes = bob.post(REPORTS).json(&report_of("user", id_of(&ann))).send().await;
        if action == "suspend" {
            let refused = writes.expect_problem(403, "suspended");
            let until = app.clock().now() + Duration::days(4);
            let told: poligon_core::db::Timestamp =
                serde_json::from_value(refused.body["suspended_until"].clone()).unwrap();
            assert!(until.since(told).num_seconds().abs() < 60, "four days: {told}");
        } else {
            writes.expect(201);
        }
    }
}

async fn a_suspension_is_not_shortened_and_can_be_lifted(app: TestApp) {
    let (ann, bob, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    let suspend = async |days: i64| {
        let report = report(&ann, "user", id_of(&bob)).await;
        assign(&moderator, &report, "me").await.expect(200);
        let body = json!({"status": "resolved", "action": "suspend", "suspend_days": days});
        decide(&moderator, &report, body).await.expect(200);
        let refused =
            bob.post(REPORTS).json(&report_of("user", id_of(&ann))).send().await.expect_problem(403, "suspended");
        refused.body["suspended_until"].as_str().unwrap().to_owned()
    };
    let month = suspend(30).await;
    assert_eq!(suspend(7).await, month);
    assert!(suspend(60).await > month);
    let path = format!("/api/social/users/{}/suspension", id_of(&bob));
    ann.delete(&path).send().await.expect_problem(403, "forbidden");
    bob.delete(&path).send().await.expect_problem(403, "forbidden");
    app.client().delete(&path).send().await.expect_problem(401, "unauthenticated");
    moderator.delete(&path).send().await.expect(204);
    moderator.delete(&path).send().await.expect_problem(404, "not_found");
    report(&bob, "user", id_of(&ann)).await;
    for id in [id_of(&ann).to_string(), "0".into(), "x".into(), "777777".into()] {
        let nothing = moderator.delete(&format!("/api/social/users/{id}/suspension")).send().await;
        nothing.expect_problem(404, "not_found");
    }
    moderator
        .delete(&format!("/api/social/users/{}/suspension", id_of(&moderator)))
        .send()
        .await
        .expect_problem(403, "own_case");
    let log = log_of(&moderator, &bob).await;
    assert_eq!(
        (&log[0]["action"], &log[0]["object"]),
        (&json!("unsuspend"), &json!({"kind": "user", "id": id_of(&bob)}))
    );
    assert_eq!((&log[0]["suspended_until"], &log[3]["suspended_until"]), (&Value::Null, &json!(month)));
    assert_eq!(log[2]["suspended_until"], month, "a longer suspension stays");
    assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM audit_log WHERE action = 'suspension_lifted'").await, 1);
    settle(&app).await;
    assert_eq!(told(&bob).await.len(), 4);
    // One that is over cannot be lifted.
    run(
        &app,
        format!("UPDATE social_profiles SET suspended_until = '{}' WHERE user_id = {}", app.clock().now(), id_of(&bob)),
    )
    .await;
    moderator.delete(&path).send().await.expect_problem(404, "not_found");
}

/// Who may do more than a moderator is suspended by somebody who may do it, too.
async fn nobody_suspends_whoever_may_do_more(app: TestApp) {
    app.grant("chief", &["social:moderate", "users:manage"]).await;
    let (ann, moderator, admin) = (person(&app).await, moderator(&app).await, app.sign_in_as(&["chief"]).await);
    let other = app.sign_in_as(&["chief"]).await;
    let report = report(&ann, "user", id_of(&admin)).await;
    let suspend = json!({"status": "resolved", "action": "suspend", "suspend_days": 9});
    assign(&moderator, &report, "me").await.expect(200);
    decide(&moderator, &report, suspend.clone()).await.expect_problem(403, "higher_rank");
    assert_eq!(seen(&moderator, &report).await["status"], "assigned");
    publish(&admin, "still here", "public").await;
    decide(&other, &report, suspend).await.expect(200);
    admin.post("/api/social/posts").json(&json!({"body": "x"})).send().await.expect_problem(403, "suspended");
}

async fn nobody_decides_on_what_is_about_themselves(app: TestApp) {
    let (ann, one, other) = (person(&app).await, moderator(&app).await, moderator(&app).await);
    let report = report(&ann, "post", post(&app, &one, "public").await).await;
    let about = seen(&one, &report).await;
    assert_eq!((&about["reporter"], &about["next_statuses"]), (&Value::Null, &json!([])));
    for to in [json!("me"), json!(id_of(&other)), Value::Null] {
        assign(&one, &report, to).await.expect_problem(403, "own_case");
    }
    let refused = assign(&other, &report, id_of(&one)).await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/assignee_id"]);
    assign(&other, &report, "me").await.expect(200);
    decide(&one, &report, json!({"status": "rejected"})).await.expect_problem(403, "own_case");
    let body = json!({"status": "resolved", "action": "suspend", "suspend_days": 1});
    decide(&other, &report, body).await.expect(200);
    // A suspended moderator decides on nothing.
    let bob = person(&app).await;
    let next = self::report(&ann, "post", post(&app, &bob, "public").await).await;
    assign(&one, &next, "me").await.expect_problem(403, "suspended");
    one.delete(&format!("/api/social/users/{}/suspension", id_of(&one))).send().await.expect_problem(403, "suspended");
    assign(&other, &next, "me").await.expect(200);
    decide(&one, &next, json!({"status": "rejected"})).await.expect_problem(403, "suspended");
}

async fn what_was_done_closes_the_other_reports_of_the_thing(app: TestApp) {
    let (bob, moderator, colleague) = (person(&app).await, moderator(&app).await, crate::world::moderator(&app).await);
    let reporters = [person(&app).await, person(&app).await, person(&app).await];
    for (action, kind, closes) in [
        ("warn", "post", true),
        ("remove", "post", true),
        ("suspend", "post", true),
        ("none", "post", false),
        ("warn", "user", false),
    ] {
        let id = if kind == "user" { id_of(&bob) } else { post(&app, &bob, "public").await };
        let mut reports = Vec::new();
        for reporter in &reporters {
            reports.push(report(reporter, kind, id).await);
        }
        assign(&colleague, &reports[1], "me").await.expect(200);
        assign(&moderator, &reports[0], "me").await.expect(200);
        let mut body = json!({"status": "resolved", "action": action, "note": "Enough"});
        if action == "suspend" {
            body["suspend_days"] = json!(1);
        }
        decide(&moderator, &reports[0], body).await.expect(200);
        for (n, expected) in [(1, id_of(&colleague)), (2, id_of(&moderator))] {
            let other = seen(&moderator, &reports[n]).await;
            assert_eq!(other["status"] == "resolved", closes, "{action} {kind}: {other}");
            if closes {
                assert_eq!((&other["action"], &other["resolution"]), (&json!(action), &json!("Enough")));
                assert_eq!(other["assignee"]["id"], expected);
                let late = decide(&colleague, &reports[n], json!({"status": "rejected"})).await;
                late.expect_problem(409, "invalid_transition");
            } else {
                assign(&moderator, &reports[n], "me").await.expect(200);
                decide(&moderator, &reports[n], json!({"status": "rejected"})).await.expect(200);
            }
        }
        let closed = log_of(&moderator, &bob).await.iter().filter(|entry| entry["action"] == "close").count();
        run(&app, "UPDATE social_profiles SET suspended_until = NULL").await;
        assert_eq!(closed % 2, 0, "{closed}");
    }
    settle(&app).await;
    assert_eq!(told(&bob).await.len(), 4, "told once of each decision");
}

poligon_testkit::tests! { start =>
    a_report_keeps_what_was_said,
    a_bad_report_is_refused_by_name,
    nobody_reports_what_they_do_not_see,
    a_thing_is_reported_once_until_it_is_decided,
    a_report_is_assigned_and_given_back,
    a_report_goes_from_state_to_state,
    what_is_decided_is_done,
    a_suspension_is_not_shortened_and_can_be_lifted,
    nobody_suspends_whoever_may_do_more,
    nobody_decides_on_what_is_about_themselves,
    what_was_done_closes_the_other_reports_of_the_thing,
}
