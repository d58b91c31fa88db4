//! What a product is made of, as clients write it.

use std::collections::{BTreeMap, BTreeSet};

use poligon_common::Refused;
use poligon_common::input::{Line, Prose, Slug, not_null, present};
use serde::Deserialize;
use utoipa::ToSchema;

use super::status::Status;
use crate::named::{Change, Named, named_values};
use crate::variants::VariantRequest;

/// A tag: small letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 32)]
pub(crate) struct Tag(pub(crate) String);

impl TryFrom<String> for Tag {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        Ok(Self(Line::<1, 32>::try_from(text.to_lowercase())?.0))
    }
}

/// At most 30 tags, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "Vec<Tag>")]
#[schema(value_type = Vec<Tag>, max_items = 30)]
pub(crate) struct Tags(pub(crate) BTreeSet<Tag>);

impl TryFrom<Vec<Tag>> for Tags {
    type Error = Refused;

    fn try_from(tags: Vec<Tag>) -> Result<Self, Refused> {
        if tags.len() > 30 {
            return Err(Refused::new("max_items", "must have at most 30 tags"));
        }
        Ok(Self(tags.into_iter().collect()))
    }
}

/// Most attributes of a product.
const MOST_ATTRIBUTES: usize = 50;

/// At most 50 named values in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "BTreeMap<String, String>")]
#[schema(value_type = BTreeMap<String, String>)]
pub(crate) struct Attributes(pub(crate) Named);

impl TryFrom<BTreeMap<String, String>> for Attributes {
    type Error = Refused;

    fn try_from(given: BTreeMap<String, String>) -> Result<Self, Refused> {
        Ok(Self(named_values::<MOST_ATTRIBUTES, 500>(given, "attributes")?))
    }
}

/// Attributes as a patch changes them: a value sets one, `null` takes it away, the others stay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(try_from = "BTreeMap<String, Option<String>>")]
#[schema(value_type = BTreeMap<String, Option<String>>)]
pub(crate) struct AttributesPatch(Change);

impl AttributesPatch {
    /// What `before` becomes by it.
    pub(super) fn apply(&self, before: Named) -> Result<Named, Refused> {
        self.0.apply(before, MOST_ATTRIBUTES, "attributes")
    }
}

impl TryFrom<BTreeMap<String, Option<String>>> for AttributesPatch {
    type Error = Refused;

    fn try_from(given: BTreeMap<String, Option<String>>) -> Result<Self, Refused> {
        Change::of_patch::<MOST_ATTRIBUTES, 500>(given, "attributes").map(Self)
    }
}

/// The variants that a new product begins with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(try_from = "Vec<VariantRequest>")]
#[schema(value_type = Vec<VariantRequest>, min_items = 1, max_items = 100)]
pub(crate) struct Variants(pub(crate) Vec<VariantRequest>);

impl TryFrom<Vec<VariantRequest>> for Variants {
    type Error = Refused;

    fn try_from(variants: Vec<VariantRequest>) -> Result<Self, Refused> {
        if !(1..=100).contains(&variants.len()) {
            return Err(Refused::new("items", "must have 1 to 100 variants"));
        }
        let skus: BTreeSet<&str> = variants.iter().map(|variant| variant.sku.0.as_str()).collect();
        if skus.len() < variants.len() {
            return Err(Refused::new("unique", "must have a SKU of its own for each variant"));
        }
        Ok(Self(variants))
    }
}

/// A new product.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProductRequest {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub(super) title: Line<1, 200>,
    /// Its name in addresses; made of the title when it is left out.
    pub(super) slug: Option<Slug>,
    /// What it is, in Markdown.
    #[serde(default)]
    #[schema(value_type = String, max_length = 20_000)]
    pub(super) description: Prose<20_000>,
    /// `draft` or `active`.
    pub(super) status: Option<FirstStatus>,
    /// The category that it stands in.
    #[schema(minimum = 1)]
    pub(super) category_id: Option<i64>,
    /// Words to find it by.
    #[serde(default)]
    pub(super) tags: Tags,
    /// What it has, by name.
    #[serde(default)]
    pub(super) attributes: Attributes,
    /// What can be bought of it.
    pub(super) variants: Variants,
}

/// The state that a product begins in; `draft` when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FirstStatus {
    /// Being prepared.
    Draft,
    /// For sale at once.
    Active,
}

impl FirstStatus {
    pub(super) fn status(this: Option<Self>) -> Status {
        match this {
            Some(Self::Active) => Status::Active,
            _ => Status::Draft,
        }
    }
}

/// A product as it shall be; its variants have paths of their own.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductRequest {
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub(super) title: Line<1, 200>,
    /// Its name in addresses; stays when it is left out.
    pub(super) slug: Option<Slug>,
    /// What it is, in Markdown.
    #[serde(default)]
    #[schema(value_type = String, max_length = 20_000)]
    pub(super) description: Prose<20_000>,
    /// The category that it stands in.
    #[schema(minimum = 1)]
    pub(super) category_id: Option<i64>,
    /// Words to find it by.
    #[serde(default)]
    pub(super) tags: Tags,
    /// What it has, by name.
    #[serde(default)]
    pub(super) attributes: Attributes,
}

/// What shall change of a product (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductPatch {
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, nullable = false)]
    pub(super) title: Option<Line<1, 200>>,
    /// Its name in addresses.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) slug: Option<Slug>,
    /// What it is, in Markdown.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 20_000, nullable = false)]
    pub(super) description: Option<Prose<20_000>>,
    /// The category that it stands in; `null` takes it out.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) category_id: Option<Option<i64>>,
    /// Words to find it by.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) tags: Option<Tags>,
    /// What it has, by name: what is named is set, or taken away by `null`; the others stay.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) attributes: Option<AttributesPatch>,
}

impl From<ProductRequest> for ProductPatch {
    fn from(whole: ProductRequest) -> Self {
        Self {
            title: Some(whole.title),
            slug: whole.slug,
            description: Some(whole.description),
            category_id: Some(whole.category_id),
            tags: Some(whole.tags),
            attributes: Some(AttributesPatch(Change::Whole(whole.attributes.0))),
        }
    }
}
