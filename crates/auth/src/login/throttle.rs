//! Delays after failed logins: from the fifth failure on, doubled with each, for an account and for an address.
//!
//! An attacker who fails on purpose must not lock the owner out: addresses from which somebody has logged in to the
//! account within thirty days are counted by themselves, apart from the account's strangers.

use std::time::Duration;

use poligon_common::{Client, Ctx};
use poligon_core::cache::Backoff;
use poligon_core::config::Profile;
use poligon_core::db::Timestamp;
use poligon_core::security::tokens::fingerprint;

use crate::error::Error;

/// Delays double from one second up to this.
const LONGEST: Duration = Duration::from_mins(15);
/// Failures are forgotten after this time without one.
const MEMORY: Duration = Duration::from_hours(24);
/// The failure from which on there is a delay.
const FREE: u32 = 5;
/// The same for an address in the `demo` profile, where a whole class or test suite shares one.
const FREE_IN_DEMO: u32 = 1_000;

/// Under which names the failures of one try are counted.
pub(crate) struct Keys {
    account: String,
    address: String,
}

impl Keys {
    /// For a login by `name` (as compared), whether or not such an account exists.
    pub(crate) fn for_login(name: &str, known_address: bool, client: &Client) -> Self {
        let name = &fingerprint(name)[..32];
        let from = if known_address { client.limit_key() } else { "strangers".to_owned() };
        Self { account: format!("fail:account:{name}:{from}"), address: address_key(client) }
    }

    /// For a person who is logged in and confirms a password.
    pub(crate) fn for_user(user_id: i64, client: &Client) -> Self {
        Self { account: format!("fail:confirm:{user_id}"), address: address_key(client) }
    }

    /// For the code of a login: like its password.
    pub(crate) fn for_codes(user_id: i64, known_address: bool, client: &Client) -> Self {
        let from = if known_address { client.limit_key() } else { "strangers".to_owned() };
        Self { account: format!("fail:code:{user_id}:{from}"), address: address_key(client) }
    }

    /// For the codes of somebody who is logged in: whoever has taken a session guesses in that session, from however many
    /// addresses.
    pub(crate) fn for_session(session_id: i64, client: &Client) -> Self {
        Self { account: format!("fail:code:session:{session_id}"), address: address_key(client) }
    }

    /// Refuses while there is a delay.
    pub(crate) async fn check(&self, ctx: &Ctx) -> Result<(), Error> {
        if !ctx.config.limits.login_delays {
            return Ok(());
        }
        let (account, address) =
            (ctx.cache.blocked_until(&self.account).await?, ctx.cache.blocked_until(&self.address).await?);
        refuse_until(ctx, account.max(address))
    }

    /// The same, and counts a failure of the account when there is no delay, in one step: of many wrong guesses at once no
    /// more are told to be wrong than of many in turn. Before a guess that takes no time to look at, it counts until
    /// [`Keys::succeed`].
    pub(crate) async fn take_try(&self, ctx: &Ctx) -> Result<(), Error> {
        if !ctx.config.limits.login_delays {
            return Ok(());
        }
        refuse_until(ctx, ctx.cache.blocked_until(&self.address).await?)?;
        match ctx.cache.take_try(&self.account, rule(FREE), ctx.clock.now()).await? {
            None => Ok(()),
            // It was not counted, so nothing of it may be told, even if the delay has run out on the way back.
            Some(until) => Err(delayed(ctx, until.since(ctx.clock.now()).to_std().unwrap_or_default())),
        }
    }

    /// Counts a failure for the address.
    pub(crate) async fn fail_of_address(&self, ctx: &Ctx) -> Result<(), Error> {
        let free = if ctx.config.profile == Profile::Demo { FREE_IN_DEMO } else { FREE };
        ctx.cache.fail(&self.address, rule(free), ctx.clock.now()).await?;
        Ok(())
    }

    /// Forgets the account's failures. Those of the address stay: a success with one's own account must not wash off
    /// failures with others'.
    pub(crate) async fn succeed(&self, ctx: &Ctx) -> Result<(), Error> {
        Ok(ctx.cache.remove(&self.account).await?)
    }
}

fn rule(free: u32) -> Backoff {
    Backoff { free, longest: LONGEST, memory: MEMORY }
}

/// Refuses until then, unless it is over.
fn refuse_until(ctx: &Ctx, until: Option<Timestamp>) -> Result<(), Error> {
    let now = ctx.clock.now();
    match until.and_then(|until| until.since(now).to_std().ok()).filter(|wait| !wait.is_zero()) {
        None => Ok(()),
        Some(wait) => Err(delayed(ctx, wait)),
    }
}

/// The refusal, with at least a moment to wait.
fn delayed(ctx: &Ctx, wait: Duration) -> Error {
    ctx.metrics.refused("login_delay");
    Error::LoginDelayed(wait.max(Duration::from_millis(1)))
}

fn address_key(client: &Client) -> String {
    format!("fail:address:{}", client.limit_key())
}
