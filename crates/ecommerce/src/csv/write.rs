//! Rows on their way to the database, many at once.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Json, kept, planned_anew};
use poligon_core::on_each;

use super::plan::{PlannedProduct, PlannedVariant, Product, Terms, Variant};
use crate::error::Error;
use crate::events;
use crate::products::{index_many, refresh_many, title_key};
use crate::schema::{product_tags, products, stock_journal, variant_options, variants};

/// Makes products that are not there; they have their ids from then on. Answers the ids.
pub(super) fn insert_products(db: &mut Db, new: &mut [PlannedProduct], terms: &Terms) -> Result<Vec<i64>, Error> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = new
        .iter()
        .map(|product| {
            let (says, variants) = (&product.wanted, &product.variants);
            let prices = || variants.iter().map(|variant| variant.wanted.price);
            let in_stock = |variant: &PlannedVariant| !variant.wanted.track_stock || variant.wanted.stock > 0;
            (
                products::slug.eq(&product.slug),
                products::title.eq(&says.title),
                products::title_key.eq(title_key(&says.title)),
                products::description.eq(&says.description),
                products::status.eq(says.status.name()),
                products::category_id.eq(says.category_id),
                (
                    products::price_min.eq(prices().min().unwrap_or(0)),
                    products::price_max.eq(prices().max().unwrap_or(0)),
                    products::in_stock.eq(variants.iter().any(in_stock)),
                ),
                (products::rating_sum.eq(0), products::rating_count.eq(0), products::rating_milli.eq(0)),
                products::sold_count.eq(0),
                products::tags.eq(Json(says.tags.clone())),
                products::attributes.eq(Json(says.attributes.clone())),
                products::version.eq(1),
                products::created_at.eq(terms.now),
                products::updated_at.eq(terms.now),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(products::table).values(rows).execute(c))?;
    let slugs: Vec<&str> = new.iter().map(|product| product.slug.as_str()).collect();
    let made = products::table.filter(products::slug.eq_any(&slugs)).select((products::slug, products::id));
    let ids: BTreeMap<String, i64> = planned_anew(made).load(db)?.into_iter().collect();
    for product in &mut *new {
        let id = ids.get(&product.slug).copied().ok_or(Error::NotFound)?;
        product.known = Some((id, product.wanted.clone()));
    }
    let all: Vec<(i64, &Product)> = new.iter().filter_map(|p| Some((p.known.as_ref()?.0, &p.wanted))).collect();
    insert_words(db, &all)?;
    Ok(ids.into_values().collect())
}

/// Writes the tags of products that have none, and their words.
fn insert_words(db: &mut Db, all: &[(i64, &Product)]) -> Result<(), Error> {
    let tags: Vec<_> = all
        .iter()
        .flat_map(|(id, says)| says.tags.iter().map(move |tag| (tag, *id)))
        .map(|(tag, id)| (product_tags::tag.eq(tag), product_tags::product_id.eq(id)))
        .collect();
    on_each!(db, c => diesel::insert_into(product_tags::table).values(tags).execute(c))?;
    let words: Vec<(i64, &str, String)> = all
        .iter()
        .map(|(id, says)| {
            let values: Vec<&str> = says.attributes.values().map(String::as_str).collect();
            (*id, says.title.as_str(), [says.description.as_str(), &says.tags.join(" "), &values.join(" ")].join(" "))
        })
        .collect();
    Ok(index_many(db, &words)?)
}

/// Whether something of a product or its variants is to be changed.
fn is_changed(product: &PlannedProduct) -> bool {
    let of_variant = |variant: &PlannedVariant| variant.known.as_ref().is_none_or(|(_, now)| *now != variant.wanted);
    product.known.as_ref().is_none_or(|(_, now)| *now != product.wanted) || product.variants.iter().any(of_variant)
}

/// Changes products that are there and their variants. Answers rows whose stock was changed by somebody else meanwhile.
pub(super) fn update_products(
    db: &mut Db,
    known: &[PlannedProduct],
    terms: &Terms,
    changed: &mut Vec<i64>,
) -> Result<Vec<u64>, Error> {
    let mut reworded: Vec<(i64, &Product)> = Vec::new();
    for product in known.iter().filter(|product| is_changed(product)) {
        let Some((id, now)) = &product.known else { continue };
        changed.push(*id);
        // Also the lock of the row: whatever changes variants of a product takes turns.
        let says = &product.wanted;
        let values = (
            products::title.eq(&says.title),
            products::title_key.eq(title_key(&says.title)),
            products::description.eq(&says.description),
            products::status.eq(says.status.name()),
            products::category_id.eq(says.category_id),
            products::tags.eq(Json(says.tags.clone())),
            products::attributes.eq(Json(says.attributes.clone())),
            products::version.eq(products::version + 1),
            products::updated_at.eq(terms.now),
        );
        let row = diesel::update(products::table.find(*id)).set(values).returning(products::id);
        on_each!(db, c => kept(row).load::<i64>(c))?;
        if now != says {
            reworded.push((*id, says));
        }
    }
    if !reworded.is_empty() {
        let ids: Vec<i64> = reworded.iter().map(|(id, _)| *id).collect();
        diesel::delete(product_tags::table.filter(product_tags::product_id.eq_any(ids))).execute(db)?;
        insert_words(db, &reworded)?;
    }
    let all = known.iter().flat_map(|product| &product.variants);
    let mut differing: Vec<(i64, &Variant, &PlannedVariant)> = all
        .filter_map(|variant| {
            let (id, now) = variant.known.as_ref()?;
            (*now != variant.wanted).then_some((*id, now, variant))
        })
        .collect();
    differing.sort_by_key(|(id, ..)| *id);
    update_variants(db, &differing, terms)
}

fn update_variants(
    db: &mut Db,
    differing: &[(i64, &Variant, &PlannedVariant)],
    terms: &Terms,
) -> Result<Vec<u64>, Error> {
    let (mut refused, mut moved, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    let left = (variants::stock_on_hand - variants::stock_reserved, variants::product_id);
    for (id, now, variant) in differing {
        let wanted = &variant.wanted;
        // Whether there are fewer to be sold than there were.
        let fewer = wanted.track_stock && (!now.track_stock || wanted.stock < now.stock);
        let values = (
            variants::options.eq(Json(wanted.options.clone())),
            variants::price.eq(wanted.price),
            variants::compare_at_price.eq(wanted.compared),
            variants::weight_g.eq(wanted.weight_g),
            variants::track_stock.eq(wanted.track_stock),
            variants::updated_at.eq(terms.now),
        );
        let row = variants::table.find(*id);
        if now.stock == wanted.stock {
            let row = diesel::update(row).set(values).returning(left);
            let found: Vec<(i64, i64)> = on_each!(db, c => kept(row).load(c))?;
            gone.extend(found.into_iter().filter(|(free, _)| fewer && *free == 0).map(|(_, of)| (*id, of)));
            continue;
        }
        let as_planned =
            row.filter(variants::stock_on_hand.eq(now.stock)).filter(variants::stock_reserved.le(wanted.stock));
        let counted =
            diesel::update(as_planned).set((values, variants::stock_on_hand.eq(wanted.stock))).returning(left);
        let found: Option<(i64, i64)> = on_each!(db, c => counted.get_result(c).optional())?;
        let Some((free, of)) = found else {
            refused.push(variant.number);
            continue;
        };
        moved.push((*id, wanted.stock - now.stock, "correction", wanted.stock));
        if fewer && free == 0 {
            gone.push((*id, of));
        }
    }
    insert_journal(db, &moved, terms)?;
    events::stock_out(db, &gone, terms.now)?;
    rewrite_options(db, differing)?;
    Ok(refused)
}

/// Writes the options of variants anew that have other ones.
fn rewrite_options(db: &mut Db, differing: &[(i64, &Variant, &PlannedVariant)]) -> Result<(), Error> {
    let other = |now: &Variant, variant: &PlannedVariant| now.options != variant.wanted.options;
    let ids: Vec<i64> = differing.iter().filter(|(_, now, variant)| other(now, variant)).map(|row| row.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    diesel::delete(variant_options::table.filter(variant_options::variant_id.eq_any(&ids))).execute(db)?;
    let of: BTreeMap<i64, i64> = variants::table
        .filter(variants::id.eq_any(&ids))
        .select((variants::id, variants::product_id))
        .load(db)?
        .into_iter()
        .collect();
    let options = differing.iter().filter(|(_, now, variant)| other(now, variant));
    let options = options.filter_map(|(id, _, variant)| Some((*id, *of.get(id)?, &variant.wanted.options)));
    insert_options(db, &options.collect::<Vec<_>>())
}

/// Adds the variants that are not there to products that are.
pub(super) fn insert_variants(db: &mut Db, all: &[&PlannedProduct], terms: &Terms) -> Result<(), Error> {
    let new: Vec<(i64, &PlannedVariant)> = all
        .iter()
        .filter_map(|product| Some((product.known.as_ref()?.0, product)))
        .flat_map(|(id, product)| product.variants.iter().map(move |variant| (id, variant)))
        .filter(|(_, variant)| variant.known.is_none())
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = new
        .iter()
        .map(|(product_id, variant)| {
            let wanted = &variant.wanted;
            (
                variants::product_id.eq(product_id),
                variants::sku.eq(&variant.sku),
                variants::options.eq(Json(wanted.options.clone())),
                variants::price.eq(wanted.price),
                variants::compare_at_price.eq(wanted.compared),
                variants::weight_g.eq(wanted.weight_g),
                variants::track_stock.eq(wanted.track_stock),
                (variants::stock_on_hand.eq(wanted.stock), variants::stock_reserved.eq(0)),
                variants::created_at.eq(terms.now),
                variants::updated_at.eq(terms.now),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(variants::table).values(rows).execute(c))?;
    let skus: Vec<&str> = new.iter().map(|(_, variant)| variant.sku.as_str()).collect();
    let made = variants::table.filter(variants::sku.eq_any(&skus)).select((variants::sku, variants::id));
    let ids: BTreeMap<String, i64> = planned_anew(made).load(db)?.into_iter().collect();
    let made = || new.iter().filter_map(|(product_id, variant)| Some((*ids.get(&variant.sku)?, *product_id, variant)));
    insert_options(db, &made().map(|(id, of, variant)| (id, of, &variant.wanted.options)).collect::<Vec<_>>())?;
    let stocked = made().filter(|(.., variant)| variant.wanted.stock > 0);
    let journal: Vec<_> =
        stocked.map(|(id, _, variant)| (id, variant.wanted.stock, "initial", variant.wanted.stock)).collect();
    insert_journal(db, &journal, terms)
}

/// Options of variants that have none: variant, product, options.
fn insert_options(db: &mut Db, all: &[(i64, i64, &BTreeMap<String, String>)]) -> Result<(), Error> {
    let rows: Vec<_> = all
        .iter()
        .flat_map(|(id, of, options)| options.iter().map(move |(name, value)| (*id, *of, name, value)))
        .map(|(id, of, name, value)| {
            (
                variant_options::name.eq(name),
                variant_options::value.eq(value),
                variant_options::variant_id.eq(id),
                variant_options::product_id.eq(of),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(variant_options::table).values(rows).execute(c))?;
    Ok(())
}

/// Changes of stocks: variant, pieces more, why, pieces behind it.
fn insert_journal(db: &mut Db, moved: &[(i64, i64, &str, i64)], terms: &Terms) -> Result<(), Error> {
    let rows: Vec<_> = moved
        .iter()
        .map(|(id, delta, reason, after)| {
            (
                stock_journal::variant_id.eq(*id),
                stock_journal::delta.eq(*delta),
                stock_journal::reason.eq(*reason),
                stock_journal::note.eq("import"),
                stock_journal::on_hand_after.eq(*after),
                stock_journal::actor_id.eq(terms.actor),
                stock_journal::created_at.eq(terms.now),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(stock_journal::table).values(rows).execute(c))?;
    Ok(())
}

/// Brings price ranges and stock flags of products that were there in step with their variants.
pub(super) fn refresh_known(db: &mut Db, known: &[PlannedProduct], _: &Terms) -> Result<(), Error> {
    let changed = known.iter().filter(|product| is_changed(product));
    refresh_many(db, &changed.filter_map(|product| Some(product.known.as_ref()?.0)).collect::<Vec<_>>())
}

/// Tells what has changed, in one event for the batch.
pub(super) fn tell(db: &mut Db, changed: &[i64], terms: &Terms) -> Result<(), Error> {
    if changed.is_empty() { Ok(()) } else { Ok(events::products_imported(db, changed, terms.now)?) }
}
