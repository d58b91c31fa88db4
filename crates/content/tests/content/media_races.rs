//! Media when many come at once.

use poligon_testkit::{TestApp, at_once};
use serde_json::json;

use crate::media::{MEDIA, PDF, file, files_come, png, upload, uploading, url};
use crate::world::{ARTICLES, article, at, author, editor, id_of, patching, start};

/// Sixteen people, as many as may wait for an image to be made, upload the same: everybody has theirs, the bytes are there once, and go with the last.
async fn the_same_by_many_is_stored_once(app: TestApp) {
    let bytes = png(50, 50, 1);
    let mut people = Vec::new();
    for _ in 0..16 {
        people.push(author(&app).await);
    }
    let made = at_once(people.iter().map(|who| uploading(who, &[file("a.png", bytes.clone())]))).await;
    let media: Vec<_> = made.into_iter().map(|reply| reply.expect(201).body["items"][0].clone()).collect();
    assert_eq!(app.number("SELECT count(*) AS n FROM content_files WHERE uses = 16").await, 1);
    files_come(&app, 7).await; // what was stored twice is cleared away
    app.client().get(url(&media[0], "small_webp")).send().await.expect(200);
    let gone = at_once(people.iter().zip(&media).map(|(who, medium)| who.delete(&at(MEDIA, medium)))).await;
    assert!(gone.iter().all(|reply| reply.status == 204));
    assert_eq!(app.number("SELECT count(*) AS n FROM content_files").await, 0);
    files_come(&app, 0).await;
}

/// Uploads and removals of the same bytes: what is there in the end can be read.
async fn coming_and_going_leaves_no_row_without_its_file(app: TestApp) {
    let (ann, bob) = (author(&app).await, author(&app).await);
    for round in 0..8_u8 {
        let bytes = [PDF, &[round]].concat();
        let first = upload(&ann, "a.pdf", bytes.clone()).await;
        let delete = ann.delete(&at(MEDIA, &first));
        let upload = || uploading(&bob, &[file("b.pdf", bytes.clone())]);
        let replies = at_once([delete, upload(), upload()]).await;
        replies[0].clone().expect(204);
        // A copy that went in between is told to come again.
        for reply in &replies[1..] {
            assert!([201, 503].contains(&reply.status), "{}", reply.text);
            if reply.status == 201 {
                let path = url(&reply.body["items"][0], "original");
                assert_eq!(app.client().get(path).send().await.expect(200).bytes, bytes);
            }
        }
    }
    let wrong = "SELECT count(*) AS n FROM content_files f WHERE uses <> (SELECT count(*) FROM content_media m WHERE m.file_id = f.id)";
    assert_eq!(app.number(wrong).await, 0);
}

/// A quota has room for nine; twenty come at once. Who is told to come again, on a machine that is busy, does.
async fn a_quota_is_exact(app: TestApp) {
    let ann = author(&app).await;
    let one = |n: u8| uploading(&ann, &[file("a.pdf", [PDF, &vec![n; 100_000]].concat())]);
    let mut replies = at_once((0..20).map(one)).await;
    for (reply, n) in replies.iter_mut().zip(0..20) {
        while reply.status == 503 {
            *reply = one(n).send().await;
        }
    }
    let count = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(201), count(409)), (9, 11), "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
    let kept = format!(
        "SELECT count(*) AS n FROM content_media_quotas WHERE user_id = {} AND bytes = \
        (SELECT sum(size) FROM content_media)",
        id_of(&ann)
    );
    assert_eq!(app.number(&kept).await, 1);
}

/// Somebody makes it a cover while somebody removes it, or hides it: one of the two is refused.
async fn a_cover_is_not_removed_beneath_an_article(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    for n in 0..12_u8 {
        let medium = upload(&ann, "a.png", png(10, 10, n)).await;
        let article = article(&ann, "One").await;
        let other = if n % 2 == 0 {
            ed.delete(&at(MEDIA, &medium))
        } else {
            ed.patch(&at(MEDIA, &medium)).json(&json!({"visibility": "private"}))
        };
        let replies = at_once([patching(&ann, &article, json!({"cover_id": medium["id"]})), other]).await;
        let cover = ann.get(&at(ARTICLES, &article)).send().await.expect(200).body["cover"].clone();
        match (replies[0].status, replies[1].status) {
            (200, 409) => assert_eq!(cover["id"], medium["id"]),
            (422, 200 | 204) => assert!(cover.is_null(), "{cover}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Of ten who edit the same version one wins.
async fn one_edit_a_version(app: TestApp) {
    let ann = author(&app).await;
    let path = at(MEDIA, &upload(&ann, "a.pdf", PDF).await);
    let tag = ann.get(&path).send().await.expect(200).header("etag").unwrap().to_owned();
    let edits = (0..10).map(|n| ann.patch(&path).header("if-match", &tag).json(&json!({"alt": format!("{n}")})));
    let replies = at_once(edits).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 412).count(), 9);
}

poligon_testkit::tests! {
    start =>
    the_same_by_many_is_stored_once,
    coming_and_going_leaves_no_row_without_its_file,
    a_cover_is_not_removed_beneath_an_article,
    one_edit_a_version,
}

mod quota {
    use super::a_quota_is_exact;
    use crate::media_files::small::start;

    poligon_testkit::tests! { start => a_quota_is_exact }
}
