//! Rules of the second factor that two requests can race for.

use poligon_testkit::{Request, TestApp};
use serde_json::json;

use crate::races::{at_once, count};
use crate::second_factor::{begin, challenge, code, next_step, protected};
use crate::world::{PASSWORD, person, start};

fn verify(app: &TestApp, challenge: &str, code: &str) -> Request {
    app.client().post("/api/auth/login/verify").json(&json!({"challenge": challenge, "code": code}))
}

async fn challenges(app: &TestApp, many: usize) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..many {
        all.push(challenge(app, "ann").await);
    }
    all
}

/// Twenty logins with one code: one wins.
async fn a_code_opens_one_session(app: TestApp) {
    let ann = protected(&app, "ann").await;
    for code in [code(&app, &ann.secret, 0), ann.recovery[0].clone()] {
        let waiting = challenges(&app, 20).await;
        let statuses = at_once(waiting.iter().map(|challenge| verify(&app, challenge, &code)).collect()).await;
        assert_eq!(count(&statuses, 200), 1, "{statuses:?}");
        assert_eq!(count(&statuses, 401) + count(&statuses, 429), 19, "{statuses:?}");
        app.clock().advance(chrono::Duration::minutes(20));
    }
}

/// One challenge with ten good codes at once: one session.
async fn a_challenge_opens_one_session(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let waiting = challenge(&app, "ann").await;
    let statuses = at_once(ann.recovery.iter().map(|code| verify(&app, &waiting, code)).collect()).await;
    assert_eq!(count(&statuses, 200), 1, "{statuses:?}");
    assert_eq!(count(&statuses, 401) + count(&statuses, 429), 9, "{statuses:?}");
    let left = ann.me.get("/api/auth/2fa").send().await.expect(200).body["recovery_codes_left"].clone();
    assert_eq!(left, 9, "the others were not used up");
}

/// Of thirty guesses at one challenge five are looked at, however they come.
async fn a_challenge_takes_five_guesses(app: TestApp) {
    protected(&app, "ann").await;
    let waiting = challenge(&app, "ann").await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..30 {
        let guess = verify(&app, &waiting, &format!("{n:06}"));
        tasks.spawn(async move { guess.send().await.problem_code().to_owned() });
    }
    let codes = tasks.join_all().await;
    let looked_at = codes.iter().filter(|code| *code == "invalid_second_factor").count();
    assert_eq!(looked_at, 5, "{codes:?}");
}

/// Nor do many challenges give many guesses: those at once are delayed like those one by one.
async fn many_challenges_take_few_guesses(app: TestApp) {
    protected(&app, "ann").await;
    let waiting = challenges(&app, 40).await;
    let statuses = at_once(waiting.iter().map(|challenge| verify(&app, challenge, "000000")).collect()).await;
    let (looked_at, delayed) = (count(&statuses, 401), count(&statuses, 429));
    assert_eq!((looked_at, delayed), (5, 35), "{statuses:?}");
}

/// Logins that are under way while the factor is switched on: none of them is left as a session with one factor.
async fn no_weaker_session_slips_through(app: TestApp) {
    for round in 0..5 {
        let name = format!("racer{round}");
        let me = person(&app, &name).await;
        let secret = begin(&me).await["secret"].as_str().expect("a secret").to_owned();
        let login = json!({"username": name, "password": PASSWORD});
        let mut requests: Vec<Request> = (0..12).map(|_| app.client().post("/api/auth/login").json(&login)).collect();
        let body = json!({"code": code(&app, &secret, 0)});
        requests.insert(4, me.post("/api/auth/2fa/totp/confirm").json(&body));
        let statuses = at_once(requests).await;
        assert_eq!(count(&statuses, 200), 13, "{statuses:?}");
        let sessions = me.get("/api/auth/sessions?limit=100").send().await.expect(200).body;
        let living = sessions["items"].as_array().expect("sessions");
        assert!(living.iter().all(|session| session["amr"] == json!(["pwd", "otp", "mfa"])), "{sessions}");
        assert_eq!(living.len(), 1, "{sessions}");
    }
}

/// Two first codes at once, each with ten recovery codes: one set of them is the one that works.
async fn an_enrolment_is_confirmed_once(app: TestApp) {
    let me = person(&app, "ann").await;
    let secret = begin(&me).await["secret"].as_str().expect("a secret").to_owned();
    let requests = [0, -1, 1, 0, -1, 1].map(|steps| {
        let body = json!({"code": code(&app, &secret, steps)});
        me.post("/api/auth/2fa/totp/confirm").json(&body)
    });
    let statuses = at_once(requests.into()).await;
    // The sixth may come to its turn while the other five still count as guesses.
    assert_eq!(count(&statuses, 200), 1, "{statuses:?}");
    assert_eq!(count(&statuses, 409) + count(&statuses, 429), 5, "{statuses:?}");
    let left = me.get("/api/auth/2fa").send().await.expect(200).body["recovery_codes_left"].clone();
    assert_eq!(left, 10);
    next_step(&app);
}

poligon_testkit::tests! { start =>
    a_code_opens_one_session,
    a_challenge_opens_one_session,
    a_challenge_takes_five_guesses,
    many_challenges_take_few_guesses,
    no_weaker_session_slips_through,
    an_enrolment_is_confirmed_once,
}
