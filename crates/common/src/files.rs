//! Stored files as answers. Their bytes never change under one name, so the name is their tag. Players and downloads that
//! were cut off ask for a part of one (RFC 9110, section 14).

use std::ops::Range;

use actix_web::body::{BoxBody, MessageBody as _, SizedStream};
use actix_web::http::Method;
use actix_web::http::header::{
    self, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, Charset,
    ContentDisposition, DispositionParam, DispositionType, ETAG, ExtendedValue, HeaderValue, IF_RANGE, RANGE, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::StreamExt as _;
use poligon_core::Ctx;
use poligon_core::storage::StoredFile;

use crate::etag::is_known;
use crate::problem::{Problem, kinds};

/// Nothing in a file runs, loads or is framed, whatever somebody makes a browser take it for.
const POLICY: &str = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/// A file that is sent: what stands in the head of its answer.
#[derive(Debug, Clone)]
pub struct FileAnswer {
    /// What tells its bytes from all others, without quotes.
    pub tag: String,
    /// What it is (RFC 9110, section 8.3).
    pub media_type: String,
    /// Whether it is shown or saved, and under which name (RFC 6266).
    pub disposition: ContentDisposition,
    /// Who may keep it, and for how long (RFC 9111, section 5.2).
    pub cache_control: &'static str,
}

impl FileAnswer {
    /// Sends what is stored under `name`, piece by piece: the whole, or the part that the client asks for; 304 when it has it
    /// already.
    pub async fn send(self, ctx: &Ctx, req: &HttpRequest, name: &str) -> Result<HttpResponse, Problem> {
        let tag = format!("\"{}\"", self.tag);
        if !asks_for_part(req, &tag) || is_known(req, &tag) {
            let open = async || Ok(body_of(ctx.storage.open_file(name).await?));
            return self.answer(req, true, open).await;
        }
        let length = ctx.storage.length(name).await?;
        let Some(part) = part(req, length)? else {
            let open = async || Ok(body_of(ctx.storage.open_file(name).await?));
            return self.answer(req, true, open).await;
        };
        let mut response = HttpResponse::PartialContent();
        response.insert_header((ETAG, tag));
        response.insert_header((CONTENT_RANGE, format!("bytes {}-{}/{length}", part.start, part.end - 1)));
        self.head(&mut response, true);
        self.describe(&mut response)?;
        Ok(response.body(body_of(ctx.storage.open_part(name, part).await?)))
    }

    /// Sends what `make` makes; 304, and nothing is made, when the client has it already.
    pub async fn send_made(
        self,
        req: &HttpRequest,
        make: impl AsyncFnOnce() -> Result<BoxBody, Problem>,
    ) -> Result<HttpResponse, Problem> {
        self.answer(req, false, make).await
    }

    async fn answer(
        self,
        req: &HttpRequest,
        in_parts: bool,
        make: impl AsyncFnOnce() -> Result<BoxBody, Problem>,
    ) -> Result<HttpResponse, Problem> {
        let tag = format!("\"{}\"", self.tag);
        let known = is_known(req, &tag);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((ETAG, tag));
        self.head(&mut response, in_parts);
        if known {
            return Ok(response.finish());
        }
        let body = make().await?;
        self.describe(&mut response)?;
        Ok(response.body(body))
    }

    /// What stands in the head of every answer.
    fn head(&self, response: &mut HttpResponseBuilder, in_parts: bool) {
        response.insert_header((CACHE_CONTROL, self.cache_control)).insert_header((VARY, "Authorization"));
        response.insert_header((ACCEPT_RANGES, if in_parts { "bytes" } else { "none" }));
    }

    /// What stands in the head of those with bytes.
    fn describe(self, response: &mut HttpResponseBuilder) -> Result<(), Problem> {
        let media_type = HeaderValue::from_str(&self.media_type).map_err(|e| Problem::internal(&e))?;
        response.insert_header((CONTENT_TYPE, media_type)).insert_header(self.disposition);
        response.insert_header((CONTENT_SECURITY_POLICY, POLICY));
        Ok(())
    }
}

fn body_of(file: StoredFile) -> BoxBody {
    SizedStream::new(file.length, file.pieces.map(|piece| piece.map(Bytes::from))).boxed()
}

/// Whether a client asks for a part of the file that this tag names, and not of one that was there before (`If-Range`,
/// strong comparison: RFC 9110, section 13.1.5).
fn asks_for_part(req: &HttpRequest, tag: &str) -> bool {
    let same = req.headers().get(IF_RANGE).is_none_or(|given| given.as_bytes() == tag.as_bytes());
    req.method() == Method::GET && req.headers().contains_key(RANGE) && same
}

/// The part that a client asks for of a file; `None` for the whole. What makes no sense, and more than one part, is not
/// looked at, as RFC 9110, section 14.2 lets a server do. A file has no empty part.
fn part(req: &HttpRequest, length: u64) -> Result<Option<Range<u64>>, Problem> {
    let line = req.headers().get(RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = match line.parse::<header::Range>() {
        Ok(header::Range::Bytes(asked)) if asked.len() == 1 && !line.contains([',', '+']) => asked,
        _ => return Ok(None),
    };
    match asked.first().and_then(|asked| asked.to_satisfiable_range(length)) {
        Some((first, last)) if first <= last => Ok(Some(first..last + 1)),
        _ => {
            let detail = format!("the file has {length} bytes");
            let whole = format!("bytes */{length}");
            Err(Problem::new(&kinds::RANGE_NOT_SATISFIABLE).detail(detail).header(CONTENT_RANGE, &whole))
        }
    }
}

/// A file that is shown where it stands.
pub fn shown() -> ContentDisposition {
    ContentDisposition { disposition: DispositionType::Inline, parameters: Vec::new() }
}

/// A file that is shown where it stands, and keeps its name when it is saved.
pub fn shown_as(name: &str) -> ContentDisposition {
    ContentDisposition { disposition: DispositionType::Inline, parameters: named(name) }
}

/// A file that is saved under its name.
pub fn saved_as(name: &str) -> ContentDisposition {
    ContentDisposition { disposition: DispositionType::Attachment, parameters: named(name) }
}

/// A name in ASCII for those that know no other, and whole (RFC 6266, section 4.3).
fn named(name: &str) -> Vec<DispositionParam> {
    let plain = |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' };
    let whole = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_bytes().to_owned(),
    };
    vec![DispositionParam::Filename(name.chars().map(plain).collect()), DispositionParam::FilenameExt(whole)]
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_part_is_what_rfc_9110_says() {
        let asked = |line: &str| {
            let req = TestRequest::get().insert_header((RANGE, line)).to_http_request();
            part(&req, 1_000).map_err(|problem| problem.kind().status)
        };
        for (line, bytes) in [
            ("bytes=0-499", 0..500),
            ("bytes=999-", 999..1_000),
            ("bytes=500-5000", 500..1_000),
            ("bytes=-1", 999..1_000),
            ("bytes=-5000", 0..1_000),
            ("bytes=0-0", 0..1),
        ] {
            assert_eq!(asked(line), Ok(Some(bytes)), "{line}");
        }
        for whole in [
            "",
            "bytes",
            "bytes=",
            "bytes=a-b",
            "lines=0-1",
            "bytes=0-1,5-6",
            "bytes=0-1,x",
            "bytes=1",
            "bytes=5-4",
            "bytes=+0-1",
        ] {
            assert_eq!(asked(whole), Ok(None), "{whole}");
        }
        for beyond in ["bytes=1000-", "bytes=1000-2000", "bytes=-0"] {
            assert_eq!(asked(beyond), Err(416), "{beyond}");
        }
    }
}
