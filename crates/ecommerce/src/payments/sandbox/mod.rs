//! The sandbox: a provider that is built in and takes no money. What happens follows from the card's number
//! (`cards.rs`). It has books of its own (`store.rs`), pages for the customer (`http.rs`) and sends webhooks
//! (`webhook.rs`), as a real provider would from elsewhere; nothing here looks into the tables of payments.

mod cards;
pub(super) mod http;
mod store;
mod webhook;

use std::future::pending;

use poligon_common::Refused;
use poligon_core::security::signatures;
use poligon_core::{Ctx, random};

use super::card::Card;
use super::provider::{
    Authorization, BadNotice, Charge, Notice, PaymentProvider, Refund, Refunded, Reply, Token, Unanswered,
};
use cards::Outcome;

pub(super) use webhook::{SEND_WEBHOOK, SandboxEvent, send_webhook};

/// Its name.
const NAME: &str = "sandbox";
/// The provider.
pub(super) static SANDBOX: Sandbox = Sandbox;

/// The provider; its state is in the database.
pub(super) struct Sandbox;

impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tokenize<'a>(&'a self, _: &'a Ctx, card: &'a Card) -> Reply<'a, Result<Token, Refused>> {
        let token = cards::find(&card.number).map(|known| Token {
            text: known.token.to_owned(),
            brand: card.number.brand(),
            last4: card.number.last4().to_owned(),
            exp_month: card.exp_month.0,
            exp_year: card.exp_year.0,
        });
        let unknown = || Refused::new("test_card", "must be a test card: GET payments/sandbox lists them");
        Box::pin(async move { Ok(token.ok_or_else(unknown)) })
    }

    fn authorize<'a>(&'a self, ctx: &'a Ctx, request: &'a Authorization) -> Reply<'a, Charge> {
        Box::pin(async move {
            let (asked, now) = (request.clone(), ctx.clock.now());
            let challenge = random::token().map_err(|error| Unanswered(error.to_string()))?;
            let opened = ctx.db.write(move |db| store::open(db, &asked, &challenge, now));
            let (charge, first) = opened.await?;
            match cards::outcome_of(&request.token) {
                Outcome::Silent if first => pending::<()>().await,
                Outcome::WebhookFirst if first => webhook::send(ctx, &request.reference, &charge, 1).await?,
                _ => {}
            }
            Ok(charge)
        })
    }

    fn find<'a>(&'a self, ctx: &'a Ctx, reference: &'a str) -> Reply<'a, Charge> {
        Box::pin(async move {
            let wanted = reference.to_owned();
            known(ctx.db.read_primary(move |db| store::find(db, &wanted)).await?)
        })
    }

    fn capture<'a>(&'a self, ctx: &'a Ctx, reference: &'a str) -> Reply<'a, Charge> {
        Box::pin(async move {
            let (wanted, now) = (reference.to_owned(), ctx.clock.now());
            known(ctx.db.write(move |db| store::go(db, &wanted, &Charge::Captured, now)).await?)
        })
    }

    fn void<'a>(&'a self, ctx: &'a Ctx, reference: &'a str) -> Reply<'a, Charge> {
        Box::pin(async move {
            let (wanted, now) = (reference.to_owned(), ctx.clock.now());
            known(ctx.db.write(move |db| store::go(db, &wanted, &Charge::Voided, now)).await?)
        })
    }

    fn refund<'a>(&'a self, ctx: &'a Ctx, request: &'a Refund) -> Reply<'a, Refunded> {
        Box::pin(async move {
            let (asked, now) = (request.clone(), ctx.clock.now());
            Ok(ctx.db.write(move |db| store::refund(db, &asked, now)).await?)
        })
    }

    fn receive<'a>(&'a self, ctx: &'a Ctx, signature: &'a str, body: &'a [u8]) -> Reply<'a, Result<Notice, BadNotice>> {
        Box::pin(async move {
            let now = ctx.clock.now();
            if let Err(bad) = signatures::verify(ctx.keys.webhook_secrets(), signature, body, now) {
                return Ok(Err(BadNotice::Signature(bad)));
            }
            let event: SandboxEvent = match poligon_common::extract::parse_json(body) {
                Ok(event) => event,
                Err(problem) => return Ok(Err(BadNotice::Body(problem))),
            };
            // Whoever knows the secret is the sandbox: what they tell is entered in its books, so that a script that
            // practises webhooks moves the charge as well. What its state forbids is not entered, and not told.
            let (reference, told) = (event.data.reference.0.clone(), event.charge());
            let charge = match told {
                Some(told) => ctx.db.write(move |db| store::go(db, &reference, &told, now)).await?,
                None => None,
            };
            let (event_id, kind, reference) = (event.id.0, event.kind.0, event.data.reference.0);
            Ok(Ok(Notice { event_id, kind, reference, charge }))
        })
    }
}

fn known(charge: Option<Charge>) -> Result<Charge, Unanswered> {
    charge.ok_or_else(|| Unanswered("the sandbox has no such charge".into()))
}
