//! The tree of categories.

use poligon_testkit::TestApp;
use serde_json::json;

use crate::world::{CATEGORIES, category, make, product, staff, start};

async fn a_category_is_made_read_changed_and_removed(app: TestApp) {
    let staff = staff(&app).await;
    let body = json!({"title": "Чайники и кофе", "description": "Всё для чая", "position": 3});
    let made = staff.post(CATEGORIES).json(&body).send().await.expect(201);
    let path = format!("{CATEGORIES}/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(
        (&made.body["slug"], &made.body["path"]),
        (&json!("chainiki-i-kofe"), &json!(format!("/{}/", made.id())))
    );
    assert_eq!(app.client().get(&path).send().await.expect(200).body, made.body);
    let patch = json!({"title": "Kettles", "slug": "kettles"});
    let changed = staff.patch(&path).json(&patch).send().await.expect(200).body;
    assert_eq!(
        (&changed["title"], &changed["slug"], &changed["position"]),
        (&json!("Kettles"), &json!("kettles"), &json!(3))
    );
    let whole = staff.put(&path).json(&json!({"title": "Pots"})).send().await.expect(200).body;
    assert_eq!((&whole["title"], &whole["slug"], &whole["position"]), (&json!("Pots"), &json!("kettles"), &json!(0)));
    assert_eq!(app.client().get(&path).send().await.expect(200).body, whole);
    staff.delete(&path).send().await.expect(204);
    staff.delete(&path).send().await.expect_problem(404, "not_found");
    app.client().get(&path).send().await.expect_problem(404, "not_found");
}

async fn slugs_are_unique(app: TestApp) {
    let staff = staff(&app).await;
    let mut slugs = Vec::new();
    for _ in 0..3 {
        let made = staff.post(CATEGORIES).json(&json!({"title": "Lamps"})).send().await.expect(201).body;
        slugs.push(made["slug"].as_str().unwrap().to_owned());
    }
    assert_eq!(slugs, ["lamps", "lamps-2", "lamps-3"]);
    let taken = json!({"title": "Others", "slug": "lamps"});
    staff.post(CATEGORIES).json(&taken).send().await.expect_problem(409, "slug_taken");
    let id = category(&staff, "Others", None).await;
    let patch = json!({"slug": "lamps-2"});
    staff.patch(&format!("{CATEGORIES}/{id}")).json(&patch).send().await.expect_problem(409, "slug_taken");
}

async fn a_moved_category_takes_everything_below_along(app: TestApp) {
    let staff = staff(&app).await;
    let a = category(&staff, "A", None).await;
    let b = category(&staff, "B", Some(a)).await;
    let c = category(&staff, "C", Some(b)).await;
    let other = category(&staff, "Other", None).await;
    staff.patch(&format!("{CATEGORIES}/{b}")).json(&json!({"parent_id": other})).send().await.expect(200);
    let path = async |id: i64| staff.get(&format!("{CATEGORIES}/{id}")).send().await.expect(200).body["path"].clone();
    assert_eq!(path(c).await, json!(format!("/{other}/{b}/{c}/")));
    staff.patch(&format!("{CATEGORIES}/{b}")).json(&json!({"parent_id": null})).send().await.expect(200);
    assert_eq!(path(c).await, json!(format!("/{b}/{c}/")));
    for below in [b, c] {
        let moved = staff.patch(&format!("{CATEGORIES}/{b}")).json(&json!({"parent_id": below})).send().await;
        moved.expect_problem(409, "category_cycle");
    }
    let unknown = staff.patch(&format!("{CATEGORIES}/{b}")).json(&json!({"parent_id": 999_999})).send().await;
    assert_eq!(unknown.expect_problem(422, "validation_failed").body["errors"][0]["pointer"], "/parent_id");
}

async fn the_tree_has_at_most_eight_levels(app: TestApp) {
    let staff = staff(&app).await;
    let mut parent = None;
    for level in 1..=8 {
        parent = Some(category(&staff, &format!("Level {level}"), parent).await);
    }
    let ninth = json!({"title": "Level 9", "parent_id": parent});
    staff.post(CATEGORIES).json(&ninth).send().await.expect_problem(409, "category_too_deep");
    let tall = category(&staff, "Tall", None).await;
    category(&staff, "Below", Some(tall)).await;
    let moved =
        staff.patch(&format!("{CATEGORIES}/{tall}")).json(&json!({"parent_id": parent.map(|id| id - 1)})).send().await;
    moved.expect_problem(409, "category_too_deep");
}

async fn a_category_in_use_stays(app: TestApp) {
    let staff = staff(&app).await;
    let top = category(&staff, "Top", None).await;
    let below = category(&staff, "Below", Some(top)).await;
    staff.delete(&format!("{CATEGORIES}/{top}")).send().await.expect_problem(409, "category_in_use");
    let mut body = product("Kettle", "K-1", 100);
    body["category_id"] = json!(below);
    make(&staff, &body).await;
    let refused = staff.delete(&format!("{CATEGORIES}/{below}")).send().await.expect_problem(409, "category_in_use");
    assert!(refused.body["detail"].as_str().unwrap().contains("1 products"), "{}", refused.text);
}

async fn every_page_of_the_list_is_there(app: TestApp) {
    let staff = staff(&app).await;
    for n in 0..5 {
        category(&staff, &format!("Category {n}"), None).await;
    }
    let first = app.client().get(&format!("{CATEGORIES}?limit=3&include_total=true")).send().await.expect(200);
    assert_eq!((first.body["items"].as_array().unwrap().len(), &first.body["total"]), (3, &json!(5)));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = app.client().get(&format!("{CATEGORIES}?limit=3&cursor={cursor}")).send().await.expect(200).body;
    let seen: Vec<_> =
        [&first.body, &second].iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
    let titles: Vec<_> = seen.iter().map(|item| item["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Category 0", "Category 1", "Category 2", "Category 3", "Category 4"]);
    assert!(second["next_cursor"].is_null());
}

poligon_testkit::tests! { start =>
    a_category_is_made_read_changed_and_removed,
    slugs_are_unique,
    a_moved_category_takes_everything_below_along,
    the_tree_has_at_most_eight_levels,
    a_category_in_use_stays,
    every_page_of_the_list_is_there,
}
