//! Reviews as clients write them.

use poligon_common::input::{FilterId, Line, Prose, Whole, not_null};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::status::Status;

/// A new review.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewRequest {
    /// Stars.
    #[schema(value_type = i64, minimum = 1, maximum = 5)]
    pub(super) rating: Whole<1, 5>,
    /// What it says in one line.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    pub(super) title: Line<1, 120>,
    /// The rest, in Markdown.
    #[serde(default)]
    #[schema(value_type = String, max_length = 5000)]
    pub(super) body: Prose<5000>,
}

/// What shall change of a review (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewPatch {
    /// Stars.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 5, nullable = false)]
    pub(super) rating: Option<Whole<1, 5>>,
    /// What it says in one line.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 120, nullable = false)]
    pub(super) title: Option<Line<1, 120>>,
    /// The rest, in Markdown.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 5000, nullable = false)]
    pub(super) body: Option<Prose<5000>>,
}

/// A moderator's decision.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewStatusRequest {
    /// The state that the review shall have.
    pub(super) status: Status,
    /// What the author is told.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500)]
    pub(super) note: Prose<500>,
}

/// A vote on a review.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewVoteRequest {
    /// Whether the review was helpful.
    pub(super) helpful: bool,
}

/// Which reviews of a product are asked for, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductReviewParams {
    /// Stars.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 5)]
    pub(super) rating: Option<Whole<1, 5>>,
    /// Whether the author has received the product.
    pub(super) verified: Option<bool>,
    /// The state; others than `approved` need the permission reviews:moderate.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// The order.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
}

/// An order of a product's reviews; `newest` when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = ReviewSort)]
pub(crate) enum Sort {
    /// The newest first.
    #[serde(rename = "newest")]
    Newest,
    /// The most helpful first: votes for it less votes against it.
    #[serde(rename = "helpful")]
    Helpful,
    /// The fewest stars first.
    #[serde(rename = "rating")]
    Rating,
    /// The most stars first.
    #[serde(rename = "-rating")]
    RatingDown,
}

/// Which reviews of all products are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReviewParams {
    /// The state.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// A product.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) product_id: Option<FilterId>,
    /// An author.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) user_id: Option<FilterId>,
    /// Stars.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 5)]
    pub(super) rating: Option<Whole<1, 5>>,
    /// Whether the author has received the product.
    pub(super) verified: Option<bool>,
    /// The order; `oldest` when nothing is said: who waits longest comes first.
    #[param(inline)]
    pub(super) sort: Option<QueueSort>,
}

/// An order of the reviews of all products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewQueueSort)]
pub(crate) enum QueueSort {
    /// The oldest first.
    Oldest,
    /// The newest first.
    Newest,
}

/// Which of one's own reviews are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnReviewParams {
    /// The state.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// A product.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) product_id: Option<FilterId>,
}
