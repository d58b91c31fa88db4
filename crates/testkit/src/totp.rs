//! Codes of a second factor, computed from the RFCs and not by the library that the product checks them with.

use aws_lc_rs::hmac;

/// The bytes of a text in Base32 (RFC 4648).
fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for c in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|&known| known == c).expect("Base32");
        held = held << 5 | u32::try_from(value).expect("five bits");
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).expect("eight bits"));
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

/// The six digits (RFC 6238 with SHA-1 and steps of 30 seconds, over RFC 4226) that a `secret` in Base32 has at an instant,
/// in seconds since 1970.
pub fn totp_code(secret: &str, seconds: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret));
    let hash = hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let hash = hash.as_ref();
    let offset = usize::from(hash[19] & 0x0f);
    let four: [u8; 4] = hash[offset..offset + 4].try_into().expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

#[cfg(test)]
mod tests {
    /// RFC 6238, appendix B; of eight digits the last six.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(super::totp_code(secret, seconds), code);
        }
    }
}
