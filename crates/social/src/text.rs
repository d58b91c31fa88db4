//! What people write: a subset of Markdown (`CommonMark` without headings, pictures and HTML; with struck text), made
//! into HTML in which nothing runs, with the people and the hashtags that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use ammonia::Builder;
use poligon_common::input::has_invisible;
use poligon_core::db::{Db, DbError};
use poligon_core::users::username_key;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, TextMergeStream, html};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use utoipa::ToSchema;

use crate::people::find_mentioned;

/// Most people that one text names; further names are plain text.
const MOST_MENTIONS: usize = 20;
/// Most hashtags of one text; further ones are plain text.
const MOST_TAGS: usize = 30;
/// Most links to people and hashtags in one text: the same one may stand there again and again, and its link is many
/// times as long as it is. Further ones are plain text.
const MOST_LINKS: usize = 100;
/// Quotes, lists and emphasis that stand in each other, at most; what is deeper stands there without them. Whoever reads
/// HTML looks from each element through all that are open.
const DEEPEST: usize = 16;
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

/// A text that is made into HTML already, but for who it names: that is known to the database. So the work is done before
/// a transaction begins.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The names, as they are compared and as they were written; a link to a person names the place here, from 0.
    names: Vec<(String, String)>,
    tags: BTreeSet<String>,
    html: String,
}

impl Draft {
    /// Makes HTML of a text.
    pub(crate) fn of(source: &str) -> Self {
        let mut signs = Signs::default();
        let mut out = String::with_capacity(source.len() * 2);
        let events = events(source).flat_map(|(event, plain)| match event {
            Event::Text(text) if plain => signs.link(&text),
            event => vec![event],
        });
        html::push_html(&mut out, events);
        let html = CLEANER.clean(&out).to_string().trim_end().to_owned();
        Self { names: signs.names, tags: signs.tags, html }
    }

    /// What `author_id` wrote. Names of nobody, of the author, and of people who are hidden from the author are plain text.
    pub(crate) fn read(&self, db: &mut Db, author_id: i64) -> Result<Written, DbError> {
        let keys: Vec<String> = self.names.iter().map(|(key, _)| key.clone()).collect();
        let people = if keys.is_empty() { BTreeMap::new() } else { find_mentioned(db, author_id, &keys)? };
        let mention = |(key, name): &(String, String)| Some(Mention { id: *people.get(key)?, username: name.clone() });
        let mut mentions: Vec<Mention> = self.names.iter().filter_map(mention).collect();
        mentions.sort();
        Ok(Written { html: self.html(&people), mentions, tags: self.tags.iter().cloned().collect() })
    }

    /// The HTML; `people` are the ids of names as they are compared.
    fn html(&self, people: &BTreeMap<String, i64>) -> String {
        let id_of = |place: i64| {
            let (key, _) = self.names.get(usize::try_from(place).ok()?)?;
            people.get(key).copied()
        };
        led(&self.html, id_of)
    }
}

/// A text as HTML, without a database, for demo data: `people` are the ids of names as they are compared.
pub(crate) fn render(source: &str, people: &BTreeMap<String, i64>) -> String {
    Draft::of(source).html(people)
}

/// How a link to a person begins, up to their id.
const TO_PERSON: &str = "<a class=\"mention\" href=\"/api/social/users/";

/// The same HTML with its links to people leading to others, or with their names as plain text where `lead` knows nobody.
fn led(html: &str, lead: impl Fn(i64) -> Option<i64>) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = rest.find(TO_PERSON) {
        let (before, link) = rest.split_at(at);
        let parts = link[TO_PERSON.len()..].split_once('"').and_then(|(id, behind)| {
            let (within, after) = behind.split_once("</a>")?;
            Some((id.parse().ok()?, within, after))
        });
        let Some((id, within, after)) = parts else { break };
        out.push_str(before);
        match lead(id) {
            Some(id) => out.extend([TO_PERSON, &id.to_string(), "\"", within, "</a>"]),
            None => out.push_str(within.split_once('>').map_or("", |(_, name)| name)),
        }
        rest = after;
    }
    out + rest
}

/// The same HTML with the links to people who are `hidden`, in order of id, as plain text: as for whoever names nobody.
pub(crate) fn unlink(html: String, hidden: &[i64]) -> String {
    if hidden.is_empty() || !html.contains(TO_PERSON) {
        return html;
    }
    led(&html, |id| Some(id).filter(|id| hidden.binary_search(id).is_err()))
}

/// The same HTML with no links to people, for whoever reads.
pub(crate) fn unlink_all(html: &str) -> String {
    led(html, |_| None)
}

/// A hashtag that is asked for, with or without its `#`, as texts have it.
pub(crate) fn tag_of(asked: &str) -> String {
    asked.trim_start_matches('#').nfkc().collect::<String>().to_lowercase()
}

/// Whether any character of a text is seen.
pub(crate) fn is_seen(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_blank(c) && !has_invisible(c.encode_utf8(&mut [0; 4])))
}

/// What shows nothing: fillers, selectors, tags and the like (`Default_Ignorable_Code_Point` of UAX #44), and the empty
/// pattern of Braille.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2800}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
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
    let (mut code, mut links, mut depth) = (0_u32, Vec::new(), 0);
    let merged = TextMergeStream::new(Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH));
    merged.filter_map(move |event| flattened(event, &mut depth)).filter_map(move |event| {
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

/// A part of a text, unless it begins or ends what stands too deep. `depth` is how many are open.
fn flattened<'a>(event: Event<'a>, depth: &mut usize) -> Option<Event<'a>> {
    match event {
        Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Emphasis | Tag::Strong | Tag::Strikethrough) => {
            *depth += 1;
            (*depth <= DEEPEST).then_some(event)
        }
        Event::End(
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough,
        ) => {
            *depth = depth.saturating_sub(1);
            (*depth < DEEPEST).then_some(event)
        }
        // It stands in its list, and goes with it; the words of two items stay apart.
        Event::Start(Tag::Item) | Event::End(TagEnd::Item) if *depth > DEEPEST => Some(Event::Text(CowStr::from(" "))),
        event => Some(event),
    }
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
#[derive(Debug, Default)]
struct Signs {
    /// See [`Draft`].
    names: Vec<(String, String)>,
    tags: BTreeSet<String>,
    links: usize,
}

impl Signs {
    /// A plain text with links to the people and hashtags in it.
    fn link(&mut self, text: &str) -> Vec<Event<'static>> {
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
        Some(format!("{TO_PERSON}{place}\">"))
    }

    /// The link of a hashtag, unless there are too many.
    fn link_tag(&mut self, tag: &str) -> Option<String> {
        let name = tag_of(tag);
        let place: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        if !self.tags.contains(&name) && self.tags.len() >= MOST_TAGS {
            return None;
        }
        self.tags.insert(name);
        Some(format!("<a class=\"hashtag\" href=\"/api/social/posts?feed=tag&amp;tag={place}\">"))
    }
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
        let draft =
            Draft::of("@ann, and @Bob.B. a@ann.example #Rust #42 #ü_1 x#no `@code #code` [@link](https://a.example)");
        assert_eq!(draft.names.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["ann", "Bob.B"]);
        assert_eq!(draft.tags.iter().collect::<Vec<_>>(), ["rust", "ü_1"]);
        // Neither in the middle of a hashtag, nor of an address.
        let draft = Draft::of("#a#b @ann@host.example @ann#c #d");
        assert_eq!(draft.names.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["ann"]);
        assert_eq!(draft.tags.iter().collect::<Vec<_>>(), ["a", "d"]);
        // Marks belong to their letters, and wide letters are the same as narrow ones.
        let draft = Draft::of("#हिन्दी #ＦＵＬＬ #full #\u{301}x");
        assert_eq!(draft.tags.iter().collect::<Vec<_>>(), ["full", "हिन्दी"]);
        assert_eq!(tag_of("#ＦＵＬＬ"), "full");
        let html = shown("@ann @nobody #Rust");
        assert!(html.contains("class=\"mention\" href=\"/api/social/users/7\""), "{html}");
        assert!(html.contains(">@ann</a> @nobody "), "{html}");
        assert!(html.contains("href=\"/api/social/posts?feed=tag&amp;tag=rust\""), "{html}");
    }

    #[test]
    fn nothing_stands_deeper_than_sixteen_in_each_other() {
        for (source, tag) in [
            (">".repeat(5_000) + "x", "<blockquote>"),
            ("- ".repeat(2_000) + "x", "<ul>"),
            ("*a **b ".repeat(700), "<"),
        ] {
            let html = shown(&source);
            assert!(html.matches(tag).count() <= DEEPEST, "{html}");
            assert!(html.len() < source.len() * 4, "{}", html.len());
        }
        let deep = shown(&(">".repeat(DEEPEST) + " x"));
        assert_eq!(deep.matches("<blockquote>").count(), DEEPEST);
        // What is too deep is still said, word by word.
        let items: Vec<String> = (0..20).map(|n| format!("{}- item{n}\n", "  ".repeat(n))).collect();
        let html = shown(&items.concat());
        assert!((0..20).all(|n| html.contains(&format!("item{n}"))) && !html.contains("item18item19"), "{html}");
    }

    #[test]
    fn a_text_has_a_hundred_links_to_people_and_hashtags_at_most() {
        let html = shown(&"#tag @ann ".repeat(500));
        assert_eq!((html.matches("<a ").count(), html.matches("#tag").count()), (MOST_LINKS, 500));
        let many: Vec<String> = (0..50).map(|n| format!("#tag{n}")).collect();
        assert_eq!(shown(&many.join(" ")).matches("<a ").count(), MOST_TAGS);
    }

    #[test]
    fn only_links_to_hidden_people_become_text() {
        let link = |id: i64, name: &str| {
            format!("<a class=\"mention\" href=\"/api/social/users/{id}\" rel=\"nofollow\">@{name}</a>")
        };
        let html = format!("<p>{} and {}, {}</p>", link(7, "ann"), link(77, "bob"), link(7, "Ann"));
        let without = format!("<p>@ann and {}, @Ann</p>", link(77, "bob"));
        for (hidden, expected) in [(&[1, 7, 9][..], &without), (&[5, 76, 78], &html), (&[], &html)] {
            assert_eq!(&unlink(html.clone(), hidden), expected);
        }
        assert_eq!(unlink_all(&html), "<p>@ann and @bob, @Ann</p>");
        assert_eq!(unlink(html, &[7, 77]), "<p>@ann and @bob, @Ann</p>");
    }
}
