//! What the shop tells of carts and of what is sold out, for whoever counts.

use chrono::{DateTime, Duration, Utc};
use poligon_core::events::Event;
use poligon_testkit::{Client, Reply, Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::races::statuses;
use crate::world::{CART, make, money, order_of, order_of_cart, placing, product, staff, start, stock_of, variant_of};

const BEGUN: &str = "ecommerce.cart_begun";
const PLACED: &str = "ecommerce.order_placed";
const GONE: &str = "ecommerce.stock_out";

/// The particulars of all events of a topic, the oldest first.
async fn told(app: &TestApp, topic: &str) -> Vec<Value> {
    let all = format!(
        "SELECT '[' || coalesce(string_agg(CAST(payload AS text), ',' ORDER BY id), '') || ']' AS t \
         FROM outbox WHERE topic = '{topic}'"
    );
    serde_json::from_str(&app.text(all).await).unwrap()
}

fn adding(client: &Client, variant: i64) -> Request {
    client.post(CART).json(&json!({"variant_id": variant}))
}

async fn put(client: &Client, variant: i64) -> Value {
    adding(client, variant).send().await.expect(201).body
}

async fn order(buyer: &Client) -> Value {
    placing(buyer, &order_of_cart()).send().await.expect(201).body
}

/// When the carts of the last order were begun.
async fn ordered(app: &TestApp) -> Value {
    told(app, PLACED).await.last().unwrap()["carts_begun"].clone()
}

/// When carts were begun, the oldest first.
async fn begun(app: &TestApp) -> Vec<i64> {
    let all = format!(
        "SELECT coalesce(string_agg(CAST(occurred_at AS text), ',' ORDER BY id), '') AS t FROM outbox \
         WHERE topic = '{BEGUN}'"
    );
    // `2026-01-02 03:04:05.6+00` is how PostgreSQL writes it.
    let instant = |text: &str| {
        let text = if text.ends_with('Z') { text.to_owned() } else { format!("{text}:00").replace(' ', "T") };
        text.parse::<DateTime<Utc>>().unwrap().timestamp_millis()
    };
    app.text(all).await.split(',').filter(|text| !text.is_empty()).map(instant).collect()
}

async fn a_cart_is_begun_with_its_first_piece(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 10).await, variant_of(&staff, "B", 200, 10).await);
    let buyer = app.sign_in_as(&[]).await;
    put(&buyer, a).await;
    app.clock().advance(Duration::minutes(1));
    put(&buyer, a).await;
    put(&buyer, b).await;
    adding(&buyer, 999_999).send().await.expect_problem(422, "validation_failed");
    let told_once = told(&app, BEGUN).await;
    assert_eq!(told_once.len(), 1);
    assert_eq!(told_once[0]["user_id"], json!(buyer.user_id));
    order(&buyer).await;
    assert_eq!(ordered(&app).await, json!(begun(&app).await));
    // What is ordered without a cart is of none, and leaves the cart as it is.
    put(&buyer, a).await;
    placing(&buyer, &order_of(&[(b, 1)])).send().await.expect(201);
    assert_eq!(ordered(&app).await, Value::Null);
    assert_eq!(told(&app, BEGUN).await.len(), 2);
}

async fn a_cart_that_was_emptied_and_is_filled_is_another(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 10).await, variant_of(&staff, "B", 200, 10).await);
    let buyer = app.sign_in_as(&[]).await;
    let cart = put(&buyer, a).await;
    let first = begun(&app).await;
    app.clock().advance(Duration::minutes(1));
    put(&buyer, b).await;
    buyer.delete(&format!("{CART}/items/{}", cart["items"][0]["id"])).send().await.expect(204);
    put(&buyer, a).await;
    assert_eq!(told(&app, BEGUN).await.len(), 1, "something was in it all the time");
    order(&buyer).await;
    assert_eq!(ordered(&app).await, json!(first));
    put(&buyer, a).await;
    buyer.delete(CART).send().await.expect(204);
    app.clock().advance(Duration::minutes(1));
    put(&buyer, b).await;
    order(&buyer).await;
    let begun = begun(&app).await;
    assert_eq!((begun.len(), ordered(&app).await), (3, json!([begun[2]])));
}

async fn a_guests_cart_is_ordered_with_the_one_it_is_merged_into(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 10).await, variant_of(&staff, "B", 200, 10).await);
    let begin = async |client: &Client, variant| {
        app.clock().advance(Duration::minutes(1));
        let token = put(client, variant).await["token"].clone();
        (token.as_str().unwrap_or_default().to_owned(), *begun(&app).await.last().unwrap())
    };
    // Into an empty one, at the order itself.
    let (token, at) = begin(&app.client(), a).await;
    let buyer = app.sign_in_as(&[]).await;
    placing(&buyer, &order_of_cart()).header("x-cart-token", &token).send().await.expect(201);
    assert_eq!(ordered(&app).await, json!([at]));
    assert_eq!(told(&app, BEGUN).await[0]["user_id"], Value::Null, "it was a guest's");
    // Into one that is begun, too: both are ordered.
    let (token, guests) = begin(&app.client(), b).await;
    let (_, own) = begin(&buyer, a).await;
    buyer.get(CART).header("x-cart-token", &token).send().await.expect(200);
    order(&buyer).await;
    assert_eq!(ordered(&app).await, json!([guests, own]));
    // What was emptied before is not.
    let (token, _) = begin(&app.client(), b).await;
    app.client().delete(CART).header("x-cart-token", &token).send().await.expect(204);
    let (_, own) = begin(&buyer, a).await;
    buyer.get(CART).header("x-cart-token", &token).send().await.expect(200);
    order(&buyer).await;
    assert_eq!(ordered(&app).await, json!([own]));
    assert_eq!(told(&app, BEGUN).await.len(), 5);
}

/// Many first pieces of one person and of one guest at once, with an order in between, over two copies: whatever comes first,
/// every cart that was ordered was begun, once.
async fn a_cart_that_many_begin_at_once_is_begun_once(app: TestApp) {
    let staff = staff(&app).await;
    let mut variants = Vec::new();
    for n in 0..6 {
        variants.push(variant_of(&staff, &format!("V-{n}"), 100, 500).await);
    }
    let copy = app.another_copy();
    for _ in 0..4 {
        let buyer = app.sign_in_as(&[]).await;
        let before = told(&app, BEGUN).await.len();
        let first = variants.iter().enumerate();
        let first =
            first.map(|(n, id)| adding(&if n % 2 == 0 { buyer.clone() } else { buyer.towards(copy.url()) }, *id));
        let replies = at_once(first.map(Request::send).collect::<Vec<_>>()).await;
        assert_eq!(statuses(&replies, 201), 6);
        assert_eq!(told(&app, BEGUN).await.len(), before + 1);
    }
    let buyer = app.sign_in_as(&[]).await;
    let token = put(&app.client(), variants[0]).await["token"].as_str().unwrap().to_owned();
    for _ in 0..6 {
        let adds = variants.iter().map(|id| adding(&buyer, *id).header("x-cart-token", &token));
        let orders = (0..2).map(|_| placing(&buyer, &order_of_cart()));
        let all: Vec<_> = adds.chain(orders).map(Request::send).collect();
        let replies: Vec<Reply> = at_once(all).await;
        assert_eq!(statuses(&replies, 201) + statuses(&replies, 409) + statuses(&replies, 422), 8);
    }
    let orders = told(&app, PLACED).await;
    let ordered: usize = orders.iter().map(|order| order["carts_begun"].as_array().map_or(0, Vec::len)).sum();
    let open = "SELECT '[' || string_agg(CAST(begun AS text), ',') || ']' AS t FROM carts";
    let open: Vec<Vec<i64>> = serde_json::from_str(&app.text(open).await).unwrap();
    let open: usize = open.iter().map(Vec::len).sum();
    assert_eq!(told(&app, BEGUN).await.len(), ordered + open, "{ordered} were ordered, {open} are open");
}

async fn what_is_sold_out_is_told_once_each_time(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(
        &staff,
        &json!({"title": "Shirt", "status": "active", "variants": [
            {"sku": "S-1", "price": money(100), "stock": 3, "options": {"size": "S"}},
            {"sku": "S-2", "price": money(100), "stock": 2, "options": {"size": "M"}},
            {"sku": "S-3", "price": money(100), "track_stock": false, "options": {"size": "L"}},
        ]}),
    )
    .await;
    let id = |n: usize| made["variants"][n]["id"].as_i64().unwrap();
    let buyer = app.sign_in_as(&[]).await;
    let gone = async || {
        let all = told(&app, GONE).await;
        assert!(all.iter().all(|one| one["product_id"] == made["id"]));
        all.iter().map(|one| one["variant_id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let stock = async |n: usize, delta: i64| {
        let body = json!({"delta": delta, "reason": "correction"});
        staff.post(&format!("/api/ecommerce/variants/{}/stock", id(n))).json(&body).send().await.expect(200)
    };
    placing(&buyer, &order_of(&[(id(0), 2), (id(2), 5)])).send().await.expect(201);
    assert_eq!(gone().await, [0_i64; 0]);
    // By an order of all there is, of one variant of two.
    let all = placing(&buyer, &order_of(&[(id(0), 1), (id(1), 1)])).send().await.expect(201);
    assert_eq!(gone().await, [id(0)]);
    placing(&buyer, &order_of(&[(id(0), 1)])).send().await.expect_problem(409, "out_of_stock");
    // Of an order that is called off, and by hand.
    buyer.post(&format!("/api/ecommerce/orders/{}/cancel", all.id())).json(&json!({})).send().await.expect(200);
    stock(0, 4).await;
    assert_eq!(gone().await, [id(0)]);
    stock(0, -5).await;
    stock(1, -1).await;
    assert_eq!(gone().await, [id(0), id(0)]);
    // Of a cart, whose order goes alone.
    put(&buyer, id(1)).await;
    order(&buyer).await;
    assert_eq!(gone().await, [id(0), id(0), id(1)]);
    assert_eq!(stock_of(&app, id(1)).await, (1, 1));
}

async fn stock_that_is_counted_from_now_on_may_be_gone(app: TestApp) {
    let staff = staff(&app).await;
    let mut body = product("Kettle", "K-1", 100);
    body["variants"][0]["track_stock"] = json!(false);
    body["variants"][0]["stock"] = json!(0);
    let made = make(&staff, &body).await;
    let path = format!("/api/ecommerce/variants/{}", made["variants"][0]["id"]);
    let patch = async |change: Value| staff.patch(&path).json(&change).send().await.expect(200);
    patch(json!({"price": money(200)})).await;
    assert_eq!(told(&app, GONE).await.len(), 0);
    patch(json!({"track_stock": true})).await;
    patch(json!({"track_stock": true})).await;
    assert_eq!(told(&app, GONE).await, [json!({"variant_id": made["variants"][0]["id"], "product_id": made["id"]})]);
}

async fn a_file_that_takes_the_last_pieces_tells_it(app: TestApp) {
    let staff = staff(&app).await;
    let (one, two) = (make(&staff, &product("One", "ONE", 100)).await, make(&staff, &product("Two", "TWO", 100)).await);
    let buyer = app.sign_in_as(&[]).await;
    let reserved = order_of(&[(two["variants"][0]["id"].as_i64().unwrap(), 4)]);
    placing(&buyer, &reserved).send().await.expect(201);
    let import = async |rows: &str| {
        let path = "/api/ecommerce/catalogue/import?mode=all_or_nothing";
        let file = format!("product,sku,track_stock,stock\n{rows}");
        staff.post(path).header("content-type", "text/csv; charset=utf-8").body(file).send().await.expect(200)
    };
    import("one,ONE,true,1\ntwo,TWO,true,5\n").await;
    assert_eq!(told(&app, GONE).await.len(), 0);
    import("one,ONE,true,0\ntwo,TWO,true,4\n").await;
    let gone = |made: &Value| json!({"variant_id": made["variants"][0]["id"], "product_id": made["id"]});
    assert_eq!(told(&app, GONE).await, [gone(&one), gone(&two)]);
    import("one,ONE,true,0\ntwo,TWO,true,4\n").await;
    import("one,ONE,false,0\ntwo,TWO,true,6\n").await;
    assert_eq!(told(&app, GONE).await.len(), 2);
    import("one,ONE,true,0\ntwo,TWO,true,6\n").await;
    assert_eq!(told(&app, GONE).await.len(), 3);
}

/// Forty buyers at once, so that orders are written together, and somebody who takes pieces by hand: the last piece goes once.
async fn of_many_who_take_the_last_pieces_one_tells_it(app: TestApp) {
    let staff = staff(&app).await;
    let mut buyers = Vec::new();
    for _ in 0..8 {
        buyers.push(app.sign_in_as(&[]).await);
    }
    for round in 1..=3_usize {
        let id = variant_of(&staff, &format!("S-{round}"), 100, 20).await;
        let path = format!("/api/ecommerce/variants/{id}/stock");
        let lost = json!({"delta": -1, "reason": "lost"});
        let orders = (0..32).map(|n| placing(&buyers[n % 8], &order_of(&[(id, 1)])));
        let by_hand = (0..8).map(|_| staff.post(&path).json(&lost));
        let replies = at_once(orders.chain(by_hand).map(Request::send).collect::<Vec<_>>()).await;
        assert_eq!(statuses(&replies, 201) + statuses(&replies, 200), 20);
        let (on_hand, reserved) = stock_of(&app, id).await;
        assert_eq!(on_hand, reserved);
        assert_eq!(told(&app, GONE).await.len(), round);
    }
}

/// What demo data would have told is what its rows say.
async fn the_past_is_told_as_rows_have_it(app: TestApp) {
    app.seed_demo(poligon_ecommerce::domain(), 309).await;
    let database = app.ctx.db.clone();
    let work = move |db: &mut poligon_core::db::Db| {
        let mut all: Vec<Event> = Vec::new();
        (poligon_ecommerce::domain().history)(db, &mut |_, events| {
            all.extend(events);
            Ok(())
        })?;
        Ok::<_, poligon_core::db::DbError>(all)
    };
    let all = tokio::task::spawn_blocking(move || database.alone(work)).await.unwrap().expect("the past");
    let of = |topic: &str| all.iter().filter(|event| event.topic == topic).collect::<Vec<_>>();
    let free = "SELECT count(*) AS n FROM variants WHERE track_stock AND stock_on_hand = stock_reserved";
    assert_eq!(i64::try_from(of(GONE).len()).unwrap(), app.number(free).await);
    let carts = app.number("SELECT count(*) AS n FROM carts WHERE begun <> '[]'").await;
    let ordered = of(PLACED).iter().filter(|event| event.payload.0["carts_begun"].is_array()).count();
    assert!(ordered > 500 && carts > 300, "{ordered} {carts}");
    assert_eq!(i64::try_from(of(BEGUN).len() - ordered).unwrap(), carts);
    let late = of(BEGUN).iter().filter(|event| event.occurred_at >= app.clock().now()).count();
    assert_eq!(late, 0);
}

poligon_testkit::tests! { start =>
    a_cart_is_begun_with_its_first_piece,
    a_cart_that_was_emptied_and_is_filled_is_another,
    a_guests_cart_is_ordered_with_the_one_it_is_merged_into,
    a_cart_that_many_begin_at_once_is_begun_once,
    what_is_sold_out_is_told_once_each_time,
    stock_that_is_counted_from_now_on_may_be_gone,
    a_file_that_takes_the_last_pieces_tells_it,
    of_many_who_take_the_last_pieces_one_tells_it,
    the_past_is_told_as_rows_have_it,
}
