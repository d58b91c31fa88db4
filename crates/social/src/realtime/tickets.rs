//! Tickets: whoever cannot send a token with the opening of a socket shows one in its address instead. It holds for a minute
//! and for one socket, so it does no harm in a log.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::WWW_AUTHENTICATE;
use poligon_common::Problem;
use poligon_core::security::Identity;
use poligon_core::security::tokens::fingerprint;
use poligon_core::{Ctx, Timestamp, random};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::INVALID_TICKET;

/// How long a ticket holds.
const LIFE: Duration = Duration::from_mins(1);
/// A ticket has 43 characters.
const LONGEST: usize = 64;

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SocketTicket)]
pub(super) struct TicketResponse {
    /// For `?ticket=`.
    pub(super) ticket: String,
    /// Until when it holds.
    #[schema(value_type = String, format = DateTime)]
    pub(super) expires_at: Timestamp,
}

/// What is kept of it, under its hash.
#[derive(Serialize, Deserialize)]
struct Kept {
    user_id: i64,
    session_id: i64,
    /// Milliseconds since 1970.
    expires_at: i64,
}

/// Makes a ticket for a session.
pub(super) async fn make(ctx: &Ctx, identity: &Identity) -> Result<TicketResponse, Problem> {
    let ticket = random::token().map_err(|error| Problem::internal(&error))?;
    let expires_at = ctx.clock.now() + chrono::Duration::milliseconds(60_000);
    let (user_id, session_id) = (identity.user_id, identity.session_id);
    let kept = Kept { user_id, session_id, expires_at: expires_at.millis() };
    let kept = serde_json::to_vec(&kept).map_err(|error| Problem::internal(&error))?;
    ctx.cache.set(&key(&ticket), kept, LIFE).await?;
    Ok(TicketResponse { ticket, expires_at })
}

/// Takes a ticket: whose it is. Of many who show it at once one is let in.
pub(super) async fn take(ctx: &Ctx, ticket: &str) -> Result<Arc<Identity>, Problem> {
    if ticket.is_empty() || ticket.len() > LONGEST {
        return Err(refused());
    }
    let key = key(ticket);
    let kept = ctx.cache.get(&key).await?.ok_or_else(refused)?;
    // Remembered for longer than the ticket is: nobody can be late enough to find it unused.
    if !ctx.cache.set_if_absent(&format!("{key}:used"), LIFE * 2).await? {
        return Err(refused());
    }
    ctx.cache.remove(&key).await?;
    let kept: Kept = serde_json::from_slice(&kept).map_err(|_| refused())?;
    let now = ctx.clock.now();
    if kept.expires_at <= now.millis() {
        return Err(refused());
    }
    let known = ctx.sessions.find(&ctx.db, kept.session_id, now).await?;
    known.filter(|identity| identity.user_id == kept.user_id && identity.expires_at > now).ok_or_else(refused)
}

/// Of a ticket only its hash is kept.
fn key(ticket: &str) -> String {
    format!("social:ticket:{}", fingerprint(ticket))
}

/// Every reason reads the same.
fn refused() -> Problem {
    let challenge = r#"Bearer realm="poligon", error="invalid_token""#;
    Problem::new(&INVALID_TICKET).detail("the ticket is not valid").header(WWW_AUTHENTICATE, challenge)
}
