//! Reviews under concurrent traffic: ratings and votes are exact, whatever comes together.

use std::collections::BTreeMap;
use std::time::Duration;

use poligon_testkit::{Backend, Client, Reply, at_once};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::reviews::{REVIEWS, at, moderator, rating_of, start, text};
use crate::world::{make, path_of, product, staff};

fn statuses(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

async fn a_customer_has_one_review_of_a_product(backend: Backend) {
    let app = start(backend).await;
    let staff = staff(&app).await;
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/reviews", path_of(&kettle));
    for _ in 0..3 {
        let author = app.sign_in_as(&[]).await;
        let replies = at_once((0..12).map(|n| author.post(&path).json(&text(1 + n % 5)).send())).await;
        assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 11));
        let refused = replies.into_iter().find(|reply| reply.status == 409).unwrap();
        refused.expect_problem(409, "review_exists");
        let mine = author.get(&format!("{REVIEWS}/mine?include_total=true")).send().await.expect(200).body;
        assert_eq!(mine["total"], 1);
    }
}

async fn one_of_two_decisions_wins(backend: Backend) {
    let app = start(backend).await;
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    for round in 1..=5 {
        let author = app.sign_in_as(&[]).await;
        let path = format!("{}/reviews", path_of(&kettle));
        let review = author.post(&path).json(&text(5)).send().await.expect(201).body;
        let decision = json!({"status": "approved"});
        let path = format!("{}/status", at(&review));
        let replies = at_once((0..6).map(|_| moderator.put(&path).json(&decision).send())).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 409)), (1, 5));
        assert_eq!(rating_of(&app, &kettle).await["count"], round);
    }
}

/// A moderator who sends the tag approves what they have read, or nothing.
async fn what_changed_while_it_was_read_is_not_approved(backend: Backend) {
    let app = start(backend).await;
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    for round in 0..8 {
        let author = app.sign_in_as(&[]).await;
        let path = format!("{}/reviews", path_of(&kettle));
        let review = author.post(&path).json(&text(5)).send().await.expect(201).body;
        let read = moderator.get(&at(&review)).send().await.expect(200);
        let approve = moderator
            .put(&format!("{}/status", at(&review)))
            .header("if-match", read.header("etag").unwrap())
            .json(&json!({"status": "approved"}))
            .send();
        let edit = author.patch(&at(&review)).json(&json!({"title": "Advertisement"})).send();
        let (approved, edited) = tokio::join!(tokio::spawn(approve), tokio::spawn(edit));
        edited.unwrap().expect(200);
        assert!(matches!(approved.unwrap().status, 200 | 412), "round {round}");
        let seen = author.get(&at(&review)).send().await.expect(200).body;
        assert_eq!(seen["status"], "pending", "round {round}: nobody has read the advertisement");
    }
    assert_eq!(rating_of(&app, &kettle).await["count"], 0);
}

async fn votes_at_once_count_once_for_each_person(backend: Backend) {
    let app = start(backend).await;
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let author = app.sign_in_as(&[]).await;
    let review = author.post(&format!("{}/reviews", path_of(&kettle))).json(&text(5)).send().await.expect(201).body;
    let decision = json!({"status": "approved"});
    moderator.put(&format!("{}/status", at(&review))).json(&decision).send().await.expect(200);
    let path = format!("{}/vote", at(&review));
    let mut voters = Vec::new();
    for _ in 0..5 {
        voters.push(app.sign_in_as(&[]).await);
    }
    for helpful in [true, false] {
        let body = json!({"helpful": helpful});
        let replies = at_once((0..20).map(|n| voters[n % 5].post(&path).json(&body).send())).await;
        assert_eq!(statuses(&replies, 200), 20);
        let seen = author.get(&at(&review)).send().await.expect(200).body;
        let expected = if helpful { (5, 0) } else { (0, 5) };
        assert_eq!((&seen["helpful_count"], &seen["unhelpful_count"]), (&json!(expected.0), &json!(expected.1)));
    }
    let replies = at_once((0..10).map(|n| voters[n % 5].delete(&path).send())).await;
    assert_eq!((statuses(&replies, 204), statuses(&replies, 404)), (5, 5));
    assert_eq!(author.get(&at(&review)).send().await.expect(200).body["unhelpful_count"], 0);
}

/// One person's random deeds: as a customer, and as a moderator where they are one.
async fn deeds(client: Client, products: Vec<Value>, moderates: bool, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..30 {
        let product = &products[rng.random_range(0..products.len())];
        let path = format!("{}/reviews", path_of(product));
        let stars = rng.random_range(1..=5);
        let list = if moderates { format!("{REVIEWS}?sort=newest&limit=100") } else { format!("{path}?limit=100") };
        let seen = client.get(&list).send().await.expect(200).body["items"].as_array().unwrap().clone();
        let mine = client.get(&format!("{REVIEWS}/mine?limit=100")).send().await.expect(200).body["items"].clone();
        let mine = mine.as_array().unwrap();
        let any = |rng: &mut ChaCha8Rng, of: &[Value]| of.get(rng.random_range(0..of.len().max(1))).cloned();
        let reply = match rng.random_range(0..if moderates { 9 } else { 5 }) {
            0 | 1 => client.post(&path).json(&text(stars)).send().await,
            2 => match any(&mut rng, mine) {
                Some(review) => client.patch(&at(&review)).json(&json!({"rating": stars})).send().await,
                None => continue,
            },
            3 => match any(&mut rng, &seen) {
                Some(review) => {
                    let vote = json!({"helpful": rng.random_bool(0.5)});
                    client.post(&format!("{}/vote", at(&review))).json(&vote).send().await
                }
                None => continue,
            },
            4 => match any(&mut rng, &[seen.as_slice(), mine].concat()) {
                Some(review) if rng.random_bool(0.6) => client.delete(&format!("{}/vote", at(&review))).send().await,
                Some(review) => client.delete(&at(&review)).send().await,
                None => continue,
            },
            _ => match any(&mut rng, &seen) {
                Some(review) => {
                    let status = if rng.random_bool(0.7) { "approved" } else { "rejected" };
                    client.put(&format!("{}/status", at(&review))).json(&json!({"status": status})).send().await
                }
                None => continue,
            },
        };
        let expected = [200, 201, 204, 403, 404, 409];
        assert!(expected.contains(&reply.status), "{} {}", reply.status, reply.text);
    }
}

/// Every review of a product, as a moderator sees it.
async fn all_reviews(moderator: &Client, product: &Value) -> Vec<Value> {
    let path = format!("{REVIEWS}?product_id={}&limit=100", product["id"]);
    moderator.get(&path).send().await.expect(200).body["items"].as_array().unwrap().clone()
}

/// What each of these people has voted, by review: helpful and not.
async fn votes_of(people: &[(Client, bool)], products: &[Value]) -> BTreeMap<i64, (i64, i64)> {
    let mut votes: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (person, moderates) in people {
        for product in products {
            let seen = if *moderates {
                all_reviews(person, product).await
            } else {
                let path = format!("{}/reviews?limit=100", path_of(product));
                person.get(&path).send().await.expect(200).body["items"].as_array().unwrap().clone()
            };
            for review in seen.iter().filter(|review| !review["my_vote"].is_null()) {
                let (helpful, unhelpful) = votes.entry(review["id"].as_i64().unwrap()).or_default();
                *(if review["my_vote"] == true { helpful } else { unhelpful }) += 1;
            }
        }
    }
    votes
}

#[allow(clippy::cast_precision_loss)] // a few reviews
async fn ratings_and_votes_are_exact_after_any_traffic(backend: Backend) {
    let app = start(backend).await;
    let staff = staff(&app).await;
    let mut products = Vec::new();
    for n in 0..3 {
        products.push(make(&staff, &product(&format!("Kettle {n}"), &format!("K-{n}"), 100)).await);
    }
    let mut people = Vec::new();
    for n in 0..10 {
        let roles: &[&str] = if n < 4 { &["moderators"] } else { &[] };
        people.push((app.sign_in_as(roles).await, n < 4));
    }
    let busy: Vec<_> = (0_u64..)
        .zip(&people)
        .map(|(seed, (client, moderates))| tokio::spawn(deeds(client.clone(), products.clone(), *moderates, seed)))
        .collect();
    for person in busy {
        person.await.expect("deeds without a surprise");
    }
    let moderator = &people[0].0;
    let votes = votes_of(&people, &products).await;
    let (mut counted, mut voted) = (0, 0);
    for product in &products {
        let reviews = all_reviews(moderator, product).await;
        let mut histogram = BTreeMap::from([1, 2, 3, 4, 5].map(|stars: i64| (stars.to_string(), 0)));
        for review in reviews.iter().filter(|review| review["status"] == "approved") {
            *histogram.get_mut(&review["rating"].to_string()).unwrap() += 1;
            let given = votes.get(&review["id"].as_i64().unwrap()).copied().unwrap_or_default();
            assert_eq!((&review["helpful_count"], &review["unhelpful_count"]), (&json!(given.0), &json!(given.1)));
            voted += given.0 + given.1;
        }
        let count: i64 = histogram.values().sum();
        let sum: i64 = histogram.iter().map(|(stars, n)| stars.parse::<i64>().unwrap() * n).sum();
        let rating = rating_of(&app, product).await;
        assert_eq!((&rating["count"], &rating["histogram"]), (&json!(count), &json!(histogram)));
        let average = rating["average"].as_f64();
        assert_eq!(average.is_some(), count > 0);
        let exact = average.is_none_or(|average| (average - sum as f64 / count as f64).abs() < 0.000_51);
        assert!(exact, "{average:?}: {histogram:?}");
        counted += count;
    }
    assert!(counted > 3 && voted > 0, "{counted} reviews with {voted} votes prove nothing");
}

/// A copy that did not take the change hears of it, as of every change of a product.
async fn a_rating_is_seen_by_another_copy(backend: Backend) {
    let app = start(backend).await;
    let (staff, moderator) = (staff(&app).await, moderator(&app).await);
    let kettle = make(&staff, &product("Kettle", "K-1", 100)).await;
    let other = app.another_copy();
    let there = app.client().towards(other.url());
    for round in 1..=3 {
        there.get(&path_of(&kettle)).send().await.expect(200);
        let author = app.sign_in_as(&[]).await;
        let path = format!("{}/reviews", path_of(&kettle));
        let review = author.post(&path).json(&text(5)).send().await.expect(201).body;
        let decision = json!({"status": "approved"});
        moderator.put(&format!("{}/status", at(&review))).json(&decision).send().await.expect(200);
        assert_eq!(rating_of(&app, &kettle).await["count"], round);
        let mut seen = false;
        for _ in 0..100 {
            seen = there.get(&path_of(&kettle)).send().await.expect(200).body["rating"]["count"] == round;
            if seen {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Copies with a cache in the process are not for one installation; each forgets what itself has changed.
        assert!(seen || backend == Backend::Embedded, "round {round}: the other copy still shows what was");
    }
}

poligon_testkit::tests! {
    a_customer_has_one_review_of_a_product,
    one_of_two_decisions_wins,
    what_changed_while_it_was_read_is_not_approved,
    votes_at_once_count_once_for_each_person,
    ratings_and_votes_are_exact_after_any_traffic,
    a_rating_is_seen_by_another_copy,
}
