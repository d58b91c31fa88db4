//! Pictures: uploaded, used, served to whom they are for, cleared away.

use std::io::Cursor;
use std::time::Duration;

use futures_util::future::join_all;
use image::{GenericImageView as _, ImageFormat, Rgb, RgbImage};
use poligon_testkit::{Client, Part, Reply, TestApp};
use serde_json::{Value, json};

use crate::posts::at;
use crate::ties::{are_friends, blocks, follows, number, run_sql, suspend};
use crate::world::{POSTS, id_of, moderator, person, start};

pub(crate) const MEDIA: &str = "/api/social/media";
const SIZES: [&str; 4] = ["original", "large", "medium", "small"];

/// A PNG.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let low = |of: u32| of.to_le_bytes()[0];
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([low(x), low(y), 90]));
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, ImageFormat::Png).expect("a picture can be encoded");
    out.into_inner()
}

/// The part of a form that holds the picture.
pub(crate) fn file(bytes: impl Into<Vec<u8>>) -> Part {
    Part::file("file", "picture.png", "image/png", bytes)
}

async fn send(owner: &Client, alt: &str) -> Reply {
    owner.post(MEDIA).form(&[file(png(4, 4)), Part::text("alt", alt)]).send().await
}

/// Uploads a small picture; answers it.
pub(crate) async fn upload(owner: &Client) -> Value {
    send(owner, "a square").await.expect(201).body
}

/// A post with a picture: the post, and the picture.
pub(crate) async fn shown(owner: &Client, visibility: &str) -> (Value, Value) {
    let picture = upload(owner).await;
    let body = json!({"visibility": visibility, "media_ids": [picture["id"]]});
    let post = owner.post(POSTS).json(&body).send().await.expect(201).body;
    (post, picture)
}

pub(crate) fn url(picture: &Value) -> &str {
    picture["urls"]["small"].as_str().expect("an address")
}

pub(crate) fn path_of(picture: &Value) -> String {
    format!("{MEDIA}/{}", picture["id"])
}

async fn unused(owner: &Client) -> Vec<Value> {
    let list = owner.get(&format!("{MEDIA}?include_total=true&limit=100")).send().await.expect(200).body;
    let items = list["items"].as_array().expect("items").clone();
    assert_eq!(list["total"], json!(items.len()));
    items
}

async fn a_picture_is_uploaded_and_stands_in_a_post(app: TestApp) {
    let ann = person(&app).await;
    let form = [file(png(1_600, 900)), Part::text("alt", " A blue kettle ")];
    let made = ann.post(MEDIA).form(&form).send().await.expect(201);
    let picture = made.body.clone();
    assert_eq!(made.header("location"), Some(path_of(&picture).as_str()));
    assert_eq!(
        (&picture["alt"], &picture["width"], &picture["height"]),
        (&json!("A blue kettle"), &json!(1_600), &json!(900))
    );
    for (size, sides) in SIZES.into_iter().zip([(1_600, 900), (1_200, 675), (480, 270), (160, 90)]) {
        let reply = ann.get(picture["urls"][size].as_str().unwrap()).send().await.expect(200);
        let image = image::load_from_memory_with_format(&reply.bytes, ImageFormat::Jpeg).expect("a picture");
        assert_eq!(image.dimensions(), sides, "{size}");
        assert_eq!(reply.header("cache-control"), Some("private, no-store"));
    }
    assert_eq!(unused(&ann).await, std::slice::from_ref(&picture));
    assert_eq!(ann.get(&path_of(&picture)).send().await.expect(200).body, picture);
    let other = upload(&ann).await;
    let ids = json!([other["id"], picture["id"]]);
    let post = ann.post(POSTS).json(&json!({"media_ids": ids})).send().await.expect(201).body;
    assert_eq!((&post["body"], &post["media"]), (&json!(""), &json!([other, picture])));
    assert_eq!(unused(&ann).await, Vec::<Value>::new());
    let reply = app.client().get(url(&picture)).send().await.expect(200);
    assert_eq!(reply.header("cache-control"), Some("public, no-cache"));
    assert_eq!(reply.header("content-disposition"), Some("inline"));
    let tag = reply.header("etag").expect("a tag");
    app.client().get(url(&picture)).header("if-none-match", tag).send().await.expect(304);
    // The text follows the picture into its post; that is no edit of the post.
    let renamed = ann.patch(&path_of(&picture)).json(&json!({"alt": "Red"})).send().await.expect(200).body;
    assert_eq!(renamed["alt"], "Red");
    let seen = app.client().get(&at(&post)).send().await.expect(200).body;
    assert_eq!((&seen["media"], &seen["version"]), (&json!([other, renamed]), &json!(1)));
    assert_eq!(ann.patch(&path_of(&picture)).json(&json!({})).send().await.expect(200).body, renamed);
    // With pictures a post may become silent; without them it may not.
    ann.patch(&at(&post)).json(&json!({"body": "words"})).send().await.expect(200);
    ann.patch(&at(&post)).json(&json!({"body": " "})).send().await.expect(200);
}

async fn pictures_are_listed_page_by_page(app: TestApp) {
    let ann = person(&app).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.insert(0, upload(&ann).await);
    }
    let (mut found, mut path) = (Vec::new(), format!("{MEDIA}?limit=2"));
    loop {
        let page = ann.get(&path).send().await.expect(200).body;
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{MEDIA}?limit=2&cursor={cursor}");
    }
    assert_eq!(found, all);
    assert_eq!(unused(&person(&app).await).await, Vec::<Value>::new());
    app.client().get(MEDIA).send().await.expect_problem(401, "unauthenticated");
    for bad in ["limit=0", "cursor=x", "sort=id"] {
        ann.get(&format!("{MEDIA}?{bad}")).send().await.expect_problem(422, "validation_failed");
    }
}

async fn a_picture_is_seen_by_whom_its_post_is_for(app: TestApp) {
    let (ann, friend, follower) = (person(&app).await, person(&app).await, person(&app).await);
    let (stranger, blocked, judge) = (person(&app).await, person(&app).await, moderator(&app).await);
    are_friends(&app, &ann, &friend).await;
    follows(&app, &follower, &ann).await;
    blocks(&app, &ann, &blocked).await;
    let nobody = app.client();
    let viewers = [&ann, &friend, &follower, &stranger, &nobody, &judge, &blocked];
    let seen = async |picture: &Value| {
        let mut seen = Vec::new();
        for viewer in viewers {
            let reply = viewer.get(url(picture)).send().await;
            if reply.status != 200 {
                reply.clone().expect_problem(404, "not_found");
            }
            seen.push(reply.status == 200);
        }
        seen
    };
    let only_own = [true, false, false, false, false, false, false];
    assert_eq!(seen(&upload(&ann).await).await, only_own, "what stands in nothing");
    for (visibility, expected) in [
        ("public", [true, true, true, true, true, true, false]),
        ("followers", [true, true, true, false, false, false, false]),
        ("friends", [true, true, false, false, false, false, false]),
        ("private", only_own),
    ] {
        let (post, picture) = shown(&ann, visibility).await;
        assert_eq!(seen(&picture).await, expected, "{visibility}");
        let caching = if visibility == "public" { "public, no-cache" } else { "private, no-store" };
        for viewer in [&ann, &friend] {
            let reply = viewer.get(url(&picture)).send().await;
            assert!(reply.status == 404 || reply.header("cache-control") == Some(caching), "{visibility}");
        }
        let status = format!("{}/status", at(&post));
        judge.put(&status).json(&json!({"status": "removed"})).send().await.expect(200);
        assert_eq!(seen(&picture).await, only_own, "{visibility}, removed");
        judge.put(&status).json(&json!({"status": "published"})).send().await.expect(200);
        assert_eq!(seen(&picture).await, expected, "{visibility}, back again");
        ann.delete(&at(&post)).send().await.expect(204);
        assert_eq!(seen(&picture).await, [false; 7], "{visibility}, deleted");
    }
    for path in ["/0/small", "/x/small", "/999999/small", "/1/huge", "/1/"] {
        ann.get(&format!("{MEDIA}{path}")).send().await.expect_problem(404, "not_found");
    }
}

async fn a_picture_of_a_message_is_for_who_reads_it(app: TestApp) {
    let (ann, bob, stranger) = (person(&app).await, person(&app).await, person(&app).await);
    let picture = upload(&ann).await;
    let now = "'2026-01-01T00:00:00.000Z'";
    run_sql(
        &app,
        format!(
            "INSERT INTO chats (id, kind, title, last_message_at, created_at) VALUES (1, 'group', 'x', {now}, {now})"
        ),
    )
    .await;
    for who in [&ann, &bob] {
        let values = format!("(1, {}, 'member', 'active', 0, 0, {now})", id_of(who));
        let columns = "chat_id, user_id, role, status, from_number, from_seq, joined_at";
        run_sql(&app, format!("INSERT INTO chat_members ({columns}) VALUES {values}")).await;
    }
    let kept = json!([{"id": picture["id"], "alt": picture["alt"], "width": 4, "height": 4}]);
    let values = format!("(1, 1, 1, {}, '', '', '{kept}', 'sent', 1, {now})", id_of(&ann));
    let columns = "id, chat_id, number, author_id, body, html, attachments, status, version, created_at";
    run_sql(&app, format!("INSERT INTO messages ({columns}) VALUES {values}")).await;
    run_sql(&app, format!("UPDATE social_media SET message_id = 1 WHERE id = {}", picture["id"])).await;
    for (who, status) in [(&ann, 200), (&bob, 200), (&stranger, 404), (&app.client(), 404)] {
        let reply = who.get(url(&picture)).send().await.expect(status);
        assert!(status == 404 || reply.header("cache-control") == Some("private, no-store"));
    }
    ann.delete(&path_of(&picture)).send().await.expect_problem(409, "media_in_use");
    ann.patch(&path_of(&picture)).json(&json!({"alt": "new"})).send().await.expect(200);
    let renamed = "SELECT count(*) AS n FROM messages WHERE CAST(attachments AS text) LIKE '%\"new\"%'";
    assert_eq!(number(&app, renamed).await, 1);
    run_sql(&app, "UPDATE messages SET status = 'deleted'".to_owned()).await;
    bob.get(url(&picture)).send().await.expect_problem(404, "not_found");
    ann.get(url(&picture)).send().await.expect(200);
}

async fn only_its_owner_changes_a_picture(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let picture = upload(&ann).await;
    let path = path_of(&picture);
    for request in [bob.get(&path), bob.patch(&path).json(&json!({"alt": "x"})), bob.delete(&path)] {
        request.send().await.expect_problem(404, "not_found");
    }
    for request in
        [app.client().patch(&path).json(&json!({"alt": "x"})), app.client().delete(&path), app.client().post(MEDIA)]
    {
        request.send().await.expect_problem(401, "unauthenticated");
    }
    for (patch, pointer) in [
        (json!({"alt": null}), "/alt"),
        (json!({"alt": "a".repeat(501)}), "/alt"),
        (json!({"alt": "a\nb"}), "/alt"),
        (json!({"owner_id": 1}), "/owner_id"),
        (json!({"post_id": 1}), "/post_id"),
    ] {
        let refused = ann.patch(&path).json(&patch).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{patch}");
    }
    ann.delete(&path).send().await.expect(204);
    ann.delete(&path).send().await.expect_problem(404, "not_found");
    ann.get(url(&picture)).send().await.expect_problem(404, "not_found");
    assert_eq!(unused(&ann).await, Vec::<Value>::new());
    let (_, used) = shown(&ann, "public").await;
    ann.delete(&path_of(&used)).send().await.expect_problem(409, "media_in_use");
    suspend(&app, &ann).await;
    send(&ann, "").await.expect_problem(403, "suspended");
    for request in [ann.patch(&path_of(&used)).json(&json!({"alt": "x"})), ann.delete(&path_of(&used))] {
        request.send().await.expect_problem(403, "suspended");
    }
}

async fn a_post_takes_only_ones_own_unused_pictures(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (_, used) = shown(&ann, "public").await;
    let (own, theirs, gone) = (upload(&ann).await, upload(&bob).await, upload(&ann).await);
    ann.delete(&path_of(&gone)).send().await.expect(204);
    let (own, used, theirs, gone) = (&own["id"], &used["id"], &theirs["id"], &gone["id"]);
    for (ids, wrong) in [
        (json!([own, theirs]), vec![("/media_ids/1", "unknown_media")]),
        (json!([used, own, gone]), vec![("/media_ids/0", "media_in_use"), ("/media_ids/2", "unknown_media")]),
        (json!([i64::MAX]), vec![("/media_ids/0", "unknown_media")]),
    ] {
        let refused = ann.post(POSTS).json(&json!({"body": "x", "media_ids": ids})).send().await;
        let refused = refused.expect_problem(422, "validation_failed");
        let mut found: Vec<(&str, &str)> = Vec::new();
        for error in refused.body["errors"].as_array().unwrap() {
            found.push((error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()));
        }
        found.sort_unstable();
        assert_eq!(found, wrong, "{ids}");
    }
    assert_eq!(unused(&ann).await.len(), 1, "a refused post has taken nothing");
    // Many posts want the same picture: one gets it.
    let body = json!({"body": "x", "media_ids": [own]});
    let sent = join_all((0..8).map(|_| ann.post(POSTS).json(&body).send())).await;
    let made = sent.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 1);
    for reply in sent.into_iter().filter(|reply| reply.status != 201) {
        reply.expect_problem(422, "validation_failed");
    }
    let posts = format!("SELECT count(*) AS n FROM posts WHERE author_id = {}", id_of(&ann));
    assert_eq!(number(&app, &posts).await, 2);
    assert_eq!(crate::posts::counted(&app, &ann).await, [2, 0, 0, 0]);
}

/// Both post the same two pictures in another order: nobody waits forever.
async fn pictures_are_taken_or_removed_once(app: TestApp) {
    let ann = person(&app).await;
    for _ in 0..3 {
        let (one, other) = (upload(&ann).await, upload(&ann).await);
        let orders = [json!([one["id"], other["id"]]), json!([other["id"], one["id"]])];
        let bodies = orders.map(|ids| json!({"body": "x", "media_ids": ids}));
        let posts = bodies.iter().map(|body| ann.post(POSTS).json(body).send());
        let (posts, removed) = tokio::join!(join_all(posts), ann.delete(&path_of(&one)).send());
        let made = posts.iter().filter(|reply| reply.status == 201).count();
        assert!(posts.iter().all(|reply| [201, 422].contains(&reply.status)), "{posts:?}");
        assert_eq!(made + usize::from(removed.status == 204), 1, "{} {posts:?}", removed.text);
    }
}

async fn a_person_has_a_hundred_unused_pictures_at_most(app: TestApp) {
    let ann = person(&app).await;
    let rows: Vec<String> = (0..97)
        .map(|n| format!("({}, 'f{n}', 'image/png', 1, 1, '', 'stored', '{}')", id_of(&ann), app.ctx.clock.now()))
        .collect();
    let columns = "owner_id, file, media_type, width, height, alt, status, created_at";
    run_sql(&app, format!("INSERT INTO social_media ({columns}) VALUES {}", rows.join(", "))).await;
    let sent = join_all((0..8).map(|_| send(&ann, "x"))).await;
    assert_eq!(sent.iter().filter(|reply| reply.status == 201).count(), 3);
    for reply in sent.into_iter().filter(|reply| reply.status != 201) {
        reply.expect_problem(409, "too_much_media");
    }
    assert_eq!(app.stored_files().len(), 12);
    let one = unused(&ann).await.remove(0);
    ann.post(POSTS).json(&json!({"media_ids": [one["id"]]})).send().await.expect(201);
    upload(&ann).await;
    send(&ann, "x").await.expect_problem(409, "too_much_media");
    upload(&person(&app).await).await;
}

async fn a_repeated_upload_with_a_key_makes_one_picture(app: TestApp) {
    let ann = person(&app).await;
    let send = async |picture: Vec<u8>, alt: &str| {
        let form = [file(picture), Part::text("alt", alt)];
        ann.post(MEDIA).header("idempotency-key", "once").form(&form).send().await
    };
    let first = send(png(9, 9), "x").await.expect(201);
    let again = send(png(9, 9), "x").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    send(png(9, 8), "x").await.expect_problem(422, "idempotency_key_reused");
    send(png(9, 9), "y").await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(unused(&ann).await.len(), 1);
}

/// Waits until so many rows and files of pictures are left.
async fn come_to(app: &TestApp, pictures: i64) {
    let (mut rows, mut files) = (0, 0);
    for _ in 0..200 {
        (rows, files) = (number(app, "SELECT count(*) AS n FROM social_media").await, app.stored_files().len());
        if (rows, files) == (pictures, usize::try_from(pictures).unwrap() * 4) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{rows} rows and {files} files, and not {pictures} pictures: {:?}", app.stored_files());
}

async fn pictures_that_stand_in_nothing_are_removed_after_a_day(app: TestApp) {
    let ann = person(&app).await;
    shown(&ann, "public").await;
    let (gone, _kept) = (upload(&ann).await, upload(&ann).await);
    ann.delete(&path_of(&gone)).send().await.expect(204);
    app.clock().advance(chrono::Duration::minutes(2));
    come_to(&app, 2).await;
    // An upload that ended between its row and its files, and one that ended behind its files.
    let columns = "owner_id, file, media_type, width, height, alt, status, created_at";
    for file in ["ab0", "ab1"] {
        let values =
            format!("({}, '{file}', 'image/png', 1, 1, '', 'storing', '{}')", id_of(&ann), app.ctx.clock.now());
        run_sql(&app, format!("INSERT INTO social_media ({columns}) VALUES {values}")).await;
    }
    for size in SIZES {
        app.ctx.storage.put(&format!("media/ab/ab1-{size}"), b"x".to_vec()).await.expect("a file");
    }
    assert_eq!(unused(&ann).await.len(), 1, "what is not there is not listed");
    app.clock().advance(chrono::Duration::minutes(50));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(number(&app, "SELECT count(*) AS n FROM social_media").await, 4, "it may still come to its end");
    app.clock().advance(chrono::Duration::minutes(15));
    come_to(&app, 2).await;
    app.clock().advance(chrono::Duration::hours(24));
    come_to(&app, 1).await;
    assert_eq!(number(&app, "SELECT count(*) AS n FROM social_media WHERE post_id IS NOT NULL").await, 1);
}

/// It is tried again, and holds up no other.
async fn a_file_that_stays_holds_up_no_other(app: TestApp) {
    let ann = person(&app).await;
    let stays = upload(&ann).await;
    let before = app.stored_files();
    let other = upload(&ann).await;
    // In place of one file there is a folder, which is not removed like a file.
    let bad = before.iter().find(|path| path.to_string_lossy().ends_with("-small")).expect("a file").clone();
    std::fs::remove_file(&bad).unwrap();
    std::fs::create_dir_all(bad.join("in the way")).unwrap();
    for picture in [&stays, &other] {
        ann.delete(&path_of(picture)).send().await.expect(204);
    }
    app.clock().advance(chrono::Duration::minutes(2));
    for _ in 0..200 {
        if number(&app, "SELECT count(*) AS n FROM social_media").await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let left = format!("SELECT count(*) AS n FROM social_media WHERE id = {}", stays["id"]);
    assert_eq!(number(&app, &left).await, 1);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM social_media").await, 1);
    std::fs::remove_dir_all(&bad).unwrap();
    // The run that failed may end only now, and be tried again behind the time that it ends at.
    for _ in 0..100 {
        app.clock().advance(chrono::Duration::minutes(10));
        if number(&app, "SELECT count(*) AS n FROM social_media").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    come_to(&app, 0).await;
}

async fn a_storage_that_fails_leaves_nothing_behind(app: TestApp) {
    let ann = person(&app).await;
    let (_, picture) = shown(&ann, "public").await;
    let folder = app.storage_folder();
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "").unwrap();
    app.client().get(url(&picture)).send().await.expect_problem(503, "unavailable");
    send(&ann, "x").await.expect_problem(503, "unavailable");
    assert_eq!(unused(&ann).await, Vec::<Value>::new());
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    app.client().get(url(&picture)).send().await.expect(200);
    app.clock().advance(chrono::Duration::minutes(2));
    come_to(&app, 1).await;
}

poligon_testkit::tests! { start =>
    a_picture_is_uploaded_and_stands_in_a_post,
    pictures_are_listed_page_by_page,
    a_picture_is_seen_by_whom_its_post_is_for,
    a_picture_of_a_message_is_for_who_reads_it,
    only_its_owner_changes_a_picture,
    a_post_takes_only_ones_own_unused_pictures,
    pictures_are_taken_or_removed_once,
    a_person_has_a_hundred_unused_pictures_at_most,
    a_repeated_upload_with_a_key_makes_one_picture,
    pictures_that_stand_in_nothing_are_removed_after_a_day,
    a_file_that_stays_holds_up_no_other,
    a_storage_that_fails_leaves_nothing_behind,
}
