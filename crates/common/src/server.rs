//! An application that listens: the domains behind the edge, and everything that runs beside the requests.

use std::future::{Ready, ready};
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::{Payload, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpServer};
use poligon_core::Ctx;
use poligon_core::events::Dispatcher;
use poligon_core::jobs::{Job, Runner};
use poligon_core::security::audit::Auditor;
use poligon_core::{housekeeping, security};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing_actix_web::TracingLogger;

use crate::domain::Domain;
use crate::edge::{self, RequestSpan, cors};
use crate::problem::Problem;

/// Routes that belong to no domain (health, documents), added by whoever composes the application.
pub type Extra = fn(&mut ServiceConfig);

/// The application of one worker thread.
pub fn app(
    ctx: &Ctx,
    domains: &[Domain],
    extra: Extra,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + use<>,
> {
    let app = App::new()
        .app_data(ctx.clone())
        .app_data(KnownPermissions(Rc::new(all_permissions(domains))))
        .wrap(TracingLogger::<RequestSpan>::new())
        .wrap(cors(&ctx.config.server))
        .wrap(from_fn(edge::edge));
    domains
        .iter()
        .fold(app, |app, domain| app.service((domain.routes)().into_scope()))
        .configure(extra) // last: its scope has no prefix, so it takes every path that is left
        .default_service(web::to(edge::unknown_path))
}

/// A running application.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    ctx: Ctx,
    server: ServerHandle,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: watch::Sender<bool>,
    background: JoinSet<()>,
}

impl Running {
    /// Starts to serve on `listener`, and everything in the background. Needs an actix or Tokio runtime.
    pub fn start(ctx: &Ctx, domains: Vec<Domain>, extra: Extra, listener: TcpListener) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let config = ctx.config.server.clone();
        let (stop, stopped) = watch::channel(false);
        let background = start_background(ctx, &domains, &stopped);
        bound_writes(&listener);
        let own = ctx.clone();
        let server = HttpServer::new(move || app(&own, &domains, extra))
            .workers(config.worker_count())
            .max_connections(config.max_connections)
            .keep_alive(Duration::from_secs(config.keep_alive_s))
            .client_request_timeout(Duration::from_millis(config.header_timeout_ms))
            .client_disconnect_timeout(Duration::from_secs(5))
            .shutdown_timeout(config.shutdown_timeout_s)
            .disable_signals()
            .listen(listener)?
            .run();
        let handle = server.handle();
        Ok(Self { address, ctx: ctx.clone(), server: handle, served: tokio::spawn(server), stop, background })
    }

    /// Stops to accept, ends what lasts for ever, finishes the requests in flight, then the work in the background.
    pub async fn stop(mut self) {
        self.ctx.health.start_draining();
        self.server.stop(true).await;
        drop(self.served.await); // it has ended either way
        self.stop.send_replace(true);
        while self.background.join_next().await.is_some() {}
    }
}

/// How long a client may leave unread what was sent to it. What lasts for ever (sockets, streams) cannot end while the
/// client reads nothing, and would keep its connection.
#[cfg(target_os = "linux")]
const UNREAD: Duration = Duration::from_secs(20);

/// Has the kernel end connections whose clients do not read (RFC 5482); those that are accepted inherit it.
#[cfg(target_os = "linux")]
fn bound_writes(listener: &TcpListener) {
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_user_timeout(Some(UNREAD)) {
        tracing::warn!(%error, "clients that do not read may keep their connections");
    }
}

/// Elsewhere there is no such option.
#[cfg(not(target_os = "linux"))]
fn bound_writes(_: &TcpListener) {}

/// Everything that runs beside the requests.
fn start_background(ctx: &Ctx, domains: &[Domain], stopped: &watch::Receiver<bool>) -> JoinSet<()> {
    let subscribers = domains.iter().flat_map(|domain| (domain.subscribers)()).collect();
    let mut tasks = JoinSet::new();
    tasks.spawn(Dispatcher::new(ctx.clone(), subscribers).run(stopped.clone()));
    tasks.spawn(Runner::new(ctx.clone(), all_jobs(domains)).run(stopped.clone()));
    tasks.spawn(Auditor::run(ctx.clone(), stopped.clone()));
    tasks.spawn(ctx.clone().follow_others(stopped.clone()));
    for domain in domains {
        tasks.spawn((domain.beside)(ctx.clone(), stopped.clone()));
    }
    tasks
}

/// The jobs of the foundation and of these domains.
pub fn all_jobs(domains: &[Domain]) -> Vec<Job> {
    housekeeping::jobs().into_iter().chain(domains.iter().flat_map(|domain| (domain.jobs)())).collect()
}

/// The permissions of these domains and of the foundation.
pub fn all_permissions(domains: &[Domain]) -> Vec<security::Permission> {
    domains.iter().flat_map(|domain| domain.permissions.iter().copied()).chain(OWN_PERMISSIONS).collect()
}

/// What the foundation's own routes ask for.
pub const OWN_PERMISSIONS: [security::Permission; 1] = [security::Permission {
    name: "system:read",
    description: "See the health of the service in detail",
    roles: &["auditor"],
}];

/// Every permission of the application that serves a request, as an extractor.
#[derive(Clone)]
pub struct KnownPermissions(pub Rc<Vec<security::Permission>>);

impl FromRequest for KnownPermissions {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(req.app_data::<Self>().cloned().unwrap_or_else(|| Self(Rc::default()))))
    }
}
