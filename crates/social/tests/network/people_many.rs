//! People are found, page by page, by the beginning of a word that very many have.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::people::{at, ids};
use crate::planted::{ask, run};
use crate::world::{USERS, id_of, person, start};

/// More than are put together before a page is made.
const MANY: i64 = 1_100;

/// People of whom every fourth is called Zora and the rest Zeno, with a number behind it; their ids.
async fn many(app: &TestApp) -> Vec<i64> {
    let first = ask(app, "SELECT COALESCE(MAX(id), 0) + 1000 AS n FROM users").await;
    let all: Vec<i64> = (first..first + MANY).collect();
    let then = "'2026-01-01T00:00:00.000Z'";
    let of = |id: i64| if (id - first) % 4 == 0 { "zora" } else { "zeno" };
    let rows = all.iter().map(|id| format!("({id}, 'n{id}', 'n{id}', '{}', {then})", of(*id)));
    let rows: Vec<String> = rows.collect();
    run(
        app,
        format!("INSERT INTO users (id, username, username_key, display_name, created_at) VALUES {}", rows.join(",")),
    )
    .await;
    let words: Vec<String> = all.iter().map(|id| format!("('{}', {id}), ('n{id}', {id})", of(*id))).collect();
    // What looks for people whose names cannot be found yet, as an installation of old has them, may have been there first.
    let known = "ON CONFLICT DO NOTHING";
    run(app, format!("INSERT INTO social_name_words (word, user_id) VALUES {} {known}", words.join(","))).await;
    all
}

async fn a_beginning_that_many_have_finds_each_of_them_once(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let all = many(&app).await;
    let total = async |q: &str| -> Value {
        ann.get(&format!("{USERS}?q={q}&limit=1&include_total=true")).send().await.expect(200).body["total"].clone()
    };
    let search = |q: &str| format!("{USERS}?q={q}");
    let zoras: Vec<i64> = all.iter().copied().step_by(4).collect();
    for (q, expected) in [("z", &all), ("n", &all), ("z+n", &all), ("zo", &zoras), ("zo+n", &zoras)] {
        assert_eq!(ids(&bob, &search(q), 100).await, *expected, "{q}");
        assert_eq!(total(q).await, json!(expected.len()), "{q}");
    }
    let one = all[500];
    assert_eq!(ids(&bob, &search(&format!("z+n{one}")), 100).await, [one]);
    assert_eq!(ids(&bob, &search("z+nobody"), 100).await, [0_i64; 0]);
    // Whoever is hidden or gone is not among them.
    run(&app, format!("UPDATE users SET deleted_at = created_at WHERE id = {}", all[0])).await;
    ann.put(&format!("{USERS}/{}/block", all[1])).send().await.expect(200);
    assert_eq!(ids(&ann, &search("z"), 100).await, all[2..]);
    assert_eq!(total("z").await, json!(all.len() - 2));
    assert_eq!(ids(&bob, &search("z"), 100).await, all[1..]);
    bob.get(&at(&ann, "")).send().await.expect(200);
    assert!(id_of(&bob) < all[0]);
}

poligon_testkit::tests! { start =>
    a_beginning_that_many_have_finds_each_of_them_once,
}
