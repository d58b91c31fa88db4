//! What a provider of payments is to the shop. Another one is another `impl` and one line in [`find`]: nothing of
//! orders, of the ledger or of the API knows which provider a payment is at.
//!
//! Every call carries our reference and may be repeated: the provider does a thing once for each reference and answers
//! how things stand. A call that is not answered in time has perhaps been carried out; it is made again later.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use poligon_common::Refused;
use poligon_core::Ctx;
use poligon_core::db::DbError;
use poligon_core::security::signatures::BadSignature;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card::{Brand, Card};
use super::sandbox::SANDBOX;

/// The answer of a provider.
pub(crate) type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unanswered>> + Send + 'a>>;

/// Somebody who takes money for the shop.
pub(crate) trait PaymentProvider: Send + Sync {
    /// Its name in rows and addresses.
    fn name(&self) -> &'static str;

    /// Takes a card and gives a token that stands for it, or says what is wrong with its number.
    fn tokenize<'a>(&'a self, ctx: &'a Ctx, card: &'a Card) -> Reply<'a, Result<Token, Refused>>;

    /// Asks for the money: to promise it, or to take it at once.
    fn authorize<'a>(&'a self, ctx: &'a Ctx, request: &'a Authorization) -> Reply<'a, Charge>;

    /// How a charge stands.
    fn find<'a>(&'a self, ctx: &'a Ctx, reference: &'a str) -> Reply<'a, Charge>;

    /// Takes what is promised, all of it.
    fn capture<'a>(&'a self, ctx: &'a Ctx, reference: &'a str) -> Reply<'a, Charge>;

    /// Lets go of what is promised, or is yet to be.
    fn void<'a>(&'a self, ctx: &'a Ctx, reference: &'a str) -> Reply<'a, Charge>;

    /// Gives back a part of what was taken.
    fn refund<'a>(&'a self, ctx: &'a Ctx, request: &'a Refund) -> Reply<'a, Refunded>;

    /// Reads a webhook, after checking that the provider itself has sent it just now.
    fn receive<'a>(&'a self, ctx: &'a Ctx, signature: &'a str, body: &'a [u8]) -> Reply<'a, Result<Notice, BadNotice>>;
}

/// The provider that is called `name`.
pub(crate) fn find(name: &str) -> Option<&'static dyn PaymentProvider> {
    let all: [&'static dyn PaymentProvider; 1] = [&SANDBOX];
    all.into_iter().find(|provider| provider.name() == name)
}

/// The provider of new payments.
pub(crate) fn of_new_payments() -> &'static dyn PaymentProvider {
    &SANDBOX
}

/// The provider did not answer: what it was asked for has perhaps been done, and it is to be asked again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unanswered(pub(crate) String);

impl From<DbError> for Unanswered {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

/// Waits for an answer no longer than the settings allow.
pub(crate) async fn in_time<T>(ctx: &Ctx, reply: Reply<'_, T>) -> Result<T, Unanswered> {
    let most = Duration::from_millis(ctx.config.payments.provider_timeout_ms);
    tokio::time::timeout(most, reply).await.unwrap_or_else(|_| Err(Unanswered("no answer in time".into())))
}

/// What stands for a card, and what may be kept of it.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// The token itself.
    pub(crate) text: String,
    pub(crate) brand: Brand,
    pub(crate) last4: String,
    pub(crate) exp_month: i64,
    pub(crate) exp_year: i64,
}

/// What is asked for with [`PaymentProvider::authorize`].
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    pub(crate) reference: String,
    pub(crate) token: String,
    /// Minor units of the shop's currency.
    pub(crate) amount: i64,
    /// Whether the money is taken at once.
    pub(crate) capture: bool,
}

/// What is asked for with [`PaymentProvider::refund`].
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) charge: String,
    pub(crate) reference: String,
    /// Minor units of the shop's currency.
    pub(crate) amount: i64,
}

/// How a charge stands at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Charge {
    /// The customer has to prove who they are, at this path of ours or address of the provider's.
    ActionRequired(String),
    /// The outcome comes later.
    Processing,
    /// The money is promised.
    Authorized,
    /// The money was taken.
    Captured,
    /// It was let go.
    Voided,
    /// It was declined.
    Declined(Decline),
}

/// What has become of a refund at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refunded {
    /// The money was given back.
    Done,
    /// It was refused, for this reason.
    Refused(&'static str),
}

/// Why a charge was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeclineCode)]
pub(crate) enum Decline {
    /// The bank gives no reason.
    #[serde(rename = "generic_decline")]
    Generic,
    /// There is not enough on the account.
    InsufficientFunds,
    /// The card was reported lost.
    LostCard,
    /// The card was reported stolen.
    StolenCard,
    /// The bank says that the card has expired.
    ExpiredCard,
    /// The security code is wrong.
    IncorrectCvc,
    /// Something went wrong on the way to the bank; another try may succeed.
    ProcessingError,
    /// The customer did not prove who they are.
    AuthenticationFailed,
}

impl Decline {
    const ALL: [Self; 8] = [
        Self::Generic,
        Self::InsufficientFunds,
        Self::LostCard,
        Self::StolenCard,
        Self::ExpiredCard,
        Self::IncorrectCvc,
        Self::ProcessingError,
        Self::AuthenticationFailed,
    ];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic_decline",
            Self::InsufficientFunds => "insufficient_funds",
            Self::LostCard => "lost_card",
            Self::StolenCard => "stolen_card",
            Self::ExpiredCard => "expired_card",
            Self::IncorrectCvc => "incorrect_cvc",
            Self::ProcessingError => "processing_error",
            Self::AuthenticationFailed => "authentication_failed",
        }
    }

    /// The reason that is stored as `name`; a provider's unknown ones are no reason.
    pub(crate) fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|code| code.name() == name).unwrap_or(Self::Generic)
    }

    /// The same in words for the customer. Lost and stolen read like any other, so as not to warn a thief.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "The card has insufficient funds.",
            Self::ExpiredCard => "The card has expired.",
            Self::IncorrectCvc => "The security code of the card is incorrect.",
            Self::ProcessingError => "An error occurred while processing the card. Try again.",
            Self::AuthenticationFailed => "The customer could not be authenticated. Try again or use another card.",
            Self::Generic | Self::LostCard | Self::StolenCard => "The card was declined.",
        }
    }
}

/// What a genuine webhook says.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// The provider's name for it: a webhook that comes again has the same.
    pub(crate) event_id: String,
    /// What it is about, in the provider's words.
    pub(crate) kind: String,
    /// The payment that it is about, by our reference.
    pub(crate) reference: String,
    /// How the charge stands now that it was sent; `None` when it is about something else.
    pub(crate) charge: Option<Charge>,
}

/// Why a webhook was not taken.
#[derive(Debug)]
pub(crate) enum BadNotice {
    /// The provider has not sent it, or not just now.
    Signature(BadSignature),
    /// It is genuine and not understood.
    Body(poligon_common::Problem),
}
