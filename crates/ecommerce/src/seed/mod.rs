//! Demo data of the shop: a tree of 25 categories, products with English and Russian titles, what the demo people
//! have bought, and what they say of it. Everything follows from the seed and the anchor.

mod carts;
mod purchases;
mod reviews;
mod rows;
mod words;

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp, dialect};
use poligon_core::on_each;
use poligon_core::security::KeyRing;
use poligon_core::seed::{Plan, Profile};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::schema::categories;
use rows::{Product, Variant};
use words::{LIKE, MATERIALS, SERIES, Shelf, TAGS, TREE};

/// Rows that go to the database at once: below SQLite's limit of 32,766 values.
const BATCH: usize = 500;

/// Makes the demo data of a plan.
pub(crate) fn seed(db: &mut Db, plan: &Plan<'_>, _: &KeyRing) -> Result<(), DbError> {
    let of_profile: u64 = match plan.profile {
        Profile::Empty => return Ok(()),
        Profile::Demo => 300,
        Profile::Large => 1_000_000,
    };
    let wanted = plan.products.unwrap_or(of_profile);
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let shelves = insert_categories(db, plan.before(Duration::days(400)))?;
    let mut next_variant = 1;
    let mut batch = Vec::with_capacity(BATCH);
    for id in 1..=wanted {
        let (category_id, shelf) = &shelves[rng.random_range(0..shelves.len())];
        let made = Made { id: i64::try_from(id).unwrap_or(i64::MAX), category_id: *category_id, of: wanted };
        let product = product(&made, shelf, &mut next_variant, plan, &mut rng);
        batch.push(product);
        if batch.len() == BATCH || id == wanted {
            rows::insert(db, &batch)?;
            batch.clear();
            (plan.progress)("products", id, wanted);
        }
    }
    for table in ["categories", "products", "product_images", "variants"] {
        dialect::reset_identity(db, table)?;
    }
    purchases::insert(db, plan)?;
    carts::insert(db, plan)?;
    if plan.profile == Profile::Demo {
        reviews::insert(db, plan)?;
    }
    Ok(dialect::analyze(db, &["products", "variants", "product_tags", "variant_options", "orders", "order_lines"])?)
}

/// Writes the tree; answers the categories that hold products.
fn insert_categories(db: &mut Db, at: Timestamp) -> Result<Vec<(i64, &'static Shelf)>, DbError> {
    let mut shelves = Vec::new();
    let mut next = 1_i64;
    for (n, (words, below)) in (0_i64..).zip(&TREE) {
        let top = next;
        insert_category(db, top, None, format!("/{top}/"), *words, n, at)?;
        next += 1;
        for (n, shelf) in (0_i64..).zip(below) {
            insert_category(db, next, Some(top), format!("/{top}/{next}/"), shelf.0, n, at)?;
            shelves.push((next, shelf));
            next += 1;
        }
    }
    Ok(shelves)
}

fn insert_category(
    db: &mut Db,
    id: i64,
    parent_id: Option<i64>,
    path: String,
    (slug, english, russian): words::Words,
    position: i64,
    at: Timestamp,
) -> Result<(), DbError> {
    let values = (
        categories::id.eq(id),
        categories::parent_id.eq(parent_id),
        categories::path.eq(path),
        categories::slug.eq(slug),
        categories::title.eq(format!("{english} / {russian}")),
        categories::description.eq(""),
        categories::position.eq(position),
        categories::created_at.eq(at),
        categories::updated_at.eq(at),
    );
    on_each!(db, c => diesel::insert_into(categories::table).values(values).execute(c))?;
    Ok(())
}

/// Which product is made.
struct Made {
    id: i64,
    category_id: i64,
    /// Of how many.
    of: u64,
}

fn product(made: &Made, shelf: &Shelf, next: &mut i64, plan: &Plan<'_>, rng: &mut ChaCha8Rng) -> Product {
    let (english, russian) = shelf.1[rng.random_range(0..shelf.1.len())];
    let (like, like_russian) = LIKE[rng.random_range(0..LIKE.len())];
    let series = SERIES[rng.random_range(0..SERIES.len())];
    // One in three is sold under its Russian name.
    let title = if rng.random_ratio(1, 3) {
        format!("{russian} {series} {like_russian}")
    } else {
        format!("{english} {series} {like}")
    };
    let other = if title.starts_with(english) { russian } else { english };
    let description = format!("**{series}**: {like}, {like_russian}.\n\n*{other}*, model {}.", made.id);
    // Older products have lower ids; the newest is an hour old.
    let age = (u64::try_from(made.id).map_or(0, |id| made.of - id)) * 365 * 24 * 60 / made.of + 60;
    let created_at = plan.before(Duration::minutes(i64::try_from(age).unwrap_or(60)));
    let tags = TAGS.iter().filter(|_| rng.random_ratio(1, 6)).map(|tag| (*tag).to_owned()).collect();
    let material = MATERIALS[rng.random_range(0..MATERIALS.len())];
    let first = *next;
    let price = rng.random_range(3..400) * 100 + [0, 50, 90, 99][rng.random_range(0..4)];
    let count = if rng.random_ratio(1, 3) { 1 } else { rng.random_range(2..=shelf.2.1.len()) };
    let variants: Vec<Variant> = (first..)
        .zip(&shelf.2.1[..count])
        .map(|(id, value)| Variant {
            id,
            sku: format!("P{}-{}", made.id, id - first + 1),
            option: (count > 1).then_some((shelf.2.0, *value)),
            price: price + (id - first) * [0, 0, 100, 500][rng.random_range(0..4)],
            compared: rng.random_ratio(1, 5),
            weight_g: rng.random_range(50..5_000),
            // One in ten is sold out.
            stock: if rng.random_ratio(1, 10) { 0 } else { rng.random_range(1..200) },
        })
        .collect();
    let pictured = plan.profile == Profile::Demo;
    *next = first + i64::try_from(count).unwrap_or(1);
    Product {
        id: made.id,
        title,
        description,
        category_id: made.category_id,
        tags,
        material,
        variants,
        pictured,
        created_at,
    }
}
