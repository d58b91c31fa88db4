//! What clients send about articles.

use poligon_common::Refused;
use poligon_common::input::{FilterId, Ids, Line, Prose, Slug, not_null, present};
use poligon_core::db::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::content::{Content, Language};
use crate::tags::TagNames;

/// An address on the web: `http` or `https`, at most 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct WebUrl(String);

impl TryFrom<String> for WebUrl {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let refused = || Refused::new("url", "must be an address that begins with http:// or https://");
        if text.chars().count() > 2_000 {
            return Err(Refused::new("length", "must be at most 2000 characters"));
        }
        let url = url::Url::parse(text.trim()).map_err(|_| refused())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !url.username().is_empty() {
            return Err(refused());
        }
        let whole = String::from(url);
        if whole.len() > 2_000 {
            return Err(Refused::new("length", "must be at most 2000 characters, as it stands in an address"));
        }
        Ok(Self(whole))
    }
}

/// A new article.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewArticleRequest)]
pub(crate) struct NewArticleRequest {
    /// The blog that it shall stand in; in none without it.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) blog_id: Option<FilterId>,
    /// Its name in addresses; made of the title when it is left out.
    #[serde(default)]
    pub(super) slug: Option<Slug>,
    /// Its title.
    #[schema(value_type = String, min_length = 1, max_length = 200, examples("How to test a checkout"))]
    title: Line<1, 200>,
    /// The language that it is written in.
    #[serde(default)]
    language: Language,
    /// Its text in Markdown (`CommonMark` and GFM). HTML inside of it is shown as text. A request is at most 256 KiB, so
    /// the longest text in letters of three bytes does not fit.
    #[serde(default)]
    #[schema(value_type = String, max_length = 100_000)]
    pub(super) body: Prose<100_000>,
    /// What lists show of it; how the text begins when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 300)]
    excerpt: Option<Line<1, 300>>,
    /// What search engines show for its title.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 70)]
    meta_title: Option<Line<1, 70>>,
    /// What search engines show below.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 160)]
    meta_description: Option<Line<1, 160>>,
    /// Where it was published first, when that is elsewhere (RFC 6596).
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000, pattern = "^https?://[^\\s]+$")]
    canonical_url: Option<WebUrl>,
    /// The image that it is shown with: the id of a public one of the caller's own, or of anybody's for editors.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    cover_id: Option<FilterId>,
    /// Who has written it, in order: people who may write there. The caller alone when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<i64>>, min_items = 1, max_items = 10)]
    author_ids: Option<Ids<1, 10>>,
    /// The categories that it shall stand in, in order.
    #[serde(default)]
    #[schema(value_type = Vec<i64>, max_items = 10)]
    category_ids: Ids<0, 10>,
    /// Its tags, in order. Those that are not there are made.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20)]
    tags: TagNames,
}

fn text<const LEAST: usize, const MOST: usize>(line: Option<&Line<LEAST, MOST>>) -> Option<String> {
    line.map(|line| line.0.clone())
}

impl NewArticleRequest {
    /// What it says, written by the caller unless it says otherwise.
    pub(super) fn content(&self, user_id: i64) -> Content {
        Content {
            title: self.title.0.clone(),
            language: self.language,
            body: self.body.0.clone(),
            excerpt: text(self.excerpt.as_ref()),
            meta_title: text(self.meta_title.as_ref()),
            meta_description: text(self.meta_description.as_ref()),
            canonical_url: self.canonical_url.as_ref().map(|url| url.0.clone()),
            cover_id: self.cover_id.map(|id| id.0),
            author_ids: self.author_ids.as_ref().map_or_else(|| vec![user_id], |ids| ids.0.clone()),
            category_ids: self.category_ids.0.clone(),
            tags: self.tags.0.clone(),
        }
    }
}

/// An article as it shall be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleRequest)]
pub(crate) struct ArticleRequest {
    /// Its name in addresses; stays when it is left out.
    #[serde(default)]
    slug: Option<Slug>,
    /// Its title.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: Line<1, 200>,
    /// The language that it is written in.
    #[serde(default)]
    language: Language,
    /// Its text in Markdown (`CommonMark` and GFM). HTML inside of it is shown as text. A request is at most 256 KiB, so
    /// the longest text in letters of three bytes does not fit.
    #[serde(default)]
    #[schema(value_type = String, max_length = 100_000)]
    body: Prose<100_000>,
    /// What lists show of it; how the text begins when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 300)]
    excerpt: Option<Line<1, 300>>,
    /// What search engines show for its title.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 70)]
    meta_title: Option<Line<1, 70>>,
    /// What search engines show below.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 160)]
    meta_description: Option<Line<1, 160>>,
    /// Where it was published first, when that is elsewhere (RFC 6596).
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2000, pattern = "^https?://[^\\s]+$")]
    canonical_url: Option<WebUrl>,
    /// The image that it is shown with: the id of a public one of the caller's own, or of anybody's for editors.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    cover_id: Option<FilterId>,
    /// Who has written it, in order; they stay when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<i64>>, min_items = 1, max_items = 10)]
    author_ids: Option<Ids<1, 10>>,
    /// The categories that it shall stand in, in order.
    #[serde(default)]
    #[schema(value_type = Vec<i64>, max_items = 10)]
    category_ids: Ids<0, 10>,
    /// Its tags, in order. Those that are not there are made.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20)]
    tags: TagNames,
}

impl From<ArticleRequest> for ArticlePatch {
    fn from(whole: ArticleRequest) -> Self {
        Self {
            slug: whole.slug,
            title: Some(whole.title),
            language: Some(whole.language),
            body: Some(whole.body),
            excerpt: Some(whole.excerpt),
            meta_title: Some(whole.meta_title),
            meta_description: Some(whole.meta_description),
            canonical_url: Some(whole.canonical_url),
            cover_id: Some(whole.cover_id),
            author_ids: whole.author_ids,
            category_ids: Some(whole.category_ids),
            tags: Some(whole.tags),
        }
    }
}

/// What shall change of an article (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticlePatch)]
pub(crate) struct ArticlePatch {
    /// Its name in addresses. Earlier ones lead to it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) slug: Option<Slug>,
    /// Its title.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, nullable = false)]
    title: Option<Line<1, 200>>,
    /// The language that it is written in.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    language: Option<Language>,
    /// Its text in Markdown (`CommonMark` and GFM).
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 100_000, nullable = false)]
    pub(super) body: Option<Prose<100_000>>,
    /// What lists show of it; `null` for how the text begins.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 300)]
    excerpt: Option<Option<Line<1, 300>>>,
    /// What search engines show for its title.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 70)]
    meta_title: Option<Option<Line<1, 70>>>,
    /// What search engines show below.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 160)]
    meta_description: Option<Option<Line<1, 160>>>,
    /// Where it was published first, when that is elsewhere (RFC 6596).
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 2000, pattern = "^https?://[^\\s]+$")]
    canonical_url: Option<Option<WebUrl>>,
    /// The image that it is shown with: the id of a public one of the caller's own, or of anybody's for editors; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    cover_id: Option<Option<FilterId>>,
    /// Who has written it, in order: people who may write there.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<i64>>, min_items = 1, max_items = 10, nullable = false)]
    author_ids: Option<Ids<1, 10>>,
    /// The categories that it shall stand in, in order.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<i64>>, max_items = 10, nullable = false)]
    category_ids: Option<Ids<0, 10>>,
    /// Its tags, in order. Those that are not there are made.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<String>>, max_items = 20, nullable = false)]
    tags: Option<TagNames>,
}

impl ArticlePatch {
    /// What an article says when this is changed of it.
    pub(super) fn apply(&self, before: Content) -> Content {
        Content {
            title: self.title.as_ref().map_or(before.title, |title| title.0.clone()),
            language: self.language.unwrap_or(before.language),
            body: self.body.as_ref().map_or(before.body, |body| body.0.clone()),
            excerpt: self.excerpt.as_ref().map_or(before.excerpt, |given| text(given.as_ref())),
            meta_title: self.meta_title.as_ref().map_or(before.meta_title, |given| text(given.as_ref())),
            meta_description: self
                .meta_description
                .as_ref()
                .map_or(before.meta_description, |given| text(given.as_ref())),
            canonical_url: self
                .canonical_url
                .as_ref()
                .map_or(before.canonical_url, |given| given.as_ref().map(|url| url.0.clone())),
            cover_id: self.cover_id.map_or(before.cover_id, |given| given.map(|id| id.0)),
            author_ids: self.author_ids.as_ref().map_or(before.author_ids, |ids| ids.0.clone()),
            category_ids: self.category_ids.as_ref().map_or(before.category_ids, |ids| ids.0.clone()),
            tags: self.tags.as_ref().map_or(before.tags, |tags| tags.0.clone()),
        }
    }
}

/// The blog that an article shall stand in.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleBlogRequest)]
pub(crate) struct BlogOfArticle {
    /// Its id; `null` for none.
    #[schema(value_type = Option<i64>, minimum = 1)]
    #[serde(deserialize_with = "Option::deserialize")]
    pub(super) blog_id: Option<FilterId>,
}

/// What an editor wants changed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleChangesRequest)]
pub(crate) struct ChangesRequest {
    /// What, and why.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    pub(super) note: Line<1, 1000>,
}

/// When an article shall be published.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ArticleScheduleRequest)]
pub(crate) struct ScheduleRequest {
    /// An instant to come, within a year.
    #[schema(value_type = String, format = DateTime)]
    pub(super) publish_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::WebUrl;

    #[test]
    fn an_address_is_one_of_the_web() {
        let url = |text: &str| WebUrl::try_from(text.to_owned()).map(|url| url.0).map_err(|refused| refused.code);
        assert_eq!(url("https://example.com/a b").unwrap(), "https://example.com/a%20b");
        assert_eq!(url("http://пример.рф").unwrap(), "http://xn--e1afmkfd.xn--p1ai/");
        for bad in ["", "javascript:alert(1)", "/a", "//a", "https://", "ftp://a", "https://me:pw@example.com"] {
            assert_eq!(url(bad), Err("url"), "{bad}");
        }
        assert_eq!(url(&format!("https://example.com/{}", "a".repeat(2_000))), Err("length"));
    }
}
