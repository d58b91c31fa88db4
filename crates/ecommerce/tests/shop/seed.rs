//! Demo data.

use chrono::{TimeZone as _, Utc};
use poligon_core::db::{Db, transact};
use poligon_core::security::KeyRing;
use poligon_core::seed::{Plan, Profile};
use poligon_testkit::{Backend, TestApp};
use serde_json::{Value, json};

use crate::world::{PRODUCTS, make, product, staff, start, titles};

async fn seeded(backend: Backend) -> TestApp {
    let app = start(backend).await;
    let mut db: Db = app.ctx.db.connect().unwrap();
    let keys = KeyRing::new(&app.ctx.config.security).unwrap();
    let plan = Plan {
        profile: Profile::Demo,
        products: None,
        seed: 42,
        anchor: Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap().into(),
        bcrypt_cost: 4,
        progress: &|_, _, _| {},
    };
    let seed = poligon_ecommerce::domain().seed;
    tokio::task::block_in_place(|| transact(&mut db, |db| seed(db, &plan, &keys))).unwrap();
    app
}

async fn the_demo_shop_is_full(app: TestApp) {
    let client = app.client();
    let list = client.get(&format!("{PRODUCTS}?include_total=true&facets=true&limit=1")).send().await.expect(200).body;
    assert_eq!(list["total"], 300);
    let categories = client.get("/api/ecommerce/categories?limit=100").send().await.expect(200).body;
    assert_eq!(categories["items"].as_array().unwrap().len(), 25);
    assert_eq!(list["facets"]["categories"].as_array().unwrap().len(), 20, "every shelf has something");
    let russian = titles(&client, "q=%D0%BA%D1%80%D0%BE%D1%81%D1%81%D0%BE%D0%B2%D0%BA%D0%B8", 100).await;
    let english = titles(&client, "q=sneaker", 100).await;
    assert!(!russian.is_empty() && !english.is_empty());
    let all = titles(&client, "sort=title", 100).await;
    let kitchen = titles(&client, "category=kitchen", 7).await;
    assert!(all.len() == 300 && (20..150).contains(&kitchen.len()), "{} in the kitchen", kitchen.len());
    // What comes next has ids of its own.
    make(&staff(&app).await, &product("Kettle", "K-1", 100)).await;
}

async fn the_demo_shop_is_the_same_on_both_databases(app: TestApp) {
    let list = app.client().get(&format!("{PRODUCTS}?sort=price&limit=2")).send().await.expect(200).body;
    let shown: Vec<Value> =
        list["items"].as_array().unwrap().iter().map(|p| json!([p["id"], p["slug"], p["created_at"]])).collect();
    assert_eq!(json!(shown), json!(EXPECTED.map(|(id, slug, at)| json!([id, slug, at]))));
}

const EXPECTED: [(i64, &str, &str); 2] = [
    (216, "uchebnik-fjord-dlia-gostei-216", "2025-09-20T18:12:00.000Z"),
    (156, "nastol-naia-lampa-juniper-iz-stali-156", "2025-07-09T18:12:00.000Z"),
];

poligon_testkit::tests! { seeded => the_demo_shop_is_full, the_demo_shop_is_the_same_on_both_databases }
