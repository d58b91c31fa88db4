//! Access tokens (JWT, RFC 7519, by the rules of RFC 8725 and RFC 9068) and opaque tokens.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::KeyRing;
use crate::config::SecurityConfig;
use crate::db::Timestamp;
use crate::random;

/// `typ` of an access token (RFC 9068), so that no other JWT is taken for one.
const TYPE: &str = "at+jwt";
/// The only algorithm.
const ALGORITHM: Algorithm = Algorithm::HS256;
/// No honest token is longer, in bytes.
const LONGEST: usize = 4_096;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The person's id, in decimal.
    pub sub: String,
    /// The session.
    pub sid: i64,
    /// This token's own id.
    pub jti: String,
    /// Issued at, not before, expires at: seconds since 1970.
    pub iat: i64,
    /// See `iat`.
    pub nbf: i64,
    /// See `iat`.
    pub exp: i64,
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// Roles at the time of issue, for clients; the server looks them up anew.
    pub roles: Vec<String>,
    /// How the person proved themselves (RFC 8176).
    pub amr: Vec<String>,
    /// How sure that is: see [`assurance`].
    #[serde(default)]
    pub acr: String,
}

/// The assurance level of a login that was proved so (NIST SP 800-63B): `aal2` with two factors, else `aal1`.
pub fn assurance(amr: &[String]) -> &'static str {
    if amr.iter().any(|method| method == "mfa") { "aal2" } else { "aal1" }
}

/// Why a token was refused. Never told to the caller; all of them read `invalid_token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not of the form that this server issues.
    #[error("malformed")]
    Malformed,
    /// Not signed by one of this server's keys.
    #[error("not signed by this server")]
    Signature,
    /// Of another issuer or audience.
    #[error("meant for somebody else")]
    Audience,
    /// Expired, or not valid yet.
    #[error("out of its time")]
    Time,
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a token could not be made: {0}")]
pub struct CannotIssue(String);

/// The exact header that this server writes; anything beside it (`crit`, `jku`, `jwk`, `x5u`, …) is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// Issues and checks access tokens.
#[derive(Clone)]
pub struct AccessTokens {
    keys: KeyRing,
    issuer: String,
    audience: String,
    life: i64,
}

impl AccessTokens {
    /// Takes names and life from the settings.
    pub fn new(keys: KeyRing, config: &SecurityConfig) -> Self {
        let (issuer, audience) = (config.issuer.clone(), config.audience.clone());
        Self { keys, issuer, audience, life: config.access_token_s }
    }

    /// Life of a token, in seconds.
    pub fn life(&self) -> i64 {
        self.life
    }

    /// A signed token for a session.
    pub fn issue(
        &self,
        user_id: i64,
        session_id: i64,
        roles: Vec<String>,
        amr: Vec<String>,
        now: Timestamp,
    ) -> Result<String, CannotIssue> {
        let issued = now.seconds();
        let claims = Claims {
            sub: user_id.to_string(),
            sid: session_id,
            jti: random::id().map_err(|e| CannotIssue(e.to_string()))?,
            iat: issued,
            nbf: issued,
            exp: issued + self.life,
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            roles,
            acr: assurance(&amr).to_owned(),
            amr,
        };
        self.sign(&claims)
    }

    /// Signs claims as they are: for [`AccessTokens::issue`], and for tests of what must be refused.
    pub fn sign(&self, claims: &Claims) -> Result<String, CannotIssue> {
        let keys = self.keys.current();
        let header = Header { typ: Some(TYPE.into()), kid: Some(keys.id.clone()), ..Header::new(ALGORITHM) };
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&keys.token))
            .map_err(|e| CannotIssue(e.to_string()))
    }

    /// Checks everything about `token` but whether its session still lives.
    pub fn check(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Malformed);
        }
        let (encoded_header, _) = token.split_once('.').ok_or(TokenError::Malformed)?;
        let header = URL_SAFE_NO_PAD.decode(encoded_header).map_err(|_| TokenError::Malformed)?;
        let header: StrictHeader = serde_json::from_slice(&header).map_err(|_| TokenError::Malformed)?;
        if header.alg != "HS256" || header.typ != TYPE {
            return Err(TokenError::Malformed);
        }
        let keys = self.keys.find(&header.kid).ok_or(TokenError::Signature)?;
        let mut rules = Validation::new(ALGORITHM);
        // Time is checked below, by the application's clock; the rest by comparison, without the library's leniency.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(&keys.token), &rules)
            .map_err(|_| TokenError::Signature)?
            .claims;
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(TokenError::Audience);
        }
        let now = now.seconds();
        if claims.exp <= now || claims.nbf > now || claims.iat > now {
            return Err(TokenError::Time);
        }
        Ok(claims)
    }
}

/// What is stored of an opaque token: its SHA-256, in hexadecimal. The token itself has 256 random bits, so a fast
/// hash is enough, and looking it up by hash compares nothing secret byte by byte.
pub fn fingerprint(token: &str) -> String {
    fingerprint_bytes(token.as_bytes())
}

/// SHA-256 of any bytes, in hexadecimal.
pub fn fingerprint_bytes(bytes: &[u8]) -> String {
    random::hex(digest::digest(&digest::SHA256, bytes).as_ref())
}
