//! What stands around an answer: security headers, origins, caching, methods, the request's id.

use std::collections::BTreeSet;

use poligon_testkit::{Backend, Reply, TestApp};
use reqwest::Method;
use serde_json::json;

use crate::analytics::Sights;
use crate::boards::Work;
use crate::content::Texts;
use crate::document::Document;
use crate::network::Talk;
use crate::requests::{Goods, Target, path, request};
use crate::world::{PASSWORD, builder, person, register, started};

const ORIGIN: &str = "https://shop.example";
const STRANGER: &str = "https://evil.example";

async fn start(backend: Backend) -> TestApp {
    started(builder(backend).config(|config| config.server.allowed_origins = vec![ORIGIN.to_owned()])).await
}

fn nothing() -> Target {
    Target {
        user: 999_999,
        session: 999_999,
        role: "nothing".into(),
        goods: Goods::NONE,
        talk: Talk::NONE,
        work: Work::NONE,
        texts: Texts::NONE,
        sights: Sights::NONE,
    }
}

fn assert_secure(reply: &Reply, what: &str) {
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY")]
    {
        assert_eq!(reply.header(name), Some(value), "{what}: {name}");
    }
    let policy = reply.header("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{what}: {policy}");
    assert!(reply.header("cache-control").is_some(), "{what}: who may keep it?");
    assert!(reply.header("x-request-id").is_some(), "{what}: no id");
    assert!(reply.header("strict-transport-security").is_none(), "{what}: promised over plain HTTP");
    assert!(reply.header("content-encoding").is_none(), "{what}: packed, and nobody asked for it");
    for name in ["server", "x-powered-by"] {
        assert!(reply.header(name).is_none(), "{what}: {name}");
    }
}

async fn every_kind_of_answer_is_secured(app: TestApp) {
    let client = app.client();
    let page = client.get("/").send().await.expect(200);
    assert!(page.header("content-type").is_some_and(|t| t.starts_with("text/html")));
    let document = client.get("/api/openapi.json").send().await.expect(200);
    let tag = document.header("etag").expect("a tag").to_owned();
    let fresh = client.get("/api/openapi.json").header("if-none-match", &tag).send().await.expect(304);
    let preflight = client.request(Method::OPTIONS, "/api/auth/me").header("origin", ORIGIN);
    let preflight = preflight.header("access-control-request-method", "GET").send().await;
    assert!(matches!(preflight.status, 200 | 204), "{}", preflight.status);
    let kinds = [
        ("a page", page),
        ("a document", document),
        ("unchanged", fresh),
        ("a preflight", preflight),
        ("success", client.get("/health/live").send().await.expect(200)),
        ("a problem", client.get("/api/auth/me").send().await.expect(401)),
        ("an unknown path", client.get("/nowhere").send().await.expect(404)),
        ("a wrong method", client.delete("/health/live").send().await.expect(405)),
        ("the methods", client.request(Method::OPTIONS, "/api/auth/me").send().await.expect(204)),
        ("no body", person(&app, "ann").await.delete("/api/auth/me").send().await.expect(204)),
        (
            "a header that lies",
            client.get("/health/live").header("x-forwarded-proto", "https").send().await.expect(200),
        ),
    ];
    for (what, reply) in &kinds {
        assert_secure(reply, what);
    }
    for operation in Document::read().operations {
        let reply = request(&client, &operation, &nothing()).send().await;
        assert_secure(&reply, &operation.id);
    }
}

async fn transport_security_is_promised_behind_tls(backend: Backend) {
    let proxy = |config: &mut poligon_core::Config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    };
    let app = started(builder(backend).config(proxy)).await;
    let promised = async |proto: &str| {
        let reply = app.client().get("/health/live").header("x-forwarded-proto", proto).send().await.expect(200);
        reply.header("strict-transport-security").map(ToOwned::to_owned)
    };
    assert!(promised("https").await.is_some_and(|value| value.starts_with("max-age=31536000")));
    assert_eq!(promised("http").await, None);
}

/// The members of a list in a header, in small letters.
fn listed(reply: &Reply, name: &str) -> BTreeSet<String> {
    let text = reply.header(name).unwrap_or_default().to_ascii_lowercase();
    text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

async fn only_configured_origins_are_let_in(app: TestApp) {
    let client = app.client();
    for (path, status) in [("/health/live", 200), ("/api/auth/me", 401), ("/nowhere", 404)] {
        let known = client.get(path).header("origin", ORIGIN).send().await.expect(status);
        assert_eq!(known.header("access-control-allow-origin"), Some(ORIGIN), "{path}");
        assert_eq!(known.header("access-control-allow-credentials"), Some("true"), "{path}");
        assert!(listed(&known, "vary").contains("origin"), "{path}: {:?}", known.headers);
        let exposed = listed(&known, "access-control-expose-headers");
        for name in [
            "etag",
            "link",
            "location",
            "x-request-id",
            "ratelimit-limit",
            "ratelimit-remaining",
            "ratelimit-reset",
            "retry-after",
        ] {
            assert!(exposed.contains(name), "{path}: {name} is not exposed: {exposed:?}");
        }
        for origin in [STRANGER, "null", "https://shop.example.evil.example", "http://shop.example", "https://SHOP"] {
            let reply = client.get(path).header("origin", origin).send().await.expect(status);
            assert_eq!(reply.header("access-control-allow-origin"), None, "{path} from {origin}");
        }
    }
}

async fn preflights_know_the_origins(app: TestApp) {
    let preflight = async |origin: &str| {
        let asked = app.client().request(Method::OPTIONS, "/api/auth/me").header("origin", origin);
        let asked = asked.header("access-control-request-method", "PATCH");
        asked.header("access-control-request-headers", "authorization,content-type,if-match").send().await
    };
    let known = preflight(ORIGIN).await;
    assert_eq!(known.header("access-control-allow-origin"), Some(ORIGIN));
    assert!(listed(&known, "access-control-allow-methods").contains("patch"));
    assert!(listed(&known, "access-control-allow-headers").contains("authorization"));
    assert!(known.header("access-control-max-age").is_some(), "it is not cached");
    assert_eq!(preflight(STRANGER).await.header("access-control-allow-origin"), None);
}

async fn personal_answers_are_not_kept(app: TestApp) {
    let me = person(&app, "ann").await;
    register(&app, "bob").await;
    let admin = app.sign_in_as(&["admin"]).await;
    let login = json!({"username": "ann", "password": PASSWORD});
    let personal = [
        me.get("/api/auth/me").send().await.expect(200),
        me.get("/api/auth/sessions").send().await.expect(200),
        admin.get("/api/auth/users").send().await.expect(200),
        admin.get(&format!("/api/auth/users/{}", me.user_id.expect("an id"))).send().await.expect(200),
        admin.get("/api/auth/audit").send().await.expect(200),
        admin.get("/health").send().await.expect(200),
        me.get("/mailbox").send().await.expect(200),
        me.get("/mailbox/messages").send().await.expect(200),
        app.client().post("/api/auth/login").json(&login).send().await.expect(200),
        app.client().get("/api/auth/me").send().await.expect(401),
    ];
    for reply in personal {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
    }
}

async fn every_path_answers_all_methods(app: TestApp) {
    let client = app.client();
    let document = Document::read();
    let methods = document.methods();
    let mut seen = BTreeSet::new();
    for operation in &document.operations {
        if !seen.insert(operation.path.clone()) {
            continue;
        }
        let mut allowed = methods[&operation.path].clone();
        if allowed.contains("GET") {
            allowed.insert("HEAD".into());
        }
        allowed.insert("OPTIONS".into());
        let allow: BTreeSet<String> = allowed.iter().map(|method| method.to_ascii_lowercase()).collect();
        let path = path(operation, &nothing());
        let options = client.request(Method::OPTIONS, &path).send().await.expect(204);
        assert_eq!(listed(&options, "allow"), allow, "OPTIONS {path}");
        for name in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"] {
            let method: Method = name.parse().expect("a method");
            let reply = client.request(method, &path).send().await;
            if allowed.contains(name) {
                assert_ne!(reply.status, 405, "{name} {path}");
            } else {
                assert_eq!(reply.status, 405, "{name} {path}: {}", reply.text);
                assert_eq!(listed(&reply, "allow"), allow, "{name} {path}");
            }
            if name == "HEAD" {
                assert!(reply.text.is_empty(), "HEAD {path} has a body");
            }
        }
    }
}

async fn head_is_get_without_the_body(app: TestApp) {
    for path in [
        "/",
        "/docs",
        "/dashboard",
        "/dashboard/main.js",
        "/health/live",
        "/api/openapi.json",
        "/problems/not_found",
        "/api/auth/me",
        "/nowhere",
    ] {
        let whole = app.client().get(path).send().await;
        let head = app.client().request(Method::HEAD, path).send().await;
        assert_eq!((head.status, head.text.as_str()), (whole.status, ""), "{path}");
        for name in ["content-type", "content-length", "etag", "cache-control", "content-security-policy"] {
            // The id of the request is part of a problem, and as long each time.
            assert_eq!(head.header(name), whole.header(name), "{path}: {name}");
        }
    }
}

async fn a_request_keeps_its_id_or_gets_one(app: TestApp) {
    let longest = "x".repeat(128);
    let send = async |id: Option<&str>| {
        let request = app.client().get("/api/auth/me");
        let reply = match id {
            Some(id) => request.header("x-request-id", id).send().await,
            None => request.send().await,
        };
        let answered = reply.header("x-request-id").expect("an id").to_owned();
        assert_eq!(reply.body["request_id"], answered, "header and body name one request");
        answered
    };
    for given in ["a", "trace-1/2.3~!", longest.as_str()] {
        assert_eq!(send(Some(given)).await, given);
    }
    let made = send(None).await;
    assert!(made.len() >= 16 && made != send(None).await, "{made}");
    for bad in ["", "with space", "tab\there", "umlaut-ä", &"x".repeat(129)] {
        let answered = send(Some(bad)).await;
        assert!(answered != bad && answered.len() >= 16, "{bad:?} became {answered:?}");
    }
}

async fn packing_is_absent_or_right(app: TestApp) {
    for path in ["/api/openapi.json", "/docs", "/", "/dashboard", "/dashboard/echarts.js"] {
        let plain = app.client().get(path).send().await.expect(200);
        let asked = app.client().get(path).header("accept-encoding", "gzip").send().await.expect(200);
        match asked.header("content-encoding") {
            None => assert_eq!(asked.text, plain.text, "{path}"),
            Some(coding) => {
                assert_eq!(coding, "gzip", "{path}");
                assert!(listed(&asked, "vary").contains("accept-encoding"), "{path}");
                assert_ne!(asked.header("etag"), plain.header("etag").or(Some("")), "{path}: one tag, two bodies");
            }
        }
    }
}

poligon_testkit::tests! { start =>
    every_kind_of_answer_is_secured,
    only_configured_origins_are_let_in,
    preflights_know_the_origins,
    personal_answers_are_not_kept,
    every_path_answers_all_methods,
    head_is_get_without_the_body,
    a_request_keeps_its_id_or_gets_one,
    packing_is_absent_or_right,
}

mod behind_tls {
    use super::transport_security_is_promised_behind_tls;
    poligon_testkit::tests! { transport_security_is_promised_behind_tls }
}
