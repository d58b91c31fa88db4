//! What people write: a subset of Markdown (`CommonMark` without headings, pictures and HTML; with struck text), made
//! into HTML in which nothing runs, with the people and the hashtags that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use ammonia::Builder;
use poligon_core::db::{Db, DbError};
use poligon_core::users::username_key;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, TextMergeStream, html};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::find_mentioned;

/// Most people that one text names; further names are plain text.
const MOST_MENTIONS: usize = 20;
/// Most hashtags of one text; further ones are plain text.
const MOST_TAGS: usize = 30;
/// Longest hashtag, in characters.
const LONGEST_TAG: usize = 50;
/// Shortest and longest user name, in characters.
const NAME: std::ops::RangeInclusive<usize> = 3..=32;

/// Somebody who is named in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub(crate) struct Mention {
    /// The person's id.
    pub(crate) id: i64,
    /// The user name, as it was written.
    pub(crate) username: String,
}

/// A text as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) html: String,
    /// In order of id.
    pub(crate) mentions: Vec<Mention>,
    /// In small letters, without `#`, in order.
    pub(crate) tags: Vec<String>,
}

/// Reads what `author_id` wrote. Names of nobody, of the author, and of people who are hidden from the author are plain
/// text.
pub(crate) fn read(db: &mut Db, author_id: i64, source: &str) -> Result<Written, DbError> {
    let (names, tags) = named(source);
    let keys: Vec<String> = names.keys().cloned().collect();
    let people = if keys.is_empty() { BTreeMap::new() } else { find_mentioned(db, author_id, &keys)? };
    let mention = |(key, id): (&String, &i64)| Some(Mention { id: *id, username: names.get(key)?.clone() });
    let mut mentions: Vec<Mention> = people.iter().filter_map(mention).collect();
    mentions.sort();
    Ok(Written { html: render(source, &people), mentions, tags: tags.into_iter().collect() })
}

/// The same without a database, for demo data: `people` are the ids of names as they are compared.
pub(crate) fn render(source: &str, people: &BTreeMap<String, i64>) -> String {
    let mut out = String::with_capacity(source.len() * 2);
    let mut tags = BTreeSet::new();
    let events = events(source).flat_map(|(event, plain)| match event {
        Event::Text(text) if plain => linked(&text, people, &mut tags),
        event => vec![event],
    });
    html::push_html(&mut out, events);
    CLEANER.clean(&out).to_string().trim_end().to_owned()
}

/// The names (by how they are compared, as they were written) and hashtags of a text.
pub(crate) fn named(source: &str) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let (mut names, mut tags) = (BTreeMap::new(), BTreeSet::new());
    for (event, plain) in events(source) {
        let Event::Text(text) = event else { continue };
        for piece in pieces(&text).filter(|_| plain) {
            match piece {
                Piece::Name(name) if names.len() < MOST_MENTIONS => {
                    names.entry(username_key(name)).or_insert_with(|| name.to_owned());
                }
                Piece::Tag(tag) if tags.len() < MOST_TAGS => {
                    tags.insert(tag.to_lowercase());
                }
                _ => {}
            }
        }
    }
    (names, tags)
}

/// What stays where everything else is taken away.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"].into())
        .tag_attributes([("a", ["href"].into()), ("ol", ["start"].into())].into())
        .allowed_classes([("a", ["mention", "hashtag"].into())].into())
        .url_schemes(["http", "https", "mailto"].into())
        .link_rel(Some("nofollow noopener noreferrer ugc"));
    cleaner
});

/// The parts of a text, each with whether names and hashtags in it count: not in code, and not in links.
fn events(source: &str) -> impl Iterator<Item = (Event<'_>, bool)> {
    let (mut code, mut links) = (0_u32, Vec::new());
    TextMergeStream::new(Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH)).filter_map(move |event| {
        let plain = code == 0 && links.is_empty();
        let event = match event {
            Event::Start(Tag::CodeBlock(_)) => {
                code += 1;
                Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Indented))
            }
            Event::End(TagEnd::CodeBlock) => {
                code -= 1;
                event
            }
            Event::Start(Tag::Heading { .. } | Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::Heading(_) | TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            // A picture is a link to it; a link within a link, or to somewhere else than the web, is its text.
            Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) => {
                let good = links.iter().all(|is_link| !is_link) && leads_to_the_web(&dest_url);
                links.push(good);
                let (title, id) = (CowStr::from(""), CowStr::from(""));
                return good.then_some((Event::Start(Tag::Link { link_type, dest_url, title, id }), false));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                return links.pop().filter(|good| *good).map(|_| (Event::End(TagEnd::Link), false));
            }
            Event::Html(text) | Event::InlineHtml(text) => return Some((Event::Text(text), false)),
            Event::SoftBreak => Event::HardBreak,
            event => event,
        };
        Some((event, plain))
    })
}

fn leads_to_the_web(url: &str) -> bool {
    let lower = url.trim_start().get(..8).unwrap_or(url).to_ascii_lowercase();
    ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme))
}

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

fn is_of_tag(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
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
    let fits = (1..=LONGEST_TAG).contains(&tag.chars().count()) && tag.chars().any(char::is_alphabetic);
    fits.then_some(Piece::Tag(tag))
}

/// Cuts a text into what names nothing, names and hashtags.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut held = None;
    std::iter::from_fn(move || {
        if let Some(piece) = held.take() {
            return Some(piece);
        }
        let mut before = ' ';
        for (at, c) in rest.char_indices() {
            let free = !is_of_tag(before) && before != '@' && before != '#' && before != '/';
            let found = if matches!(c, '@' | '#') && free { sign(&rest[at..]) } else { None };
            before = c;
            let Some(piece) = found else { continue };
            let (Piece::Name(word) | Piece::Tag(word) | Piece::Text(word)) = piece;
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

/// A plain text with links to the people and hashtags in it.
fn linked(text: &str, people: &BTreeMap<String, i64>, tags: &mut BTreeSet<String>) -> Vec<Event<'static>> {
    let plain = |text: String| Event::Text(CowStr::from(text));
    let link = |html: String| Event::InlineHtml(CowStr::from(html));
    let event = |piece: Piece<'_>| match piece {
        Piece::Text(text) => plain(text.to_owned()),
        Piece::Name(name) => match people.get(&username_key(name)) {
            Some(id) => link(format!(r#"<a class="mention" href="/api/social/users/{id}">@{name}</a>"#)),
            None => plain(format!("@{name}")),
        },
        Piece::Tag(tag) => {
            let lower = tag.to_lowercase();
            if !tags.contains(&lower) && tags.len() >= MOST_TAGS {
                return plain(format!("#{tag}"));
            }
            let place: String = form_urlencoded::byte_serialize(lower.as_bytes()).collect();
            tags.insert(lower);
            link(format!("<a class=\"hashtag\" href=\"/api/social/posts?feed=tag&amp;tag={place}\">#{tag}</a>"))
        }
    };
    pieces(text).map(event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        render(source, &BTreeMap::from([(username_key("ann"), 7)]))
    }

    #[test]
    fn markdown_becomes_html() {
        assert_eq!(
            shown("**b** *i* ~~s~~ `c`\nline"),
            "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c</code><br>\nline</p>"
        );
        assert_eq!(shown("# Big"), "<p>Big</p>");
        let link = "<p><a href=\"https://a.example\" rel=\"nofollow noopener noreferrer ugc\">x</a></p>";
        assert_eq!(shown("[x](https://a.example)"), link);
    }

    #[test]
    fn nothing_runs() {
        for source in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "![x](data:text/html;base64,PHNjcmlwdD4=)",
            "<a href=\"javascript:alert(1)\">x</a>",
            "[x](/api/auth/logout)",
            "[a](https://b.example/\"onmouseover=\"alert(1))",
            "<svg/onload=alert(1)>",
            "`<script>`",
            "```\" onload=x\n<b>\n```",
        ] {
            let html = shown(source);
            // Quotation marks outside of tags do nothing; within a tag there is what we put there.
            for tag in html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
                let name = tag.trim_start_matches('/').split(' ').next().unwrap();
                assert!(["p", "a", "code", "pre", "br"].contains(&name), "{source} became {html}");
                let link = tag.strip_prefix("a href=\"https://");
                assert!(tag == name || tag == format!("/{name}") || link.is_some(), "{source} became {html}");
                assert!(!link.is_some_and(|link| link.contains("\"on")), "{source} became {html}");
            }
        }
    }

    #[test]
    fn people_and_hashtags_are_found() {
        let (names, tags) =
            named("@ann, and @Bob.B. a@ann.example #Rust #42 #ü_1 x#no `@code #code` [@link](https://a.example)");
        assert_eq!(names.values().collect::<Vec<_>>(), ["ann", "Bob.B"]);
        assert_eq!(tags.iter().collect::<Vec<_>>(), ["rust", "ü_1"]);
        let html = shown("@ann @nobody #Rust");
        assert!(html.contains("class=\"mention\" href=\"/api/social/users/7\""), "{html}");
        assert!(html.contains(">@ann</a> @nobody "), "{html}");
        assert!(html.contains("href=\"/api/social/posts?feed=tag&amp;tag=rust\""), "{html}");
    }
}
