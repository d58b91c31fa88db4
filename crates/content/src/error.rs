//! Every refusal of this domain.

use poligon_common::FieldError;
use poligon_common::problem::{Kind, Problem, kinds as common};
use poligon_core::db::{DbError, FromDb};
use serde_json::Value;

poligon_common::problem_kinds! {
    ROLE_TOO_LOW = 403, "role_too_low", "Role too low", "What you are here does not let you do this: authors write what is theirs, editors review and publish, owners decide on the blog and on who is in it.";
    OWN_TEXT = 403, "own_text", "Own text", "Nobody approves what they wrote themselves, unless the blog says so: another editor does.";
    LAST_BLOG_OWNER = 409, "last_blog_owner", "Last owner", "A blog has an owner as long as anybody is in it. Make somebody else an owner first.";
    BLOG_FULL = 409, "blog_full", "Blog full", "A blog has at most 200 members.";
    BLOG_NOT_EMPTY = 409, "blog_not_empty", "Blog not empty", "The blog has articles. Move or delete them first.";
    TOO_MANY_BLOGS = 409, "too_many_blogs", "Too many blogs", "Somebody is in at most 100 blogs.";
    ARTICLE_ARCHIVED = 409, "article_archived", "Article archived", "The article is in the archive: it is read, and not changed. Bring it back first.";
    SLUG_TAKEN = 409, "slug_taken", "Slug taken", "Something else has or had this slug. Choose another, or leave it out to have one made.";
    COMMENTS_CLOSED = 409, "comments_closed", "Comments closed", "No comments are taken on this article.";
    COMMENT_TOO_DEEP = 409, "comment_too_deep", "Comment too deep", "Comments stand at most six deep below each other. Reply to the one above.";
    TOO_MANY_ARTICLE_COMMENTS = 409, "too_many_article_comments", "Too many comments", "An article has at most 10,000 comments.";
    EDIT_TIME_OVER = 409, "edit_time_over", "Time is over", "A comment is changed within 15 minutes.";
    MEDIA_USED = 409, "media_used", "Media used", "The file stands in articles or blogs: take it out of them first. GET media/{id}/usage says which.";
    MEDIA_QUOTA = 409, "media_quota", "Media quota", "Whoever uploads files keeps so many bytes of them at most. Remove some that stand in nothing.";
    LINK_EXPIRED = 403, "link_expired", "Link expired", "The link was good for a while, and is no longer. Ask whoever gave it for another.";
    OWN_CONTENT = 409, "own_content", "Own content", "Nobody reports what they wrote themselves, nor decides on it.";
    ALREADY_FLAGGED = 409, "already_flagged", "Already reported", "You have reported this already, and no moderator has decided yet.";
    CASE_CLOSED = 409, "case_closed", "Case closed", "The case is decided. What is reported from now on is another case.";
    CASE_TAKEN = 409, "case_taken", "Case taken", "Another moderator has the case. Whoever takes it from them says so, with If-Match and the version in which they have it.";
    CATEGORY_CYCLE = 409, "category_cycle", "Category cycle", "A category cannot stand below itself.";
    CATEGORY_TOO_DEEP = 409, "category_too_deep", "Category too deep", "The tree of categories has at most eight levels.";
    CATEGORY_USED = 409, "category_used", "Category used", "Articles or other categories stand in the category. Say with `move_to` where they shall go.";
    TOO_MANY_CATEGORIES = 409, "too_many_categories", "Too many categories", "There are at most 2,000 categories.";
    TAG_TAKEN = 409, "tag_taken", "Tag taken", "Another tag has this name; case makes no difference. Merge the two instead.";
    TAG_USED = 409, "tag_used", "Tag used", "Articles have the tag. Say with `move_to` which one they shall have instead, or merge it into another.";
}

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the caller is does not allow it.
    #[error("{0}")]
    RoleTooLow(&'static str),
    /// The caller has written it.
    #[error("you have written this yourself: another editor approves it")]
    OwnText,
    /// Nobody else owns the blog.
    #[error("nobody else owns this blog")]
    LastBlogOwner,
    /// As many members as it can have.
    #[error("the blog has as many members as it can have")]
    BlogFull,
    /// It has so many articles.
    #[error("the blog has {0} articles")]
    BlogNotEmpty(i64),
    /// Of somebody.
    #[error("they are in as many blogs as somebody can be")]
    TooManyBlogs,
    /// It is read, and not changed.
    #[error("the article is archived")]
    ArticleArchived,
    /// From one state, to another.
    #[error("cannot go from {0} to {1}")]
    InvalidTransition(&'static str, &'static str),
    /// By something else.
    #[error("the slug {0} is taken")]
    SlugTaken(String),
    /// No comments are taken.
    #[error("no comments are taken on this article")]
    CommentsClosed,
    /// Levels that there may be.
    #[error("comments stand at most {0} deep below each other")]
    CommentTooDeep(usize),
    /// As many as an article can have.
    #[error("the article has as many comments as it can have")]
    TooManyComments,
    /// It is older than may be changed.
    #[error("the comment was written over 15 minutes ago")]
    EditTimeOver,
    /// So many articles and blogs show it.
    #[error("{0} articles or blogs show this file")]
    MediaUsed(i64),
    /// Bytes that somebody keeps, and may keep.
    #[error("{kept} of {most} bytes are used")]
    MediaQuota {
        /// Bytes that they keep.
        kept: i64,
        /// Bytes that they may keep.
        most: i64,
    },
    /// It was good once.
    #[error("the link is no longer good")]
    LinkExpired,
    /// Of the caller.
    #[error("{0}")]
    OwnContent(&'static str),
    /// The caller has reported it.
    #[error("you have reported this already")]
    AlreadyFlagged,
    /// It is decided.
    #[error("the case is closed")]
    CaseClosed,
    /// By another moderator.
    #[error("another moderator has this case")]
    CaseTaken,
    /// The category would stand below itself.
    #[error("a category cannot stand below itself")]
    CategoryCycle,
    /// Levels that there may be.
    #[error("the tree of categories has at most {0} levels")]
    CategoryTooDeep(usize),
    /// Articles, and categories right below.
    #[error("{0} articles and {1} categories stand in this category")]
    CategoryUsed(i64, i64),
    /// As many as there can be.
    #[error("there are as many categories as there can be")]
    TooManyCategories,
    /// Another tag has this name.
    #[error("there is a tag {0} already")]
    TagTaken(String),
    /// So many articles have it.
    #[error("{0} articles have this tag")]
    TagUsed(i64),
    /// `If-Match` names an older version.
    #[error("the object has changed since it was read")]
    Stale,
    /// The same of an article: what the caller had read, what is there now, what they sent.
    #[error("the article has changed since it was read")]
    Conflict(Box<Versions>),
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

/// Three versions of a text, for whoever has to bring two of them together.
#[derive(Debug, Clone, PartialEq)]
pub struct Versions {
    /// What the caller had read; `null` when their tag names no revision.
    pub base: Value,
    /// The newest revision.
    pub theirs: Value,
    /// What the caller sent.
    pub mine: Value,
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

impl Error {
    /// What kind of refusal it is.
    pub(crate) fn kind(&self) -> &'static Kind {
        match self {
            Self::RoleTooLow(_) => &ROLE_TOO_LOW,
            Self::OwnText => &OWN_TEXT,
            Self::LastBlogOwner => &LAST_BLOG_OWNER,
            Self::BlogFull => &BLOG_FULL,
            Self::BlogNotEmpty(_) => &BLOG_NOT_EMPTY,
            Self::TooManyBlogs => &TOO_MANY_BLOGS,
            Self::ArticleArchived => &ARTICLE_ARCHIVED,
            Self::InvalidTransition(..) => &common::INVALID_TRANSITION,
            Self::SlugTaken(_) => &SLUG_TAKEN,
            Self::CommentsClosed => &COMMENTS_CLOSED,
            Self::CommentTooDeep(_) => &COMMENT_TOO_DEEP,
            Self::TooManyComments => &TOO_MANY_ARTICLE_COMMENTS,
            Self::EditTimeOver => &EDIT_TIME_OVER,
            Self::MediaUsed(_) => &MEDIA_USED,
            Self::MediaQuota { .. } => &MEDIA_QUOTA,
            Self::LinkExpired => &LINK_EXPIRED,
            Self::OwnContent(_) => &OWN_CONTENT,
            Self::AlreadyFlagged => &ALREADY_FLAGGED,
            Self::CaseClosed => &CASE_CLOSED,
            Self::CaseTaken => &CASE_TAKEN,
            Self::CategoryCycle => &CATEGORY_CYCLE,
            Self::CategoryTooDeep(_) => &CATEGORY_TOO_DEEP,
            Self::CategoryUsed(..) => &CATEGORY_USED,
            Self::TooManyCategories => &TOO_MANY_CATEGORIES,
            Self::TagTaken(_) => &TAG_TAKEN,
            Self::TagUsed(_) => &TAG_USED,
            Self::Stale | Self::Conflict(_) => &common::PRECONDITION_FAILED,
            Self::NotFound => &common::NOT_FOUND,
            Self::Fields(_) => &common::VALIDATION_FAILED,
            Self::Db(_) => &common::INTERNAL, // the database's own error tells which
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (kind, detail) = (error.kind(), error.to_string());
        match error {
            Error::Fields(wrong) => Self::invalid(wrong),
            Error::Db(error) => error.into(),
            Error::InvalidTransition(from, to) => Self::new(kind).detail(detail).with("from", from).with("to", to),
            Error::Conflict(versions) => {
                let Versions { base, theirs, mine } = *versions;
                Self::new(kind).detail(detail).with("base", base).with("theirs", theirs).with("mine", mine)
            }
            _ => Self::new(kind).detail(detail),
        }
    }
}
