//! Files for articles: uploaded, described, read and removed.

use chrono::Duration;
use image::{ImageFormat, Rgb, RgbImage};
use poligon_testkit::{Client, Part, Reply, Request, TestApp};
use serde_json::{Value, json};

use crate::world::{at, author, blog, editor, eventually, id_of, items, join, person, start};

pub(crate) const MEDIA: &str = "/api/content/media";
pub(crate) const UPLOAD: &str = "/api/content/upload";

/// A picture in which no pixel is like the next; `seed` makes others.
pub(crate) fn picture(width: u32, height: u32, seed: u8) -> RgbImage {
    let byte = |n: u32| u8::try_from(n % 251).unwrap();
    RgbImage::from_fn(width, height, |x, y| Rgb([byte(x), byte(y), seed]))
}

pub(crate) fn png(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    picture(width, height, seed).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

pub(crate) const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";
pub(crate) const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08free";

/// A part with a file.
pub(crate) fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Part {
    Part::file("file", name, "application/x-whatever", bytes)
}

pub(crate) fn uploading(who: &Client, parts: &[Part]) -> Request {
    who.post(UPLOAD).form(parts)
}

/// Uploads one file.
pub(crate) async fn upload(who: &Client, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
    uploading(who, &[file(name, bytes)]).send().await.expect(201).body["items"][0].clone()
}

/// Uploads one private file.
pub(crate) async fn private(who: &Client, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
    let form = [file(name, bytes), Part::text("visibility", "private")];
    uploading(who, &form).send().await.expect(201).body["items"][0].clone()
}

pub(crate) fn url<'a>(medium: &'a Value, which: &str) -> &'a str {
    medium["urls"][which].as_str().unwrap_or_else(|| panic!("{which} of {medium}"))
}

/// Waits until so many files are stored.
pub(crate) async fn files_come(app: &TestApp, wanted: usize) {
    app.clock().advance(Duration::minutes(2));
    eventually(app, async || app.stored_files().len() == wanted).await;
}

fn ids(page: &Reply) -> Vec<i64> {
    items(page).iter().map(|medium| medium["id"].as_i64().unwrap()).collect()
}

async fn an_image_is_made_anew_in_every_size(app: TestApp) {
    let ann = author(&app).await;
    let form = [file("shots/Ошибка 1.html", png(1_600, 800, 1)), Part::text("alt", "An error")];
    let made = uploading(&ann, &form).send().await.expect(201);
    let medium = &made.body["items"][0];
    assert_eq!(made.header("location"), Some(at(MEDIA, medium).as_str()));
    assert_eq!((&medium["kind"], &medium["media_type"]), (&json!("image"), &json!("image/jpeg")));
    assert_eq!((&medium["name"], &medium["alt"]), (&json!("Ошибка 1.jpg"), &json!("An error")));
    assert_eq!((&medium["width"], &medium["height"]), (&json!(1_600), &json!(800)));
    assert_eq!((&medium["visibility"], &medium["owner"]["id"]), (&json!("public"), &json!(id_of(&ann))));
    assert_eq!(medium["sha256"].as_str().unwrap().len(), 64);
    let nobody = app.client();
    for (which, sides, format) in [
        ("original", (1_600, 800), ImageFormat::Jpeg),
        ("large", (1_200, 600), ImageFormat::Jpeg),
        ("medium", (480, 240), ImageFormat::Jpeg),
        ("small", (160, 80), ImageFormat::Jpeg),
        ("large_webp", (1_200, 600), ImageFormat::WebP),
        ("medium_webp", (480, 240), ImageFormat::WebP),
        ("small_webp", (160, 80), ImageFormat::WebP),
    ] {
        let served = nobody.get(url(medium, which)).send().await.expect(200);
        let image = image::load_from_memory_with_format(&served.bytes, format).expect("a picture");
        assert_eq!((image.width(), image.height()), sides, "{which}");
        assert_eq!(served.header("content-type"), Some(format.to_mime_type()), "{which}");
        let shown = served.header("content-disposition").unwrap();
        assert!(shown.starts_with("inline; filename=\"______ 1.jpg"), "{shown}");
        assert_eq!(served.header("x-content-type-options"), Some("nosniff"));
        assert!(served.header("content-security-policy").unwrap().contains("sandbox"), "{which}");
        assert_eq!(served.header("cache-control"), Some("public, no-cache"));
        let tag = served.header("etag").unwrap();
        nobody.get(url(medium, which)).header("if-none-match", tag).send().await.expect(304);
    }
    assert_eq!(app.stored_files().len(), 7);
    let path = url(medium, "original");
    for (query, pointer) in
        [("size=huge", "/size"), ("format=gif", "/format"), ("format=webp", "/format"), ("a=1", "/a")]
    {
        let refused = nobody.get(&format!("{path}?{query}")).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
}

async fn what_shows_through_stays_so(app: TestApp) {
    let ann = author(&app).await;
    let image = image::RgbaImage::from_fn(300, 200, |x, _| image::Rgba([9, 8, 7, if x < 150 { 0 } else { 255 }]));
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, ImageFormat::Png).unwrap();
    let medium = upload(&ann, "a", out.into_inner()).await;
    assert_eq!((&medium["media_type"], &medium["name"]), (&json!("image/png"), &json!("a.png")));
    for (which, format) in
        [("original", ImageFormat::Png), ("small", ImageFormat::Png), ("small_webp", ImageFormat::WebP)]
    {
        let served = app.client().get(url(&medium, which)).send().await.expect(200);
        let image = image::load_from_memory_with_format(&served.bytes, format).unwrap().into_rgba8();
        assert_eq!((image.get_pixel(10, 10)[3], image.get_pixel(image.width() - 10, 10)[3]), (0, 255), "{which}");
    }
}

async fn several_files_come_at_once_or_none_does(app: TestApp) {
    let ann = author(&app).await;
    let form = [file("a.png", png(20, 20, 1)), file("b.pdf", PDF), file("c.mp4", MP4)];
    let made = uploading(&ann, &form).send().await.expect(201);
    assert_eq!(made.header("location"), Some(MEDIA));
    let kinds: Vec<&str> =
        made.body["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["image", "document", "video"]);
    let pdf = &made.body["items"][1];
    let served = app.client().get(url(pdf, "original")).send().await.expect(200);
    assert_eq!((served.bytes.as_slice(), served.header("content-type")), (PDF, Some("application/pdf")));
    assert!(served.header("content-disposition").unwrap().starts_with("attachment; filename=\"b.pdf\""));
    assert_eq!((&pdf["urls"]["small"], &pdf["width"]), (&Value::Null, &Value::Null));
    let small = format!("{}?size=small", url(pdf, "original"));
    app.client().get(&small).send().await.expect_problem(422, "validation_failed");
    let stored = app.stored_files().len();
    // The second one is wrong.
    let form = [file("d.png", png(20, 20, 2)), file("e.txt", "text")];
    let refused = uploading(&ann, &form).send().await.expect_problem(422, "validation_failed");
    assert_eq!((refused.pointers(), &refused.body["errors"][0]["code"]), (vec!["/file/1"], &json!("file_type")));
    assert_eq!(ids(&ann.get(MEDIA).send().await.expect(200)).len(), 3);
    assert_eq!(app.stored_files().len(), stored, "what is refused is not kept");
    let form = [file("a.pdf", PDF), file("b.pdf", PDF), Part::text("alt", "x")];
    let refused = uploading(&ann, &form).send().await.expect_problem(422, "validation_failed");
    assert_eq!((refused.pointers(), &refused.body["errors"][0]["code"]), (vec!["/alt"], &json!("one_file")));
    let many: Vec<Part> = (0..11).map(|_| file("a.pdf", PDF)).collect();
    let refused = uploading(&ann, &many).send().await.expect_problem(422, "validation_failed");
    assert_eq!((refused.pointers(), &refused.body["errors"][0]["code"]), (vec!["/file"], &json!("too_many")));
}

async fn who_writes_uploads(app: TestApp) {
    let (ann, bob) = (author(&app).await, person(&app).await);
    let form = [file("a.pdf", PDF)];
    app.client().post(UPLOAD).form(&form).send().await.expect_problem(401, "unauthenticated");
    uploading(&bob, &form).send().await.expect_problem(403, "role_too_low");
    let place = blog(&ann, "Place").await;
    join(&ann, &place, &bob, "author").await;
    let medium = upload(&bob, "a.pdf", PDF).await;
    // Ann may not change it, an editor may.
    let path = at(MEDIA, &medium);
    let ed = editor(&app).await;
    for refused in [ann.patch(&path).json(&json!({"alt": "x"})), ann.delete(&path), ann.get(&format!("{path}/usage"))] {
        refused.send().await.expect_problem(403, "role_too_low");
    }
    assert_eq!(ed.patch(&path).json(&json!({"alt": "x"})).send().await.expect(200).body["alt"], "x");
    ann.get(&format!("{MEDIA}?all=true")).send().await.expect_problem(403, "role_too_low");
    ann.get(&format!("{MEDIA}?owner_id={}", id_of(&bob))).send().await.expect_problem(403, "role_too_low");
    assert_eq!(ids(&ed.get(&format!("{MEDIA}?all=true")).send().await.expect(200)), [medium["id"].as_i64().unwrap()]);
    ed.delete(&path).send().await.expect(204);
    ed.delete(&path).send().await.expect_problem(404, "not_found");
}

async fn what_is_said_of_it_changes_by_version(app: TestApp) {
    let ann = author(&app).await;
    let medium = upload(&ann, "a.pdf", PDF).await;
    let path = at(MEDIA, &medium);
    let read = ann.get(&path).send().await.expect(200);
    assert_eq!(read.body, medium);
    let tag = read.header("etag").unwrap().to_owned();
    let patch = json!({"name": "Report.docx", "alt": "A report"});
    let changed = ann.patch(&path).header("if-match", &tag).json(&patch).send().await.expect(200).body;
    assert_eq!((&changed["name"], &changed["alt"]), (&json!("Report.pdf"), &json!("A report")));
    let same =
        ann.patch(&path).json(&json!({"name": "../Report.pdf", "alt": "A report"})).send().await.expect(200).body;
    assert_eq!(same, changed, "what changes nothing is no change");
    ann.patch(&path).header("if-match", &tag).json(&patch).send().await.expect_problem(412, "precondition_failed");
    ann.delete(&path).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    for (patch, pointer) in [
        (json!({"alt": "x".repeat(501)}), "/alt"),
        (json!({"name": ""}), "/name"),
        (json!({"name": null}), "/name"),
        (json!({"visibility": "secret"}), "/visibility"),
        (json!({"owner_id": 1}), "/owner_id"),
        (json!({"size": 1}), "/size"),
        (json!({"blocked": true}), "/blocked"),
    ] {
        let refused = ann.patch(&path).json(&patch).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{patch}");
    }
    assert_eq!(ann.get(&path).send().await.expect(200).body, changed);
}

async fn lists_are_filtered_and_paged(app: TestApp) {
    let ann = author(&app).await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(upload(&ann, "a.png", png(10, 10, n)).await["id"].as_i64().unwrap());
    }
    let pdf = upload(&ann, "b.pdf", PDF).await["id"].as_i64().unwrap();
    made.reverse();
    let images = ann.get(&format!("{MEDIA}?kind=image&limit=3&include_total=true")).send().await.expect(200);
    assert_eq!((ids(&images).as_slice(), &images.body["total"]), (&made[..3], &json!(5)));
    let next = images.body["next_cursor"].as_str().unwrap();
    let rest = ann.get(&format!("{MEDIA}?kind=image&limit=3&cursor={next}")).send().await.expect(200);
    assert_eq!((ids(&rest).as_slice(), &rest.body["next_cursor"]), (&made[3..], &Value::Null));
    assert_eq!(ids(&ann.get(&format!("{MEDIA}?kind=document")).send().await.expect(200)), [pdf]);
    assert_eq!(ids(&ann.get(&format!("{MEDIA}?used=true")).send().await.expect(200)), Vec::<i64>::new());
    assert_eq!(ids(&ann.get(&format!("{MEDIA}?used=false")).send().await.expect(200)).len(), 6);
    ann.get(&format!("{MEDIA}?kind=page")).send().await.expect_problem(422, "validation_failed");
    ann.get(&format!("{MEDIA}?owner_id=0")).send().await.expect_problem(422, "validation_failed");
}

async fn a_key_uploads_once(app: TestApp) {
    let ann = author(&app).await;
    let once = |bytes: &[u8]| uploading(&ann, &[file("a.pdf", bytes)]).header("idempotency-key", "once");
    let first = once(PDF).send().await.expect(201);
    let again = once(PDF).send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    once(MP4).send().await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(ids(&ann.get(MEDIA).send().await.expect(200)).len(), 1);
}

async fn the_same_bytes_are_stored_once(app: TestApp) {
    let (ann, bob) = (author(&app).await, author(&app).await);
    let first = upload(&ann, "a.pdf", PDF).await;
    let second = upload(&bob, "b.pdf", PDF).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!((&first["sha256"], &second["name"]), (&second["sha256"], &json!("b.pdf")));
    assert_eq!(app.stored_files().len(), 1);
    ann.delete(&at(MEDIA, &first)).send().await.expect(204);
    files_come(&app, 1).await;
    assert_eq!(bob.get(url(&second, "original")).send().await.expect(200).bytes, PDF);
    bob.delete(&at(MEDIA, &second)).send().await.expect(204);
    files_come(&app, 0).await;
    // And once more from the beginning.
    upload(&ann, "c.pdf", PDF).await;
    assert_eq!(app.stored_files().len(), 1);
}

poligon_testkit::tests! {
    start =>
    an_image_is_made_anew_in_every_size,
    what_shows_through_stays_so,
    several_files_come_at_once_or_none_does,
    who_writes_uploads,
    what_is_said_of_it_changes_by_version,
    lists_are_filtered_and_paged,
    a_key_uploads_once,
    the_same_bytes_are_stored_once,
}
