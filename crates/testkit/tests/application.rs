//! The edge and the routes, by a domain with the least of everything.

#![allow(clippy::unwrap_used, clippy::panic)] // a test

use poligon_common::answer::{Answer, NoContent};
use poligon_common::{Ctx, CurrentUser, Domain, Json, OptionalJson, Problem, Routes, op};
use poligon_core::db::DbError;
use poligon_core::on_each;
use poligon_testkit::{Backend, TestApp};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

poligon_testkit::tests! {
    start =>
    a_public_path_answers,
    a_permitted_path_asks_for_the_permission,
    an_unknown_path_is_404_and_a_wrong_method_405,
    head_and_options_are_answered,
    unknown_query_names_are_refused_all_at_once,
    who_accepts_no_json_is_told_so,
    a_body_may_be_left_out_where_nothing_has_to_be_given,
    a_body_with_anything_in_it_is_refused_where_none_is_taken,
    a_body_is_read_in_every_way_of_json_and_in_no_other,
    a_body_of_very_many_wrong_fields_is_refused_soon,
    a_panic_is_a_500_problem_and_the_server_lives_on,
    a_fault_is_a_500_problem_that_tells_nothing,
    the_request_id_comes_back,
    other_origins_get_no_cors_headers,
    a_revoked_session_ends_on_every_copy,
    bad_tokens_are_401,
    an_application_stops_and_answers_no_more,
    two_applications_share_nothing,
}

const PERMISSION: &str = "things:read";

#[utoipa::path(get, path = "/open", params(("colour" = Option<String>, Query, description = "Any")),
    responses((status = 200, description = "Always", body = Value)))]
async fn open() -> Answer<Value> {
    Answer::ok(json!({"open": true}))
}

#[utoipa::path(get, path = "/things", responses((status = 200, description = "For some")))]
async fn things(user: CurrentUser) -> Answer<Value> {
    Answer::ok(json!({"user_id": user.user_id}))
}

#[utoipa::path(post, path = "/panic", responses((status = 200, description = "Never")))]
async fn panics() -> Answer<Value> {
    panic!("a secret cause");
}

#[utoipa::path(post, path = "/break", responses((status = 200, description = "Never")))]
async fn breaks(ctx: Ctx) -> Result<Answer<Value>, Problem> {
    let query = "SELECT no_such_column FROM no_such_table";
    let work = move |db: &mut _| {
        use diesel::RunQueryDsl as _;
        Ok::<usize, DbError>(on_each!(db, c => diesel::sql_query(query).execute(c))?)
    };
    let rows = ctx.db.write(work).await?;
    Ok(Answer::ok(json!(rows)))
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    colour: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Sum {
    of: Vec<i64>,
    #[serde(default)]
    share: f64,
}

#[utoipa::path(post, path = "/sum", request_body = Sum, responses((status = 200, description = "The sum", body = Value)))]
async fn sum(Json(body): Json<Sum>) -> Answer<Value> {
    Answer::ok(json!({"sum": body.of.iter().sum::<i64>(), "share": body.share}))
}

#[utoipa::path(post, path = "/wish", request_body = Wish, responses((status = 204, description = "Granted")))]
async fn wish(OptionalJson(body): OptionalJson<Wish>) -> NoContent {
    assert!(body.colour.is_none_or(|colour| colour == "red" || colour == r"\u0000"));
    NoContent
}

#[utoipa::path(post, path = "/ring", responses((status = 204, description = "Rung")))]
async fn ring() -> NoContent {
    NoContent
}

fn domain() -> Domain {
    Domain {
        name: "toy",
        routes: || {
            let mut routes = Routes::new("/api/toy", "toy");
            routes
                .public(op!(open))
                .permitted(PERMISSION, op!(things))
                .public(op!(panics))
                .public(op!(breaks))
                .public(op!(sum))
                .public(op!(ring))
                .public(op!(wish).optional_body());
            routes
        },
        subscribers: Vec::new,
        jobs: Vec::new,
        beside: poligon_common::nothing_beside,
        permissions: &[],
        problems: &[],
        seed: |_, _, _| Ok(()),
        history: |_, _| Ok(()),
    }
}

async fn start(backend: Backend) -> TestApp {
    let origins = vec!["https://shop.example".to_owned()];
    TestApp::builder(backend).domain(domain()).config(|c| c.server.allowed_origins = origins).start().await
}

async fn a_public_path_answers(app: TestApp) {
    let reply = app.client().get("/api/toy/open?colour=red").send().await.expect(200);
    assert_eq!(reply.body, json!({"open": true}));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

async fn a_permitted_path_asks_for_the_permission(app: TestApp) {
    let stranger = app.client().get("/api/toy/things").send().await.expect_problem(401, "unauthenticated");
    assert!(stranger.header("www-authenticate").is_some_and(|v| v.starts_with("Bearer")));
    app.grant("reader", &[PERMISSION]).await;
    let other = app.sign_in_as(&["visitor"]).await;
    other.get("/api/toy/things").send().await.expect_problem(403, "forbidden");
    let reader = app.sign_in_as(&["visitor", "reader"]).await;
    let reply = reader.get("/api/toy/things").send().await.expect(200);
    assert_eq!(reply.body["user_id"].as_i64(), reader.user_id);
}

async fn an_unknown_path_is_404_and_a_wrong_method_405(app: TestApp) {
    for path in ["/", "/api", "/api/toy", "/api/toy/nothing", "/api/toy/open/more", "/api/toy/%00"] {
        app.client().get(path).send().await.expect_problem(404, "not_found");
    }
    let reply = app.client().delete("/api/toy/open").send().await.expect_problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"));
    let reply = app.client().get("/api/toy/panic").send().await.expect_problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), Some("OPTIONS, POST"));
}

async fn head_and_options_are_answered(app: TestApp) {
    let get = app.client().get("/api/toy/open").send().await.expect(200);
    let head = app.client().request("HEAD".parse().unwrap(), "/api/toy/open").send().await.expect(200);
    assert_eq!(head.text, "");
    assert_eq!(head.header("content-length"), get.header("content-length"));
    let options = app.client().request("OPTIONS".parse().unwrap(), "/api/toy/open").send().await.expect(204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
}

async fn unknown_query_names_are_refused_all_at_once(app: TestApp) {
    let reply = app.client().get("/api/toy/open?color=red&x=1&colour=blue").send().await;
    let reply = reply.expect_problem(422, "validation_failed");
    assert_eq!(reply.pointers(), ["/color", "/x"]);
}

async fn who_accepts_no_json_is_told_so(app: TestApp) {
    let client = app.client();
    let ask = async |path: &str, accept: &str| client.get(path).header("accept", accept).send().await;
    for welcome in [
        "*/*",
        "application/*",
        "Application/JSON; charset=utf-8",
        "text/html, application/xhtml+xml, */*;q=0.8",
        "text/html;q=0.9,application/json;q=0.001",
        "",
        " , ",
    ] {
        ask("/api/toy/open", welcome).await.expect(200);
    }
    for unwelcome in [
        "text/html",
        "application/xml, text/*",
        "application/json;q=0",
        "application/json; q=0.000, */*",
        "*/*;q=0",
        "application/problem+json",
        "json",
    ] {
        let refused = ask("/api/toy/open", unwelcome).await.expect_problem(406, "not_acceptable");
        assert_eq!(refused.body["detail"], "this is answered as application/json", "{unwelcome}");
    }
    // An answer without a body is welcome to everybody, and who may not call is told that first.
    client.post("/api/toy/wish").header("accept", "text/html").send().await.expect(204);
    ask("/api/toy/things", "text/html").await.expect_problem(401, "unauthenticated");
    let documented = serde_json::to_value((domain().routes)().document()).unwrap();
    for (operation, tells) in [("/open/get", true), ("/wish/post", false)] {
        let (path, method) = operation.rsplit_once('/').unwrap();
        let responses = &documented["paths"][format!("/api/toy{path}")][method]["responses"];
        assert_eq!(responses["406"].is_object(), tells, "{operation}: {responses}");
    }
}

async fn a_body_may_be_left_out_where_nothing_has_to_be_given(app: TestApp) {
    let client = app.client();
    client.post("/api/toy/wish").send().await.expect(204);
    client.post("/api/toy/wish").header("content-type", "application/json").send().await.expect(204);
    client.post("/api/toy/wish").json(&json!({})).send().await.expect(204);
    client.post("/api/toy/wish").json(&json!({"colour": "red"})).send().await.expect(204);
    let refused = client.post("/api/toy/wish").json(&json!({"size": 1})).send().await;
    assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/size"]);
    let raw = async |body: &str| {
        client.post("/api/toy/wish").header("content-type", "application/json").body(body).send().await
    };
    let twice = raw(r#"{"size": 1, "colour": "red", "col\u006fur": "red", "way": [{"a/b": 1, "a/b": 2}]}"#).await;
    let twice = twice.expect_problem(422, "validation_failed");
    assert_eq!(twice.pointers(), ["/colour", "/size", "/way", "/way/0/a~1b"]);
    let nul = raw(r#"{"colour": "\u0000"}"#).await.expect_problem(422, "validation_failed");
    assert_eq!(nul.body["errors"][0]["code"], "nul_character");
    raw(r#"{"colour": "\\u0000"}"#).await.expect(204); // a backslash and five letters, not NUL
    client.post("/api/toy/wish").json(&json!(null)).send().await.expect_problem(422, "validation_failed");
    let text = client.post("/api/toy/wish").header("content-type", "text/plain").body("{}").send().await;
    text.expect_problem(415, "unsupported_media_type");
    let documented = serde_json::to_value((domain().routes)().document()).unwrap();
    assert_ne!(documented["paths"]["/api/toy/wish"]["post"]["requestBody"]["required"], json!(true));
}

async fn a_body_with_anything_in_it_is_refused_where_none_is_taken(app: TestApp) {
    let client = app.client();
    let send = async |media_type: &str, body: &str| {
        client.post("/api/toy/ring").header("content-type", media_type).body(body.to_owned()).send().await
    };
    client.post("/api/toy/ring").send().await.expect(204);
    send("text/plain", "").await.expect(204);
    send("application/json", " {} ").await.expect(204);
    let refused = send("application/json", r#"{"loud": true, "twice": 1}"#).await;
    let refused = refused.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/loud", "/twice"]);
    assert_eq!(refused.body["errors"][0]["code"], "unknown_field");
    for body in ["null", "[]", "1", "\"\""] {
        send("application/json", body).await.expect_problem(422, "validation_failed");
    }
    send("application/json", "{").await.expect_problem(400, "malformed_json");
    send("text/plain", "loud").await.expect_problem(415, "unsupported_media_type");
    send("application/json", &" ".repeat(2 * 1024 * 1024)).await.expect_problem(413, "payload_too_large");
    // A body means nothing in a GET.
    let read = client.get("/api/toy/open").json(&json!({"loud": true}));
    read.send().await.expect(200);
    let documented = serde_json::to_value((domain().routes)().document()).unwrap();
    let responses = &documented["paths"]["/api/toy/ring"]["post"]["responses"];
    for status in ["400", "408", "413", "415", "422"] {
        assert!(responses[status].is_object(), "{status}: {responses}");
    }
    assert!(!documented["paths"]["/api/toy/open"]["get"]["responses"]["415"].is_object());
}

/// JSON Schema 2020-12, validation 6.1.1: a number without a fraction is an integer, however it is written.
async fn a_body_is_read_in_every_way_of_json_and_in_no_other(app: TestApp) {
    let client = app.client();
    let send = async |body: &str| {
        let request = client.post("/api/toy/sum").header("content-type", "application/json");
        request.body(body.to_owned()).send().await
    };
    for (body, sum) in [
        (r#"{"of": [1, 2]}"#, 3),
        (r#"{"of": [1.0, 2e0, 30E-1], "share": 1.0}"#, 6),
        (r#"{"of": [-0.0, 9007199254740992.0], "share": 0.5}"#, 9_007_199_254_740_992_i64),
    ] {
        assert_eq!(send(body).await.expect(200).body["sum"], sum, "{body}");
    }
    for (header, value, status) in [
        ("content-encoding", "gzip", 415),
        ("content-encoding", "identity, br", 415),
        ("content-encoding", "identity", 200),
        ("content-type", "application/json; charset=utf-16", 415),
        ("content-type", "application/json; charset=\"UTF-8\"", 200),
    ] {
        let request = client.post("/api/toy/sum").header(header, value);
        let request =
            if header == "content-type" { request } else { request.header("content-type", "application/json") };
        request.body(r#"{"of": [1]}"#).send().await.expect(status);
    }
    for (body, code, at) in [
        (r#"{"of": [1.5]}"#, "type", "/of/0"),
        (r#"{"of": [1e300]}"#, "type", "/of/0"),
        (r#"{"of": [1.0], "of": [2]}"#, "duplicate_field", "/of"),
        (r#"{"of": [1.0], "what": 2.0}"#, "unknown_field", "/what"),
        (r#"{"of": "1.0"}"#, "type", "/of"),
        ("[[1.0], 0.5]", "type", ""),
    ] {
        let refused = send(body).await.expect_problem(422, "validation_failed");
        assert_eq!(
            refused.body["errors"],
            json!([{"pointer": at, "code": code, "message": refused.body["errors"][0]["message"]}]),
            "{body}"
        );
    }
}

/// Whoever sends nothing but wrong fields keeps nobody busy.
async fn a_body_of_very_many_wrong_fields_is_refused_soon(app: TestApp) {
    let client = app.client();
    let members = |value: &str| -> String {
        let names = (0..30_000).map(|n| format!("\"{n:x}\":{value}"));
        format!("{{{}}}", names.take(250_000 / (8 + value.len())).collect::<Vec<_>>().join(","))
    };
    let same = |member: &str| format!("{{\"of\":[1],{}}}", vec![member; 30_000].join(","));
    let nulls = format!("{{\"of\":[{}]}}", vec!["{\"x\":null}"; 20_000].join(","));
    let nul = format!("{{\"of\":[{}]}}", vec!["\"\\u0000\""; 25_000].join(","));
    for body in [members("1"), members("{}"), format!("{{\"of\":{}}}", members("1")), same("\"a\":1"), nulls, nul] {
        let began = std::time::Instant::now();
        let request = client.post("/api/toy/sum").header("content-type", "application/json");
        let refused = request.body(body).send().await.expect_problem(422, "validation_failed");
        let told = refused.pointers().len();
        assert!((1..=150).contains(&told), "{told}");
        assert!(began.elapsed() < std::time::Duration::from_secs(3), "{:?}", began.elapsed());
    }
    let few = client.post("/api/toy/sum").header("content-type", "application/json");
    let refused = few.body(members("1")).send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers().len(), 50);
}

async fn a_panic_is_a_500_problem_and_the_server_lives_on(app: TestApp) {
    for _ in 0..20 {
        let reply = app.client().post("/api/toy/panic").send().await.expect_problem(500, "internal");
        assert!(!reply.text.contains("secret cause") && !reply.text.contains("panicked"), "{}", reply.text);
    }
    app.client().get("/api/toy/open").send().await.expect(200);
    let metrics = String::from_utf8(app.ctx.metrics.render().unwrap()).unwrap();
    assert!(metrics.contains("poligon_http_panics_total 20\n"), "{metrics}");
}

async fn a_fault_is_a_500_problem_that_tells_nothing(app: TestApp) {
    let reply = app.client().post("/api/toy/break").send().await.expect_problem(500, "internal");
    for inside in ["no_such_table", "SELECT", "diesel", "column", "relation"] {
        assert!(!reply.text.contains(inside), "{inside}: {}", reply.text);
    }
    assert_eq!(reply.body["request_id"].as_str(), reply.header("x-request-id"));
}

/// A body that does not come is not waited for; the headers came in time.
async fn a_body_has_to_come_in_time(backend: Backend) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let app = TestApp::builder(backend).domain(domain()).config(|c| c.server.body_timeout_ms = 300).start().await;
    let mut stream = tokio::net::TcpStream::connect(app.url().trim_start_matches("http://")).await.unwrap();
    let head = "POST /api/toy/sum HTTP/1.1\r\nHost: poligon.test\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n";
    stream.write_all(format!("{head}{{\"of\":").as_bytes()).await.unwrap();
    let (began, mut answer) = (std::time::Instant::now(), vec![0; 4_096]);
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{answer}");
    let took = began.elapsed();
    assert!(took > std::time::Duration::from_millis(250) && took < std::time::Duration::from_secs(5), "{took:?}");
}

async fn the_request_id_comes_back(app: TestApp) {
    let given = app.client().get("/api/toy/none").header("X-Request-Id", "abc-123").send().await.expect(404);
    assert_eq!((given.header("x-request-id"), given.body["request_id"].as_str()), (Some("abc-123"), Some("abc-123")));
    let too_long = "x".repeat(129);
    let made = app.client().get("/api/toy/open").header("X-Request-Id", &too_long).send().await.expect(200);
    assert_eq!(made.header("x-request-id").map(str::len), Some(32), "an id that is too long is replaced");
}

async fn other_origins_get_no_cors_headers(app: TestApp) {
    let preflight = |origin: &'static str| {
        app.client()
            .request("OPTIONS".parse().unwrap(), "/api/toy/open")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "GET")
            .header("Access-Control-Request-Headers", "authorization")
            .send()
    };
    let allowed = preflight("https://shop.example").await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://shop.example"));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    assert!(allowed.header("access-control-max-age").is_some());
    for origin in ["https://evil.example", "null", "http://shop.example"] {
        let refused = preflight(origin).await;
        assert_eq!(refused.header("access-control-allow-origin"), None, "{origin}");
    }
}

async fn a_revoked_session_ends_on_every_copy(app: TestApp) {
    use diesel::prelude::*;
    use poligon_core::db::DbError;
    use poligon_core::schema::sessions;

    app.grant("reader", &[PERMISSION]).await;
    let here = app.sign_in_as(&["reader"]).await;
    let copy = app.another_copy();
    let there = here.towards(copy.url());
    for client in [&here, &there] {
        client.get("/api/toy/things").send().await.expect(200);
    }
    let (user_id, now) = (here.user_id.unwrap(), app.clock().now());
    let revoke = app.ctx.db.write(move |db| {
        let of_user = sessions::table.filter(sessions::user_id.eq(user_id));
        diesel::update(of_user).set(sessions::revoked_at.eq(now)).execute(db).map_err(DbError::from)
    });
    revoke.await.unwrap();
    app.ctx.people_changed();
    here.get("/api/toy/things").send().await.expect_problem(401, "invalid_token");
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    there.get("/api/toy/things").send().await.expect_problem(401, "invalid_token");
}

async fn bad_tokens_are_401(app: TestApp) {
    app.grant("reader", &[PERMISSION]).await;
    let good = app.sign_in_as(&["reader"]).await;
    let token = good.token().unwrap();
    let (body, signature) = token.rsplit_once('.').unwrap();
    let flipped = signature.chars().rev().collect::<String>();
    for bad in [String::new(), "x".into(), body.to_owned(), format!("{body}."), format!("{body}.{flipped}")] {
        let reply = app.client().with_token(bad).get("/api/toy/things").send().await;
        reply.expect_problem(401, "invalid_token");
    }
    let other = start(app.backend).await;
    good.towards(other.url()).get("/api/toy/things").send().await.expect_problem(401, "invalid_token");
}

async fn an_application_stops_and_answers_no_more(app: TestApp) {
    let client = app.client();
    client.get("/api/toy/open").send().await.expect(200);
    app.stop().await;
    assert!(client.get("/api/toy/open").try_send().await.is_err());
}

async fn two_applications_share_nothing(app: TestApp) {
    use poligon_core::cache::Rate;

    let other = start(app.backend).await;
    let (rate, now) = (Rate { interval: 60_000_000, burst: 1 }, app.clock().now());
    assert!(app.ctx.cache.admit("k", rate, now).await.unwrap().admitted);
    assert!(!app.ctx.cache.admit("k", rate, now).await.unwrap().admitted);
    assert!(other.ctx.cache.admit("k", rate, now).await.unwrap().admitted, "another application has its own cache");
    let person = app.sign_in_as(&[]).await;
    assert_eq!(person.user_id, Some(1));
    assert_eq!(other.sign_in_as(&[]).await.user_id, Some(1), "another application has its own database");
}

mod in_time {
    use super::a_body_has_to_come_in_time;
    poligon_testkit::tests! { a_body_has_to_come_in_time }
}
