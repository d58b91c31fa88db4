//! Text search in Russian and English.

use poligon_testkit::TestApp;
use serde_json::json;

use crate::world::{PRODUCTS, make, path_of, product, staff, start, titles};

async fn shelf(app: &TestApp) {
    let staff = staff(app).await;
    for (n, (title, description)) in [
        ("Чайник Нева", "Свистящий, из стали, для уютной кухни."),
        ("Кружки для чая", "Шесть штук. Хороши и зелёные, и синие."),
        ("Running shoes", "Light shoes for runners, made of mesh."),
        ("Kettle Orion", "Boils a litre of water; чайник на каждый день."),
        ("Shoe polish", "Black."),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = product(title, &format!("S-{n}"), 100 + i64::try_from(n).unwrap());
        body["description"] = json!(description);
        body["tags"] = json!([if n % 2 == 0 { "gift" } else { "sale" }]);
        make(&staff, &body).await;
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |out, b| out + &format!("%{b:02X}"))
}

async fn words_are_found_in_every_form(app: TestApp) {
    shelf(&app).await;
    let client = app.client();
    for (q, expected) in [
        ("чайники", vec!["Kettle Orion", "Чайник Нева"]),
        ("ЧАЙНИКАМИ", vec!["Kettle Orion", "Чайник Нева"]),
        ("кружка чай", vec!["Кружки для чая"]),
        ("зеленый", vec!["Кружки для чая"]),
        ("shoe", vec!["Running shoes", "Shoe polish"]),
        ("runs shoes", vec!["Running shoes"]),
        ("run", vec!["Running shoes"]),
        ("boiling kettles", vec!["Kettle Orion"]),
        ("kettle чайник", vec!["Kettle Orion"]),
        ("polis", vec!["Shoe polish"]),
        ("сталь кух", vec!["Чайник Нева"]),
        ("gift", vec!["Running shoes", "Shoe polish", "Чайник Нева"]),
        ("nothing like that", vec![]),
    ] {
        for sort in ["relevance", "title"] {
            let mut found = titles(&client, &format!("q={}&sort={sort}", encoded(q)), 1).await;
            found.sort();
            assert_eq!(found, expected, "{q} by {sort}");
        }
    }
}

async fn the_best_match_comes_first(app: TestApp) {
    shelf(&app).await;
    let found = titles(&app.client(), &format!("q={}", encoded("чайник")), 1).await;
    assert_eq!(found, ["Чайник Нева", "Kettle Orion"], "a title weighs more than a description");
}

async fn a_search_can_be_narrowed(app: TestApp) {
    shelf(&app).await;
    let client = app.client();
    let shoe = encoded("shoes");
    assert_eq!(titles(&client, &format!("q={shoe}&price_max=102"), 5).await, ["Running shoes"]);
    assert_eq!(titles(&client, &format!("q={shoe}&price_min=103"), 5).await, ["Shoe polish"]);
    assert_eq!(titles(&client, &format!("q={}&tag=sale", encoded("чайник")), 5).await, ["Kettle Orion"]);
    assert_eq!(titles(&client, &format!("q={shoe}&in_stock=false"), 5).await, Vec::<String>::new());
    assert_eq!(titles(&client, &format!("q={shoe}&option=size:M"), 5).await, Vec::<String>::new());
    let total = client.get(&format!("{PRODUCTS}?q={shoe}&include_total=true&limit=1")).send().await.expect(200).body;
    assert_eq!(total["total"], 2);
}

async fn an_edit_is_found_and_what_was_is_not(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle", "K-1", 100)).await;
    staff.patch(&path_of(&made)).json(&json!({"title": "Samovar", "tags": ["brass"]})).send().await.expect(200);
    let client = app.client();
    assert_eq!(titles(&client, "q=kettle", 5).await, Vec::<String>::new());
    assert_eq!(titles(&client, "q=samovar", 5).await, ["Samovar"]);
    assert_eq!(titles(&client, "q=brass", 5).await, ["Samovar"]);
    staff.delete(&path_of(&made)).send().await.expect(204);
    assert_eq!(titles(&client, "q=samovar", 5).await, Vec::<String>::new());
}

async fn no_query_is_syntax(app: TestApp) {
    shelf(&app).await;
    let client = app.client();
    for q in [
        "\"",
        "'",
        "' OR 1=1 --",
        "shoe*",
        "shoe & polish",
        "shoe | x",
        "NOT shoe",
        "title:shoe",
        "(shoe",
        "shoe)",
        "!shoe",
        "<->",
        "a:*",
        "NEAR(a b)",
        "^shoe",
        "{title}: shoe",
        "-",
        "***",
        "\\",
        "%",
        "_",
        "😀",
        "AND",
        "OR",
        "🦀 shoe",
        "' UNION SELECT password_hash FROM accounts --",
        "shoe\u{301}",
        "\u{202e}shoe",
    ] {
        let reply = client.get(&format!("{PRODUCTS}?q={}", encoded(q))).send().await;
        assert_eq!(reply.status, 200, "{q}: {}", reply.text);
    }
    let long = encoded(&"шлюпка ".repeat(28));
    client.get(&format!("{PRODUCTS}?q={long}")).send().await.expect(200);
    client.get(&format!("{PRODUCTS}?q={}", "a".repeat(201))).send().await.expect_problem(422, "validation_failed");
}

poligon_testkit::tests! { start =>
    words_are_found_in_every_form,
    the_best_match_comes_first,
    a_search_can_be_narrowed,
    an_edit_is_found_and_what_was_is_not,
    no_query_is_syntax,
}
