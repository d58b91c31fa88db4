//! Secrets reach neither the log, at its most talkative level, nor the metrics: each kind of secret is sent
//! through the real binary, and then looked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what is not as expected fails the test

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use poligon_testkit::{Backend, Client, fresh_database};
use serde_json::{Value, json};

const PASSWORD: &str = "one yellow bird sings at dawn";
const NEW_PASSWORD: &str = "two yellow birds sing at noon";
const LAST_PASSWORD: &str = "three yellow birds sing at dusk";
const SIGNING_SECRET: &str = "canary-signing-secret-of-the-test-0123456789";
const SMTP_PASSWORD: &str = "canary-smtp-password";
const DATABASE_PASSWORD: &str = "canary-database-password";
const BASIC: &str = "Y2FuYXJ5OmJhc2ljLWF1dGg=";
const BEARER: &str = "canary.bearer.garbage";
const KEY: &str = "canary-idempotency-key";
const QUERY: &str = "canary-in-the-query";
const CARD: &str = "4000000000009995";
/// A number that is refused.
const OTHER_CARD: &str = "4111111111111111";
/// Longer than a right one, to be found for certain.
const CVC: &str = "canary-cvc-7391";
const HOLDER: &str = "Canary Cardholder";
const COOKIE: &str = "canary-of-a-strange-cookie";
/// What does stand in the log: the search is not blind.
const SEEN: &str = "this-is-seen-in-the-log";

/// The gateway's process; killed when dropped.
struct Gateway {
    child: Child,
    folder: tempfile::TempDir,
    client: Client,
}

impl Gateway {
    async fn start(database_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_gateway"))
            .args(["serve", "--bind", "127.0.0.1:0", "--log", "trace"])
            .current_dir(folder.path())
            .env_clear()
            .env("DATABASE_URL", database_url)
            .env("SMTP_URL", format!("smtp://someone:{SMTP_PASSWORD}@127.0.0.1:1"))
            .env("POLIGON_SIGNING_SECRET", SIGNING_SECRET)
            .env("POLIGON_TELEMETRY__LOG_FORMAT", "json")
            .env("POLIGON_SECURITY__BCRYPT_COST", "4")
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("log"))
            .spawn()
            .unwrap();
        let mut gateway = Self { child, folder, client: Client::new("") };
        gateway.client = Client::new(gateway.address().await);
        gateway
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it listens, once it says so.
    async fn address(&mut self) -> String {
        let began = Instant::now();
        while began.elapsed() < Duration::from_mins(1) {
            let out = std::fs::read_to_string(self.path("out")).unwrap();
            if let Some(url) = out.lines().find_map(|line| line.trim().strip_prefix("listening")) {
                return url.trim().to_owned();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the gateway ended: {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the gateway does not start: {}", self.log());
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path("log")).unwrap()).into_owned()
    }

    async fn post(&self, path: &str, body: &Value) -> poligon_testkit::Reply {
        self.client.post(path).json(body).send().await
    }

    /// The text of the newest mail of a kind, and the token in it.
    async fn mail(&self, kind: &str) -> (String, String) {
        for _ in 0..200 {
            let page = self.client.get("/mailbox/messages?to=canary%40example.com").send().await.expect(200).body;
            let found = page["items"].as_array().unwrap().iter().find(|mail| mail["kind"] == kind).cloned();
            if let Some(mail) = found {
                let body = mail["body"].as_str().unwrap().to_owned();
                let token = body.split_once("\"token\": \"").unwrap().1.split_once('"').unwrap().0.to_owned();
                return (body, token);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail {kind}: {}", self.log());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill()); // it may have ended before
        drop(self.child.wait());
    }
}

/// Registers, confirms, logs in; answers the secrets that were given out.
async fn live_a_life(gateway: &Gateway) -> Vec<(&'static str, String)> {
    let new =
        json!({"email": "canary@example.com", "username": "canary", "display_name": "Somebody", "password": PASSWORD});
    let register = gateway.client.post("/api/auth/register").header("idempotency-key", KEY);
    register.json(&new).send().await.expect(201);
    let (text, verification) = gateway.mail("verify_email").await;
    gateway.post("/api/auth/verify-email", &json!({"token": verification})).await.expect(200);
    let login = json!({"username": "canary", "password": PASSWORD});
    let pair = gateway.post("/api/auth/login", &login).await.expect(200).body;
    let token = |pair: &Value, name: &str| pair[name].as_str().unwrap().to_owned();
    let refreshed = json!({"refresh_token": token(&pair, "refresh_token")});
    let next = gateway.post("/api/auth/refresh", &refreshed).await.expect(200).body;
    let me = gateway.client.with_token(token(&next, "access_token"));
    pay(gateway, &me).await;
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    me.post("/api/auth/change-password").json(&change).send().await.expect(204);
    let login = json!({"username": "canary", "password": NEW_PASSWORD, "transport": "cookie"});
    let reply = gateway.post("/api/auth/login", &login).await.expect(200);
    let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let in_cookie = cookie.split_once('=').unwrap().1.to_owned();
    gateway.client.post("/api/auth/refresh").header("cookie", &cookie).json(&json!({})).send().await.expect(200);
    gateway.post("/api/auth/forgot-password", &json!({"email": "canary@example.com"})).await.expect(202);
    let (_, reset) = gateway.mail("reset_password").await;
    let body = json!({"token": reset, "password": LAST_PASSWORD});
    gateway.post("/api/auth/reset-password", &body).await.expect(204);
    let sentence = text.lines().find(|line| line.len() > 40).unwrap().to_owned();
    vec![
        ("an access token", token(&pair, "access_token")),
        ("the signature of an access token", token(&next, "access_token").rsplit('.').next().unwrap().to_owned()),
        ("a refresh token", token(&pair, "refresh_token")),
        ("the next refresh token", token(&next, "refresh_token")),
        ("a cookie", in_cookie),
        ("a verification token", verification),
        ("a reset token", reset),
        ("the text of a mail", sentence),
    ]
}

/// Somebody with a second factor logs in by a recovery code.
async fn prove_twice(gateway: &Gateway) -> Vec<(&'static str, String)> {
    let new = json!({"email": "twice@example.com", "username": "twice", "display_name": "Twice", "password": PASSWORD});
    gateway.post("/api/auth/register", &new).await.expect(201);
    let login = json!({"username": "twice", "password": PASSWORD});
    let pair = gateway.post("/api/auth/login", &login).await.expect(200).body;
    let me = gateway.client.with_token(pair["access_token"].as_str().unwrap());
    let enrolment = me.post("/api/auth/2fa/totp").send().await.expect(200).body;
    let secret = enrolment["secret"].as_str().unwrap().to_owned();
    let now = poligon_core::Clock::system().now().seconds();
    let code = json!({"code": poligon_testkit::totp_code(&secret, now)});
    let confirmed = me.post("/api/auth/2fa/totp/confirm").json(&code).send().await.expect(200).body;
    let recovery = confirmed["recovery_codes"][0].as_str().unwrap().to_owned();
    let challenge = gateway.post("/api/auth/login", &login).await.expect(200).body["challenge"].clone();
    let wrong = json!({"challenge": challenge, "code": format!("{recovery}x")});
    assert!(gateway.post("/api/auth/login/verify", &wrong).await.status >= 400);
    let right = json!({"challenge": challenge, "code": recovery});
    gateway.post("/api/auth/login/verify", &right).await.expect(200);
    let plain = recovery.replace('-', "");
    vec![
        ("the secret of a second factor", secret),
        ("a recovery code", recovery),
        ("a recovery code without its hyphen", plain.to_uppercase()),
        ("a recovery code in small letters", plain.to_lowercase()),
        ("a challenge", challenge.as_str().unwrap().to_owned()),
    ]
}

/// Orders something of the demo shop and pays, with good cards and bad.
async fn pay(gateway: &Gateway, me: &Client) {
    let shop = "/api/ecommerce";
    let listed = gateway.client.get(&format!("{shop}/products?in_stock=true&limit=1")).send().await.expect(200).body;
    let product = gateway.client.get(&format!("{shop}/products/{}", listed["items"][0]["id"])).send().await.expect(200);
    let variants = product.body["variants"].as_array().unwrap().clone();
    let variant = variants.iter().find(|variant| variant["in_stock"] == true).unwrap();
    let address = json!({"name": "Ann Archer", "line1": "1 Main Street", "city": "Springfield", "region": "IL",
        "postal_code": "62701", "country": "US"});
    let order = json!({"items": [{"variant_id": variant["id"], "quantity": 1}], "shipping_method": "standard",
        "shipping_address": address});
    let order = me.post(&format!("{shop}/orders")).header("idempotency-key", KEY).json(&order).send().await.expect(201);
    let path = format!("{shop}/orders/{}/payments", order.id());
    for (number, cvc, status) in [
        (json!(CARD), "123", 201),
        (json!(CARD), CVC, 422),
        (json!(OTHER_CARD), "123", 422),
        (json!(OTHER_CARD.parse::<i64>().unwrap()), "123", 422),
        (json!({OTHER_CARD: CVC}), CVC, 422),
    ] {
        let card = json!({"number": number, "exp_month": 12, "exp_year": 2090, "cvc": cvc, "holder": HOLDER});
        let body = json!({"method": {"type": "card", "card": card}});
        let key = poligon_core::random::id().unwrap();
        let reply = me.post(&path).header("idempotency-key", &key).json(&body).send().await.expect(status);
        assert!(!reply.text.contains(CARD) && !reply.text.contains(OTHER_CARD) && !reply.text.contains(CVC));
    }
    let broken = format!("{{\"method\": {{\"card\": {{\"number\": \"{CARD}\", \"cvc\": \"{CVC}\"");
    me.post(&path).header("content-type", "application/json").body(broken).send().await.expect(400);
}

/// Requests that go wrong with a secret in them.
async fn go_wrong(gateway: &Gateway) {
    let me = |name: &str, value: &str| gateway.client.get("/api/auth/me").header(name, value);
    me("authorization", &format!("Basic {BASIC}")).send().await.expect(401);
    me("authorization", &format!("Bearer {BEARER}")).send().await.expect(401);
    me("cookie", &format!("strange={COOKIE}")).send().await.expect(401);
    gateway.client.get(&format!("/api/auth/me?access_token={QUERY}")).send().await.expect(401);
    gateway.client.get(&format!("/nowhere?token={QUERY}")).send().await.expect(404);
    let wrong = json!({"username": "canary", "password": PASSWORD});
    gateway.post("/api/auth/login", &wrong).await.expect(401);
    gateway.post("/api/auth/login", &json!({"password": PASSWORD, "unknown": PASSWORD})).await.expect(422);
    let broken = format!("{{\"username\": \"canary\", \"password\": \"{PASSWORD}\"");
    let request = gateway.client.post("/api/auth/login").header("content-type", "application/json");
    request.body(broken).send().await.expect(400);
    gateway.client.get("/health/live").header("x-request-id", SEEN).send().await.expect(200);
}

async fn no_secret_is_seen(backend: Backend) {
    let (plain, _database) = fresh_database(backend);
    // A server that trusts whoever comes takes any password; one that asks for its own has it in the address.
    let user = plain.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map_or("", |(user, _)| user);
    let url = match backend {
        Backend::Services if !user.contains(':') => {
            plain.replacen(&format!("{user}@"), &format!("{user}:{DATABASE_PASSWORD}@"), 1)
        }
        _ => plain.clone(),
    };
    let gateway = Gateway::start(&url).await;
    let mut secrets = live_a_life(&gateway).await;
    secrets.extend(prove_twice(&gateway).await);
    go_wrong(&gateway).await;
    secrets.extend(
        [
            ("a password", PASSWORD),
            ("a new password", NEW_PASSWORD),
            ("a reset password", LAST_PASSWORD),
            ("the signing secret", SIGNING_SECRET),
            ("the mail server's password", SMTP_PASSWORD),
            ("the database's password", user.split_once(':').map_or(DATABASE_PASSWORD, |(_, password)| password)),
            ("credentials of another scheme", BASIC),
            ("a token that is none", BEARER),
            ("an idempotency key", KEY),
            ("a query", QUERY),
            ("somebody else's cookie", COOKIE),
            ("a card number", CARD),
            ("the number of a refused card", OTHER_CARD),
            ("a security code", CVC),
            ("the name on a card", HOLDER),
        ]
        .map(|(what, secret)| (what, secret.to_owned())),
    );
    let metrics = gateway.client.get("/metrics").send().await.expect(200).text;
    let log = gateway.log() + &std::fs::read_to_string(gateway.path("out")).unwrap();
    assert!(log.contains(SEEN) && log.contains("\"TRACE\""), "the log is not what this test takes it for: {log}");
    assert!(metrics.contains("/api/auth/login"), "{metrics}");
    // The security log goes into the stream, too.
    let told = log.lines().any(|line| line.contains("second_factor_on") && line.contains("success"));
    assert!(told, "the stream lacks the security log");
    for (what, secret) in secrets {
        assert!(secret.len() > 7, "{what} is too short to be looked for: {secret:?}");
        let line = log.lines().chain(metrics.lines()).find(|line| line.contains(&secret));
        assert!(line.is_none(), "{what} is seen: {}", line.unwrap_or_default());
    }
}

poligon_testkit::tests! { no_secret_is_seen }
