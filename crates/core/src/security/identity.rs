//! Who a caller is: the live session behind an access token, with the person's present roles and permissions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::prelude::*;

use crate::db::{Database, Db, DbError, Json, Timestamp, any_of};
use crate::schema::{role_permissions, sessions, user_roles, users};
use crate::telemetry::{Metrics, Tally};

/// A known caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub user_id: i64,
    /// The session of the access token.
    pub session_id: i64,
    /// The person's roles at present, in order of name.
    pub roles: Vec<String>,
    /// What those roles allow.
    pub permissions: BTreeSet<String>,
    /// How the person proved themselves.
    pub amr: Vec<String>,
    /// When the session ends by itself.
    pub expires_at: Timestamp,
    /// When the session was last seen, as stored (it is stored once a minute at most).
    pub last_seen_at: Timestamp,
}

impl Identity {
    /// Whether the caller may do what `permission` names.
    pub fn may(&self, permission: &str) -> bool {
        self.permissions.contains(permission)
    }
}

/// The identity behind a session, or `None` when the session was revoked, or its person is locked or deleted.
pub fn find_identity(db: &mut Db, session_id: i64) -> Result<Option<Identity>, DbError> {
    let row = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(session_id))
        .filter(sessions::revoked_at.is_null())
        .filter(users::locked_at.is_null())
        .filter(users::deleted_at.is_null())
        .select((users::id, sessions::expires_at, sessions::last_seen_at, sessions::amr))
        .first::<(i64, Timestamp, Timestamp, Json<Vec<String>>)>(db)
        .optional()?;
    let Some((user_id, expires_at, last_seen_at, Json(amr))) = row else { return Ok(None) };
    let (roles, permissions) = roles_and_permissions(db, user_id)?;
    Ok(Some(Identity { user_id, session_id, roles, permissions, amr, expires_at, last_seen_at }))
}

/// Which of these sessions live: not revoked, not over, and their people neither locked nor deleted.
pub fn live_sessions(db: &mut Db, session_ids: &[i64], now: Timestamp) -> Result<BTreeSet<i64>, DbError> {
    let asked = any_of(db, sessions::id, session_ids);
    let live = sessions::table
        .inner_join(users::table)
        .filter(asked)
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(users::locked_at.is_null())
        .filter(users::deleted_at.is_null())
        .select(sessions::id)
        .load(db)?;
    Ok(live.into_iter().collect())
}

/// A person's roles, and everything that they allow.
pub fn roles_and_permissions(db: &mut Db, user_id: i64) -> Result<(Vec<String>, BTreeSet<String>), DbError> {
    let rows = user_roles::table
        .left_join(role_permissions::table.on(role_permissions::role.eq(user_roles::role)))
        .filter(user_roles::user_id.eq(user_id))
        .select((user_roles::role, role_permissions::permission.nullable()))
        .load::<(String, Option<String>)>(db)?;
    let roles: BTreeSet<String> = rows.iter().map(|(role, _)| role.clone()).collect();
    let permissions = rows.into_iter().filter_map(|(_, permission)| permission).collect();
    Ok((roles.into_iter().collect(), permissions))
}

/// How exactly the time is kept at which a session was last seen.
const SEEN_EVERY: chrono::Duration = chrono::Duration::minutes(1);

fn mark_seen(db: &mut Db, session_id: i64, now: Timestamp) -> Result<(), DbError> {
    diesel::update(sessions::table.find(session_id).filter(sessions::last_seen_at.lt(now - SEEN_EVERY)))
        .set(sessions::last_seen_at.eq(now))
        .execute(db)?;
    Ok(())
}

/// Identities, remembered for at most `session_cache_ms`: that long, plus one query, is the longest time that a
/// revoked session lives on in a copy of the gateway that missed the message.
#[derive(Clone)]
pub struct Sessions {
    remembered: moka::sync::Cache<i64, Option<Arc<Identity>>>,
    /// Counts what was forgotten.
    forgotten: Arc<AtomicU64>,
    found: Tally,
}

impl Sessions {
    /// An empty memory. A `life` of zero remembers nothing.
    pub fn new(life: Duration, metrics: &Metrics) -> Self {
        let remembered = moka::sync::Cache::builder().max_capacity(100_000).time_to_live(life).build();
        Self { remembered, forgotten: Arc::default(), found: metrics.cache_reads("sessions") }
    }

    /// How many are remembered, as the bookkeeping sees it: it is a moment behind.
    pub fn remembered(&self) -> u64 {
        self.remembered.entry_count()
    }

    /// The identity behind a session, from memory or the primary database. A session not seen for a minute is marked
    /// as seen, beside the request.
    pub async fn find(&self, db: &Database, session_id: i64, now: Timestamp) -> Result<Option<Arc<Identity>>, DbError> {
        let known = self.remembered.get(&session_id);
        self.found.count(known.is_some());
        if let Some(known) = known {
            return Ok(known);
        }
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let found = db.read_primary(move |db| find_identity(db, session_id)).await?.map(Arc::new);
        self.remembered.insert(session_id, found.clone());
        if self.forgotten.load(Ordering::Acquire) != forgotten {
            // Something was forgotten between the read and now: this may be what it was before.
            self.remembered.invalidate(&session_id);
        }
        if found.as_ref().is_some_and(|identity| now.since(identity.last_seen_at) > SEEN_EVERY) {
            let db = db.clone();
            tokio::spawn(async move {
                if let Err(error) = db.write(move |db| mark_seen(db, session_id, now)).await {
                    tracing::debug!(%error, "a session could not be marked as seen");
                }
            });
        }
        Ok(found)
    }

    /// Forgets one session: it was revoked.
    pub fn forget(&self, session_id: i64) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.remembered.invalidate(&session_id);
    }

    /// Forgets everything: somebody's roles changed, or messages were lost.
    pub fn forget_all(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        self.remembered.invalidate_all();
    }
}
