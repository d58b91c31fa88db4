//! What people report and moderators decide at once.

use poligon_testkit::{Client, TestApp, at_once};
use serde_json::{Value, json};

use crate::moderation::{
    CASES, COMMENTS, case_of, cases_of, deciding, moderator, piece, reporting, result, said, seen,
};
use crate::world::{ARTICLES, at, id_of, person, start};

async fn people(app: &TestApp, count: usize) -> Vec<Client> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(person(app).await);
    }
    people
}

async fn fifty_reports_are_one_case(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let mona = moderator(&app).await;
    let (_, comment) = seen(&app, &one, "Rude").await;
    let many = people(&app, 50).await;
    let replies = at_once(many.iter().map(|who| reporting(who, "comment", &comment["id"], "abuse"))).await;
    assert!(replies.iter().all(|reply| reply.status == 201), "{replies:?}");
    let case = case_of(&mona, "comment", &comment).await;
    assert_eq!(cases_of(&mona, "comment", &comment).await.len(), 1);
    assert_eq!((&case["report_count"], case["reports"].as_array().unwrap().len()), (&json!(50), 50));
    let opened = "SELECT count(*) AS n FROM content_case_log l JOIN content_cases c ON c.id = l.case_id \
                  WHERE c.kind = 'comment' AND l.action = 'opened' AND c.object_id = ";
    assert_eq!(app.number(format!("{opened}{}", comment["id"])).await, 1);
}

async fn one_persons_reports_count_once(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (mona, eve) = (moderator(&app).await, person(&app).await);
    let replies = at_once((0..20).map(|_| reporting(&eve, "article", &one["id"], "spam"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for lost in replies.into_iter().filter(|reply| reply.status != 201) {
        lost.expect_problem(409, "already_flagged");
    }
    assert_eq!(case_of(&mona, "article", &one).await["report_count"], 1);
}

async fn of_two_who_decide_at_once_one_wins(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let (mona, max) = (moderator(&app).await, moderator(&app).await);
    for n in 0..6 {
        let waits = said(&person(&app).await, &one, &format!("n{n}")).await;
        let case = case_of(&mona, "comment", &waits).await;
        let both = [deciding(&mona, &case, "trash"), deciding(&max, &case, "spam"), deciding(&mona, &case, "spam")];
        let replies = at_once(both).await;
        let won: Vec<_> = replies.iter().filter(|reply| reply.body["done"] == 1).collect();
        assert_eq!(won.len(), 1, "{replies:?}");
        for lost in replies.iter().filter(|reply| reply.body["done"] == 0) {
            assert_eq!(result(lost)["problem"]["code"], "case_closed");
        }
        let now = case_of(&mona, "comment", &waits).await;
        let comment = mona.get(&at(COMMENTS, &waits)).send().await.expect(200).body;
        assert_eq!((&now["decision"], &comment["version"]), (&comment["status"], &json!(2)));
        assert_eq!(result(won[0])["case"]["decision"], now["decision"]);
        assert_eq!(now["log"].as_array().unwrap().iter().filter(|entry| entry["action"] == "decided").count(), 1);
    }
}

async fn of_many_who_take_a_case_one_has_it(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let waits = said(&person(&app).await, &one, "waits").await;
    let mut all = Vec::new();
    for _ in 0..8 {
        all.push(moderator(&app).await);
    }
    let case = case_of(&all[0], "comment", &waits).await;
    let path = format!("{}/assignee", at(CASES, &case));
    let replies = at_once(all.iter().map(|who| who.put(&path).json(&json!({"assignee_id": id_of(who)})))).await;
    let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1, "{replies:?}");
    for lost in replies.iter().filter(|reply| reply.status != 200) {
        lost.clone().expect_problem(409, "case_taken");
    }
    assert_eq!(case_of(&all[0], "comment", &waits).await["assignee"], won[0].body["assignee"]);
}

/// Its author takes a comment back while a moderator approves it: whichever comes first, it is gone, and its case closed once.
async fn a_decision_meets_the_authors_deletion(app: TestApp) {
    let (_, _, one) = piece(&app).await;
    let mona = moderator(&app).await;
    for n in 0..8 {
        let bob = person(&app).await;
        let waits = said(&bob, &one, &format!("n{n}")).await;
        let case = case_of(&mona, "comment", &waits).await;
        let replies = at_once([deciding(&mona, &case, "approve"), bob.delete(&at(COMMENTS, &waits))]).await;
        assert_eq!(replies[1].status, 204, "{}", replies[1].text);
        let now = case_of(&mona, "comment", &waits).await;
        if replies[0].body["done"] == 1 {
            assert_eq!((&now["decision"], &now["elsewhere"]), (&json!("approve"), &json!(false)));
        } else {
            assert_eq!(result(&replies[0])["problem"]["code"], "case_closed");
            assert_eq!((&now["decision"], &now["elsewhere"]), (&json!("deleted"), &json!(true)));
        }
        assert_eq!(mona.get(&at(COMMENTS, &waits)).send().await.expect(200).body["status"], "trash");
        let endings = now["log"].as_array().unwrap().iter();
        assert_eq!(endings.filter(|entry| matches!(entry["action"].as_str(), Some("decided" | "closed"))).count(), 1);
    }
    let shown = app.client().get(&at(ARTICLES, &one)).send().await.expect(200);
    assert_eq!(shown.body["comment_count"], 0);
}

/// An article is deleted while people report it and what was said of it: no case of what is gone is open.
async fn no_case_of_what_is_gone_is_open(app: TestApp) {
    for _ in 0..4 {
        let (_, ed, one) = piece(&app).await;
        let mona = moderator(&app).await;
        let (_, comment) = seen(&app, &one, "Rude").await;
        let many = people(&app, 8).await;
        let report = |(n, who): (usize, &Client)| match n % 2 {
            0 => reporting(who, "comment", &comment["id"], "abuse"),
            _ => reporting(who, "article", &one["id"], "spam"),
        };
        let mut requests: Vec<_> = many.iter().enumerate().map(report).collect();
        requests.insert(4, ed.delete(&at(ARTICLES, &one)));
        let replies = at_once(requests).await;
        assert_eq!(replies[4].status, 204);
        assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 204 | 404)), "{replies:?}");
        let reported = replies.iter().filter(|reply| reply.status == 201).count();
        let mut cases: Vec<Value> = cases_of(&mona, "comment", &comment).await;
        cases.extend(cases_of(&mona, "article", &one).await);
        assert!(cases.iter().all(|case| case["status"] == "closed"), "{cases:?}");
        let counted: i64 = cases.iter().map(|case| case["report_count"].as_i64().unwrap()).sum();
        assert_eq!(usize::try_from(counted).unwrap(), reported);
    }
    assert_eq!(app.number("SELECT count(*) AS n FROM content_cases WHERE status = 'open'").await, 0);
}

poligon_testkit::tests! { start =>
    fifty_reports_are_one_case,
    one_persons_reports_count_once,
    of_two_who_decide_at_once_one_wins,
    of_many_who_take_a_case_one_has_it,
    a_decision_meets_the_authors_deletion,
    no_case_of_what_is_gone_is_open,
}
