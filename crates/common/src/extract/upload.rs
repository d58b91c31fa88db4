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

/// What a form consists of: files, most often one, and texts that may be left out. Other parts are refused.
pub trait Form: 'static {
    /// The name of the file's part; of each of them, where there may be several.
    const FILE: &'static str;
    /// Most bytes of a file.
    const MOST_BYTES: u64;
    /// Most files; together they may be as large as two.
    const MOST_FILES: usize = 1;
    /// The texts.
    const TEXTS: &'static [Text];
}

/// A file of a form.
#[derive(Debug)]
pub struct UploadedFile {
    /// Its bytes; not empty.
    pub file: Spooled,
    /// What the client calls it, without folders (RFC 7578, section 4.2); it may be anything else.
    pub name: Option<String>,
}

/// A form with one file, as it came.
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

/// A form with files, as it came.
#[derive(Debug)]
pub struct Uploads<F> {
    /// In their order, one at least.
    pub files: Vec<UploadedFile>,
    texts: BTreeMap<&'static str, String>,
    form: PhantomData<F>,
}

impl<F> Uploads<F> {
    /// A text, if it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }
}

impl<F: Form> FromRequest for Uploads<F> {
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
                let named =
                    |file: &UploadedFile| file.file.hash.clone() + "\n" + file.name.as_deref().unwrap_or_default();
                let named = upload.files.iter().map(named).collect::<Vec<_>>().join("\n");
                let whole = upload.texts.iter().fold(named, |all, (name, text)| all + "\n" + name + "=" + text);
                req.extensions_mut().insert(BodyHash(ctx.keys.body_fingerprints(whole.as_bytes())));
            }
            Ok(upload)
        })
    }
}

impl<F: Form> FromRequest for Upload<F> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let all = Uploads::<F>::from_request(req, payload);
        Box::pin(async move {
            let Uploads { files, texts, form } = all.await?;
            let missing = || Problem::invalid_field(&pointer(&[F::FILE]), "required", "is required");
            let UploadedFile { file, name } = files.into_iter().next().ok_or_else(missing)?;
            Ok(Self { file, file_name: name, texts, form })
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
    files: Vec<(Spool, Option<String>)>,
    texts: BTreeMap<&'static str, String>,
    wrong: Vec<FieldError>,
    /// Bytes of all parts.
    came: u64,
    /// Bytes of this part.
    in_part: u64,
}

impl Reader {
    fn new(ctx: &Ctx) -> Self {
        let pace = Pace::new(Duration::from_millis(ctx.config.server.body_timeout_ms));
        let (files, texts, wrong) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { ctx: ctx.clone(), pace, files, texts, wrong, came: 0, in_part: 0 }
    }

    async fn read<F: Form>(mut self, mut form: Multipart) -> Result<Uploads<F>, Problem> {
        let mut parts = 0;
        while let Some(part) = self.pace.wait(form.try_next()).await?.map_err(|e| malformed(&e))? {
            parts += 1;
            if parts > MOST_PARTS {
                return Err(Problem::new(&kinds::BAD_REQUEST).detail(format!("the form has over {MOST_PARTS} parts")));
            }
            self.in_part = 0;
            self.take::<F>(part).await?;
        }
        if self.files.is_empty() {
            self.refuse(F::FILE, "required", "is required");
        }
        if self.files.iter().any(|(file, _)| file.length() == 0) {
            self.refuse(F::FILE, "empty", "must not be empty");
        }
        if !self.wrong.is_empty() {
            return Err(Problem::invalid(self.wrong));
        }
        let mut files = Vec::with_capacity(self.files.len());
        for (file, name) in self.files {
            files.push(UploadedFile { file: file.finish().await?, name });
        }
        Ok(Uploads { files, texts: self.texts, form: PhantomData })
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
            None if name == F::FILE && self.files.len() < F::MOST_FILES => {
                let mut file = Spool::new(&self.ctx.config.data_dir.0).await?;
                let called = file_name_of(&part);
                while let Some(piece) = self.next::<F>(&mut part).await? {
                    file.add(&piece).await?;
                }
                self.files.push((file, called));
                return Ok(());
            }
            Some(text) if !self.texts.contains_key(text.name) => return self.take_text::<F>(text, part).await,
            None if name != F::FILE => self.refuse(&name, "unknown_field", "is unknown"),
            None if F::MOST_FILES > 1 => {
                self.refuse(F::FILE, "too_many", format!("must come at most {} times", F::MOST_FILES));
            }
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
            self.in_part += piece.len() as u64;
            if part.name() == Some(F::FILE) && self.in_part > F::MOST_BYTES {
                return Err(too_large(&format!("the file is over {} bytes", F::MOST_BYTES)));
            }
            let most = F::MOST_BYTES * F::MOST_FILES.min(2) as u64;
            if self.came > most + AROUND {
                let what = if F::MOST_FILES > 1 { "the files together are" } else { "the file is" };
                return Err(too_large(&format!("{what} over {most} bytes")));
            }
        }
        Ok(piece)
    }
}

fn too_large(detail: &str) -> Problem {
    Problem::new(&kinds::PAYLOAD_TOO_LARGE).detail(detail)
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
