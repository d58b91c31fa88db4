//! Buying: rules that many buyers can race for.

use poligon_testkit::{Client, Reply, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{CART, ORDERS, fresh_key, order_of, order_of_cart, placing, staff, start, stock_of, variant_of};

/// How many replies have each status; every other status fails.
#[track_caller]
fn tally(replies: &[Reply], expected: &[u16]) -> Vec<usize> {
    for reply in replies {
        assert!(expected.contains(&reply.status), "{}: {}", reply.status, reply.text);
    }
    expected.iter().map(|status| replies.iter().filter(|reply| reply.status == *status).count()).collect()
}

async fn buyers(app: &TestApp, count: usize) -> Vec<Client> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(app.sign_in_as(&[]).await);
    }
    all
}

/// Promise 3, with a repeated refusal in place of a wait when the queue for the database is full.
async fn two_hundred_buyers_of_the_last_twenty_pieces(app: TestApp) {
    let staff = staff(&app).await;
    let buyers = buyers(&app, 200).await;
    let variant = variant_of(&staff, "LAST", 100, 20).await;
    let body = order_of(&[(variant, 1)]);
    let replies = at_once(buyers.iter().map(|buyer| placing(buyer, &body).send())).await;
    assert_eq!(tally(&replies, &[201, 409]), [20, 180]);
    assert!(replies.iter().all(|reply| reply.status == 201 || reply.problem_code() == "out_of_stock"));
    assert_eq!(stock_of(&app, variant).await, (20, 20));
}

async fn two_hundred_carts_with_the_last_twenty_pieces(app: TestApp) {
    let staff = staff(&app).await;
    let buyers = buyers(&app, 200).await;
    let variant = variant_of(&staff, "LAST", 100, 20).await;
    // The same variant put in twice: one line of two pieces, so ten orders.
    for buyer in &buyers {
        for _ in 0..2 {
            buyer.post(CART).json(&json!({"variant_id": variant})).send().await.expect(201);
        }
    }
    let replies = at_once(buyers.iter().map(|buyer| placing(buyer, &order_of_cart()).send())).await;
    assert_eq!(tally(&replies, &[201, 409]), [10, 190]);
    assert_eq!(stock_of(&app, variant).await, (20, 20));
}

async fn orders_of_crossing_goods_do_not_block_each_other(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 1_000).await, variant_of(&staff, "B", 100, 1_000).await);
    let buyers = buyers(&app, 20).await;
    let began = std::time::Instant::now();
    let replies = at_once(buyers.iter().enumerate().flat_map(|(n, buyer)| {
        let items = if n % 2 == 0 { [(a, 1), (b, 1)] } else { [(b, 1), (a, 1)] };
        [placing(buyer, &order_of(&items)).send(), placing(buyer, &order_of(&items)).send()]
    }))
    .await;
    assert_eq!(tally(&replies, &[201]), [40]);
    assert_eq!((stock_of(&app, a).await, stock_of(&app, b).await), ((1_000, 40), (1_000, 40)));
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

/// Orders that come together are written together, and are each what their customer asked for; what is refused in
/// between is refused alone.
async fn orders_at_once_are_each_their_own(app: TestApp) {
    let staff = staff(&app).await;
    let mut variants = Vec::new();
    for n in 0..6 {
        variants.push(variant_of(&staff, &format!("V-{n}"), 100 * (n + 1), 1_000).await);
    }
    let few = variant_of(&staff, "FEW", 100, 7).await;
    let buyers = buyers(&app, 60).await;
    let items_of = |n: usize| match n % 10 {
        0 => vec![(few, 2)], // three get some, and a piece is left
        1 => vec![(variants[0], 1), (999_999, 1)],
        2 => vec![(variants[1], 1), (variants[1], 2)],
        _ => vec![(variants[n % 6], 1 + i64::try_from(n % 3).unwrap()), (variants[(n + 1) % 6], 2)],
    };
    let keys: Vec<String> = buyers.iter().map(|_| fresh_key()).collect();
    let place =
        |n: usize| buyers[n].post(ORDERS).header("idempotency-key", &keys[n]).json(&order_of(&items_of(n))).send();
    let replies = at_once((0..buyers.len()).map(place)).await;
    assert_eq!(tally(&replies, &[201, 409, 422]), [51, 3, 6]);
    let (mut reserved, mut numbers) = (std::collections::BTreeMap::new(), std::collections::BTreeSet::new());
    for (n, reply) in replies.iter().enumerate().filter(|(_, reply)| reply.status == 201) {
        let mut wanted = std::collections::BTreeMap::new();
        for (variant, quantity) in items_of(n) {
            *wanted.entry(variant).or_insert(0) += quantity;
            *reserved.entry(variant).or_insert(0) += quantity;
        }
        let lines = reply.body["lines"].as_array().unwrap();
        let got = lines.iter().map(|line| (line["variant_id"].as_i64().unwrap(), line["quantity"].as_i64().unwrap()));
        assert_eq!(got.collect::<std::collections::BTreeMap<_, _>>(), wanted, "{n}");
        let path = format!("{ORDERS}/{}", reply.id());
        assert_eq!(reply.header("location"), Some(path.as_str()));
        assert_eq!(buyers[n].get(&path).send().await.expect(200).body, reply.body, "{n}");
        assert!(numbers.insert(reply.id()));
        let again = place(n).await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &reply.body), "{n}");
    }
    assert_eq!(reserved[&few], 6);
    for (variant, reserved) in reserved {
        assert_eq!(stock_of(&app, variant).await.1, reserved, "{variant}");
    }
}

async fn one_cart_is_ordered_once(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 1_000).await;
    for round in 1..=5 {
        let buyer = app.sign_in_as(&[]).await;
        buyer.post(CART).json(&json!({"variant_id": variant})).send().await.expect(201);
        let replies = at_once((0..8).map(|_| placing(&buyer, &order_of_cart()).send())).await;
        assert_eq!(tally(&replies, &[201, 409]), [1, 7]);
        assert_eq!(stock_of(&app, variant).await, (1_000, round));
    }
}

/// Promise 4: one effect for each key, whoever repeats it and when.
async fn one_key_has_one_effect(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 1_000).await;
    let buyer = app.sign_in_as(&[]).await;
    let (key, body) = (fresh_key(), order_of(&[(variant, 1)]));
    let place = || buyer.post(ORDERS).header("idempotency-key", &key).json(&body).send();
    let replies = at_once((0..100).map(|_| place())).await;
    let counts = tally(&replies, &[201, 409]);
    assert!(counts[0] >= 1 && replies.iter().all(|r| r.status == 201 || r.problem_code() == "idempotency_in_flight"));
    let again = at_once((0..100).map(|_| place())).await;
    let stored: Vec<&Reply> = again.iter().filter(|reply| reply.status == 201).collect();
    assert!(!stored.is_empty());
    let first = replies.iter().find(|reply| reply.status == 201).unwrap();
    assert!(stored.iter().all(|reply| reply.body == first.body && reply.header("idempotency-replayed").is_some()));
    assert_eq!(stock_of(&app, variant).await, (1_000, 1));
    assert_eq!(buyer.get(ORDERS).send().await.expect(200).body["items"].as_array().unwrap().len(), 1);
}

async fn a_coupon_is_used_as_often_as_it_may_be(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 1_000).await;
    let coupon = json!({"code": "FIVE", "kind": "percent", "percent": 10, "max_redemptions": 5});
    staff.post("/api/ecommerce/coupons").json(&coupon).send().await.expect(201);
    let mut body = order_of(&[(variant, 1)]);
    body["coupon"] = json!("FIVE");
    let replies = at_once(buyers(&app, 40).await.iter().map(|buyer| placing(buyer, &body).send())).await;
    assert_eq!(tally(&replies, &[201, 409]), [5, 35]);
    assert!(replies.iter().all(|r| r.status == 201 || r.problem_code() == "coupon_exhausted"));
    assert_eq!(stock_of(&app, variant).await, (1_000, 5), "a refused order reserves nothing");
}

/// Both take the pieces and the coupon, and in one order: on PostgreSQL they would wait for each other otherwise.
async fn orders_with_a_coupon_are_placed_and_called_off_at_once(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 1_000).await;
    let coupon = json!({"code": "MANY", "kind": "percent", "percent": 10, "max_redemptions": 1_000});
    let coupon = staff.post("/api/ecommerce/coupons").json(&coupon).send().await.expect(201).body;
    let mut body = order_of(&[(variant, 1)]);
    body["coupon"] = json!("MANY");
    let buyers = buyers(&app, 14).await;
    for round in 1..=4 {
        let mut pending = Vec::new();
        for buyer in &buyers[..6] {
            pending.push(placing(buyer, &body).send().await.expect(201).body["id"].clone());
        }
        let cancel = |id: Value| staff.post(&format!("{ORDERS}/{id}/cancel")).json(&json!({}));
        let placed: Vec<_> = buyers.iter().map(|buyer| placing(buyer, &body).send()).collect();
        let cancelled: Vec<_> = pending.into_iter().map(|id| cancel(id).send()).collect();
        let (placed, cancelled) = tokio::join!(at_once(placed), at_once(cancelled));
        assert_eq!((tally(&placed, &[201]), tally(&cancelled, &[200])), (vec![14], vec![6]));
        assert_eq!(stock_of(&app, variant).await, (1_000, 14 * round));
    }
    let coupon = staff.get(&format!("/api/ecommerce/coupons/{}", coupon["id"])).send().await.expect(200).body;
    assert_eq!(coupon["redeemed"], 56);
}

async fn one_customer_uses_a_coupon_as_often_as_they_may(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 1_000).await;
    let coupon = json!({"code": "ONCE", "kind": "percent", "percent": 10, "max_per_customer": 1});
    staff.post("/api/ecommerce/coupons").json(&coupon).send().await.expect(201);
    let mut body = order_of(&[(variant, 1)]);
    body["coupon"] = json!("ONCE");
    for _ in 0..3 {
        let buyer = app.sign_in_as(&[]).await;
        let replies = at_once((0..10).map(|_| placing(&buyer, &body).send())).await;
        assert_eq!(tally(&replies, &[201, 409]), [1, 9]);
    }
}

async fn two_who_call_an_order_off_free_its_pieces_once(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let buyer = app.sign_in_as(&[]).await;
    for _ in 0..5 {
        let order: Value = placing(&buyer, &order_of(&[(variant, 4)])).send().await.expect(201).body;
        let path = format!("{ORDERS}/{}", order["id"]);
        let of_staff = staff.put(&format!("{path}/status")).json(&json!({"status": "cancelled"}));
        let replies = at_once([
            buyer.post(&format!("{path}/cancel")).json(&json!({})).send(),
            staff.post(&format!("{path}/cancel")).json(&json!({})).send(),
            of_staff.send(),
        ])
        .await;
        assert_eq!(tally(&replies, &[200, 409]), [1, 2]);
        assert!(replies.iter().all(|r| r.status == 200 || r.problem_code() == "invalid_transition"));
        assert_eq!(stock_of(&app, variant).await, (10, 0));
    }
}

/// Orders, cancellations and changes of the stock by hand at once: nothing is lost, nothing made.
async fn calling_an_order_off_has_one_effect_by_its_key(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let buyer = app.sign_in_as(&[]).await;
    let order: Value = placing(&buyer, &order_of(&[(variant, 4)])).send().await.expect(201).body;
    let (path, key) = (format!("{ORDERS}/{}/cancel", order["id"]), fresh_key());
    let cancel =
        |reason: &str| buyer.post(&path).header("idempotency-key", &key).json(&json!({"reason": reason})).send();
    let replies = at_once((0..6).map(|_| cancel("x"))).await;
    let done = tally(&replies, &[200, 409])[0];
    assert!(done >= 1);
    assert!(replies.iter().all(|r| r.status == 200 || r.problem_code() == "idempotency_in_flight"));
    let again = cancel("x").await.expect(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let now = buyer.get(&format!("{ORDERS}/{}", order["id"])).send().await.expect(200);
    assert_eq!((again.body.clone(), again.header("etag")), (now.body.clone(), now.header("etag")));
    assert_eq!(now.body["status"], "cancelled");
    assert_eq!(now.header("cache-control"), Some("no-store"));
    cancel("y").await.expect_problem(422, "idempotency_key_reused");
    let malformed = buyer.post(&path).header("idempotency-key", "").json(&json!({"reason": "x"})).send().await;
    malformed.expect_problem(400, "malformed_header");
    assert_eq!(stock_of(&app, variant).await, (10, 0));
}

async fn pieces_are_neither_lost_nor_made(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 30).await, variant_of(&staff, "B", 100, 30).await);
    let buyers = buyers(&app, 12).await;
    let received = json!({"delta": 1, "reason": "received"});
    let mut held = (0, 0);
    for _ in 0..3 {
        let orders = at_once(buyers.iter().map(|buyer| placing(buyer, &order_of(&[(a, 1), (b, 2)])).send())).await;
        let placed: Vec<_> = orders.iter().filter(|reply| reply.status == 201).collect();
        let cancelled = placed
            .iter()
            .step_by(2)
            .map(|reply| staff.post(&format!("{ORDERS}/{}/cancel", reply.body["id"])).json(&json!({})).send());
        let stock = (0..4).map(|_| staff.post(&format!("/api/ecommerce/variants/{a}/stock")).json(&received).send());
        let requests: Vec<_> = cancelled.collect();
        let count = i64::try_from(requests.len()).unwrap();
        let (one, two) = tokio::join!(at_once(requests), at_once(stock));
        tally(&one, &[200]);
        tally(&two, &[200]);
        let kept = i64::try_from(placed.len()).unwrap() - count;
        held = (held.0 + kept, held.1 + 2 * kept);
    }
    assert_eq!((stock_of(&app, a).await, stock_of(&app, b).await), ((42, held.0), (30, held.1)));
}

poligon_testkit::tests! { start =>
    two_hundred_buyers_of_the_last_twenty_pieces,
    two_hundred_carts_with_the_last_twenty_pieces,
    orders_of_crossing_goods_do_not_block_each_other,
    orders_at_once_are_each_their_own,
    one_cart_is_ordered_once,
    one_key_has_one_effect,
    a_coupon_is_used_as_often_as_it_may_be,
    orders_with_a_coupon_are_placed_and_called_off_at_once,
    one_customer_uses_a_coupon_as_often_as_they_may,
    two_who_call_an_order_off_free_its_pieces_once,
    calling_an_order_off_has_one_effect_by_its_key,
    pieces_are_neither_lost_nor_made,
}
