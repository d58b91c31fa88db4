//! How names of labels and columns are compared.

use unicode_normalization::UnicodeNormalization as _;

/// The form of a name that is compared: small letters in normalisation form C.
pub(crate) fn name_key(name: &str) -> String {
    // Composed before, too: a letter with its mark may have another small form than both of them apart.
    name.nfc().collect::<String>().to_lowercase().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::name_key;

    #[test]
    fn names_are_alike_however_they_are_written() {
        for (one, other) in [
            ("In Progress", "in progress"),
            ("ÉTÉ", "e\u{301}te\u{301}"),
            ("Ёлка", "\u{435}\u{308}лка"),
            ("ΟΔΟΣ", "οδος"),
            ("\u{212b}", "å"),
        ] {
            assert_eq!(name_key(one), name_key(other), "{one} and {other}");
            assert_eq!(name_key(&name_key(one)), name_key(one));
        }
        assert_ne!(name_key("Bug"), name_key("Bugs"));
    }
}
