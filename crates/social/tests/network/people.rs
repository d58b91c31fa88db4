//! People: profiles, and how they are found. What other tests of people stand on, too.

use std::time::Duration;

use diesel::prelude::*;
use poligon_core::db::{Db, DbError};
use poligon_core::events;
use poligon_core::on_each;
use poligon_core::schema::users;
use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{USERS, id_of, moderator, person, start};

/// The path of a person, with something behind it: `/follow`.
pub(crate) fn at(person: &Client, behind: &str) -> String {
    format!("{USERS}/{}{behind}", id_of(person))
}

/// A person as somebody sees them.
pub(crate) async fn seen(viewer: &Client, person: &Client) -> Value {
    viewer.get(&at(person, "")).send().await.expect(200).body
}

/// The relationship of a viewer to a person.
pub(crate) async fn relationship(viewer: &Client, person: &Client) -> Value {
    seen(viewer, person).await["relationship"].clone()
}

/// A relationship of which these members are not as between strangers.
pub(crate) fn related(members: &Value) -> Value {
    let mut all = json!({"following": false, "followed_by": false, "requested": false, "requested_by": false,
        "friend": false, "friend_request": null, "blocking": false, "blocked_by": false, "muting": false,
        "muted_until": null});
    all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    all
}

/// Followers, followed people and friends of a person as somebody sees them; the lists and the counts agree.
pub(crate) async fn counts(viewer: &Client, person: &Client) -> (i64, i64, i64) {
    let counts = seen(viewer, person).await["counts"].clone();
    let mut listed = Vec::new();
    for (list, count) in [("/followers", "followers"), ("/following", "following"), ("/friends", "friends")] {
        let path = format!("{}?include_total=true&limit=100", at(person, list));
        let page = viewer.get(&path).send().await.expect(200).body;
        let length = page["items"].as_array().unwrap().len();
        assert_eq!((&page["total"], &json!(length)), (&counts[count], &counts[count]), "{list}");
        listed.push(counts[count].as_i64().unwrap());
    }
    (listed[0], listed[1], listed[2])
}

/// The ids of a list, from all pages of `limit`.
pub(crate) async fn ids(client: &Client, path: &str, limit: usize) -> Vec<i64> {
    let first = format!("{path}{}limit={limit}", if path.contains('?') { '&' } else { '?' });
    let (mut next, mut all) = (first.clone(), Vec::new());
    loop {
        let page = client.get(&next).send().await.expect(200);
        let items = page.body["items"].as_array().expect("items");
        let id = |item: &Value| item["person"]["id"].as_i64().or(item["id"].as_i64()).expect("an id");
        all.extend(items.iter().map(id));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => {
                assert_eq!(items.len(), limit, "a page that is not the last is full");
                assert!(page.header("link").unwrap().contains(cursor));
                next = format!("{first}&cursor={cursor}");
            }
            None => return all,
        }
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// What a query answers as `number`.
pub(crate) async fn number(app: &TestApp, query: &'static str) -> i64 {
    let work = move |db: &mut Db| {
        let row: Number = on_each!(db, c => diesel::sql_query(query).get_result(c))?;
        Ok::<_, DbError>(row.number)
    };
    app.ctx.db.read_primary(work).await.expect("a number")
}

/// Runs a statement, past every rule.
pub(crate) async fn run(app: &TestApp, statement: String) {
    let work = move |db: &mut Db| Ok::<_, DbError>(on_each!(db, c => diesel::sql_query(&statement).execute(c))?);
    app.ctx.db.write(work).await.expect("a statement that runs");
}

/// The counters of all people are what the rows say, and the rows of both directions agree.
pub(crate) async fn expect_exact(app: &TestApp) {
    let wrong = "SELECT count(*) AS number FROM social_profiles AS p WHERE \
        followers_count <> (SELECT count(*) FROM social_ties WHERE other_id = p.user_id AND follow = 'following') \
        OR following_count <> (SELECT count(*) FROM social_ties WHERE user_id = p.user_id AND follow = 'following') \
        OR friends_count <> (SELECT count(*) FROM social_ties WHERE user_id = p.user_id AND friend = 'friends') \
        OR cuts_count <> (SELECT count(*) FROM social_ties WHERE user_id = p.user_id AND cut)";
    assert_eq!(number(app, wrong).await, 0, "profiles count wrong");
    let lone = "SELECT count(*) AS number FROM social_ties AS t WHERE NOT EXISTS (SELECT 1 FROM social_ties AS o \
        WHERE o.user_id = t.other_id AND o.other_id = t.user_id AND o.cut = t.cut AND o.friend = CASE t.friend \
        WHEN 'sent' THEN 'received' WHEN 'received' THEN 'sent' ELSE t.friend END) AND (t.cut OR t.friend <> 'none')";
    assert_eq!(number(app, lone).await, 0, "two directions do not agree");
    let nowhere = "SELECT count(*) AS number FROM social_ties AS t WHERE NOT EXISTS (SELECT 1 FROM social_profiles AS p \
        WHERE p.user_id = t.user_id)";
    assert_eq!(number(app, nowhere).await, 0, "somebody is counted nowhere");
    let empty = "SELECT count(*) AS number FROM social_ties WHERE follow = 'none' AND friend = 'none' AND NOT cut \
        AND NOT muted";
    assert_eq!(number(app, empty).await, 0, "rows say nothing");
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = diesel::sql_types::Text)]
    payload: String,
}

/// Who did something to whom, of all events of a topic, in order.
pub(crate) async fn told(app: &TestApp, topic: &str) -> Vec<(i64, i64)> {
    let of_topic =
        format!("SELECT CAST(payload AS TEXT) AS payload FROM outbox WHERE topic = 'social.{topic}' ORDER BY id");
    let work = move |db: &mut Db| {
        let rows: Vec<Told> = on_each!(db, c => diesel::sql_query(&of_topic).load(c))?;
        Ok::<_, DbError>(rows)
    };
    let rows = app.ctx.db.read_primary(work).await.expect("the outbox");
    let id = |payload: &Value, member: &str| payload[member].as_i64().expect("an id");
    let read = rows.iter().map(|row| serde_json::from_str::<Value>(&row.payload).expect("JSON"));
    read.map(|payload| (id(&payload, "user_id"), id(&payload, "other_id"))).collect()
}

/// Waits until `is` holds of what is answered at a path.
pub(crate) async fn wait_for(client: &Client, path: &str, is: impl Fn(&Reply) -> bool) -> Reply {
    for _ in 0..400 {
        let reply = client.get(path).send().await;
        if is(&reply) {
            return reply;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{path} never answered what was waited for");
}

/// Gives a person names, as the accounts domain does it.
async fn name(app: &TestApp, person: &Client, username: &'static str, display_name: &'static str) {
    let (id, now) = (id_of(person), app.ctx.clock.now());
    let work = move |db: &mut Db| {
        let names = (users::username.eq(username), users::username_key.eq(username));
        diesel::update(users::table.find(id)).set((names, users::display_name.eq(display_name))).execute(db)?;
        let told = json!({"user_id": id});
        events::publish(db, "auth.profile_changed", &format!("user:{id}"), &told, now)
    };
    app.ctx.db.write(work).await.expect("a name");
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn search(text: &str) -> String {
    format!("{USERS}?q={}", encoded(text))
}

async fn a_profile_shows_a_person_and_what_they_are_to_the_viewer(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let me = ann.get(&format!("{USERS}/me")).send().await.expect(200);
    assert_eq!((me.id(), &me.body["relationship"]), (id_of(&ann), &Value::Null));
    assert_eq!(me.header("cache-control"), Some("private, no-cache"));
    assert_eq!((&me.body["bio"], &me.body["locked"]), (&json!(""), &json!(false)));
    assert_eq!(me.body["counts"], json!({"followers": 0, "following": 0, "friends": 0, "posts": 0}));
    assert_eq!((&me.body["display_name"], &me.body["avatar_url"]), (&json!("A Person"), &Value::Null));
    assert!(me.body["joined_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(ann.get(&at(&ann, "")).send().await.expect(200).body, me.body);
    let theirs = bob.get(&at(&ann, "")).send().await.expect(200);
    assert_eq!(theirs.body["relationship"], related(&json!({})));
    let public = app.client().get(&at(&ann, "")).send().await.expect(200);
    assert_eq!(
        (public.header("cache-control"), &public.body["relationship"]),
        (Some("public, no-cache"), &Value::Null)
    );
    let known = public.header("etag").unwrap();
    app.client().get(&at(&ann, "")).header("if-none-match", known).send().await.expect(304);
    app.client().get(&format!("{USERS}/me")).send().await.expect_problem(401, "unauthenticated");
    for id in ["0", "-1", "01", "x", "Me", "999999", "9223372036854775808", "1%00"] {
        ann.get(&format!("{USERS}/{id}")).send().await.expect_problem(404, "not_found");
        ann.get(&format!("{USERS}/{id}/followers")).send().await.expect_problem(404, "not_found");
    }
}

async fn one_changes_ones_own_profile(app: TestApp) {
    let (ann, me) = (person(&app).await, format!("{USERS}/me"));
    let bio = json!({"bio": "Первая строка\r\nand a second"});
    let changed = ann.patch(&me).json(&bio).send().await.expect(200);
    assert_eq!(
        (&changed.body["bio"], changed.header("cache-control")),
        (&json!("Первая строка\nand a second"), Some("no-store"))
    );
    let locked = ann.patch(&me).json(&json!({"locked": true})).send().await.expect(200).body;
    assert_eq!((&locked["bio"], &locked["locked"]), (&changed.body["bio"], &json!(true)));
    assert_eq!(ann.patch(&me).json(&json!({})).send().await.expect(200).body, locked);
    assert_eq!(seen(&app.client(), &ann).await["bio"], locked["bio"]);
    ann.patch(&me).json(&json!({"bio": "a".repeat(500)})).send().await.expect(200);
    for (body, pointer) in [
        (json!({"bio": "a".repeat(501)}), "/bio"),
        (json!({"bio": "bell \u{7}"}), "/bio"),
        (json!({"bio": null}), "/bio"),
        (json!({"bio": 5}), "/bio"),
        (json!({"locked": null}), "/locked"),
        (json!({"locked": "yes"}), "/locked"),
        (json!({"display_name": "Other"}), "/display_name"),
        (json!({"suspended_until": null}), "/suspended_until"),
        (json!({"followers_count": 9}), "/followers_count"),
    ] {
        let refused = ann.patch(&me).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    app.client().patch(&me).json(&json!({})).send().await.expect_problem(401, "unauthenticated");
    ann.patch(&at(&ann, "")).json(&json!({})).send().await.expect_problem(405, "method_not_allowed");
}

async fn posts_are_counted_as_far_as_the_viewer_sees_them(app: TestApp) {
    let (author, follower, friend) = (person(&app).await, person(&app).await, person(&app).await);
    let (stranger, blocked) = (person(&app).await, person(&app).await);
    follower.post(&at(&author, "/follow")).send().await.expect(200);
    friend.post(&at(&author, "/friend")).send().await.expect(200);
    author.post(&at(&friend, "/friend")).send().await.expect(200);
    author.put(&at(&blocked, "/block")).send().await.expect(200);
    let counted = "public_posts = 1, followers_posts = 10, friends_posts = 100, private_posts = 1000";
    run(&app, format!("UPDATE social_profiles SET {counted} WHERE user_id = {}", id_of(&author))).await;
    for (viewer, posts) in [
        (&author, 1111),
        (&friend, 111),
        (&follower, 11),
        (&stranger, 1),
        (&app.client(), 1),
        (&moderator(&app).await, 1),
    ] {
        assert_eq!(seen(viewer, &author).await["counts"]["posts"], posts);
    }
    let counted = format!("UPDATE social_profiles SET public_posts = 5 WHERE user_id = {}", id_of(&blocked));
    run(&app, counted).await;
    assert_eq!(seen(&author, &blocked).await["counts"]["posts"], 0, "whom one blocks has no posts for one");
    assert_eq!(seen(&stranger, &blocked).await["counts"]["posts"], 5);
}

async fn people_are_found_in_both_alphabets(app: TestApp) {
    let mut people = Vec::new();
    for (username, display_name) in [
        ("ivan_petrov", "Иван Петров"),
        ("vanya1990", "Ivan Ivanov"),
        ("fedor", "Фёдор О'Хара"),
        ("olga", "Ольга Сергеевна"),
        ("renee", "Renée Müller"),
        ("王小明", "小明"),
        ("sergey", "Sergei-Andrey"),
    ] {
        let made = person(&app).await;
        name(&app, &made, username, display_name).await;
        people.push(id_of(&made));
    }
    let client = app.client();
    // Who has a new name is told of each for itself, in no order.
    for one in ["ivan_petrov", "vanya1990", "fedor", "olga", "renee", "王小明", "sergey"] {
        wait_for(&client, &search(one), |reply| reply.body["items"][0]["username"] == one).await;
    }
    for (query, found) in [
        ("Ivan", &[0, 1][..]),
        ("Иван", &[0, 1]),
        ("ИВА", &[0, 1]),
        ("петр иван", &[0]),
        ("Ivan Petr", &[0]),
        ("ivan_petrov", &[0]),
        ("Ivan Iv", &[0, 1]), // both words may be the same one
        ("ваня", &[1]),
        ("1990", &[]),
        ("vanya1990", &[1]),
        ("Федор", &[2]),
        ("Фёдор", &[2]),
        ("Fedor", &[2]),
        ("O'Hara", &[]),
        ("О’Хара", &[2]),
        ("Ольга", &[3]),
        ("olga", &[3]),
        ("renee mull", &[4]),
        ("Rene\u{301}e", &[4]),
        ("МЮЛЛЕР", &[]),
        ("王", &[5]),
        ("ming", &[5]),
        ("Сергей", &[6]),
        ("Sergey Андрей", &[6]),
        ("ergey", &[]),
        ("van", &[1]),
        ("%", &[]),
        ("_", &[]),
        ("", &[]),
        ("🎈", &[]),
    ] {
        let expected: Vec<i64> = found.iter().map(|at| people[*at]).collect();
        assert_eq!(ids(&client, &search(query), 2).await, expected, "{query}");
        let total = client.get(&format!("{}&include_total=true", search(query))).send().await.expect(200);
        assert_eq!(total.body["total"], expected.len(), "{query}");
    }
}

async fn whoever_has_another_name_is_found_by_that(app: TestApp) {
    let (ann, client) = (person(&app).await, app.client());
    name(&app, &ann, "ann", "Ann Archer").await;
    wait_for(&client, &search("archer"), |reply| reply.body["items"] != json!([])).await;
    name(&app, &ann, "ann", "Анна Стрелец").await;
    wait_for(&client, &search("strel"), |reply| reply.body["items"] != json!([])).await;
    assert_eq!(ids(&client, &search("archer"), 5).await, [0_i64; 0]);
    // Told again, the same.
    name(&app, &ann, "ann", "Анна Стрелец").await;
    wait_for(&client, &search("strel"), |reply| reply.body["items"].as_array().unwrap().len() == 1).await;
    let words = "SELECT count(*) AS number FROM social_name_words WHERE word LIKE 'a%' OR word LIKE 's%'";
    assert!(number(&app, words).await >= 3);
}

async fn whoever_was_there_before_is_found_in_time(app: TestApp) {
    let (ann, client) = (person(&app).await, app.client());
    let id = id_of(&ann);
    run(&app, format!("UPDATE users SET display_name = 'Quietly Arrived' WHERE id = {id}")).await;
    run(&app, format!("DELETE FROM social_name_words WHERE user_id = {id}")).await;
    for _ in 0..40 {
        // More than once: the job may have been at work when the words were taken away.
        app.clock().advance(chrono::Duration::minutes(6));
        tokio::time::sleep(Duration::from_millis(250)).await;
        if client.get(&search("quiet")).send().await.body["items"][0]["id"] == id {
            return;
        }
    }
    panic!("nobody is found by what they were called before");
}

async fn all_people_are_listed_in_order_of_id(app: TestApp) {
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(person(&app).await);
    }
    let all: Vec<i64> = people.iter().map(id_of).collect();
    let client = app.client();
    for limit in [1, 2, 5, 100] {
        assert_eq!(ids(&client, USERS, limit).await, all);
    }
    let page = client.get(&format!("{USERS}?limit=2&include_total=true")).send().await.expect(200);
    assert_eq!((&page.body["total"], page.header("cache-control")), (&json!(5), Some("public, no-cache")));
    let listed = &page.body["items"][0];
    assert_eq!(
        listed.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["avatar_url", "display_name", "id", "username"]
    );
    // Whoever is hidden, and whoever is gone, is not there.
    people[0].put(&at(&people[1], "/block")).send().await.expect(200);
    run(&app, format!("UPDATE users SET deleted_at = created_at WHERE id = {}", all[4])).await;
    for (viewer, hidden) in [(0, Some(1)), (1, Some(0)), (2, None)] {
        let expected: Vec<i64> = (0..4).filter(|at| Some(*at) != hidden).map(|at| all[at]).collect();
        assert_eq!(ids(&people[viewer], USERS, 2).await, expected, "{viewer}");
        let total = people[viewer].get(&format!("{USERS}?include_total=true")).send().await.expect(200);
        assert_eq!(total.body["total"], expected.len());
    }
    people[0].get(&format!("{USERS}/{}", all[4])).send().await.expect_problem(404, "not_found");
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("cursor=x", "/cursor"),
        ("order=name", "/order"),
        (&format!("q={}", "a".repeat(101)), "/q"),
        ("q=a&q=b", "/q"),
        ("q=%00", "/q"),
    ] {
        let refused = client.get(&format!("{USERS}?{query}")).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
}

/// A cursor of one list is none of another.
async fn a_cursor_fits_its_own_list_only(app: TestApp) {
    let ann = person(&app).await;
    for _ in 0..3 {
        let other = person(&app).await;
        other.post(&at(&ann, "/follow")).send().await.expect(200);
        ann.post(&at(&other, "/follow")).send().await.expect(200);
    }
    let lists = [USERS.to_owned(), at(&ann, "/followers"), at(&ann, "/following")];
    for from in &lists {
        let page = ann.get(&format!("{from}?limit=1")).send().await.expect(200);
        let cursor = page.body["next_cursor"].as_str().unwrap().to_owned();
        for to in lists.iter().chain(&[at(&ann, "/friends"), "/api/social/blocks".into(), "/api/social/mutes".into()]) {
            let reply = ann.get(&format!("{to}?cursor={cursor}")).send().await;
            if from == to {
                reply.expect(200);
            } else {
                assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), ["/cursor"], "{from} {to}");
            }
        }
        let other = person(&app).await;
        if from != USERS {
            let path = from.replace(&id_of(&ann).to_string(), &id_of(&other).to_string());
            ann.get(&format!("{path}?cursor={cursor}")).send().await.expect(422);
        }
    }
}

poligon_testkit::tests! { start =>
    a_profile_shows_a_person_and_what_they_are_to_the_viewer,
    one_changes_ones_own_profile,
    posts_are_counted_as_far_as_the_viewer_sees_them,
    people_are_found_in_both_alphabets,
    whoever_has_another_name_is_found_by_that,
    whoever_was_there_before_is_found_in_time,
    all_people_are_listed_in_order_of_id,
    a_cursor_fits_its_own_list_only,
}
