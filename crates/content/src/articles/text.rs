//! From Markdown (`CommonMark` and GFM: tables, struck text, task lists, footnotes, bare links) to HTML in which nothing runs.
//!
//! HTML inside of a text is shown as text. What comes out is cleaned once more, by a list of what may stand in it. A text
//! whose parts stand too deep in each other, or whose HTML grows too large, is refused.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use ammonia::Builder;
use comrak::adapters::{HeadingAdapter, HeadingMeta};
use comrak::arena_tree::NodeEdge;
use comrak::nodes::{Node, NodeValue, Sourcepos};
use comrak::options::Plugins;
use comrak::{Anchorizer, Arena, Options, format_html_with_plugins, parse_document};
use poligon_common::problem::kinds;
use poligon_common::{Problem, Refused};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::row::TocEntry;
use crate::media::reference;

/// Parts that stand in each other, at most: who reads HTML looks from each through all that are open.
const DEEPEST: usize = 32;
/// Largest HTML, in bytes.
const LARGEST: usize = 1024 * 1024;
/// Headings of an article at most.
const HEADINGS: usize = 500;
/// What the ids of headings and footnotes begin with, so that none is the name of something that pages have.
const PREFIX: &str = "h-";
/// Characters of the beginning that stands for a text without an excerpt.
const SUMMARY: usize = 240;
/// Words that are read in a minute: the mean of silent reading of English non-fiction (Brysbaert 2019,
/// doi:10.1016/j.jml.2019.104047).
const WORDS_PER_MINUTE: i64 = 238;

/// Whole minutes that reading so many words takes, at least one.
pub(super) fn reading_minutes(words: i64) -> i64 {
    ((words + WORDS_PER_MINUTE - 1) / WORDS_PER_MINUTE).max(1)
}

/// A text that was made into HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) toc: Vec<TocEntry>,
    pub(crate) summary: String,
    pub(crate) word_count: i64,
}

/// KiB of text that HTML is made of at the same time: a hostile one of 100 kB takes some 30 MB while it is.
const AT_ONCE: u32 = 128;
/// Longest wait for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// The memory is the process's own, whatever applications run in it; so is what guards it.
static DESK: Semaphore = Semaphore::const_new(AT_ONCE as usize);

/// Makes HTML of a text, off the async workers: large ones after each other. What is wrong with it is a wrong field `/body`;
/// 503 when too many wait.
pub(super) async fn rendered(body: String) -> Result<Rendered, Problem> {
    let size = u32::try_from(body.len().div_ceil(1024)).unwrap_or(AT_ONCE).clamp(1, AT_ONCE);
    let place = tokio::time::timeout(PATIENCE, DESK.acquire_many(size)).await;
    let Ok(Ok(place)) = place else {
        let waits = Problem::new(&kinds::OVERLOADED).detail("too many texts wait to be made into HTML");
        return Err(waits.retry_after(Duration::from_secs(3)));
    };
    // With the work and not with the request: a client that leaves does not stop it.
    let work = move || {
        let _held: SemaphorePermit<'static> = place;
        render(&body)
    };
    let made = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?;
    made.map_err(|Refused { code, message }| Problem::invalid_field("/body", code, message))
}

/// Makes HTML of a text.
pub(crate) fn render(body: &str) -> Result<Rendered, Refused> {
    let made = parsed(body)?; // its tree is gone before the next one grows
    let html = CLEANER.clean(&made.html).to_string().trim_end().to_owned();
    Ok(Rendered { html, ..made })
}

/// The same, before it is cleaned.
fn parsed(body: &str) -> Result<Rendered, Refused> {
    let arena = Arena::new();
    let options = options();
    let root = parse_document(&arena, body, &options);
    let text = Text::of(root)?;
    let headings = Headings::default();
    let mut plugins = Plugins::default();
    plugins.render.heading_adapter = Some(&headings);
    let mut html = String::with_capacity(body.len() * 2);
    let wrong = |_| Refused::new("markdown", "cannot be made into HTML");
    format_html_with_plugins(root, &options, &mut html, &plugins).map_err(wrong)?;
    if html.len() > LARGEST {
        return Err(Refused::new("too_large", "makes too large a page: at most 1 MiB of HTML"));
    }
    let toc = headings.0.into_inner().unwrap_or_else(PoisonError::into_inner).toc;
    if toc.len() > HEADINGS {
        return Err(Refused::new("headings", format!("must have at most {HEADINGS} headings")));
    }
    Ok(Rendered { html, toc, summary: text.summary, word_count: text.words })
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.render.escape = true;
    options
}

/// What stands in a text without its marks.
struct Text {
    summary: String,
    words: i64,
}

impl Text {
    fn of(root: Node<'_>) -> Result<Self, Refused> {
        let (mut depth, mut all, mut first) = (0_usize, String::new(), String::new());
        let mut paragraph = false;
        for edge in root.traverse() {
            match edge {
                NodeEdge::Start(node) => {
                    depth += 1;
                    if depth > DEEPEST {
                        let message = format!("has quotes, lists or emphasis over {} deep in each other", DEEPEST - 2);
                        return Err(Refused::new("too_deep", message));
                    }
                    let value = &node.data.borrow().value;
                    paragraph = paragraph || matches!(value, NodeValue::Paragraph);
                    let words: Cow<'_, str> = match value {
                        NodeValue::Text(text) => Cow::Borrowed(text),
                        NodeValue::Code(code) => Cow::Borrowed(&code.literal),
                        NodeValue::HtmlInline(html) => Cow::Borrowed(html),
                        NodeValue::SoftBreak | NodeValue::LineBreak => Cow::Borrowed(" "),
                        _ => continue,
                    };
                    all.push_str(&words);
                    if paragraph && first.len() < SUMMARY * 8 {
                        first.push_str(&words);
                    }
                }
                NodeEdge::End(node) => {
                    depth -= 1;
                    let value = &node.data.borrow().value;
                    if matches!(value, NodeValue::Paragraph) {
                        paragraph = false;
                        first.push(' ');
                    }
                    if value.block() {
                        all.push(' ');
                    }
                }
            }
        }
        let words = all.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
        Ok(Self { summary: beginning(&first), words: i64::try_from(words).unwrap_or(i64::MAX) })
    }
}

/// The first words of a text, as many as fit.
fn beginning(text: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let longer = word.chars().count() + usize::from(length > 0);
        if length + longer > SUMMARY {
            if length == 0 {
                out.extend(word.chars().take(SUMMARY));
            }
            out.push('…');
            break;
        }
        if length > 0 {
            out.push(' ');
        }
        out.push_str(word);
        length += longer;
    }
    out
}

/// Gives headings their ids, and keeps the list of them.
#[derive(Default)]
struct Headings(Mutex<Known>);

#[derive(Default)]
struct Known {
    anchors: Anchorizer,
    toc: Vec<TocEntry>,
}

impl HeadingAdapter for Headings {
    fn enter(&self, out: &mut dyn Write, heading: &HeadingMeta, _: Option<Sourcepos>) -> fmt::Result {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let title = heading.content.split_whitespace().collect::<Vec<_>>().join(" ");
        let id = format!("{PREFIX}{}", known.anchors.anchorize(&title));
        write!(out, "<h{} id=\"{id}\">", heading.level)?;
        known.toc.push(TocEntry { level: heading.level, id, title });
        Ok(())
    }

    fn exit(&self, out: &mut dyn Write, heading: &HeadingMeta) -> fmt::Result {
        writeln!(out, "</h{}>", heading.level)
    }
}

/// What stays where everything else is taken away.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(
            ["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr", "img"].into(),
        )
        .add_tags(["h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"])
        .add_tags(["sup", "section", "input"])
        .tag_attributes(attributes())
        .url_schemes(["http", "https", "mailto"].into())
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("img", "loading", "lazy")
        .attribute_filter(|element, attribute, value| kept(element, attribute, value).then_some(Cow::Borrowed(value)));
    cleaner
});

fn attributes() -> HashMap<&'static str, HashSet<&'static str>> {
    let headings = ["h1", "h2", "h3", "h4", "h5", "h6"].map(|heading| (heading, ["id"].into()));
    let others = [
        ("a", ["href", "title", "id", "class"].into()),
        ("code", ["class"].into()),
        ("img", ["src", "alt", "title"].into()),
        ("input", ["type", "checked", "disabled"].into()),
        ("li", ["id"].into()),
        ("ol", ["start"].into()),
        ("section", ["class"].into()),
        ("sup", ["class"].into()),
        ("td", ["align"].into()),
        ("th", ["align"].into()),
    ];
    headings.into_iter().chain(others).collect()
}

/// Whether an attribute may stand there. Addresses without a scheme lead to a part of the page or to our own pictures.
fn kept(element: &str, attribute: &str, value: &str) -> bool {
    let has_scheme = ["http:", "https:", "mailto:"]
        .iter()
        .any(|scheme| value.get(..scheme.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(scheme)));
    match (element, attribute) {
        ("a", "href") => has_scheme || value.starts_with('#') || reference(value).is_some(),
        ("img", "src") => has_scheme || reference(value).is_some(),
        ("code", "class") => value.strip_prefix("language-").is_some_and(|language| {
            language.len() <= 30 && language.bytes().all(|b| b.is_ascii_alphanumeric() || b"+#-._".contains(&b))
        }),
        (_, "class") => matches!(value, "footnotes" | "footnote-ref" | "footnote-backref"),
        (_, "id") => ["h-", "fn-", "fnref-"].iter().any(|prefix| value.starts_with(prefix)),
        ("input", "type") => value == "checkbox",
        _ => true,
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
