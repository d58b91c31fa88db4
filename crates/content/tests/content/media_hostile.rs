//! Uploads that mean harm (promise 19): whatever is sent, nothing of it runs in a browser, no answer is a 5xx, nothing is left
//! of what was refused or broken off, and the memory stays bounded. The workshop of images is the shop's, too, whose tests
//! have the long list of broken ones; these are about everything else that is taken here.

use std::time::Duration;

use poligon_testkit::{Client, Part, Reply, TestApp, form_body, peak, reset_peak};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::media::{MEDIA, MP4, PDF, UPLOAD, file, files_come, png, upload, url};
use crate::world::{ARTICLES, at, author, editor, items, made, published, start};

const SCRIPT: &[u8] = b"<script>alert(1)</script><?php system($_GET['c']); ?>";
const MIB: u64 = 1024 * 1024;

/// What has to become of an upload: a status, and the one wrong field with its code.
type Fate = (u16, Option<(&'static str, &'static str)>);
type Case = (&'static str, Vec<Part>, Fate);

const TAKEN: Fate = (201, None);

fn wrong(pointer: &'static str, code: &'static str) -> Fate {
    (422, Some((pointer, code)))
}

fn forms() -> Vec<Case> {
    let pdf = |texts: &[Part]| [&[file("a.pdf", PDF)], texts].concat();
    vec![
        ("no part", vec![], wrong("/file", "required")),
        ("an empty file", vec![file("a.pdf", "")], wrong("/file", "empty")),
        ("one of two empty", vec![file("a.pdf", PDF), file("b.pdf", "")], wrong("/file", "empty")),
        ("no file", vec![Part::text("alt", "x")], wrong("/file", "required")),
        ("somebody else's", pdf(&[Part::text("owner_id", "1")]), wrong("/owner_id", "unknown_field")),
        (
            "a list",
            vec![file("a.pdf", PDF), Part::file("file[]", "b.pdf", "application/pdf", PDF)],
            wrong("/file[]", "unknown_field"),
        ),
        ("two texts", pdf(&[Part::text("alt", "a"), Part::text("alt", "b")]), wrong("/alt", "duplicate_field")),
        ("a long text", pdf(&[Part::text("alt", &"a".repeat(501))]), wrong("/alt", "length")),
        ("a text from right to left", pdf(&[Part::text("alt", "\u{202e}gnp")]), wrong("/alt", "characters")),
        ("another visibility", pdf(&[Part::text("visibility", "secret")]), wrong("/visibility", "unknown_value")),
        ("a script as the text", pdf(&[Part::text("alt", "<b onload=alert(1)>")]), TAKEN),
        ("very many parts", (0..40).map(|n| Part::text(&format!("p{n}"), "x")).collect(), (400, None)),
    ]
}

/// Files that are none of what is taken, whatever they are called.
fn others() -> Vec<Case> {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>";
    let xml = format!("<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>{svg}");
    let files: [(&str, &str, Vec<u8>); 14] = [
        ("SVG", "a.svg", svg.into()),
        ("SVG that is called PNG", "a.png", svg.into()),
        ("SVG in XML", "a.svg", xml.into()),
        ("HTML that is called PDF", "a.pdf", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("PDF behind HTML", "a.pdf", [SCRIPT, PDF].concat()),
        ("PHP", "a.php", SCRIPT.to_vec()),
        ("a program", "a.mp4", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec()),
        ("a program for Windows", "a.jpg", b"MZ\x90\0\x03\0\0\0\x04\0\0\0".to_vec()),
        ("ZIP", "a.mp4", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec()),
        ("Flash", "a.mp4", b"FWS\x09\0\0\0\0".to_vec()),
        ("JavaScript", "a.mp3", b"alert(document.cookie)".to_vec()),
        ("zeros", "a.pdf", vec![0; 100_000]),
        ("one byte", "a.pdf", b"%".to_vec()),
        ("TIFF", "a.tiff", b"II*\0\x08\0\0\0\0\0".to_vec()),
    ];
    files.map(|(what, name, bytes)| (what, vec![file(name, bytes)], wrong("/file/0", "file_type"))).into()
}

/// Images that are none, and files that are something else as well.
fn images_and_polyglots() -> Vec<Case> {
    let mut huge = png(8, 8, 1);
    huge[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]); // 50,000 pixels on each side
    let mut cut = png(64, 64, 1);
    cut.truncate(60);
    let gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    vec![
        ("half an image", vec![file("a.png", cut)], wrong("/file/0", "picture")),
        ("an image that lies about its size", vec![file("a.png", huge)], (422, None)),
        (
            "a large image",
            vec![file("a.png", [png(8, 8, 1), vec![0; 11 << 20]].concat())],
            wrong("/file/0", "file_size"),
        ),
        ("a long PDF", vec![file("a.pdf", [PDF, &vec![0; 21 << 20]].concat())], wrong("/file/0", "file_size")),
        ("too much for anybody", vec![file("a.mp4", [MP4, &vec![0; 51 << 20]].concat())], (413, None)),
        ("PNG and HTML", vec![file("a.html", [&png(8, 8, 2), SCRIPT].concat())], TAKEN),
        ("GIF and JavaScript", vec![file("a.js", [gif, SCRIPT].concat())], TAKEN),
        ("PDF and HTML", vec![file("a.html", [PDF, SCRIPT].concat())], TAKEN),
        ("MP4 and HTML", vec![file("a.html", [MP4, SCRIPT].concat())], TAKEN),
        ("MP3 and PHP", vec![file("a.php", [b"ID3\x03\0\0\0\0\0\0", SCRIPT].concat())], TAKEN),
    ]
}

/// Names that lead elsewhere.
fn names() -> Vec<Case> {
    let named = |name: &str| vec![file(name, PDF)];
    let odd = wrong("/file/0", "file_name");
    vec![
        ("../", named("../../../../etc/passwd"), TAKEN),
        ("..\\", named("..\\..\\windows\\win.ini"), TAKEN),
        ("percent signs", named("%2e%2e%2f%2e%2e%2fevil"), TAKEN),
        ("two endings", named("shell.php.pdf"), TAKEN),
        (".htaccess", named(".htaccess"), TAKEN),
        ("a device", named("CON"), TAKEN),
        ("markup", named("<img src=x onerror=alert(1)>.pdf"), TAKEN),
        ("a command", named("$(touch evil).pdf;`id`"), TAKEN),
        ("a formula", named("=cmd|' /C calc'!A0.pdf"), TAKEN),
        ("from right to left", named("a\u{202e}fdp.exe"), odd),
        ("a long name", named(&"a".repeat(201)), odd),
        ("an empty name", named(""), odd),
        ("a folder", named("folder/"), odd),
        ("a tab", named("a\tb.pdf"), odd),
    ]
}

/// That no browser takes what is served for anything that runs.
async fn assert_harmless(what: &str, client: &Client, medium: &serde_json::Value) {
    let which = ["original", "large", "medium", "small", "large_webp", "medium_webp", "small_webp"];
    for url in which.iter().filter_map(|which| medium["urls"][which].as_str()) {
        let reply = client.get(url).send().await.expect(200);
        let media_type = reply.header("content-type").expect("a media type");
        assert_eq!(media_type.starts_with("image/"), medium["kind"] == "image", "{what}: {media_type}");
        assert!(!["html", "svg", "xml", "script", "text"].iter().any(|bad| media_type.contains(bad)), "{what}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{what}");
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.ends_with("sandbox"), "{what}: {policy}");
        let disposition = reply.header("content-disposition").expect("a disposition");
        assert_eq!(disposition.starts_with("attachment"), medium["kind"] == "document", "{what}: {disposition}");
        assert!(!disposition.contains(['\r', '\n']) && !disposition.contains("../"), "{what}: {disposition}");
        if medium["kind"] == "image" {
            assert!(!reply.bytes.windows(7).any(|part| part == b"<script"), "{what}: it was not made anew");
        }
    }
}

fn is_met(reply: &Reply, (status, wrong): Fate) -> bool {
    let field =
        wrong.is_none_or(|(pointer, code)| reply.pointers() == [pointer] && reply.body["errors"][0]["code"] == code);
    reply.status == status && field
}

async fn hostile_uploads_do_no_harm(app: TestApp) {
    let ann = author(&app).await;
    let cases = [forms(), others(), images_and_polyglots(), names()].concat();
    assert!(cases.len() >= 50, "only {} cases", cases.len());
    let mut failed = Vec::new();
    for (what, form, fate) in cases {
        let (media_type, body) = form_body(&form);
        let (before, sent) = (reset_peak(), body.len() as u64);
        let reply = ann.post(UPLOAD).header("content-type", &media_type).body(body).send().await;
        // The client of the test holds the body as well, and sends it.
        let grown = peak().saturating_sub(before + 2 * sent) / MIB;
        if !is_met(&reply, fate) || grown >= 64 {
            failed.push(format!("{what}: {fate:?}, memory + {grown} MiB: {} {}", reply.status, reply.text));
        }
        if reply.status == 201 {
            let medium = &reply.body["items"][0];
            assert_harmless(what, &app.client(), medium).await;
            ann.delete(&at(MEDIA, medium)).send().await.expect(204);
        }
    }
    assert!(failed.is_empty(), "{} cases:\n{}", failed.len(), failed.join("\n"));
    files_come(&app, 0).await;
    for entry in std::fs::read_dir(&app.ctx.config.data_dir.0).expect("the data folder").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        assert!(name == "files" || name.contains(".db"), "{name} lies in the data folder");
    }
    assert_eq!(app.number("SELECT count(*) AS n FROM content_media").await, 0);
    assert_eq!(app.number("SELECT coalesce(sum(bytes), 0) AS n FROM content_media_quotas").await, 0);
}

/// Opens an upload that says to be `length` bytes.
async fn open(app: &TestApp, who: &Client, media_type: &str, length: u64) -> TcpStream {
    let address = app.url().trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let token = who.token().expect("somebody is logged in");
    let head = format!(
        "POST {UPLOAD} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: {media_type}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

/// Uploads that end in the middle: nothing is left of them.
async fn what_is_broken_off_leaves_nothing(app: TestApp) {
    let ann = author(&app).await;
    let (media_type, body) = form_body(&[file("a.mp4", [MP4, &vec![7; 3 << 20]].concat()), file("b.pdf", PDF)]);
    for sent in [0, 20, 150, 1 << 20, body.len() - 300, body.len() - 1] {
        let mut socket = open(&app, &ann, &media_type, body.len() as u64).await;
        socket.write_all(&body[..sent]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(socket);
    }
    // A form that ends before its time, and one without its last boundary.
    for part in [&body[..1 << 20], &body[..body.len() - 6]] {
        let reply = ann.post(UPLOAD).header("content-type", &media_type).body(part).send().await;
        reply.expect_problem(400, "bad_request");
    }
    assert_eq!(items(&ann.get(MEDIA).send().await.expect(200)).len(), 0);
    app.clock().advance(chrono::Duration::hours(2));
    files_come(&app, 0).await;
    assert_eq!(app.number("SELECT count(*) AS n FROM content_files").await, 0);
}

/// Five gigabytes are refused as soon as they are too many, and held nowhere.
async fn five_gigabytes_are_refused(app: TestApp) {
    let ann = author(&app).await;
    let (media_type, body) = form_body(&[file("a.mp4", MP4)]);
    let mut socket = open(&app, &ann, &media_type, 5 << 30).await;
    let head = body.windows(4).rposition(|part| part == b"free").expect("its end");
    let before = reset_peak();
    socket.write_all(&body[..head]).await.unwrap();
    let piece = vec![1_u8; 1 << 20];
    let mut sent = 0_u64;
    let (mut reading, mut writing) = socket.into_split();
    let answer = tokio::spawn(async move {
        let mut answer = Vec::new();
        let _ = reading.read_to_end(&mut answer).await; // what was sent meanwhile may break the connection
        answer
    });
    while sent < 200 && !answer.is_finished() && writing.write_all(&piece).await.is_ok() {
        sent += 1;
    }
    drop(writing);
    let answer = String::from_utf8_lossy(&answer.await.unwrap()).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload_too_large"), "{answer}");
    let grown = peak().saturating_sub(before) / MIB;
    assert!(grown < 64, "memory grew by {grown} MiB");
    files_come(&app, 0).await;
}

/// What is said of media and where it is said is text, on pages, too.
async fn words_do_not_run(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let form = [file("a.png", png(20, 20, 1)), Part::text("alt", evil)];
    let cover = ann.post(UPLOAD).form(&form).send().await.expect(201).body["items"][0].clone();
    let pdf = upload(&ann, "<img src=x onerror=alert(1)>.pdf", PDF).await;
    let link = url(&pdf, "original");
    let body = format!("{evil}\n\n[{evil}]({link})\n\n![{evil}]({} \"{}\")", url(&cover, "small"), "t");
    let new = serde_json::json!({"title": evil, "body": body, "cover_id": cover["id"], "tags": ["<b>x</b>"],
        "excerpt": evil, "meta_title": "<script>", "meta_description": "<script>"});
    let article = published(&ann, &ed, new).await;
    let page = app.client().get(&format!("{}/page", at(ARTICLES, &article))).send().await.expect(200).text;
    for text in [&page, article["html"].as_str().unwrap()] {
        assert!(!text.contains("<script") && !text.contains("<img src=x") && !text.contains("<b>"), "{text}");
    }
    for hostile in ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example/x", "vbscript:x"]
    {
        let body = format!("[a]({hostile}) ![b]({hostile}) <{hostile}>");
        let html = made(&ann, serde_json::json!({"title": "x", "body": body})).await["html"].to_string();
        assert!(!html.contains("href=") && !html.contains("src="), "{hostile}: {html}");
    }
}

poligon_testkit::tests! {
    start =>
    hostile_uploads_do_no_harm,
    what_is_broken_off_leaves_nothing,
    five_gigabytes_are_refused,
    words_do_not_run,
}
