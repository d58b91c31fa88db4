//! E-mail addresses.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use validator::ValidateEmail as _;

use crate::input::has_invisible;
use crate::problem::Refused;

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Email {
    /// As typed, without spaces around it, in normalisation form C.
    pub address: String,
    /// The form that is compared: small letters, the domain in ASCII (RFC 5890).
    pub key: String,
}

impl PartialSchema for Email {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(254)).examples(["ann@example.com"]);
        text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Email))).into()
    }
}

impl ToSchema for Email {}

impl TryFrom<String> for Email {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let refused = || Refused::new("email", "must be an e-mail address of at most 254 characters");
        let address: String = text.trim().nfc().collect();
        if address.chars().count() > 254 || has_invisible(&address) || !address.validate_email() {
            return Err(refused());
        }
        let (local, domain) = address.rsplit_once('@').ok_or_else(refused)?;
        let domain = url::Host::parse(domain).map_err(|_| refused())?.to_string();
        let key = format!("{}@{domain}", fold(local));
        Ok(Self { address, key })
    }
}

/// Compatibility form, small letters: what two spellings of a name have in common.
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}
