//! What people write: a subset of Markdown (`CommonMark` without pictures and HTML; with struck text), made into HTML in
//! which nothing runs, with the people and the hashtags that it names.
//!
//! What differs from one domain to the other is a [`Dialect`]. HTML is made once, when a text is written, before a
//! transaction begins ([`Dialect::draft`]); only who the names belong to is asked in it ([`Draft::written`]).

mod events;
mod signs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Event, html};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use self::signs::Signs;
use crate::input::has_invisible;

/// What differs from one domain to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What stands for people who are named.
    pub mentions: Mentions,
    /// How the address that a hashtag leads to begins; the hashtag follows. `None`: there are no hashtags.
    pub hashtags: Option<&'static str>,
    /// Whether there are headings; otherwise they are paragraphs.
    pub headings: bool,
}

/// What stands for somebody who is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mentions {
    /// `<a class="mention" …>@name</a>`: how the address that it leads to begins; the person's id follows.
    Links(&'static str),
    /// `<strong class="mention">@name</strong>`.
    Strong,
}

/// Somebody who is named in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Mention {
    /// The person's id.
    pub id: i64,
    /// The user name, as it was written.
    pub username: String,
}

/// A text as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text as HTML.
    pub html: String,
    /// In order of id.
    pub mentions: Vec<Mention>,
    /// In small letters, without `#`, in order.
    pub tags: Vec<String>,
}

/// A text that is made into HTML already, but for who it names: that is known to the database.
#[derive(Debug, Clone)]
pub struct Draft {
    mentions: Mentions,
    /// The names, as they are compared and as they were written.
    names: Vec<(String, String)>,
    tags: BTreeSet<String>,
    /// Each name is a link to its place in `names`, from 0.
    html: String,
}

impl Mentions {
    /// How the address of a link to a person begins. Until it is known who is named, there is a link in any case.
    fn base(self) -> &'static str {
        match self {
            Self::Links(base) => base,
            Self::Strong => "",
        }
    }
}

impl Dialect {
    /// Makes HTML of a text.
    pub fn draft(self, source: &str) -> Draft {
        let mut signs = Signs::new(self);
        let mut out = String::with_capacity(source.len() * 2);
        let events = events::events(source, self.headings).flat_map(|(event, plain)| match event {
            Event::Text(text) if plain => signs.link(&text),
            event => vec![event],
        });
        html::push_html(&mut out, events);
        let html = CLEANER.clean(&out).to_string().trim_end().to_owned();
        Draft { mentions: self.mentions, names: signs.names, tags: signs.tags, html }
    }
}

impl Draft {
    /// The names in it, as they are compared, each once.
    pub fn keys(&self) -> Vec<String> {
        self.names.iter().map(|(key, _)| key.clone()).collect()
    }

    /// The text; `people` are the ids of names as they are compared. Other names are plain text.
    pub fn written(&self, people: &BTreeMap<String, i64>) -> Written {
        let mention = |(key, name): &(String, String)| Some(Mention { id: *people.get(key)?, username: name.clone() });
        let mut mentions: Vec<Mention> = self.names.iter().filter_map(mention).collect();
        mentions.sort();
        Written { html: self.html(people), mentions, tags: self.tags.iter().cloned().collect() }
    }

    /// The HTML alone.
    pub fn html(&self, people: &BTreeMap<String, i64>) -> String {
        let id_of = |place: i64| {
            let (key, _) = self.names.get(usize::try_from(place).ok()?)?;
            people.get(key).copied()
        };
        led(&self.html, self.mentions, id_of)
    }
}

/// How a link to a person begins, up to its address.
const MENTION: &str = "<a class=\"mention\" href=\"";

/// A link to a person, and what is behind it.
struct Link<'a> {
    /// Where it leads.
    number: i64,
    /// From behind its address up to its end.
    within: &'a str,
    after: &'a str,
}

impl<'a> Link<'a> {
    /// The link whose address begins like this.
    fn of(text: &'a str, mentions: Mentions) -> Option<Self> {
        let (number, behind) = text.strip_prefix(mentions.base())?.split_once('"')?;
        let (within, after) = behind.split_once("</a>")?;
        Some(Self { number: number.parse().ok()?, within, after })
    }

    /// What is shown of it.
    fn name(&self) -> &'a str {
        self.within.split_once('>').map_or("", |(_, name)| name)
    }
}

/// The same HTML with its links to people leading to others, or as `mentions` has them; and with their names as plain
/// text where `lead` knows nobody. Names need no escaping: letters, digits, dots, hyphens and underscores.
fn led(html: &str, mentions: Mentions, lead: impl Fn(i64) -> Option<i64>) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some((before, link)) = rest.split_once(MENTION) {
        let Some(link) = Link::of(link, mentions) else { break };
        out.push_str(before);
        match (lead(link.number), mentions) {
            (Some(id), Mentions::Links(base)) => {
                out.extend([MENTION, base, &id.to_string(), "\"", link.within, "</a>"]);
            }
            (Some(_), Mentions::Strong) => out.extend(["<strong class=\"mention\">", link.name(), "</strong>"]),
            (None, _) => out.push_str(link.name()),
        }
        rest = link.after;
    }
    out + rest
}

/// The same HTML with the links to people who are `hidden`, in order of id, as plain text: as for whoever names nobody.
/// The addresses of links to people begin with `base`, as in [`Mentions::Links`].
pub fn unlink(html: String, base: &'static str, hidden: &[i64]) -> String {
    if hidden.is_empty() || !html.contains(MENTION) {
        return html;
    }
    led(&html, Mentions::Links(base), |id| Some(id).filter(|id| hidden.binary_search(id).is_err()))
}

/// The same HTML with no links to people, for whoever reads.
pub fn unlink_all(html: &str, base: &'static str) -> String {
    led(html, Mentions::Links(base), |_| None)
}

/// A hashtag that is asked for, with or without its `#`, as texts have it.
pub fn tag_of(asked: &str) -> String {
    asked.trim_start_matches('#').nfkc().collect::<String>().to_lowercase()
}

/// Whether any character of a text is seen.
pub fn is_seen(text: &str) -> bool {
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
        .add_tags(["h1", "h2", "h3", "h4", "h5", "h6"])
        .tag_attributes([("a", ["href"].into()), ("ol", ["start"].into())].into())
        .allowed_classes([("a", ["mention", "hashtag"].into())].into())
        .url_schemes(["http", "https", "mailto"].into())
        .link_rel(Some("nofollow noopener noreferrer ugc"));
    cleaner
});
