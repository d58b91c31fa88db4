//! A mail server that is down: nothing waits for it, nothing is lost.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server that takes everything and remembers the recipients.
struct Sink {
    recipients: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Sink {
    async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let recipients = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&recipients);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take_mails(stream, Arc::clone(&kept)));
            }
        });
        Self { recipients, task }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One conversation (RFC 5321). A mail counts when its text has been taken.
async fn take_mails(stream: TcpStream, kept: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let (reads, mut writes) = stream.into_split();
    let mut lines = BufReader::new(reads).lines();
    let mut to = Vec::new();
    writes.write_all(b"220 sink.test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "RCPT" => {
                to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                b"250 yes\r\n"
            }
            "DATA" => {
                writes.write_all(b"354 go on\r\n").await?;
                while lines.next_line().await?.is_some_and(|line| line != ".") {}
                kept.lock().unwrap().append(&mut to);
                b"250 taken\r\n"
            }
            "QUIT" => return writes.write_all(b"221 bye\r\n").await,
            _ => b"250 yes\r\n",
        };
        writes.write_all(answer).await?;
    }
    Ok(())
}

async fn mail_waits_for_a_mail_server_that_is_down(backend: poligon_testkit::Backend) {
    use crate::process::free_port;
    use crate::world::{World, count, registration, until};

    let mut world = World::new(backend).await;
    let port = free_port();
    world.set("SMTP_URL", &format!("smtp://127.0.0.1:{port}"));
    let mut gateway = world.gateway().await;
    let client = gateway.client();
    for n in 0..3 {
        let began = std::time::Instant::now();
        let body = registration(&format!("waiting{n}"));
        client.post("/api/auth/register").json(&body).send().await.expect(201);
        assert!(began.elapsed() < Duration::from_secs(3), "registering waits for the mail server");
    }
    client.get("/health/ready").send().await.expect(200);
    let mut db = world.database();
    let tried = "SELECT count(*) AS n FROM mails WHERE attempts > 0 AND last_error IS NOT NULL AND sent_at IS NULL";
    until("each mail was tried", Duration::from_secs(20), async || count(&mut db, tried) == 3).await;
    gateway.kill(); // what waits survives this too
    gateway.start_again(&world);
    gateway.ready().await;
    let sink = Sink::start(port).await;
    // Killed between the last note and the end of its run, the copy leaves the job locked for the minute it may take.
    let longest = Duration::from_secs(80);
    until("each mail was sent", longest, async || sink.recipients.lock().unwrap().len() >= 3).await;
    let sent = "SELECT count(*) AS n FROM mails WHERE sent_at IS NOT NULL";
    until("each mail is noted as sent", Duration::from_secs(10), async || count(&mut db, sent) == 3).await;
    let mut recipients = sink.recipients.lock().unwrap().clone();
    recipients.sort();
    assert_eq!(recipients, ["waiting0@example.com", "waiting1@example.com", "waiting2@example.com"]);
}

poligon_testkit::tests! { mail_waits_for_a_mail_server_that_is_down }
