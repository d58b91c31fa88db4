//! The test cards: what the sandbox does follows from the number alone. Expiry, security code and name may be anything
//! valid.

use serde::Serialize;
use utoipa::ToSchema;

use crate::payments::card::Number;
use crate::payments::provider::Decline;

/// What becomes of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It succeeds at once.
    Succeeds,
    /// It is declined at once.
    Declines(Decline),
    /// The customer has to pass a challenge.
    Challenge,
    /// It succeeds, and the first call is never answered.
    Silent,
    /// It succeeds some seconds later, told by webhook.
    Later,
    /// It is declined some seconds later, told by webhook.
    LaterDeclines,
    /// As [`Outcome::Later`], with the webhook delivered twice.
    LaterTwice,
    /// It succeeds, and the webhook comes before the answer.
    WebhookFirst,
}

/// A test card.
#[derive(Debug, Clone, Copy)]
pub(super) struct TestCard {
    /// Its number.
    pub(super) number: &'static str,
    /// What stands for it: all that is kept.
    pub(super) token: &'static str,
    pub(super) outcome: Outcome,
    /// The same in words.
    pub(super) what: &'static str,
}

const fn card(number: &'static str, token: &'static str, outcome: Outcome, what: &'static str) -> TestCard {
    TestCard { number, token, outcome, what }
}

const fn declined(number: &'static str, code: Decline, token: &'static str) -> TestCard {
    card(number, token, Outcome::Declines(code), "Is declined at once.")
}

/// Every test card.
pub(super) const CARDS: [TestCard; 17] = [
    card("4242424242424242", "tok_visa", Outcome::Succeeds, "Succeeds."),
    card("5555555555554444", "tok_mastercard", Outcome::Succeeds, "Succeeds."),
    card("378282246310005", "tok_amex", Outcome::Succeeds, "Succeeds."),
    card("2200000000000004", "tok_mir", Outcome::Succeeds, "Succeeds."),
    declined("4000000000000002", Decline::Generic, "tok_generic_decline"),
    declined("4000000000009995", Decline::InsufficientFunds, "tok_insufficient_funds"),
    declined("4000000000009987", Decline::LostCard, "tok_lost_card"),
    declined("4000000000009979", Decline::StolenCard, "tok_stolen_card"),
    declined("4000000000000069", Decline::ExpiredCard, "tok_expired_card"),
    declined("4000000000000127", Decline::IncorrectCvc, "tok_incorrect_cvc"),
    declined("4000000000000119", Decline::ProcessingError, "tok_processing_error"),
    card(
        "4000002760003184",
        "tok_challenge",
        Outcome::Challenge,
        "Requires 3-D Secure: open next_action.url, press a button, then confirm the payment.",
    ),
    card(
        "4000000000001000",
        "tok_silent",
        Outcome::Silent,
        "The provider takes the money and does not answer: the payment is processing until it is asked again, after 10 \
         seconds.",
    ),
    card("4000000000002008", "tok_later", Outcome::Later, "Succeeds after 3 seconds, told by webhook."),
    card(
        "4000000000002016",
        "tok_later_declined",
        Outcome::LaterDeclines,
        "Is declined after 3 seconds, told by webhook.",
    ),
    card(
        "4000000000003006",
        "tok_later_twice",
        Outcome::LaterTwice,
        "Succeeds after 3 seconds, and the webhook is delivered twice.",
    ),
    card(
        "4000000000004004",
        "tok_webhook_first",
        Outcome::WebhookFirst,
        "Succeeds, and the webhook comes before the answer.",
    ),
];

/// The test card with this number.
pub(super) fn find(number: &Number) -> Option<&'static TestCard> {
    CARDS.iter().find(|card| card.number == number.reveal())
}

/// What becomes of charges of this token.
pub(super) fn outcome_of(token: &str) -> Outcome {
    let card = CARDS.iter().find(|card| card.token == token);
    card.map_or(Outcome::Declines(Decline::Generic), |card| card.outcome)
}

/// A test card as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TestCard)]
pub(crate) struct TestCardResponse {
    /// Its number.
    #[schema(examples("4242424242424242"))]
    number: &'static str,
    /// The state that its payment ends in with automatic capture, when nothing else is done.
    outcome: &'static str,
    /// Why it is declined.
    decline_code: Option<Decline>,
    /// The same in words.
    description: &'static str,
}

impl From<&TestCard> for TestCardResponse {
    fn from(card: &TestCard) -> Self {
        let (outcome, decline_code) = match card.outcome {
            Outcome::Declines(code) => ("failed", Some(code)),
            Outcome::LaterDeclines => ("failed", Some(Decline::Generic)),
            Outcome::Challenge => ("requires_action", None),
            _ => ("captured", None),
        };
        Self { number: card.number, outcome, decline_code, description: card.what }
    }
}
