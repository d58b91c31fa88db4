//! Demo data: what is counted in it equals its rows, for it is counted before the rows are there.

use poligon_testkit::TestApp;

use crate::rows::number;
use crate::world::start;

/// People of the demo who take part.
const PEOPLE: i64 = 309;

/// The demo data of the network, made for people who have no account.
async fn seeded(app: &TestApp) {
    app.seed_demo(poligon_social::domain(), PEOPLE).await;
}

/// Rows of a table whose counter is not what a query counts for each.
async fn wrong(app: &TestApp, table: &str, counter: &str, counted: &str) -> i64 {
    let statement = format!("SELECT COUNT(*) AS n FROM {table} AS object WHERE {counter} <> ({counted})");
    number(app, statement).await
}

async fn counters_of_demo_data_equal_rows(app: TestApp) {
    seeded(&app).await;
    for kind in ["like", "love", "laugh", "wow", "sad", "angry"] {
        for of in ["post", "comment"] {
            let rows = format!("SELECT COUNT(*) FROM {of}_reactions WHERE {of}_id = object.id AND kind = '{kind}'");
            assert_eq!(wrong(&app, &format!("{of}s"), &format!("{kind}_count"), &rows).await, 0, "{of} {kind}");
        }
        let given = format!("SELECT COUNT(*) AS n FROM post_reactions WHERE kind = '{kind}'");
        assert!(number(&app, given).await > 100, "{kind} is given");
    }
    let comments = "SELECT COUNT(*) FROM comments WHERE post_id = object.id AND status = 'published'";
    assert_eq!(wrong(&app, "posts", "comment_count", comments).await, 0);
    let answers = "SELECT COUNT(*) FROM comments WHERE parent_id = object.id";
    assert_eq!(wrong(&app, "comments", "reply_count", answers).await, 0);
    let score = "SELECT COUNT(*) FROM comment_reactions WHERE comment_id = object.id";
    assert_eq!(wrong(&app, "comments", "score", score).await, 0);
    for visibility in ["public", "followers", "friends", "private"] {
        let posts = format!(
            "SELECT COUNT(*) FROM posts WHERE author_id = object.user_id AND status = 'published' \
             AND visibility = '{visibility}'"
        );
        assert_eq!(wrong(&app, "social_profiles", &format!("{visibility}_posts"), &posts).await, 0, "{visibility}");
    }
    let ties = |of: &str, is: &str| format!("SELECT COUNT(*) FROM social_ties WHERE {of} = object.user_id AND {is}");
    for (counter, of, is) in [
        ("followers_count", "other_id", "follow = 'following'"),
        ("following_count", "user_id", "follow = 'following'"),
        ("friends_count", "user_id", "friend = 'friends'"),
        ("cuts_count", "user_id", "cut"),
    ] {
        assert_eq!(wrong(&app, "social_profiles", counter, &ties(of, is)).await, 0, "{counter}");
    }
}

async fn demo_data_is_of_the_size_that_is_told(app: TestApp) {
    seeded(&app).await;
    for (table, least, most) in [
        ("social_profiles", PEOPLE, PEOPLE),
        ("posts", 5_000, 5_000),
        ("social_ties", 5_000, 20_000),
        ("comments", 3_000, 12_000),
        ("comment_reactions", 300, 5_000),
        ("bookmarks", 100, 1_000),
        ("chats", 60, 80),
        ("messages", 1_000, 5_000),
        ("post_revisions", 100, 400),
    ] {
        let count = number(&app, format!("SELECT COUNT(*) AS n FROM {table}")).await;
        assert!((least..=most).contains(&count), "{table}: {count}");
    }
    let html = "SELECT COUNT(*) AS n FROM comments WHERE html NOT LIKE '<p>%</p>'";
    assert_eq!(number(&app, html).await, 0, "comments are written out");
}

poligon_testkit::tests! { start => counters_of_demo_data_equal_rows, demo_data_is_of_the_size_that_is_told }
