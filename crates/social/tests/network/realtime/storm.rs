//! Much that is stored nowhere, and what must not wait for it.

use std::time::{Duration, Instant};

use poligon_testkit::TestApp;

use super::{group, live, session_of, sql, start, write};
use crate::world::person;

async fn a_storm_holds_up_neither_messages_nor_the_end_of_sessions(app: TestApp) {
    let (ann, bob, cal) = (person(&app).await, person(&app).await, person(&app).await);
    let mut chats = Vec::new();
    for _ in 0..20 {
        chats.push(group(&app, &[&ann, &bob]).await);
    }
    let (mut of_ann, mut of_cal) = (live(&app, &ann).await, live(&app, &cal).await);
    for n in 0..2_000_i64 {
        let chat = chats[usize::try_from(n).unwrap() % chats.len()];
        app.ctx.bus.publish("social.typing", format!("{chat}:{}", 1_000_000 + n));
        app.ctx.bus.publish("social.presence", format!("came:{}", 1_000_000 + n));
    }
    // Both are found by a look, whatever the bus has lost of the storm.
    let (session_id, now) = (session_of(&app, &cal).await, app.ctx.clock.now());
    sql(&app, format!("UPDATE sessions SET revoked_at = '{now}' WHERE id = {session_id}")).await;
    let began = Instant::now();
    app.ctx.session_ended(session_id);
    write(&app, chats[0], &bob, "through it").await;
    assert_eq!(of_cal.end().await, Some(4401));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    while of_ann.next().await["type"] != "message" {}
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

poligon_testkit::tests! { start => a_storm_holds_up_neither_messages_nor_the_end_of_sessions }
