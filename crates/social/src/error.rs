//! Every refusal of this domain.

use poligon_common::FieldError;
use poligon_common::problem::{Kind, Problem, kinds as common};
use poligon_core::db::{DbError, FromDb};

poligon_common::problem_kinds! {
    NOT_YOURS = 403, "not_yours", "Not yours", "Only whoever wrote this changes it, and only they and moderators remove it.";
    SUSPENDED = 403, "suspended", "Suspended", "A moderator has suspended this account in the social network: until suspended_until it writes nothing.";
    // Posts and media.
    TOO_MUCH_MEDIA = 409, "too_much_media", "Too much media", "A person has at most 100 pictures that stand in nothing yet. Use or delete some first.";
    MEDIA_IN_USE = 409, "media_in_use", "Media in use", "The picture stands in a post or a message: change that instead.";
    // Comments.
    COMMENTS_LOCKED = 409, "comments_locked", "Comments locked", "The post, or a comment above this one, takes no more replies.";
    THREAD_TOO_DEEP = 409, "thread_too_deep", "Thread too deep", "A reply stands at most 50 levels below its post. Reply to a comment further up.";
    // People.
    OWN_ACCOUNT = 409, "own_account", "Own account", "Nobody follows, befriends, mutes or blocks themselves.";
    LOCKED_ACCOUNT = 403, "locked_account", "Locked account", "The lists of people of a locked account are seen by its followers and friends. Ask to follow it.";
    BLOCKED = 409, "blocked", "Blocked", "You have blocked this person. Unblock them first.";
    // Chats.
    NOT_ADMIN = 403, "not_admin", "Not an administrator", "Only the owner and the administrators of a group do this, and nobody to somebody of their own rank or above.";
    NOT_MEMBER = 403, "not_member", "Not a member", "You have left this group, or were removed from it: you read what was written until then.";
    CHAT_FULL = 409, "chat_full", "Chat full", "A group has at most 500 members.";
    TOO_MANY_CHATS = 409, "too_many_chats", "Too many chats", "Somebody is in at most 4,000 conversations, and begins at most 200 groups a day.";
    ALREADY_MEMBER = 409, "already_member", "Already a member", "This person is in the group already.";
    DIRECT_CHAT = 409, "direct_chat", "Direct chat", "A direct chat has its two people and no title.";
    EDIT_TOO_LATE = 409, "edit_too_late", "Too late to edit", "A message can be changed for 15 minutes, and taken back for 24 hours.";
    REQUEST_PENDING = 409, "request_pending", "Request pending", "The other person has not accepted this conversation yet: until then it holds one message.";
    // Sockets.
    FOREIGN_ORIGIN = 403, "foreign_origin", "Foreign origin", "The page that opens the socket is of another origin than this service and those of server.allowed_origins.";
    INVALID_TICKET = 401, "invalid_ticket", "Invalid ticket", "The ticket was used, has expired after its minute, or never was one; or its session has ended. Ask for a new one.";
    RESUME_TOO_LATE = 409, "resume_too_late", "Too late to resume", "A connection resumes once, and before it is told what is new: within a second, and before any other frame. Connect again with the cursor.";
    UPGRADE_REQUIRED = 426, "upgrade_required", "Upgrade required", "This path speaks WebSocket (RFC 6455, version 13) only.";
    // Moderation.
    ALREADY_REPORTED = 409, "already_reported", "Already reported", "You have reported this already, and no moderator has decided yet.";
    OWN_REPORT = 409, "own_report", "Own report", "Nobody reports themselves, or what they wrote: delete it.";
    HIGHER_RANK = 403, "higher_rank", "Of a higher rank", "Whoever has permissions that you lack is suspended by somebody who has them, too.";
    OWN_CASE = 403, "own_case", "Own case", "A moderator does not decide on what is about themselves: another one does.";
}

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else wrote it.
    #[error("this is not yours to do that with")]
    NotYours,
    /// The caller has deleted their account.
    #[error("this account is gone")]
    AccountGone,
    /// The caller is suspended until then.
    #[error("this account is suspended until {0}")]
    Suspended(poligon_core::db::Timestamp),
    // Posts and media.
    /// Too many pictures that nothing holds.
    #[error("{0} pictures stand in nothing yet")]
    TooMuchMedia(i64),
    /// A picture of a post or a message.
    #[error("the picture is in use")]
    MediaInUse,
    // Comments.
    /// No more replies.
    #[error("no more replies are taken here")]
    CommentsLocked,
    /// Below the deepest level.
    #[error("a reply stands at most {0} levels deep")]
    ThreadTooDeep(i64),
    // People.
    /// Oneself.
    #[error("this is your own account")]
    OwnAccount,
    /// A list of a locked account, of which the caller is neither a follower nor a friend.
    #[error("only followers and friends of this account see its lists")]
    LockedAccount,
    /// The caller has blocked that person.
    #[error("you have blocked this person")]
    Blocked,
    // Chats.
    /// The caller's rank in the group is too low.
    #[error("this needs a higher rank in the group")]
    NotAdmin,
    /// The caller has gone from the group.
    #[error("you are not in this group any more")]
    NotMember,
    /// The group has as many members as it can.
    #[error("the group has {0} members, and no more can come")]
    ChatFull(i64),
    /// Of the caller or of somebody whom they add.
    #[error("{0}")]
    TooManyChats(&'static str),
    /// That person is in the group.
    #[error("this person is in the group already")]
    AlreadyMember,
    /// Not a group.
    #[error("this is a direct chat")]
    DirectChat,
    /// The time for it is over.
    #[error("the time to do this is over")]
    EditTooLate,
    /// Waits for the other person.
    #[error("the other person has not accepted the conversation yet")]
    RequestPending,
    // Moderation.
    /// There is an open report of the caller.
    #[error("you have an open report of this")]
    AlreadyReported,
    /// The reporter's own.
    #[error("this is your own")]
    OwnReport,
    /// About the moderator.
    #[error("this is about yourself")]
    OwnCase,
    /// The person has this permission, which the moderator lacks.
    #[error("this person has the permission {0}, which you lack")]
    HigherRank(String),
    /// A refused move between states: from, to.
    #[error("what is {0} cannot become {1}")]
    InvalidTransition(&'static str, &'static str),
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
            Error::NotYours => &NOT_YOURS,
            Error::AccountGone => return Self::unauthenticated(),
            Error::Suspended(_) => &SUSPENDED,
            // Posts and media.
            Error::TooMuchMedia(_) => &TOO_MUCH_MEDIA,
            Error::MediaInUse => &MEDIA_IN_USE,
            // Comments.
            Error::CommentsLocked => &COMMENTS_LOCKED,
            Error::ThreadTooDeep(_) => &THREAD_TOO_DEEP,
            // People.
            Error::OwnAccount => &OWN_ACCOUNT,
            Error::LockedAccount => &LOCKED_ACCOUNT,
            Error::Blocked => &BLOCKED,
            // Chats.
            Error::NotAdmin => &NOT_ADMIN,
            Error::NotMember => &NOT_MEMBER,
            Error::ChatFull(_) => &CHAT_FULL,
            Error::TooManyChats(_) => &TOO_MANY_CHATS,
            Error::AlreadyMember => &ALREADY_MEMBER,
            Error::DirectChat => &DIRECT_CHAT,
            Error::EditTooLate => &EDIT_TOO_LATE,
            Error::RequestPending => &REQUEST_PENDING,
            // Moderation.
            Error::AlreadyReported => &ALREADY_REPORTED,
            Error::OwnReport => &OWN_REPORT,
            Error::OwnCase => &OWN_CASE,
            Error::HigherRank(_) => &HIGHER_RANK,
            Error::InvalidTransition(..) => &common::INVALID_TRANSITION,
            Error::Stale => &common::PRECONDITION_FAILED,
            Error::NotFound => &common::NOT_FOUND,
            Error::Fields(wrong) => return Self::invalid(wrong),
            Error::Db(error) => return error.into(),
        };
        let problem = Self::new(kind).detail(error.to_string());
        match error {
            Error::InvalidTransition(from, to) => problem.with("from", from).with("to", to),
            Error::Suspended(until) => problem.with("suspended_until", serde_json::json!(until)),
            _ => problem,
        }
    }
}
