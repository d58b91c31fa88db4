//! The sandbox over HTTP: what can be practised with it, and the page on which a customer proves who they are.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::html::{Language, PageQuery, page};
use poligon_common::money::CURRENCY;
use poligon_common::{Ctx, Path, Problem};
use poligon_core::config::Profile;
use poligon_core::db::DbError;
use poligon_core::security::signatures::TOLERANCE_S;
use serde::Serialize;
use utoipa::ToSchema;

use super::cards::{CARDS, TestCardResponse};
use super::store;
use crate::payments::provider::Charge;
use crate::payments::webhooks::SIGNATURE;

/// Where a challenge is.
pub(super) fn challenge_path(challenge: &str) -> String {
    format!("/api/ecommerce/payments/sandbox/challenges/{challenge}")
}

/// What can be practised with the sandbox.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SandboxResponse {
    /// The test cards. Expiry may be any that is not over, the security code any three or four digits.
    cards: Vec<TestCardResponse>,
    webhooks: SandboxWebhooks,
}

/// How to send webhooks as the sandbox does.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SandboxWebhooks {
    /// Where they are posted to.
    url: String,
    /// The header with the signature: `t=UNIX,v1=HEX`, where HEX is the HMAC-SHA-256 of `UNIX.BODY`, with the secret as
    /// it stands here, `whsec_` included, as the key.
    header: &'static str,
    /// The secret; in the demo profile only.
    secret: Option<String>,
    /// How far UNIX may be from now, in seconds.
    tolerance_s: i64,
    /// The types that move a charge; others are taken and ignored.
    types: [&'static str; 4],
}

/// The test cards of the built-in provider, and how to sign webhooks. Numbers that are not in the list are refused, so
/// that no real card ever comes here.
#[utoipa::path(get, path = "/payments/sandbox",
    responses((status = 200, description = "The test cards", body = SandboxResponse)))]
pub(crate) async fn get_sandbox(ctx: Ctx) -> impl Responder {
    let demo = ctx.config.profile == Profile::Demo;
    Answer::ok(SandboxResponse {
        cards: CARDS.iter().map(TestCardResponse::from).collect(),
        webhooks: SandboxWebhooks {
            url: format!("{}/api/ecommerce/payments/webhooks/sandbox", ctx.config.server.base_url()),
            header: SIGNATURE,
            secret: demo.then(|| ctx.keys.webhook_secret().to_owned()),
            tolerance_s: TOLERANCE_S,
            types: ["charge.authorized", "charge.captured", "charge.declined", "charge.voided"],
        },
    })
}

/// The page of a 3-D Secure challenge, for a person or a browser that is driven by a test.
#[utoipa::path(get, path = "/payments/sandbox/challenges/{challenge}",
    params(("challenge" = String, Path, description = "From next_action.url of the payment"), PageQuery),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(crate) async fn challenge_page(
    ctx: Ctx,
    Path(challenge): Path<String>,
    language: Language,
) -> Result<impl Responder, Problem> {
    let wanted = challenge.clone();
    let found = ctx.db.read_primary(move |db| store::find_challenge(db, &wanted)).await?;
    let (amount, charge) = found.ok_or_else(Problem::not_found)?;
    let title = language.pick("Payment confirmation", "Подтверждение платежа");
    let path = challenge_path(&challenge);
    let main = format!(
        "<h1>{title}</h1>\n<p>{shop}: <strong data-testid=\"challenge-amount\">{}.{:02} {CURRENCY}</strong></p>\n{}",
        amount / 100,
        amount % 100,
        body(language, &path, &charge),
        shop = language.pick("Poligon asks for a payment of", "Poligon запрашивает оплату"),
    );
    Ok(page(language, title, &path, &main))
}

/// The buttons, or what has come of them.
fn body(language: Language, path: &str, charge: &Charge) -> String {
    let (outcome, text) = match charge {
        Charge::ActionRequired(_) | Charge::Processing => return buttons(language, path),
        Charge::Authorized | Charge::Captured => (
            "approved",
            language.pick("The payment is approved. Go back to the shop.", "Платёж подтверждён. Вернитесь в магазин."),
        ),
        Charge::Declined(_) => (
            "failed",
            language.pick("The payment is refused. Go back to the shop.", "Платёж отклонён. Вернитесь в магазин."),
        ),
        Charge::Voided => (
            "cancelled",
            language.pick("The payment was cancelled. Go back to the shop.", "Платёж отменён. Вернитесь в магазин."),
        ),
    };
    format!("<p id=\"result\" role=\"status\" data-testid=\"challenge-result\" data-outcome=\"{outcome}\">{text}</p>")
}

fn buttons(language: Language, path: &str) -> String {
    let lang = language.pick("en", "ru");
    format!(
        "<p>{ask}</p>\n<form method=\"post\" action=\"{path}/approve?lang={lang}\">\n\
         <button id=\"approve\" data-testid=\"challenge-approve\">{approve}</button>\n\
         <button id=\"fail\" data-testid=\"challenge-fail\" formaction=\"{path}/fail?lang={lang}\">{fail}</button>\n\
         </form>",
        path = poligon_common::html::escape(path),
        ask = language.pick(
            "This is a test: choose how the check of your identity ends.",
            "Это проверка для тестов: выберите, чем закончится подтверждение личности."
        ),
        approve = language.pick("Approve", "Подтвердить"),
        fail = language.pick("Fail", "Отклонить"),
    )
}

/// Passes a challenge. One that is over stays as it is.
#[utoipa::path(post, path = "/payments/sandbox/challenges/{challenge}/approve",
    params(("challenge" = String, Path, description = "From next_action.url of the payment"), PageQuery),
    responses((status = 303, description = "To the page that shows the outcome")))]
pub(crate) async fn approve_challenge(
    ctx: Ctx,
    Path(challenge): Path<String>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    answer(&ctx, challenge, true, language).await
}

/// Fails a challenge: the payment is declined as `authentication_failed`. One that is over stays as it is.
#[utoipa::path(post, path = "/payments/sandbox/challenges/{challenge}/fail",
    params(("challenge" = String, Path, description = "From next_action.url of the payment"), PageQuery),
    responses((status = 303, description = "To the page that shows the outcome")))]
pub(crate) async fn fail_challenge(
    ctx: Ctx,
    Path(challenge): Path<String>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    answer(&ctx, challenge, false, language).await
}

async fn answer(ctx: &Ctx, challenge: String, passed: bool, language: Language) -> Result<HttpResponse, Problem> {
    let (wanted, now) = (challenge.clone(), ctx.clock.now());
    let found = ctx.db.write(move |db| store::answer_challenge(db, &wanted, passed, now));
    if !found.await.map_err(|error: DbError| Problem::from(error))? {
        return Err(Problem::not_found());
    }
    let to = format!("{}?lang={}", challenge_path(&challenge), language.pick("en", "ru"));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
}
