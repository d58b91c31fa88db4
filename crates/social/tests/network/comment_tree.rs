//! The tree of comments: its orders and pages, what stays of deleted ones, and what hidden people take with them.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::comments::{COMMENTS, POSTS, comment, delete, get, ids, said, set_status};
use crate::rows::{insert_post, number, tie};
use crate::world::{id_of, moderator, person, start};

async fn comment_count(app: &TestApp, post: i64) -> i64 {
    number(app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await
}

async fn reply_count(who: &Client, id: i64) -> i64 {
    get(who, id).await.expect(200).body["reply_count"].as_i64().unwrap()
}

async fn love(who: &Client, id: i64) {
    who.put(&format!("{COMMENTS}/{id}/reaction")).json(&json!({"kind": "love"})).send().await.expect(200);
}

/// Every page of a list, one after the other.
async fn paged(who: &Client, list: &str, limit: usize) -> Vec<i64> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("{list}&limit={limit}{cursor}")).send().await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        seen.extend(items.iter().map(|item| item["id"].as_i64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        assert_eq!(items.len(), limit);
        cursor = format!("&cursor={next}");
    }
}

async fn a_branch_is_paged_in_every_order(app: TestApp) {
    let people = [person(&app).await, person(&app).await, person(&app).await];
    let author = &people[0];
    let post = insert_post(&app, id_of(author), "public").await;
    let root = said(author, post, 0).await;
    let other = said(author, post, 0).await;
    let mut replies = Vec::new();
    for n in 0..9_usize {
        let id = said(&people[n % 3], post, root).await;
        let score = [0, 2, 0, 3, 1, 0, 2, 0, 1][n];
        for who in &people[..score] {
            love(who, id).await;
        }
        replies.push((i64::try_from(score).unwrap(), id));
    }
    said(author, post, replies[0].1).await;
    let old: Vec<i64> = replies.iter().map(|reply| reply.1).collect();
    let new: Vec<i64> = old.iter().rev().copied().collect();
    replies.sort_by_key(|(score, id)| (-score, -id));
    let top: Vec<i64> = replies.iter().map(|reply| reply.1).collect();
    let list = format!("{POSTS}/{post}/comments?parent_id={root}");
    for (sort, expected) in [("&sort=top", &top), ("&sort=new", &new), ("&sort=old", &old), ("", &top)] {
        for limit in [1, 2, 4, 8, 9, 10] {
            assert_eq!(&paged(author, &format!("{list}{sort}"), limit).await, expected, "{sort}, {limit}");
        }
    }
    assert_eq!(ids(author, post, "sort=old").await, [root, other]);
    let first = author.get(&format!("{list}&sort=new&limit=2&include_total=true")).send().await.expect(200);
    assert_eq!(first.body["total"], 9);
    assert!(first.header("link").unwrap().contains("rel=\"next\""));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    // A cursor is of its own branch, post and order.
    let elsewhere = insert_post(&app, id_of(author), "public").await;
    for other in [
        format!("{list}&sort=old&cursor={cursor}"),
        format!("{list}&cursor={cursor}"),
        format!("{POSTS}/{post}/comments?sort=new&cursor={cursor}"),
        format!("{POSTS}/{post}/comments?parent_id={other}&sort=new&cursor={cursor}"),
        format!("{POSTS}/{elsewhere}/comments?sort=new&cursor={cursor}"),
    ] {
        let refused = author.get(&other).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/cursor"], "{other}");
    }
    // A page does not shift when something is written.
    said(author, post, root).await;
    let rest = author.get(&format!("{list}&sort=new&limit=2&cursor={cursor}")).send().await.expect(200).body;
    assert_eq!((rest["items"][0]["id"].as_i64(), rest["items"][1]["id"].as_i64()), (Some(new[2]), Some(new[3])));
}

async fn first_replies_stand_inside(app: TestApp) {
    let author = person(&app).await;
    let post = insert_post(&app, id_of(&author), "public").await;
    let (one, two) = (said(&author, post, 0).await, said(&author, post, 0).await);
    let mut replies = Vec::new();
    for _ in 0..5 {
        replies.push(said(&author, post, one).await);
    }
    let deep = said(&author, post, replies[1]).await;
    said(&author, post, deep).await;
    let list = |query: &str| author.get(&format!("{POSTS}/{post}/comments?{query}")).send();
    let flat = list("sort=old&depth=1").await.expect(200).body;
    assert_eq!((&flat["items"][0]["replies"], &flat["items"][0]["reply_count"]), (&Value::Null, &json!(5)));
    for sort in ["old", "new", "top"] {
        let page = list(&format!("sort={sort}&depth=3")).await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        let first = items.iter().find(|item| item["id"] == one).unwrap();
        let inside: Vec<i64> =
            first["replies"]["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
        let mut expected = replies.clone();
        if sort != "old" {
            expected.reverse();
        }
        assert_eq!(inside, expected[..3], "{sort}");
        let cursor = first["replies"]["next_cursor"].as_str().unwrap();
        let rest = ids(&author, post, &format!("parent_id={one}&sort={sort}&cursor={cursor}")).await;
        assert_eq!(rest, expected[3..], "{sort}: the list goes on where the replies end");
        let second = items.iter().find(|item| item["id"] == two).unwrap();
        assert_eq!(second["replies"], json!({"items": [], "next_cursor": null}), "{sort}");
    }
    let page = list("sort=old&depth=3").await.expect(200).body;
    let parent = &page["items"][0]["replies"]["items"][1];
    assert_eq!(parent["replies"]["items"][0]["id"], deep);
    assert_eq!(parent["replies"]["items"][0]["replies"], Value::Null, "the third level ends it");
    assert_eq!(page["items"][0]["replies"]["items"][0]["replies"], json!({"items": [], "next_cursor": null}));
    let two_levels = list("sort=old&depth=2").await.expect(200).body;
    assert_eq!(two_levels["items"][0]["replies"]["items"][1]["replies"], Value::Null);
}

async fn a_deleted_comment_stays_for_its_replies(app: TestApp) {
    let (author, writer, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let one = said(&writer, post, 0).await;
    let two = said(&writer, post, one).await;
    let three = said(&author, post, two).await;
    let lone = said(&writer, post, 0).await;
    delete(&writer, lone).await.expect(204);
    get(&author, lone).await.expect_problem(404, "not_found");
    delete(&writer, one).await.expect(204);
    set_status(&moderator, two, "removed").await.expect(200);
    for who in [&author, &writer, &moderator, &app.client()] {
        for (id, status) in [(one, "deleted"), (two, "removed")] {
            let left = get(who, id).await.expect(200).body;
            assert_eq!((&left["status"], &left["reply_count"]), (&json!(status), &json!(1)));
            for gone in ["author", "body", "html"] {
                assert_eq!(left[gone], Value::Null, "{gone}");
            }
            assert_eq!(left["mentions"], json!([]));
        }
        assert_eq!(ids(who, post, "").await, [one]);
        assert_eq!(ids(who, post, &format!("parent_id={one}")).await, [two]);
    }
    assert_eq!(comment_count(&app, post).await, 1);
    // What is left of it takes no reply, no edit and no reaction.
    let refused = comment(&author, post, one, "Where?").await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/parent_id"]);
    let edit = json!({"body": "Back"});
    writer.patch(&format!("{COMMENTS}/{one}")).json(&edit).send().await.expect_problem(404, "not_found");
    delete(&writer, one).await.expect_problem(404, "not_found");
    let kind = json!({"kind": "like"});
    author.put(&format!("{COMMENTS}/{one}/reaction")).json(&kind).send().await.expect_problem(404, "not_found");
    // With its last reply it goes, too, and comes back with it.
    set_status(&moderator, three, "removed").await.expect(200);
    for id in [one, two, three] {
        get(&author, id).await.expect_problem(404, "not_found");
    }
    assert_eq!((ids(&author, post, "").await, comment_count(&app, post).await), (vec![], 0));
    set_status(&moderator, three, "published").await.expect(200);
    assert_eq!((ids(&author, post, "").await, comment_count(&app, post).await), (vec![one], 1));
    set_status(&moderator, two, "published").await.expect(200);
    delete(&author, three).await.expect(204);
    assert_eq!((reply_count(&author, one).await, reply_count(&author, two).await), (1, 0));
    delete(&writer, two).await.expect(204);
    assert_eq!((ids(&author, post, "").await, comment_count(&app, post).await), (vec![], 0));
    assert_eq!(number(&app, "SELECT max(reply_count) AS n FROM comments").await, 0);
}

async fn a_thread_is_fifty_deep(app: TestApp) {
    let author = person(&app).await;
    let post = insert_post(&app, id_of(&author), "public").await;
    let mut last = 0;
    for depth in 1..=50 {
        let made = comment(&author, post, last, "Deeper").await.expect(201);
        assert_eq!(made.body["depth"], depth);
        last = made.id();
    }
    comment(&author, post, last, "Too deep").await.expect_problem(409, "thread_too_deep");
    assert_eq!(comment_count(&app, post).await, 50);
}

async fn comments_of_hidden_people_are_gone_with_what_is_below_them(app: TestApp) {
    let (author, viewer, hidden, other) =
        (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    let post = insert_post(&app, id_of(&author), "public").await;
    let root = said(&author, post, 0).await;
    let theirs = said(&hidden, post, root).await;
    let below = said(&other, post, theirs).await;
    let open = said(&other, post, root).await;
    // What is left of a deleted comment is seen by those only who see something below it.
    let shell = said(&other, post, root).await;
    let inner = said(&other, post, shell).await;
    said(&hidden, post, inner).await;
    for id in [inner, shell] {
        delete(&other, id).await.expect(204);
    }
    let branch = format!("parent_id={root}&sort=old");
    assert_eq!(ids(&viewer, post, &branch).await, [theirs, open, shell]);
    tie(&app, id_of(&viewer), id_of(&hidden), "cut").await;
    let total = |body: Value| body["total"].as_i64();
    for (who, seen) in
        [(&viewer, vec![open]), (&other, vec![theirs, open, shell]), (&app.client(), vec![theirs, open, shell])]
    {
        assert_eq!(ids(who, post, &branch).await, seen);
        let list = who.get(&format!("{POSTS}/{post}/comments?{branch}&include_total=true&depth=3")).send().await;
        assert_eq!(total(list.expect(200).body), i64::try_from(seen.len()).ok());
        assert_eq!(reply_count(who, root).await, i64::try_from(seen.len()).unwrap());
        let outer = who.get(&format!("{POSTS}/{post}/comments?depth=2")).send().await.expect(200).body;
        let inside = outer["items"][0]["replies"]["items"].as_array().unwrap().len();
        assert_eq!(inside, seen.len());
    }
    for id in [theirs, below, shell, inner] {
        get(&viewer, id).await.expect_problem(404, "not_found");
        let list = viewer.get(&format!("{POSTS}/{post}/comments?parent_id={id}")).send().await;
        list.expect_problem(404, "not_found");
        let kind = json!({"kind": "like"});
        viewer.put(&format!("{COMMENTS}/{id}/reaction")).json(&kind).send().await.expect_problem(404, "not_found");
        let refused = comment(&viewer, post, id, "Me, too").await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/parent_id"]);
    }
    // It goes both ways.
    let mine = said(&viewer, post, root).await;
    get(&hidden, mine).await.expect_problem(404, "not_found");
    assert_eq!(ids(&hidden, post, &branch).await, [theirs, open, shell]);
    assert_eq!(comment_count(&app, post).await, 6, "the post's own count is of everybody");
}

poligon_testkit::tests! {
    start =>
    a_branch_is_paged_in_every_order,
    first_replies_stand_inside,
    a_deleted_comment_stays_for_its_replies,
    a_thread_is_fifty_deep,
    comments_of_hidden_people_are_gone_with_what_is_below_them,
}
