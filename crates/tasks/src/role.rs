//! What somebody is in a team, or in a project.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody is in a team. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TeamRole)]
pub(crate) enum TeamRole {
    /// Reads.
    Viewer,
    /// Works on what is there.
    Member,
    /// Also makes projects, invites and removes people below, and gives roles below.
    Admin,
    /// Also deletes the team, and decides on owners and administrators.
    Owner,
}

impl TeamRole {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            "member" => Self::Member,
            _ => Self::Viewer,
        }
    }

    /// What this makes somebody in every project of the team.
    pub(crate) fn in_projects(self) -> ProjectRole {
        match self {
            Self::Viewer => ProjectRole::Viewer,
            Self::Member => ProjectRole::Member,
            Self::Admin | Self::Owner => ProjectRole::Admin,
        }
    }

    /// Whether somebody with this role decides on what somebody with another is: an owner on everybody, an administrator on
    /// those below.
    pub(crate) fn decides_on(self, other: Self) -> bool {
        self == Self::Owner || (self == Self::Admin && other < Self::Admin)
    }
}

/// What somebody is in a project. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProjectRole)]
pub(crate) enum ProjectRole {
    /// Reads.
    Viewer,
    /// Works on what is there.
    Member,
    /// Also changes the project itself, and who is in it.
    Admin,
}

impl ProjectRole {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// The role that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "admin" => Self::Admin,
            "member" => Self::Member,
            _ => Self::Viewer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ProjectRole, TeamRole};

    #[test]
    fn what_is_stored_is_read_back() {
        for role in TeamRole::ALL {
            assert_eq!(TeamRole::of(role.name()), role);
            assert_eq!(serde_json::json!(role), role.name());
        }
        for role in [ProjectRole::Viewer, ProjectRole::Member, ProjectRole::Admin] {
            assert_eq!(ProjectRole::of(role.name()), role);
            assert_eq!(serde_json::json!(role), role.name());
        }
    }

    #[test]
    fn owners_decide_on_all_and_administrators_on_those_below() {
        let all = TeamRole::ALL;
        let decided = all.map(|role| all.map(|other| u8::from(role.decides_on(other))));
        assert_eq!(decided, [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]]);
    }
}
