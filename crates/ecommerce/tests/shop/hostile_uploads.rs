//! Uploads that mean harm (promise 19): whatever is sent, nothing of it is executed or kept but pixels, no answer is a
//! 5xx, and the memory grows by 64 MiB at most.

use image::ImageFormat;
use poligon_testkit::{Client, Reply, TestApp, peak, reset_peak};
use serde_json::Value;

use crate::hostile_cases::Fate::{self, Either, Refused, Taken, Wrong};
use crate::hostile_cases::{SCRIPT, cases};
use crate::pictures::{file, png};
use crate::world::{make, path_of, product, staff, start};

/// What no answer and no stored file may hold.
const PAYLOADS: [&[u8]; 6] = [b"<script", b"alert(", b"<?php", b"PK\x03\x04", b"<svg", b"\x7fELF"];
const MIB: u64 = 1024 * 1024;

/// Whether an answer is what was to become of the upload.
fn is_met(reply: &Reply, fate: Fate) -> bool {
    let first = &reply.body["errors"][0];
    match fate {
        Taken => reply.status == 201,
        Refused(status, code) => (reply.status, reply.problem_code()) == (status, code),
        Wrong(pointer, rule) => reply.status == 422 && reply.pointers() == [pointer] && first["code"] == rule,
        Either => matches!(reply.status, 201 | 400 | 422),
    }
}

/// That what is served is a picture and nothing else, and that no browser takes it for anything else.
async fn assert_harmless(what: &str, client: &Client, image: &Value) {
    for size in ["original", "large", "medium", "small"] {
        let reply = client.get(image["urls"][size].as_str().expect("an address")).send().await.expect(200);
        let format = match reply.header("content-type") {
            Some("image/jpeg") => ImageFormat::Jpeg,
            Some("image/png") => ImageFormat::Png,
            other => panic!("{what}: {other:?}"),
        };
        image::load_from_memory_with_format(&reply.bytes, format).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(reply.header("content-disposition"), Some("inline"), "{what}");
        assert!(reply.header("content-security-policy").is_some_and(|v| v.contains("default-src 'none'")), "{what}");
        for payload in PAYLOADS {
            assert!(!reply.bytes.windows(payload.len()).any(|part| part == payload), "{what}: {size} holds a payload");
        }
    }
}

/// Names in the storage are ours, and nothing was written beside it.
fn assert_names(app: &TestApp) {
    for path in app.stored_files() {
        let parts: Vec<&str> = path.iter().rev().take(3).filter_map(|part| part.to_str()).collect();
        let (file, size) = parts[0].split_once('-').expect("a name of ours");
        let is_hex = file.len() == 32 && file.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        assert!(is_hex && ["original", "large", "medium", "small"].contains(&size), "{}", path.display());
        assert_eq!((parts[1], parts[2]), (&file[..2], "images"), "{}", path.display());
    }
    let folder = &app.ctx.config.data_dir.0;
    for entry in std::fs::read_dir(folder).expect("the data folder").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        assert!(name == "files" || name.contains(".db"), "{name} lies in the data folder");
    }
}

async fn hostile_uploads_do_no_harm(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/images", path_of(&made));
    let cases = cases();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let (mut taken, mut wrong) = (0, Vec::new());
    for (what, (media_type, body), fate) in cases {
        let sent = body.len() as u64;
        let before = reset_peak();
        let request = staff.post(&path);
        let request = if media_type.is_empty() { request } else { request.header("content-type", &media_type) };
        let reply = request.body(body).send().await;
        // The client of the test holds the body as well, and sends it.
        let grown = peak().saturating_sub(before + 2 * sent) / MIB;
        let tells = PAYLOADS.iter().any(|payload| reply.bytes.windows(payload.len()).any(|part| part == *payload));
        if !is_met(&reply, fate) || grown >= 64 || tells {
            wrong.push(format!("{what}: {fate:?}, memory + {grown} MiB: {} {}", reply.status, reply.text));
        }
        println!("{what}: {} with {grown} MiB", reply.status);
        if reply.status == 201 {
            assert_harmless(what, &app.client(), &reply.body).await;
            staff.delete(&format!("/api/ecommerce/images/{}", reply.id())).send().await.expect(204);
            taken += 1;
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(taken > 30, "only {taken} were taken: the refusals say nothing");
    assert_names(&app);
    let shown = app.client().get(&path_of(&made)).send().await.expect(200).body;
    assert_eq!(shown["images"], serde_json::json!([]), "what was refused has left nothing behind");
}

/// The control: what the checks above must find.
async fn a_payload_would_be_found(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/images", path_of(&made));
    let image = staff.post(&path).form(&[file(png(8, 8))]).send().await.expect(201).body;
    for file in app.stored_files() {
        let bytes = std::fs::read(&file).expect("a file");
        std::fs::write(&file, [&bytes, SCRIPT].concat()).expect("a file");
    }
    let client = app.client();
    let found = tokio::spawn(async move { assert_harmless("a planted script", &client, &image).await }).await;
    assert!(found.is_err(), "a stored script would go unnoticed");
    if cfg!(target_os = "linux") {
        let before = reset_peak();
        let held = vec![1_u8; 80 << 20];
        assert!(peak() - before > 64 * MIB && held.iter().all(|byte| *byte == 1), "memory would go unnoticed");
    }
}

poligon_testkit::tests! { start => hostile_uploads_do_no_harm, a_payload_would_be_found }
