//! Conversations as clients write them.

use poligon_common::FieldError;
use poligon_common::input::{FilterId, FilterText, Ids, Line, Prose, Whole};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::role::{Kind, Role};
use crate::error::Error;

/// The largest number that every JSON reader takes for what it is.
const LARGEST: i64 = 9_007_199_254_740_991;

/// A new conversation: `direct` with `user_id`, `group` with `title` and `member_ids`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatRequest {
    /// What it is.
    pub(super) kind: Kind,
    /// The other one of a direct conversation.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) user_id: Option<FilterId>,
    /// The name of a group.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub(super) title: Option<Line<1, 100>>,
    /// Who else is in the group from its beginning.
    #[serde(default)]
    #[schema(value_type = Option<Vec<FilterId>>, max_items = 499)]
    pub(super) member_ids: Option<Ids<0, 499>>,
}

/// A new conversation that says what its kind needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NewChat {
    Direct { other_id: i64 },
    Group { title: String, member_ids: Vec<i64> },
}

impl NewChat {
    /// Everybody but the one who begins it.
    pub(super) fn others(&self) -> Vec<i64> {
        match self {
            Self::Direct { other_id } => vec![*other_id],
            Self::Group { member_ids, .. } => member_ids.clone(),
        }
    }
}

impl TryFrom<ChatRequest> for NewChat {
    type Error = Error;

    fn try_from(given: ChatRequest) -> Result<Self, Error> {
        let ChatRequest { kind, user_id, title, member_ids } = given;
        let missing = |name: &str| FieldError::new(name, "required", "is required for this kind");
        let extra = |name: &str, is: bool| is.then(|| FieldError::new(name, "unexpected", "is not for this kind"));
        let wrong: Vec<Option<FieldError>> = match (kind, user_id, title) {
            (Kind::Direct, Some(other), None) if member_ids.is_none() => {
                return Ok(Self::Direct { other_id: other.0 });
            }
            (Kind::Group, None, Some(title)) => {
                let member_ids = member_ids.map(|ids| ids.0).unwrap_or_default();
                return Ok(Self::Group { title: title.0, member_ids });
            }
            (Kind::Direct, other, title) => vec![
                other.is_none().then(|| missing("/user_id")),
                extra("/title", title.is_some()),
                extra("/member_ids", member_ids.is_some()),
            ],
            (Kind::Group, other, title) => {
                vec![title.is_none().then(|| missing("/title")), extra("/user_id", other.is_some())]
            }
        };
        Err(Error::Fields(wrong.into_iter().flatten().collect()))
    }
}

/// What shall change of a group (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatPatch {
    /// Its name.
    #[serde(default, deserialize_with = "poligon_common::input::not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) title: Option<Line<1, 100>>,
}

/// People who shall come into a group.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMembersRequest {
    /// Who.
    #[schema(value_type = Vec<FilterId>, min_items = 1, max_items = 499)]
    pub(super) user_ids: Ids<1, 499>,
}

/// What somebody shall be in a group.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChatRoleRequest {
    /// The role; `owner` hands the group over.
    pub(super) role: Role,
}

/// A new message: words, pictures, or both.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageRequest {
    /// What it says, in Markdown. May be empty when there are pictures.
    #[serde(default)]
    #[schema(value_type = String, max_length = 4000)]
    pub(super) body: Prose<4000>,
    /// The message of this conversation that it answers.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) reply_to: Option<FilterId>,
    /// Pictures of one's own that stand in nothing yet.
    #[serde(default)]
    #[schema(value_type = Vec<FilterId>, max_items = 4)]
    pub(super) media_ids: Ids<0, 4>,
}

/// What a message shall say instead (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagePatch {
    /// What it says, in Markdown. May be empty when there are pictures.
    #[serde(default, deserialize_with = "poligon_common::input::not_null")]
    #[schema(value_type = Option<String>, max_length = 4000, nullable = false)]
    pub(super) body: Option<Prose<4000>>,
}

/// How far somebody has read.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadRequest {
    /// The number of the last message that was read.
    #[schema(value_type = i64, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub(super) number: Whole<0, LARGEST>,
}

/// Which of one's conversations are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChatParams {
    /// Whether those that strangers have begun, and that wait for an answer, are asked for instead of one's own.
    #[param(default = false)]
    pub(super) requests: Option<bool>,
}

/// Which part of a conversation is asked for; the newest page when nothing is said.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryParams {
    /// Messages with smaller numbers, from there backwards.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub(super) before: Option<Whole<1, LARGEST>>,
    /// Messages with larger numbers, from there forwards.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub(super) after: Option<Whole<0, LARGEST>>,
}

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchParams {
    /// Words; the last may be the beginning of one.
    #[param(value_type = String, max_length = 200)]
    pub(super) q: FilterText<200>,
}
