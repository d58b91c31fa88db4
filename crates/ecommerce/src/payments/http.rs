//! Payments over HTTP. What moves money goes in three steps: the intent is written down, the provider is called outside
//! of any transaction, its answer is recorded.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::idempotency::{Begun, Idempotency, Opened};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::Db;
use poligon_core::{Timestamp, random};

use super::flow;
use super::input::{NewPaymentRequest, NewRefundRequest};
use super::model::{
    self, Ask, NewPayment, NewRefund, PaymentDetails, PaymentResponse, RefundResponse, Viewer, find, find_refund,
};
use super::provider::{self, in_time};
use crate::error::Error;
use crate::orders;
use crate::permissions::PAYMENTS_WRITE;

fn viewer(user: &CurrentUser) -> Viewer {
    let of_orders = orders::Viewer::from(user);
    Viewer { user_id: user.user_id, sees_all: of_orders.reads_all, writes: user.may(PAYMENTS_WRITE) }
}

fn location(id: i64) -> String {
    format!("/api/ecommerce/payments/{id}")
}

/// Pays an order of one's own, by card. The amount is the order's total. A declined payment is a payment, too: `201`
/// with `failed`; another may follow it. Of the card only brand, last four digits and expiry are kept.
///
/// The provider is the built-in sandbox, which takes test cards only: `GET payments/sandbox` lists them with what they
/// do (success, each reason of decline, 3-D Secure, silence, answers by webhook).
#[utoipa::path(post, path = "/orders/{id}/payments", params(("id" = i64, Path, minimum = 1)),
    request_body = NewPaymentRequest, responses((status = 201, description = "The payment", body = PaymentDetails,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_payment(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Path(Id(order_id)): Path<Id>,
    Json(body): Json<NewPaymentRequest>,
) -> Result<HttpResponse, Problem> {
    let claim = match key.begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    let new = prepare(&ctx, &user, order_id, &body).await?;
    let (viewer, base, now) = (viewer(&user), ctx.config.server.base_url(), ctx.clock.now());
    let open = {
        let base = base.clone();
        move |db: &mut Db| {
            let ask = model::create(db, &new, now)?;
            let payment = find(db, ask.payment_id, &viewer, &base)?;
            Ok::<_, Error>((ask, Answer::created(&location(payment.payment.id), payment)))
        }
    };
    let opened = claim.open(open).await?;
    finish(&ctx, opened, viewer, base, |shown| Answer::created(&location(shown.payment.id), shown)).await
}

/// Asks the provider for what was opened, records its answer, and shows the payment.
async fn finish(
    ctx: &Ctx,
    opened: Opened<Ask>,
    viewer: Viewer,
    base: String,
    answer: fn(PaymentDetails) -> Answer<PaymentDetails>,
) -> Result<HttpResponse, Problem> {
    match opened {
        Opened::Done(answer) => Ok(answer),
        Opened::First(ask, second) => {
            let answered = Answered::to(ctx, ask, viewer, base).await;
            second.write(move |db| answered.record(db).map(answer)).await
        }
    }
}

/// Hands the card to the provider; what comes back may be kept.
async fn prepare(
    ctx: &Ctx,
    user: &CurrentUser,
    order_id: i64,
    body: &NewPaymentRequest,
) -> Result<NewPayment, Problem> {
    let card = &body.method.card;
    if card.is_expired(ctx.clock.now()) {
        return Err(Problem::invalid_field("/method/card/exp_year", "expired", "is over: the card has expired"));
    }
    let provider = provider::of_new_payments();
    let token = in_time(ctx, provider.tokenize(ctx, card)).await.map_err(|error| {
        tracing::warn!(%error, "a provider of payments did not take a card");
        Problem::unavailable("the provider of payments")
    })?;
    let token =
        token.map_err(|refused| Problem::invalid_field("/method/card/number", refused.code, refused.message))?;
    let reference = format!("pay_{}", random::id().map_err(|error| Problem::internal(&error))?);
    let (user_id, provider, capture) = (user.user_id, provider.name(), body.capture);
    Ok(NewPayment { order_id, user_id, provider, reference, token, capture })
}

/// What the provider has answered for a payment, to be recorded.
struct Answered {
    id: i64,
    charge: Option<provider::Charge>,
    viewer: Viewer,
    base: String,
    now: Timestamp,
}

impl Answered {
    /// Asks the provider.
    async fn to(ctx: &Ctx, ask: Ask, viewer: Viewer, base: String) -> Self {
        let charge = flow::ask(ctx, &ask).await;
        Self { id: ask.payment_id, charge, viewer, base, now: ctx.clock.now() }
    }

    /// Records the answer, if there is one, and shows the payment.
    fn record(&self, db: &mut Db) -> Result<PaymentDetails, Error> {
        if let Some(charge) = &self.charge {
            model::record(db, self.id, charge, Some(self.viewer.user_id), self.now)?;
        }
        find(db, self.id, &self.viewer, &self.base)
    }
}

/// The payments of an order, newest first: one's own order, or any with `orders:read` or `payments:write`.
#[utoipa::path(get, path = "/orders/{id}/payments", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<PaymentResponse>)))]
pub(crate) async fn list_order_payments(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(order_id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (viewer, base, behind) = (viewer(&user), ctx.config.server.base_url(), page.after::<i64>()?);
    let (most, with_total) = (page.fetch(), page.include_total);
    let read = move |db: &mut Db| {
        let rows = model::list(db, order_id, &viewer, &base, behind, most)?;
        let total = if with_total { Some(model::count(db, order_id)?) } else { None };
        Ok::<_, Error>((rows, total))
    };
    let (rows, total) = ctx.db.read_primary(read).await?;
    Ok(page.answer(rows, total, |payment: &PaymentResponse| payment.id))
}

/// A payment with its refunds and its ledger.
#[utoipa::path(get, path = "/payments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The payment", body = PaymentDetails)))]
pub(crate) async fn get_payment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (viewer, base) = (viewer(&user), ctx.config.server.base_url());
    Ok(Answer::ok(ctx.db.read_primary(move |db| find(db, id, &viewer, &base)).await?))
}

/// Brings in the outcome of a challenge, once the customer has finished it at `next_action.url`. A payment whose
/// challenge is known to be over is answered as it is.
#[utoipa::path(post, path = "/payments/{id}/confirm", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The payment", body = PaymentDetails)))]
pub(crate) async fn confirm_payment(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Path(Id(id)): Path<Id>,
) -> Result<HttpResponse, Problem> {
    let claim = match key.begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    let (viewer, base) = (viewer(&user), ctx.config.server.base_url());
    let ask = ctx.db.read_primary(move |db| model::ask_of(db, id, &viewer)).await?;
    let answered = match ask {
        Some(ask) => Answered::to(&ctx, ask, viewer, base).await,
        None => Answered { id, charge: None, viewer, base, now: ctx.clock.now() },
    };
    if matches!(answered.charge, Some(provider::Charge::ActionRequired(_))) {
        return Err(Error::ActionRequired.into());
    }
    claim.write(move |db| answered.record(db).map(Answer::ok)).await
}

/// Takes the money that is promised, all of it.
#[utoipa::path(post, path = "/payments/{id}/capture", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The payment", body = PaymentDetails)))]
pub(crate) async fn capture_payment(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Path(Id(id)): Path<Id>,
) -> Result<HttpResponse, Problem> {
    let now = ctx.clock.now();
    carry_out(&ctx, &user, key, move |db, _| model::capture(db, id, now)).await
}

/// Gives a payment up before its money comes: one's own, or any with `payments:write`. What is promised is let go.
#[utoipa::path(post, path = "/payments/{id}/cancel", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The payment", body = PaymentDetails)))]
pub(crate) async fn cancel_payment(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Path(Id(id)): Path<Id>,
) -> Result<HttpResponse, Problem> {
    let now = ctx.clock.now();
    carry_out(&ctx, &user, key, move |db, viewer| model::cancel(db, id, viewer, now)).await
}

/// Writes an intent down, asks the provider, and records its answer.
async fn carry_out(
    ctx: &Ctx,
    user: &CurrentUser,
    key: Idempotency,
    mut intend: impl FnMut(&mut Db, &Viewer) -> Result<Ask, Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (viewer, base) = (viewer(user), ctx.config.server.base_url());
    let open = {
        let base = base.clone();
        move |db: &mut Db| {
            let ask = intend(db, &viewer)?;
            let payment = find(db, ask.payment_id, &viewer, &base)?;
            Ok::<_, Error>((ask, Answer::ok(payment)))
        }
    };
    let opened = key.open(ctx, open).await?;
    finish(ctx, opened, viewer, base, Answer::ok).await
}

/// Gives money back: a part, or everything that is left. Never more than was captured, however many refunds come at
/// once: the amount is put aside before the provider is asked.
#[utoipa::path(post, path = "/payments/{id}/refunds", params(("id" = i64, Path, minimum = 1)),
    request_body = NewRefundRequest, responses((status = 201, description = "The refund", body = RefundResponse,
        headers(("Location" = String, description = "The payment, which lists its refunds")))))]
pub(crate) async fn create_refund(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Path(Id(id)): Path<Id>,
    Json(body): Json<NewRefundRequest>,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    let amount = body.amount.map(|amount| amount.0);
    let new = NewRefund { amount, reason: body.reason.into(), note: body.note.0, actor_id: Some(actor) };
    let answer = move |refund: RefundResponse| Answer::created(&location(id), refund);
    let open = move |db: &mut Db| {
        let ask = model::open_refund(db, id, &new, now)?;
        let refund = find_refund(db, ask.refund_id)?;
        Ok::<_, Error>((ask, answer(refund)))
    };
    let (ask, second) = match key.open(&ctx, open).await? {
        Opened::Done(answer) => return Ok(answer),
        Opened::First(ask, second) => (ask, second),
    };
    let outcome = flow::ask_refund(&ctx, &ask).await;
    let (refund_id, now) = (ask.refund_id, ctx.clock.now());
    let record = move |db: &mut Db| {
        if let Some(outcome) = &outcome {
            model::record_refund(db, refund_id, outcome, Some(actor), now)?;
        }
        find_refund(db, refund_id).map(answer)
    };
    second.write(record).await
}
