//! Names and hashtags in plain text, and what stands there for them.

use std::collections::BTreeSet;

use poligon_core::users::username_key;
use pulldown_cmark::{CowStr, Event};
use unicode_normalization::char::is_combining_mark;

use super::{Dialect, MENTION, tag_of};
use crate::html::escape;

/// Most people that one text names; further names are plain text.
const MOST_MENTIONS: usize = 20;
/// Most hashtags of one text; further ones are plain text.
pub(super) const MOST_TAGS: usize = 30;
/// Most links to people and hashtags in one text: the same one may stand there again and again, and its link is many
/// times as long as it is. Further ones are plain text.
pub(super) const MOST_LINKS: usize = 100;
/// Longest hashtag, in characters.
const LONGEST_TAG: usize = 50;
/// Shortest and longest user name, in characters.
const NAME: std::ops::RangeInclusive<usize> = 3..=32;

/// A part of plain text.
enum Piece<'a> {
    Text(&'a str),
    /// After `@`.
    Name(&'a str),
    /// After `#`.
    Tag(&'a str),
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Letters with their marks, which many scripts write vowels by, digits and underscores.
fn is_of_tag(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c)
}

/// The name or hashtag that a text begins with.
fn sign(text: &str) -> Option<Piece<'_>> {
    let rest = &text[1..];
    if text.starts_with('@') {
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches(['.', '-']);
        return (NAME.contains(&name.chars().count()) && name.starts_with(char::is_alphanumeric))
            .then_some(Piece::Name(name));
    }
    let end = rest.find(|c| !is_of_tag(c)).unwrap_or(rest.len());
    let tag = &rest[..end];
    let named = tag.chars().any(char::is_alphabetic) && !tag.starts_with(is_combining_mark);
    (named && (1..=LONGEST_TAG).contains(&tag_of(tag).chars().count())).then_some(Piece::Tag(tag))
}

/// Cuts a text into what names nothing, names and hashtags.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut held = None;
    // The last character of the piece before: a sign in the middle of a word, an address or a name is none.
    let mut last = ' ';
    std::iter::from_fn(move || {
        if let Some(piece) = held.take() {
            return Some(piece);
        }
        let mut before = last;
        for (at, c) in rest.char_indices() {
            let free = !is_of_tag(before) && before != '@' && before != '#' && before != '/';
            let found = if matches!(c, '@' | '#') && free { sign(&rest[at..]) } else { None };
            before = c;
            let Some(piece) = found else { continue };
            let (Piece::Name(word) | Piece::Tag(word) | Piece::Text(word)) = piece;
            last = word.chars().next_back().unwrap_or(c);
            let text = &rest[..at];
            rest = &rest[at + 1 + word.len()..];
            if text.is_empty() {
                return Some(piece);
            }
            held = Some(piece);
            return Some(Piece::Text(text));
        }
        let text = std::mem::take(&mut rest);
        (!text.is_empty()).then_some(Piece::Text(text))
    })
}

/// The names and hashtags of a text, as they are found.
#[derive(Debug)]
pub(super) struct Signs {
    dialect: Dialect,
    /// See [`Draft`](super::Draft).
    pub(super) names: Vec<(String, String)>,
    pub(super) tags: BTreeSet<String>,
    links: usize,
}

impl Signs {
    /// None yet.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, names: Vec::new(), tags: BTreeSet::new(), links: 0 }
    }

    /// A plain text with links to the people and hashtags in it.
    pub(super) fn link(&mut self, text: &str) -> Vec<Event<'static>> {
        let plain = |text: String| Event::Text(CowStr::from(text));
        let event = |piece: Piece<'_>| {
            let (text, link) = match piece {
                Piece::Text(text) => return plain(text.to_owned()),
                Piece::Name(name) => (format!("@{name}"), self.link_person(name)),
                Piece::Tag(tag) => (format!("#{tag}"), self.link_tag(tag)),
            };
            let Some(link) = link.filter(|_| self.links < MOST_LINKS) else { return plain(text) };
            self.links += 1;
            Event::InlineHtml(CowStr::from(format!("{link}{text}</a>")))
        };
        pieces(text).map(event).collect()
    }

    /// The link of a name, unless there are too many names.
    fn link_person(&mut self, name: &str) -> Option<String> {
        let key = username_key(name);
        let known = self.names.iter().position(|(known, _)| *known == key);
        let place = known.or_else(|| {
            (self.names.len() < MOST_MENTIONS).then(|| {
                self.names.push((key, name.to_owned()));
                self.names.len() - 1
            })
        })?;
        Some(format!("{MENTION}{to}{place}\">", to = escape(self.dialect.mentions.base())))
    }

    /// The link of a hashtag, unless there are too many, or none at all.
    fn link_tag(&mut self, tag: &str) -> Option<String> {
        let to = self.dialect.hashtags?;
        let name = tag_of(tag);
        let place: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        if !self.tags.contains(&name) && self.tags.len() >= MOST_TAGS {
            return None;
        }
        self.tags.insert(name);
        Some(format!("<a class=\"hashtag\" href=\"{to}{place}\">", to = escape(to)))
    }
}
