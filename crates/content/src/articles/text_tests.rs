use super::*;

fn html(body: &str) -> String {
    render(body).unwrap().html
}

#[test]
fn github_flavoured_markdown_is_made_into_html() {
    let body =
        "# One\n\n| a | b |\n|---|:-:|\n| 1 | ~~2~~ |\n\n- [x] done\n\nSee[^n] https://example.com\n\n[^n]: Note.";
    let made = html(body);
    for part in [
        "<h1 id=\"h-one\">One</h1>",
        "<td align=\"center\"><del>2</del></td>",
        "<input type=\"checkbox\" checked=\"\" disabled=\"\">",
        "<a href=\"https://example.com\" rel=\"noopener noreferrer\">https://example.com</a>",
        "<sup class=\"footnote-ref\">",
        "<section class=\"footnotes\">",
    ] {
        assert!(made.contains(part), "{part} in {made}");
    }
}

#[test]
fn nothing_in_it_runs() {
    for body in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "![a](data:image/svg+xml,<svg onload=alert(1)>)",
        "[a](vbscript:x \"onclick=alert(1)\")",
        "[a](\\javascript:alert(1))",
        "<javascript:alert(1)>",
        "```\"><script>alert(1)</script>\nx\n```",
        "# <script>alert(1)</script>",
        "[^\"><script>]: x\n\n[^\"><script>]",
        "<a href=\"java&#x73;cript:alert(1)\">x</a>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    ] {
        let made = html(body).to_lowercase();
        let open: Vec<&str> = made.split('<').skip(1).collect();
        for tag in open {
            let tag = tag.split('>').next().unwrap();
            assert!(!tag.starts_with("script") && !tag.starts_with("svg") && !tag.starts_with("style"), "{made}");
            assert!(!tag.contains("javascript:") && !tag.contains("data:") && !tag.contains(" on"), "{made}");
        }
    }
}

#[test]
fn html_inside_is_shown_as_text() {
    assert_eq!(html("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>");
}

#[test]
fn links_lead_to_the_web_or_within_the_page_and_pictures_are_ours_or_of_the_web() {
    assert!(html("[a](/api/auth/logout)").starts_with("<p><a rel="));
    assert!(html("[a](#h-one)").contains("href=\"#h-one\""));
    assert!(html("![a](/api/content/media/7/file)").contains("src=\"/api/content/media/7/file\""));
    assert!(!html("![a](/api/auth/me)").contains("src"));
    assert!(!html("![a](//example.com/x.png)").contains("src"));
}

#[test]
fn headings_have_ids_of_their_own_and_stand_in_the_list() {
    let made = render("# Один\n\n## Two *words*\n\n## Two words").unwrap();
    let toc: Vec<(u8, &str, &str)> = made.toc.iter().map(|e| (e.level, e.id.as_str(), e.title.as_str())).collect();
    assert_eq!(toc, [(1, "h-один", "Один"), (2, "h-two-words", "Two words"), (2, "h-two-words-1", "Two words")]);
    for entry in &made.toc {
        assert!(made.html.contains(&format!("id=\"{}\"", entry.id)));
    }
}

#[test]
fn the_beginning_stands_for_an_excerpt() {
    let made = render("# Title\n\nFirst *words*\nof it.\n\n> And `more`.").unwrap();
    assert_eq!(made.summary, "First words of it. And more.");
    assert_eq!(made.word_count, 7);
    let long = render(&"слово ".repeat(100)).unwrap().summary;
    assert!(long.ends_with("слово…") && long.chars().count() <= SUMMARY + 1, "{long}");
    assert_eq!(render(&"x".repeat(1_000)).unwrap().summary.chars().count(), SUMMARY + 1);
    assert_eq!(
        render("").unwrap(),
        Rendered { html: String::new(), toc: vec![], summary: String::new(), word_count: 0 }
    );
}

#[test]
fn reading_takes_whole_minutes() {
    assert_eq!([0, 1, 238, 239, 2_380].map(reading_minutes), [1, 1, 1, 2, 10]);
}

/// Each took seconds, or gigabytes, somewhere.
#[test]
fn what_is_made_to_take_long_does_not() {
    let refused = |body: &str| render(body).map(|_| ()).map_err(|refused| refused.code);
    let since = std::time::Instant::now();
    let pairs = |open: &str, close: &str, n: usize| open.repeat(n) + "x" + &close.repeat(n);
    for body in [
        ">".repeat(100_000),
        "- ".repeat(50_000),
        pairs("*a **b ", "** *", 9_000),
        pairs("[", "](x)", 20_000),
        "![".repeat(50_000),
        "`".repeat(100_000),
        "<".repeat(100_000),
        "|a".repeat(5_000) + "\n" + &"|-".repeat(5_000) + "\n" + &"|\n".repeat(40_000),
        "[a]: b\n".repeat(10_000) + &"[a]".repeat(10_000),
        "[^1]\n\n[^1]: x\n\n".repeat(5_000),
        "&#1;".repeat(25_000),
        "#\n".repeat(50_000),
    ] {
        let _ = refused(&body);
    }
    assert!(since.elapsed().as_secs() < 60, "it took {:?}", since.elapsed());
    assert_eq!(refused(&">".repeat(1_000)), Err("too_deep"));
    assert_eq!(refused(&("> ".repeat(20) + "a")), Ok(()));
    assert_eq!(refused(&"# a\n".repeat(501)), Err("headings"));
}
