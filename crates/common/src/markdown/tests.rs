//! What becomes of texts.

use std::collections::BTreeMap;

use poligon_core::users::username_key;

use super::events::DEEPEST;
use super::signs::{MOST_LINKS, MOST_TAGS};
use super::{Dialect, Draft, Mention, Mentions, is_seen, tag_of, unlink, unlink_all};

const USERS: &str = "/api/social/users/";
const LINKED: Dialect =
    Dialect { mentions: Mentions::Links(USERS), hashtags: Some("/api/social/posts?feed=tag&tag="), headings: false };
const PLAIN: Dialect = Dialect { mentions: Mentions::Strong, hashtags: None, headings: true };

fn known() -> BTreeMap<String, i64> {
    BTreeMap::from([(username_key("ann"), 7)])
}

fn shown(source: &str) -> String {
    LINKED.draft(source).html(&known())
}

fn names(draft: &Draft) -> Vec<&str> {
    draft.names.iter().map(|(_, name)| name.as_str()).collect()
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
        LINKED.draft("@ann, and @Bob.B. a@ann.example #Rust #42 #ü_1 x#no `@code #code` [@link](https://a.example)");
    assert_eq!(names(&draft), ["ann", "Bob.B"]);
    assert_eq!(draft.tags.iter().collect::<Vec<_>>(), ["rust", "ü_1"]);
    // Neither in the middle of a hashtag, nor of an address.
    let draft = LINKED.draft("#a#b @ann@host.example @ann#c #d");
    assert_eq!(names(&draft), ["ann"]);
    assert_eq!(draft.tags.iter().collect::<Vec<_>>(), ["a", "d"]);
    // Marks belong to their letters, and wide letters are the same as narrow ones.
    let draft = LINKED.draft("#हिन्दी #ＦＵＬＬ #full #\u{301}x");
    assert_eq!(draft.tags.iter().collect::<Vec<_>>(), ["full", "हिन्दी"]);
    assert_eq!(tag_of("#ＦＵＬＬ"), "full");
    let html = shown("@ann @nobody #Rust");
    assert!(html.contains("class=\"mention\" href=\"/api/social/users/7\""), "{html}");
    assert!(html.contains(">@ann</a> @nobody "), "{html}");
    assert!(html.contains("href=\"/api/social/posts?feed=tag&amp;tag=rust\""), "{html}");
}

#[test]
fn nothing_stands_deeper_than_sixteen_in_each_other() {
    for (source, tag) in
        [(">".repeat(5_000) + "x", "<blockquote>"), ("- ".repeat(2_000) + "x", "<ul>"), ("*a **b ".repeat(700), "<")]
    {
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
        assert_eq!(&unlink(html.clone(), USERS, hidden), expected);
    }
    assert_eq!(unlink_all(&html, USERS), "<p>@ann and @bob, @Ann</p>");
    assert_eq!(unlink(html, USERS, &[7, 77]), "<p>@ann and @bob, @Ann</p>");
}

#[test]
fn a_dialect_may_have_headings_and_no_links() {
    let shown = |source: &str| PLAIN.draft(source).html(&known());
    assert_eq!(
        shown("@Ann and @nobody, **@ann** #tag"),
        "<p><strong class=\"mention\">@Ann</strong> and @nobody, <strong><strong class=\"mention\">@ann</strong></strong> #tag</p>"
    );
    assert_eq!(shown("# One @ann\n\n###### Six"), "<h1>One <strong class=\"mention\">@ann</strong></h1>\n<h6>Six</h6>");
    assert_eq!(shown("# a {#id .class onclick=x}"), "<h1>a {#id .class onclick=x}</h1>");
    // What looks like ours is text, or leads nowhere.
    for source in [
        "<strong class=\"mention\">@ann</strong>",
        "<a class=\"mention\" href=\"0\">@x</a>",
        "[x](0)",
        "`<a class=\"mention\" href=\"0\">@ann</a>`",
        "[@ann](https://a.example/<a class=\"mention\" href=\"0\">)",
        "<h1 onclick=x>a</h1>",
    ] {
        let html = shown(source).replace("<strong class=\"mention\">@ann</strong>", "");
        assert!(["<strong", "<a class", "<h"].iter().all(|tag| !html.contains(tag)), "{source} became {html}");
    }
    let draft = PLAIN.draft("@ann @Ann @bob #tag `@code`");
    assert_eq!(draft.keys(), [username_key("ann"), username_key("bob")]);
    let written = draft.written(&known());
    assert_eq!(written.mentions, [Mention { id: 7, username: "ann".to_owned() }]);
    assert_eq!(written.tags, [""; 0]);
    assert!(!written.html.contains("<a ") && written.html.contains("</strong> @bob #tag"), "{}", written.html);
}

#[test]
fn what_shows_nothing_is_not_seen() {
    for (text, seen) in
        [("", false), (" \n\u{200b}\u{3164}\u{2800}\u{fe0f}", false), ("\u{200b}a", true), ("😀\u{fe0f}", true)]
    {
        assert_eq!(is_seen(text), seen, "{text:?}");
    }
}
