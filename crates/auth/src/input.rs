//! Input types: a value that exists is valid. Rules never check a string again.

use poligon_common::Refused;
pub(crate) use poligon_common::email::Email;
use poligon_common::input::Line;
pub(crate) use poligon_common::input::{FilterId, FilterText, Remark, not_null, present};
pub(crate) use poligon_core::users::username_key;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Marks that may follow a letter: more are no writing.
const MOST_MARKS: usize = 2;

/// A user name: 3 to 32 letters with their marks, digits, `.`, `-` or `_` of any script, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Username {
    /// As typed, in normalisation form C.
    pub name: String,
    /// The form that is compared: the skeleton (UTS #39) of the small letters, so that nobody can pass for another.
    pub key: String,
}

impl PartialSchema for Username {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).examples(["ann"]);
        text.min_length(Some(3)).max_length(Some(32)).into()
    }
}

impl ToSchema for Username {}

impl TryFrom<String> for Username {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let name: String = text.nfc().collect();
        let length = name.chars().count();
        let starts = name.chars().next().is_some_and(char::is_alphanumeric);
        let mut marks = 0; // in a row: `नमस्ते` has some
        let fits = name.chars().all(|c| {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            marks <= MOST_MARKS && (marks > 0 || c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        });
        if name.to_lowercase().starts_with("deleted-") {
            return Err(Refused::new("reserved", "must not begin with deleted-: that is the name of deleted people"));
        }
        if !(3..=32).contains(&length) || !starts || !fits {
            let rule =
                "must be 3 to 32 letters, digits, dots, hyphens or underscores, beginning with a letter or digit";
            return Err(Refused::new("username", rule));
        }
        Ok(Self { key: username_key(&name), name })
    }
}

/// A name for people: 1 to 64 characters, no invisible ones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 64, examples("Ann Archer"))]
pub(crate) struct DisplayName(pub String);

impl TryFrom<String> for DisplayName {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        Line::<1, 64>::try_from(text).map(|line| Self(line.0))
    }
}

/// The address of a picture: http or https, at most 2,048 characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = "uri", max_length = 2048)]
pub(crate) struct AvatarUrl(pub String);

impl TryFrom<String> for AvatarUrl {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let refused = || Refused::new("url", "must be an http or https URL of at most 2,048 characters");
        let parsed = url::Url::parse(&text).map_err(|_| refused())?;
        let fits = text.len() <= 2048 && matches!(parsed.scheme(), "http" | "https") && parsed.username().is_empty();
        if fits { Ok(Self(parsed.into())) } else { Err(refused()) }
    }
}

/// A password to be set: 8 to 128 characters of any script, none cut.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = "password", min_length = 8, max_length = 128, examples("correct horse battery"))]
pub(crate) struct NewPassword(pub String);

impl TryFrom<String> for NewPassword {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let password = normalised(&text);
        if !(8..=128).contains(&password.chars().count()) {
            return Err(Refused::new("length", "must be 8 to 128 characters"));
        }
        Ok(Self(password))
    }
}

/// A password as typed at a login: compared, never judged. Nothing over 1,024 bytes can be one.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = "password", min_length = 1, max_length = 1024)]
pub(crate) struct Password(pub String);

impl TryFrom<String> for Password {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        if text.is_empty() || text.len() > 1024 {
            return Err(Refused::new("length", "must be 1 to 1,024 bytes"));
        }
        Ok(Self(normalised(&text)))
    }
}

/// RFC 8265, `OpaqueString`: form C, every kind of space an ordinary one, so that one password typed on two keyboards
/// is one password.
fn normalised(text: &str) -> String {
    text.nfc().map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

// A password must not be shown by a stray `{:?}`.
impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(***)")
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(***)")
    }
}

/// An opaque token: 1 to 128 visible ASCII characters; whether it is one that was issued is looked up by its hash.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 128, pattern = "^[!-~]+$")]
pub(crate) struct OpaqueToken(pub String);

impl TryFrom<String> for OpaqueToken {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        if !(1..=128).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Refused::new("token", "must be 1 to 128 visible ASCII characters"));
        }
        Ok(Self(text))
    }
}

impl std::fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpaqueToken(***)")
    }
}

/// A code of a second factor, as people type it: blanks and hyphens do not count, nor does the case of letters.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 32, pattern = "^[ -~]+$", examples("123456"))]
pub(crate) struct FactorCode(pub String);

impl TryFrom<String> for FactorCode {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        if !(1..=32).contains(&text.len()) || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(Refused::new("code", "must be 1 to 32 printable ASCII characters"));
        }
        Ok(Self(text.to_ascii_lowercase().replace([' ', '-'], "")))
    }
}

impl std::fmt::Debug for FactorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FactorCode(***)")
    }
}

/// The name of a role: 2 to 32 small Latin letters, digits, hyphens or underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{1,31}$", examples("support"))]
pub(crate) struct RoleName(pub String);

impl TryFrom<String> for RoleName {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let fits = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
        if !(2..=32).contains(&text.len()) || !fits || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(Refused::new("role", "must be 2 to 32 small letters, digits, hyphens or underscores"));
        }
        Ok(Self(text))
    }
}

impl std::str::FromStr for RoleName {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::try_from(text.to_owned())
    }
}
