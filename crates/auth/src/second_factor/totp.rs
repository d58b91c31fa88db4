//! Codes by time (TOTP, RFC 6238) as every authenticator knows them: SHA-1, six digits, thirty seconds, a secret of 160
//! bits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Luma};
use poligon_core::db::Timestamp;
use poligon_core::random;
use qrcode::QrCode;
use qrcode::render::svg;
use totp_rs::{Builder, Secret, Totp};

use crate::error::Error;

/// Bytes of a secret (RFC 4226, section 4).
pub(crate) const SECRET_BYTES: usize = 20;
/// Who issues the codes, in the list of an authenticator.
const ISSUER: &str = "Poligon";
/// Steps by which a clock may be wrong, either way.
const DRIFT: u16 = 1;
/// Side of a picture, in pixels at least.
const SIDE: u32 = 240;

/// What an authenticator needs to know, in three forms.
pub(super) struct Enrolment {
    /// The secret in Base32 (RFC 4648, without padding).
    pub(super) secret: String,
    /// The same as a URI (Key URI Format).
    pub(super) otpauth_uri: String,
    /// That URI as a QR code.
    pub(super) qr_svg: String,
    /// The same as a `data:` URL of a PNG.
    pub(super) qr_png: String,
}

/// A new secret.
pub(super) fn new_secret() -> Result<[u8; SECRET_BYTES], Error> {
    Ok(random::bytes()?)
}

/// A secret that is written in Base32.
pub(crate) fn read_base32(text: &str) -> Option<Vec<u8>> {
    Secret::try_from_base32(text).ok().map(|secret| secret.as_bytes().to_vec())
}

fn totp(secret: &[u8], account: &str) -> Option<Totp> {
    let secret = Secret::new(secret.into());
    Builder::new()
        .with_secret(secret)
        .with_skew(DRIFT)
        .with_issuer(Some(ISSUER))
        .with_account_name(account)
        .build()
        .ok()
}

/// The time step that `code` belongs to, when it is this secret's code of now or of a step before or after. Compared in
/// constant time.
pub(crate) fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let seconds = u64::try_from(now.seconds()).ok()?;
    let step = totp(secret, "")?.check(code, seconds)?;
    i64::try_from(step).ok()
}

/// What an authenticator is shown to make the codes of `account`.
pub(super) fn enrolment(secret: &[u8], account: &str) -> Result<Enrolment, Error> {
    let not_drawn = |error: &dyn std::fmt::Display| Error::NotDrawn(error.to_string());
    let totp = totp(secret, account).ok_or_else(|| Error::NotDrawn("no such account name".to_owned()))?;
    let uri = totp.to_url().map_err(|e| not_drawn(&e))?;
    let code = QrCode::new(&uri).map_err(|e| not_drawn(&e))?;
    let qr_svg = code.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).build();
    let picture = code.render::<Luma<u8>>().min_dimensions(SIDE, SIDE).build();
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).map_err(|e| not_drawn(&e))?;
    let qr_png = format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner()));
    Ok(Enrolment { secret: totp.secret().to_base32(), otpauth_uri: uri, qr_svg, qr_png })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000).expect("a time")
    }

    /// RFC 6238, appendix B, the rows of SHA-1; of eight digits the last six.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(step_of(secret, code, at(seconds)), Some(seconds / 30), "{seconds}");
            assert_eq!(step_of(secret, code, at(seconds + 30)), Some(seconds / 30), "one step late");
            assert_eq!(step_of(secret, code, at(seconds + 60)), None, "two steps late");
            assert_eq!(step_of(secret, code, at(seconds - 60)), None, "two steps early");
        }
        for bad in ["", "28708", "2870822", "+87082", "28708a", "２８７０８２"] {
            assert_eq!(step_of(secret, bad, at(59)), None, "{bad}");
        }
    }

    #[test]
    fn an_authenticator_is_shown_everything() {
        let shown = enrolment(b"12345678901234567890", "вера+1@example.com").expect("drawn");
        assert_eq!(shown.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(shown.otpauth_uri.starts_with("otpauth://totp/Poligon:%D0%B2"), "{}", shown.otpauth_uri);
        assert!(shown.otpauth_uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{}", shown.otpauth_uri);
        assert!(shown.qr_svg.contains("<svg"), "{}", shown.qr_svg);
        let png = STANDARD.decode(shown.qr_png.trim_start_matches("data:image/png;base64,")).expect("base64");
        let picture = image::load_from_memory_with_format(&png, ImageFormat::Png).expect("a picture");
        assert!(picture.width() >= SIDE && picture.width() == picture.height());
    }
}
