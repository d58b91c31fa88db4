//! What has a moderator look at a text by itself: words of a list, many links, an author of whom nothing is known.
//!
//! The list and the numbers stand here, and are the same for every installation: a change of them is a change of what the
//! tests of whoever practises here may expect.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use poligon_common::stems;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Links that a comment may have without being looked at.
const COMMENT_LINKS: i64 = 2;
/// The same of an article.
const ARTICLE_LINKS: i64 = 20;
/// Approved comments with which somebody is known: what they say before waits.
pub(crate) const KNOWN_COMMENTS: i64 = 1;
/// Published articles with which an author is known.
pub(crate) const KNOWN_ARTICLES: i64 = 1;
/// Words of advertising, in the forms whose stems differ.
const WORDS: &str =
    "casino viagra jackpot forex payday кредит кредиты казино ставка ставки виагра заработок займ займы букмекер";

/// Those words by their stems (Snowball, English and Russian).
static STEMS: LazyLock<BTreeMap<String, &str>> = LazyLock::new(|| {
    let stem = |word| stems::stems(word).into_iter().next().map(|stem| (stem, word));
    WORDS.split(' ').rev().filter_map(stem).collect()
});

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "check", rename_all = "snake_case")]
#[schema(as = ContentFlag)]
pub(crate) enum Flag {
    /// Words of the list, whatever their endings.
    WordList {
        /// Those words of the list.
        words: Vec<String>,
    },
    /// More links than are usual.
    Links {
        /// How many.
        count: i64,
        /// How many are usual.
        most: i64,
    },
    /// Its author is new here.
    NewAuthor {
        /// How much of theirs everybody sees.
        published: i64,
        /// With how much they are known.
        known_from: i64,
    },
}

/// A check of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentCheck)]
pub(crate) enum Check {
    /// For words of the list.
    WordList,
    /// For many links.
    Links,
    /// For new authors.
    NewAuthor,
}

impl Check {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WordList => "word_list",
            Self::Links => "links",
            Self::NewAuthor => "new_author",
        }
    }
}

impl Flag {
    /// The check that has found it.
    pub(crate) fn check(&self) -> Check {
        match self {
            Self::WordList { .. } => Check::WordList,
            Self::Links { .. } => Check::Links,
            Self::NewAuthor { .. } => Check::NewAuthor,
        }
    }

    /// Somebody with so much that everybody sees, if they are new with it.
    pub(crate) fn new_author(published: i64, known_from: i64) -> Option<Self> {
        (published < known_from).then_some(Self::NewAuthor { published, known_from })
    }
}

/// What is found in a comment.
pub(crate) fn of_comment(text: &str) -> Vec<Flag> {
    of_text(text, COMMENT_LINKS)
}

/// What is found in an article.
pub(crate) fn of_article(text: &str) -> Vec<Flag> {
    of_text(text, ARTICLE_LINKS)
}

fn of_text(text: &str, most: i64) -> Vec<Flag> {
    let mut found: Vec<&str> = stems::stems(text).iter().filter_map(|stem| STEMS.get(stem).copied()).collect();
    found.sort_unstable();
    found.dedup();
    let words = (!found.is_empty()).then(|| Flag::WordList { words: found.into_iter().map(str::to_owned).collect() });
    let count = links(text);
    words.into_iter().chain((count > most).then_some(Flag::Links { count, most })).collect()
}

/// Links are told by how they begin, whether Markdown makes them links or not.
fn links(text: &str) -> i64 {
    let text = text.to_ascii_lowercase();
    let count = text.matches("http://").count() + text.matches("https://").count();
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(of: &str) -> Vec<String> {
        of_comment(of)
            .into_iter()
            .flat_map(|flag| if let Flag::WordList { words } = flag { words } else { vec![] })
            .collect()
    }

    #[test]
    fn links_and_words_of_advertising_are_looked_at() {
        assert_eq!(of_comment("Read https://example.com and https://example.org, it helped me."), []);
        assert_eq!(of_comment("http://a HTTP://b https://c"), [Flag::Links { count: 3, most: 2 }]);
        assert_eq!(of_article(&"http://a ".repeat(20)), []);
        assert_eq!(of_article(&"http://a ".repeat(21)), [Flag::Links { count: 21, most: 20 }]);
        assert_eq!(words("Best CASINO in town!"), ["casino"]);
        assert_eq!(words("Лучшие ставки и казино, казино!").len(), 2);
        assert_eq!(of_comment("Проверили корзину, всё работает."), []);
        assert_eq!(of_comment(&format!("casino {}", "http://a ".repeat(3))).len(), 2);
    }

    #[test]
    fn each_word_is_known_in_its_forms() {
        assert!(STEMS.len() > 10);
        for word in WORDS.split(' ').chain(["кредитов", "ставками", "займа", "casinos"]) {
            assert_eq!(words(word).len(), 1, "{word}");
        }
    }

    #[test]
    fn somebody_is_new_until_they_are_known() {
        assert_eq!(Flag::new_author(0, 1), Some(Flag::NewAuthor { published: 0, known_from: 1 }));
        assert_eq!(Flag::new_author(1, 1), None);
    }

    #[test]
    fn a_flag_names_its_check() {
        for flag in [
            Flag::WordList { words: vec![] },
            Flag::Links { count: 3, most: 2 },
            Flag::NewAuthor { published: 0, known_from: 1 },
        ] {
            assert_eq!(serde_json::json!(flag)["check"], flag.check().name());
            assert_eq!(serde_json::json!(flag.check()), flag.check().name());
        }
    }
}
