//! Names as they are compared.

use unicode_normalization::UnicodeNormalization as _;

/// A name as it is compared with others: case and form of its characters make no difference.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::name_key;

    #[test]
    fn case_and_form_make_no_difference() {
        for (one, other) in [("Bug", "bUG"), ("Й", "и\u{306}"), (" a ", "A")] {
            assert_eq!(name_key(one), name_key(other));
        }
        assert_ne!(name_key("bug"), name_key("bugs"));
    }
}
