//! Every key of the product, derived from the signing secret by HKDF (RFC 5869), one for each use. Secrets used before
//! stay in the ring, so that a change of secret logs nobody out and invalidates no password.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::config::SecurityConfig;
use crate::random;

/// A key could not be derived.
#[derive(Debug, thiserror::Error)]
#[error("a key could not be derived")]
pub struct NoKey;

/// The keys of the present secret, then those of the secrets before it.
#[derive(Clone)]
pub struct KeyRing(std::sync::Arc<Vec<Keys>>);

/// The keys of one secret.
#[derive(Clone)]
pub struct Keys {
    /// Names the secret without telling it: `kid` of tokens, prefix of password hashes.
    pub id: String,
    /// Signs access tokens.
    pub(super) token: [u8; 32],
    /// Goes into every password before bcrypt.
    password: hmac::Key,
    /// Makes a refresh token out of its parent.
    refresh: hmac::Key,
    /// Goes into the fingerprint of every request's body that is kept.
    body: hmac::Key,
    /// Goes into the fingerprint of every recovery code.
    code: hmac::Key,
    /// Signs links that let whoever has them in.
    link: hmac::Key,
    /// Encrypts secrets that must be read again.
    pub(super) sealing: [u8; 32],
    /// Signs webhooks.
    webhook: String,
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl Keys {
    fn derive(secret: &str) -> Result<Self, NoKey> {
        let pseudo_random = Salt::new(HKDF_SHA256, b"poligon").extract(secret.as_bytes());
        let key = |usage: &[u8]| -> Result<[u8; 32], NoKey> {
            let mut out = [0_u8; 32];
            let info = [usage];
            pseudo_random.expand(&info, Length).and_then(|okm| okm.fill(&mut out)).map_err(|_| NoKey)?;
            Ok(out)
        };
        let name = digest::digest(&digest::SHA256, &key(b"key id")?);
        Ok(Self {
            id: random::hex(&name.as_ref()[..6]),
            token: key(b"access token")?,
            password: hmac::Key::new(hmac::HMAC_SHA256, &key(b"password")?),
            refresh: hmac::Key::new(hmac::HMAC_SHA256, &key(b"refresh token")?),
            body: hmac::Key::new(hmac::HMAC_SHA256, &key(b"request body")?),
            code: hmac::Key::new(hmac::HMAC_SHA256, &key(b"recovery code")?),
            link: hmac::Key::new(hmac::HMAC_SHA256, &key(b"link")?),
            sealing: key(b"sealing")?,
            webhook: format!("whsec_{}", random::hex(&key(b"webhook")?)),
        })
    }

    /// `base64(HMAC-SHA-256(key, password))`: 44 characters, so that bcrypt, which stops at 72 bytes, cuts nothing.
    pub(super) fn pepper(&self, password: &str) -> String {
        STANDARD.encode(hmac::sign(&self.password, password.as_bytes()))
    }
}

impl Keys {
    /// The refresh token that follows `parent`. It follows from the parent and the key alone, so that a parent shown
    /// twice within its grace gets the same successor although only hashes are stored.
    fn successor(&self, parent: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.refresh, parent.as_bytes()))
    }
}

impl KeyRing {
    /// The refresh token that follows `parent`, by the present key.
    pub fn next_refresh_token(&self, parent: &str) -> String {
        self.current().successor(parent)
    }

    /// The refresh token that followed `parent` and has this fingerprint, whichever key made it.
    pub fn issued_refresh_token(&self, parent: &str, fingerprint: &str) -> Option<String> {
        let made = self.0.iter().map(|keys| keys.successor(parent));
        made.into_iter().find(|token| super::tokens::fingerprint(token) == fingerprint)
    }

    /// What may be kept of a request's body: HMAC-SHA-256, in hexadecimal, by the present key and by those before it.
    /// A bare hash would give away what is short in a body that is otherwise known: a card number is found in minutes.
    pub fn body_fingerprints(&self, body: &[u8]) -> Vec<String> {
        self.0.iter().map(|keys| random::hex(hmac::sign(&keys.body, body).as_ref())).collect()
    }

    /// What is stored of a recovery code: HMAC-SHA-256, in hexadecimal, by the present key and by those before it. A code
    /// that people can copy is too short for a bare hash.
    pub fn code_fingerprints(&self, code: &str) -> Vec<String> {
        self.0.iter().map(|keys| random::hex(hmac::sign(&keys.code, code.as_bytes()).as_ref())).collect()
    }

    /// The signature of a link that leads to `what`: HMAC-SHA-256 with the present key, in URL-safe Base64.
    pub fn sign_link(&self, what: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.current().link, what.as_bytes()))
    }

    /// Whether `signature` is that of a link to `what`, by any key of the ring; in constant time.
    pub fn fits_link(&self, what: &str, signature: &str) -> bool {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        self.0.iter().any(|keys| hmac::verify(&keys.link, what.as_bytes(), &tag).is_ok())
    }

    /// The secrets that webhooks are signed with: the present one, then those before it.
    pub fn webhook_secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|keys| keys.webhook.as_str())
    }

    /// The secret that webhooks are signed with now.
    pub fn webhook_secret(&self) -> &str {
        &self.current().webhook
    }

    /// Derives the keys of every configured secret.
    pub fn new(config: &SecurityConfig) -> Result<Self, NoKey> {
        let secrets = std::iter::once(&config.signing_secret).chain(&config.previous_signing_secrets);
        Ok(Self(std::sync::Arc::new(secrets.map(|s| Keys::derive(s)).collect::<Result<_, _>>()?)))
    }

    /// The keys to make new things with.
    pub fn current(&self) -> &Keys {
        &self.0[0] // `new` always derives the present secret's
    }

    /// The keys that `id` names.
    pub fn find(&self, id: &str) -> Option<&Keys> {
        self.0.iter().find(|keys| keys.id == id)
    }
}
