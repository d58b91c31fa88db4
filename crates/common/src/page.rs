//! Lists: keyset pages with opaque cursors, so that an insert never shifts a page.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderValue, LINK};
use actix_web::{FromRequest, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::answer::Answer;
use crate::etag::Tagged;
use crate::extract::parse_query;
use crate::problem::Problem;

/// Bytes that an item takes, more or less.
const ROOM_FOR_ITEM: usize = 1_800;

/// Which part of a list is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Items on the page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    #[serde(default)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Whether to count the whole list, too.
    #[param(default = false)]
    #[serde(default)]
    include_total: Option<bool>,
}

/// The part of a list that a request asks for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Items on the page, 1 to 100.
    pub limit: i64,
    /// Whether to count the whole list.
    pub include_total: bool,
    cursor: Option<String>,
    path: String,
    query: String,
}

impl Page {
    fn of(req: &HttpRequest) -> Result<Self, Problem> {
        let params: PageParams = parse_query(req.query_string())?;
        let limit = params.limit.unwrap_or(20);
        if !(1..=100).contains(&limit) {
            return Err(Problem::invalid_field("/limit", "range", "must be 1 to 100"));
        }
        Ok(Self {
            limit,
            include_total: params.include_total.unwrap_or(false),
            cursor: params.cursor,
            path: req.path().to_owned(),
            query: req.query_string().to_owned(),
        })
    }

    /// What the cursor holds: the sort key of the last item of the page before.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
        key.map(Some).ok_or_else(|| Problem::invalid_field("/cursor", "cursor", "is not a cursor of this list"))
    }

    /// One more row than the page has: if it is there, there is a next page.
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The answer: `rows` as fetched, `key` the sort key of an item, `total` if it was counted.
    pub fn answer<T: Serialize, K: Serialize>(
        &self,
        mut rows: Vec<T>,
        total: Option<i64>,
        key: impl Fn(&T) -> K,
    ) -> Answer<Listing<T>> {
        let limit = usize::try_from(self.limit).unwrap_or(1);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).and_then(|row| cursor_of(&key(row)));
        let link = next_cursor.as_deref().map(|cursor| self.next_link(cursor));
        let answer = Answer::ok(Listing { items: rows, next_cursor, total });
        match link {
            Some(link) => answer.header(LINK, &link),
            None => answer,
        }
    }

    /// The same of items that `write` writes as JSON: an answer that is soon made. `None` when one cannot be written.
    pub fn written<T, K: Serialize>(
        &self,
        rows: &[T],
        write: impl Fn(&T, &mut Vec<u8>) -> Option<()>,
        key: impl Fn(&T) -> Option<K>,
    ) -> Option<Tagged> {
        let shown = rows.get(..usize::try_from(self.limit).unwrap_or(1)).unwrap_or(rows);
        let mut body = Vec::with_capacity(ROOM_FOR_ITEM * (shown.len() + 1));
        body.extend_from_slice(b"{\"items\":[");
        for (n, row) in shown.iter().enumerate() {
            if n > 0 {
                body.push(b',');
            }
            write(row, &mut body)?;
        }
        let next_cursor = match shown.last().filter(|_| shown.len() < rows.len()) {
            Some(last) => Some(cursor_of(&key(last)?)?),
            None => None,
        };
        body.extend_from_slice(b"],\"next_cursor\":");
        serde_json::to_writer(&mut body, &next_cursor).ok()?;
        body.push(b'}');
        let link = next_cursor.map(|cursor| self.next_link(&cursor));
        let json = HeaderValue::from_static("application/json");
        Some(Tagged::bytes(body.into(), json, "public, no-cache").link(link))
    }

    /// `Link: <…>; rel="next"` (RFC 8288).
    fn next_link(&self, cursor: &str) -> String {
        let others = form_urlencoded::parse(self.query.as_bytes()).filter(|(name, _)| name != "cursor");
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(others).append_pair("cursor", cursor).finish();
        format!("<{}?{query}>; rel=\"next\"", self.path)
    }
}

/// The cursor that [`Page::after`] reads: for lists that stand inside of an item, and go on under a path of their own.
pub fn cursor_of(key: &impl Serialize) -> Option<String> {
    serde_json::to_vec(key).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

impl FromRequest for Page {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Listing<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the next page; `null` on the last.
    pub next_cursor: Option<String>,
    /// Items in the whole list, when `include_total` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<i64>,
}
