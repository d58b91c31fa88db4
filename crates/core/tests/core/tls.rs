//! TLS to PostgreSQL, against a private server with a certificate of its own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::prelude::*;
use diesel::sql_query;
use poligon_core::config::DatabaseConfig;
use poligon_core::db::{Database, DbError};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A server that offers TLS, with a certificate for `localhost`; stopped when dropped.
struct Server {
    folder: tempfile::TempDir,
    binaries: PathBuf,
    port: u16,
}

/// A root certificate that signs others.
fn root() -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), Issuer::new(params, key))
}

impl Server {
    fn start(tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let server = Self { binaries: binaries(), port: free_port(), folder };
        let data = server.data();
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        own_by_postgres(&data);
        server.run("initdb", &["-U", "postgres", "-A", "trust", "--no-sync"]);
        let (root_pem, issuer) = root();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, &issuer).unwrap();
        fs::write(server.folder.path().join("root.pem"), root_pem).unwrap();
        fs::write(server.folder.path().join("other.pem"), root().0).unwrap();
        for (name, text) in [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())] {
            let path = data.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            own_by_postgres(&path);
        }
        let ssl = if tls { "on" } else { "off" };
        let port = server.port;
        let options = format!("-p {port} -h localhost -c ssl={ssl} -c fsync=off -c unix_socket_directories=''");
        let log = data.join("log").display().to_string();
        server.run("pg_ctl", &["-w", "-l", &log, "-o", &options, "start"]);
        server
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs one of PostgreSQL's programs, which refuse to run as root.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.binaries.join(program);
        let mut command = if is_root() { Command::new("runuser") } else { Command::new(&program) };
        if is_root() {
            command.args(["-u", "postgres", "--"]).arg(&program);
        }
        // The server inherits what it is started with; a pipe would stay open as long as it runs.
        let said = tempfile::tempfile().unwrap();
        command.stdout(said.try_clone().unwrap()).stderr(said).current_dir("/");
        let done = command.arg("-D").arg(self.data()).args(arguments).status().unwrap();
        assert!(
            done.success(),
            "{}: {}",
            program.display(),
            fs::read_to_string(self.data().join("log")).unwrap_or_default()
        );
    }

    /// Whether the server sees TLS on a connection with these parameters.
    fn sees_tls(&self, host: &str, parameters: &str) -> Result<bool, DbError> {
        #[derive(QueryableByName)]
        struct Seen {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            ssl: bool,
        }
        let url = format!("postgres://postgres@{host}:{}/postgres?{parameters}", self.port);
        let database = Database::open(&DatabaseConfig { url, ..DatabaseConfig::default() })?;
        let mut db = database.connect()?;
        let query = sql_query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        Ok(query.get_result::<Seen>(&mut db)?.ssl)
    }

    fn with_root(&self, mode: &str, file: &str) -> String {
        format!("sslmode={mode}&sslrootcert={}", self.folder.path().join(file).display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-m", "immediate", "-w", "stop"]);
    }
}

/// PostgreSQL reads only what is its own.
fn own_by_postgres(path: &Path) {
    if is_root() {
        assert!(Command::new("chown").arg("postgres").arg(path).status().unwrap().success());
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|v| v.path().join("bin")).filter(|bin| bin.join("initdb").exists()).collect();
    found.sort();
    found.pop().expect("this test starts a PostgreSQL server of its own and found no initdb in /usr/lib/postgresql")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

mod services {
    use poligon_core::config::DatabaseConfig;
    use poligon_core::db::Database;

    use super::Server;

    #[test]
    fn tls_holds_what_sslmode_says() {
        poligon_testkit::run(async {
            let server = Server::start(true);
            let right = |mode| server.with_root(mode, "root.pem");
            let wrong = |mode| server.with_root(mode, "other.pem");
            assert!(!server.sees_tls("localhost", "sslmode=disable").unwrap(), "the control");
            assert!(server.sees_tls("localhost", "sslmode=require").unwrap());
            assert!(server.sees_tls("localhost", "sslmode=prefer").unwrap());
            assert!(server.sees_tls("localhost", &right("verify-full")).unwrap());
            assert!(server.sees_tls("127.0.0.1", &right("verify-ca")).unwrap(), "the chain, whatever the name");
            server.sees_tls("127.0.0.1", &right("verify-full")).expect_err("the certificate is for another name");
            for mode in ["require", "verify-ca", "verify-full"] {
                server.sees_tls("localhost", &wrong(mode)).expect_err("the certificate is signed by another root");
            }
            for file in ["", "&sslrootcert=system"] {
                let machine = format!("sslmode=verify-full{file}");
                server.sees_tls("localhost", &machine).expect_err("nobody on this machine knows this root");
            }
        });
    }

    /// The command line opens a connection of its own and keeps nothing else.
    #[test]
    fn a_connection_outlives_the_database_that_opened_it() {
        poligon_testkit::run(async {
            use diesel::RunQueryDsl as _;
            let server = Server::start(true);
            let url = format!("postgres://postgres@localhost:{}/postgres?sslmode=require", server.port);
            let mut db =
                Database::open(&DatabaseConfig { url, ..DatabaseConfig::default() }).unwrap().connect().unwrap();
            for _ in 0..3 {
                std::thread::sleep(std::time::Duration::from_millis(50));
                diesel::sql_query("SELECT 1").execute(&mut db).unwrap();
            }
        });
    }

    #[test]
    fn nothing_is_left_among_temporary_files() {
        poligon_testkit::run(async {
            let server = Server::start(true);
            let url = format!("postgres://postgres@localhost:{}/postgres?sslmode=require", server.port);
            let database = Database::open(&DatabaseConfig { url, ..DatabaseConfig::default() }).unwrap();
            database.connect().unwrap();
            database.retire();
            assert!(database.connect().is_err(), "the folder with the socket is gone");
        });
    }

    #[test]
    fn a_server_without_tls_is_refused_unless_it_may_be() {
        poligon_testkit::run(async {
            let server = Server::start(false);
            assert!(!server.sees_tls("localhost", "sslmode=prefer").unwrap());
            server.sees_tls("localhost", "sslmode=require").expect_err("this server has no TLS");
        });
    }
}
