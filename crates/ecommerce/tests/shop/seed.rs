//! Demo data.

use chrono::{TimeZone as _, Utc};
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp, dialect, transact};
use poligon_core::schema::users;
use poligon_core::security::KeyRing;
use poligon_core::seed::{Plan, Profile};
use poligon_testkit::{Backend, TestApp};
use serde_json::{Value, json};

use crate::world::{PRODUCTS, make, product, staff, start, titles};

/// People as the accounts' own demo data has them.
fn insert_people(db: &mut Db, anchor: Timestamp) -> Result<(), DbError> {
    let people: Vec<_> = (10..310_i64)
        .map(|id| {
            let name = format!("person-{id}");
            let created_at = anchor - chrono::Duration::hours(id * 20);
            (
                users::id.eq(id),
                users::username.eq(name.clone()),
                users::username_key.eq(name),
                users::display_name.eq("A Person"),
                users::created_at.eq(created_at),
            )
        })
        .collect();
    poligon_core::on_each!(db, c => diesel::insert_into(users::table).values(people).execute(c))?;
    dialect::reset_identity(db, "users")?;
    Ok(())
}

async fn seeded(backend: Backend) -> TestApp {
    let app = start(backend).await;
    let mut db: Db = app.ctx.db.connect().unwrap();
    let keys = KeyRing::new(&app.ctx.config.security).unwrap();
    let plan = Plan {
        profile: Profile::Demo,
        products: None,
        articles: None,
        facts: None,
        seed: 42,
        anchor: Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap().into(),
        bcrypt_cost: 4,
        progress: &|_, _, _| {},
    };
    let seed = poligon_ecommerce::domain().seed;
    let work = |db: &mut Db| {
        insert_people(db, plan.anchor)?;
        seed(db, &plan, &keys)
    };
    tokio::task::block_in_place(|| transact(&mut db, work)).unwrap();
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

/// Pictures are drawn from their names alone, so they are there without a file.
async fn every_demo_product_has_a_picture(app: TestApp) {
    let client = app.client();
    let mut seen = std::collections::BTreeSet::new();
    let listed = client.get(&format!("{PRODUCTS}?limit=100")).send().await.expect(200).body;
    for product in listed["items"].as_array().unwrap() {
        let image = &product["image"];
        assert_eq!(image["alt"], product["title"]);
        let small = client.get(image["urls"]["small"].as_str().unwrap()).send().await.expect(200);
        seen.insert(small.bytes);
    }
    assert!(seen.len() > 60, "{} of 100 pictures differ", seen.len());
    let images = client.get(&format!("{PRODUCTS}/1/images")).send().await.expect(200).body;
    for (size, side) in [("original", 800), ("large", 800), ("medium", 480), ("small", 160)] {
        let file = client.get(images["items"][0]["urls"][size].as_str().unwrap()).send().await.expect(200);
        assert_eq!(file.header("content-type"), Some("image/jpeg"));
        let picture = image::load_from_memory(&file.bytes).unwrap();
        assert_eq!((picture.width(), picture.height()), (side, side));
    }
    let staff = staff(&app).await;
    staff.delete(&format!("/api/ecommerce/images/{}", images["items"][0]["id"])).send().await.expect(204);
    client.get(images["items"][0]["urls"]["small"].as_str().unwrap()).send().await.expect_problem(404, "not_found");
}

async fn the_demo_shop_has_reviews_and_ratings_in_step_with_them(app: TestApp) {
    app.grant("moderators", &["reviews:moderate"]).await;
    let moderator = app.sign_in_as(&["moderators"]).await;
    let mut reviews: Vec<Value> = Vec::new();
    let mut path = "/api/ecommerce/reviews?limit=100".to_owned();
    loop {
        let page = moderator.get(&path).send().await.expect(200).body;
        reviews.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/ecommerce/reviews?limit=100&cursor={cursor}");
    }
    assert!((700..1_100).contains(&reviews.len()), "{} reviews", reviews.len());
    let count = |status: &str| reviews.iter().filter(|review| review["status"] == status).count();
    let verified = reviews.iter().filter(|review| review["verified"] == true).count() * 100 / reviews.len();
    assert!((40..60).contains(&verified), "{verified} % by people who have received the product");
    assert!(count("approved") > 600 && count("pending") > 40 && count("rejected") > 20);
    assert!(reviews.is_sorted_by_key(|review| review["created_at"].as_str().unwrap().to_owned()));
    let is_russian = |review: &&Value| review["body"].as_str().unwrap().contains('о');
    assert!((200..500).contains(&reviews.iter().filter(is_russian).count()));
    let products = app.client().get(&format!("{PRODUCTS}?sort=rating&limit=30")).send().await.expect(200).body;
    for listed in products["items"].as_array().unwrap() {
        let shown = app.client().get(&format!("{PRODUCTS}/{}", listed["id"])).send().await.expect(200).body;
        for stars in 1..=5 {
            let of = |review: &&Value| {
                review["product"]["id"] == listed["id"] && review["rating"] == stars && review["status"] == "approved"
            };
            let counted = &shown["rating"]["histogram"][stars.to_string()];
            assert_eq!(counted, &json!(reviews.iter().filter(of).count()), "{stars} stars of {}", listed["id"]);
        }
    }
    let last = reviews.last().unwrap();
    let shown = json!([last["product"]["id"], last["author"]["id"], last["rating"], last["title"], last["created_at"]]);
    assert_eq!(json!([reviews.len(), shown]), json!(LAST_REVIEW), "the same on both databases");
    // What comes next has an id of its own.
    let path = format!("{PRODUCTS}/1/reviews");
    moderator.post(&path).json(&json!({"rating": 5, "title": "New"})).send().await.expect(201);
}

/// How many reviews there are, and of the last: product, author, stars, title, instant.
const LAST_REVIEW: (usize, (i64, i64, i64, &str, &str)) =
    (870, (300, 43, 4, "Хорошо за свои деньги", "2025-12-31T23:50:00.000Z"));

const EXPECTED: [(i64, &str, &str); 2] = [
    (216, "uchebnik-fjord-dlia-gostei-216", "2025-09-20T18:12:00.000Z"),
    (156, "nastol-naia-lampa-juniper-iz-stali-156", "2025-07-09T18:12:00.000Z"),
];

poligon_testkit::tests! { seeded =>
    the_demo_shop_is_full,
    the_demo_shop_is_the_same_on_both_databases,
    every_demo_product_has_a_picture,
    the_demo_shop_has_reviews_and_ratings_in_step_with_them,
}
