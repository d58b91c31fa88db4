//! The bytes of media: parts of them, private ones, and links to those.

use chrono::Duration;
use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::media::{MEDIA, MP4, PDF, file, private, upload, uploading, url};
use crate::world::{at, author, editor, person, start};

async fn parts_of_a_file_can_be_had(app: TestApp) {
    let ann = author(&app).await;
    // Larger than what is sent at once, and than what is stored at once.
    let mut film = MP4.to_vec();
    film.extend((0..6 * 1024 * 1024_u32).map(|n| u8::try_from(n % 253).unwrap()));
    let medium = upload(&ann, "film.mp4", film.clone()).await;
    let (nobody, path) = (app.client(), url(&medium, "original"));
    let whole = nobody.get(path).send().await.expect(200);
    assert_eq!((whole.bytes.len(), whole.header("accept-ranges")), (film.len(), Some("bytes")));
    assert!(whole.bytes == film);
    let tag = whole.header("etag").unwrap().to_owned();
    let length = film.len();
    for (range, bytes) in [
        ("bytes=0-9", 0..10),
        ("bytes=1000000-5500000", 1_000_000..5_500_001),
        ("bytes=6000000-", 6_000_000..length),
        ("bytes=-7", length - 7..length),
        ("bytes=0-99999999", 0..length),
    ] {
        let part = nobody.get(path).header("range", range).send().await.expect(206);
        let said = format!("bytes {}-{}/{length}", bytes.start, bytes.end - 1);
        assert_eq!(part.header("content-range"), Some(said.as_str()));
        assert_eq!(part.header("content-length"), Some((bytes.end - bytes.start).to_string().as_str()));
        assert_eq!((part.header("etag"), part.header("content-type")), (Some(tag.as_str()), Some("video/mp4")));
        assert!(part.bytes == film[bytes], "{range}");
    }
    for whole in ["bytes=0-1,5-6", "lines=1-2", "bytes=x", ""] {
        assert_eq!(nobody.get(path).header("range", whole).send().await.expect(200).bytes.len(), length, "{whole}");
    }
    let beyond = nobody.get(path).header("range", &format!("bytes={length}-")).send().await;
    let beyond = beyond.expect_problem(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{length}").as_str()));
    // Of this version, or the whole.
    let part = |tag: &str| nobody.get(path).header("range", "bytes=0-9").header("if-range", tag).send();
    part(&tag).await.expect(206);
    part("\"another\"").await.expect(200);
    part(&format!("W/{tag}")).await.expect(200);
    let known = nobody.get(path).header("range", "bytes=0-9").header("if-none-match", &tag).send().await;
    known.expect(304);
}

async fn what_is_drawn_comes_whole(app: TestApp) {
    app.seed_demo(poligon_content::domain(), 60).await;
    let path = format!("{MEDIA}/1/file?size=small");
    let drawn = app.client().get(&path).header("range", "bytes=0-9").send().await.expect(200);
    assert_eq!((drawn.header("accept-ranges"), drawn.header("content-type")), (Some("none"), Some("image/jpeg")));
    let webp = app.client().get(&format!("{path}&format=webp")).send().await.expect(200);
    assert_eq!(webp.header("content-type"), Some("image/webp"));
    assert!(webp.bytes.len() < drawn.bytes.len());
}

async fn private_files_are_for_few(app: TestApp) {
    let (ann, bob, ed) = (author(&app).await, author(&app).await, editor(&app).await);
    app.grant("moderator", &["content:moderate"]).await;
    let moderator = app.sign_in_as(&["moderator"]).await;
    let medium = private(&ann, "plan.pdf", PDF).await;
    let (path, bytes) = (at(MEDIA, &medium), url(&medium, "original"));
    for path in [path.as_str(), bytes] {
        for reader in [&ann, &ed, &moderator] {
            reader.get(path).send().await.expect(200);
        }
        for reader in [&bob, &person(&app).await, &app.client()] {
            reader.get(path).send().await.expect_problem(404, "not_found");
        }
    }
    let cache = ann.get(bytes).send().await.expect(200);
    assert_eq!(cache.header("cache-control"), Some("private, no-store"));
    for refused in [bob.patch(&path).json(&json!({"visibility": "public"})), bob.delete(&path)] {
        refused.send().await.expect_problem(404, "not_found");
    }
    assert_eq!(
        ann.patch(&path).json(&json!({"visibility": "public"})).send().await.expect(200).body["visibility"],
        "public"
    );
    app.client().get(bytes).send().await.expect(200);
    ann.patch(&path).json(&json!({"visibility": "private"})).send().await.expect(200);
    app.client().get(bytes).send().await.expect_problem(404, "not_found");
}

async fn a_signed_link_lets_in_for_a_while(app: TestApp) {
    let (ann, bob) = (author(&app).await, author(&app).await);
    let one = private(&ann, "one.png", crate::media::png(40, 40, 1)).await;
    let other = private(&ann, "two.pdf", PDF).await;
    let links = |medium: &Value| format!("{}/links", at(MEDIA, medium));
    bob.post(&links(&one)).json(&json!({})).send().await.expect_problem(404, "not_found");
    let link = ann.post(&links(&one)).json(&json!({"expires_in": 60})).send().await.expect(200).body;
    let path = link["url"].as_str().unwrap().to_owned();
    let nobody = app.client();
    nobody.get(&path).send().await.expect(200);
    nobody.get(&format!("{path}&size=small&format=webp")).send().await.expect(200);
    nobody.get(&path).header("range", "bytes=0-9").send().await.expect(206);
    // Of another file, for longer, cut or made up.
    let (_, query) = path.split_once('?').unwrap();
    let (expires, signature) = query.split_once('&').unwrap();
    let later: i64 = expires.strip_prefix("expires=").unwrap().parse::<i64>().unwrap() + 1;
    let (own, foreign) = (url(&one, "original"), url(&other, "original"));
    for forged in [
        format!("{foreign}?{query}"),
        format!("{own}?expires={later}&{signature}"),
        format!("{own}?{expires}"),
        format!("{own}?{signature}"),
        format!("{own}?{expires}&signature={}", "A".repeat(43)),
    ] {
        nobody.get(&forged).send().await.expect_problem(404, "not_found");
    }
    for wrong in [format!("{own}?{expires}&signature=x"), format!("{own}?expires=-1&{signature}")] {
        nobody.get(&wrong).send().await.expect_problem(422, "validation_failed");
    }
    for wrong in
        [json!({"expires_in": 59}), json!({"expires_in": 604_801}), json!({"expires_in": null}), json!({"x": 1})]
    {
        ann.post(&links(&one)).json(&wrong).send().await.expect_problem(422, "validation_failed");
    }
    app.clock().advance(Duration::seconds(61));
    nobody.get(&path).send().await.expect_problem(403, "link_expired");
    // Whoever may read it anyhow is not asked.
    ann.get(&path).send().await.expect(200);
    // A link to what is gone leads nowhere.
    let link = ann.post(&links(&other)).json(&json!({})).send().await.expect(200).body;
    ann.delete(&at(MEDIA, &other)).send().await.expect(204);
    nobody.get(link["url"].as_str().unwrap()).send().await.expect_problem(404, "not_found");
}

async fn what_is_blocked_is_for_moderators(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let medium = upload(&ann, "a.pdf", PDF).await;
    let link = ann.post(&format!("{}/links", at(MEDIA, &medium))).json(&json!({})).send().await.expect(200).body;
    app.sql(format!("UPDATE content_media SET blocked = (1 = 1) WHERE id = {}", medium["id"])).await;
    for reader in [&ann, &app.client()] {
        reader.get(url(&medium, "original")).send().await.expect_problem(404, "not_found");
        reader.get(link["url"].as_str().unwrap()).send().await.expect_problem(404, "not_found");
    }
    assert_eq!(ann.get(&at(MEDIA, &medium)).send().await.expect(200).body["blocked"], true);
    app.client().get(&at(MEDIA, &medium)).send().await.expect_problem(404, "not_found");
    ed.get(url(&medium, "original")).send().await.expect(200);
}

async fn a_quota_is_kept(app: TestApp) {
    let (ann, bob) = (author(&app).await, author(&app).await);
    let bytes = |n: u8| [PDF, &vec![n; 100_000]].concat();
    let size = bytes(0).len();
    let room = usize::try_from(app.ctx.config.storage.media_quota_bytes).unwrap() / size;
    assert_eq!(room, 9, "the settings of this test");
    for n in 0..9 {
        upload(&ann, "a.pdf", bytes(n)).await;
    }
    let refused = uploading(&ann, &[file("b.pdf", bytes(9))]).send().await.expect_problem(409, "media_quota");
    assert!(refused.text.contains(&(9 * size).to_string()), "{}", refused.text);
    let stored = app.stored_files().len();
    // The same bytes once more count, too; two that do not fit together come not at all.
    uploading(&ann, &[file("b.pdf", bytes(0))]).send().await.expect_problem(409, "media_quota");
    let first = ann.get(&format!("{MEDIA}?limit=1")).send().await.expect(200).body["items"][0].clone();
    ann.delete(&at(MEDIA, &first)).send().await.expect(204);
    let two = [file("b.pdf", bytes(20)), file("c.pdf", bytes(21))];
    uploading(&ann, &two).send().await.expect_problem(409, "media_quota");
    assert_eq!(app.stored_files().len(), stored);
    upload(&ann, "b.pdf", bytes(22)).await;
    upload(&bob, "b.pdf", bytes(23)).await;
}

pub(crate) mod small {
    use poligon_testkit::{Backend, TestApp};

    /// The content with room for a megabyte of each person's.
    pub(crate) async fn start(backend: Backend) -> TestApp {
        let builder = TestApp::builder(backend).domain(poligon_content::domain()).settable_clock();
        let app = builder.config(|config| config.storage.media_quota_bytes = 1_000_000).start().await;
        app.grant("author", crate::world::AUTHOR).await;
        app
    }
}

poligon_testkit::tests! {
    start =>
    parts_of_a_file_can_be_had,
    what_is_drawn_comes_whole,
    private_files_are_for_few,
    a_signed_link_lets_in_for_a_while,
    what_is_blocked_is_for_moderators,
}

mod quota {
    use super::a_quota_is_kept;
    use super::small::start;

    poligon_testkit::tests! { start => a_quota_is_kept }
}
