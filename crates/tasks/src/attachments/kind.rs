//! Which files are taken: by their bytes, and by the ending of their name.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};

use poligon_common::Refused;
use serde::de::IgnoredAny;

/// What is looked at to tell what a file is, in bytes.
const HEAD: usize = 8 * 1024;
/// Pieces in which a text is read, in bytes.
const PIECE: usize = 64 * 1024;

const JSON: &str = "application/json";
const ZIP: &str = "application/zip";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const ODT: &str = "application/vnd.oasis.opendocument.text";
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";
const ODP: &str = "application/vnd.oasis.opendocument.presentation";

/// A type of files: the endings of their names, how they are served, and what their bytes are found to be. Text is known
/// by being nothing else.
struct Kind {
    endings: &'static [&'static str],
    media_type: &'static str,
    found: &'static [&'static str],
}

const fn binary(endings: &'static [&'static str], media_type: &'static str, found: &'static [&'static str]) -> Kind {
    Kind { endings, media_type, found }
}

const fn text(endings: &'static [&'static str], media_type: &'static str) -> Kind {
    Kind { endings, media_type, found: &[] }
}

/// Documents are archives inside: where the parts come in another order than usual, that is all that is found.
const KINDS: &[Kind] = &[
    binary(&["png"], "image/png", &["image/png"]),
    binary(&["jpg", "jpeg"], "image/jpeg", &["image/jpeg"]),
    binary(&["gif"], "image/gif", &["image/gif"]),
    binary(&["webp"], "image/webp", &["image/webp"]),
    binary(&["pdf"], "application/pdf", &["application/pdf"]),
    binary(&["mp4"], "video/mp4", &["video/mp4"]),
    binary(&["webm"], "video/webm", &["video/webm", "video/x-matroska"]),
    binary(&["zip"], ZIP, &[ZIP, DOCX, XLSX, PPTX, ODT, ODS, ODP]),
    binary(&["gz"], "application/gzip", &["application/gzip"]),
    binary(&["docx"], DOCX, &[DOCX, ZIP]),
    binary(&["xlsx"], XLSX, &[XLSX, ZIP]),
    binary(&["pptx"], PPTX, &[PPTX, ZIP]),
    binary(&["odt"], ODT, &[ODT, ZIP]),
    binary(&["ods"], ODS, &[ODS, ZIP]),
    binary(&["odp"], ODP, &[ODP, ZIP]),
    text(&["txt", "log", "diff", "patch", "feature", "sql", "yaml", "yml", "toml", "ini"], "text/plain; charset=utf-8"),
    text(&["md"], "text/markdown; charset=utf-8"),
    text(&["csv"], "text/csv; charset=utf-8"),
    text(&["tsv"], "text/tab-separated-values; charset=utf-8"),
    text(&["json", "har"], JSON),
];

/// The media type that a file is served as. Reads it from its beginning, and puts it back there: not for an async worker.
pub(super) fn media_type_of(name: &str, file: &mut File) -> Result<Result<&'static str, Refused>, std::io::Error> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let Some(kind) = KINDS.iter().find(|kind| kind.endings.contains(&ending.as_str())) else {
        let known: Vec<&str> = KINDS.iter().flat_map(|kind| kind.endings).copied().collect();
        let message = format!("must have a name that ends in one of .{}", known.join(", ."));
        return Ok(Err(Refused::new("file_type", message)));
    };
    file.seek(SeekFrom::Start(0))?;
    let mut is = if kind.found.is_empty() { is_text(file)? } else { is_one_of(kind.found, file)? };
    file.seek(SeekFrom::Start(0))?;
    if is && kind.media_type == JSON {
        is = serde_json::from_reader::<_, IgnoredAny>(BufReader::new(&mut *file)).is_ok();
        file.seek(SeekFrom::Start(0))?;
    }
    if is {
        return Ok(Ok(kind.media_type));
    }
    let what = if kind.media_type == JSON {
        "JSON in UTF-8"
    } else if kind.found.is_empty() {
        "plain text in UTF-8"
    } else {
        kind.media_type
    };
    Ok(Err(Refused::new("file_type", format!("ends in .{ending}, and is not {what}"))))
}

/// Whether the bytes are found to be one of these types.
fn is_one_of(found: &[&str], file: &mut File) -> Result<bool, std::io::Error> {
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(infer::get(&head).is_some_and(|known| found.contains(&known.mime_type())))
}

/// Whether all of it is UTF-8 with no other control characters than those that terminals write into logs.
fn is_text(file: &mut File) -> Result<bool, std::io::Error> {
    let mut reader = BufReader::with_capacity(PIECE, file);
    let (mut piece, mut held) = (vec![0; PIECE], Vec::new());
    loop {
        let read = reader.read(&mut piece)?;
        if read == 0 {
            return Ok(held.is_empty()); // a character that was cut off is none
        }
        held.extend_from_slice(&piece[..read]);
        let whole = match std::str::from_utf8(&held) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Ok(false),
        };
        let control = |byte: &u8| *byte == 0x7f || *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
        if held[..whole].iter().any(control) {
            return Ok(false);
        }
        held.drain(..whole);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn taken(name: &str, bytes: &[u8]) -> Option<&'static str> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let outcome = media_type_of(name, &mut file).unwrap();
        if outcome.is_ok() {
            assert_eq!(file.stream_position().unwrap(), 0, "it is to be stored from its beginning");
        }
        outcome.ok()
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn bytes_and_ending_have_to_agree() {
        assert_eq!(taken("a.png", PNG), Some("image/png"));
        assert_eq!(taken("A.PNG", PNG), Some("image/png"));
        for other in ["a.jpg", "a.pdf", "a.txt", "a", "png", "a.png.exe", "a.svg", "a.html", "a.png."] {
            assert_eq!(taken(other, PNG), None, "{other}");
        }
        assert_eq!(taken("a.pdf", b"%PDF-1.7\n"), Some("application/pdf"));
        assert_eq!(taken("a.pdf", b"\n%PDF-1.7\n"), None);
        assert_eq!(taken("a.zip", b"PK\x03\x04rest"), Some("application/zip"));
        assert_eq!(taken("a.docx", b"PK\x03\x04rest"), Some(DOCX));
        assert_eq!(taken("a.zip", b"MZ\x90\0"), None);
    }

    #[test]
    fn text_is_utf_8_throughout() {
        let plain = Some("text/plain; charset=utf-8");
        assert_eq!(taken("a.log", "\u{feff}día\t\x1b[31mrot\x1b[0m\r\n".as_bytes()), plain);
        assert_eq!(taken("a.json", b"{\"a\": [1]}\n"), Some("application/json"));
        assert_eq!((taken("a.json", b"{a"), taken("a.har", b"[1] [2]")), (None, None));
        assert_eq!(taken("a.csv", b"a,b\n1,2\n"), Some("text/csv; charset=utf-8"));
        for broken in [&b"a\0b"[..], b"\xff\xfea\0", b"caf\xe9", b"cut \xc3", b"\x7fELF"] {
            assert_eq!(taken("a.txt", broken), None, "{broken:?}");
        }
        // A character that lies across two pieces is one.
        let long = "x".repeat(PIECE - 1) + "é" + &"y".repeat(PIECE);
        assert_eq!(taken("a.txt", long.as_bytes()), plain);
        let late = [long.as_bytes(), b"\0"].concat();
        assert_eq!(taken("a.txt", &late), None);
    }

    #[test]
    fn the_document_knows_every_type() {
        let document = serde_json::to_value((crate::domain().routes)().document()).unwrap();
        let answer = &document["paths"]["/api/tasks/attachments/{id}/file"]["get"]["responses"]["200"];
        let mut documented: Vec<&str> = answer["content"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known: Vec<&str> = KINDS.iter().map(|kind| kind.media_type.split(';').next().unwrap()).collect();
        for types in [&mut documented, &mut known] {
            types.sort_unstable();
        }
        assert_eq!(documented, known);
    }

    #[test]
    fn no_ending_stands_twice_and_none_is_shown_by_a_browser_as_a_page() {
        let mut endings: Vec<&str> = KINDS.iter().flat_map(|kind| kind.endings).copied().collect();
        for page in ["html", "htm", "xhtml", "svg", "xml", "js", "mjs", "css", "swf", "exe", "sh", "bat"] {
            assert!(!endings.contains(&page), "{page}");
        }
        let all = endings.len();
        endings.sort_unstable();
        endings.dedup();
        assert_eq!(endings.len(), all);
    }
}
