//! Who is there, and who writes.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use super::{Socket, add, befriend, connect, cut, group, live, sql, start};
use crate::world::{USERS, id_of, person};

fn presence(user: &Client, status: &str) -> Value {
    json!({"user_id": id_of(user), "status": status})
}

/// Who comes or goes. Notifications of requests come when their events are delivered, before or after.
async fn told(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.next().await;
        if frame["type"] != "notification" {
            assert_eq!(frame["type"], "presence", "{frame}");
            return frame["data"].clone();
        }
    }
}

/// A direct conversation of two people.
async fn direct(app: &TestApp, one: &Client, other: &Client) -> i64 {
    let chat = group(app, &[]).await;
    sql(app, format!("UPDATE chats SET kind = 'direct', pair = '{}:{}' WHERE id = {chat}", id_of(one), id_of(other)))
        .await;
    add(app, chat, one).await;
    add(app, chat, other).await;
    chat
}

async fn friends_and_partners_see_who_comes_and_goes(app: TestApp) {
    let (ann, bob, cal, eve) = (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    befriend(&app, &ann, &bob).await;
    direct(&app, &ann, &cal).await;
    group(&app, &[&ann, &eve]).await;
    let (mut of_bob, mut of_cal, mut of_eve) = (live(&app, &bob).await, live(&app, &cal).await, live(&app, &eve).await);
    let of_ann = connect(&app, &ann).await;
    for socket in [&mut of_bob, &mut of_cal] {
        assert_eq!(told(socket).await, presence(&ann, "online"));
    }
    // A second connection is nothing new, and neither is its end.
    let second = live(&app, &ann).await;
    drop(second);
    of_bob.expect_silence().await;
    drop(of_ann);
    for socket in [&mut of_bob, &mut of_cal] {
        assert_eq!(told(socket).await, presence(&ann, "offline"));
    }
    of_eve.expect_silence().await;
}

async fn whoever_comes_is_told_who_is_there(app: TestApp) {
    let (ann, bob, cal) = (person(&app).await, person(&app).await, person(&app).await);
    befriend(&app, &ann, &bob).await;
    befriend(&app, &ann, &cal).await;
    let _of_bob = live(&app, &bob).await;
    let mut of_ann = live(&app, &ann).await;
    assert_eq!(told(&mut of_ann).await, presence(&bob, "online"));
    of_ann.expect_silence().await;
}

async fn a_block_makes_people_vanish(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    direct(&app, &ann, &bob).await;
    let mut of_ann = live(&app, &ann).await;
    let of_bob = live(&app, &bob).await;
    assert_eq!(told(&mut of_ann).await, presence(&bob, "online"));
    cut(&app, &bob, &ann).await;
    assert_eq!(told(&mut of_ann).await, presence(&bob, "offline"));
    drop(of_bob);
    let _back = live(&app, &bob).await;
    of_ann.expect_silence().await;
}

/// By the API alone: whoever becomes a friend is seen at once, and whoever is none any more is not.
async fn friends_see_each_other_from_the_moment_they_are_friends(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (mut of_ann, mut of_bob) = (live(&app, &ann).await, live(&app, &bob).await);
    let friend = |other: &Client| format!("{USERS}/{}/friend", id_of(other));
    for accepts in [true, false] {
        ann.post(&friend(&bob)).send().await.expect(200);
        if accepts {
            let accept = format!("/api/social/friend-requests/{}/accept", id_of(&ann));
            bob.post(&accept).send().await.expect(200);
        } else {
            bob.post(&friend(&ann)).send().await.expect(200);
        }
        assert_eq!(told(&mut of_ann).await, presence(&bob, "online"));
        assert_eq!(told(&mut of_bob).await, presence(&ann, "online"));
        bob.delete(&friend(&ann)).send().await.expect(204);
        assert_eq!(told(&mut of_ann).await, presence(&bob, "offline"));
        assert_eq!(told(&mut of_bob).await, presence(&ann, "offline"));
    }
}

async fn writing_is_told_to_the_others(app: TestApp) {
    let (ann, bob, cal, eve) = (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob, &cal]).await;
    cut(&app, &ann, &cal).await;
    let mut of_ann = live(&app, &ann).await;
    let (mut of_bob, mut of_cal, mut of_eve) = (live(&app, &bob).await, live(&app, &cal).await, live(&app, &eve).await);
    for _ in 0..3 {
        of_ann.send(&json!({"type": "typing", "chat_id": chat})).await; // the later ones are not passed on
    }
    let frame = of_bob.next_of("typing").await;
    assert_eq!((&frame["chat_id"], &frame["data"]["user_id"]), (&json!(chat), &json!(id_of(&ann))));
    assert!(frame["seq"].is_null() && frame["cursor"].is_null());
    for socket in [&mut of_ann, &mut of_bob, &mut of_cal, &mut of_eve] {
        socket.expect_silence().await;
    }
}

async fn whoever_is_suspended_writes_nothing(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let until = app.ctx.clock.now() + chrono::Duration::days(1);
    sql(&app, format!("INSERT INTO social_profiles (user_id, suspended_until) VALUES ({}, '{until}')", id_of(&ann)))
        .await;
    let (mut of_ann, mut of_bob) = (live(&app, &ann).await, live(&app, &bob).await);
    of_ann.send(&json!({"type": "typing", "chat_id": chat})).await;
    assert_eq!(of_ann.next_of("error").await["data"]["code"], "suspended");
    of_bob.expect_silence().await;
}

/// Over Redis the copies know of each other's people; without it each knows its own.
#[cfg(feature = "services")]
mod copies {
    use poligon_testkit::{Backend, TestApp};

    use super::{befriend, live, person, presence, start, told};

    async fn people_of_another_copy_are_seen(app: TestApp) {
        let (ann, bob) = (person(&app).await, person(&app).await);
        befriend(&app, &ann, &bob).await;
        let other = app.another_copy();
        let mut of_bob = live(&app, &bob).await;
        let of_ann = live(&other, &ann).await;
        assert_eq!(told(&mut of_bob).await, presence(&ann, "online"));
        let second = live(&app, &ann).await;
        drop(of_ann);
        of_bob.expect_silence().await; // still here by the second
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        of_bob.expect_silence().await;
        drop(second);
        assert_eq!(told(&mut of_bob).await, presence(&ann, "offline"));
    }

    #[test]
    fn services() {
        poligon_testkit::run(async { people_of_another_copy_are_seen(start(Backend::Services).await).await });
    }
}

poligon_testkit::tests! { start =>
    friends_and_partners_see_who_comes_and_goes,
    whoever_comes_is_told_who_is_there,
    a_block_makes_people_vanish,
    friends_see_each_other_from_the_moment_they_are_friends,
    writing_is_told_to_the_others,
    whoever_is_suspended_writes_nothing,
}
