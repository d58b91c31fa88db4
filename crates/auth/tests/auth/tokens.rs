//! Access tokens that are not ours, not valid any more, or not access tokens (RFC 8725): every one is refused, and
//! every refusal reads the same.

use std::collections::BTreeMap;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use poligon_core::security::tokens::Claims;
use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{pair, register, start};

/// A JWT of any header and claims, signed by HS256 with any key.
fn forge(header: &Value, claims: &Value, key: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

/// A good token, taken apart.
struct Good {
    token: String,
    header: Value,
    claims: Value,
    refresh: String,
}

async fn good(app: &TestApp) -> Good {
    register(app, "ann").await;
    let tokens = pair(app, "ann").await;
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let mut parts = token.split('.');
    let (header, claims) = (decode(parts.next().expect("a header")), decode(parts.next().expect("claims")));
    Good { header, claims, refresh: tokens["refresh_token"].as_str().expect("a token").to_owned(), token }
}

/// Keys that an attacker may know or guess; none of them is the server's.
const GUESSES: [&[u8]; 6] = [b"", b"secret", b"password", b"0", b"poligon", b"a-secret-of-32-bytes-for-the-test"];

/// Members of a header that this server never writes.
fn strange_members() -> [(&'static str, Value); 8] {
    [
        ("jku", json!("https://example.com/jwks")),
        ("jwk", json!({"kty": "oct", "k": "c2VjcmV0"})),
        ("x5u", json!("https://example.com/cert")),
        ("x5c", json!(["MII"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
    ]
}

/// Tokens with the server's header and claims, changed in one thing and signed by keys that are not the server's.
fn unsigned_or_foreign(good: &Good) -> Vec<(String, String)> {
    let mut bad = Vec::new();
    let with = |name: &str, value: Value| {
        let mut header = good.header.clone();
        header[name] = value;
        header
    };
    for algorithm in ["none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", "hs256", ""]
    {
        let header = with("alg", json!(algorithm));
        let signed = forge(&header, &good.claims, b"secret");
        let unsigned = signed.rsplit_once('.').expect("a signature").0.to_owned();
        bad.push((format!("alg {algorithm}, signed"), signed));
        bad.push((format!("alg {algorithm}, no signature"), format!("{unsigned}.")));
    }
    for key in GUESSES {
        bad.push((format!("key {:?}", String::from_utf8_lossy(key)), forge(&good.header, &good.claims, key)));
    }
    for kid in ["", "0", "../../etc/passwd", "' OR 1=1 --", "none", "https://example.com/key", "\u{0}"] {
        bad.push((format!("kid {kid:?}"), forge(&with("kid", json!(kid)), &good.claims, b"secret")));
    }
    for (name, value) in strange_members() {
        bad.push((format!("header {name}"), forge(&with(name, value), &good.claims, b"secret")));
    }
    bad
}

/// The key that the server signs with, derived a second time: HKDF (RFC 5869) of the signing secret.
fn servers_key(app: &TestApp) -> [u8; 32] {
    let secret = app.ctx.config.security.signing_secret.as_bytes();
    let mut key = [0; 32];
    let derived = Salt::new(HKDF_SHA256, b"poligon").extract(secret);
    let made = derived.expand(&[b"access token"], HKDF_SHA256).and_then(|material| material.fill(&mut key));
    made.expect("a key");
    key
}

/// Tokens whose header alone is wrong: the server's own key signs them.
fn with_another_header(good: &Good, key: &[u8]) -> Vec<(String, String)> {
    let with = |name: &str, value: Option<Value>| {
        let mut header = good.header.clone();
        let members = header.as_object_mut().expect("an object");
        match value {
            Some(value) => members.insert(name.to_owned(), value),
            None => members.remove(name),
        };
        forge(&header, &good.claims, key)
    };
    let mut bad = Vec::new();
    for typ in ["JWT", "jwt", "refresh+jwt", "application/at+jwt", "AT+JWT", ""] {
        bad.push((format!("typ {typ:?}"), with("typ", Some(json!(typ)))));
    }
    for algorithm in ["none", "hs256", "HS384", "HS512", "RS256", "ES256", ""] {
        bad.push((format!("alg {algorithm:?} by our key"), with("alg", Some(json!(algorithm)))));
    }
    for kid in ["", "0", "../../etc/passwd", "' OR 1=1 --", "https://example.com/key"] {
        bad.push((format!("kid {kid:?} by our key"), with("kid", Some(json!(kid)))));
    }
    for name in ["typ", "alg", "kid"] {
        bad.push((format!("no {name}"), with(name, None)));
        bad.push((format!("{name} is a number"), with(name, Some(json!(1)))));
    }
    for (name, value) in strange_members() {
        bad.push((format!("header {name} by our key"), with(name, Some(value))));
    }
    bad
}

/// The good token, damaged.
fn damaged(good: &Good) -> Vec<(String, String)> {
    let token = &good.token;
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let mut other = good.claims.clone();
    other["sub"] = json!("1000000");
    let other = URL_SAFE_NO_PAD.encode(other.to_string());
    let swapped: String = signature.chars().rev().collect();
    let raw = |value: &str| URL_SAFE_NO_PAD.encode(value);
    [
        ("cut by one", token[..token.len() - 1].to_owned()),
        ("one more", format!("{token}A")),
        ("two parts", format!("{header}.{claims}")),
        ("four parts", format!("{token}.{signature}")),
        ("five parts", format!("{token}..")),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("no signature", format!("{header}.{claims}.")),
        ("other claims", format!("{header}.{other}.{signature}")),
        ("reversed signature", format!("{header}.{claims}.{swapped}")),
        ("padded", format!("{header}=.{claims}.{signature}")),
        ("header is no JSON", format!("{}.{claims}.{signature}", raw("no"))),
        ("header is a list", format!("{}.{claims}.{signature}", raw("[]"))),
        (
            "header twice alg",
            format!("{}.{claims}.{signature}", raw(r#"{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"x"}"#)),
        ),
        ("standard base64", format!("{}.{claims}.{signature}", STANDARD.encode(good.header.to_string()))),
        ("padded base64", format!("{}.{claims}.{signature}", URL_SAFE.encode(good.header.to_string()))),
        ("20 KB", format!("{header}.{}.{signature}", "A".repeat(20_000))),
        ("words", "not a token".to_owned()),
        ("dots", "...".to_owned()),
        ("empty parts", "..".to_owned()),
        ("refresh token", good.refresh.clone()),
        ("upper case", token.to_uppercase()),
    ]
    .map(|(name, token)| (name.to_owned(), token))
    .into()
}

/// What is made of good claims.
type Change<'a> = &'a dyn Fn(&mut Claims);

/// Tokens that the server's own key signs, and that say something it never says.
fn wrongly_issued(app: &TestApp, good: &Good) -> Vec<(String, String)> {
    let now = app.ctx.clock.now().seconds();
    let claims: Claims = serde_json::from_value(good.claims.clone()).expect("claims");
    let issue = |change: &dyn Fn(&mut Claims)| {
        let mut changed = claims.clone();
        change(&mut changed);
        app.ctx.tokens.sign(&changed).expect("a token")
    };
    let changes: [(&str, Change<'_>); 13] = [
        ("20 KB, by our key", &|c| c.roles = vec!["x".repeat(15_000)]),
        ("expired a second ago", &|c| c.exp = now - 1),
        ("expires now", &|c| c.exp = now),
        ("expired long ago", &|c| c.exp = 0),
        ("negative expiry", &|c| c.exp = -1),
        ("not valid yet", &|c| c.nbf = now + 30),
        ("issued in the future", &|c| c.iat = now + 30),
        ("another issuer", &|c| c.iss = "https://example.com".into()),
        ("no issuer", &|c| c.iss = String::new()),
        ("another audience", &|c| c.aud = "another-api".into()),
        ("another person", &|c| c.sub = "1000000".into()),
        ("no person", &|c| c.sub = String::new()),
        ("a session that is not", &|c| c.sid = 1_000_000),
    ];
    changes.into_iter().map(|(name, change)| (name.to_owned(), issue(change))).collect()
}

async fn bad_tokens_are_refused_and_read_the_same(app: TestApp) {
    let good = good(&app).await;
    let get = async |token: &str| {
        app.client().get("/api/auth/me").header("authorization", &format!("Bearer {token}")).send().await
    };
    get(&good.token).await.expect(200); // the control: the token that all others are made from is good
    let control = app.ctx.tokens.sign(&serde_json::from_value(good.claims.clone()).expect("claims")).expect("a token");
    get(&control).await.expect(200); // and so is one that is signed anew without a change
    let key = servers_key(&app);
    get(&forge(&good.header, &good.claims, &key)).await.expect(200); // and one that is put together here
    let by_our_key = [with_another_header(&good, &key), wrongly_issued(&app, &good)];
    let bad: Vec<_> = [unsigned_or_foreign(&good), damaged(&good)].into_iter().chain(by_our_key).flatten().collect();
    assert!(bad.len() >= 100, "{}", bad.len());
    let mut bodies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, token) in bad {
        let reply = get(&token).await;
        assert_eq!(reply.status, 401, "{name}: {}", reply.text);
        assert_eq!(
            reply.header("www-authenticate"),
            Some(r#"Bearer realm="poligon", error="invalid_token""#),
            "{name}"
        );
        let mut body = reply.body.clone();
        body["request_id"] = json!("");
        bodies.entry(body.to_string()).or_default().push(name);
    }
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
}

async fn other_ways_to_show_a_token_are_refused(app: TestApp) {
    let good = good(&app).await;
    let header = async |value: &str| app.client().get("/api/auth/me").header("authorization", value).send().await;
    header(&format!("bearer {}", good.token)).await.expect(200); // the scheme has no case (RFC 9110, section 11.1)
    for scheme in ["Basic", "Token", "", "JWT", "Bearer:"] {
        header(&format!("{scheme} {}", good.token)).await.expect_problem(401, "invalid_token");
    }
    header(&good.token).await.expect_problem(401, "invalid_token");
    header("Bearer").await.expect_problem(401, "invalid_token");
    let value = format!("Bearer {}", good.token);
    let twice = app.client().get("/api/auth/me").header("authorization", &value).header("authorization", &value);
    twice.send().await.expect_problem(401, "invalid_token");
    let path = format!("/api/auth/me?access_token={}", good.token);
    app.client().get(&path).send().await.expect_problem(401, "unauthenticated");
    let cookie = format!("access_token={}", good.token);
    app.client().get("/api/auth/me").header("cookie", &cookie).send().await.expect_problem(401, "unauthenticated");
}

async fn a_token_dies_after_a_quarter_of_an_hour(app: TestApp) {
    let good = good(&app).await;
    let me = app.client().with_token(good.token);
    app.clock().advance(chrono::Duration::seconds(895));
    me.get("/api/auth/me").send().await.expect(200);
    app.clock().advance(chrono::Duration::seconds(6));
    me.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
}

/// However long a token says that it lives: a session that has run out has no access.
async fn a_token_dies_with_its_session(app: TestApp) {
    let good = good(&app).await;
    let mut claims: Claims = serde_json::from_value(good.claims).expect("claims");
    claims.exp += 40 * 86_400;
    let me = app.client().with_token(app.ctx.tokens.sign(&claims).expect("a token"));
    app.clock().advance(chrono::Duration::days(29));
    me.get("/api/auth/me").send().await.expect(200);
    app.clock().advance(chrono::Duration::days(2));
    me.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
}

poligon_testkit::tests! { start =>
    a_token_dies_with_its_session,
    bad_tokens_are_refused_and_read_the_same,
    other_ways_to_show_a_token_are_refused,
    a_token_dies_after_a_quarter_of_an_hour,
}
