//! Words as they are searched for: small letters, without endings (Snowball stemmers, English and Russian).

use rust_stemmers::{Algorithm, Stemmer};

/// Most words of a query that are looked at.
const WORDS: usize = 12;
/// Longest word, in characters; what is longer is cut.
const LONGEST: usize = 40;

/// The stems of a text, in order.
pub fn stems(text: &str) -> Vec<String> {
    let (english, russian) = (Stemmer::create(Algorithm::English), Stemmer::create(Algorithm::Russian));
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let word: String = word.chars().take(LONGEST).flat_map(char::to_lowercase).map(plain).collect();
            let cyrillic = word.chars().any(|c| matches!(c, 'а'..='я'));
            let stemmer = if cyrillic { &russian } else { &english };
            // A stemmer may leave an apostrophe or nothing; a stem is letters and digits.
            let stem: String = stemmer.stem(&word).chars().filter(|c| c.is_alphanumeric()).collect();
            if stem.is_empty() { word } else { stem }
        })
        .collect()
}

/// `ё` is written as `е` as often as not.
fn plain(c: char) -> char {
    if c == 'ё' { 'е' } else { c }
}

/// The stems of a text in one line, for the index.
pub fn line(text: &str) -> String {
    stems(text).join(" ")
}

/// The stems of a query.
pub fn of_query(text: &str) -> Vec<String> {
    let mut words = stems(text);
    words.truncate(WORDS);
    words
}
