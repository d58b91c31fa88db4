//! Ready answers of public reads: with tags, and never older than the last write.

use std::time::Duration;

use poligon_testkit::Backend;
use serde_json::json;

use crate::world::{PRODUCTS, category, make, money, path_of, product, staff, start};

async fn an_unchanged_answer_is_304(backend: Backend) {
    let app = start(backend).await;
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle", "K-1", 100)).await;
    for path in [PRODUCTS.to_owned(), path_of(&made), "/api/ecommerce/categories".to_owned()] {
        let first = app.client().get(&path).send().await.expect(200);
        let tag = first.header("etag").expect("a tag").to_owned();
        assert_eq!(first.header("cache-control"), Some("public, no-cache"), "{path}");
        for _ in 0..2 {
            let again = app.client().get(&path).header("if-none-match", &tag).send().await.expect(304);
            assert_eq!((again.header("etag"), again.text.as_str()), (Some(tag.as_str()), ""), "{path}");
        }
        assert_eq!(app.client().get(&path).send().await.expect(200).body, first.body);
    }
    assert_eq!(staff.get(&path_of(&made)).send().await.expect(200).header("cache-control"), Some("private, no-cache"));
    // What a write has done is answered in full, whatever the caller knows.
    let write = staff.patch(&path_of(&made)).header("if-none-match", "*").json(&json!({"title": "Samovar"}));
    assert_eq!(write.send().await.expect(200).body["title"], "Samovar");
}

async fn a_write_is_seen_by_the_next_read(backend: Backend) {
    let app = start(backend).await;
    let staff = staff(&app).await;
    let id = category(&staff, "Kitchen", None).await;
    let mut body = product("Kettle 0", "K-1", 100);
    body["category_id"] = json!(id);
    let made = make(&staff, &body).await;
    let client = app.client();
    let first_listed = async || client.get(PRODUCTS).send().await.expect(200).body["items"][0].clone();
    for n in 1..20 {
        let title = format!("Kettle {n}");
        staff.patch(&path_of(&made)).json(&json!({"title": title})).send().await.expect(200);
        assert_eq!(first_listed().await["title"], json!(title));
        assert_eq!(client.get(&path_of(&made)).send().await.expect(200).body["title"], json!(title));
        let variant = format!("/api/ecommerce/variants/{}", made["variants"][0]["id"]);
        staff.patch(&variant).json(&json!({"price": money(n)})).send().await.expect(200);
        assert_eq!(first_listed().await["price"], money(n));
        staff
            .post(&format!("{variant}/stock"))
            .json(&json!({"delta": 1, "reason": "received"}))
            .send()
            .await
            .expect(200);
        let seen = client.get(&path_of(&made)).send().await.expect(200).body;
        assert_eq!(seen["variants"][0]["available"], json!(10 + n));
        let name = format!("Kitchen {n}");
        staff.patch(&format!("/api/ecommerce/categories/{id}")).json(&json!({"title": name})).send().await.expect(200);
        assert_eq!(client.get(&path_of(&made)).send().await.expect(200).body["categories"][0]["title"], json!(name));
    }
}

/// A copy that did not make the change hears of it: at once by the bus, and by the event when the bus is silent.
async fn a_write_is_seen_by_another_copy(backend: Backend) {
    let app = start(backend).await;
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle 0", "K-1", 100)).await;
    let other = app.another_copy();
    let (here, there) = (app.client(), app.client().towards(other.url()));
    for n in 1..5 {
        let title = format!("Kettle {n}");
        there.get(PRODUCTS).send().await.expect(200);
        there.get(&path_of(&made)).send().await.expect(200);
        staff.patch(&path_of(&made)).json(&json!({"title": title})).send().await.expect(200);
        let mut seen = false;
        for _ in 0..100 {
            let listed = there.get(PRODUCTS).send().await.expect(200).body["items"][0]["title"] == json!(title);
            let shown = there.get(&path_of(&made)).send().await.expect(200).body["title"] == json!(title);
            if listed && shown {
                seen = true;
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Copies with a cache in the process are not for one installation; each forgets what itself has changed.
        assert!(seen || backend == Backend::Embedded, "round {n}: the other copy still shows what was");
    }
    assert_eq!(here.get(PRODUCTS).send().await.expect(200).body["items"][0]["title"], "Kettle 4");
}

poligon_testkit::tests! {
    an_unchanged_answer_is_304,
    a_write_is_seen_by_the_next_read,
    a_write_is_seen_by_another_copy,
}
