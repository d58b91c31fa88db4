//! Signatures of webhooks, as Stripe writes them: `t=UNIX,v1=HEX`, where the HMAC-SHA-256 is over `UNIX.BODY`, so that
//! neither the body nor its time can be changed.

use aws_lc_rs::hmac;

use crate::db::Timestamp;
use crate::random;

/// How far the time of a signature may be from ours, in seconds. Later, a recorded webhook is of no more use.
pub const TOLERANCE_S: i64 = 300;
/// Signatures that are looked at in one header: a sender that changes its secret writes two.
const MOST: usize = 5;

/// Why a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// Not of the form `t=UNIX,v1=HEX`.
    #[error("the signature is not of the form t=UNIX,v1=HEX")]
    Malformed,
    /// Made with none of the secrets, or of another body or time.
    #[error("the signature does not fit the body")]
    Forged,
    /// Right, but made too long ago, or in the future.
    #[error("the signature is older or newer than {TOLERANCE_S} seconds")]
    OutOfTime,
}

/// The signature of `body`, made at `at`.
pub fn sign(secret: &str, body: &[u8], at: Timestamp) -> String {
    let time = at.seconds();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("t={time},v1={}", random::hex(hmac::sign(&key, &signed(time, body)).as_ref()))
}

/// Whether `header` is a signature of `body` by one of these secrets, made within [`TOLERANCE_S`] of `now`.
pub fn verify<'a>(
    secrets: impl Iterator<Item = &'a str>,
    header: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), BadSignature> {
    let (mut time, mut tags) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) if time.is_none() => time = text.parse::<i64>().ok(),
            Some(("v1", text)) if tags.len() < MOST => tags.extend(unhex(text)),
            _ => {} // other schemes may stand beside
        }
    }
    let time = time.filter(|_| !tags.is_empty()).ok_or(BadSignature::Malformed)?;
    let signed = signed(time, body);
    let fits = |secret: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        tags.iter().any(|tag| hmac::verify(&key, &signed, tag).is_ok()) // in constant time
    };
    // Who cannot sign does not learn what time it is.
    if !{ secrets }.any(fits) {
        return Err(BadSignature::Forged);
    }
    match now.seconds().checked_sub(time).map(i64::abs) {
        Some(distance) if distance <= TOLERANCE_S => Ok(()),
        _ => Err(BadSignature::OutOfTime),
    }
}

/// What the signature is over.
fn signed(time: i64, body: &[u8]) -> Vec<u8> {
    [format!("{time}.").as_bytes(), body].concat()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    (0..32).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).ok()).collect()
}
