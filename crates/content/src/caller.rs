//! Who calls, as far as the rules of this domain ask.

use poligon_common::CurrentUser;

use crate::permissions::{ARTICLES_APPROVE_OWN, ARTICLES_PUBLISH, ARTICLES_WRITE, CONTENT_MODERATE};

/// Somebody who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user_id: i64,
    /// Writes articles that stand in no blog, and founds blogs.
    pub(crate) writes: bool,
    /// Sees, reviews and publishes everybody's articles.
    pub(crate) publishes: bool,
    /// Approves what they wrote themselves.
    pub(crate) approves_own: bool,
    /// Decides on what others say of articles.
    pub(crate) moderates: bool,
}

impl Caller {
    /// Of the request.
    pub(crate) fn of(user: &CurrentUser) -> Self {
        Self {
            user_id: user.user_id,
            writes: user.may(ARTICLES_WRITE),
            publishes: user.may(ARTICLES_PUBLISH),
            approves_own: user.may(ARTICLES_APPROVE_OWN),
            moderates: user.may(CONTENT_MODERATE),
        }
    }

    /// The same of a request that need not have one.
    pub(crate) fn of_any(user: Option<&CurrentUser>) -> Option<Self> {
        user.map(Self::of)
    }
}
