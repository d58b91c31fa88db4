//! What every test here starts from.

use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

pub(crate) const PRODUCTS: &str = "/api/ecommerce/products";
pub(crate) const CATEGORIES: &str = "/api/ecommerce/categories";

pub(crate) const CART: &str = "/api/ecommerce/cart";
pub(crate) const ORDERS: &str = "/api/ecommerce/orders";

/// Everything that one can be permitted here.
const STAFF: [&str; 6] =
    ["products:write", "categories:write", "stock:write", "coupons:write", "orders:read", "orders:write"];

/// The shop on a fresh database, with a clock that can be moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = TestApp::builder(backend).domain(poligon_ecommerce::domain()).settable_clock().start().await;
    app.grant("staff", &STAFF).await;
    app
}

/// Somebody who may do everything here.
pub(crate) async fn staff(app: &TestApp) -> Client {
    app.sign_in_as(&["staff"]).await
}

pub(crate) fn money(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

/// A product for sale with one variant of which there are ten.
pub(crate) fn product(title: &str, sku: &str, price: i64) -> Value {
    json!({"title": title, "status": "active", "variants": [{"sku": sku, "price": money(price), "stock": 10}]})
}

/// Makes a product; answers it.
pub(crate) async fn make(staff: &Client, body: &Value) -> Value {
    staff.post(PRODUCTS).json(body).send().await.expect(201).body
}

/// Makes a category; answers its id.
pub(crate) async fn category(staff: &Client, title: &str, parent: Option<i64>) -> i64 {
    staff.post(CATEGORIES).json(&json!({"title": title, "parent_id": parent})).send().await.expect(201).id()
}

/// The path of one product.
pub(crate) fn path_of(product: &Value) -> String {
    format!("{PRODUCTS}/{}", product["id"])
}

/// The titles of a list, all pages of `limit`.
pub(crate) async fn titles(client: &Client, query: &str, limit: usize) -> Vec<String> {
    let mut path = format!("{PRODUCTS}?{query}&limit={limit}");
    let mut all = Vec::new();
    loop {
        let page = client.get(&path).send().await.expect(200);
        let items = page.body["items"].as_array().expect("items");
        all.extend(items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => {
                assert_eq!(items.len(), limit, "a page that is not the last is full");
                path = format!("{PRODUCTS}?{query}&limit={limit}&cursor={cursor}");
            }
            None => return all,
        }
    }
}

/// An address in the United States.
pub(crate) fn address() -> Value {
    json!({"name": "Ann Archer", "line1": "1 Main Street", "line2": null, "city": "Springfield", "region": "IL",
        "postal_code": "62701", "country": "US", "phone": null})
}

/// An order of these variants and quantities.
pub(crate) fn order_of(items: &[(i64, i64)]) -> Value {
    let items: Vec<Value> = items.iter().map(|(id, n)| json!({"variant_id": id, "quantity": n})).collect();
    json!({"items": items, "shipping_method": "standard", "shipping_address": address()})
}

/// An order of what lies in the cart.
pub(crate) fn order_of_cart() -> Value {
    json!({"shipping_method": "standard", "shipping_address": address()})
}

/// A key that nobody else has.
pub(crate) fn fresh_key() -> String {
    poligon_core::random::id().expect("randomness")
}

/// The request that places an order.
pub(crate) fn placing(buyer: &Client, body: &Value) -> poligon_testkit::Request {
    buyer.post(ORDERS).header("idempotency-key", &fresh_key()).json(body)
}

/// Makes a product with one variant of which there are `stock`; answers the id of the variant.
pub(crate) async fn variant_of(staff: &Client, sku: &str, price: i64, stock: i64) -> i64 {
    let mut body = product(&format!("Product {sku}"), sku, price);
    body["variants"][0]["stock"] = json!(stock);
    make(staff, &body).await["variants"][0]["id"].as_i64().expect("an id")
}

/// The variant as the staff sees it.
pub(crate) async fn stock_of(app: &TestApp, variant_id: i64) -> (i64, i64) {
    use diesel::prelude::*;
    let work = move |db: &mut poligon_core::db::Db| {
        let columns = "SELECT stock_on_hand AS on_hand, stock_reserved AS reserved FROM variants WHERE id = ";
        let row: Stock = poligon_core::on_each!(db, c => diesel::sql_query(format!("{columns}{variant_id}"))
            .get_result(c))?;
        Ok::<_, poligon_core::db::DbError>((row.on_hand, row.reserved))
    };
    app.ctx.db.read_primary(work).await.expect("the stock")
}

#[derive(diesel::QueryableByName)]
struct Stock {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    on_hand: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    reserved: i64,
}
