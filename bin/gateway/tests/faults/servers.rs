//! PostgreSQL and Redis of the test's own, on data of their own, to be killed and stopped.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::pg::PgConnection;
use tempfile::TempDir;

use crate::process::{free_port, signal};

/// A server and the processes that it has begun.
struct Family(Child);

impl Family {
    /// Stops or continues all of them. The server first, so that it begins no more of them.
    fn signal(&self, name: &str) {
        let parent = self.0.id();
        signal(parent, name);
        for child in children(parent) {
            signal_if_there(child, name);
        }
    }

    /// `kill -9` of all of them; returns when they are gone. They are stopped before: a server that is gone has no
    /// children that could be listed, and one that goes on begins new ones.
    fn kill(mut self) {
        self.signal("STOP");
        let younger = children(self.0.id());
        signal(self.0.id(), "KILL");
        for child in &younger {
            signal_if_there(*child, "KILL");
        }
        self.0.wait().unwrap();
        let began = Instant::now();
        while younger.iter().any(|pid| is_alive(*pid)) {
            assert!(began.elapsed() < Duration::from_secs(10), "a killed server goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Sends a signal to a process that may have ended meanwhile.
fn signal_if_there(pid: u32, name: &str) {
    drop(Command::new("sh").arg("-c").arg(format!("kill -{name} {pid} 2>/dev/null")).status());
}

fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent)).collect()
}

fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

/// State and parent of a process.
fn stat(pid: u32) -> Option<(String, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut rest = text.rsplit_once(')')?.1.split_whitespace();
    Some((rest.next()?.to_owned(), rest.next()?.parse().ok()?))
}

/// The user that PostgreSQL runs as: it refuses to be root.
pub(crate) fn postgres_user() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let out = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    Some((id(&["-u", "postgres"]).expect("a user called postgres"), id(&["-g", "postgres"]).expect("its group")))
}

fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<_> = versions.map(|v| v.path().join("bin").join(name)).filter(|p| p.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

/// A durable PostgreSQL.
pub(crate) struct Postgres {
    family: Option<Family>,
    folder: TempDir,
    options: Vec<String>,
    user: Option<(u32, u32)>,
    port: u16,
}

impl Postgres {
    /// A fresh one, durable unless `options` say otherwise.
    pub(crate) async fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = postgres_user();
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let options = options.iter().map(|&o| o.to_owned()).collect();
        let mut server = Self { family: None, folder, options, user, port: free_port() };
        let mut initdb = server.command("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        let made = initdb.stdout(Stdio::null()).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.start_again().await;
        server
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command.arg("-D").arg(self.data()).current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts it after a kill, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        self.spawn();
        let began = Instant::now();
        while PgConnection::establish(&self.url()).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "PostgreSQL does not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts it and does not wait.
    pub(crate) fn spawn(&mut self) {
        let mut command = self.command("postgres");
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-c", "unix_socket_directories="]);
        command.args(["-c", "fsync=on", "-c", "max_connections=60", "-c", "shared_buffers=32MB"]);
        command.args(self.options.iter().flat_map(|option| ["-c", option]));
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.family = Some(Family(child));
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `kill -9` of every process of it.
    pub(crate) fn kill(&mut self) {
        self.family.take().expect("it runs").kill();
    }

    pub(crate) fn signal(&self, name: &str) {
        self.family.as_ref().expect("it runs").signal(name);
    }

    pub(crate) fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// Its database through another port (a proxy's).
    #[allow(clippy::unused_self)] // reads well where it is called
    pub(crate) fn url_at(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(family) = self.family.take() {
            family.kill();
        }
    }
}

/// A Redis that keeps nothing.
pub(crate) struct Redis {
    family: Option<Family>,
    folder: TempDir,
    port: u16,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let mut server = Self { family: None, folder: tempfile::tempdir().unwrap(), port: free_port() };
        server.start_again().await;
        server
    }

    /// Starts it after a kill, and waits until it listens.
    pub(crate) async fn start_again(&mut self) {
        let log = self.folder.path().join("log");
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(self.folder.path()).stdin(Stdio::null()).stdout(File::create(&log).unwrap());
        self.family = Some(Family(command.spawn().expect("redis-server can be started")));
        let began = Instant::now();
        while !is_ready(&log) {
            assert!(began.elapsed() < Duration::from_secs(10), "Redis does not start");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn kill(&mut self) {
        self.family.take().expect("it runs").kill();
    }

    pub(crate) fn signal(&self, name: &str) {
        self.family.as_ref().expect("it runs").signal(name);
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

fn is_ready(log: &Path) -> bool {
    fs::read_to_string(log).is_ok_and(|text| text.contains("Ready to accept connections"))
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(family) = self.family.take() {
            family.kill();
        }
    }
}
