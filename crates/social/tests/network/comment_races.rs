//! Comments under concurrent traffic: counts are those of the rows, and a lock is a lock.

use futures_util::future::join_all;
use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::comments::{COMMENTS, comment, delete, said, set_status};
use crate::rows::{insert_post, number, run};
use crate::world::{id_of, moderator, person, start};

/// Every count of a post's tree is that of its rows.
async fn expect_exact(app: &TestApp, post: i64) {
    let counted = number(app, format!("SELECT comment_count AS n FROM posts WHERE id = {post}")).await;
    let rows = format!("SELECT count(*) AS n FROM comments WHERE post_id = {post} AND status = 'published'");
    assert_eq!(counted, number(app, rows).await);
    let wrong = "SELECT count(*) AS n FROM comments WHERE reply_count <> (SELECT count(*) FROM comments AS reply \
                 WHERE reply.parent_id = comments.id AND (reply.status = 'published' OR reply.reply_count > 0))";
    assert_eq!(number(app, wrong).await, 0, "replies that are shown are not those that are counted");
}

async fn deed(who: &Client, moderator: &Client, post: i64, known: &[i64], n: usize) -> u16 {
    let id = known[n * 7 % known.len()];
    match n % 6 {
        0 | 1 => comment(who, post, id, "More").await.status,
        2 => delete(who, id).await.status,
        3 => set_status(moderator, id, "removed").await.status,
        4 => set_status(moderator, id, "published").await.status,
        _ => {
            let kind = ["like", "love"][n % 2];
            let body = json!({"kind": kind});
            who.put(&format!("{COMMENTS}/{id}/reaction")).json(&body).send().await.status
        }
    }
}

async fn counts_are_exact_after_any_traffic(app: TestApp) {
    let people = [person(&app).await, person(&app).await, person(&app).await, person(&app).await];
    let moderator = moderator(&app).await;
    let post = insert_post(&app, id_of(&people[0]), "public").await;
    let mut known = Vec::new();
    for n in 0..12_usize {
        let parent = if n < 3 { 0 } else { known[n - 3] };
        known.push(said(&people[n % 4], post, parent).await);
    }
    for round in 0..3 {
        let deeds = (0..48).map(|n| deed(&people[(n + round) % 4], &moderator, post, &known, n + 5 * round));
        for status in join_all(deeds).await {
            assert!(matches!(status, 200 | 201 | 204 | 403 | 404 | 409 | 422), "{status}");
        }
        expect_exact(&app, post).await;
    }
}

async fn a_comment_is_deleted_once(app: TestApp) {
    let (writer, moderator) = (person(&app).await, moderator(&app).await);
    let post = insert_post(&app, id_of(&writer), "public").await;
    for _ in 0..4 {
        let parent = said(&writer, post, 0).await;
        let id = said(&writer, post, parent).await;
        let replies = join_all((0..12).map(|n| delete(if n % 2 == 0 { &writer } else { &moderator }, id))).await;
        let of = |status| replies.iter().filter(|reply| reply.status == status).count();
        assert_eq!((of(204), of(404)), (1, 11));
        // A parent that goes while it gets a reply: either is first.
        let (gone, reply) = tokio::join!(delete(&writer, parent), comment(&writer, post, parent, "More"));
        gone.expect(204);
        assert!(matches!(reply.status, 201 | 422), "{}", reply.text);
        expect_exact(&app, post).await;
    }
}

async fn nobody_replies_behind_a_lock(app: TestApp) {
    let author = person(&app).await;
    let post = insert_post(&app, id_of(&author), "public").await;
    for _ in 0..4 {
        let id = said(&author, post, 0).await;
        let path = format!("{COMMENTS}/{id}/lock");
        let lock = async {
            author.put(&path).json(&json!({"locked": true})).send().await.expect(200);
            number(&app, format!("SELECT count(*) AS n FROM comments WHERE parent_id = {id}")).await
        };
        let replies = join_all((0..12).map(|_| comment(&author, post, id, "More")));
        let (then, replies) = tokio::join!(lock, replies);
        let written = replies.iter().filter(|reply| reply.status == 201).count();
        assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 409)));
        assert_eq!(i64::try_from(written).unwrap(), then, "nothing is written once the lock is answered");
        expect_exact(&app, post).await;
    }
}

/// What a moderator brings back at this moment is changed by nobody but its author.
async fn nobody_writes_over_what_comes_back(app: TestApp) {
    let (writer, other, moderator) = (person(&app).await, person(&app).await, moderator(&app).await);
    let post = insert_post(&app, id_of(&writer), "public").await;
    let id = said(&writer, post, 0).await;
    said(&writer, post, id).await; // so that it is shown while it is removed
    let path = format!("{COMMENTS}/{id}");
    set_status(&moderator, id, "removed").await.expect(200);
    other.patch(&path).json(&json!({"body": "Mine"})).send().await.expect_problem(404, "not_found");
    for _ in 0..10 {
        let edits = (0..10).map(|_| other.patch(&path).json(&json!({"body": "Mine"})).send());
        let (back, edits) = tokio::join!(set_status(&moderator, id, "published"), join_all(edits));
        back.expect(200);
        assert!(edits.iter().all(|reply| matches!(reply.status, 403 | 404)), "{edits:?}");
        set_status(&moderator, id, "removed").await.expect(200);
    }
    set_status(&moderator, id, "published").await.expect(200);
    assert_eq!(writer.get(&path).send().await.expect(200).body["body"], "Words");
}

async fn one_of_two_edits_of_a_version_wins(app: TestApp) {
    let writer = person(&app).await;
    let post = insert_post(&app, id_of(&writer), "public").await;
    let id = said(&writer, post, 0).await;
    let path = format!("{COMMENTS}/{id}");
    for round in 0..4 {
        let tag = writer.get(&path).send().await.expect(200).header("etag").unwrap().to_owned();
        let edit = |n| {
            let body = json!({"body": format!("Words {round} {n}")});
            writer.patch(&path).header("if-match", &tag).json(&body).send()
        };
        let replies = join_all((0..8).map(edit)).await;
        let of = |status| replies.iter().filter(|reply| reply.status == status).count();
        assert_eq!((of(200), of(412)), (1, 7));
    }
}

async fn nothing_is_written_on_a_post_that_has_gone(app: TestApp) {
    let author = person(&app).await;
    for _ in 0..4 {
        let post = insert_post(&app, id_of(&author), "public").await;
        let gone = async {
            run(&app, format!("UPDATE posts SET status = 'deleted' WHERE id = {post}")).await;
            number(&app, format!("SELECT count(*) AS n FROM comments WHERE post_id = {post}")).await
        };
        let (then, replies) = tokio::join!(gone, join_all((0..10).map(|_| comment(&author, post, 0, "More"))));
        assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 404)));
        let written = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(i64::try_from(written).unwrap(), then);
        expect_exact(&app, post).await;
    }
}

poligon_testkit::tests! {
    start =>
    counts_are_exact_after_any_traffic,
    a_comment_is_deleted_once,
    nobody_replies_behind_a_lock,
    nobody_writes_over_what_comes_back,
    one_of_two_edits_of_a_version_wins,
    nothing_is_written_on_a_post_that_has_gone,
}
