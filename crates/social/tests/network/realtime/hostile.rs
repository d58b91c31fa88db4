//! Clients that break the rules of the protocol, byte by byte; and one that keeps them.

use std::time::{Duration, Instant};

use poligon_testkit::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::opening::ticket;
use super::{PATIENCE, WS, start};
use crate::world::person;

/// A socket without anything that knows the protocol.
async fn raw(app: &TestApp, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.url().replace("http://", "")).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// A frame whose mask is all zero, which says that it has so many bytes.
fn frame(first: u8, length: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        126..65_536 => {
            bytes.push(0x80 | 0x7e);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(body);
    bytes
}

/// The code of the close frame, after any others; and whether the connection ends after it.
async fn end(stream: &mut TcpStream) -> (u16, bool) {
    let read = async {
        loop {
            let (first, second) = (stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap());
            let length = match second {
                126 => usize::from(stream.read_u16().await.unwrap()),
                127 => usize::try_from(stream.read_u64().await.unwrap()).unwrap(),
                small => usize::from(small),
            };
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            if first == 0x88 {
                let code = if body.is_empty() { 0 } else { u16::from_be_bytes([body[0], body[1]]) };
                return (code, stream.read_u8().await.is_err());
            }
        }
    };
    timeout(PATIENCE, read).await.expect("the end in time")
}

async fn a_frame_that_says_it_is_too_long_ends_the_socket_at_once(app: TestApp) {
    for length in [64 * 1024 + 1, 1 << 30, 1 << 40, u64::MAX] {
        let mut stream = raw(&app, WS).await;
        let began = Instant::now();
        stream.write_all(&frame(0x81, length, &vec![b'a'; 100_000])).await.unwrap();
        assert_eq!(end(&mut stream).await.0, 1009, "{length}");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
    // The same for one whose length comes byte by byte, and in the middle of what is good.
    let ann = person(&app).await;
    let mut stream = raw(&app, &format!("{WS}?ticket={}", ticket(&ann).await)).await;
    stream.write_all(&frame(0x89, 0, b"")).await.unwrap();
    for byte in frame(0x81, 1 << 30, b"") {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(end(&mut stream).await.0, 1009);
}

async fn a_message_has_so_many_parts_and_they_count_as_frames(app: TestApp) {
    let mut stream = raw(&app, WS).await;
    stream.write_all(&frame(0x01, 0, b"")).await.unwrap();
    let parts: Vec<u8> = (0..30).flat_map(|_| frame(0x00, 0, b"")).collect();
    stream.write_all(&parts).await.unwrap();
    assert_eq!(end(&mut stream).await.0, 4429);
    let mut stream = raw(&app, WS).await;
    stream.write_all(&frame(0x01, 40_000, &vec![b'a'; 40_000])).await.unwrap();
    stream.write_all(&frame(0x00, 40_000, b"")).await.unwrap();
    assert_eq!(end(&mut stream).await.0, 1009);
}

async fn what_breaks_the_protocol_is_named(app: TestApp) {
    for (bytes, code, what) in [
        (frame(0xc1, 1, b"a"), 1002, "a reserved bit"),
        (frame(0x89, 126, &[b'a'; 126]), 1002, "a long ping"),
        (frame(0x09, 1, b"a"), 1002, "a part of a ping"),
        (frame(0x80, 1, b"a"), 1002, "a part of nothing"),
        (frame(0x83, 1, b"a"), 1002, "an unknown kind"),
        ([frame(0x01, 1, b"a"), frame(0x81, 1, b"a")].concat(), 1002, "a message in a message"),
        (vec![0x81, 1, b'a'], 1002, "no mask"),
        (frame(0x81, 2, &[0xc3, 0x28]), 1007, "no UTF-8"),
        (frame(0x82, 1, b"a"), 1003, "binary"),
    ] {
        let mut stream = raw(&app, WS).await;
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(end(&mut stream).await.0, code, "{what}");
    }
}

/// RFC 6455, section 5.5.1: a browser sees 1006 for a close that is not answered.
async fn a_close_is_answered_and_ends_the_connection(app: TestApp) {
    let ann = person(&app).await;
    let ticket = format!("{WS}?ticket={}", ticket(&ann).await);
    for (path, body, code) in [
        (WS, [3, 232].as_slice(), 1000),
        (WS, &[15, 161, b'b', b'y', b'e'], 4001),
        (WS, &[], 0),
        (&ticket, &[3, 233], 1001),
    ] {
        let mut stream = raw(&app, path).await;
        let began = Instant::now();
        stream.write_all(&frame(0x88, body.len() as u64, body)).await.unwrap();
        assert_eq!(end(&mut stream).await, (code, true));
        assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    }
}

poligon_testkit::tests! { start =>
    a_frame_that_says_it_is_too_long_ends_the_socket_at_once,
    a_message_has_so_many_parts_and_they_count_as_frames,
    what_breaks_the_protocol_is_named,
    a_close_is_answered_and_ends_the_connection,
}
