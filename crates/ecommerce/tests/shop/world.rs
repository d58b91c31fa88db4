//! What every test here starts from.

use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

pub(crate) const PRODUCTS: &str = "/api/ecommerce/products";
pub(crate) const CATEGORIES: &str = "/api/ecommerce/categories";

/// The shop on a fresh database, with a clock that can be moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = TestApp::builder(backend).domain(poligon_ecommerce::domain()).settable_clock().start().await;
    app.grant("staff", &["products:write", "categories:write", "stock:write"]).await;
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
