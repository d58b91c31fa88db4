//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header; Stripe's rules): the effect of a request happens
//! once, and whoever repeats the request gets the first answer again. The answer is stored in the transaction of the
//! effect, so that a crash leaves both or neither. Refusals are not stored: they had no effect.

mod insertion;
mod rows;

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, FromDb, Timestamp};
use poligon_core::security::tokens::fingerprint;
use serde::Serialize;

pub use self::rows::{KeyRow, Stored, Used, find_used, insert_many};
use self::rows::{find, insert, replace};
use crate::answer::Answer;
use crate::extract::{BodyHash, CurrentUser, RequestInfo};
use crate::problem::{Problem, kinds};

/// The header.
pub const HEADER: &str = "idempotency-key";
/// How long a key counts as in flight when its request never ended.
const IN_FLIGHT: Duration = Duration::from_secs(10);

/// The key of a request, if it has one.
pub struct Idempotency {
    key: Option<String>,
    /// The caller, where the domain knows better than by token or address.
    caller: Option<String>,
    /// Whether the work finds its rows by their keys.
    planned_once: bool,
    /// How long the key counts as in flight when the request never ends.
    in_flight: Duration,
    /// For the body's hash, which is there once every argument of the handler is.
    request: HttpRequest,
}

#[derive(Clone)]
struct Scope {
    /// Caller, method, path and key, hashed.
    name: String,
    /// Fingerprints of the body, by the present key first; none without a body.
    body_hashes: Vec<String>,
}

impl Scope {
    /// What is stored of the body.
    fn body_hash(&self) -> &str {
        self.body_hashes.first().map_or("", String::as_str)
    }

    /// Whether this is the body that was stored, by whichever key.
    fn is_body(&self, stored: &str) -> bool {
        stored == self.body_hash() || self.body_hashes.iter().any(|hash| hash == stored)
    }

    /// Where the key counts as in flight.
    fn marker(&self) -> String {
        format!("in-flight:{}", self.name)
    }
}

impl Idempotency {
    fn of(req: &HttpRequest) -> Result<Self, Problem> {
        let request = req.clone();
        let none = Self { key: None, caller: None, planned_once: false, in_flight: IN_FLIGHT, request };
        let Some(value) = req.headers().get(HEADER) else { return Ok(none) };
        let key =
            value.to_str().ok().filter(|k| (1..=255).contains(&k.len()) && k.bytes().all(|b| b.is_ascii_graphic()));
        let key = key.ok_or_else(|| {
            Problem::new(&kinds::MALFORMED_HEADER).detail("Idempotency-Key must be 1 to 255 visible ASCII characters")
        })?;
        Ok(Self { key: Some(key.to_owned()), ..none })
    }

    fn scope(&self) -> Option<Scope> {
        let (key, req) = (self.key.as_ref()?, &self.request);
        let extensions = req.extensions();
        let caller = match (&self.caller, extensions.get::<CurrentUser>()) {
            (Some(named), _) => named.clone(),
            (None, Some(user)) => format!("user-{}", user.user_id),
            (None, None) => {
                extensions.get::<std::rc::Rc<RequestInfo>>().map(|i| i.address.to_string()).unwrap_or_default()
            }
        };
        let name = fingerprint(&format!("{caller}\n{}\n{}\n{key}", req.method(), req.path()));
        let body_hashes = extensions.get::<BodyHash>().map(|hashes| hashes.0.clone()).unwrap_or_default();
        Some(Scope { name, body_hashes })
    }

    /// The same key, of this caller: for those who are known by something else than their token or address.
    #[must_use]
    pub fn of_caller(self, name: String) -> Self {
        Self { caller: Some(name), ..self }
    }

    /// As if no key had come: for callers of whom nothing is known that tells one from another.
    #[must_use]
    pub fn ignored(self) -> Self {
        Self { key: None, ..self }
    }

    /// For work that finds its rows by their keys: see [`poligon_core::db::Database::write_planned_once`].
    #[must_use]
    pub fn planned_once(self) -> Self {
        Self { planned_once: true, ..self }
    }

    /// For work that may take as long as this: the key is in flight until then, unless the request ends before.
    #[must_use]
    pub fn lasting(self, in_flight: Duration) -> Self {
        Self { in_flight, ..self }
    }

    /// Refuses a request without a key: for what nobody wants to happen twice.
    pub fn require(self) -> Result<Self, Problem> {
        if self.key.is_some() { Ok(self) } else { Err(Problem::new(&kinds::IDEMPOTENCY_KEY_REQUIRED)) }
    }

    /// Takes the key before any costly work. A key that is being worked on is refused; one that has an answer gives
    /// that answer, and nothing is to be done.
    pub async fn begin(self, ctx: &Ctx) -> Result<Begun, Problem> {
        let mut claim = Claim { ctx: ctx.clone(), scope: None, planned_once: self.planned_once };
        let Some(scope) = self.scope() else { return Ok(Begun::Fresh(claim)) };
        if !ctx.cache.set_if_absent(&scope.marker(), self.in_flight).await? {
            return Err(in_flight());
        }
        claim.scope = Some(scope.clone());
        let now = ctx.clock.now();
        let name = scope.name.clone();
        match ctx.db.read_primary(move |db| find(db, &name, now)).await? {
            None => Ok(Begun::Fresh(claim)),
            Some((body_hash, stored)) => {
                claim.release().await?;
                if scope.is_body(&body_hash) { Ok(Begun::Done(stored.into_response(true))) } else { Err(reused()) }
            }
        }
    }
}

impl Idempotency {
    /// Takes the key for work that follows at once. Most keys are new, so nothing is looked up before: the key's row is
    /// written behind the work, and only when that fails, or the work does, is there a question whether the key has an
    /// answer already.
    pub async fn claim(self, ctx: &Ctx) -> Result<Claim, Problem> {
        let mut claim = Claim { ctx: ctx.clone(), scope: None, planned_once: self.planned_once };
        if let Some(scope) = self.scope() {
            if !ctx.cache.set_if_absent(&scope.marker(), self.in_flight).await? {
                return Err(in_flight());
            }
            claim.scope = Some(scope);
        }
        Ok(claim)
    }

    /// Runs `work` in one transaction and gives its answer, or the first answer of an earlier request with this key.
    /// For requests that have nothing costly to do before; see [`Idempotency::begin`] for the others.
    pub async fn write<T, E, F>(self, ctx: &Ctx, work: F) -> Result<HttpResponse, Problem>
    where
        T: Serialize + Send + 'static,
        E: FromDb,
        Problem: From<E>,
        F: FnMut(&mut Db) -> Result<Answer<T>, E> + Send + 'static,
    {
        self.claim(ctx).await?.write(work).await
    }
}

impl Idempotency {
    /// [`Idempotency::begin`], then [`Claim::open`].
    pub async fn open<T, U, E, F>(self, ctx: &Ctx, work: F) -> Result<Opened<U>, Problem>
    where
        T: Serialize + Send + 'static,
        U: Send + 'static,
        E: FromDb,
        Problem: From<E>,
        F: FnMut(&mut Db) -> Result<(U, Answer<T>), E> + Send + 'static,
    {
        match self.begin(ctx).await? {
            Begun::Done(answer) => Ok(Opened::Done(answer)),
            Begun::Fresh(claim) => claim.open(work).await,
        }
    }
}

/// What a key has come to.
pub enum Begun {
    /// The work is to be done: by [`Claim::write`].
    Fresh(Claim),
    /// It was done before; this is the answer.
    Done(HttpResponse),
}

/// A key that this request works on; given back when dropped.
pub struct Claim {
    ctx: Ctx,
    scope: Option<Scope>,
    planned_once: bool,
}

impl Claim {
    async fn transact<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnMut(&mut Db) -> Result<T, E> + Send + 'static,
    {
        if self.planned_once { self.ctx.db.write_planned_once(work).await } else { self.ctx.db.write(work).await }
    }

    /// Runs `work` in one transaction, stores its answer there, and gives it.
    pub async fn write<T, E, F>(mut self, mut work: F) -> Result<HttpResponse, Problem>
    where
        T: Serialize + Send + 'static,
        E: FromDb,
        Problem: From<E>,
        F: FnMut(&mut Db) -> Result<Answer<T>, E> + Send + 'static,
    {
        let Some(scope) = self.scope.clone() else {
            let answer = self.transact(work).await?;
            return Ok(answer.into_response());
        };
        let first = self.once(scope, move |db| Ok(((), work(db)?))).await;
        self.release().await?;
        first?.map_or_else(Ok, |((), stored)| Ok(stored.into_response(false)))
    }

    /// For work that runs its transactions itself: stores its answer in the last of them. `false` when the key has got
    /// one meanwhile, and then that transaction is to be rolled back. [`Claim::end`] comes behind it.
    pub fn note<T: Serialize>(&self, db: &mut Db, answer: Answer<T>) -> Result<bool, DbError> {
        let Some(scope) = &self.scope else { return Ok(true) };
        insert(db, scope, &Stored::of(answer)?, self.ctx.clock.now())
    }

    /// The key's row, for work that writes those of many callers: see [`insert_many`]. `None` without a key.
    pub fn row(&self) -> Option<KeyRow> {
        self.scope.clone().map(KeyRow)
    }

    /// Gives the key back, before the answer goes out.
    pub async fn end(mut self) -> Result<(), Problem> {
        self.release().await
    }

    /// For a request that calls somebody outside: runs what comes before the call in one transaction, and stores the
    /// answer that holds until the call has ended, so that a repetition after a crash in between does nothing twice.
    /// [`Second::write`] does the rest.
    pub async fn open<T, U, E, F>(mut self, mut work: F) -> Result<Opened<U>, Problem>
    where
        T: Serialize + Send + 'static,
        U: Send + 'static,
        E: FromDb,
        Problem: From<E>,
        F: FnMut(&mut Db) -> Result<(U, Answer<T>), E> + Send + 'static,
    {
        let Some(scope) = self.scope.clone() else {
            let (made, _) = self.transact(work).await?;
            return Ok(Opened::First(made, Second(self)));
        };
        match self.once(scope, move |db| work(db)).await {
            Ok(Ok((made, _))) => Ok(Opened::First(made, Second(self))),
            Ok(Err(answer)) => {
                self.release().await?;
                Ok(Opened::Done(answer))
            }
            Err(refused) => {
                self.release().await?;
                Err(refused)
            }
        }
    }

    /// Runs `work` in one transaction with its answer. When the key has an answer already, that is the inner `Err`.
    async fn once<T, U, E, F>(&self, scope: Scope, mut work: F) -> Result<Result<(U, Stored), HttpResponse>, Problem>
    where
        T: Serialize + Send + 'static,
        U: Send + 'static,
        E: FromDb,
        Problem: From<E>,
        F: FnMut(&mut Db) -> Result<(U, Answer<T>), E> + Send + 'static,
    {
        let (now, name) = (self.ctx.clock.now(), scope.clone());
        match self.transact(move |db| once(db, &name, now, &mut work)).await {
            Ok(first) => Ok(Ok(first)),
            Err(Refusal::Db(error)) => Err(error.into()),
            Err(Refusal::Taken) => self.earlier(&scope, now, in_flight()).await.map(Err),
            Err(Refusal::Work(error)) if error.db().is_some() => Err(error.into()),
            Err(Refusal::Work(error)) => self.earlier(&scope, now, error.into()).await.map(Err),
        }
    }

    /// The answer that the key has already, or else `refusal`.
    async fn earlier(&self, scope: &Scope, now: Timestamp, refusal: Problem) -> Result<HttpResponse, Problem> {
        let name = scope.name.clone();
        match self.ctx.db.read_primary(move |db| find(db, &name, now)).await? {
            Some((body_hash, stored)) if scope.is_body(&body_hash) => Ok(stored.into_response(true)),
            Some(_) => Err(reused()),
            None => Err(refusal),
        }
    }

    async fn release(&mut self) -> Result<(), Problem> {
        match self.scope.take() {
            Some(scope) => Ok(self.ctx.cache.remove(&scope.marker()).await?),
            None => Ok(()),
        }
    }
}

/// What has become of the first part of a request that calls somebody outside.
pub enum Opened<U> {
    /// It is done, and made this.
    First(U, Second),
    /// All of it was done before; this is the answer.
    Done(HttpResponse),
}

/// The second part of such a request.
pub struct Second(Claim);

impl Second {
    /// Runs `work` in one transaction, stores its answer in place of the first one, and gives it.
    pub async fn write<T, E, F>(self, mut work: F) -> Result<HttpResponse, Problem>
    where
        T: Serialize + Send + 'static,
        E: FromDb,
        Problem: From<E>,
        F: FnMut(&mut Db) -> Result<Answer<T>, E> + Send + 'static,
    {
        let Self(mut claim) = self;
        let Some(scope) = claim.scope.clone() else {
            return Ok(claim.transact(work).await?.into_response());
        };
        let both = move |db: &mut Db| {
            let stored = Stored::of(work(db).map_err(Refusal::Work)?)?;
            replace(db, &scope.name, &stored)?;
            Ok(stored)
        };
        let outcome = claim.transact(both).await;
        claim.release().await?;
        match outcome {
            Ok(stored) => Ok(stored.into_response(false)),
            Err(Refusal::Work(error)) => Err(error.into()),
            Err(Refusal::Taken) => Err(in_flight()),
            Err(Refusal::Db(error)) => Err(error.into()),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(scope) = self.scope.take() else { return };
        let ctx = self.ctx.clone();
        tokio::spawn(async move {
            if let Err(error) = ctx.cache.remove(&scope.marker()).await {
                tracing::debug!(%error, "a key in flight was not given back; it runs out by itself");
            }
        });
    }
}

fn reused() -> Problem {
    Problem::new(&kinds::IDEMPOTENCY_KEY_REUSED)
}

fn in_flight() -> Problem {
    Problem::new(&kinds::IDEMPOTENCY_IN_FLIGHT).retry_after(Duration::from_secs(1))
}

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}

/// The work's own refusal, the key's, or the database's.
enum Refusal<E> {
    Work(E),
    /// The key has a row already.
    Taken,
    Db(DbError),
}

impl<E> From<DbError> for Refusal<E> {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl<E: FromDb> FromDb for Refusal<E> {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Work(error) => error.db(),
            Self::Taken => None,
            Self::Db(error) => Some(error),
        }
    }
}

fn once<T, U, E, F>(db: &mut Db, scope: &Scope, now: Timestamp, work: &mut F) -> Result<(U, Stored), Refusal<E>>
where
    T: Serialize,
    F: FnMut(&mut Db) -> Result<(U, Answer<T>), E>,
{
    let (made, answer) = work(db).map_err(Refusal::Work)?;
    let stored = Stored::of(answer)?;
    if insert(db, scope, &stored, now)? { Ok((made, stored)) } else { Err(Refusal::Taken) }
}
