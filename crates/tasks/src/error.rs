//! Every refusal of this domain.

use poligon_common::FieldError;
use poligon_common::problem::{Kind, Problem, kinds as common};
use poligon_core::db::{DbError, FromDb};

poligon_common::problem_kinds! {
    ROLE_TOO_LOW = 403, "role_too_low", "Role too low", "Your role in this team or project does not let you do this; and nobody gives a role above their own, or takes one from somebody above them.";
    ARCHIVED = 409, "archived", "Archived", "The project is archived: it is read, and not changed. Bring it back first.";
    LAST_OWNER = 409, "last_owner", "Last owner", "A team has an owner as long as anybody is in it. Make somebody else an owner first.";
    ALREADY_IN_TEAM = 409, "already_in_team", "Already in the team", "You are in this team already.";
    ALREADY_INVITED = 409, "already_invited", "Already invited", "An invitation to this address is open. Take it back first to send another one.";
    TEAM_FULL = 409, "team_full", "Team full", "A team has at most 500 members, and at most 100 open invitations.";
    TOO_MANY_TEAMS = 409, "too_many_teams", "Too many teams", "Somebody is in at most 200 teams.";
    TEAM_NOT_EMPTY = 409, "team_not_empty", "Team not empty", "The team has projects. Delete them first.";
    TOO_MANY_PROJECTS = 409, "too_many_projects", "Too many projects", "A team has at most 200 projects.";
    PROJECT_FULL = 409, "project_full", "Project full", "A project has at most 500 members of its own.";
    PROJECT_KEY_TAKEN = 409, "project_key_taken", "Key taken", "Another project of the team has this key.";
}

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller has deleted their account.
    #[error("this account is gone")]
    AccountGone,
    /// The caller's role does not allow it; the least that does.
    #[error("this needs a higher role than yours")]
    RoleTooLow,
    /// The project is archived.
    #[error("the project is archived")]
    Archived,
    /// Nobody else owns the team.
    #[error("nobody else owns this team")]
    LastOwner,
    /// The caller is in it.
    #[error("you are in this team already")]
    AlreadyInTeam,
    /// There is an open invitation.
    #[error("an invitation to this address is open")]
    AlreadyInvited,
    /// As many members or invitations as it can.
    #[error("{0}")]
    TeamFull(&'static str),
    /// Of the caller.
    #[error("you are in as many teams as somebody can be")]
    TooManyTeams,
    /// It has projects.
    #[error("the team has {0} projects")]
    TeamNotEmpty(i64),
    /// As many projects as it can have.
    #[error("the team has as many projects as it can have")]
    TooManyProjects,
    /// As many members as it can have.
    #[error("the project has as many members of its own as it can have")]
    ProjectFull,
    /// Another project has this key.
    #[error("the key {0} is taken in this team")]
    ProjectKeyTaken(String),
    /// `If-Match` names an older version.
    #[error("the object has changed since it was read")]
    Stale,
    /// No such object, or none that the caller may know of.
    #[error("there is no such object")]
    NotFound,
    /// Fields that only the database could check.
    #[error("{}", .0.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldError>),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Error {
    /// One wrong field.
    pub(crate) fn field(pointer: &str, code: &str, message: &str) -> Self {
        Self::Fields(vec![FieldError::new(pointer, code, message)])
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl FromDb for Error {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind: &'static Kind = match error {
            Error::AccountGone => return Self::unauthenticated(),
            Error::RoleTooLow => &ROLE_TOO_LOW,
            Error::Archived => &ARCHIVED,
            Error::LastOwner => &LAST_OWNER,
            Error::AlreadyInTeam => &ALREADY_IN_TEAM,
            Error::AlreadyInvited => &ALREADY_INVITED,
            Error::TeamFull(_) => &TEAM_FULL,
            Error::TooManyTeams => &TOO_MANY_TEAMS,
            Error::TeamNotEmpty(_) => &TEAM_NOT_EMPTY,
            Error::TooManyProjects => &TOO_MANY_PROJECTS,
            Error::ProjectFull => &PROJECT_FULL,
            Error::ProjectKeyTaken(_) => &PROJECT_KEY_TAKEN,
            Error::Stale => &common::PRECONDITION_FAILED,
            Error::NotFound => &common::NOT_FOUND,
            Error::Fields(wrong) => return Self::invalid(wrong),
            Error::Db(error) => return error.into(),
        };
        Self::new(kind).detail(error.to_string())
    }
}
