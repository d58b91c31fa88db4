//! An HTTP client whose answers can be asked.

use std::pin::Pin;
use std::sync::OnceLock;

use reqwest::Method;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde::Serialize;
use serde_json::Value;

/// A client of one application, with or without credentials. Cheap to clone. Follows no redirects, keeps no cookies.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// The person behind the token, where the test kit made them.
    pub user_id: Option<i64>,
}

/// What sends. It keeps no connection, so one serves every application of a process: an idle connection would hold up the
/// application's stop. Nor does it read the certificates of the machine, which takes longer than most tests.
fn http() -> reqwest::Client {
    static HTTP: OnceLock<reqwest::Client> = OnceLock::new();
    let made = HTTP.get_or_init(|| {
        let http = reqwest::Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).no_proxy();
        http.tls_certs_only([]).build().expect("an HTTP client")
    });
    made.clone()
}

impl Client {
    /// A client of the application at `base`.
    pub fn new(base: impl Into<String>) -> Self {
        Self { http: http(), base: base.into(), token: None, user_id: None }
    }

    /// The same client with this access token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same client, known to belong to this person.
    #[must_use]
    pub fn of_user(self, user_id: i64) -> Self {
        Self { user_id: Some(user_id), ..self }
    }

    /// The same client towards another copy of the application.
    #[must_use]
    pub fn towards(&self, base: impl Into<String>) -> Self {
        Self { base: base.into(), ..self.clone() }
    }

    /// The access token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A request; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let what = format!("{method} {path}");
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Request { request, what }
    }

    /// `GET`
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// `POST`
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// `PUT`
    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// `PATCH`
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// `DELETE`
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }
}

/// A request to be sent.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    request: reqwest::RequestBuilder,
    what: String,
}

impl Request {
    /// Adds a JSON body.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// Adds any body.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { request: self.request.body(body.into()), ..self }
    }

    /// Adds a form (`multipart/form-data`).
    pub fn form(self, parts: &[Part]) -> Self {
        let (media_type, body) = form_body(parts);
        self.header("content-type", &media_type).body(body)
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Sends it; a connection that breaks fails the test.
    pub async fn send(self) -> Reply {
        let what = self.what.clone();
        self.try_send().await.unwrap_or_else(|error| panic!("{what}: no answer: {error:?}"))
    }

    /// Sends it; for tests in which a connection may break.
    pub async fn try_send(self) -> Result<Reply, reqwest::Error> {
        let response = self.request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?.to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply { what: self.what, status, headers, body, text, bytes })
    }
}

/// A part of a form.
#[derive(Debug, Clone)]
pub struct Part {
    /// The lines of its head, without the last line break.
    pub head: Vec<u8>,
    /// What it holds.
    pub body: Vec<u8>,
}

impl Part {
    /// A text.
    pub fn text(name: &str, text: &str) -> Self {
        Self { head: format!("Content-Disposition: form-data; name=\"{name}\"").into(), body: text.into() }
    }

    /// A file, as a browser sends it.
    pub fn file(name: &str, file_name: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"");
        Self { head: format!("{disposition}\r\nContent-Type: {media_type}").into(), body: body.into() }
    }
}

/// The media type and the body of a form.
pub fn form_body(parts: &[Part]) -> (String, Vec<u8>) {
    let boundary = format!("poligon-{}", poligon_core::random::id().expect("randomness"));
    let mut body = Vec::new();
    for part in parts {
        for piece in [format!("--{boundary}\r\n").as_bytes(), &part.head, b"\r\n\r\n", &part.body, b"\r\n"] {
            body.extend_from_slice(piece);
        }
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

impl IntoFuture for Request {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Sends all of these at once; answers in their order.
pub async fn at_once<R>(requests: impl IntoIterator<Item = R>) -> Vec<Reply>
where
    R: IntoFuture<Output = Reply, IntoFuture: Send + 'static>,
{
    let sent: Vec<_> = requests.into_iter().map(|request| tokio::spawn(request.into_future())).collect();
    let mut replies = Vec::with_capacity(sent.len());
    for one in sent {
        replies.push(one.await.expect("an answer"));
    }
    replies
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    what: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; `Null` when it is empty or something else.
    pub body: Value,
    /// The body as text; what is no UTF-8 is replaced.
    pub text: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// Goes on only with this status.
    #[track_caller]
    #[allow(clippy::return_self_not_must_use)] // often only the check is wanted
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} answered {}: {}", self.what, self.status, self.text);
        self
    }

    /// Goes on only with this problem: status, code and media type.
    #[track_caller]
    #[allow(clippy::return_self_not_must_use)] // often only the check is wanted
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        let media_type = reply.header("content-type");
        assert_eq!(media_type, Some("application/problem+json"), "{}: {}", reply.what, reply.text);
        assert_eq!(reply.problem_code(), code, "{}: {}", reply.what, reply.text);
        reply
    }

    /// The value of a header, the first if there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of text"))
    }

    /// `code` of a problem; empty when the answer is none.
    pub fn problem_code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The pointers of a problem's wrong fields, in order of name.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        let mut pointers: Vec<_> = errors.filter_map(|error| error["pointer"].as_str()).collect();
        pointers.sort_unstable();
        pointers
    }

    /// `id` of the object in the body.
    #[track_caller]
    pub fn id(&self) -> i64 {
        self.body["id"].as_i64().unwrap_or_else(|| panic!("{}: no id in {}", self.what, self.text))
    }
}
