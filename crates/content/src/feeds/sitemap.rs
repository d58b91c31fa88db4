//! The list of addresses for search engines (sitemaps.org, protocol 0.9): an index, and parts by the ids of articles.

use std::io;

use poligon_common::Problem;
use poligon_core::db::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// An address, and when what is there was last changed.
pub(super) type Address = (String, Option<Timestamp>);

/// The index of the parts.
pub(super) fn index(parts: &[Address]) -> Result<Vec<u8>, Problem> {
    written("sitemapindex", "sitemap", parts).map_err(|e| Problem::internal(&e))
}

/// One part.
pub(super) fn part(addresses: &[Address]) -> Result<Vec<u8>, Problem> {
    written("urlset", "url", addresses).map_err(|e| Problem::internal(&e))
}

fn written(whole: &str, each: &str, addresses: &[Address]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.create_element(whole).with_attribute(("xmlns", NAMESPACE)).write_inner_content(|writer| {
        for (place, changed) in addresses {
            writer.create_element(each).write_inner_content(|writer| {
                writer.create_element("loc").write_text_content(BytesText::new(place))?;
                if let Some(changed) = changed {
                    writer.create_element("lastmod").write_text_content(BytesText::new(&changed.to_string()))?;
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(writer.into_inner())
}
