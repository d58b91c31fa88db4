//! An HTTP/1.1 client that tells a connection that was refused from one that broke with a request on its way. The
//! usual clients try again by themselves and hide the second.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest wait for a connection, and for an answer.
const LONGEST: Duration = Duration::from_secs(15);

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A whole answer with this status.
    Answered(u16),
    /// There was no connection to send it on.
    NotSent,
    /// It was sent, and no whole answer came.
    Broken(String),
}

/// One keep-alive connection.
pub(crate) struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Wire {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends one request and reads its answer. A connection that the server has announced to close is not used again.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Outcome {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => match tokio::time::timeout(LONGEST, TcpStream::connect(self.address)).await {
                Ok(Ok(stream)) => stream,
                _ => return Outcome::NotSent,
            },
        };
        stream.set_nodelay(true).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: poligon.test\r\nContent-Type: application/json\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let exchange = async {
            stream.write_all(request.as_bytes()).await?;
            read_answer(&mut stream).await
        };
        match tokio::time::timeout(LONGEST, exchange).await {
            Ok(Ok((status, stays))) => {
                self.stream = stays.then_some(stream);
                Outcome::Answered(status)
            }
            Ok(Err(error)) => Outcome::Broken(error.to_string()),
            Err(_elapsed) => Outcome::Broken("no answer in time".into()),
        }
    }
}

/// Answers the status, and whether the connection stays.
async fn read_answer(stream: &mut TcpStream) -> std::io::Result<(u16, bool)> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length: usize = value("content-length:").map_or(0, |v| v.parse().unwrap());
    let stays = value("connection:") != Some("close");
    while bytes.len() < head + length {
        more(stream, &mut bytes).await?;
    }
    Ok((status, stays))
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    match stream.read_buf(bytes).await? {
        0 => Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "closed without a whole answer")),
        _ => Ok(()),
    }
}
