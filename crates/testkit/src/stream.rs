//! A stream of Server-Sent Events (WHATWG HTML, section 9.2), read line by line.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::{Client, TestApp};

/// Longest wait for a line.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open stream.
pub struct EventStream {
    lines: Lines<BufReader<TcpStream>>,
    /// The id of the last event that had one: for `Last-Event-ID`.
    pub id: String,
}

/// An event as it came.
#[derive(Debug)]
pub struct StreamEvent {
    /// Its id.
    pub id: Option<String>,
    /// Its type.
    pub name: String,
    /// Its data, which is JSON.
    pub data: Value,
}

/// Sends the request for a stream, and reads nothing of the answer.
pub async fn request_stream(app: &TestApp, path: &str, person: &Client, last: Option<&str>) -> TcpStream {
    let address = app.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
    let token = person.token().expect("somebody is logged in");
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n");
    stream.write_all(format!("{head}Accept: text/event-stream\r\n{last}\r\n").as_bytes()).await.unwrap();
    stream
}

impl EventStream {
    /// Opens the stream at `path`, behind the event `last` when it names one.
    pub async fn open(app: &TestApp, path: &str, person: &Client, last: Option<&str>) -> Self {
        let mut lines = BufReader::new(request_stream(app, path, person, last).await).lines();
        let status = lines.next_line().await.unwrap().unwrap();
        assert_eq!(status, "HTTP/1.1 200 OK");
        let mut heads = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap().filter(|line| !line.is_empty()) {
            heads.push(line.to_ascii_lowercase());
        }
        assert!(heads.contains(&"content-type: text/event-stream".to_owned()), "{heads:?}");
        assert!(heads.contains(&"cache-control: no-store".to_owned()), "{heads:?}");
        Self { lines, id: String::new() }
    }

    /// The next line that has something to say: the sizes of chunks are hexadecimal numbers alone. Nothing, when the stream
    /// has ended.
    pub async fn line(&mut self) -> Option<String> {
        loop {
            let line = timeout(PATIENCE, self.lines.next_line()).await.expect("a line in time").ok()??;
            let is_size = !line.is_empty() && line.chars().all(|c| c.is_ascii_hexdigit());
            if line.trim() == "0" {
                return None;
            }
            if !line.is_empty() && !is_size {
                return Some(line);
            }
        }
    }

    /// The next event; nothing, when the stream has ended.
    pub async fn try_next(&mut self) -> Option<StreamEvent> {
        let (mut id, mut name) = (None, String::new());
        loop {
            let line = self.line().await?;
            if let Some(given) = line.strip_prefix("id: ") {
                id = Some(given.to_owned());
            } else if let Some(given) = line.strip_prefix("event: ") {
                given.clone_into(&mut name);
            } else if let Some(given) = line.strip_prefix("data: ") {
                self.id = id.clone().unwrap_or_else(|| self.id.clone());
                return Some(StreamEvent { id, name, data: serde_json::from_str(given).expect("data is JSON") });
            }
        }
    }
}
