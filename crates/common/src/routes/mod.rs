//! Routes: a handler, its documentation and who may call it, said once. The scope that comes out checks the caller,
//! the quota and the names in the query before the handler runs, answers `HEAD` and `OPTIONS`, and answers 405 with
//! `Allow` to every other method.

mod accept;
mod admit;
mod document;

pub use accept::preferred;
pub use admit::identify;
pub(crate) use document::BEARER;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, Scope, web};
use futures_util::FutureExt as _;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{OpenApi, RefOr, Required, schema::Schema};

use crate::extract::{Ctx, expect_no_body};
use crate::problem::{Kind, Problem, kinds};

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; an access token is not looked at.
    Public,
    /// Everybody; who sends an access token is recognised.
    Recognised,
    /// Everybody who is logged in.
    User,
    /// Whoever has a role with this permission.
    Permission(&'static str),
}

/// What is checked before the handler of an operation runs.
pub(crate) struct Rules {
    pub(crate) access: Access,
    pub(crate) family: &'static str,
    /// Names that may stand in the query.
    pub(crate) query: BTreeSet<String>,
    /// Media types of the answer; empty when the caller is not asked for what they accept.
    pub(crate) produced: Vec<String>,
    /// Whether a body is refused: the document has none for this operation, which writes.
    pub(crate) bodyless: bool,
}

type MakeRoutes = Box<dyn FnOnce(Rc<Rules>) -> Vec<Route>>;
type Schemas = Vec<(String, RefOr<Schema>)>;

/// One operation: made by [`crate::op!`] from a handler with `#[utoipa::path]`.
pub struct Op {
    method: Method,
    path: String,
    operation: Operation,
    /// Adds the schemas of body and answers. For the document only: no application makes them to serve.
    schemas: fn(&mut Schemas),
    family: &'static str,
    kinds: Vec<&'static Kind>,
    idempotent_by_key: bool,
    key_required: bool,
    by_version: bool,
    make: MakeRoutes,
}

/// The operation of a handler: `op!(http::register)`, where `register` carries `#[utoipa::path]`.
#[macro_export]
macro_rules! op {
    ($handler:ident) => {
        $crate::__pastey::paste! { $crate::Op::of::<[<__path_ $handler>], _, _>($handler) }
    };
    ($module:ident :: $handler:ident) => {
        $crate::__pastey::paste! { $crate::Op::of::<$module::[<__path_ $handler>], _, _>($module::$handler) }
    };
}

impl Op {
    /// See [`crate::op!`].
    pub fn of<P, H, A>(handler: H) -> Self
    where
        P: utoipa::Path + utoipa::__dev::SchemaReferences,
        H: Handler<A>,
        H::Output: Responder + 'static,
        A: FromRequest + 'static,
    {
        let method = actix_method(P::methods().into_iter().next().unwrap_or(HttpMethod::Get));
        let family = if method == Method::GET { "read" } else { "write" };
        let served = method.clone();
        let make = move |rules: Rc<Rules>| {
            let mut routes = vec![route(served.clone(), handler.clone(), Rc::clone(&rules))];
            if served == Method::GET {
                routes.push(route(Method::HEAD, handler, rules));
            }
            routes
        };
        Self {
            method,
            path: P::path(),
            operation: P::operation(),
            schemas: P::schemas,
            family,
            kinds: Vec::new(),
            idempotent_by_key: false,
            key_required: false,
            by_version: false,
            make: Box::new(make),
        }
    }

    /// Counts the operation against another quota than `read` or `write`.
    #[must_use]
    pub fn limited(mut self, family: &'static str) -> Self {
        self.family = family;
        self
    }

    /// The refusals of this operation beside those that every operation has.
    #[must_use]
    pub fn refuses(mut self, kinds: &[&'static Kind]) -> Self {
        self.kinds.extend(kinds);
        self
    }

    /// The operation understands `Idempotency-Key`.
    #[must_use]
    pub fn idempotent_by_key(mut self) -> Self {
        self.idempotent_by_key = true;
        self
    }
}

impl Op {
    /// The operation understands `Idempotency-Key`, and refuses requests without one: see
    /// [`crate::idempotency::Idempotency::require`].
    #[must_use]
    pub fn once_by_key(mut self) -> Self {
        self.key_required = true;
        self.kinds.push(&kinds::IDEMPOTENCY_KEY_REQUIRED);
        self.idempotent_by_key()
    }

    /// The body may be left out; see [`crate::extract::OptionalJson`].
    #[must_use]
    pub fn optional_body(mut self) -> Self {
        if let Some(RefOr::T(body)) = &mut self.operation.request_body {
            body.required = Some(Required::False);
        }
        self
    }

    /// The operation understands `If-Match`.
    #[must_use]
    pub fn by_version(mut self) -> Self {
        self.by_version = true;
        self
    }

    /// Whether whoever sends a body is told that it does nothing. A body means nothing in a `GET` (RFC 9110, section
    /// 9.3.1), and is not looked at there.
    fn refuses_a_body(&self) -> bool {
        self.method != Method::GET && self.operation.request_body.is_none()
    }
}

/// The routes of one domain.
pub struct Routes {
    base: &'static str,
    tag: &'static str,
    ops: Vec<(Access, Op)>,
}

impl Routes {
    /// No routes yet, under `base` (`/api/auth`), grouped as `tag` in the document.
    pub fn new(base: &'static str, tag: &'static str) -> Self {
        Self { base, tag, ops: Vec::new() }
    }

    /// An operation for everybody.
    pub fn public(&mut self, op: Op) -> &mut Self {
        self.add(Access::Public, op)
    }

    /// An operation for everybody, which does more or something else for those who are logged in.
    pub fn recognised(&mut self, op: Op) -> &mut Self {
        self.add(Access::Recognised, op)
    }

    /// An operation for everybody who is logged in.
    pub fn user(&mut self, op: Op) -> &mut Self {
        self.add(Access::User, op)
    }

    /// An operation for whoever has this permission.
    pub fn permitted(&mut self, permission: &'static str, op: Op) -> &mut Self {
        self.add(Access::Permission(permission), op)
    }

    fn add(&mut self, access: Access, op: Op) -> &mut Self {
        self.ops.push((access, op));
        self
    }

    /// The part of the OpenAPI document that these routes are.
    pub fn document(&self) -> OpenApi {
        document::of(self.base, self.tag, &self.ops)
    }

    /// The actix scope: of one for each first part of a path, as the router tries one pattern after the other.
    pub fn into_scope(self) -> Scope {
        let mut parts: BTreeMap<String, BTreeMap<String, Vec<(Access, Op)>>> = BTreeMap::new();
        for (access, op) in self.ops {
            let end = op.path[1..].find('/').map_or(op.path.len(), |at| at + 1);
            let (part, rest) = (op.path[..end].to_owned(), op.path[end..].to_owned());
            parts.entry(part).or_default().entry(rest).or_default().push((access, op));
        }
        let base = self.base;
        // In order of name `{` comes after every letter, so that `/users/me` is tried before `/users/{id}`.
        parts.into_iter().fold(web::scope(base), |scope, (part, paths)| {
            if part == "/" {
                return paths.into_values().fold(scope, |scope, ops| scope.service(resource(base, "/", ops)));
            }
            let paths = paths.into_iter().map(|(path, ops)| resource(base, &path, ops));
            scope.service(paths.fold(web::scope(&part), Scope::service))
        })
    }
}

/// What serves one path, with all of its methods.
fn resource(base: &str, path: &str, ops: Vec<(Access, Op)>) -> Resource {
    let allow = allowed(&ops);
    let mut resource = web::resource(path);
    for (access, op) in ops {
        let query = document::query_names(&op.operation);
        let produced = document::produced(base, &op.operation);
        let bodyless = op.refuses_a_body();
        let rules = Rules { access, family: op.family, query, produced, bodyless };
        for route in (op.make)(Rc::new(rules)) {
            resource = resource.route(route);
        }
    }
    resource.default_service(web::to(move |req: HttpRequest| other_method(req, allow.clone())))
}

/// The methods of a path, for `Allow`.
fn allowed(ops: &[(Access, Op)]) -> HeaderValue {
    let mut methods: BTreeSet<&str> = ops.iter().map(|(_, op)| op.method.as_str()).collect();
    if methods.contains("GET") {
        methods.insert("HEAD");
    }
    methods.insert("OPTIONS");
    let list = methods.into_iter().collect::<Vec<_>>().join(", ");
    HeaderValue::from_str(&list).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

async fn other_method(req: HttpRequest, allow: HeaderValue) -> HttpResponse {
    if req.method() == Method::OPTIONS {
        return HttpResponse::build(StatusCode::NO_CONTENT).insert_header((ALLOW, allow)).finish();
    }
    let listed = allow.to_str().unwrap_or_default().to_owned();
    let problem = Problem::new(&kinds::METHOD_NOT_ALLOWED).detail(format!("this path has {listed}"));
    actix_web::ResponseError::error_response(&problem.header(ALLOW, &listed))
}

/// A route that checks the rules, then runs the handler; a panic becomes a 500 problem.
fn route<H, A>(method: Method, handler: H, rules: Rc<Rules>) -> Route
where
    H: Handler<A>,
    H::Output: Responder + 'static,
    A: FromRequest + 'static,
{
    web::method(method).to(move |req: HttpRequest, payload: web::Payload| {
        let (handler, rules) = (handler.clone(), Rc::clone(&rules));
        async move {
            let ctx = Ctx::of(&req)?;
            admit::admit(&req, &ctx, &rules).await?;
            let served = async {
                let mut payload = payload.into_inner();
                if rules.bodyless {
                    expect_no_body(&req, payload.take()).await?;
                }
                let arguments = A::from_request(&req, &mut payload).await.map_err(Into::into)?;
                let output = handler.call(arguments).await;
                Ok::<_, actix_web::Error>(output.respond_to(&req).map_into_boxed_body())
            };
            AssertUnwindSafe(served).catch_unwind().await.unwrap_or_else(|_panic| {
                ctx.metrics.panicked();
                Err(Problem::new(&kinds::INTERNAL).detail("the request could not be completed").into())
            })
        }
    })
}

fn actix_method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Trace => Method::TRACE,
        HttpMethod::Get => Method::GET,
    }
}
