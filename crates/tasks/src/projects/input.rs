//! What clients send about projects.

use poligon_common::Refused;
use poligon_common::input::{FilterId, Line, Prose, not_null};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::role::ProjectRole;

/// The key of a project, which its cards are numbered under: 2 to 10 capital Latin letters and digits, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Z][A-Z0-9]{1,9}$", examples("QA"))]
pub(crate) struct ProjectKey(pub String);

impl TryFrom<String> for ProjectKey {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = (2..=10).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if fits {
            return Ok(Self(text));
        }
        Err(Refused::new("project_key", "must be 2 to 10 capital Latin letters and digits, a letter first"))
    }
}

/// A new project.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectRequest {
    /// The team that works on it.
    pub(super) team_id: FilterId,
    /// What its cards are numbered under.
    pub(super) key: ProjectKey,
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Checkout"))]
    pub(super) name: Line<1, 100>,
    /// What it is about.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
}

/// What shall change of a project (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectPatch {
    /// What its cards are numbered under.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) key: Option<ProjectKey>,
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) name: Option<Line<1, 100>>,
    /// What it is about.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 2000, nullable = false)]
    pub(super) description: Option<Prose<2000>>,
}

/// Which projects are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProjectParams {
    /// Of one team only.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) team_id: Option<FilterId>,
    /// Those that are archived, or those that are not; all without it.
    pub(super) archived: Option<bool>,
}

/// What somebody shall be in a project.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectMemberRequest {
    /// The role.
    pub(super) role: ProjectRole,
}
