//! The bus between copies of the gateway, when Redis cannot be reached for a while.

use std::time::Duration;

use poligon_core::bus::{Bus, LOST, Message};
use poligon_core::config::CacheConfig;
use poligon_core::random;
use poligon_testkit::{Backend, TestApp};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::watch;

/// A way to Redis that can be cut; answers its address.
async fn cuttable(redis: String, cut: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (redis, mut cut) = (redis.clone(), cut.clone());
            tokio::spawn(async move {
                if *cut.borrow() {
                    return;
                }
                let mut far = TcpStream::connect(redis).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = cut.wait_for(|is_cut| *is_cut) => {}
                }
            });
        }
    });
    format!("redis://{address}")
}

fn open(url: &str, prefix: &str) -> Bus {
    let config = CacheConfig { redis_url: Some(url.to_owned()), prefix: prefix.to_owned(), ..CacheConfig::default() };
    Bus::open(&config).unwrap()
}

/// Tells until it is heard; answers what came before that.
async fn heard(from: &Bus, ears: &mut Receiver<Message>, payload: &str) -> Vec<Message> {
    let mut before = Vec::new();
    loop {
        from.publish("test", payload);
        while let Ok(Ok(message)) = tokio::time::timeout(Duration::from_millis(100), ears.recv()).await {
            if message.payload == payload {
                return before;
            }
            before.push(message);
        }
    }
}

#[tokio::test]
async fn whoever_may_have_missed_messages_is_told() {
    let ctx = TestApp::builder(Backend::Services).without_server().await;
    let redis = ctx.config.cache.redis_url.clone().unwrap();
    let address = redis.trim_start_matches("redis://").split('/').next().unwrap().to_owned();
    let (cut, is_cut) = watch::channel(false);
    let prefix = format!("{}:", random::id().unwrap());
    let (one, other) = (open(&redis, &prefix), open(&cuttable(address, is_cut).await, &prefix));
    let mut ears = other.subscribe();
    let before = heard(&one, &mut ears, "first").await;
    assert!(before.is_empty(), "nothing was lost: {before:?}");
    cut.send_replace(true);
    tokio::time::sleep(Duration::from_millis(300)).await;
    one.publish("test", "nobody hears this");
    tokio::time::sleep(Duration::from_millis(900)).await;
    cut.send_replace(false);
    let before = heard(&one, &mut ears, "second").await;
    let topics: Vec<&str> = before.iter().filter(|one| one.payload != "first").map(|one| one.topic.as_str()).collect();
    assert_eq!(topics, [LOST]);
}
