//! Stored files as answers. Their bytes never change under one name, so the name is their tag.

use actix_web::body::{BoxBody, MessageBody as _, SizedStream};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, Charset, ContentDisposition, DispositionParam, DispositionType, ETAG, ExtendedValue,
    HeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use poligon_core::Ctx;

use crate::etag::is_known;
use crate::problem::Problem;

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
    /// Sends what is stored under `name`, piece by piece; 304 when the client has it already.
    pub async fn send(self, ctx: &Ctx, req: &HttpRequest, name: &str) -> Result<HttpResponse, Problem> {
        let open = async || {
            let file = ctx.storage.open_file(name).await?;
            let pieces = file.pieces.map(|piece| piece.map(Bytes::from));
            Ok(SizedStream::new(file.length, pieces).boxed())
        };
        self.send_made(req, open).await
    }

    /// Sends what `make` makes; 304, and nothing is made, when the client has it already.
    pub async fn send_made(
        self,
        req: &HttpRequest,
        make: impl AsyncFnOnce() -> Result<BoxBody, Problem>,
    ) -> Result<HttpResponse, Problem> {
        let tag = format!("\"{}\"", self.tag);
        let known = is_known(req, &tag);
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, self.cache_control));
        response.insert_header((VARY, "Authorization"));
        if known {
            return Ok(response.finish());
        }
        let media_type = HeaderValue::from_str(&self.media_type).map_err(|e| Problem::internal(&e))?;
        let body = make().await?;
        response.insert_header((CONTENT_TYPE, media_type)).insert_header(self.disposition);
        Ok(response.body(body))
    }
}

/// A file that is shown where it stands.
pub fn shown() -> ContentDisposition {
    ContentDisposition { disposition: DispositionType::Inline, parameters: Vec::new() }
}

/// A file that is saved under its name: in ASCII for those that know no other, and whole (RFC 6266, section 4.3).
pub fn saved_as(name: &str) -> ContentDisposition {
    let plain = |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' };
    let whole = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_bytes().to_owned(),
    };
    let parameters =
        vec![DispositionParam::Filename(name.chars().map(plain).collect()), DispositionParam::FilenameExt(whole)];
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}
