//! What clients send about blogs.

use poligon_common::input::{FilterId, Line, Prose, Slug, not_null, present};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::role::BlogRole;

/// A new blog.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlogRequest {
    /// Its name in addresses; made of the title when it is left out.
    pub(super) slug: Option<Slug>,
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Notes on testing"))]
    pub(super) title: Line<1, 100>,
    /// What it is about.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
    /// The image that it is shown with: the id of a public one of the caller's own, or of anybody's for editors.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) cover_id: Option<FilterId>,
    /// Whether its editors and owners approve what they wrote themselves.
    #[serde(default)]
    pub(super) self_approval: bool,
}

/// What shall change of a blog (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlogPatch {
    /// Its name in addresses.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) slug: Option<Slug>,
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) title: Option<Line<1, 100>>,
    /// What it is about.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 2000, nullable = false)]
    pub(super) description: Option<Prose<2000>>,
    /// The image that it is shown with: the id of a public one of the caller's own, or of anybody's for editors; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) cover_id: Option<Option<FilterId>>,
    /// Whether its editors and owners approve what they wrote themselves.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) self_approval: Option<bool>,
}

/// What somebody shall be in a blog.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlogRoleRequest {
    /// The role.
    pub(super) role: BlogRole,
}

/// Which blogs are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BlogParams {
    /// Only those that the caller is in.
    #[param(default = false)]
    pub(super) mine: Option<bool>,
}
