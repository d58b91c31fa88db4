//! Lists of products: filters, orders, pages and counts.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{PRODUCTS, category, make, money, product, staff, start, titles};

/// Seven products, of which some share what they are sorted by.
async fn seven(app: &TestApp) -> (i64, i64) {
    let staff = staff(app).await;
    let top = category(&staff, "Kitchen", None).await;
    let below = category(&staff, "Kettles", Some(top)).await;
    for (n, (title, price)) in [
        ("delta", 300),
        ("Alpha", 100),
        ("charlie", 300),
        ("Bravo", 200),
        ("echo", 100),
        ("golf", 300),
        ("Foxtrot", 50),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = product(title, &format!("S-{n}"), price);
        body["category_id"] = if n < 3 { json!(below) } else { json!(top) };
        body["tags"] = if n % 2 == 0 { json!(["even"]) } else { json!(["odd", "Сад"]) };
        body["variants"][0]["options"] = json!({"size": if n < 4 { "M" } else { "L" }});
        body["variants"][0]["stock"] = json!(i64::from(n != 5));
        make(&staff, &body).await;
    }
    (top, below)
}

async fn every_order_has_every_product_once_on_pages_of_any_size(app: TestApp) {
    seven(&app).await;
    let client = app.client();
    let by_id = ["delta", "Alpha", "charlie", "Bravo", "echo", "golf", "Foxtrot"];
    let reversed: Vec<&str> = by_id.into_iter().rev().collect();
    let orders: [(&str, Vec<&str>); 6] = [
        ("newest", reversed.clone()),
        ("price", vec!["Foxtrot", "Alpha", "echo", "Bravo", "delta", "charlie", "golf"]),
        ("-price", vec!["golf", "charlie", "delta", "Bravo", "echo", "Alpha", "Foxtrot"]),
        ("rating", reversed.clone()),
        ("popularity", reversed),
        ("title", vec!["Alpha", "Bravo", "charlie", "delta", "echo", "Foxtrot", "golf"]),
    ];
    for (sort, expected) in orders {
        for limit in [1, 2, 3, 7, 100] {
            assert_eq!(titles(&client, &format!("sort={sort}"), limit).await, expected, "{sort} by {limit}");
        }
    }
}

async fn filters_narrow_the_list(app: TestApp) {
    let (top, below) = seven(&app).await;
    let client = app.client();
    for (query, expected) in [
        (format!("category={below}"), vec!["charlie", "Alpha", "delta"]),
        ("category=kettles&tag=EVEN".to_owned(), vec!["charlie", "delta"]),
        (format!("category={top}&price_max=100"), vec!["Foxtrot", "echo", "Alpha"]),
        ("price_min=200&price_max=299".to_owned(), vec!["Bravo"]),
        ("in_stock=false".to_owned(), vec!["golf"]),
        ("tag=%D1%81%D0%B0%D0%B4&sort=title".to_owned(), vec!["Alpha", "Bravo", "golf"]),
        ("option=size:L&sort=title".to_owned(), vec!["echo", "Foxtrot", "golf"]),
        ("rating_min=1".to_owned(), vec![]),
        ("tag=unknown".to_owned(), vec![]),
    ] {
        assert_eq!(titles(&client, &query, 2).await, expected, "{query}");
    }
    let total = client.get(&format!("{PRODUCTS}?category={top}&include_total=true&limit=1")).send().await.expect(200);
    assert_eq!(total.body["total"], 7, "with everything below");
    assert!(total.header("link").is_some_and(|link| link.ends_with("rel=\"next\"")));
}

async fn a_wrong_filter_is_told(app: TestApp) {
    seven(&app).await;
    let client = app.client();
    for (query, pointer) in [
        ("category=nowhere", "/category"),
        ("category=999999", "/category"),
        ("sort=cheapest", "/sort"),
        ("sort=relevance", "/sort"),
        ("price_min=-1", "/price_min"),
        ("price_min=a", "/price_min"),
        ("rating_min=6", "/rating_min"),
        ("option=size", "/option"),
        ("in_stock=perhaps", "/in_stock"),
        ("limit=0", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("colour=blue", "/colour"),
        ("status=sold", "/status"),
    ] {
        let refused = client.get(&format!("{PRODUCTS}?{query}")).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{query}");
    }
    let page = client.get(&format!("{PRODUCTS}?sort=price&limit=1")).send().await.expect(200).body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = client.get(&format!("{PRODUCTS}?sort=title&cursor={cursor}")).send().await;
    assert_eq!(other.expect_problem(422, "validation_failed").body["errors"][0]["pointer"], "/cursor");
}

async fn facets_count_the_whole_list(app: TestApp) {
    let (top, below) = seven(&app).await;
    let client = app.client();
    let facets = async |query: &str| -> Value {
        client.get(&format!("{PRODUCTS}?facets=true&limit=1&{query}")).send().await.expect(200).body["facets"].clone()
    };
    let all = facets("").await;
    assert_eq!(all["categories"], json!([{"category_id": top, "count": 4}, {"category_id": below, "count": 3}]));
    assert_eq!(
        all["tags"],
        json!([{"tag": "even", "count": 4}, {"tag": "odd", "count": 3}, {"tag": "сад", "count": 3}])
    );
    assert_eq!(
        all["options"],
        json!([{"name": "size", "value": "M", "count": 4}, {"name": "size", "value": "L", "count": 3}])
    );
    assert_eq!(facets("category=kettles").await["categories"], json!([{"category_id": below, "count": 3}]));
    assert_eq!(facets("q=alpha").await["tags"], json!([{"tag": "odd", "count": 1}, {"tag": "сад", "count": 1}]));
    let without = client.get(PRODUCTS).send().await.expect(200).body;
    assert!(without.get("facets").is_none() && without.get("total").is_none());
}

async fn an_insert_shifts_no_page(app: TestApp) {
    seven(&app).await;
    let staff = staff(&app).await;
    let first = app.client().get(&format!("{PRODUCTS}?sort=price&limit=3")).send().await.expect(200).body;
    make(&staff, &product("Cheapest", "NEW-1", 1)).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let next =
        app.client().get(&format!("{PRODUCTS}?sort=price&limit=3&cursor={cursor}")).send().await.expect(200).body;
    let found: Vec<_> = next["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect();
    assert_eq!(found, ["Bravo", "delta", "charlie"]);
}

async fn related_products_are_of_the_same_category(app: TestApp) {
    seven(&app).await;
    let staff = staff(&app).await;
    let alone = make(&staff, &product("Alone", "ALONE", 1)).await;
    assert_eq!(alone["related"], json!([]));
    let alpha = app.client().get(&format!("{PRODUCTS}/alpha")).send().await.expect(200).body;
    let related: Vec<_> = alpha["related"].as_array().unwrap().iter().map(|p| p["title"].as_str().unwrap()).collect();
    assert_eq!(related, ["charlie", "delta"]);
    assert_eq!(alpha["related"][0]["price"], money(300));
}

poligon_testkit::tests! { start =>
    every_order_has_every_product_once_on_pages_of_any_size,
    filters_narrow_the_list,
    a_wrong_filter_is_told,
    facets_count_the_whole_list,
    an_insert_shifts_no_page,
    related_products_are_of_the_same_category,
}
