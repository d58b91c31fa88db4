//! Rules that two requests can race for.

use poligon_testkit::{Reply, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{CATEGORIES, PRODUCTS, category, make, money, path_of, product, staff, start};

pub(crate) fn statuses(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

async fn of_many_takers_of_the_last_pieces_as_many_win(app: TestApp) {
    let staff = staff(&app).await;
    for _ in 0..3 {
        let made = make(&staff, &product("Shirt", &format!("S-{}", poligon_core::random::id().unwrap()), 500)).await;
        let path = format!("/api/ecommerce/variants/{}/stock", made["variants"][0]["id"]);
        let take = json!({"delta": -1, "reason": "lost"});
        let replies = at_once((0..30).map(|_| staff.post(&path).json(&take).send())).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 409)), (10, 20));
        let seen = staff.get(&path_of(&made)).send().await.expect(200).body;
        assert_eq!((&seen["variants"][0]["stock_on_hand"], &seen["in_stock"]), (&json!(0), &json!(false)));
        let journal = staff.get(&format!("{path}?include_total=true")).send().await.expect(200).body;
        assert_eq!(journal["total"], 11);
    }
}

async fn the_stock_flag_follows_the_last_of_many_changes(app: TestApp) {
    let staff = staff(&app).await;
    let mut body = product("Shirt", "S-0", 500);
    body["variants"] =
        json!([{"sku": "S-1", "price": money(1), "stock": 1}, {"sku": "S-2", "price": money(2), "stock": 1}]);
    let made = make(&staff, &body).await;
    for round in 0..10 {
        let delta = if round % 2 == 0 { -1 } else { 1 };
        let change = json!({"delta": delta, "reason": "correction"});
        let paths = [0, 1].map(|n| format!("/api/ecommerce/variants/{}/stock", made["variants"][n]["id"]));
        let replies = at_once(paths.iter().map(|path| staff.post(path).json(&change).send())).await;
        assert_eq!(statuses(&replies, 200), 2);
        let seen = app.client().get(&path_of(&made)).send().await.expect(200).body;
        assert_eq!(seen["in_stock"], json!(delta > 0), "round {round}");
    }
}

async fn two_edits_of_one_version_have_one_winner(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = path_of(&made);
    for round in 0..5 {
        let tag = staff.get(&path).send().await.expect(200).header("etag").unwrap().to_owned();
        let edits = (0..8).map(|n| {
            staff.patch(&path).header("if-match", &tag).json(&json!({"title": format!("Kettle {round} {n}")})).send()
        });
        let replies = at_once(edits).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 412)), (1, 7));
        let winner = replies.iter().find(|reply| reply.status == 200).unwrap();
        assert_eq!(staff.get(&path).send().await.expect(200).body["title"], winner.body["title"]);
    }
}

async fn equal_titles_at_once_get_slugs_of_their_own(app: TestApp) {
    let staff = staff(&app).await;
    let bodies: Vec<Value> = (0..12).map(|n| product("Blue kettle", &format!("K-{n}"), 100)).collect();
    let replies = at_once(bodies.iter().map(|body| staff.post(PRODUCTS).json(body).send())).await;
    assert_eq!(statuses(&replies, 201), 12);
    let mut slugs: Vec<&str> = replies.iter().map(|reply| reply.body["slug"].as_str().unwrap()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), 12);
}

async fn one_of_many_products_gets_a_sku(app: TestApp) {
    let staff = staff(&app).await;
    let bodies: Vec<Value> = (0..10).map(|n| product(&format!("Product {n}"), "SAME", 100)).collect();
    let replies = at_once(bodies.iter().map(|body| staff.post(PRODUCTS).json(body).send())).await;
    assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 9));
}

async fn one_of_two_variants_stays(app: TestApp) {
    let staff = staff(&app).await;
    for round in 0..5 {
        let mut body = product("Shirt", "unused", 500);
        let skus = [1, 2].map(|n| json!({"sku": format!("S-{round}-{n}"), "price": money(n)}));
        body["variants"] = json!(skus);
        let made = make(&staff, &body).await;
        let paths = [0, 1].map(|n| format!("/api/ecommerce/variants/{}", made["variants"][n]["id"]));
        let replies = at_once(paths.iter().map(|path| staff.delete(path).send())).await;
        assert_eq!((statuses(&replies, 204), statuses(&replies, 409)), (1, 1));
    }
}

async fn crossing_moves_make_no_cycle(app: TestApp) {
    let staff = staff(&app).await;
    for round in 0..5 {
        let a = category(&staff, &format!("A {round}"), None).await;
        let b = category(&staff, &format!("B {round}"), None).await;
        let moves = [(a, b), (b, a)]
            .map(|(id, parent)| staff.patch(&format!("{CATEGORIES}/{id}")).json(&json!({"parent_id": parent})).send());
        let replies = at_once(moves).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 409)), (1, 1), "round {round}");
    }
}

async fn a_category_is_not_removed_under_a_product(app: TestApp) {
    let staff = staff(&app).await;
    for round in 0..10 {
        let id = category(&staff, &format!("C {round}"), None).await;
        let mut body = product("Kettle", &format!("K-{round}"), 100);
        body["category_id"] = json!(id);
        let add = staff.post(PRODUCTS).json(&body).send();
        let remove = staff.delete(&format!("{CATEGORIES}/{id}")).send();
        let (added, removed) = tokio::join!(tokio::spawn(add), tokio::spawn(remove));
        let outcome = (added.unwrap().status, removed.unwrap().status);
        assert!(matches!(outcome, (201, 409) | (422, 204)), "round {round}: {outcome:?}");
    }
}

poligon_testkit::tests! { start =>
    of_many_takers_of_the_last_pieces_as_many_win,
    the_stock_flag_follows_the_last_of_many_changes,
    two_edits_of_one_version_have_one_winner,
    equal_titles_at_once_get_slugs_of_their_own,
    one_of_many_products_gets_a_sku,
    one_of_two_variants_stays,
    crossing_moves_make_no_cycle,
    a_category_is_not_removed_under_a_product,
}
