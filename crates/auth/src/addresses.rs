//! Where mails go that others write to people: only this domain knows addresses. A confirmed one is answered; for whoever
//! has none, or has deleted their account, there is no mail.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{DeliveryError, Event, Subscriber};
use poligon_core::schema::users;
use poligon_core::{Ctx, mail};

use crate::schema::accounts;

/// Who listens to what others ask.
pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![Subscriber::new("auth.addresses", &[mail::TO_PERSON], |ctx: Ctx, event: Event| async move {
        let (mail_id, user_id) = (event.payload.0["mail_id"].as_i64(), event.payload.0["user_id"].as_i64());
        let (Some(mail_id), Some(user_id)) = (mail_id, user_id) else { return Ok(()) };
        let work = move |db: &mut Db| {
            let address = confirmed(db, user_id)?;
            mail::address(db, mail_id, address.as_deref())
        };
        ctx.db.write(work).await.map_err(DeliveryError::from)
    })]
}

/// The confirmed address of somebody whose account is there.
fn confirmed(db: &mut Db, user_id: i64) -> Result<Option<String>, DbError> {
    let row =
        accounts::table.inner_join(users::table).filter(users::id.eq(user_id)).filter(users::deleted_at.is_null());
    let row = row.select((accounts::email, accounts::email_verified_at));
    let found: Option<(Option<String>, Option<Timestamp>)> = row.first(db).optional()?;
    Ok(found.and_then(|(address, confirmed_at)| confirmed_at.and(address)))
}
