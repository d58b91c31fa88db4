//! Posts as clients write them, and ask for them.

use std::collections::BTreeSet;

use poligon_common::Refused;
use poligon_common::input::{FilterId, FilterText, Line, Prose, not_null};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::status::Status;

/// Most pictures of a post.
const MOST_MEDIA: usize = 4;

/// Who sees a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PostVisibility)]
pub(crate) enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Followers and friends of the author.
    Followers,
    /// Friends of the author.
    Friends,
    /// The author.
    Private,
}

impl Visibility {
    /// As it is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Followers => "followers",
            Self::Friends => "friends",
            Self::Private => "private",
        }
    }

    /// Of what is stored. The database holds nothing else (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "public" => Self::Public,
            "followers" => Self::Followers,
            "friends" => Self::Friends,
            _ => Self::Private,
        }
    }
}

/// Pictures of a post, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "Vec<i64>")]
#[schema(value_type = Vec<FilterId>, max_items = 4)]
pub(crate) struct MediaIds(pub(super) Vec<i64>);

impl TryFrom<Vec<i64>> for MediaIds {
    type Error = Refused;

    fn try_from(ids: Vec<i64>) -> Result<Self, Refused> {
        if ids.len() > MOST_MEDIA {
            return Err(Refused::new("max_items", format!("must be at most {MOST_MEDIA} pictures")));
        }
        if ids.iter().any(|id| *id < 1) {
            return Err(Refused::new("range", "must be ids, which are 1 or more"));
        }
        if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
            return Err(Refused::new("duplicate", "must not name a picture twice"));
        }
        Ok(Self(ids))
    }
}

fn no_words() -> Line<0, 200> {
    Line(String::new())
}

/// A new post.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostRequest {
    /// What it says, in Markdown; may be empty when there are pictures.
    #[serde(default)]
    #[schema(value_type = String, max_length = 5000)]
    pub(super) body: Prose<5000>,
    /// Who sees it.
    #[serde(default)]
    pub(super) visibility: Visibility,
    /// What readers are told before they see the rest.
    #[serde(default = "no_words")]
    #[schema(value_type = String, max_length = 200)]
    pub(super) content_warning: Line<0, 200>,
    /// Pictures of one's own that stand in nothing yet, each once.
    #[serde(default)]
    #[schema(value_type = Vec<FilterId>, max_items = 4)]
    pub(super) media_ids: MediaIds,
}

/// What shall change of a post (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostPatch {
    /// What it says, in Markdown; may be empty when there are pictures.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 5000, nullable = false)]
    pub(super) body: Option<Prose<5000>>,
    /// Who sees it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) visibility: Option<Visibility>,
    /// What readers are told before they see the rest.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 200, nullable = false)]
    pub(super) content_warning: Option<Line<0, 200>>,
}

/// A moderator's decision on a post.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostStatusRequest {
    /// The state that the post shall have: `removed`, or `published` again.
    pub(super) status: Status,
    /// Why.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500)]
    pub(super) note: Prose<500>,
}

/// Whether a post takes comments.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentsLockRequest {
    /// Nobody comments while it is so.
    pub(super) locked: bool,
}

/// A list of posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Feed {
    /// The caller's own posts and those of people whom they follow, without muted people.
    Home,
    /// Public posts of everybody, without people whom the caller has muted.
    Global,
    /// Posts of one person: `user_id`.
    User,
    /// Posts with a hashtag: `tag`.
    Tag,
    /// What the caller has bookmarked, the last first.
    Bookmarks,
}

/// Which posts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PostParams {
    /// The list. When it is not given, it follows from `user_id` or `tag`; with `q` alone it is everything that the caller
    /// sees; else it is `home` for who is logged in, and `global` for everybody else.
    #[param(inline)]
    pub(super) feed: Option<Feed>,
    /// The person of the feed `user`.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) user_id: Option<FilterId>,
    /// The hashtag of the feed `tag`, with or without its `#`.
    #[param(value_type = Option<String>, max_length = 50)]
    pub(super) tag: Option<FilterText<50>>,
    /// Words, in Russian or English; a post holds every one. The last may be the beginning of a word, from three
    /// letters on. Posts of muted people are found, too, but in the feeds that leave them out.
    #[param(value_type = Option<String>, max_length = 200)]
    pub(super) q: Option<FilterText<200>>,
}

/// Whose view of a post is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VisibilityParams {
    /// The person who looks; nobody who is logged in when it is not given.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) viewer: Option<FilterId>,
}
