//! Links that let whoever has them read a private file, for a while. What they are good for is signed, and nothing is stored.

use poligon_core::db::Timestamp;
use poligon_core::security::KeyRing;

/// What a link says of itself, in the query of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Seconds since 1970, in UTC.
    pub(super) expires: i64,
    pub(super) signature: String,
}

/// What becomes of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its bearer comes in.
    Good,
    /// It did, once.
    Expired,
    /// It was made by somebody else, or of another link.
    Forged,
}

/// What is signed: a medium, the file that it has, and until when.
fn signed(id: i64, file: &str, expires: i64) -> String {
    format!("content.media:{id}:{file}:{expires}")
}

impl Link {
    /// A link to the file of a medium, until `expires`.
    pub(super) fn new(keys: &KeyRing, id: i64, file: &str, expires: Timestamp) -> Self {
        let expires = expires.seconds();
        Self { expires, signature: keys.sign_link(&signed(id, file, expires)) }
    }

    /// Whether it leads to the file of a medium now.
    pub(super) fn verdict(&self, keys: &KeyRing, id: i64, file: &str, now: Timestamp) -> Verdict {
        if !keys.fits_link(&signed(id, file, self.expires), &self.signature) {
            return Verdict::Forged;
        }
        if now.seconds() < self.expires { Verdict::Good } else { Verdict::Expired }
    }

    /// The address that it is.
    pub(super) fn url(&self, id: i64) -> String {
        format!("/api/content/media/{id}/file?expires={}&signature={}", self.expires, self.signature)
    }
}
