//! The rows of many keys in one statement, for PostgreSQL.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use poligon_core::db::{Instant, Timestamp};
use poligon_core::housekeeping::IDEMPOTENCY_LIFE;

use super::{KeyRow, Stored};

/// The statement, with its values; it answers a row for each that was written.
pub(super) struct Insertion {
    scopes: Vec<String>,
    body_hashes: Vec<String>,
    statuses: Vec<i64>,
    headers: Vec<String>,
    bodies: Vec<String>,
    now: Timestamp,
    dead: Timestamp,
}

impl Insertion {
    pub(super) fn of(keys: &[(&KeyRow, Stored)], now: Timestamp) -> Self {
        let column = |of: fn(&KeyRow, &Stored) -> String| keys.iter().map(|(key, stored)| of(key, stored)).collect();
        Self {
            scopes: column(|key, _| key.0.name.clone()),
            body_hashes: column(|key, _| key.0.body_hash().to_owned()),
            statuses: keys.iter().map(|(_, stored)| stored.status).collect(),
            headers: column(|_, stored| serde_json::json!(stored.headers).to_string()),
            bodies: column(|_, stored| stored.body.clone()),
            now,
            dead: now - IDEMPOTENCY_LIFE,
        }
    }
}

impl QueryFragment<Pg> for Insertion {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO idempotency_keys (scope, body_hash, status, headers, body, created_at) \
             SELECT scope, body_hash, status, headers::jsonb, body, ",
        );
        out.push_bind_param::<Instant, _>(&self.now)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.scopes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.body_hashes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.statuses)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.headers)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.bodies)?;
        // In one order, so that two batches with the same keys wait for each other in one direction.
        out.push_sql(
            ") AS given (scope, body_hash, status, headers, body) ORDER BY scope ON CONFLICT (scope) DO UPDATE \
             SET body_hash = excluded.body_hash, status = excluded.status, headers = excluded.headers, \
             body = excluded.body, created_at = excluded.created_at WHERE idempotency_keys.created_at <= ",
        );
        out.push_bind_param::<Instant, _>(&self.dead)?;
        out.push_sql(" RETURNING status");
        Ok(())
    }
}

/// The text is always the same, so it is prepared once for a connection.
impl QueryId for Insertion {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Insertion {
    type SqlType = BigInt;
}

impl RunQueryDsl<PgConnection> for Insertion {}
