//! What goes over a socket: the forms of frames, which the `AsyncAPI` document shows as well.

use poligon_common::extract::parse_json;
use poligon_common::{FieldError, Problem};
use poligon_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What a frame of the server tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FrameKind {
    /// The connection is there.
    Ready,
    /// A message was sent.
    Message,
    /// A message was changed.
    Edit,
    /// A message was deleted or removed.
    Delete,
    /// Somebody reacts to a message in another way, or not any more.
    Reaction,
    /// Somebody came into a conversation, left it, or has another role.
    Member,
    /// A conversation has changed.
    Chat,
    /// Somebody has read up to a message.
    Read,
    /// Somebody writes.
    Typing,
    /// Somebody is there, or is no more.
    Presence,
    /// A notification is new or has changed.
    Notification,
    /// A frame of the client could not be taken.
    Error,
    /// The answer to `ping`.
    Pong,
    /// Everything that was missed has been told.
    Resumed,
}

impl FrameKind {
    /// The name in the frame.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Message => "message",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::Reaction => "reaction",
            Self::Member => "member",
            Self::Chat => "chat",
            Self::Read => "read",
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Notification => "notification",
            Self::Error => "error",
            Self::Pong => "pong",
            Self::Resumed => "resumed",
        }
    }

    /// The kind of an event in the log of a conversation.
    pub(super) fn of_event(kind: &str) -> Option<Self> {
        [Self::Message, Self::Edit, Self::Delete, Self::Reaction, Self::Member, Self::Chat]
            .into_iter()
            .find(|known| known.name() == kind)
    }
}

/// A frame of the server.
#[derive(Debug, Serialize)]
pub(super) struct Frame<'a> {
    #[serde(rename = "type")]
    pub(super) kind: FrameKind,
    pub(super) n: u64,
    pub(super) chat_id: Option<i64>,
    pub(super) seq: Option<i64>,
    pub(super) cursor: Option<&'a str>,
    pub(super) data: &'a RawValue,
}

/// The connection is there.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReadyData {
    /// A name for this connection, for logs.
    pub(super) connection_id: String,
    /// Whose it is.
    pub(super) user_id: i64,
}

/// Somebody has read up to a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReadData {
    /// Who.
    pub(super) user_id: i64,
    /// The number of the last message that they have read.
    pub(super) number: i64,
}

/// Somebody writes. It holds for five seconds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TypingData {
    /// Who.
    pub(super) user_id: i64,
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PresenceStatus {
    /// Connected.
    Online,
    /// Not connected.
    Offline,
}

/// A friend, or the other one of a direct conversation, comes or goes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PresenceData {
    /// Who.
    pub(super) user_id: i64,
    /// Whether they are there.
    pub(super) status: PresenceStatus,
}

/// Why a frame could not be taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorData {
    /// Stable name: that of a problem of the API.
    pub(super) code: String,
    /// The same in words.
    pub(super) message: String,
    /// The wrong fields of the frame.
    pub(super) errors: Vec<FieldError>,
}

impl From<&Problem> for ErrorData {
    fn from(problem: &Problem) -> Self {
        let (code, errors) = (problem.kind().code.to_owned(), problem.fields().to_vec());
        Self { code, message: problem.message().to_owned(), errors }
    }
}

/// The answer to `ping`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PongData {
    /// The time of the server.
    #[schema(value_type = String, format = DateTime)]
    pub(super) at: Timestamp,
}

/// Everything that was missed has been told.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResumedData {
    /// How many frames that were.
    pub(super) frames: u64,
}

/// Who the client is: the first frame of a socket that was opened without a ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientAuth {
    /// `auth`
    #[serde(rename = "type")]
    _kind: String,
    /// The access token.
    pub(super) token: String,
    /// That of the last frame that the client has worked on, when it comes back: everything behind it is told first.
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

/// Asks for everything behind a cursor, where the opening named none. Once on a connection, and before any other frame:
/// what is new waits a second for it, and then it is too late.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientResume {
    /// `resume`
    #[serde(rename = "type")]
    _kind: String,
    /// That of the last frame that the client has worked on.
    pub(super) cursor: String,
}

/// Tells the others of a conversation that the person writes. At most one in three seconds is passed on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientTyping {
    /// `typing`
    #[serde(rename = "type")]
    _kind: String,
    /// The conversation.
    #[schema(minimum = 1)]
    pub(super) chat_id: i64,
}

/// Moves the person's read marker; it never goes back. As `PUT /api/social/chats/{id}/read` does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientRead {
    /// `read`
    #[serde(rename = "type")]
    _kind: String,
    /// The conversation.
    #[schema(minimum = 1)]
    pub(super) chat_id: i64,
    /// The number of the last message that was read.
    #[schema(minimum = 0)]
    pub(super) number: i64,
}

/// Asks whether the server is there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientPing {
    /// `ping`
    #[serde(rename = "type")]
    _kind: String,
}

/// A frame of the client.
#[derive(Debug)]
pub(super) enum Asked {
    Auth(ClientAuth),
    Resume(ClientResume),
    Typing(ClientTyping),
    Read(ClientRead),
    Ping,
}

/// Reads a frame of the client, or tells every wrong field.
pub(super) fn parse(text: &[u8]) -> Result<Asked, Problem> {
    let tree = serde_json::from_slice::<Value>(text).ok();
    match tree.as_ref().and_then(|tree| tree.get("type")).and_then(Value::as_str) {
        Some("auth") => parse_json(text).map(Asked::Auth),
        Some("resume") => parse_json(text).map(Asked::Resume),
        Some("typing") => parse_json(text).map(Asked::Typing),
        Some("read") => parse_json(text).map(Asked::Read),
        // Without a type it is refused as what has none.
        Some("ping") | None => parse_json::<ClientPing>(text).map(|_| Asked::Ping),
        Some(_) => Err(Problem::invalid_field("/type", "unknown_value", "must be auth, resume, typing, read or ping")),
    }
}
