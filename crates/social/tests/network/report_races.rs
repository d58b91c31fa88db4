//! Reports under concurrent traffic.

use futures_util::future::join_all;
use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::notifications::told;
use crate::planted::{ask, post, settle};
use crate::reports::{REPORTS, assign, at, decide, report, report_of};
use crate::world::{id_of, moderator, person, start};

fn statuses(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

async fn a_thing_is_reported_once_by_a_person_also_at_once(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    for round in 1..=4 {
        let id = post(&app, &bob, "public").await;
        let replies = join_all((0..10).map(|_| ann.post(REPORTS).json(&report_of("post", id)).send())).await;
        assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 9));
        let refused = replies.into_iter().find(|reply| reply.status == 409).unwrap();
        refused.expect_problem(409, "already_reported");
        assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM reports").await, round);
    }
}

async fn one_of_two_decisions_wins(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let moderators = [moderator(&app).await, moderator(&app).await];
    for round in 1..=4 {
        let report = report(&ann, "post", post(&app, &bob, "public").await).await;
        assign(&moderators[0], &report, "me").await.expect(200);
        let tag = moderators[0].get(&at(&report)).send().await.expect(200).header("etag").unwrap().to_owned();
        let replies = join_all((0..8).map(|n| {
            let body = match n % 4 {
                0 => json!({"status": "rejected"}),
                1 => json!({"status": "resolved", "action": "warn"}),
                2 => json!({"status": "resolved", "action": "remove"}),
                _ => json!({"status": "resolved"}),
            };
            let request = moderators[n % 2].put(&format!("{}/status", at(&report))).json(&body);
            if n < 4 { request.send() } else { request.header("if-match", &tag).send() }
        }))
        .await;
        let (won, conflict, stale) = (statuses(&replies, 200), statuses(&replies, 409), statuses(&replies, 412));
        assert_eq!((won, conflict + stale), (1, 7), "{:?}", replies.iter().map(|r| r.status).collect::<Vec<_>>());
        assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM moderation_log").await, round);
        assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM audit_log WHERE action = 'report_decided'").await, round);
    }
}

/// Two who decide on two reports of one thing: the one who comes first closes both, and nothing is done twice.
async fn a_thing_is_decided_on_once(app: TestApp) {
    let bob = person(&app).await;
    let moderators = [moderator(&app).await, moderator(&app).await];
    for round in 1..=4 {
        let id = post(&app, &bob, "public").await;
        let mut reports: Vec<Value> = Vec::new();
        for moderator in &moderators {
            let made = report(&person(&app).await, "post", id).await;
            assign(moderator, &made, "me").await.expect(200);
            reports.push(made);
        }
        let body = json!({"status": "resolved", "action": "warn"});
        let replies = join_all((0..2).map(|n| decide(&moderators[n], &reports[n], body.clone()))).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 409)), (1, 1));
        assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM moderation_log WHERE action = 'warn'").await, round);
        assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM moderation_log WHERE action = 'close'").await, round);
    }
    settle(&app).await;
    assert_eq!(told(&bob).await.len(), 4);
}

/// Assigning against deciding: what is closed has been assigned, and stays closed.
async fn assigning_and_deciding_take_turns(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let moderators: Vec<Client> = vec![moderator(&app).await, moderator(&app).await];
    for _ in 0..4 {
        let report = report(&ann, "post", post(&app, &bob, "public").await).await;
        let replies = join_all((0..9).map(|n| {
            let (moderator, report) = (&moderators[n % 2], &report);
            async move {
                match n % 3 {
                    0 => assign(moderator, report, "me").await,
                    1 => assign(moderator, report, Value::Null).await,
                    _ => decide(moderator, report, json!({"status": "rejected"})).await,
                }
            }
        }))
        .await;
        assert!(replies.iter().all(|reply| [200, 409].contains(&reply.status)));
        let decided = replies.iter().filter(|reply| reply.body["status"] == "rejected").count();
        assert!(decided <= 1, "closed twice");
        let seen = moderators[0].get(&at(&report)).send().await.expect(200).body;
        assert_eq!(seen["status"] == "rejected", decided == 1);
        assert_eq!(seen["assignee"].is_null(), seen["status"] == "open");
    }
}

async fn suspensions_at_once_end_with_the_longest(app: TestApp) {
    let (bob, moderator) = (person(&app).await, moderator(&app).await);
    let mut reports = Vec::new();
    for _ in 0..5 {
        let made = report(&person(&app).await, "user", id_of(&bob)).await;
        assign(&moderator, &made, "me").await.expect(200);
        reports.push(made);
    }
    let replies = join_all(reports.iter().enumerate().map(|(n, report)| {
        decide(&moderator, report, json!({"status": "resolved", "action": "suspend", "suspend_days": 10 + (n * 7) % 5}))
    }))
    .await;
    assert_eq!(statuses(&replies, 200), 5);
    let refused =
        bob.post(REPORTS).json(&report_of("user", id_of(&moderator))).send().await.expect_problem(403, "suspended");
    let until: poligon_core::db::Timestamp = serde_json::from_value(refused.body["suspended_until"].clone()).unwrap();
    assert_eq!(until.since(app.clock().now()).num_days(), 13);
    let path = format!("/api/social/users/{}/suspension", id_of(&bob));
    let replies = join_all((0..6).map(|_| moderator.delete(&path).send())).await;
    assert_eq!((statuses(&replies, 204), statuses(&replies, 404)), (1, 5));
}

poligon_testkit::tests! { start =>
    a_thing_is_reported_once_by_a_person_also_at_once,
    one_of_two_decisions_wins,
    a_thing_is_decided_on_once,
    assigning_and_deciding_take_turns,
    suspensions_at_once_end_with_the_longest,
}
