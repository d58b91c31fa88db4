//! The states of an article, and the acts that bring it from one to another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;

/// The state of an article, or of the draft beside a published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArticleStatus)]
pub(crate) enum Status {
    /// Being written.
    Draft,
    /// Waits for an editor.
    InReview,
    /// An editor wants it changed.
    ChangesRequested,
    /// An editor has approved it.
    Approved,
    /// Will be published by itself.
    Scheduled,
    /// Everybody sees it.
    Published,
    /// Put away, to be read by those who work on it.
    Archived,
}

impl Status {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::ChangesRequested => "changes_requested",
            Self::Approved => "approved",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "in_review" => Self::InReview,
            "changes_requested" => Self::ChangesRequested,
            "approved" => Self::Approved,
            "scheduled" => Self::Scheduled,
            "published" => Self::Published,
            "archived" => Self::Archived,
            _ => Self::Draft,
        }
    }
}

/// What somebody does about an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Submit,
    Approve,
    RequestChanges,
    Schedule,
    Publish,
    Unpublish,
    Archive,
}

impl Act {
    /// All of them, in the order in which an article meets them.
    pub(super) const ALL: [Self; 7] = [
        Self::Submit,
        Self::Approve,
        Self::RequestChanges,
        Self::Schedule,
        Self::Publish,
        Self::Unpublish,
        Self::Archive,
    ];

    /// As the history has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Submit => "submitted",
            Self::Approve => "approved",
            Self::RequestChanges => "changes_requested",
            Self::Schedule => "scheduled",
            Self::Publish => "published",
            Self::Unpublish => "unpublished",
            Self::Archive => "archived",
        }
    }

    /// Where it would lead, for whoever is refused.
    pub(super) fn aim(self) -> Status {
        match self {
            Self::Submit => Status::InReview,
            Self::Approve => Status::Approved,
            Self::RequestChanges => Status::ChangesRequested,
            Self::Schedule => Status::Scheduled,
            Self::Publish => Status::Published,
            Self::Unpublish => Status::Draft,
            Self::Archive => Status::Archived,
        }
    }
}

/// How an article stands: its state, and that of the draft beside it when it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) status: Status,
    pub(crate) draft: Option<Status>,
}

impl Stand {
    /// Without a draft beside it.
    pub(super) fn plain(status: Status) -> Self {
        Self { status, draft: None }
    }

    /// The state of what is worked on.
    pub(super) fn at(self) -> Status {
        self.draft.unwrap_or(self.status)
    }

    /// What is worked on comes into another state.
    fn with(self, status: Status) -> Self {
        if self.status == Status::Published { Self { draft: Some(status), ..self } } else { Self::plain(status) }
    }

    /// What a save makes of it: what somebody has approved, or is about to, is no longer what is written there.
    pub(super) fn saved(self) -> Result<Self, Error> {
        match self.at() {
            Status::Archived => Err(Error::ArticleArchived),
            Status::ChangesRequested => Ok(self),
            _ => Ok(self.with(Status::Draft)),
        }
    }

    /// What an act makes of it.
    pub(super) fn after(self, act: Act) -> Result<Self, Error> {
        use Status::{Approved, Archived, ChangesRequested, Draft, InReview, Published, Scheduled};
        let done = match (act, self.at()) {
            (Act::Submit, Draft | ChangesRequested) => self.with(InReview),
            (Act::Approve, InReview) => self.with(Approved),
            (Act::RequestChanges, InReview | Approved | Scheduled) => self.with(ChangesRequested),
            (Act::Schedule, Approved | Scheduled) => self.with(Scheduled),
            (Act::Publish, Approved | Scheduled) => Self::plain(Published),
            (Act::Unpublish, at) if self.status == Published => Self::plain(match at {
                Published => Draft,
                Scheduled => Approved, // what is taken back is not published by itself
                at => at,
            }),
            (Act::Unpublish, Scheduled) => Self::plain(Approved),
            (Act::Unpublish, Archived) => Self::plain(Draft),
            (Act::Archive, at) if at != Archived => Self::plain(Archived),
            (act, at) => return Err(Error::InvalidTransition(at.name(), act.aim().name())),
        };
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 7] = [
        Status::Draft,
        Status::InReview,
        Status::ChangesRequested,
        Status::Approved,
        Status::Scheduled,
        Status::Published,
        Status::Archived,
    ];

    #[test]
    fn what_is_stored_is_read_back() {
        for status in ALL {
            assert_eq!(Status::of(status.name()), status);
            assert_eq!(serde_json::json!(status), status.name());
        }
    }

    /// For each state, by act: where it leads.
    #[test]
    fn the_way_of_an_article() {
        let lead =
            |status: Status| Act::ALL.map(|act| Stand::plain(status).after(act).map_or("-", |after| after.at().name()));
        let no = "-";
        assert_eq!(lead(Status::Draft), ["in_review", no, no, no, no, no, "archived"]);
        assert_eq!(lead(Status::InReview), [no, "approved", "changes_requested", no, no, no, "archived"]);
        assert_eq!(lead(Status::ChangesRequested), ["in_review", no, no, no, no, no, "archived"]);
        assert_eq!(lead(Status::Approved), [no, no, "changes_requested", "scheduled", "published", no, "archived"]);
        assert_eq!(
            lead(Status::Scheduled),
            [no, no, "changes_requested", "scheduled", "published", "approved", "archived"]
        );
        assert_eq!(lead(Status::Published), [no, no, no, no, no, "draft", "archived"]);
        assert_eq!(lead(Status::Archived), [no, no, no, no, no, "draft", no]);
    }

    #[test]
    fn a_draft_beside_what_is_published_goes_its_own_way() {
        let beside = |draft| Stand { status: Status::Published, draft: Some(draft) };
        assert_eq!(Stand::plain(Status::Published).saved().unwrap(), beside(Status::Draft));
        assert_eq!(beside(Status::Draft).after(Act::Submit).unwrap(), beside(Status::InReview));
        assert_eq!(beside(Status::InReview).after(Act::Approve).unwrap(), beside(Status::Approved));
        assert_eq!(beside(Status::Approved).saved().unwrap(), beside(Status::Draft));
        assert_eq!(beside(Status::Approved).after(Act::Publish).unwrap(), Stand::plain(Status::Published));
        assert_eq!(beside(Status::InReview).after(Act::Unpublish).unwrap(), Stand::plain(Status::InReview));
        assert_eq!(beside(Status::Scheduled).after(Act::Unpublish).unwrap(), Stand::plain(Status::Approved));
        assert_eq!(beside(Status::Scheduled).after(Act::Archive).unwrap(), Stand::plain(Status::Archived));
    }

    #[test]
    fn a_save_takes_an_approval_back_and_leaves_what_is_archived() {
        let saved = ALL.map(|status| Stand::plain(status).saved().map_or("-", |after| after.at().name()));
        assert_eq!(saved, ["draft", "draft", "changes_requested", "draft", "draft", "draft", "-"]);
    }
}
