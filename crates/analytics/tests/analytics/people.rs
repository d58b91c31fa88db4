//! Funnels, cohorts and people who were active in overlapping times, beside those that are counted here one by one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use poligon_testkit::{Client, TestApp};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::world::{analyst, ask, count, instant, start, telling};

pub(crate) const FUNNEL: &str = "/api/analytics/funnels/query";
pub(crate) const COHORTS: &str = "/api/analytics/cohorts/query";
pub(crate) const ZONES: [Tz; 3] = [Tz::UTC, Tz::Europe__Berlin, Tz::Asia__Kolkata];
const KINDS: [&str; 3] = ["page_view", "product_view", "custom"];
const DAY: i64 = 86_400_000;

pub(crate) struct Deed {
    pub(crate) at: DateTime<Utc>,
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    pub(crate) person: usize,
}

/// What six people did in the last thirty days, by chance.
pub(crate) async fn chance(app: &TestApp) -> Vec<Deed> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let first = instant("2026-03-11T13:00:00Z").millis();
    let mut people: Vec<Client> = Vec::new();
    for _ in 0..6 {
        people.push(app.sign_in_as(&[]).await);
    }
    let deed = |n: usize| {
        let at = first + rng.random_range(0..30 * DAY - 7_200_000);
        let kind = KINDS[rng.random_range(0..3)];
        let number = rng.random_range(1..4);
        let value = if kind == "page_view" {
            format!("/{number}")
        } else if kind == "custom" {
            format!("c{number}")
        } else {
            number.to_string()
        };
        Deed { at: Utc.timestamp_millis_opt(at).unwrap(), kind, value, person: n % 5 } // the sixth does nothing
    };
    let all: Vec<Deed> = (0..90).map(deed).collect();
    for (number, person) in people.iter().enumerate().take(5) {
        let own = all.iter().enumerate().filter(|(_, deed)| deed.person == number);
        let event = |(n, deed): (usize, &Deed)| {
            let mut event = json!({"id": n.to_string(), "kind": deed.kind, "at": deed.at.to_rfc3339()});
            match deed.kind {
                "page_view" => event["path"] = json!(deed.value),
                "custom" => event["name"] = json!(deed.value),
                _ => event["object_id"] = json!(deed.value.parse::<i64>().unwrap()),
            }
            event
        };
        let told = telling(person, &json!(own.map(event).collect::<Vec<_>>())).send().await.expect(200);
        assert_eq!(told.body["refused"], json!([]));
    }
    all
}

/// Who made how many of the steps, from their first one in the days on.
pub(crate) fn went(
    all: &[Deed],
    steps: &[(&str, Option<&str>)],
    days: (&str, &str),
    zone: Tz,
    window: i64,
) -> Vec<usize> {
    let mut reached = vec![0; steps.len()];
    for person in 0..6 {
        let fits = |deed: &&Deed, (kind, value): (&str, Option<&str>)| {
            deed.person == person && deed.kind == kind && value.is_none_or(|value| value == deed.value)
        };
        let local = |deed: &&Deed| {
            (days.0..=days.1).contains(&deed.at.with_timezone(&zone).format("%Y-%m-%d").to_string().as_str())
        };
        let first = all.iter().filter(|deed| fits(deed, steps[0]) && local(deed)).map(|deed| deed.at).min();
        let Some(began) = first else { continue };
        reached[0] += 1;
        let mut at = began;
        for (number, step) in steps.iter().enumerate().skip(1) {
            let again = steps[..number].iter().any(|(kind, _)| *kind == step.0);
            let behind = |deed: &&Deed| if again { deed.at > at } else { deed.at >= at };
            let next = all.iter().filter(|deed| fits(deed, *step) && behind(deed)).map(|deed| deed.at).min();
            match next.filter(|next| (*next - began).num_milliseconds() <= window * DAY) {
                Some(next) => at = next,
                None => break,
            }
            reached[number] += 1;
        }
    }
    reached
}

async fn funnels_are_those_of_the_deeds(app: TestApp) {
    let (all, analyst) = (chance(&app).await, analyst(&app).await);
    let funnels: [&[(&str, Option<&str>)]; 4] = [
        &[("page_view", None), ("product_view", None)],
        &[("page_view", Some("/1")), ("product_view", None), ("custom", Some("c2"))],
        &[("page_view", None), ("page_view", None), ("page_view", None), ("page_view", None)],
        &[("custom", None), ("page_view", Some("/3")), ("custom", None)],
    ];
    let mut seen = BTreeSet::new();
    for zone in ZONES {
        for steps in funnels {
            for (days, window) in [
                (("2026-03-12", "2026-04-10"), 14),
                (("2026-03-20", "2026-03-27"), 3),
                (("2026-03-29", "2026-03-29"), 90),
            ] {
                let step = |(kind, value): &(&str, Option<&str>)| match value {
                    Some(value) => json!({"kind": kind, "values": [value]}),
                    None => json!({"kind": kind}),
                };
                let steps_asked: Vec<Value> = steps.iter().map(step).collect();
                let body = json!({"steps": steps_asked, "from": days.0, "to": days.1, "tz": zone.name(), "window_days": window});
                let answer = analyst.post(FUNNEL).json(&body).send().await.expect(200).body;
                let people: Vec<usize> = answer["steps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|step| usize::try_from(step["people"].as_u64().unwrap()).unwrap())
                    .collect();
                assert_eq!(people, went(&all, steps, days, zone, window), "{body}");
                seen.insert(people.clone());
                let first = &answer["steps"][0];
                assert_eq!(first["of_previous"], json!(null));
                if people[0] > 0 {
                    #[allow(clippy::cast_precision_loss)]
                    let share = people[1] as f64 / people[0] as f64;
                    assert_eq!(answer["steps"][1]["of_first"], json!(share));
                }
            }
        }
    }
    assert!(seen.len() > 6, "the funnels differ too little: {seen:?}");
}

/// Local days on which somebody did something; registrations are told apart.
fn days_of(all: &[Deed], zone: Tz) -> BTreeMap<usize, BTreeSet<NaiveDate>> {
    let mut days: BTreeMap<usize, BTreeSet<NaiveDate>> = BTreeMap::new();
    for deed in all {
        days.entry(deed.person).or_default().insert(deed.at.with_timezone(&zone).date_naive());
    }
    days
}

async fn people_of_the_last_days_are_counted_once(app: TestApp) {
    let (all, analyst) = (chance(&app).await, analyst(&app).await);
    for zone in ZONES {
        let days = days_of(&all, zone);
        let active = |from: NaiveDate, to: NaiveDate| {
            let there = |days: &&BTreeSet<NaiveDate>| days.range(from..=to).next().is_some();
            days.values().filter(there).count()
        };
        let query = |metric: &str, interval: &str| json!({"metric": metric, "from": "2026-03-20", "to": "2026-04-02", "tz": zone.name(), "interval": interval});
        let first = NaiveDate::from_ymd_opt(2026, 3, 20).unwrap();
        let (weekly, monthly) = (
            ask(&analyst, &query("weekly_active_users", "day")).await,
            ask(&analyst, &query("monthly_active_users", "day")).await,
        );
        let sticky = ask(&analyst, &query("stickiness", "day")).await;
        let mut daily = 0;
        for n in 0..14 {
            let day = first + Days::new(n);
            let place = usize::try_from(n).unwrap();
            let value = |answer: &Value| answer["series"][0]["values"][place].as_f64();
            #[allow(clippy::cast_precision_loss)]
            let float = |count: usize| count as f64;
            assert_eq!(value(&weekly), Some(float(active(day - Days::new(6), day))), "{day} {zone}");
            let month = active(day - Days::new(29), day);
            assert_eq!(value(&monthly), Some(float(month)), "{day} {zone}");
            daily += active(day, day);
            let wanted = (month > 0).then(|| float(active(day, day)) / float(month));
            assert_eq!(value(&sticky), wanted, "{day} {zone}");
        }
        let last = first + Days::new(13);
        let month = active(last - Days::new(29), last);
        #[allow(clippy::cast_precision_loss)]
        let mean = daily as f64 / (14 * month) as f64;
        assert_eq!(sticky["series"][0]["total"].as_f64(), Some(mean));
        let weeks = ask(&analyst, &query("weekly_active_users", "week")).await;
        assert_eq!(weeks["buckets"].as_array().unwrap().len(), 3);
        assert_eq!(weeks["series"][0]["total"], weekly["series"][0]["values"][13]);
    }
}

/// More hours than people are looked for in one by one.
async fn people_of_many_hours_are_counted_once(app: TestApp) {
    let (all, analyst) = (chance(&app).await, analyst(&app).await);
    let mut seen = BTreeSet::new();
    for (zone, days) in ZONES.into_iter().flat_map(|zone| [(zone, 7), (zone, 30)]) {
        let metric = if days == 7 { "weekly_active_users" } else { "monthly_active_users" };
        let query =
            json!({"metric": metric, "from": "2026-03-14", "to": "2026-04-05", "tz": zone.name(), "interval": "hour"});
        let answer = ask(&analyst, &query).await;
        let buckets = answer["buckets"].as_array().unwrap();
        assert!(buckets.len() > 500);
        for (bucket, value) in buckets.iter().zip(answer["series"][0]["values"].as_array().unwrap()) {
            let end: DateTime<Utc> = bucket["end"].as_str().unwrap().parse().unwrap();
            let last = (end - chrono::Duration::milliseconds(1)).with_timezone(&zone).date_naive();
            let first = last - Days::new(days - 1);
            let there = |deed: &&Deed| deed.at < end && deed.at.with_timezone(&zone).date_naive() >= first;
            let people: BTreeSet<usize> = all.iter().filter(there).map(|deed| deed.person).collect();
            assert_eq!(count(value), people.len(), "{bucket} {zone} {metric}");
            seen.insert(people.len());
        }
    }
    assert!(seen.len() > 1, "{seen:?}");
}

/// Five people, and when they registered: the accounts tell it, and here it is told as they would.
async fn registered(app: &TestApp) -> Vec<Client> {
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(app.sign_in_as(&[]).await);
    }
    let registered = [
        "2026-03-16T09:00:00Z",
        "2026-03-22T23:30:00Z",
        "2026-03-23T10:00:00Z",
        "2026-03-24T10:00:00Z",
        "2026-04-09T10:00:00Z",
    ];
    for (person, at) in people.iter().zip(registered) {
        let (id, now) = (person.user_id.unwrap(), instant(at));
        let told = json!({"user_id": id});
        let publish =
            move |db: &mut _| poligon_core::events::publish(db, "auth.registered", &format!("user:{id}"), &told, now);
        app.ctx.db.write(publish).await.unwrap();
    }
    while app.number("SELECT count(*) AS n FROM analytics_facts WHERE kind = 'registration'").await < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    people
}

async fn cohorts_are_those_who_registered_together(app: TestApp) {
    let analyst = analyst(&app).await;
    let people = registered(&app).await;
    let see = async |person: usize, at: &str| {
        let event = json!([{"id": at.replace([':', '-'], ""), "kind": "page_view", "path": "/", "at": at}]);
        telling(&people[person], &event).send().await.expect(200);
    };
    see(0, "2026-03-25T10:00:00Z").await;
    see(0, "2026-04-09T10:00:00Z").await;
    see(2, "2026-04-10T10:00:00Z").await;
    see(3, "2026-03-29T21:59:00Z").await; // still Sunday in Berlin
    let kept = async |body: Value| {
        let answer = analyst.post(COHORTS).json(&body).send().await.expect(200).body;
        let cohort = |cohort: &Value| {
            let people = cohort["kept"].as_array().unwrap().iter().map(|kept| kept["people"].as_i64().unwrap());
            (cohort["label"].as_str().unwrap().to_owned(), cohort["size"].as_i64().unwrap(), people.collect::<Vec<_>>())
        };
        answer["cohorts"].as_array().unwrap().iter().map(cohort).collect::<Vec<_>>()
    };
    let row = |label: &str, size: i64, kept: &[i64]| (label.to_owned(), size, kept.to_vec());
    let weeks = json!({"interval": "week", "from": "2026-03-16", "to": "2026-04-10"});
    assert_eq!(
        kept(weeks.clone()).await,
        [
            row("2026-W12", 2, &[2, 1, 0, 1]),
            row("2026-W13", 2, &[2, 0, 1]),
            row("2026-W14", 0, &[0, 0]),
            row("2026-W15", 1, &[1]),
        ]
    );
    // In Berlin, the second registered on Monday.
    let mut berlin = weeks.clone();
    berlin["tz"] = json!("Europe/Berlin");
    assert_eq!(
        kept(berlin).await,
        [
            row("2026-W12", 1, &[1, 1, 0, 1]),
            row("2026-W13", 3, &[3, 0, 1]),
            row("2026-W14", 0, &[0, 0]),
            row("2026-W15", 1, &[1]),
        ]
    );
    let mut looked = weeks;
    looked["returning"] = json!("page_view");
    assert_eq!(kept(looked).await[..2], [row("2026-W12", 2, &[0, 1, 0, 1]), row("2026-W13", 2, &[1, 0, 1])]);
    let months = kept(json!({"interval": "month", "from": "2026-03-16", "to": "2026-04-10"})).await;
    // It goes on behind the last day that is asked for.
    let march = kept(json!({"interval": "month", "from": "2026-03-01", "to": "2026-03-31"})).await;
    assert_eq!(march, [row("2026-03", 4, &[4, 2])]);
    assert_eq!(months, [row("2026-03", 4, &[4, 2]), row("2026-04", 1, &[1])]);
    let days = kept(json!({"interval": "day", "from": "2026-03-01", "to": "2026-04-10"})).await;
    assert_eq!((days.len(), days[0].0.as_str()), (26, "2026-03-16"));
}

async fn wrong_steps_are_named(app: TestApp) {
    let analyst = analyst(&app).await;
    let step = json!({"kind": "order"});
    for (path, body, pointers) in [
        (FUNNEL, json!({"steps": [step]}), vec!["/steps"]),
        (FUNNEL, json!({"steps": vec![json!({"kind": ""}); 9]}), vec!["/steps"]),
        (FUNNEL, json!({"steps": [step, {"kind": "refund"}]}), vec!["/steps/1/kind"]),
        (
            FUNNEL,
            json!({"steps": [step, {"kind": "order", "values": []}], "window_days": 91}),
            vec!["/steps/1/values", "/window_days"],
        ),
        (FUNNEL, json!({"steps": [step, step], "from": "2026-04-11"}), vec!["/from"]),
        (COHORTS, json!({"interval": "hour"}), vec!["/interval"]),
        (COHORTS, json!({"interval": "week", "returning": "refund"}), vec!["/returning"]),
        (COHORTS, json!({"interval": "week", "from": "2026-04-10", "to": "2026-04-09"}), vec!["/to"]),
    ] {
        let reply = analyst.post(path).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), pointers, "{body}");
    }
    app.grant("shopkeeper", &["analytics:shop"]).await;
    let shopkeeper = app.sign_in_as(&["shopkeeper"]).await;
    for (path, body) in [(FUNNEL, json!({"steps": [step, step]})), (COHORTS, json!({"interval": "week"}))] {
        shopkeeper.post(path).json(&body).send().await.expect_problem(403, "metric_forbidden");
    }
}

poligon_testkit::tests! { start =>
    funnels_are_those_of_the_deeds,
    people_of_the_last_days_are_counted_once,
    people_of_many_hours_are_counted_once,
    cohorts_are_those_who_registered_together,
    wrong_steps_are_named,
}
