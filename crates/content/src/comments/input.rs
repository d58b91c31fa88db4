//! What clients send about comments.

use poligon_common::Refused;
use poligon_common::input::{FilterId, Prose, Remark, not_null};
use poligon_common::markdown::is_seen;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::status::Status;

/// What a comment says: at most 5,000 characters of which something is seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Prose<5000>")]
pub(super) struct Said(pub(super) String);

impl TryFrom<Prose<5000>> for Said {
    type Error = Refused;

    fn try_from(Prose(text): Prose<5000>) -> Result<Self, Refused> {
        if is_seen(&text) { Ok(Self(text)) } else { Err(Refused::new("empty", "must say something")) }
    }
}

/// A new comment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleCommentRequest)]
pub(crate) struct CommentRequest {
    /// What it says, in Markdown without headings, pictures and HTML.
    #[schema(value_type = String, min_length = 1, max_length = 5000, examples("It helped me, **thank you**."))]
    pub(super) body: Said,
    /// The comment that it replies to; to the article without it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) parent_id: Option<FilterId>,
}

/// What shall change of a comment (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleCommentPatch)]
pub(crate) struct CommentPatch {
    /// What it says.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000, nullable = false)]
    pub(super) body: Option<Said>,
}

/// A decision on a comment.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleCommentDecision)]
pub(crate) struct DecisionRequest {
    /// The state that it shall have; not `pending`.
    pub(super) status: Status,
    /// Why.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500)]
    pub(super) reason: Remark,
}

/// Whether comments are taken.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleDiscussionRequest)]
pub(crate) struct DiscussionRequest {
    /// Whether they are.
    pub(super) open: bool,
}

/// Which comments on an article are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BranchParams {
    /// The comment whose replies are asked for; those to the article without it.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) parent_id: Option<FilterId>,
    /// The order; `oldest` unless said.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
}

/// An order of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArticleCommentSort)]
pub(crate) enum Sort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// Which comments moderators ask for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CommentParams {
    /// The state.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// The article.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) article_id: Option<FilterId>,
    /// Who has written them.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) author_id: Option<FilterId>,
    /// The order; `oldest` unless said.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
}
