//! Pictures as they are shown, and as they are kept beside what they stand in.

use poligon_common::pictures::Size;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture as a post or a message keeps it, so that a list of those is one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Its id.
    pub(crate) id: i64,
    /// What it shows, in words.
    pub(crate) alt: String,
    /// Pixels from left to right, in its original size.
    pub(crate) width: i64,
    /// Pixels from top to bottom.
    pub(crate) height: i64,
}

/// Where a picture is, in each size. The bytes behind an address never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MediaUrls {
    /// In all its pixels.
    #[schema(examples("/api/social/media/7/original"))]
    original: String,
    /// At most 1,200 pixels on its longest side; a smaller picture is not enlarged.
    large: String,
    /// At most 480 pixels.
    medium: String,
    /// At most 160 pixels.
    small: String,
}

impl MediaUrls {
    fn of(id: i64) -> Self {
        let [original, large, medium, small] = Size::ALL.map(|size| format!("/api/social/media/{id}/{}", size.name()));
        Self { original, large, medium, small }
    }
}

/// A picture of a post or a message, or one that stands in nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MediaResponse {
    /// Its id.
    pub(crate) id: i64,
    /// What it shows, in words.
    alt: String,
    /// Pixels from left to right, in its original size.
    width: i64,
    /// Pixels from top to bottom.
    height: i64,
    /// Where it is, in each size.
    urls: MediaUrls,
}

impl From<Kept> for MediaResponse {
    fn from(kept: Kept) -> Self {
        let Kept { id, alt, width, height } = kept;
        Self { id, alt, width, height, urls: MediaUrls::of(id) }
    }
}
