//! What the hostile uploads are (promise 19).

use image::ImageFormat;
use poligon_testkit::Part;

use crate::pictures::{chunk, deflated_zeros, encoded, file, opaque, png, png_of, segment, with_alpha, with_inserted};

/// What runs when somebody takes it for a page or a program.
pub(crate) const SCRIPT: &[u8] = b"<script>alert(1)</script><?php system($_GET['c']); ?>";

/// What has to become of an upload.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// A picture of our own making.
    Taken,
    /// 422 with this one wrong field and its code.
    Wrong(&'static str, &'static str),
    /// This status and code.
    Refused(u16, &'static str),
    /// Taken or 422: what the decoders make of it is theirs.
    Either,
}
use Fate::{Either, Refused, Taken, Wrong};

/// A request: its media type and its body.
pub(crate) type Body = (String, Vec<u8>);
pub(crate) type Case = (&'static str, Body, Fate);

fn form(parts: &[Part]) -> Body {
    poligon_testkit::form_body(parts)
}

fn of_file(bytes: impl Into<Vec<u8>>) -> Body {
    form(&[file(bytes)])
}

/// A part whose head is this.
fn headed(head: impl Into<Vec<u8>>, body: Vec<u8>) -> Body {
    form(&[Part { head: head.into(), body }])
}

fn named(file_name: &str) -> Body {
    form(&[Part::file("file", file_name, "image/png", png(8, 8))])
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    [forms(), no_pictures(), broken_pictures(), bombs(), polyglots(), names(), media_types()].concat()
}

/// Forms that are not as the document says.
fn forms() -> Vec<Case> {
    let alt = |text: &str| form(&[file(png(8, 8)), Part::text("alt", text)]);
    let latin = Part { body: b"caf\xe9".to_vec(), ..Part::text("alt", "") };
    let many: Vec<Part> = (0..40).map(|n| Part::text(&format!("p{n}"), "x")).collect();
    vec![
        ("an empty file", of_file(""), Wrong("/file", "empty")),
        ("no part", form(&[]), Wrong("/file", "required")),
        ("no file", form(&[Part::text("alt", "x")]), Wrong("/file", "required")),
        ("two files", form(&[file(png(8, 8)), file(png(8, 8))]), Wrong("/file", "duplicate_field")),
        (
            "two texts",
            form(&[file(png(8, 8)), Part::text("alt", "a"), Part::text("alt", "b")]),
            Wrong("/alt", "duplicate_field"),
        ),
        (
            "an unknown text",
            form(&[file(png(8, 8)), Part::text("product_id", "7")]),
            Wrong("/product_id", "unknown_field"),
        ),
        (
            "an unknown file",
            form(&[file(png(8, 8)), Part::file("exe", "a.exe", "application/x-dosexec", "MZ")]),
            Wrong("/exe", "unknown_field"),
        ),
        (
            "a part that is called like a list",
            form(&[Part::file("file[]", "a.png", "image/png", png(8, 8)), file(png(8, 8))]),
            Wrong("/file[]", "unknown_field"),
        ),
        ("very many parts", form(&many), Refused(400, "bad_request")),
        ("a long text", alt(&"a".repeat(301)), Wrong("/alt", "length")),
        ("a very long text", alt(&"a".repeat(60_000)), Wrong("/alt", "length")),
        ("a huge text", alt(&"a".repeat(11 << 20)), Refused(413, "payload_too_large")),
        ("NUL in the text", alt("a\0b"), Wrong("/alt", "characters")),
        ("lines in the text", alt("a\r\nX-Evil: 1"), Wrong("/alt", "characters")),
        ("a text from right to left", alt("\u{202e}gnp"), Wrong("/alt", "characters")),
        ("a text that is not UTF-8", form(&[file(png(8, 8)), latin]), Wrong("/alt", "malformed")),
        ("a script as the text", alt("<b onload=evil>"), Taken),
        ("a formula as the text", alt("=HYPERLINK(1)"), Taken),
    ]
}

/// Files that are no pictures, or none of the four kinds.
fn no_pictures() -> Vec<Case> {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>";
    let files: Vec<(&'static str, Vec<u8>)> = vec![
        ("SVG with a script", svg.into()),
        (
            "SVG in XML",
            format!("<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>{svg}").into(),
        ),
        ("compressed SVG", [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), svg.into()].concat()),
        ("HTML", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("PHP", SCRIPT.to_vec()),
        ("a shell script", b"#!/bin/sh\nrm -rf /\n".to_vec()),
        ("a program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0".to_vec()),
        ("a program for Windows", b"MZ\x90\0\x03\0\0\0\x04\0\0\0".to_vec()),
        ("PDF", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>endobj".to_vec()),
        ("ZIP", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec()),
        ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file".to_vec()),
        (
            "a script of ImageMagick",
            b"push graphic-context\nfill 'url(https://x/\"|id\")'\npop graphic-context".to_vec(),
        ),
        ("BMP", encoded_bmp()),
        ("TIFF", b"II*\0\x08\0\0\0\0\0".to_vec()),
        ("ICO", b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0".to_vec()),
        ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0mif1".to_vec()),
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1".to_vec()),
        ("QOI", b"qoif\xff\xff\xff\xff\xff\xff\xff\xff\x04\0".to_vec()),
        ("PNM", b"P6 99999 99999 255\n".to_vec()),
        ("DDS", b"DDS \x7c\0\0\0".to_vec()),
        ("OpenEXR", b"\x76\x2f\x31\x01\x02\0\0\0".to_vec()),
        ("farbfeld", b"farbfeld\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ("one byte", b"\x89".to_vec()),
        ("zeros", vec![0; 100_000]),
        ("text", b"a picture of a kettle".to_vec()),
        ("a WAV", b"RIFF\x24\0\0\0WAVEfmt ".to_vec()),
    ];
    files.into_iter().map(|(what, bytes)| (what, of_file(bytes), Wrong("/file", "picture"))).collect()
}

fn encoded_bmp() -> Vec<u8> {
    [&b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0\0\0\0\0\x04\0\0\0"[..], &[0; 20]]
        .concat()
}

/// Pictures that end too soon, lie about themselves, or are something else behind the first bytes.
#[allow(clippy::too_many_lines)] // a table
fn broken_pictures() -> Vec<Case> {
    let plain = opaque(64, 64);
    let of = |format| encoded(&plain, format);
    let half = |bytes: Vec<u8>| of_file(&bytes[..bytes.len() / 2]);
    let mut crc = png(64, 64);
    crc[30] ^= 1;
    let no_end = {
        let whole = png(64, 64);
        whole[..whole.len() - 12].to_vec()
    };
    let lines = |depth, color, data: &[u8]| of_file(png_of(8, 8, depth, color, &[chunk(b"IDAT", data)]));
    vec![
        ("the magic of PNG alone", of_file(&b"\x89PNG\r\n\x1a\n"[..]), Wrong("/file", "picture")),
        ("the magic of JPEG alone", of_file(&b"\xff\xd8\xff"[..]), Wrong("/file", "picture")),
        ("the magic of GIF alone", of_file(&b"GIF89a"[..]), Wrong("/file", "picture")),
        ("the magic of WebP alone", of_file(&b"RIFF\0\0\0\0WEBP"[..]), Wrong("/file", "picture")),
        (
            "PNG with HTML behind its magic",
            of_file([&b"\x89PNG\r\n\x1a\n"[..], SCRIPT].concat()),
            Wrong("/file", "picture"),
        ),
        ("GIF that is a script", of_file(&b"GIF89a/*\0\0\0*/=1;alert(1)//"[..]), Wrong("/file", "picture")),
        (
            "JPEG with PHP behind its magic",
            of_file([&b"\xff\xd8\xff\xe0"[..], SCRIPT].concat()),
            Wrong("/file", "picture"),
        ),
        (
            "WebP with a script for a chunk",
            of_file([&b"RIFF\x40\0\0\0WEBPVP8 "[..], SCRIPT].concat()),
            Wrong("/file", "picture"),
        ),
        ("half a PNG", half(of(ImageFormat::Png)), Wrong("/file", "picture")),
        ("half a JPEG", half(of(ImageFormat::Jpeg)), Wrong("/file", "picture")),
        ("half a GIF", half(of(ImageFormat::Gif)), Either),
        ("half a WebP", half(of(ImageFormat::WebP)), Wrong("/file", "picture")),
        ("PNG without its end", of_file(no_end), Either),
        ("PNG with a wrong checksum", of_file(crc), Wrong("/file", "picture")),
        ("PNG without data", of_file(png_of(8, 8, 8, 2, &[])), Wrong("/file", "picture")),
        ("PNG with data that is none", lines(8, 2, SCRIPT), Wrong("/file", "picture")),
        ("PNG with too little data", lines(8, 2, &deflated_zeros(1)[..6]), Wrong("/file", "picture")),
        ("PNG of a depth that is none", lines(3, 2, &deflated_zeros(1)), Wrong("/file", "picture")),
        ("PNG of a colour that is none", lines(8, 5, &deflated_zeros(1)), Wrong("/file", "picture")),
        ("PNG with a palette that is missing", lines(8, 3, &deflated_zeros(1)), Wrong("/file", "picture")),
        (
            "PNG without width",
            of_file(png_of(0, 8, 8, 2, &[chunk(b"IDAT", &deflated_zeros(1))])),
            Wrong("/file", "picture"),
        ),
        (
            "JPEG with a scan and no tables",
            of_file(
                [
                    &b"\xff\xd8"[..],
                    &segment(0xc0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]),
                    &segment(0xda, &[1, 1, 0, 0, 63, 0]),
                    b"\xff\xd9",
                ]
                .concat(),
            ),
            Either,
        ),
        ("GIF without a frame", of_file(&b"GIF89a\x08\0\x08\0\0\0\0;"[..]), Wrong("/file", "picture")),
    ]
}

/// Small files that would become large.
fn bombs() -> Vec<Case> {
    let zeros = deflated_zeros(200 << 20);
    let idat = |width, height, depth, color| of_file(png_of(width, height, depth, color, &[chunk(b"IDAT", &zeros)]));
    let sof = |marker, side: u16| {
        let side = side.to_be_bytes();
        let frame = [&[8][..], &side, &side, &[3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]].concat();
        let scan = segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 0, 0]);
        of_file([&b"\xff\xd8"[..], &segment(marker, &frame), &scan, b"\xff\xd9"].concat())
    };
    let small = |kind: &[u8; 4], data: &[u8]| {
        of_file(png_of(8, 8, 8, 2, &[chunk(kind, data), chunk(b"IDAT", &deflated_zeros(1))]))
    };
    let webp = |canvas: &[u8]| of_file([&b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0"[..], canvas].concat());
    let too_large = Wrong("/file", "dimensions");
    vec![
        ("PNG of 50,000 x 50,000", idat(50_000, 50_000, 8, 6), too_large),
        ("PNG of 2 billion x 2 billion", idat(i32::MAX as u32, i32::MAX as u32, 16, 6), too_large),
        ("PNG of 8,001 x 1", idat(8_001, 1, 8, 2), too_large),
        ("PNG of 8,000 x 8,000 in one colour", idat(8_000, 8_000, 1, 0), too_large),
        ("PNG of 3,000 x 3,000 in 64 bits", idat(3_000, 3_000, 16, 6), too_large),
        ("PNG of 4,200 x 3,000, which is taken", idat(4_200, 3_000, 8, 2), Taken),
        ("PNG with more data than pixels", idat(64, 64, 8, 2), Either),
        ("PNG with a text that unfolds", small(b"zTXt", &[b"Comment\0\0", &zeros[..]].concat()), Either),
        ("PNG with a profile that unfolds", small(b"iCCP", &[b"p\0\0", &zeros[..]].concat()), Either),
        ("PNG with a long text", small(b"tEXt", &[b"Comment\0".to_vec(), vec![b'a'; 9 << 20]].concat()), Either),
        (
            "GIF with a screen of 65,535 x 65,535",
            of_file(&b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08\0;"[..]),
            too_large,
        ),
        (
            "GIF with a frame of 65,535 x 65,535",
            of_file(&b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x08\x01\0\0;"[..]),
            Either,
        ),
        ("JPEG of 65,535 x 65,535", sof(0xc0, 65_535), Either),
        ("progressive JPEG of 8,000 x 8,000", sof(0xc2, 8_000), too_large),
        ("progressive JPEG of 3,400 x 3,400", sof(0xc2, 3_400), too_large),
        ("progressive JPEG of 2,400 x 2,400", sof(0xc2, 2_400), Either),
        ("JPEG of 12 megapixels", of_file(encoded(&opaque(4_000, 3_000), ImageFormat::Jpeg)), Taken),
        ("GIF of 6 megapixels", of_file(encoded(&with_alpha(2_400, 2_400), ImageFormat::Gif)), Taken),
        ("WebP of 5 megapixels with alpha", of_file(encoded(&with_alpha(2_300, 2_100), ImageFormat::WebP)), Taken),
        (
            "PNG of 4 megapixels in 64 bits",
            of_file(encoded(&with_alpha(2_000, 2_000).to_rgba16().into(), ImageFormat::Png)),
            Taken,
        ),
        ("WebP of 16,777,216 x 16,777,216", webp(&[0xff; 6]), Either),
        ("WebP of 16,384 x 16,384", webp(&[0xff, 0x3f, 0, 0xff, 0x3f, 0]), Either),
        ("a file over 10 MiB", of_file([png(8, 8), vec![0; 10 << 20]].concat()), Refused(413, "payload_too_large")),
        ("noise behind a picture, up to 10 MiB", of_file([png(8, 8), vec![0x5a; 10 * 1024 * 1000]].concat()), Taken),
    ]
}

/// Pictures that are something else as well. They are taken, and what is stored is a picture and nothing else.
fn polyglots() -> Vec<Case> {
    let (png, jpeg) = (png(64, 64), encoded(&opaque(64, 64), ImageFormat::Jpeg));
    let gif = encoded(&opaque(64, 64), ImageFormat::Gif);
    let webp = encoded(&with_alpha(64, 64), ImageFormat::WebP);
    let zip = [&b"PK\x03\x04\x14\0"[..], SCRIPT, b"PK\x05\x06"].concat();
    let text = |kind: &[u8; 4], head: &[u8]| of_file(with_inserted(&png, 33, &chunk(kind, &[head, SCRIPT].concat())));
    let behind = |picture: &[u8], tail: &[u8]| of_file([picture, tail].concat());
    let clear = encoded(&with_alpha(64, 64), ImageFormat::Png);
    [
        ("PNG and HTML", behind(&png, SCRIPT)),
        ("PNG with alpha and HTML", behind(&clear, SCRIPT)),
        ("PNG and ZIP", behind(&png, &zip)),
        ("PNG with a script for a comment", text(b"tEXt", b"Comment\0")),
        ("PNG with a script for XMP", text(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0")),
        ("PNG with a script for EXIF", text(b"eXIf", b"MM\0\x2a\0\0\0\x08")),
        ("PNG with a script in a chunk that nobody knows", text(b"phPx", b"")),
        ("JPEG and HTML", behind(&jpeg, SCRIPT)),
        ("JPEG and ZIP", behind(&jpeg, &zip)),
        ("JPEG with a script for a comment", of_file(with_inserted(&jpeg, 2, &segment(0xfe, SCRIPT)))),
        (
            "JPEG with a script for EXIF",
            of_file(with_inserted(&jpeg, 2, &segment(0xe1, &[b"Exif\0\0", SCRIPT].concat()))),
        ),
        (
            "JPEG with a script for a profile",
            of_file(with_inserted(&jpeg, 2, &segment(0xe2, &[b"ICC_PROFILE\0\x01\x01", SCRIPT].concat()))),
        ),
        ("GIF and a script", behind(&gif, SCRIPT)),
        ("GIF and a Java archive", behind(&gif, &zip)),
        ("WebP and a script", behind(&webp, SCRIPT)),
    ]
    .map(|(what, body)| (what, body, Taken))
    .into()
}

/// Names that lead elsewhere. Nobody looks at them.
fn names() -> Vec<Case> {
    let raw = |name: &[u8]| {
        headed([b"Content-Disposition: form-data; name=\"file\"; filename=\"", name, b"\""].concat(), png(8, 8))
    };
    let mut all: Vec<Case> = [
        ("../", "../../../../etc/passwd"),
        ("..\\", "..\\..\\windows\\win.ini"),
        ("an absolute path", "/etc/cron.d/evil"),
        ("percent signs", "%2e%2e%2f%2e%2e%2fevil"),
        ("%00", "a.php%00.png"),
        ("two endings", "shell.php.png"),
        (".htaccess", ".htaccess"),
        ("a device", "CON"),
        ("a stream", "a.png::$DATA"),
        ("from right to left", "a\u{202e}gnp.exe"),
        ("markup", "<img src=x onerror=evil>.png"),
        ("a command", "$(touch evil).png;`id`"),
        ("a formula", "=cmd|' /C calc'!A0.png"),
        ("SQL", "'; DROP TABLE products; --"),
    ]
    .map(|(what, name)| (what, named(name), Taken))
    .into();
    all.extend([
        ("a very long name", named(&"a".repeat(4_000)), Taken),
        ("an empty name", named(""), Taken),
        ("NUL in a name", raw(b"a\0b.png"), Refused(400, "bad_request")),
        ("a line in a name", raw(b"a\r\nX-Evil: 1\r\nB: .png"), Either),
        ("a name that is not UTF-8", raw(b"\xff\xfe.png"), Either),
        (
            "an encoded name",
            headed("Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''..%2f..%2fevil", png(8, 8)),
            Either,
        ),
        (
            "a path for the part's name",
            form(&[Part::file("../file", "a.png", "image/png", png(8, 8)), file(png(8, 8))]),
            Wrong("/..~1file", "unknown_field"),
        ),
    ]);
    all
}

/// Media types that lie, and bodies that are no forms.
#[allow(clippy::too_many_lines)] // a table
fn media_types() -> Vec<Case> {
    let typed = |media_type: &str| form(&[Part::file("file", "a", media_type, png(8, 8))]);
    let (media_type, body) = of_file(png(64, 64));
    let of = |media_type: &str| (media_type.to_owned(), body.clone());
    let head = |head: &str| headed(head, png(8, 8));
    let cut = (media_type.clone(), body[..body.len() / 2].to_vec());
    let unfinished = (media_type.clone(), body[..body.len() - 10].to_vec());
    let headless = (
        media_type.clone(),
        [b"--".to_vec(), media_type.split('=').nth(1).unwrap_or_default().into(), b"\r\nContent-Dis".to_vec()].concat(),
    );
    vec![
        ("a picture that says it is HTML", typed("text/html"), Taken),
        ("a picture that says it is SVG", typed("image/svg+xml"), Taken),
        ("a picture that says it is a script", typed("text/javascript; charset=utf-7"), Taken),
        ("JSON", ("application/json".into(), b"{\"file\": \"x\"}".to_vec()), Refused(415, "unsupported_media_type")),
        (
            "a form of the other kind",
            ("application/x-www-form-urlencoded".into(), b"file=x".to_vec()),
            Refused(415, "unsupported_media_type"),
        ),
        ("multipart of another kind", of("multipart/mixed; boundary=x"), Refused(415, "unsupported_media_type")),
        ("the picture itself", ("image/png".into(), png(8, 8)), Refused(415, "unsupported_media_type")),
        ("no media type", of(""), Refused(415, "unsupported_media_type")),
        ("no boundary", of("multipart/form-data"), Refused(400, "bad_request")),
        ("an empty boundary", of("multipart/form-data; boundary="), Refused(400, "bad_request")),
        ("another boundary", of("multipart/form-data; boundary=other"), Refused(400, "bad_request")),
        (
            "a boundary of 10,000 characters",
            of(&format!("multipart/form-data; boundary={}", "a".repeat(10_000))),
            Refused(400, "bad_request"),
        ),
        ("a picture in place of a form", (media_type.clone(), png(8, 8)), Refused(400, "bad_request")),
        ("an empty body", (media_type.clone(), Vec::new()), Refused(400, "bad_request")),
        ("a form that is cut off", cut, Refused(400, "bad_request")),
        ("a form without its end", unfinished, Either),
        ("half a head", headless, Refused(400, "bad_request")),
        (
            "a form in a form",
            head("Content-Disposition: form-data; name=\"file\"\r\nContent-Type: multipart/mixed; boundary=y"),
            Refused(400, "bad_request"),
        ),
        ("a part without a disposition", head("Content-Type: image/png"), Refused(400, "bad_request")),
        (
            "a part that is an attachment",
            head("Content-Disposition: attachment; name=\"file\"; filename=\"a.png\""),
            Refused(400, "bad_request"),
        ),
        (
            "a part without a name",
            head("Content-Disposition: form-data; filename=\"a.png\""),
            Refused(400, "bad_request"),
        ),
        (
            "a head of 100 KB",
            head(&format!("Content-Disposition: form-data; name=\"file\"\r\nX-Long: {}", "a".repeat(100_000))),
            Refused(400, "bad_request"),
        ),
        (
            "a head of 200 lines",
            head(&format!("Content-Disposition: form-data; name=\"file\"{}", "\r\nX-More: 1".repeat(200))),
            Refused(400, "bad_request"),
        ),
    ]
}
