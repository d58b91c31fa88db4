//! What other slices call.

use diesel::prelude::*;
use poligon_core::db::{Db, Json};
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::json;

use super::{count_hidden, remove};
use crate::error::Error;
use crate::schema::{posts, social_ties};

async fn start(backend: Backend) -> TestApp {
    TestApp::builder(backend).domain(crate::domain()).start().await
}

async fn insert_post(app: &TestApp, author: &Client) -> i64 {
    let (author_id, now) = (author.user_id.unwrap(), app.ctx.clock.now());
    let work = move |db: &mut Db| {
        let nothing = || Json(json!([]));
        let values = (
            (posts::author_id.eq(author_id), posts::body.eq(""), posts::html.eq(""), posts::content_warning.eq("")),
            (posts::visibility.eq("public"), posts::status.eq("published"), posts::version.eq(1)),
            (posts::media.eq(nothing()), posts::mentions.eq(nothing()), posts::tags.eq(nothing())),
            posts::created_at.eq(now),
        );
        Ok::<i64, Error>(diesel::insert_into(posts::table).values(values).returning(posts::id).get_result(db)?)
    };
    app.ctx.db.write(work).await.unwrap()
}

async fn said(who: &Client, post: i64, parent: Option<i64>) -> i64 {
    let body = json!({"body": "Words", "parent_id": parent});
    who.post(&format!("/api/social/posts/{post}/comment")).json(&body).send().await.expect(201).id()
}

async fn comment_count(app: &TestApp, post: i64) -> i64 {
    let count = posts::table.find(post).select(posts::comment_count);
    app.ctx.db.read_primary(move |db| Ok::<i64, Error>(count.first(db)?)).await.unwrap()
}

async fn hidden_comments_are_counted_with_what_is_below_them(app: TestApp) {
    let (author, viewer, hidden) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let (post, other) = (insert_post(&app, &author).await, insert_post(&app, &author).await);
    let root = said(&author, post, None).await;
    let theirs = said(&hidden, post, Some(root)).await;
    let below = said(&author, post, Some(theirs)).await;
    said(&hidden, post, Some(below)).await; // once, though twice below somebody hidden
    said(&author, other, None).await;
    let (viewer_id, hidden_id) = (viewer.user_id.unwrap(), hidden.user_id.unwrap());
    let hide = move |db: &mut Db| {
        let tie = (social_ties::user_id.eq(viewer_id), social_ties::other_id.eq(hidden_id), social_ties::cut.eq(true));
        let values = (tie, social_ties::follow.eq("none"), social_ties::friend.eq("none"));
        Ok::<_, Error>(diesel::insert_into(social_ties::table).values(values).execute(db)?)
    };
    app.ctx.db.write(hide).await.unwrap();
    for (who, expected) in [(viewer_id, vec![(post, 3)]), (author.user_id.unwrap(), vec![])] {
        let counted = app.ctx.db.read_primary(move |db| count_hidden(db, &[post, other], who)).await.unwrap();
        assert_eq!(counted.into_iter().collect::<Vec<_>>(), expected);
    }
}

async fn a_removal_by_a_report_is_done_once(app: TestApp) {
    let author = app.sign_in_as(&[]).await;
    let post = insert_post(&app, &author).await;
    let id = said(&author, post, None).await;
    let now = app.ctx.clock.now();
    for _ in 0..2 {
        app.ctx.db.write(move |db| remove(db, id, now)).await.unwrap();
        assert_eq!(comment_count(&app, post).await, 0);
    }
    author.get(&format!("/api/social/comments/{id}")).send().await.expect_problem(404, "not_found");
    let missing = app.ctx.db.write(move |db| remove(db, id + 1, now)).await;
    assert!(matches!(missing, Err(Error::NotFound)));
}

poligon_testkit::tests! {
    start =>
    hidden_comments_are_counted_with_what_is_below_them,
    a_removal_by_a_report_is_done_once,
}
