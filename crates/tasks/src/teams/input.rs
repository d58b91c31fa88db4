//! What clients send about teams.

use poligon_common::email::Email;
use poligon_common::input::{Line, Prose, not_null};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::role::TeamRole;

/// A new team.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamRequest {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Quality"))]
    pub(super) name: Line<1, 100>,
    /// What it is for.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
}

/// What shall change of a team (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamPatch {
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) name: Option<Line<1, 100>>,
    /// What it is for.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 2000, nullable = false)]
    pub(super) description: Option<Prose<2000>>,
}

/// What somebody shall be in a team.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamRoleRequest {
    /// The role.
    pub(super) role: TeamRole,
}

/// Whom to ask in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamInvitationRequest {
    /// Where the mail goes.
    #[schema(value_type = String, format = "email", max_length = 254, examples("ann@example.com"))]
    pub(super) email: Email,
    /// What they shall be in the team.
    pub(super) role: TeamRole,
}

/// An invitation, by what stands in its mail.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationTokenRequest {
    /// The token of the mail.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub(super) token: Line<1, 200>,
}
