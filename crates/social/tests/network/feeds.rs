//! Feeds: who is in them, in which order, page by page.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::posts::at;
use crate::ties::{are_friends, blocks, follows, mutes, run_sql};
use crate::world::{POSTS, id_of, person, publish, start};

/// The ids of a list, all pages of `limit`.
async fn ids(client: &Client, query: &str, limit: usize) -> Vec<i64> {
    let mut path = format!("{POSTS}?{query}&limit={limit}");
    let mut all = Vec::new();
    loop {
        let page = client.get(&path).send().await.expect(200);
        let items = page.body["items"].as_array().expect("items");
        all.extend(items.iter().map(|post| post["id"].as_i64().expect("an id")));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => {
                assert_eq!(items.len(), limit, "a page that is not the last is full");
                assert!(page.header("link").is_some_and(|link| link.contains(cursor)));
                path = format!("{POSTS}?{query}&limit={limit}&cursor={cursor}");
            }
            None => return all,
        }
    }
}

/// The same for pages of several sizes, which must agree with each other and with the count.
async fn feed(client: &Client, query: &str) -> Vec<i64> {
    let all = ids(client, query, 100).await;
    for limit in [1, 3] {
        assert_eq!(ids(client, query, limit).await, all, "{query} by {limit}");
    }
    let total = client.get(&format!("{POSTS}?{query}&include_total=true&limit=1")).send().await.expect(200).body;
    assert_eq!(total["total"], json!(all.len()), "{query}");
    all
}

fn id(post: &Value) -> i64 {
    post["id"].as_i64().expect("an id")
}

async fn home_is_of_oneself_and_of_whom_one_follows(app: TestApp) {
    let (me, followed, friend) = (person(&app).await, person(&app).await, person(&app).await);
    let (stranger, muted, later) = (person(&app).await, person(&app).await, person(&app).await);
    for other in [&followed, &friend, &muted, &later] {
        follows(&app, &me, other).await;
    }
    are_friends(&app, &me, &friend).await;
    follows(&app, &stranger, &me).await;
    mutes(&app, &me, &muted, None).await;
    let until = app.ctx.clock.now() + chrono::Duration::minutes(5);
    mutes(&app, &me, &later, Some(until.to_string())).await;
    let mut expected = Vec::new();
    for (who, seen) in [(&me, 4), (&followed, 2), (&friend, 3), (&stranger, 0), (&muted, 0), (&later, 0)] {
        for (n, visibility) in ["public", "followers", "friends", "private"].into_iter().enumerate() {
            let post = publish(who, "hello", visibility).await;
            if n < seen {
                expected.insert(0, id(&post));
            }
        }
    }
    assert_eq!(feed(&me, "feed=home").await, expected);
    assert_eq!(feed(&me, "feed=home&q=hello").await, expected);
    assert_eq!(ids(&me, "", 100).await, expected, "home is where one is when nothing is said");
    // Its time is over.
    app.clock().advance(chrono::Duration::minutes(6));
    let later = feed(&me, &format!("feed=user&user_id={}", id_of(&later))).await;
    let expected = [&later[..], &expected].concat();
    assert_eq!(feed(&me, "feed=home").await, expected);
    blocks(&app, &followed, &me).await;
    assert_eq!(feed(&me, "feed=home").await.len(), expected.len() - 2);
    app.client().get(&format!("{POSTS}?feed=home")).send().await.expect_problem(401, "unauthenticated");
    assert_eq!(feed(&person(&app).await, "feed=home").await, Vec::<i64>::new());
}

const COLUMNS: &str =
    "author_id, body, html, content_warning, visibility, status, media, mentions, tags, version, created_at";

/// One writes nearly everything, some write much that is not seen, most write little.
async fn write_much(app: &TestApp, authors: &[Client]) {
    let mut rows = Vec::new();
    for n in 0..400_usize {
        let author = match n % 7 {
            0..=2 => 4,
            3 => n % 30,
            4 => 10 + n % 5,
            5 if n % 2 == 0 => return_to_start(n),
            _ => (n * 31) % 30,
        };
        let visibility = ["public", "private", "followers", "friends"][(n * 13 + author) % 4];
        let status = if n % 11 == 0 { "removed" } else { "published" };
        let values =
            format!("'x', 'x', '', '{visibility}', '{status}', '[]', '[]', '[]', 1, '2026-01-01T00:00:00.000Z'");
        rows.push(format!("({}, {values})", id_of(&authors[author])));
    }
    run_sql(app, format!("INSERT INTO posts ({COLUMNS}) VALUES {}", rows.join(", "))).await;
}

/// Against the definition: home is every post that is seen of whom one follows, whoever has written how many.
async fn home_is_the_same_however_much_people_write(app: TestApp) {
    let me = person(&app).await;
    let mut authors = Vec::new();
    for n in 0..30 {
        let author = person(&app).await;
        if n % 3 > 0 {
            follows(&app, &me, &author).await;
        }
        if n == 4 {
            are_friends(&app, &me, &author).await;
        }
        authors.push(author);
    }
    write_much(&app, &authors).await;
    let mine = id(&publish(&me, "mine", "private").await);
    let mut expected = vec![mine];
    for (n, author) in authors.iter().enumerate().filter(|(n, _)| n % 3 > 0) {
        let seen = ids(&me, &format!("feed=user&user_id={}", id_of(author)), 100).await;
        assert!(n != 4 || seen.len() > 100, "the busy one is busy: {}", seen.len());
        expected.extend(seen);
    }
    expected.sort_unstable_by(|one, other| other.cmp(one));
    assert!(expected.len() > 150, "{}", expected.len());
    // Once as for who follows few, and once as for who follows many.
    for following in [20, 5_000] {
        run_sql(
            &app,
            format!("UPDATE social_profiles SET following_count = {following} WHERE user_id = {}", id_of(&me)),
        )
        .await;
        for limit in [2, 20, 100] {
            assert_eq!(ids(&me, "feed=home", limit).await, expected, "{following} by {limit}");
        }
    }
    // What is far behind the last posts of everybody is found as well.
    let values = "'x', 'x', '', 'public', 'published', '[]', '[]', '[]', 1, '2026-01-01T00:00:00.000Z'";
    for (far, author) in [(1_900, &authors[1]), (2_300, &authors[0]), (9_000, &authors[0])] {
        run_sql(&app, format!("INSERT INTO posts (id, {COLUMNS}) VALUES ({far}, {}, {values})", id_of(author))).await;
        if far == 1_900 {
            expected.insert(0, far);
        }
        for limit in [5, 100] {
            assert_eq!(ids(&me, "feed=home", limit).await, expected, "{far} by {limit}");
        }
    }
}

/// The author whose posts are the oldest.
fn return_to_start(n: usize) -> usize {
    if n < 100 { 1 } else { 2 }
}

async fn global_is_of_everybody_but_whom_one_hides(app: TestApp) {
    let (me, muted, cut) = (person(&app).await, person(&app).await, person(&app).await);
    let other = person(&app).await;
    mutes(&app, &me, &muted, None).await;
    blocks(&app, &cut, &me).await;
    let mut all = Vec::new();
    for who in [&me, &muted, &cut, &other] {
        all.insert(0, id(&publish(who, "hello", "public").await));
        publish(who, "hello", "followers").await;
    }
    assert_eq!(feed(&me, "feed=global").await, [all[0], all[3]]);
    assert_eq!(feed(&app.client(), "feed=global").await, all);
    assert_eq!(ids(&app.client(), "", 100).await, all, "global is where nobody is");
    assert_eq!(feed(&app.client(), "q=hello").await, all);
    let of = |who: &Client| format!("feed=user&user_id={}", id_of(who));
    assert_eq!(feed(&me, &of(&muted)).await, [all[2]], "whom one mutes can be looked at");
    assert_eq!(feed(&me, &of(&cut)).await, Vec::<i64>::new());
    assert_eq!(feed(&me, &format!("user_id={}", id_of(&me))).await.len(), 2);
    assert_eq!(feed(&me, "feed=user&user_id=999999").await, Vec::<i64>::new());
}

async fn a_feed_that_is_none_is_refused(app: TestApp) {
    let me = person(&app).await;
    for (query, pointer) in [
        ("feed=best", "/feed"),
        ("feed=user", "/user_id"),
        ("feed=user&user_id=0", "/user_id"),
        ("feed=user&user_id=x", "/user_id"),
        ("feed=user&user_id=1&tag=a", "/tag"),
        ("feed=home&user_id=1", "/user_id"),
        ("feed=home&tag=a", "/tag"),
        ("feed=tag", "/tag"),
        ("feed=tag&tag=", "/tag"),
        ("feed=tag&tag=a&user_id=1", "/user_id"),
        ("feed=bookmarks&tag=a", "/tag"),
        ("sort=top", "/sort"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("cursor=x", "/cursor"),
        ("cursor=eyJIIjoxfQ&feed=global", "/cursor"),
    ] {
        let refused = me.get(&format!("{POSTS}?{query}")).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
    let long = format!("{POSTS}?q={}", "a".repeat(201));
    assert_eq!(me.get(&long).send().await.expect_problem(422, "validation_failed").pointers(), ["/q"]);
    for n in 0..3 {
        publish(&me, &format!("#a {n}"), "public").await;
    }
    let mine = id_of(&me);
    let feeds = ["feed=home", "feed=global", &format!("user_id={mine}"), "tag=a", "q=a"];
    let cursor = async |query: &str| {
        let page = me.get(&format!("{POSTS}?{query}&limit=1")).send().await.expect(200).body;
        page["next_cursor"].as_str().expect("a cursor").to_owned()
    };
    for (n, of) in feeds.iter().enumerate() {
        let cursor = cursor(of).await;
        for (m, to) in feeds.iter().enumerate() {
            let reply = me.get(&format!("{POSTS}?{to}&cursor={cursor}")).send().await;
            reply.expect(if n == m { 200 } else { 422 });
        }
    }
}

async fn a_page_stays_while_posts_are_written(app: TestApp) {
    let (me, other) = (person(&app).await, person(&app).await);
    follows(&app, &me, &other).await;
    let mut all = Vec::new();
    for n in 0..6 {
        let post = publish(if n % 2 == 0 { &me } else { &other }, &format!("word {n} #tag"), "public").await;
        me.put(&format!("{}/bookmark", at(&post))).send().await.expect(200);
        all.insert(0, id(&post));
    }
    for query in ["feed=home", "feed=global", "tag=tag", "q=word", "feed=bookmarks", "feed=home&q=word"] {
        let first = me.get(&format!("{POSTS}?{query}&limit=2")).send().await.expect(200).body;
        let known: Vec<i64> = first["items"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(known, all[..2], "{query}");
        let new = publish(&other, "word #tag", "public").await;
        me.put(&format!("{}/bookmark", at(&new))).send().await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        let next = me.get(&format!("{POSTS}?{query}&limit=2&cursor={cursor}")).send().await.expect(200).body;
        let next: Vec<i64> = next["items"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(next, all[2..4], "{query}");
        all.insert(0, id(&new));
        // What goes away does not shift a page either.
        other.delete(&at(&new)).send().await.expect(204);
        all.remove(0);
        assert_eq!(ids(&me, query, 2).await, all, "{query}");
    }
}

async fn posts_are_found_by_their_words(app: TestApp) {
    let me = person(&app).await;
    let english = id(&publish(&me, "The **kettles** are boiling over", "public").await);
    let russian = id(&publish(&me, "Зелёные ёлки растут в лесах", "public").await);
    let warned =
        me.post(POSTS).json(&json!({"body": "soup", "content_warning": "onions"})).send().await.expect(201).id();
    for (q, expected) in [
        ("kettle", vec![english]),
        ("boil+kettle", vec![english]),
        ("ket", vec![english]),
        ("kettle+лес", vec![]),
        ("зеленая", vec![russian]),
        ("ЁЛКА+лесу", vec![russian]),
        ("onion", vec![warned]),
        ("nothing", vec![]),
        ("%22%27%29+OR+1%3D1", vec![]),
        ("%2A", vec![]),
        ("", vec![]),
    ] {
        for feed in ["", "&feed=home", "&feed=global", &format!("&user_id={}", id_of(&me))] {
            assert_eq!(ids(&me, &format!("q={q}{feed}"), 1).await, expected, "{q}{feed}");
        }
        let total = me.get(&format!("{POSTS}?q={q}&include_total=true")).send().await.expect(200).body;
        assert_eq!(total["total"], json!(expected.len()), "{q}");
    }
}

async fn posts_are_found_by_their_hashtags(app: TestApp) {
    let me = person(&app).await;
    let one = id(&publish(&me, "#Rust and #Ёлка", "public").await);
    let two = id(&publish(&me, "#rust again", "public").await);
    publish(&me, "`#rust` in code", "public").await;
    for (tag, expected) in [
        ("rust", vec![two, one]),
        ("RUST", vec![two, one]),
        ("%23rust", vec![two, one]),
        ("%D1%91%D0%BB%D0%BA%D0%B0", vec![one]),
        ("none", vec![]),
    ] {
        assert_eq!(feed(&app.client(), &format!("feed=tag&tag={tag}")).await, expected, "{tag}");
    }
}

/// Posts that go and come back while somebody turns the pages: what is there all the time is on one of them.
async fn a_page_goes_on_behind_what_went(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let mut posts = Vec::new();
    for n in 0..12 {
        posts.push(publish(&ann, &format!("#tea {n}"), "public").await);
        bob.put(&format!("{}/bookmark", at(&posts[n]))).send().await.expect(200);
    }
    let stay: Vec<i64> = posts.iter().step_by(2).map(id).collect();
    let done = std::sync::atomic::AtomicBool::new(false);
    let turning = async {
        for round in 0..40 {
            let query = if round % 2 == 0 { "tag=tea" } else { "feed=bookmarks" };
            let mut found = Vec::new();
            let mut path = format!("{POSTS}?{query}&limit=2");
            loop {
                let page = bob.get(&path).send().await.expect(200).body;
                found.extend(page["items"].as_array().unwrap().iter().map(id));
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                path = format!("{POSTS}?{query}&limit=2&cursor={cursor}");
            }
            let missing: Vec<&i64> = stay.iter().filter(|id| !found.contains(id)).collect();
            assert!(missing.is_empty(), "{query}, round {round}: {missing:?}");
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let coming_and_going = async {
        while !done.load(std::sync::atomic::Ordering::SeqCst) {
            for visibility in ["private", "public"] {
                let gone = posts.iter().skip(1).step_by(2);
                let sent = gone.map(|post| ann.patch(&at(post)).json(&json!({"visibility": visibility})).send());
                for reply in futures_util::future::join_all(sent).await {
                    reply.expect(200);
                }
            }
        }
    };
    tokio::join!(turning, coming_and_going);
}

/// The counts of feeds without an end come from those of people: they follow whatever becomes of posts and of people.
async fn totals_follow_what_becomes_of_posts_and_people(app: TestApp) {
    let (me, ann, bob) = (person(&app).await, person(&app).await, person(&app).await);
    for other in [&ann, &bob] {
        me.post(&format!("/api/social/users/{}/follow", id_of(other))).send().await.expect(200);
    }
    are_friends(&app, &me, &bob).await;
    let mut posts = Vec::new();
    for who in [&me, &ann, &bob] {
        for visibility in ["public", "followers", "friends", "private"] {
            posts.push((who, publish(who, "hello", visibility).await));
        }
    }
    let check = async |global: usize, home: usize, of_ann: usize| {
        assert_eq!(feed(&me, "feed=global").await.len(), global);
        assert_eq!(feed(&me, "feed=home").await.len(), home);
        assert_eq!(feed(&me, &format!("user_id={}", id_of(&ann))).await.len(), of_ann);
        assert_eq!(feed(&app.client(), &format!("user_id={}", id_of(&me))).await.len(), 1);
    };
    check(3, 4 + 2 + 3, 2).await;
    let (_, shown) = &posts[4];
    ann.patch(&at(shown)).json(&json!({"visibility": "private"})).send().await.expect(200);
    check(2, 4 + 1 + 3, 1).await;
    ann.patch(&at(&posts[6].1)).json(&json!({"visibility": "public"})).send().await.expect(200);
    check(3, 4 + 2 + 3, 2).await;
    ann.delete(&at(&posts[5].1)).send().await.expect(204);
    check(3, 4 + 1 + 3, 1).await;
    me.put(&format!("/api/social/users/{}/mute", id_of(&bob))).json(&json!({})).send().await.expect(200);
    check(2, 4 + 1, 1).await;
    ann.put(&format!("/api/social/users/{}/block", id_of(&me))).send().await.expect(200);
    check(1, 4, 0).await;
}

/// A mute keeps away what comes by itself, and not what is looked for.
async fn muted_people_come_into_no_feed_and_are_found(app: TestApp) {
    let (me, muted) = (person(&app).await, person(&app).await);
    let mine = id(&publish(&me, "#tea and cake", "public").await);
    let post = publish(&muted, "#tea and cake", "public").await;
    let theirs = id(&post);
    me.put(&format!("{}/bookmark", at(&post))).send().await.expect(200);
    mutes(&app, &me, &muted, None).await;
    for query in ["feed=tag&tag=tea", "feed=tag&tag=tea&q=cake", "feed=global", "feed=global&q=cake"] {
        assert_eq!(feed(&me, query).await, [mine], "{query}");
        assert_eq!(feed(&app.client(), query).await, [theirs, mine], "{query}");
    }
    for query in ["q=cake", &format!("user_id={}&q=cake", id_of(&muted))] {
        assert!(feed(&me, query).await.contains(&theirs), "{query}");
    }
    assert_eq!(feed(&me, "feed=bookmarks").await.len(), 1);
}

async fn a_last_word_of_one_or_two_letters_is_a_whole_word(app: TestApp) {
    let me = person(&app).await;
    let apple = id(&publish(&me, "apples", "public").await);
    let short = id(&publish(&me, "ap 7 я", "public").await);
    let later = id(&publish(&me, "яблоко", "public").await);
    for (q, expected) in [
        ("app", vec![apple]),
        ("ap", vec![short]),
        ("a", vec![]),
        ("7", vec![short]),
        ("7+ap", vec![short]),
        ("ap+app", vec![]),
        ("%D1%8F", vec![short]),
        ("%D1%8F%D0%B1%D0%BB", vec![later]),
    ] {
        for scope in ["", "&feed=home", "&feed=global"] {
            assert_eq!(feed(&me, &format!("q={q}{scope}")).await, expected, "{q}{scope}");
        }
    }
}

poligon_testkit::tests! { start =>
    totals_follow_what_becomes_of_posts_and_people,
    muted_people_come_into_no_feed_and_are_found,
    a_last_word_of_one_or_two_letters_is_a_whole_word,
    home_is_of_oneself_and_of_whom_one_follows,
    home_is_the_same_however_much_people_write,
    global_is_of_everybody_but_whom_one_hides,
    a_feed_that_is_none_is_refused,
    a_page_stays_while_posts_are_written,
    posts_are_found_by_their_words,
    posts_are_found_by_their_hashtags,
    a_page_goes_on_behind_what_went,
}
