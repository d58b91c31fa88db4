//! TLS to PostgreSQL by rustls. The libpq that is built into the binary has no TLS of its own (it would bring
//! OpenSSL, and with it perl and make, into the build), so it speaks to a socket in a private folder, and this bridge
//! carries each connection to the server: `SSLRequest`, handshake, then bytes both ways (PostgreSQL protocol, chapter
//! "SSL Session Encryption"). `sslmode` means what libpq's documentation says. Channel binding is not available.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::Url;

use super::open::BadUrl;
use super::tls_verify::{self, Check};

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// `sslrootcert` that means the certificates of the machine (libpq since version 16).
const OF_THE_MACHINE: &str = "system";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How soon a server that cannot be reached, or a connection that the network has lost, is found out: unless the URL
/// says otherwise. Without it a thread waits on a lost connection for hours. In seconds; the last in milliseconds.
const LIVENESS: [(&str, &str); 5] = [
    ("connect_timeout", "2"),
    ("keepalives_idle", "2"),
    ("keepalives_interval", "1"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "2500"),
];

/// A listening socket whose connections go to one server over TLS. Dropped, it takes no more; those that it carries go on
/// until they are closed.
pub(super) struct TlsBridge {
    folder: PathBuf,
    _stop: oneshot::Sender<()>,
}

impl Drop for TlsBridge {
    fn drop(&mut self) {
        self.remove_folder();
    }
}

/// Where the bridge leads and how it checks the other side.
#[derive(Clone)]
struct Route {
    host: String,
    port: u16,
    name: ServerName<'static>,
    may_be_plain: bool,
    connector: TlsConnector,
}

impl TlsBridge {
    /// The connection string for libpq, and the bridge that it leads to when the server is to be reached over TLS:
    /// when `sslmode` says so, or, without it, for every host but this machine.
    pub(super) fn for_url(text: &str) -> Result<(String, Option<Self>), BadUrl> {
        let mut url = Url::parse(text).map_err(|e| BadUrl(format!("is not a URL: {e}")))?;
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let given = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        for unsupported in ["sslcert", "sslkey", "sslcrl"] {
            if given(unsupported).is_some() {
                return Err(BadUrl(format!("{unsupported} is not supported")));
            }
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let local = host.is_empty() || given("host").is_some() || matches!(&*host, "localhost" | "127.0.0.1" | "::1");
        let mode = given("sslmode").unwrap_or(if local { "disable" } else { "prefer" }).to_owned();
        let root = given("sslrootcert").map(ToOwned::to_owned);
        let rest: Vec<_> = query.iter().filter(|(key, _)| !key.starts_with("ssl")).cloned().collect();
        url.query_pairs_mut().clear().extend_pairs(&rest).append_pair("sslmode", "disable");
        for (key, value) in LIVENESS.into_iter().filter(|(key, _)| given(key).is_none()) {
            url.query_pairs_mut().append_pair(key, value);
        }
        let Some(check) = Check::of(&mode, root.is_some())? else { return Ok((url.into(), None)) };
        let route = Route {
            name: ServerName::try_from(host.clone()).map_err(|_| BadUrl(format!("{host} is not a host name")))?,
            port: url.port().unwrap_or(5432),
            host,
            may_be_plain: mode == "prefer",
            connector: tls_verify::client_config(check, roots(root.as_deref())?)
                .map(|config| TlsConnector::from(Arc::new(config)))
                .map_err(|e| BadUrl(format!("TLS cannot be set up: {e}")))?,
        };
        let bridge = Self::start(route).map_err(|e| BadUrl(format!("the TLS bridge cannot be started: {e}")))?;
        let folder = bridge.folder.to_string_lossy().into_owned();
        url.query_pairs_mut().append_pair("host", &folder).append_pair("port", "5432");
        Ok((url.into(), Some(bridge)))
    }

    /// Removes the folder of the socket: nobody connects any more.
    pub(super) fn remove_folder(&self) {
        drop(std::fs::remove_dir_all(&self.folder)); // nothing depends on it: the folder is empty but for the socket
    }

    fn start(route: Route) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let id = crate::random::id().map_err(std::io::Error::other)?;
        let folder = std::env::temp_dir().join(format!("poligon-tls-{}", &id[..16]));
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(folder.join(".s.PGSQL.5432"))?
        };
        std::thread::Builder::new().name("postgres-tls".into()).spawn(move || {
            runtime.block_on(async {
                let mut carried = JoinSet::new();
                tokio::select! {
                    () = accept(listener, route, &mut carried) => {}
                    _ = stopped => {}
                }
                carried.join_all().await;
            });
        })?;
        Ok(Self { folder, _stop: stop })
    }
}

async fn accept(listener: UnixListener, route: Route, carried: &mut JoinSet<()>) {
    let route = Arc::new(route);
    while let Ok((local, _)) = listener.accept().await {
        while carried.try_join_next().is_some() {} // those that have ended
        let route = Arc::clone(&route);
        carried.spawn(async move {
            if let Err(error) = carry(local, &route).await {
                tracing::warn!(%error, host = %route.host, "a TLS connection to PostgreSQL failed");
            }
        });
    }
}

async fn carry(mut local: UnixStream, route: &Route) -> std::io::Result<()> {
    let connecting = TcpStream::connect((route.host.as_str(), route.port));
    let mut server = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await??;
    server.set_nodelay(true)?;
    // libpq's own keepalives end at the socket here; this is the connection that a network can lose.
    let keepalive = TcpKeepalive::new().with_time(CONNECT_TIMEOUT).with_interval(Duration::from_secs(1));
    SockRef::from(&server).set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    SockRef::from(&server).set_tcp_user_timeout(Some(Duration::from_millis(2_500)))?;
    server.write_all(&SSL_REQUEST).await?;
    match server.read_u8().await? {
        b'S' => {
            let mut server = route.connector.connect(route.name.clone(), server).await?;
            copy_bidirectional(&mut local, &mut server).await?;
        }
        b'N' if route.may_be_plain => {
            copy_bidirectional(&mut local, &mut server).await?;
        }
        _ => return Err(std::io::Error::other("the server does not offer TLS")),
    }
    Ok(())
}

/// The certificates to trust: those of the file, or those of the machine.
fn roots(file: Option<&str>) -> Result<rustls::RootCertStore, BadUrl> {
    let mut store = rustls::RootCertStore::empty();
    let certificates = match file.filter(|name| *name != OF_THE_MACHINE) {
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|e| BadUrl(format!("sslrootcert cannot be read: {e}")))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    store.add_parsable_certificates(certificates);
    Ok(store)
}
