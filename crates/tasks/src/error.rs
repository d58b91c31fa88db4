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
    TOO_MANY_BOARDS = 409, "too_many_boards", "Too many boards", "A project has at most 100 boards.";
    TOO_MANY_COLUMNS = 409, "too_many_columns", "Too many columns", "A board has at most 30 columns.";
    TOO_MANY_LABELS = 409, "too_many_labels", "Too many labels", "A board has at most 100 labels.";
    TOO_MANY_CARDS = 409, "too_many_cards", "Too many cards", "A board has at most 25,000 cards, those in the archive and in the trash included.";
    COLUMN_NOT_EMPTY = 409, "column_not_empty", "Column not empty", "Cards stand in the column. Move them to another one first.";
    LABEL_NAME_TAKEN = 409, "label_name_taken", "Label name taken", "Another label of the board has this name; case makes no difference.";
    NO_COLUMN = 409, "no_column", "No column", "The board has no column that a card could stand in. Make one first.";
    COLUMN_FULL = 409, "column_full", "Column full", "The column has no more room.";
    WIP_LIMIT_REACHED = 409, "wip_limit_reached", "WIP limit reached", "As many cards stand in the column as may be worked on at the same time. Move one out of it, or raise its limit.";
    CARD_ARCHIVED = 409, "card_archived", "Card archived", "The card is in the archive: it is read, and not changed. Bring it back first.";
    TOO_MANY_COMMENTS = 409, "too_many_comments", "Too many comments", "A card has at most 1,000 comments.";
    TOO_MANY_ATTACHMENTS = 409, "too_many_attachments", "Too many attachments", "A card has at most 50 attachments.";
    CHECKLIST_FULL = 409, "checklist_full", "Checklist full", "A card has at most 20 checklists, and a checklist at most 100 items.";
    NOT_YOURS = 403, "not_yours", "Not yours", "Somebody else wrote this: only they change it.";
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
    /// As many boards as a project can have.
    #[error("the project has as many boards as it can have")]
    TooManyBoards,
    /// As many columns as a board can have.
    #[error("the board has as many columns as it can have")]
    TooManyColumns,
    /// As many labels as a board can have.
    #[error("the board has as many labels as it can have")]
    TooManyLabels,
    /// As many cards as a board can have.
    #[error("the board has as many cards as it can have")]
    TooManyCards,
    /// So many cards stand in it.
    #[error("{0} cards stand in this column")]
    ColumnNotEmpty(i64),
    /// Another label has this name.
    #[error("the board has a label {0} already")]
    LabelNameTaken(String),
    /// Nothing for a card to stand in.
    #[error("the board has no columns")]
    NoColumn,
    /// No rank is left.
    #[error("the column has no more room")]
    ColumnFull,
    /// The column, and how many cards may stand in it.
    #[error("at most {1} cards may stand in {0} at the same time")]
    WipLimitReached(String, i64),
    /// The card is archived.
    #[error("the card is archived")]
    CardArchived,
    /// As many comments as a card can have.
    #[error("the card has as many comments as it can have")]
    TooManyComments,
    /// As many attachments as a card can have.
    #[error("the card has {0} attachments, as many as it can have")]
    TooManyAttachments(i64),
    /// As many checklists or items as there can be.
    #[error("{0}")]
    ChecklistFull(&'static str),
    /// Somebody else wrote it.
    #[error("somebody else wrote this")]
    NotYours,
    /// `If-Match` names an older version.
    #[error("the object has changed since it was read")]
    Stale,
    /// No such object, or none that the caller may know of.
    #[error("there is no such object")]
    NotFound,
    /// No object, or none that the caller may know of, has the id in this member of the body.
    #[error("{0} is the id of nothing that you may know of")]
    Unknown(&'static str),
    /// Fields that only the database could check.
    #[error("{}", .0.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldError>),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Error {
    /// This, unless nothing is found by an id that the body names: then it says which.
    pub(crate) fn named(self, member: &'static str) -> Self {
        match self {
            Self::NotFound => Self::Unknown(member),
            other => other,
        }
    }

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

impl Error {
    /// What kind of refusal it is.
    pub(crate) fn kind(&self) -> &'static Kind {
        match self {
            Self::AccountGone => &common::UNAUTHENTICATED,
            Self::RoleTooLow => &ROLE_TOO_LOW,
            Self::Archived => &ARCHIVED,
            Self::LastOwner => &LAST_OWNER,
            Self::AlreadyInTeam => &ALREADY_IN_TEAM,
            Self::AlreadyInvited => &ALREADY_INVITED,
            Self::TeamFull(_) => &TEAM_FULL,
            Self::TooManyTeams => &TOO_MANY_TEAMS,
            Self::TeamNotEmpty(_) => &TEAM_NOT_EMPTY,
            Self::TooManyProjects => &TOO_MANY_PROJECTS,
            Self::ProjectFull => &PROJECT_FULL,
            Self::ProjectKeyTaken(_) => &PROJECT_KEY_TAKEN,
            Self::TooManyBoards => &TOO_MANY_BOARDS,
            Self::TooManyColumns => &TOO_MANY_COLUMNS,
            Self::TooManyLabels => &TOO_MANY_LABELS,
            Self::TooManyCards => &TOO_MANY_CARDS,
            Self::ColumnNotEmpty(_) => &COLUMN_NOT_EMPTY,
            Self::LabelNameTaken(_) => &LABEL_NAME_TAKEN,
            Self::NoColumn => &NO_COLUMN,
            Self::ColumnFull => &COLUMN_FULL,
            Self::WipLimitReached(..) => &WIP_LIMIT_REACHED,
            Self::CardArchived => &CARD_ARCHIVED,
            Self::TooManyComments => &TOO_MANY_COMMENTS,
            Self::TooManyAttachments(_) => &TOO_MANY_ATTACHMENTS,
            Self::ChecklistFull(_) => &CHECKLIST_FULL,
            Self::NotYours => &NOT_YOURS,
            Self::Stale => &common::PRECONDITION_FAILED,
            Self::NotFound | Self::Unknown(_) => &common::NOT_FOUND,
            Self::Fields(_) => &common::VALIDATION_FAILED,
            Self::Db(_) => &common::INTERNAL, // the database's own error tells which
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::AccountGone => Self::unauthenticated(),
            Error::Fields(wrong) => Self::invalid(wrong),
            Error::Db(error) => error.into(),
            other => Self::new(other.kind()).detail(other.to_string()),
        }
    }
}
