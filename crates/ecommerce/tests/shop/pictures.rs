//! Pictures for tests, whole and broken, and the forms that they come in.

use std::io::{Cursor, Write as _};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use poligon_testkit::Part;

/// A gradient without alpha.
pub(crate) fn opaque(width: u32, height: u32) -> DynamicImage {
    let share = |of: u32, all: u32| u8::try_from(of * 255 / all).expect("below 256");
    RgbImage::from_fn(width, height, |x, y| Rgb([share(x, width), share(y, height), 90])).into()
}

/// A disc on nothing.
pub(crate) fn with_alpha(width: u32, height: u32) -> DynamicImage {
    let seen = |x: u32, y: u32| x.abs_diff(width / 2).pow(2) + y.abs_diff(height / 2).pow(2) < (width / 3).pow(2);
    RgbaImage::from_fn(width, height, |x, y| Rgba([200, 40, 90, if seen(x, y) { 255 } else { 0 }])).into()
}

/// A picture as a file.
pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("a picture can be encoded");
    out.into_inner()
}

/// A small PNG.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&opaque(width, height), ImageFormat::Png)
}

/// The part of a form that holds the picture.
pub(crate) fn file(bytes: impl Into<Vec<u8>>) -> Part {
    Part::file("file", "picture.png", "image/png", bytes)
}

/// A chunk of a PNG, with the right checksum.
#[allow(clippy::trivially_copy_pass_by_ref)] // so that a literal can be given
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).expect("a chunk").to_be_bytes();
    [&length, &kind[..], data, &crc.sum().to_be_bytes()].concat()
}

/// Zeros, compressed.
pub(crate) fn deflated_zeros(bytes: usize) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 16];
    for _ in 0..bytes.div_ceil(zeros.len()) {
        out.write_all(&zeros).expect("memory");
    }
    out.finish().expect("memory")
}

/// A PNG of these chunks between its head and its end.
pub(crate) fn png_of(width: u32, height: u32, depth: u8, color: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, 0]].concat();
    let magic = b"\x89PNG\r\n\x1a\n".to_vec();
    [&[magic, chunk(b"IHDR", &head)][..], chunks, &[chunk(b"IEND", b"")]].concat().concat()
}

/// A picture with something put in behind its first `at` bytes.
pub(crate) fn with_inserted(picture: &[u8], at: usize, what: &[u8]) -> Vec<u8> {
    [&picture[..at], what, &picture[at..]].concat()
}

/// A segment of a JPEG.
pub(crate) fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("a segment").to_be_bytes();
    [&[0xff, marker], &length[..], data].concat()
}

/// What a camera notes of how it was held (EXIF), for [`segment`] 0xE1.
pub(crate) fn held(orientation: u8) -> Vec<u8> {
    let entry = [&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0][..], &[orientation, 0, 0]].concat();
    [&b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01"[..], &entry, &[0; 4]].concat()
}
