//! Forms with a file (`multipart/form-data`, RFC 7578), read piece by piece within a size and a pace. What a client
//! says of its file's media type is not looked at, and of its name the last part is kept for whoever wants it.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::TryStreamExt as _;

use super::body::BodyHash;
use super::context::Ctx;
use super::fields::pointer;
use super::spool::{Pace, Spool, Spooled};
use crate::problem::{FieldError, Problem, Refused, kinds};

/// Parts of a form; one with more is none of ours.
const MOST_PARTS: usize = 16;
/// Room for everything in the body that is not the file.
const AROUND: u64 = 64 * 1024;

/// A part of text.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// Its name.
    pub name: &'static str,
    /// Most bytes that are read of it.
    pub most_bytes: usize,
    /// What it has to be.
    pub check: fn(&str) -> Result<(), Refused>,
}

/// What a form consists of: one file, and texts that may be left out. Other parts are refused.
pub trait Form: 'static {
    /// The name of the file's part.
    const FILE: &'static str;
    /// Most bytes of the file.
    const MOST_BYTES: u64;
    /// The texts.
    const TEXTS: &'static [Text];
}

/// A form as it came.
#[derive(Debug)]
pub struct Upload<F> {
    /// The file; not empty.
    pub file: Spooled,
    /// What the client calls it, without folders (RFC 7578, section 4.2); it may be anything else.
    pub file_name: Option<String>,
    texts: BTreeMap<&'static str, String>,
    form: PhantomData<F>,
}

impl<F> Upload<F> {
    /// A text, if it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }
}

impl<F: Form> FromRequest for Upload<F> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let ctx = Ctx::of(&req)?;
            require_form(&req)?;
            let reader = Reader::new(&ctx);
            let upload: Self = reader.read::<F>(Multipart::new(req.headers(), payload)).await?;
            if req.headers().contains_key(crate::idempotency::HEADER) {
                // Of what the form says; its boundary is another each time.
                let named = upload.file.hash.clone() + "\n" + upload.file_name.as_deref().unwrap_or_default();
                let whole = upload.texts.iter().fold(named, |all, (name, text)| all + "\n" + name + "=" + text);
                req.extensions_mut().insert(BodyHash(ctx.keys.body_fingerprints(whole.as_bytes())));
            }
            Ok(upload)
        })
    }
}

fn require_form(req: &HttpRequest) -> Result<(), Problem> {
    super::body::refuse_encoded(req)?;
    let declared = req.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("multipart/form-data") {
        return Ok(());
    }
    Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE).detail("send the body as multipart/form-data"))
}

/// What was read so far.
struct Reader {
    ctx: Ctx,
    pace: Pace,
    file: Option<Spool>,
    file_name: Option<String>,
    texts: BTreeMap<&'static str, String>,
    wrong: Vec<FieldError>,
    /// Bytes of all parts.
    came: u64,
}

impl Reader {
    fn new(ctx: &Ctx) -> Self {
        let pace = Pace::new(Duration::from_millis(ctx.config.server.body_timeout_ms));
        let (texts, wrong) = (BTreeMap::new(), Vec::new());
        Self { ctx: ctx.clone(), pace, file: None, file_name: None, texts, wrong, came: 0 }
    }

    async fn read<F: Form>(mut self, mut form: Multipart) -> Result<Upload<F>, Problem> {
        let mut parts = 0;
        while let Some(part) = self.pace.wait(form.try_next()).await?.map_err(|e| malformed(&e))? {
            parts += 1;
            if parts > MOST_PARTS {
                return Err(Problem::new(&kinds::BAD_REQUEST).detail(format!("the form has over {MOST_PARTS} parts")));
            }
            self.take::<F>(part).await?;
        }
        match &self.file {
            None => self.refuse(F::FILE, "required", "is required"),
            Some(file) if file.length() == 0 => self.refuse(F::FILE, "empty", "must not be empty"),
            Some(_) => {}
        }
        match self.file {
            Some(file) if self.wrong.is_empty() => {
                let (file, file_name) = (file.finish().await?, self.file_name);
                Ok(Upload { file, file_name, texts: self.texts, form: PhantomData })
            }
            _ => Err(Problem::invalid(self.wrong)),
        }
    }

    fn refuse(&mut self, name: &str, code: &str, message: impl Into<String>) {
        let at = pointer(&[name]);
        // One message for a part is enough, however often it comes.
        if self.wrong.iter().all(|known| known.pointer != at) {
            self.wrong.push(FieldError::new(at, code, message));
        }
    }

    async fn take<F: Form>(&mut self, mut part: Field) -> Result<(), Problem> {
        let name: String = part.name().unwrap_or_default().chars().take(100).collect();
        let text = F::TEXTS.iter().find(|text| text.name == name);
        match text {
            None if name == F::FILE && self.file.is_none() => {
                self.file = Some(Spool::new(&self.ctx.config.data_dir.0).await?);
                self.file_name = file_name_of(&part);
                while let Some(piece) = self.next::<F>(&mut part).await? {
                    if let Some(file) = &mut self.file {
                        file.add(&piece).await?;
                    }
                }
                return Ok(());
            }
            Some(text) if !self.texts.contains_key(text.name) => return self.take_text::<F>(text, part).await,
            None if name != F::FILE => self.refuse(&name, "unknown_field", "is unknown"),
            _ => self.refuse(&name, "duplicate_field", "must not come twice"),
        }
        while self.next::<F>(&mut part).await?.is_some() {}
        Ok(())
    }

    async fn take_text<F: Form>(&mut self, text: &Text, mut part: Field) -> Result<(), Problem> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next::<F>(&mut part).await? {
            let room = (text.most_bytes + 1).saturating_sub(bytes.len());
            bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        }
        let read = match String::from_utf8(bytes) {
            Ok(read) if read.len() <= text.most_bytes => read,
            Ok(_) => {
                self.refuse(text.name, "length", format!("is over {} bytes", text.most_bytes));
                return Ok(());
            }
            Err(_) => {
                self.refuse(text.name, "malformed", "must be plain UTF-8 text");
                return Ok(());
            }
        };
        if let Err(refused) = (text.check)(&read) {
            self.refuse(text.name, refused.code, refused.message);
        }
        self.texts.insert(text.name, read);
        Ok(())
    }

    /// The next piece of a part, within the size of the whole.
    async fn next<F: Form>(&mut self, part: &mut Field) -> Result<Option<actix_web::web::Bytes>, Problem> {
        let piece = self.pace.wait(part.try_next()).await?.map_err(|e| malformed(&e))?;
        if let Some(piece) = &piece {
            self.pace.came(piece.len());
            self.came += piece.len() as u64;
            let in_file = self.file.as_ref().map_or(0, Spool::length) + piece.len() as u64;
            if self.came > F::MOST_BYTES + AROUND || part.name() == Some(F::FILE) && in_file > F::MOST_BYTES {
                let detail = format!("the file is over {} bytes", F::MOST_BYTES);
                return Err(Problem::new(&kinds::PAYLOAD_TOO_LARGE).detail(detail));
            }
        }
        Ok(piece)
    }
}

/// The name of a part's file, without the folders that some clients send with it.
fn file_name_of(part: &Field) -> Option<String> {
    let given = part.content_disposition()?.get_filename()?;
    given.rsplit(['/', '\\']).next().map(str::to_owned)
}

fn malformed(error: &actix_multipart::MultipartError) -> Problem {
    tracing::debug!(%error, "a form could not be read");
    Problem::new(&kinds::BAD_REQUEST).detail("the body is not a whole form (RFC 7578)")
}
