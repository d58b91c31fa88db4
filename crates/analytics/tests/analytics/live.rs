//! Streams of dashboards.

use std::time::{Duration, Instant};

use poligon_testkit::{Backend, EventStream, TestApp};
use serde_json::json;

use crate::world::{analyst, start, telling};

const DASHBOARDS: &str = "/api/analytics/dashboards";

async fn those_who_look_are_told_what_becomes_of_a_dashboard(app: TestApp) {
    let (owner, friend) = (analyst(&app).await, app.sign_in_as(&["manager"]).await);
    let made = owner.post(DASHBOARDS).json(&json!({"title": "Watched"})).send().await.expect(201);
    let at = format!("{DASHBOARDS}/{}", made.id());
    owner.post(&format!("{at}/shares")).json(&json!({"role": "manager", "access": "view"})).send().await.expect(201);
    // Copies tell each other by the bus that they share.
    let other = app.another_copy();
    let other = if app.backend == Backend::Services { &other } else { &app };
    let mut streams = [
        EventStream::open(&app, &format!("{at}/events"), &owner, None).await,
        EventStream::open(other, &format!("{at}/events"), &friend, None).await,
    ];
    for stream in &mut streams {
        let first = stream.try_next().await.unwrap();
        assert_eq!((first.name.as_str(), &first.data), ("ready", &json!({"version": 1})));
    }
    owner.patch(&at).json(&json!({"title": "Changed"})).send().await.expect(200);
    for stream in &mut streams {
        let next = stream.try_next().await.unwrap();
        assert_eq!((next.name.as_str(), &next.data), ("changed", &json!({"version": 2})));
    }
    // Many facts are one sign, or a few.
    for n in 0..30 {
        let event = json!([{"id": n.to_string(), "kind": "page_view", "path": "/"}]);
        telling(&owner, &event).send().await.expect(200);
    }
    for stream in &mut streams {
        assert_eq!(stream.try_next().await.unwrap().name, "figures");
    }
    owner.delete(&at).send().await.expect(204);
    for mut stream in streams {
        let mut signs = 0;
        loop {
            match stream.try_next().await {
                Some(event) if event.name == "figures" => signs += 1,
                Some(event) => assert_eq!(event.name, "deleted"),
                None => break,
            }
        }
        assert!(signs < 5, "{signs}");
    }
}

async fn whoever_may_no_longer_see_it_is_told_nothing_more(app: TestApp) {
    let owner = analyst(&app).await;
    let (friend, colleague) = (app.sign_in_as(&[]).await, app.sign_in_as(&["manager"]).await);
    let made = owner.post(DASHBOARDS).json(&json!({"title": "Watched"})).send().await.expect(201);
    let at = format!("{DASHBOARDS}/{}", made.id());
    let share = async |body| owner.post(&format!("{at}/shares")).json(&body).send().await.expect(201).id();
    let shares = [
        share(json!({"user_id": friend.user_id.unwrap(), "access": "view"})).await,
        share(json!({"role": "manager", "access": "view"})).await,
    ];
    let other = app.another_copy();
    for (person, share) in [friend, colleague].into_iter().zip(shares) {
        let mut stream = EventStream::open(&other, &format!("{at}/events"), &person, None).await;
        assert_eq!(stream.try_next().await.unwrap().name, "ready");
        let since = Instant::now();
        owner.delete(&format!("{at}/shares/{share}")).send().await.expect(204);
        assert!(stream.try_next().await.is_none());
        assert!(since.elapsed() < Duration::from_secs(1), "closed after {:?}", since.elapsed());
    }
}

async fn a_stream_ends_with_the_session_the_person_and_the_role(app: TestApp) {
    app.grant("manager", &[]).await;
    let owner = analyst(&app).await;
    let made = owner.post(DASHBOARDS).json(&json!({"title": "Watched"})).send().await.expect(201);
    let at = format!("{DASHBOARDS}/{}", made.id());
    owner.post(&format!("{at}/shares")).json(&json!({"role": "manager", "access": "view"})).send().await.expect(201);
    for end in [
        "UPDATE sessions SET revoked_at = created_at WHERE user_id =",
        "UPDATE users SET locked_at = created_at WHERE id =",
        "DELETE FROM user_roles WHERE user_id =",
    ] {
        let [colleague, other] = [app.sign_in_as(&["manager"]).await, app.sign_in_as(&["manager"]).await];
        let mut stream = EventStream::open(&app, &format!("{at}/events"), &colleague, None).await;
        let mut others = EventStream::open(&app, &format!("{at}/events"), &other, None).await;
        assert_eq!(stream.try_next().await.unwrap().name, "ready");
        assert_eq!(others.try_next().await.unwrap().name, "ready");
        let since = Instant::now();
        app.sql(format!("{end} {}", colleague.user_id.unwrap())).await;
        assert!(stream.try_next().await.is_none(), "{end}");
        assert!(since.elapsed() < Duration::from_secs(5), "{end}: closed after {:?}", since.elapsed());
        // Whoever else looks is told as before.
        owner.patch(&at).json(&json!({"title": end})).send().await.expect(200);
        assert_eq!(others.try_next().await.unwrap().name, "changed", "{end}");
    }
}

poligon_testkit::tests! { start =>
    those_who_look_are_told_what_becomes_of_a_dashboard,
    whoever_may_no_longer_see_it_is_told_nothing_more,
    a_stream_ends_with_the_session_the_person_and_the_role,
}
