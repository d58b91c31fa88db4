//! Secrets that the server must be able to read again, encrypted where they are stored: AES-256-GCM (NIST SP 800-38D)
//! under a key of the ring. What a sealed secret is for, and whose it is, is part of the seal (additional data): moved
//! to another row it does not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::KeyRing;

/// A secret could not be sealed.
#[derive(Debug, thiserror::Error)]
#[error("a secret could not be encrypted")]
pub struct NotSealed;

impl KeyRing {
    /// Encrypts `secret` for `purpose` (`totp:17`) with the present key. A nonce must never be used twice: it is random,
    /// or follows from the seed of demo data.
    pub fn seal(&self, purpose: &str, secret: &[u8], nonce: [u8; NONCE_LEN]) -> Result<String, NotSealed> {
        let keys = self.current();
        let mut sealed = secret.to_vec();
        key(&keys.sealing)
            .and_then(|key| {
                key.seal_in_place_append_tag(
                    Nonce::assume_unique_for_key(nonce),
                    Aad::from(purpose.as_bytes()),
                    &mut sealed,
                )
            })
            .map_err(|Unspecified| NotSealed)?;
        let whole = [nonce.as_slice(), &sealed].concat();
        Ok(format!("{}${}", keys.id, STANDARD_NO_PAD.encode(whole)))
    }

    /// Opens what [`KeyRing::seal`] made for the same purpose; `None` when it was made for another, with a secret that is
    /// not in the ring, or changed.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let (id, encoded) = sealed.split_once('$')?;
        let keys = self.find(id)?;
        let whole = STANDARD_NO_PAD.decode(encoded).ok()?;
        let (nonce, text) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let plain = key(&keys.sealing).ok()?.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text).ok()?;
        Some(plain.to_vec())
    }
}

fn key(bytes: &[u8; 32]) -> Result<LessSafeKey, Unspecified> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SecurityConfig;

    fn ring(secret: &str, previous: &[&str]) -> KeyRing {
        let previous_signing_secrets = previous.iter().map(|&secret| secret.to_owned()).collect();
        let config = SecurityConfig { signing_secret: secret.into(), previous_signing_secrets, ..Default::default() };
        KeyRing::new(&config).expect("keys")
    }

    #[test]
    fn opens_for_its_purpose_and_with_its_key_only() {
        let first = ring("a secret of more than thirty-two bytes", &[]);
        let sealed = first.seal("totp:17", b"shared", [7; NONCE_LEN]).expect("sealed");
        assert!(!sealed.contains("shared"));
        assert_eq!(first.open("totp:17", &sealed).as_deref(), Some(b"shared".as_slice()));
        assert_eq!(first.open("totp:18", &sealed), None);
        let later = ring("another secret of more than thirty-two", &["a secret of more than thirty-two bytes"]);
        assert_eq!(later.open("totp:17", &sealed).as_deref(), Some(b"shared".as_slice()));
        assert_eq!(ring("another secret of more than thirty-two", &[]).open("totp:17", &sealed), None);
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let ring = ring("a secret of more than thirty-two bytes", &[]);
        let sealed = ring.seal("totp:17", b"shared", [7; NONCE_LEN]).expect("sealed");
        let (id, text) = sealed.split_once('$').expect("two parts");
        let mut bytes = STANDARD_NO_PAD.decode(text).expect("base64");
        for n in 0..bytes.len() {
            bytes[n] ^= 1;
            assert_eq!(ring.open("totp:17", &format!("{id}${}", STANDARD_NO_PAD.encode(&bytes))), None);
            bytes[n] ^= 1;
        }
        for bad in ["", "$", "nothing", "$AAAA", &format!("{id}$"), &format!("{id}$AAAA"), &format!("{id}$!!")] {
            assert_eq!(ring.open("totp:17", bad), None, "{bad}");
        }
    }
}
