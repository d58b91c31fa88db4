//! Clients that write without a pause and keep a journal of the answers, whatever happens to the server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use poligon_core::db::Db;
use poligon_testkit::{Client, Request};
use serde_json::json;

use crate::world::{PASSWORD, registration, sign_in};

/// Clients that write at once.
const CLIENTS: usize = 6;
/// People in the journal who log in at the end: each costs a hash.
const LOGINS: usize = 100;

/// What is written, under a new name each time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    Registrations,
    /// In a chat.
    Messages(i64),
    /// On a board, with so many entries in its activity already.
    Cards {
        board: i64,
        told: u64,
    },
}

impl Work {
    /// A group of one, and whoever writes into it.
    pub(crate) async fn messages(client: &Client) -> (Self, Client) {
        let author = sign_in(client, "author").await;
        let group = json!({"kind": "group", "title": "Kept", "member_ids": []});
        let chat = author.post("/api/social/chats").json(&group).send().await.expect(201).id();
        (Self::Messages(chat), author)
    }

    /// A board, and whoever makes cards on it.
    pub(crate) async fn cards(client: &Client) -> (Self, Client) {
        let author = sign_in(client, "author").await;
        let make = async |path: &str, body: serde_json::Value| {
            author.post(&format!("/api/tasks/{path}")).json(&body).send().await.expect(201).id()
        };
        let team = make("teams", json!({"name": "Kept"})).await;
        let project = make("projects", json!({"team_id": team, "key": "QA", "name": "Kept"})).await;
        let board = make("boards", json!({"project_id": project, "name": "Kept"})).await;
        let told = author.get(&format!("/api/tasks/boards/{board}")).send().await.expect(200).body["last_seq"].as_u64();
        (Self::Cards { board, told: told.unwrap() }, author)
    }

    fn request(self, client: &Client, name: &str) -> Request {
        match self {
            Self::Registrations => client.post("/api/auth/register").json(&registration(name)),
            Self::Messages(chat) => {
                client.post(&format!("/api/social/chats/{chat}/messages")).json(&json!({"body": name}))
            }
            Self::Cards { board, .. } => {
                client.post("/api/tasks/cards").json(&json!({"board_id": board, "title": name}))
            }
        }
    }

    /// The names of all rows.
    fn names(self, db: &mut Db) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Named {
            #[diesel(sql_type = diesel::sql_types::Text)]
            name: String,
        }
        let query = match self {
            Self::Registrations => "SELECT username AS name FROM users".to_owned(),
            Self::Messages(chat) => format!("SELECT body AS name FROM messages WHERE chat_id = {chat}"),
            Self::Cards { board, .. } => format!("SELECT title AS name FROM cards WHERE board_id = {board}"),
        };
        diesel::sql_query(query).load::<Named>(db).unwrap().into_iter().map(|row| row.name).collect()
    }
}

/// What was answered, by name.
pub(crate) struct Journal {
    work: Work,
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
    pub(crate) fn of(work: Work) -> Arc<Self> {
        let (answered, count, stopped) = <(Mutex<BTreeSet<String>>, AtomicUsize, AtomicBool)>::default();
        Arc::new(Self { work, answered, count, stopped })
    }

    /// Notes that `name` was answered with 201.
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
            assert!(began.elapsed() < Duration::from_secs(30), "the work does not go on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Compares with the rows.
    pub(crate) fn audit(&self, db: &mut Db) -> Audit {
        let mut rows: BTreeMap<String, usize> = BTreeMap::new();
        for name in self.work.names(db) {
            *rows.entry(name).or_default() += 1;
        }
        let answered = self.answered.lock().unwrap();
        let lost = answered.iter().filter(|name| !rows.contains_key(*name)).cloned().collect();
        let double = rows.into_iter().filter(|(_, rows)| *rows > 1).map(|(name, _)| name).collect();
        Audit { lost, double }
    }

    /// Reads the whole chat by its pages: fails unless everything answered is there once, and numbers rise.
    pub(crate) async fn read_back(&self, author: &Client) {
        let Work::Messages(chat) = self.work else { panic!("only messages are read back") };
        let (mut path, mut seen) = (format!("/api/social/chats/{chat}/messages?limit=100"), Vec::new());
        loop {
            let page = author.get(&path).send().await.expect(200).body;
            for message in page["items"].as_array().unwrap().iter().rev() {
                seen.push((message["number"].as_i64().unwrap(), message["body"].as_str().unwrap_or("").to_owned()));
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/social/chats/{chat}/messages?limit=100&cursor={cursor}");
        }
        assert!(seen.is_sorted_by(|newer, older| newer.0 > older.0), "the numbers of messages do not rise");
        let bodies: BTreeSet<String> = seen.into_iter().map(|(_, body)| body).collect();
        let answered = self.answered.lock().unwrap();
        assert_eq!(answered.difference(&bodies).collect::<Vec<_>>(), Vec::<&String>::new(), "lost");
    }

    /// Reads the board and its activity: fails unless everything answered stands there once, under a number of its own, and
    /// was told without a gap.
    pub(crate) async fn read_board(&self, author: &Client) {
        let Work::Cards { board: id, told } = self.work else { panic!("only boards are read so") };
        let board = author.get(&format!("/api/tasks/boards/{id}")).send().await.expect(200).body;
        let columns = board["columns"].as_array().unwrap().iter();
        let cards: Vec<_> = columns.flat_map(|column| column["cards"].as_array().unwrap()).collect();
        let titles: BTreeSet<&str> = cards.iter().map(|card| card["title"].as_str().unwrap()).collect();
        let keys: BTreeSet<&str> = cards.iter().map(|card| card["key"].as_str().unwrap()).collect();
        assert_eq!((titles.len(), keys.len()), (cards.len(), cards.len()), "a card stands there twice");
        let answered = self.answered.lock().unwrap().clone();
        let lost: Vec<_> = answered.iter().filter(|name| !titles.contains(name.as_str())).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        let path = format!("/api/tasks/boards/{id}/activity?limit=1");
        let newest = author.get(&path).send().await.expect(200).body["items"][0]["seq"].as_u64().unwrap();
        // Cards were made, and nothing else has happened.
        assert_eq!(newest, told + cards.len() as u64, "activity has a gap, or tells what is not there");
        assert_eq!(board["last_seq"], newest);
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
        let tasks = (0..CLIENTS).map(|n| tokio::spawn(write_on_and_on(Arc::clone(journal), client.clone(), n)));
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

async fn write_on_and_on(journal: Arc<Journal>, client: Client, number: usize) {
    let run = journal.len(); // a journal may see several loads
    for round in 0_u64.. {
        if journal.stopped.load(Ordering::SeqCst) {
            return;
        }
        let name = format!("client{number}-{run}-{round}");
        let request = journal.work.request(&client, &name).try_send();
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
