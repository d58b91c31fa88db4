//! Comments as clients write them.

use poligon_common::Refused;
use poligon_common::input::{FilterId, Prose, Whole, not_null};
use poligon_common::markdown::is_seen;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::status::Decision;

/// Longest comment, in characters.
const LONGEST: usize = 2_000;

/// What a comment says: Markdown of 1 to 2,000 characters, of which one at least is seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct CommentBody(pub(super) String);

impl TryFrom<String> for CommentBody {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let Prose(text) = Prose::<LONGEST>::try_from(text)?;
        if is_seen(&text) {
            Ok(Self(text))
        } else {
            Err(Refused::new("length", "must be 1 to 2000 characters, one of them visible"))
        }
    }
}

/// A new comment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentRequest {
    /// What it says, in Markdown.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub(super) body: CommentBody,
    /// The comment of the same post that it replies to; the post itself when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) parent_id: Option<FilterId>,
}

/// What shall change of a comment (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentPatch {
    /// What it says, in Markdown.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000, nullable = false)]
    pub(super) body: Option<CommentBody>,
}

/// Whether replies are taken.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentLockRequest {
    /// Whether nobody replies to the comment, and to what stands below it.
    pub(super) locked: bool,
}

/// A moderator's decision.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentStatusRequest {
    /// The state that the comment shall have.
    pub(super) status: Decision,
    /// Why, for the moderation log and the author.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500)]
    pub(super) note: Prose<500>,
}

/// Which comments of a post are asked for, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CommentParams {
    /// The comment whose direct replies are asked for; those of the post when it is left out.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) parent_id: Option<FilterId>,
    /// The order.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
    /// How many levels are answered: with 2 or 3 each comment has its first replies in `replies`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 3, default = 1)]
    pub(super) depth: Option<Whole<1, 3>>,
}

/// An order of comments; `top` when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CommentSort)]
pub(crate) enum Sort {
    /// The most reactions first, of as many the newest.
    Top,
    /// The newest first.
    New,
    /// The oldest first.
    Old,
}
