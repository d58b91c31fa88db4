//! What clients tell.

use poligon_common::extract::Items;
use poligon_common::input::{FilterId, has_invisible};
use poligon_common::{FieldError, Refused};
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kind::Kind;
use super::record::Fact;

/// Most events of one request.
pub(super) const MOST: usize = 500;
/// How far the clock of a client may be ahead.
const AHEAD: chrono::Duration = chrono::Duration::minutes(5);
/// How late an event may come.
const LATE: chrono::Duration = chrono::Duration::days(30);

/// What a client names an event: 1 to 64 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct EventId(String);

impl TryFrom<String> for EventId {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if fits { Ok(Self(text)) } else { Err(Refused::new("format", "must be 1 to 64 letters, digits, - and _")) }
    }
}

/// The name of an event that a client makes up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct EventName(String);

impl TryFrom<String> for EventName {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let fits =
            (1..=64).contains(&text.len()) && letters && text.starts_with(|first: char| first.is_ascii_lowercase());
        let refused = || Refused::new("format", "must be 1 to 64 small letters, digits and _, a letter first");
        if fits { Ok(Self(text)) } else { Err(refused()) }
    }
}

/// The path of a page, without what stands behind `?` and `#`, which may be private.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PagePath(String);

impl TryFrom<String> for PagePath {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        if !text.starts_with('/') || text.contains(['?', '#']) {
            return Err(Refused::new("path", "must begin with / and have no ? and no #"));
        }
        if text.chars().count() > 200 {
            return Err(Refused::new("length", "must be at most 200 characters"));
        }
        if has_invisible(&text) {
            return Err(Refused::new("characters", "must have no control characters and no invisible ones"));
        }
        Ok(Self(text))
    }
}

/// What a client saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientEventKind {
    /// A page was shown: `path`.
    PageView,
    /// A product was shown: `object_id`.
    ProductView,
    /// An article was shown: `object_id`.
    ArticleView,
    /// Something else: `name`.
    Custom,
}

/// Something that a client saw.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientEvent {
    /// What the client names it: the same from the same person is counted once.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    id: EventId,
    /// What it saw.
    kind: ClientEventKind,
    /// When; without it, now. Within the last thirty days, and at most five minutes ahead.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The page.
    #[schema(value_type = Option<String>, pattern = "^/[^?#\\u0000-\\u001f]*$", max_length = 200)]
    path: Option<PagePath>,
    /// The product or the article.
    #[schema(value_type = Option<i64>, minimum = 1)]
    object_id: Option<FilterId>,
    /// What it is called.
    #[schema(value_type = Option<String>, pattern = "^[a-z][a-z0-9_]{0,63}$")]
    name: Option<EventName>,
}

/// What happens when one of them is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventsMode {
    /// The others are taken.
    #[default]
    SkipBad,
    /// None is.
    AllOrNothing,
}

/// What clients saw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsRequest {
    /// What happens when one of them is wrong.
    #[serde(default)]
    pub(super) mode: EventsMode,
    /// Who sends them, of those who are not logged in: events of one client are told apart by their ids, and those of two clients are
    /// never the same. Without it, all guests are one client. It is not kept for those who are logged in.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    pub(super) client_id: Option<EventId>,
    /// 1 to 500 events.
    #[schema(value_type = Vec<ClientEvent>, min_items = 1, max_items = 500)]
    pub(super) events: Items<ClientEvent>,
}

/// One event that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RefusedEvent {
    /// Its place, from 0.
    pub(super) index: usize,
    /// What is wrong with it, with pointers into the event.
    pub(super) errors: Vec<FieldError>,
}

/// What has become of events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventsResponse {
    /// How many are counted now.
    pub(super) accepted: usize,
    /// How many were counted before, or stand in the request twice.
    pub(super) duplicates: usize,
    /// Those that were not taken.
    pub(super) refused: Vec<RefusedEvent>,
}

/// Who sends events.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    user_id: Option<i64>,
    name: String,
}

impl Sender {
    /// A person, or a guest.
    pub(super) fn new(user_id: Option<i64>, client: Option<&EventId>) -> Self {
        let guest = || client.map(|client| format!("guest-{}", client.0)).unwrap_or_default();
        Self { user_id, name: user_id.map_or_else(guest, |id| id.to_string()) }
    }
}

impl ClientEvent {
    /// The fact that it tells, or everything that is wrong with it.
    pub(super) fn fact(&self, whose: &Sender, now: Timestamp) -> Result<Fact, Vec<FieldError>> {
        let (kind, first, object_id) = match self.kind {
            ClientEventKind::PageView => (Kind::PageView, self.path.as_ref().map(|path| path.0.clone()), None),
            ClientEventKind::ProductView => (Kind::ProductView, self.object(), self.object_id),
            ClientEventKind::ArticleView => (Kind::ArticleView, self.object(), self.object_id),
            ClientEventKind::Custom => (Kind::Custom, self.name.as_ref().map(|name| name.0.clone()), None),
        };
        let given =
            [("path", self.path.is_some()), ("object_id", self.object_id.is_some()), ("name", self.name.is_some())];
        let needed = match self.kind {
            ClientEventKind::PageView => "path",
            ClientEventKind::ProductView | ClientEventKind::ArticleView => "object_id",
            ClientEventKind::Custom => "name",
        };
        let mut wrong: Vec<FieldError> = given
            .into_iter()
            .filter_map(|(name, is_given)| match (name == needed, is_given) {
                (true, false) => Some(FieldError::new(format!("/{name}"), "required", "is required for this kind")),
                (false, true) => {
                    Some(FieldError::new(format!("/{name}"), "unexpected", "does not belong to this kind"))
                }
                _ => None,
            })
            .collect();
        let at = self.at.unwrap_or(now);
        if at > now + AHEAD {
            wrong.push(FieldError::new("/at", "future", "must be at most five minutes ahead"));
        } else if at < now - LATE {
            wrong.push(FieldError::new("/at", "too_late", "must be within the last thirty days"));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let fact = Fact::new(kind, format!("client:{}:{}", whose.name, self.id.0), at, whose.user_id);
        Ok(Fact { first: first.unwrap_or_default(), object_id: object_id.map(|id| id.0), ..fact })
    }

    fn object(&self) -> Option<String> {
        self.object_id.map(|id| id.0.to_string())
    }
}
