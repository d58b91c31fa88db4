//! Feeds as XML.

use std::collections::BTreeMap;

use atom_syndication as atom;
use chrono::FixedOffset;
use poligon_common::Problem;
use poligon_core::db::Timestamp;

use super::entries::Feed;
use crate::articles::PublishedText;

/// Largest text that a feed carries whole, in bytes; of larger ones it has how they begin.
const LARGEST: usize = 64 * 1024;

/// Where things are, for those who come from elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// Of this service, without a slash at the end.
    pub(super) base: String,
    /// Of the feed itself.
    pub(super) own: String,
}

impl Places {
    fn article(&self, slug: &str) -> String {
        format!("{}/api/content/articles/{slug}/page", self.base)
    }

    /// What names an article for ever, whatever its slug.
    fn name(&self, id: i64) -> String {
        format!("{}/api/content/articles/{id}", self.base)
    }
}

/// A text without the characters that XML 1.0 cannot hold (section 2.2).
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn title(feed: &Feed) -> String {
    feed.blog.as_ref().map_or_else(|| "Poligon".to_owned(), |blog| plain(&blog.title))
}

fn about(feed: &Feed) -> String {
    let said = feed.blog.as_ref().map(|blog| plain(&blog.description)).filter(|text| !text.is_empty());
    said.unwrap_or_else(|| "New articles / Новые статьи".to_owned())
}

fn names(entry: &PublishedText) -> Vec<String> {
    entry.authors.iter().map(|person| plain(&person.display_name)).collect()
}

fn text(entry: &PublishedText) -> Option<String> {
    (entry.html.len() <= LARGEST).then(|| plain(&entry.html))
}

/// RSS 2.0, with the whole text (module `content`) and its authors (Dublin Core).
pub(super) fn rss(feed: &Feed, places: &Places) -> Result<Vec<u8>, Problem> {
    let own = atom::Link {
        href: places.own.clone(),
        rel: "self".to_owned(),
        mime_type: Some("application/rss+xml".to_owned()),
        ..atom::Link::default()
    };
    let channel = rss::Channel {
        title: title(feed),
        link: places.base.clone(),
        description: about(feed),
        generator: Some("Poligon".to_owned()),
        last_build_date: feed.updated().map(|at| at.utc().to_rfc2822()),
        items: feed.entries.iter().map(|entry| item(entry, places)).collect(),
        atom_ext: Some(rss::extension::atom::AtomExtension { links: vec![own] }),
        namespaces: BTreeMap::from(
            [
                ("atom", "http://www.w3.org/2005/Atom"),
                ("content", "http://purl.org/rss/1.0/modules/content/"),
                ("dc", "http://purl.org/dc/elements/1.1/"),
            ]
            .map(|(prefix, name)| (prefix.to_owned(), name.to_owned())),
        ),
        ..rss::Channel::default()
    };
    channel.write_to(Vec::new()).map_err(|e| Problem::internal(&e))
}

fn item(entry: &PublishedText, places: &Places) -> rss::Item {
    let creators = rss::extension::dublincore::DublinCoreExtension {
        creators: names(entry),
        ..rss::extension::dublincore::DublinCoreExtension::default()
    };
    let category = |tag: &String| rss::Category { name: plain(tag), domain: None };
    rss::Item {
        title: Some(plain(&entry.title)),
        link: Some(places.article(&entry.slug)),
        description: Some(plain(&entry.excerpt)),
        categories: entry.tags.iter().map(category).collect(),
        guid: Some(rss::Guid { value: places.name(entry.id), permalink: false }),
        pub_date: Some(entry.published_at.utc().to_rfc2822()),
        content: text(entry),
        dublin_core_ext: Some(creators),
        ..rss::Item::default()
    }
}

fn at(instant: Timestamp) -> chrono::DateTime<FixedOffset> {
    instant.utc().fixed_offset()
}

/// Atom (RFC 4287).
pub(super) fn atom(feed: &Feed, places: &Places) -> Result<Vec<u8>, Problem> {
    let link = |href: &str, rel: &str, media: &str| atom::Link {
        href: href.to_owned(),
        rel: rel.to_owned(),
        mime_type: Some(media.to_owned()),
        ..atom::Link::default()
    };
    let id = match &feed.blog {
        Some(blog) => format!("{}/api/content/blogs/{}", places.base, blog.id),
        None => format!("{}/api/content/feed", places.base),
    };
    let written = atom::Feed {
        title: atom::Text::plain(title(feed)),
        id,
        // Of a feed without entries: it has not changed since there were instants.
        updated: feed.updated().map_or_else(chrono::DateTime::default, at),
        subtitle: Some(atom::Text::plain(about(feed))),
        links: vec![link(&places.own, "self", "application/atom+xml"), link(&places.base, "alternate", "text/html")],
        generator: Some(atom::Generator { value: "Poligon".to_owned(), uri: None, version: None }),
        entries: feed.entries.iter().map(|entry| atom_entry(entry, places)).collect(),
        ..atom::Feed::default()
    };
    written.write_to(Vec::new()).map_err(|e| Problem::internal(&e))
}

fn atom_entry(entry: &PublishedText, places: &Places) -> atom::Entry {
    let person = |name: String| atom::Person { name, email: None, uri: None, ..atom::Person::default() };
    let content = text(entry).map(|value| atom::Content {
        value: Some(value),
        content_type: Some("html".to_owned()),
        lang: Some(entry.language.to_owned()),
        ..atom::Content::default()
    });
    let category = |tag: &String| atom::Category { term: plain(tag), scheme: None, label: None };
    atom::Entry {
        title: atom::Text::plain(plain(&entry.title)),
        id: places.name(entry.id),
        updated: at(entry.revised_at),
        published: Some(at(entry.published_at)),
        authors: names(entry).into_iter().map(person).collect(),
        categories: entry.tags.iter().map(category).collect(),
        links: vec![atom::Link {
            href: places.article(&entry.slug),
            rel: "alternate".to_owned(),
            mime_type: Some("text/html".to_owned()),
            hreflang: Some(entry.language.to_owned()),
            ..atom::Link::default()
        }],
        summary: Some(atom::Text::plain(plain(&entry.excerpt))),
        content,
        ..atom::Entry::default()
    }
}
