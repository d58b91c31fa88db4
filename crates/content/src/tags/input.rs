//! What clients send about tags.

use std::collections::BTreeSet;

use poligon_common::Refused;
use poligon_common::input::{FilterId, Line, Slug, not_null};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

/// The name of a tag: one line of at most 50 characters, with a letter or a digit in it, and without commas, which part tags.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct TagName(pub(crate) String);

impl TagName {
    /// The form of a name that is compared.
    pub(crate) fn key(&self) -> String {
        self.0.nfkc().flat_map(char::to_lowercase).nfkc().collect()
    }
}

impl TryFrom<String> for TagName {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let Line(name) = Line::<1, 50>::try_from(text)?;
        if name.contains(',') || !name.chars().any(char::is_alphanumeric) {
            return Err(Refused::new("tag", "must have a letter or a digit, and no comma"));
        }
        Ok(Self(name))
    }
}

/// Tags of an article: at most 20, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<TagName>")]
pub(crate) struct TagNames(pub(crate) Vec<TagName>);

impl TryFrom<Vec<TagName>> for TagNames {
    type Error = Refused;

    fn try_from(given: Vec<TagName>) -> Result<Self, Refused> {
        if given.len() > 20 {
            return Err(Refused::new("max_items", "must be at most 20 tags"));
        }
        if given.iter().map(TagName::key).collect::<BTreeSet<_>>().len() < given.len() {
            return Err(Refused::new("duplicate", "must hold each tag once; case makes no difference"));
        }
        Ok(Self(given))
    }
}

/// A tag as it shall be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentTagRequest)]
pub(crate) struct TagRequest {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 50, examples("testing"))]
    pub(super) name: TagName,
    /// Its name in addresses; made of the name when it is left out.
    pub(super) slug: Option<Slug>,
}

/// What shall change of a tag (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentTagPatch)]
pub(crate) struct TagPatch {
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50, nullable = false)]
    pub(super) name: Option<TagName>,
    /// Its name in addresses.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) slug: Option<Slug>,
}

/// Into which tag another goes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentTagMerge)]
pub(crate) struct MergeRequest {
    /// The tag that stays.
    pub(super) into_id: FilterId,
}

#[cfg(test)]
mod tests {
    use super::{TagName, TagNames};

    fn name(text: &str) -> Result<TagName, &'static str> {
        TagName::try_from(text.to_owned()).map_err(|refused| refused.code)
    }

    #[test]
    fn a_name_says_something_and_has_no_comma() {
        assert_eq!(name(" C++ ").unwrap().0, "C++");
        assert_eq!(name("+"), Err("tag"));
        assert_eq!(name("a,b"), Err("tag"));
        assert_eq!(name(""), Err("length"));
        assert_eq!(name("a\u{202e}b"), Err("characters"));
    }

    #[test]
    fn names_that_differ_by_case_are_one() {
        let two = vec![name("Тесты").unwrap(), name("ТЕСТЫ").unwrap()];
        assert_eq!(TagNames::try_from(two).unwrap_err().code, "duplicate");
        assert_eq!(TagNames::try_from(vec![name("a").unwrap(); 21]).unwrap_err().code, "max_items");
    }
}
