//! What has a moderator look at a comment before everybody sees it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use poligon_common::stems;

/// Links that a comment may have without being looked at.
const MOST_LINKS: usize = 2;
/// Words of advertising, in the forms whose stems differ.
const WORDS: &str =
    "casino viagra jackpot forex payday кредит кредиты казино ставка ставки виагра заработок займ займы букмекер";

/// The stems of those words (Snowball, English and Russian).
static STEMS: LazyLock<BTreeSet<String>> = LazyLock::new(|| stems::stems(WORDS).into_iter().collect());

/// Whether a text is one that is looked at first.
pub(super) fn is_suspicious(text: &str) -> bool {
    let links = text.matches("http://").count() + text.matches("https://").count();
    links > MOST_LINKS || stems::stems(text).iter().any(|stem| STEMS.contains(stem))
}

#[cfg(test)]
mod tests {
    use super::{STEMS, WORDS, is_suspicious};

    #[test]
    fn links_and_words_of_advertising_are_looked_at() {
        assert!(!is_suspicious("Read https://example.com and https://example.org, it helped me."));
        assert!(is_suspicious("http://a http://b https://c"));
        assert!(is_suspicious("Best CASINO in town!"));
        assert!(is_suspicious("Лучшие ставки и казино"));
        assert!(is_suspicious("Кредиты без отказа"));
        assert!(!is_suspicious("Проверили корзину, всё работает."));
    }

    #[test]
    fn each_word_is_known_in_its_forms() {
        assert!(STEMS.len() > 10);
        for word in WORDS.split(' ').chain(["кредитов", "ставками", "займа", "casinos"]) {
            assert!(is_suspicious(word), "{word}");
        }
    }
}
