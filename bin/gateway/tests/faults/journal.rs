//! Clients that register people without a pause and keep a journal of the answers, whatever happens to the server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use poligon_core::db::Db;
use poligon_core::schema::users;
use poligon_testkit::Client;
use serde_json::json;

use crate::world::{PASSWORD, registration};

/// Clients that register at once.
const CLIENTS: usize = 6;
/// People in the journal who log in at the end: each costs a hash.
const LOGINS: usize = 100;

/// What was answered, by name.
#[derive(Default)]
pub(crate) struct Journal {
    answered: Mutex<BTreeSet<String>>,
    count: AtomicUsize,
    stopped: AtomicBool,
}

/// What the database says about a journal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Audit {
    pub(crate) lost: Vec<String>,
    pub(crate) double: Vec<String>,
}

impl Journal {
    /// Notes that the registration of `name` was answered with 201.
    pub(crate) fn note(&self, name: &str) {
        self.answered.lock().unwrap().insert(name.to_owned());
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Waits for `more` further answers, at most half a minute.
    pub(crate) async fn grow(&self, more: usize) {
        let (goal, began) = (self.len() + more, Instant::now());
        while self.len() < goal {
            assert!(began.elapsed() < Duration::from_secs(30), "registrations do not go on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Compares with the rows.
    pub(crate) fn audit(&self, db: &mut Db) -> Audit {
        let names: Vec<String> = users::table.select(users::username).load(db).unwrap();
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        for name in names {
            *rows.entry(name).or_default() += 1;
        }
        let answered = self.answered.lock().unwrap();
        let lost = answered.iter().filter(|name| !rows.contains_key(*name)).cloned().collect();
        let double = rows.into_iter().filter(|(_, rows)| *rows > 1).map(|(name, _)| name).collect();
        Audit { lost, double }
    }

    /// Lets people from all over the journal log in; fails when one cannot.
    pub(crate) async fn log_in(&self, client: &Client) {
        let answered = self.answered.lock().unwrap().clone();
        let step = (answered.len() / LOGINS).max(1);
        for name in answered.iter().step_by(step) {
            let body = json!({"username": name, "password": PASSWORD});
            client.post("/api/auth/login").json(&body).send().await.expect(200);
        }
    }
}

/// Clients at work; they stop when told, or when dropped.
pub(crate) struct Load {
    journal: Arc<Journal>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    /// Starts the clients.
    pub(crate) fn start(journal: &Arc<Journal>, client: &Client) -> Self {
        let tasks = (0..CLIENTS).map(|n| tokio::spawn(register_on_and_on(Arc::clone(journal), client.clone(), n)));
        Self { journal: Arc::clone(journal), tasks: tasks.collect() }
    }

    /// Stops the clients; their last requests are finished.
    pub(crate) async fn stop(mut self) {
        self.journal.stopped.store(true, Ordering::SeqCst);
        for task in self.tasks.drain(..) {
            task.await.unwrap();
        }
        self.journal.stopped.store(false, Ordering::SeqCst);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn register_on_and_on(journal: Arc<Journal>, client: Client, number: usize) {
    let run = journal.len(); // a journal may see several loads
    for round in 0_u64.. {
        if journal.stopped.load(Ordering::SeqCst) {
            return;
        }
        let name = format!("client{number}-{run}-{round}");
        let request = client.post("/api/auth/register").json(&registration(&name)).try_send();
        match tokio::time::timeout(Duration::from_secs(10), request).await {
            Ok(Ok(reply)) if reply.status == 201 => journal.note(&name),
            Ok(Ok(reply)) => {
                assert_eq!(reply.status, 503, "{}", reply.text); // the database is away
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            _ => tokio::time::sleep(Duration::from_millis(10)).await, // the gateway is away
        }
    }
}
