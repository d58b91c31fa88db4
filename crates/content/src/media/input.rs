//! What clients send about media.

use poligon_common::Refused;
use poligon_common::extract::{Form, Text, Uploads};
use poligon_common::input::{FilterId, Line, Whole, not_null};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::kind::Kind;
use super::model::Said;
use super::view::Visibility;

/// A text about a picture, for those who do not see it.
type Alt = Line<0, 500>;

/// Files as they are uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentUploadForm)]
#[allow(dead_code)] // the document's form of what `Uploads` reads
pub(crate) struct UploadForm {
    /// One file, or several in parts of this name, at most ten: JPEG, PNG, WebP or GIF of at most 10 MiB, 8,000 pixels on
    /// each side and about 13 megapixels (5 to 12 with alpha, 16 bits a channel, lossless WebP, GIF, or stored progressively); MP4 or `WebM` of at most 50 MiB; MP3, M4A, Ogg, WAV or PDF of at most 20 MiB; 100 MiB
    /// together. What a file is is told by its bytes. An image is stored anew from its pixels: nothing else in the file is
    /// kept, and of an animation the first frame.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 10)]
    file: Vec<Vec<u8>>,
    /// What the file shows, in words; with one file only.
    #[schema(value_type = Option<String>, max_length = 500, nullable = false)]
    alt: Option<String>,
    /// Who may read the files: `public` (as it is without it) or `private`.
    #[schema(value_type = Option<Visibility>, nullable = false)]
    visibility: Option<String>,
}

impl Form for UploadForm {
    const FILE: &'static str = "file";
    const MOST_BYTES: u64 = Kind::Video.most_bytes();
    const MOST_FILES: usize = 10;
    const TEXTS: &'static [Text] = &[
        Text { name: "alt", most_bytes: 2_000, check: |text| alt_of(text).map(drop) },
        Text { name: "visibility", most_bytes: 20, check: |text| is_private(text).map(drop) },
    ];
}

fn alt_of(text: &str) -> Result<String, Refused> {
    Ok(Alt::try_from(text.to_owned())?.0)
}

fn is_private(text: &str) -> Result<bool, Refused> {
    match text {
        "public" => Ok(false),
        "private" => Ok(true),
        _ => Err(Refused::new("unknown_value", "must be public or private")),
    }
}

/// What a form says of its files.
pub(super) fn said(form: &Uploads<UploadForm>) -> Result<Said, Refused> {
    let alt = alt_of(form.text("alt").unwrap_or_default())?;
    if !alt.is_empty() && form.files.len() > 1 {
        return Err(Refused::new("one_file", "is of one file: of several, say it by PATCH of each"));
    }
    Ok(Said { alt, private: is_private(form.text("visibility").unwrap_or("public"))? })
}

/// What shall change of a medium (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentMediaPatch)]
pub(crate) struct MediaPatch {
    /// What it is called. Its ending follows from what it is.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, nullable = false)]
    name: Option<Line<1, 200>>,
    /// What it shows, in words.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 500, nullable = false)]
    alt: Option<Alt>,
    /// Who may read it. What stands in an article or a blog stays public.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    visibility: Option<Visibility>,
}

impl MediaPatch {
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.0.as_str())
    }

    pub(super) fn alt(&self) -> Option<&str> {
        self.alt.as_ref().map(|alt| alt.0.as_str())
    }

    pub(super) fn is_private(&self) -> Option<bool> {
        self.visibility.map(|visibility| visibility == Visibility::Private)
    }
}

/// Which media are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MediaParams {
    /// Only of this kind.
    #[param(inline)]
    pub(super) kind: Option<Kind>,
    /// Only those that stand in an article or a blog, or only those that do not.
    pub(super) used: Option<bool>,
    /// Those of this person; for editors and moderators.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) owner_id: Option<FilterId>,
    /// Everybody's, not the caller's own alone; for editors and moderators.
    #[param(default = false)]
    pub(super) all: Option<bool>,
}

/// How long a link is good.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentMediaLinkRequest)]
pub(crate) struct LinkRequest {
    /// Seconds, from a minute to a week; an hour when it is left out.
    #[serde(default = "hour")]
    #[schema(value_type = i64, minimum = 60, maximum = 604_800, default = 3_600)]
    pub(super) expires_in: Whole<60, 604_800>,
}

fn hour() -> Whole<60, 604_800> {
    Whole(3_600)
}

/// Which of its files is asked for, and by which link.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileParams {
    /// The size of an image: `original` (as it is without it), `large`, `medium` or `small`.
    #[param(inline)]
    pub(super) size: Option<FileSize>,
    /// `webp` for the smaller sizes of an image as WebP.
    #[param(inline)]
    pub(super) format: Option<FileFormat>,
    /// Of a signed link: until when it is good, in seconds since 1970.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 99_999_999_999_i64)]
    pub(super) expires: Option<Whole<0, 99_999_999_999>>,
    /// Of a signed link: what proves it.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{43}$")]
    pub(super) signature: Option<Signature>,
}

/// A signature as it stands in addresses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Signature(pub(super) String);

impl TryFrom<String> for Signature {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if text.len() == 43 && text.chars().all(plain) {
            Ok(Self(text))
        } else {
            Err(Refused::new("signature", "must be 43 characters of URL-safe Base64"))
        }
    }
}

/// A size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MediaFileSize)]
pub(super) enum FileSize {
    Original,
    Large,
    Medium,
    Small,
}

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MediaFileFormat)]
pub(super) enum FileFormat {
    Webp,
}
