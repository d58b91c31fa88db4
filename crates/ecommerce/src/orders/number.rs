//! Numbers of orders, for people: `ORD-00000042`. A number is its id in another form, so it is unique as that is.

const PREFIX: &str = "ORD-";
const DIGITS: usize = 8;

/// The number of the order with this id.
pub(crate) fn number_of(id: i64) -> String {
    format!("{PREFIX}{id:0DIGITS$}")
}

/// The id of the order with this number.
pub(crate) fn id_of(number: &str) -> Option<i64> {
    let digits = number.trim().to_ascii_uppercase().strip_prefix(PREFIX)?.to_owned();
    let plain = digits.len() >= DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|id| plain && *id > 0)
}
