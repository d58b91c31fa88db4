//! The parts of a text: a subset of the events of `CommonMark`, in which little stands in each other.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, TextMergeStream};

/// Quotes, lists and emphasis that stand in each other, at most; what is deeper stands there without them. Whoever reads
/// HTML looks from each element through all that are open.
pub(super) const DEEPEST: usize = 16;

/// The parts of a text, each with whether names and hashtags in it count: not in code, and not in links.
/// Headings are paragraphs, unless they are wanted.
pub(super) fn events(source: &str, headings: bool) -> impl Iterator<Item = (Event<'_>, bool)> {
    let (mut code, mut links, mut depth) = (0_u32, Vec::new(), 0);
    let merged = TextMergeStream::new(Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH));
    merged.filter_map(move |event| flattened(event, &mut depth)).filter_map(move |event| {
        let plain = code == 0 && links.is_empty();
        let event = match event {
            Event::Start(Tag::CodeBlock(_)) => {
                code += 1;
                Event::Start(Tag::CodeBlock(CodeBlockKind::Indented))
            }
            Event::End(TagEnd::CodeBlock) => {
                code -= 1;
                event
            }
            Event::Start(Tag::Heading { .. }) | Event::End(TagEnd::Heading(_)) if headings => event,
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
