//! What is refused is refused in one form, with a documented code, and tells nothing of the inside.

use std::collections::{BTreeMap, BTreeSet};

use poligon_testkit::{Client, Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::analytics::sights_of;
use crate::boards::work_of;
use crate::content::texts_of;
use crate::document::{Document, Operation};
use crate::network::talk_of;
use crate::requests::{Target, body, path, request, with_body};
use crate::world::{goods, person, start};

/// What only the inside knows: SQL, paths, crates, types, panics. In small letters.
const INSIDE: &[&str] = &[
    "select ",
    "insert into",
    "update set",
    "delete from",
    "constraint",
    "sqlite",
    "postgres",
    "diesel",
    "redis",
    "r2d2",
    "password_hash",
    "audit_log",
    "user_roles",
    ".rs:",
    "src/",
    "/home/",
    "/tmp/",
    "/dev/shm/",
    "/root/",
    "cargo",
    "panicked",
    "unwrap",
    "backtrace",
    "poligon_",
    "poligon-core",
    "actix",
    "serde",
    "tokio",
    "core::",
    "alloc::",
    "std::",
    "struct ",
    "option<",
    "i64",
    "u32",
];

/// The operations that a path without variable parts names, and the answers that were refused.
struct Collected {
    /// By operation; answers to paths that no operation has stand under an empty name.
    refused: Vec<(String, String, Reply)>,
}

impl Collected {
    fn add(&mut self, operation: &str, what: &str, reply: Reply) {
        assert!(reply.status < 500, "{operation}, {what}: {} {}", reply.status, reply.text);
        if reply.status >= 400 {
            self.refused.push((operation.to_owned(), what.to_owned(), reply));
        }
    }
}

/// Bodies that are wrong in every way, and their media types.
fn bad_bodies(operation: &Operation) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let json = "application/json";
    let good = body(operation);
    let every = |value: Value| {
        let names = good.as_object().expect("members").keys();
        Value::Object(names.map(|name| (name.clone(), value.clone())).collect()).to_string().into_bytes()
    };
    let doubled = format!("{{\"password\":\"a\",\"password\":\"b\",{}", &good.to_string()[1..]);
    vec![
        ("nothing", json, Vec::new()),
        ("half a body", json, b"{\"username\": \"a".to_vec()),
        ("no JSON", json, b"<xml/>".to_vec()),
        ("not UTF-8", json, b"{\"username\": \"\xff\xfe\"}".to_vec()),
        ("a list", json, b"[]".to_vec()),
        ("null", json, b"null".to_vec()),
        ("a number", json, b"1e400".to_vec()),
        ("numbers", json, every(json!(1))),
        ("huge numbers", json, every(json!(u64::MAX))),
        ("nulls", json, every(json!(null))),
        ("objects", json, every(json!({"$ne": null}))),
        ("lists", json, every(json!([[[]]]))),
        ("empty texts", json, every(json!(""))),
        ("a quote", json, every(json!("' OR 1=1 --"))),
        ("U+0000", json, every(json!("a\u{0}b"))),
        ("a long text", json, every(json!("x".repeat(60_000)))),
        ("an unknown member", json, json!({"$where": "1", "__proto__": {}}).to_string().into_bytes()),
        ("a member twice", json, doubled.into_bytes()),
        ("too deep", json, "[".repeat(50_000).into_bytes()),
        ("too large", json, vec![b' '; 300 * 1024]),
        ("a form", "application/x-www-form-urlencoded", b"username=a".to_vec()),
        ("no media type", "", good.to_string().into_bytes()),
        ("a broken media type", "application/", good.to_string().into_bytes()),
    ]
}

async fn with_bad_bodies(client: &Client, operation: &Operation, target: &Target, all: &mut Collected) {
    for (what, media_type, bytes) in bad_bodies(operation) {
        let request = client.request(operation.method.clone(), &path(operation, target));
        let request = if media_type.is_empty() { request } else { request.header("content-type", media_type) };
        all.add(&operation.id, what, request.body(bytes).send().await);
    }
}

/// Parts of a path that name nothing.
const BAD_PARTS: [&str; 14] = [
    "0",
    "-1",
    "999999999",
    "9223372036854775808",
    "1e3",
    "0x10",
    "01",
    "%00",
    "1%00",
    "%2f",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%ff%fe",
    "'%20OR%201=1--",
    "nothing-here",
];

async fn with_bad_paths(client: &Client, operation: &Operation, all: &mut Collected) {
    let Some((start, rest)) = operation.path.split_once('{') else { return };
    let end = rest.split_once('}').map_or("", |(_, end)| end);
    for part in BAD_PARTS {
        let mut request = client.request(operation.method.clone(), &format!("{start}{part}{end}"));
        if operation.takes_body() {
            request = with_body(request, operation, &body(operation));
        }
        all.add(&operation.id, part, request.send().await);
    }
}

async fn with_bad_surroundings(client: &Client, operation: &Operation, target: &Target, all: &mut Collected) {
    for query in ["nonsense=1", "limit=0", "limit=x&cursor=%00&q=%ff", "cursor=bm8", "a=1&a=2", "%", "status='--"] {
        let url = format!("{}?{query}", path(operation, target));
        let mut request = client.request(operation.method.clone(), &url);
        if operation.takes_body() {
            request = with_body(request, operation, &body(operation));
        }
        all.add(&operation.id, query, request.send().await);
    }
    for (name, value) in [
        ("authorization", "Basic YTpi"),
        ("authorization", "Bearer"),
        ("authorization", "Bearer ü"),
        ("idempotency-key", "with space"),
        ("if-match", "nonsense"),
        ("if-match", "ü"),
        ("if-none-match", "ü"),
        ("accept", "image/png"),
        ("x-request-id", "ü"),
        ("cookie", "__Host-poligon_refresh=ü; ;;="),
    ] {
        let request = request(&client.clone(), operation, target).header(name, value);
        all.add(&operation.id, &format!("{name}: {value}"), request.send().await);
    }
}

/// Somebody who may do everything, and somebody who may do nothing. Where it is about one's own account, they have one.
async fn callers(app: &TestApp, operation: &Operation) -> (Client, Client) {
    if operation.path == "/api/auth/me" || operation.path.starts_with("/api/auth/2fa") {
        let name = operation.id.replace("auth_", "own-").replace('_', "-");
        return (person(app, &name).await, person(app, &format!("{name}-2")).await);
    }
    (app.sign_in_as(&["admin"]).await, app.sign_in_as(&[]).await)
}

/// Everything that is refused: by nobody, by somebody, and by somebody who may do everything.
/// Of every fourth operation, from the `part`th on, so that no test takes longer than tests may.
async fn collect(app: &TestApp, document: &Document, part: usize) -> Collected {
    let mut all = Collected { refused: Vec::new() };
    app.grant("spare", &[]).await;
    let victim = person(app, "victim").await;
    let target = Target {
        user: victim.user_id.expect("an id"),
        session: 999_999,
        role: "spare".into(),
        goods: goods(app).await,
        talk: talk_of(app, &app.sign_in_as(&[]).await).await,
        work: work_of(app, &app.sign_in_as(&[]).await).await,
        texts: texts_of(app, &app.sign_in_as(&[]).await).await,
        sights: sights_of(app, &app.sign_in_as(&[]).await).await,
    };
    for operation in document.operations.iter().skip(part).step_by(4) {
        // A new one each time: some of these requests end the caller's session.
        let (admin, plain) = callers(app, operation).await;
        for client in [&app.client(), &app.client().with_token("a.b.c"), &plain] {
            all.add(&operation.id, "as it is", request(client, operation, &target).send().await);
        }
        if operation.takes_body() {
            with_bad_bodies(&admin, operation, &target, &mut all).await;
        }
        with_bad_paths(&admin, operation, &mut all).await;
        if operation.is_read() || operation.takes_body() {
            with_bad_surroundings(&admin, operation, &target, &mut all).await;
        }
    }
    for path in ["/nowhere", "/api", "/api/auth", "/api/auth/", "/api/auth/%00", "/%2e%2e/etc/passwd", "/api//auth/me"]
    {
        for method in [Method::GET, Method::POST, Method::TRACE, Method::CONNECT, Method::from_bytes(b"FOO").unwrap()] {
            if method == Method::CONNECT {
                continue; // not sent to a server, but to a proxy
            }
            let what = format!("{method} {path}");
            all.add("", &what, app.client().request(method, path).send().await);
        }
    }
    all.add("", "a wrong method", app.client().delete("/health/live").send().await);
    all
}

/// The members of a problem, and that they fit the answer.
fn assert_form(what: &str, reply: &Reply) {
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{what}: {}", reply.text);
    let body = reply.body.as_object().unwrap_or_else(|| panic!("{what}: no object: {}", reply.text));
    for name in ["type", "title", "code", "detail", "instance", "request_id"] {
        assert!(body[name].as_str().is_some_and(|text| !text.is_empty()), "{what}: {name} in {}", reply.text);
    }
    assert_eq!(body["status"], reply.status, "{what}");
    assert_eq!(body["type"], format!("/problems/{}", reply.problem_code()), "{what}");
    assert_eq!(reply.header("x-request-id"), body["request_id"].as_str(), "{what}");
    let errors = body["errors"].as_array().unwrap_or_else(|| panic!("{what}: no errors in {}", reply.text));
    assert_eq!(errors.is_empty(), reply.problem_code() != "validation_failed", "{what}: {}", reply.text);
    if reply.status == 401 {
        assert!(reply.header("www-authenticate").is_some_and(|v| v.starts_with("Bearer")), "{what}: no challenge");
    }
}

/// What of the inside an answer tells. What the client itself has sent is no secret.
fn told(reply: &Reply) -> Option<&'static str> {
    let mut body = reply.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("instance");
    }
    let text = body.to_string().to_lowercase();
    INSIDE.iter().copied().find(|word| text.contains(word))
}

/// Refusals that any operation may have and none lists: the answer of the layer below, and of paths that nobody has.
const OF_NO_OPERATION: [&str; 2] = ["not_found", "method_not_allowed"];

async fn refusals_are_documented(app: TestApp, part: usize) {
    let document = Document::read();
    let all = collect(&app, &document, part).await;
    assert!(all.refused.len() > 500, "only {} refusals were collected", all.refused.len());
    let operations: BTreeMap<&str, &Operation> = document.operations.iter().map(|o| (o.id.as_str(), o)).collect();
    let mut wrong = BTreeSet::new();
    let mut codes = BTreeSet::new();
    for (operation, what, reply) in &all.refused {
        let what = format!("{operation}, {what}");
        if !(what.starts_with(", ") || what.contains("HEAD")) || !reply.text.is_empty() {
            assert_form(&what, reply);
        }
        codes.insert(reply.problem_code().to_owned());
        if let Some(word) = told(reply) {
            wrong.insert(format!("{what} tells {word:?}: {}", reply.text));
        }
        let listed = operations.get(operation.as_str()).map(|o| o.codes(reply.status));
        let listed = listed.unwrap_or_else(|| OF_NO_OPERATION.map(ToOwned::to_owned).into());
        if !listed.contains(reply.problem_code()) {
            wrong.insert(format!("{what}: {} {} is not documented", reply.status, reply.problem_code()));
        }
    }
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(codes.len() >= 10, "only {codes:?}");
    for code in codes {
        let page = app.client().get(&format!("/problems/{code}")).send().await.expect(200);
        assert!(page.text.contains(&code), "{code}: {}", page.text);
    }
}

async fn every_refusal_is_a_documented_problem_without_internals(app: TestApp) {
    refusals_are_documented(app, 0).await;
}

async fn the_second_quarter_is_too(app: TestApp) {
    refusals_are_documented(app, 1).await;
}

async fn the_third_quarter_is_too(app: TestApp) {
    refusals_are_documented(app, 2).await;
}

async fn the_last_quarter_is_too(app: TestApp) {
    refusals_are_documented(app, 3).await;
}

/// The control: what the search must find.
async fn a_leak_would_be_found(app: TestApp) {
    let mut reply = app.client().get("/nowhere").send().await.expect(404);
    assert_eq!(told(&reply), None);
    for leak in ["relation \"users\" violates CONSTRAINT x", "crates/auth/src/lib.rs:7", "thread panicked", "an i64"] {
        reply.body["detail"] = json!(leak);
        assert!(told(&reply).is_some(), "{leak} would pass");
    }
}

poligon_testkit::tests! { start =>
    every_refusal_is_a_documented_problem_without_internals,
    the_second_quarter_is_too,
    the_third_quarter_is_too,
    the_last_quarter_is_too,
    a_leak_would_be_found,
}
