//! The queue and the log of moderation as lists.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::moderation::{CASES, LOG, case_of, decided, deciding, moderator, piece, reporting, result, said, seen};
use crate::moderation_desk::{assigning, case_log, reported};
use crate::world::{id_of, items, person, published, start};

async fn the_queue_is_filtered_and_sorted(app: TestApp) {
    let (ann, ed, one) = piece(&app).await;
    let mona = moderator(&app).await;
    let mut made = Vec::new();
    for n in 0..5_usize {
        let (_, comment) = seen(&app, &one, &format!("c{n}")).await;
        for m in 0..=n {
            let reason = if m == 0 { "hate" } else { "spam" };
            reporting(&person(&app).await, "comment", &comment["id"], reason).send().await.expect(201);
        }
        made.push(case_of(&mona, "comment", &comment).await);
    }
    let other = published(&ann, &ed, json!({"title": "Other"})).await;
    reporting(&person(&app).await, "article", &other["id"], "copyright").send().await.expect(201);
    let pushed = said(&person(&app).await, &one, "casino").await;
    assigning(&mona, &made[1], Some(&mona)).send().await.expect(200);
    decided(&mona, &made[0], "spam").await;
    let list = async |query: &str| {
        let page = mona.get(&format!("{CASES}?include_total=true&{query}")).send().await.expect(200);
        let found: Vec<Value> = items(&page).iter().map(|case| case["object"]["id"].clone()).collect();
        assert_eq!(page.body["total"], found.len(), "{query}");
        found
    };
    let object = |n: usize| made[n]["object"]["id"].clone();
    let (other, pushed) = (other["id"].clone(), pushed["id"].clone());
    // Those of what was said first are closed by the way, by an approval of the comment.
    let open = [object(1), object(2), object(3), object(4), other.clone(), pushed.clone()];
    assert_eq!(list("status=open").await, open);
    assert_eq!(list("status=open&sort=newest").await, open.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(list("status=open&sort=reports").await[..4], [object(4), object(3), object(2), object(1)]);
    assert_eq!(list("kind=article&status=open").await, std::slice::from_ref(&other));
    assert_eq!(list("reason=hate").await, [object(0), object(1), object(2), object(3), object(4)]);
    assert_eq!(list("reason=copyright").await, [other]);
    assert_eq!(list("flag=word_list").await, [pushed]);
    assert_eq!(list("assignee=me").await, [object(1)]);
    assert_eq!(list(&format!("assignee={}", id_of(&mona))).await, [object(1)]);
    assert_eq!(list("assignee=none&status=open").await.len(), 5);
    assert_eq!(list("status=closed&reason=hate").await, [object(0)]);
    for sort in ["oldest", "newest", "reports"] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = mona.get(&format!("{CASES}?sort={sort}&limit=2{cursor}")).send().await.expect(200);
            found.extend(items(&page).iter().map(|case| case["id"].as_i64().unwrap()));
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let whole = mona.get(&format!("{CASES}?sort={sort}&limit=100")).send().await.expect(200);
        assert_eq!(found, items(&whole).iter().map(|case| case["id"].as_i64().unwrap()).collect::<Vec<_>>(), "{sort}");
        let other = if sort == "oldest" { "newest" } else { "oldest" };
        let strange = mona.get(&format!("{CASES}?sort={other}{cursor}")).send().await;
        assert_eq!(strange.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
    }
    for wrong in ["status=gone", "kind=blog", "reason=x", "flag=x", "assignee=0", "sort=up", "who=1"] {
        mona.get(&format!("{CASES}?{wrong}")).send().await.expect_problem(422, "validation_failed");
    }
}

async fn the_log_has_every_act(app: TestApp) {
    let (_, comment, case, mona) = reported(&app).await;
    assigning(&mona, &case, Some(&mona)).send().await.expect(200);
    let reply = deciding(&mona, &case, "spam").send().await.expect(200);
    assert_eq!(result(&reply)["case"]["status"], "closed");
    let log = case_log(&mona, &case, "").await;
    let acts: Vec<&str> = log.iter().rev().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["opened", "reported", "assigned", "decided"]);
    let last = &log[0];
    assert_eq!(
        (&last["before"], &last["after"], &last["reason"]),
        (&json!("open"), &json!("spam"), &json!("By the rules"))
    );
    assert_eq!((last["actor"]["id"].as_i64(), &last["object"]["id"]), (mona.user_id, &comment["id"]));
    assert_eq!((&log[2]["after"], &log[2]["reason"]), (&json!("abuse"), &json!("Look at this")));
    assert_eq!(case_log(&mona, &case, "&action=decided").await.len(), 1);
    let mine =
        mona.get(&format!("{LOG}?actor_id={}&include_total=true&limit=1", id_of(&mona))).send().await.expect(200);
    assert_eq!((items(&mine).len(), &mine.body["total"]), (1, &json!(2)));
    let next = format!("{LOG}?actor_id={}&cursor={}", id_of(&mona), mine.body["next_cursor"].as_str().unwrap());
    assert_eq!(items(&mona.get(&next).send().await.expect(200))[0]["action"], "assigned");
}

poligon_testkit::tests! { start => the_queue_is_filtered_and_sorted, the_log_has_every_act }
