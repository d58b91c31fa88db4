//! Uploads that mean harm: nothing of them is kept but pixels, and no answer is a 5xx. The workshop is the shop's, which
//! has the long list of cases; these are to show that it is asked here, too.

use image::ImageFormat;
use poligon_testkit::{Part, TestApp};

use crate::media::{MEDIA, file, png};
use crate::world::{person, start};

const SCRIPT: &[u8] = b"<script>alert(1)</script><?php system($_GET['c']); ?>";

/// What an answer has to be: its status, and the one wrong field with its code.
type Fate = (u16, Option<(&'static str, &'static str)>);

fn cases() -> Vec<(&'static str, Vec<Part>, Fate)> {
    let wrong = |pointer, code| (422, Some((pointer, code)));
    let picture = |bytes: Vec<u8>| vec![file(bytes)];
    let alt = |text: &str| vec![file(png(8, 8)), Part::text("alt", text)];
    let named = |name: &str| vec![Part::file("file", name, "text/html", png(8, 8))];
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    let mut huge = png(8, 8);
    huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]); // 65,536 pixels on each side
    let mut cut = png(64, 64);
    cut.truncate(60);
    vec![
        ("no part", vec![], wrong("/file", "required")),
        ("an empty file", picture(vec![]), wrong("/file", "empty")),
        ("two files", vec![file(png(8, 8)), file(png(8, 8))], wrong("/file", "duplicate_field")),
        ("somebody else's", vec![file(png(8, 8)), Part::text("owner_id", "1")], wrong("/owner_id", "unknown_field")),
        ("a long text", alt(&"a".repeat(501)), wrong("/alt", "length")),
        ("NUL in the text", alt("a\0b"), wrong("/alt", "characters")),
        ("SVG with a script", picture(svg), wrong("/file", "picture")),
        ("a script", picture(SCRIPT.to_vec()), wrong("/file", "picture")),
        ("a program", picture(b"\x7fELF\x02\x01\x01".to_vec()), wrong("/file", "picture")),
        ("half a picture", picture(cut), wrong("/file", "picture")),
        ("too much for anybody", picture(vec![0; 11 << 20]), (413, None)),
        ("a picture with a script behind it", picture([png(8, 8), SCRIPT.to_vec()].concat()), (201, None)),
        ("a script as the text", alt("<b onload=evil>"), (201, None)),
        ("a way out as the name", named("../../../etc/passwd.php"), (201, None)),
        ("a page as the name", named("x.html"), (201, None)),
        ("a picture that lies about its size", picture(huge), (422, None)),
    ]
}

async fn hostile_uploads_do_no_harm(app: TestApp) {
    let ann = person(&app).await;
    for (what, form, (status, wrong)) in cases() {
        let reply = ann.post(MEDIA).form(&form).send().await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text);
        if let Some((pointer, code)) = wrong {
            assert_eq!((reply.pointers(), &reply.body["errors"][0]["code"]), (vec![pointer], &code.into()), "{what}");
        }
        if status != 201 {
            continue;
        }
        for size in ["original", "large", "medium", "small"] {
            let served = ann.get(reply.body["urls"][size].as_str().unwrap()).send().await.expect(200);
            image::load_from_memory_with_format(&served.bytes, ImageFormat::Jpeg).expect("a picture");
            assert_eq!(served.header("content-type"), Some("image/jpeg"), "{what}");
            assert_eq!(served.header("x-content-type-options"), Some("nosniff"), "{what}");
            assert!(
                served.header("content-security-policy").is_some_and(|v| v.contains("default-src 'none'")),
                "{what}"
            );
            assert!(!served.bytes.windows(7).any(|part| part == b"<script"), "{what}");
        }
    }
    for path in app.stored_files() {
        let parts: Vec<&str> = path.iter().rev().take(3).filter_map(|part| part.to_str()).collect();
        let (file, size) = parts[0].split_once('-').expect("a name of ours");
        assert!(file.len() == 32 && file.bytes().all(|b| b.is_ascii_hexdigit()), "{}", path.display());
        assert!(["original", "large", "medium", "small"].contains(&size), "{}", path.display());
        assert_eq!((parts[1], parts[2]), (&file[..2], "media"), "{}", path.display());
    }
    for (media_type, body) in [("application/json", "{}"), ("multipart/form-data", "x"), ("text/plain", "x")] {
        let reply = ann.post(MEDIA).header("content-type", media_type).body(body).send().await;
        assert!([400, 415].contains(&reply.status), "{media_type}: {}", reply.text);
    }
}

poligon_testkit::tests! { start => hostile_uploads_do_no_harm }
