//! Which files are taken, by their bytes alone: whatever they are called, and whatever the client says that they are.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use poligon_common::Refused;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MIB: u64 = 1024 * 1024;
/// Characters of a file's name, at most.
pub(super) const LONGEST_NAME: usize = 200;
/// What is looked at to tell what a file is, in bytes.
const HEAD: u64 = 8 * 1024;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MediaKind)]
pub(crate) enum Kind {
    /// It is looked at, and served in four sizes.
    Image,
    /// It is played.
    Video,
    /// It is heard.
    Audio,
    /// It is saved.
    Document,
}

impl Kind {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
        }
    }

    /// The kind that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        [Self::Image, Self::Video, Self::Audio].into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Document)
    }

    /// Most bytes of a file of this kind.
    pub(super) const fn most_bytes(self) -> u64 {
        match self {
            Self::Image => 10 * MIB,
            Self::Video => 50 * MIB,
            Self::Audio | Self::Document => 20 * MIB,
        }
    }
}

/// A type of files: what its bytes are found to be, how it is served, and the endings of its names, the usual one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileType {
    pub(super) kind: Kind,
    pub(super) media_type: &'static str,
    found: &'static [&'static str],
    endings: &'static [&'static str],
}

const fn known(
    kind: Kind,
    media_type: &'static str,
    found: &'static [&'static str],
    endings: &'static [&'static str],
) -> FileType {
    FileType { kind, media_type, found, endings }
}

/// Nothing of it runs in a browser: no SVG, which is a page, and no HTML.
const TYPES: &[FileType] = &[
    known(Kind::Image, "image/jpeg", &["image/jpeg"], &["jpg", "jpeg"]),
    known(Kind::Image, "image/png", &["image/png"], &["png"]),
    known(Kind::Image, "image/webp", &["image/webp"], &["webp"]),
    known(Kind::Image, "image/gif", &["image/gif"], &["gif"]),
    known(Kind::Video, "video/mp4", &["video/mp4", "video/x-m4v"], &["mp4", "m4v"]),
    known(Kind::Video, "video/webm", &["video/webm", "video/x-matroska"], &["webm"]),
    known(Kind::Audio, "audio/mpeg", &["audio/mpeg"], &["mp3"]),
    known(Kind::Audio, "audio/mp4", &["audio/m4a"], &["m4a"]),
    known(Kind::Audio, "audio/ogg", &["audio/ogg"], &["ogg", "oga", "opus"]),
    known(Kind::Audio, "audio/wav", &["audio/x-wav"], &["wav"]),
    known(Kind::Document, "application/pdf", &["application/pdf"], &["pdf"]),
];

/// What a file is, and whether it is not too large for that. Reads it from its beginning, and puts it back there: not for
/// an async worker.
pub(super) fn type_of(file: &mut File, length: u64) -> Result<Result<FileType, Refused>, std::io::Error> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let found = infer::get(&head).map(|found| found.mime_type());
    let Some(found) = TYPES.iter().find(|known| found.is_some_and(|found| known.found.contains(&found))) else {
        let list: Vec<&str> = TYPES.iter().map(|known| known.media_type).collect();
        let message = format!("is none of {}, by its bytes", list.join(", "));
        return Ok(Err(Refused::new("file_type", message)));
    };
    if length > found.kind.most_bytes() {
        let message = format!("is over {} bytes, the most for {}", found.kind.most_bytes(), found.media_type);
        return Ok(Err(Refused::new("file_size", message)));
    }
    Ok(Ok(*found))
}

/// What a file of a type is called: as it was given, without folders, with an ending that does not promise something else.
pub(super) fn name_for(given: &str, media_type: &str) -> String {
    let given = given.rsplit(['/', '\\']).next().unwrap_or(given).trim();
    let endings = TYPES.iter().find(|known| known.media_type == media_type).map_or(&[][..], |known| known.endings);
    let (stem, ending) = given.rsplit_once('.').unwrap_or((given, ""));
    if endings.contains(&ending.to_ascii_lowercase().as_str()) && !stem.is_empty() {
        return given.to_owned();
    }
    let is_ending =
        !stem.is_empty() && (1..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    let stem = if is_ending { stem } else { given.trim_matches('.') };
    let stem = if stem.is_empty() { "file" } else { stem };
    let ending = endings.first().copied().unwrap_or("bin");
    let stem: String = stem.chars().take(LONGEST_NAME - 1 - ending.len()).collect();
    format!("{stem}.{ending}")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn taken(bytes: &[u8], length: u64) -> Result<&'static str, &'static str> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let found = type_of(&mut file, length).unwrap();
        assert_eq!(file.stream_position().unwrap(), 0, "it is to be stored from its beginning");
        found.map(|found| found.media_type).map_err(|refused| refused.code)
    }

    #[test]
    fn bytes_tell_what_it_is() {
        for (bytes, media_type) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0", "image/gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
            (b"ID3\x03\0\0\0\0\0\0", "audio/mpeg"),
            (b"OggS\0\x02", "audio/ogg"),
            (b"%PDF-1.7\n", "application/pdf"),
        ] {
            assert_eq!(taken(bytes, 100), Ok(media_type));
        }
        for other in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..],
            b"<!DOCTYPE html><script>alert(1)</script>",
            b"<?xml version=\"1.0\"?><svg/>",
            b"MZ\x90\0",
            b"\x7fELF",
            b"PK\x03\x04",
            b"#!/bin/sh",
            b"plain text",
            b"\0",
            b"FWS\x09",
        ] {
            assert_eq!(taken(other, 100), Err("file_type"), "{other:?}");
        }
    }

    #[test]
    fn each_kind_has_its_most() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(taken(png, Kind::Image.most_bytes()), Ok("image/png"));
        assert_eq!(taken(png, Kind::Image.most_bytes() + 1), Err("file_size"));
        assert_eq!(taken(b"%PDF-1.7\n", Kind::Document.most_bytes() + 1), Err("file_size"));
    }

    #[test]
    fn a_name_promises_nothing_else() {
        for (given, media_type, name) in [
            ("cat.JPG", "image/jpeg", "cat.JPG"),
            ("cat.jpeg", "image/jpeg", "cat.jpeg"),
            ("cat.html", "image/png", "cat.png"),
            ("cat.png.exe", "image/png", "cat.png.png"),
            ("cat", "image/png", "cat.png"),
            (".png", "image/png", "png.png"),
            ("...", "image/png", "file.png"),
            ("v1.2 draft", "application/pdf", "v1.2 draft.pdf"),
            ("../../etc/passwd", "application/pdf", "passwd.pdf"),
            ("a\\b.pdf", "application/pdf", "b.pdf"),
            ("folder/", "application/pdf", "file.pdf"),
        ] {
            assert_eq!(name_for(given, media_type), name, "{given}");
        }
        assert_eq!(name_for(&"a".repeat(200), "image/png").len(), 200);
    }
}
