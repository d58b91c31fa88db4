//! Reports and the log of moderation as lists, and who is named in them.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::planted::{cut, post, run, tie};
use crate::reports::{LOG, REPORTS, assign, decide, report, seen, things};
use crate::world::{id_of, moderator, person, start};

async fn lists_of_reports_are_paged_and_filtered(app: TestApp) {
    let (ann, bob, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    let other = crate::world::moderator(&app).await;
    let mut made = Vec::new();
    for _ in 0..2 {
        for (kind, id) in things(&app, &person(&app).await, &ann).await {
            made.push(report(&ann, kind, id).await);
        }
        run(&app, "DELETE FROM messages WHERE id NOT IN (SELECT object_id FROM reports)").await;
    }
    report(&bob, "user", id_of(&ann)).await;
    for (n, report) in made.iter().enumerate().take(5) {
        assign(if n < 3 { &moderator } else { &other }, report, "me").await.expect(200);
    }
    decide(&moderator, &made[0], json!({"status": "rejected"})).await.expect(200);
    let ids = async |client: &Client, path: &str, limit: usize| {
        let mut ids: Vec<i64> = Vec::new();
        let mut next = format!("{path}&limit={limit}");
        loop {
            let page = client.get(&next).send().await.expect(200).body;
            ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{path}&limit={limit}&cursor={cursor}");
        }
        let total = client.get(&format!("{path}&include_total=true")).send().await.expect(200).body["total"].clone();
        assert_eq!(total, ids.len(), "{path}");
        ids
    };
    let all = ids(&moderator, &format!("{REPORTS}?"), 4).await;
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted(), "who waits longest comes first");
    let mine = ids(&ann, &format!("{REPORTS}/mine?"), 3).await;
    let expected: Vec<i64> = made.iter().rev().map(|report| report["id"].as_i64().unwrap()).collect();
    assert_eq!(mine, expected, "one's own, the newest first");
    assert_eq!(ids(&ann, &format!("{REPORTS}/mine?status=assigned"), 3).await.len(), 4);
    for (query, count) in [
        ("status=open".to_owned(), 4),
        ("status=assigned".to_owned(), 4),
        ("status=rejected".to_owned(), 1),
        ("status=resolved".to_owned(), 0),
        ("object_kind=user".to_owned(), 3),
        ("object_kind=message".to_owned(), 2),
        (format!("subject_id={}", id_of(&ann)), 1),
        ("assignee=me".to_owned(), 3),
        (format!("assignee={}", id_of(&other)), 2),
        ("assignee=me&status=assigned&object_kind=comment".to_owned(), 1),
    ] {
        assert_eq!(ids(&moderator, &format!("{REPORTS}?{query}"), 2).await.len(), count, "{query}");
    }
}

async fn bad_questions_for_reports_are_refused(app: TestApp) {
    let (ann, moderator) = (person(&app).await, moderator(&app).await);
    for _ in 0..2 {
        report(&ann, "user", id_of(&person(&app).await)).await;
    }
    let page = ann.get(&format!("{REPORTS}/mine?limit=1")).send().await.expect(200).body;
    let foreign = format!("cursor={}", page["next_cursor"].as_str().unwrap());
    for (query, pointer) in [
        ("status=closed", "/status"),
        ("object_kind=planet", "/object_kind"),
        ("subject_id=0", "/subject_id"),
        ("assignee=you", "/assignee"),
        ("assignee=-1", "/assignee"),
        ("cursor=nonsense", "/cursor"),
        (&foreign, "/cursor"),
        ("sort=newest", "/sort"),
    ] {
        let refused = moderator.get(&format!("{REPORTS}?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer], "{query}");
    }
}

async fn the_log_is_for_moderators(app: TestApp) {
    let (ann, one, other) = (person(&app).await, moderator(&app).await, moderator(&app).await);
    let (bob, cem) = (person(&app).await, person(&app).await);
    for (n, subject) in [&bob, &bob, &bob, &cem, &cem].into_iter().enumerate() {
        let report = report(&ann, "post", post(&app, subject, "public").await).await;
        let who = if n % 2 == 0 { &one } else { &other };
        assign(who, &report, "me").await.expect(200);
        decide(who, &report, json!({"status": "resolved", "note": format!("{n}")})).await.expect(200);
    }
    let notes = async |query: String| {
        let mut path = format!("{LOG}?{query}&limit=2");
        let mut notes = String::new();
        loop {
            let page = one.get(&path).send().await.expect(200).body;
            page["items"].as_array().unwrap().iter().for_each(|entry| notes.push_str(entry["note"].as_str().unwrap()));
            let Some(cursor) = page["next_cursor"].as_str() else { return notes };
            path = format!("{LOG}?{query}&limit=2&cursor={cursor}");
        }
    };
    assert_eq!(notes(String::new()).await, "43210");
    assert_eq!(notes(format!("subject_id={}", id_of(&bob))).await, "210");
    assert_eq!(notes(format!("moderator_id={}", id_of(&other))).await, "31");
    assert_eq!(notes(format!("subject_id={}&moderator_id={}", id_of(&cem), id_of(&one))).await, "4");
    let total = one.get(&format!("{LOG}?include_total=true")).send().await.expect(200).body["total"].clone();
    assert_eq!(total, 5);
    ann.get(LOG).send().await.expect_problem(403, "forbidden");
    app.client().get(LOG).send().await.expect_problem(401, "unauthenticated");
    for query in ["subject_id=0", "moderator_id=x", "cursor=eyJRdWV1ZSI6MX0", "action=warn"] {
        one.get(&format!("{LOG}?{query}")).send().await.expect_problem(422, "validation_failed");
    }
}

async fn a_reporter_does_not_see_who_is_hidden_from_them(app: TestApp) {
    let (ann, bob, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    let report = report(&ann, "user", id_of(&bob)).await;
    cut(&app, &bob, &ann).await;
    let mine = seen(&ann, &report).await;
    assert_eq!((&mine["subject"], &mine["reporter"]["id"]), (&Value::Null, &json!(id_of(&ann))));
    assert_eq!(seen(&moderator, &report).await["subject"]["id"], id_of(&bob));
    // Moderators see everybody's, whoever blocks them.
    cut(&app, &bob, &moderator).await;
    assert_eq!(seen(&moderator, &report).await["subject"]["id"], id_of(&bob));
    tie(&app, &ann, &bob, "cut = false").await;
    assert_eq!(seen(&ann, &report).await["subject"]["id"], id_of(&bob));
}

poligon_testkit::tests! { start =>
    lists_of_reports_are_paged_and_filtered,
    bad_questions_for_reports_are_refused,
    the_log_is_for_moderators,
    a_reporter_does_not_see_who_is_hidden_from_them,
}
