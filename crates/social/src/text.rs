//! Texts of this domain: Markdown ([`poligon_common::markdown`]) whose people and hashtags are links.

use std::collections::BTreeMap;

use poligon_common::markdown::{self, Dialect, Mentions, Written};
use poligon_core::db::{Db, DbError};

use crate::people::find_mentioned;

/// Where a link to a person leads, up to their id.
const PEOPLE: &str = "/api/social/users/";

const DIALECT: Dialect =
    Dialect { mentions: Mentions::Links(PEOPLE), hashtags: Some("/api/social/posts?feed=tag&tag="), headings: false };

/// A text that is made into HTML already, but for who it names. So the work is done before a transaction begins.
#[derive(Debug, Clone)]
pub(crate) struct Draft(markdown::Draft);

impl Draft {
    /// Makes HTML of a text.
    pub(crate) fn of(source: &str) -> Self {
        Self(DIALECT.draft(source))
    }

    /// What `author_id` wrote. Names of nobody, of the author, and of people who are hidden from the author are plain text.
    pub(crate) fn read(&self, db: &mut Db, author_id: i64) -> Result<Written, DbError> {
        let keys = self.0.keys();
        let people = if keys.is_empty() { BTreeMap::new() } else { find_mentioned(db, author_id, &keys)? };
        Ok(self.0.written(&people))
    }
}

/// A text as HTML, without a database, for demo data: `people` are the ids of names as they are compared.
pub(crate) fn render(source: &str, people: &BTreeMap<String, i64>) -> String {
    DIALECT.draft(source).html(people)
}

/// The same HTML with the links to people who are `hidden`, in order of id, as plain text: as for whoever names nobody.
pub(crate) fn unlink(html: String, hidden: &[i64]) -> String {
    markdown::unlink(html, PEOPLE, hidden)
}

/// The same HTML with no links to people, for whoever reads.
pub(crate) fn unlink_all(html: &str) -> String {
    markdown::unlink_all(html, PEOPLE)
}

#[cfg(test)]
mod tests {
    use poligon_core::users::username_key;

    use super::*;

    #[test]
    fn people_and_hashtags_are_links() {
        let html = render("@ann @nobody #Rust\n# Big", &BTreeMap::from([(username_key("ann"), 7)]));
        let rel = "rel=\"nofollow noopener noreferrer ugc\"";
        let ann = format!("<a class=\"mention\" href=\"/api/social/users/7\" {rel}>@ann</a>");
        let tag = format!("<a class=\"hashtag\" href=\"/api/social/posts?feed=tag&amp;tag=rust\" {rel}>#Rust</a>");
        assert_eq!(html, format!("<p>{ann} @nobody {tag}</p>\n<p>Big</p>"));
        assert_eq!(unlink(html.clone(), &[7]), html.replace(&ann, "@ann"));
        assert_eq!(unlink(html.clone(), &[8]), html);
        assert_eq!(unlink_all(&html), html.replace(&ann, "@ann"));
    }
}
