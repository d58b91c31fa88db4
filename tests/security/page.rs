//! `/dashboard`: what the page may load, which files there are, and that nothing else is reached by their names.

use poligon_testkit::TestApp;

use crate::world::start;

/// What a browser is allowed by a policy, by directive.
fn allowed<'a>(policy: &'a str, directive: &str) -> Vec<&'a str> {
    let parts = policy.split(';').map(str::trim).filter_map(|part| part.split_once(' '));
    parts.filter(|(name, _)| *name == directive).flat_map(|(_, sources)| sources.split(' ')).collect()
}

async fn the_page_loads_from_here_only(app: TestApp) {
    for (asked, language) in [("?lang=en", "en"), ("?lang=ru", "ru"), ("", "en")] {
        let page = app.client().get(&format!("/dashboard{asked}")).send().await.expect(200);
        assert_eq!(page.header("content-language"), Some(language));
        assert!(page.text.contains(&format!("<html lang=\"{language}\">")), "{}", page.text);
        assert!(!page.text.contains("http:") && !page.text.contains("https:") && !page.text.contains("{{"));
        let policy = page.header("content-security-policy").unwrap();
        assert_eq!(allowed(policy, "default-src"), ["'none'"]);
        for directive in ["script-src", "connect-src", "font-src"] {
            assert_eq!(allowed(policy, directive), ["'self'"], "{directive}");
        }
        let mut rest = page.text.as_str();
        while let Some((_, behind)) = rest.split_once("\"/dashboard/") {
            let (file, after) = behind.split_once('"').unwrap();
            app.client().get(&format!("/dashboard/{file}")).send().await.expect(200);
            rest = after;
        }
    }
    app.client().get("/dashboard?lang=de").send().await.expect(422);
}

async fn files_of_the_page_are_a_table(app: TestApp) {
    let plain = app.client().get("/dashboard/echarts.js").send().await.expect(200);
    assert!(plain.header("content-type").unwrap().starts_with("text/javascript"));
    let packed = app.client().get("/dashboard/echarts.js").header("accept-encoding", "br, gzip;q=0.9, *;q=0.1");
    let packed = packed.send().await.expect(200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let (whole, sent) = (plain.bytes.len(), packed.bytes.len());
    assert!(sent * 2 < whole, "{sent} of {whole}");
    for reply in [&plain, &packed] {
        let known = app.client().get("/dashboard/echarts.js").header("if-none-match", reply.header("etag").unwrap());
        let known = match reply.header("content-encoding") {
            Some(coding) => known.header("accept-encoding", coding),
            None => known,
        };
        assert_eq!(known.send().await.expect(304).text, "");
    }
    let refused = app.client().get("/dashboard/echarts.js").header("accept-encoding", "gzip;q=0, identity");
    assert_eq!(refused.send().await.expect(200).header("content-encoding"), None);
    for name in
        ["index.html", "vendor", "vendor.sh", "..%2fCargo.toml", "%2e%2e%2fsrc%2flib.rs", "main.js%00", "MAIN.JS"]
    {
        app.client().get(&format!("/dashboard/{name}")).send().await.expect(404);
    }
}

poligon_testkit::tests! { start =>
    the_page_loads_from_here_only,
    files_of_the_page_are_a_table,
}
