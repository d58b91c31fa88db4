//! What follows the commit of a change of stock: ready answers that show it are forgotten, and the products of which
//! the last free piece went (or the first came back) are brought in step. The event of the change does the same again,
//! for the copy that died in between. Products are not locked by the placing itself: many orders at once share them.

use poligon_core::Ctx;
use poligon_core::db::{DbError, Timestamp};

use crate::error::Error;
use crate::events::{forget_product, product_changed};
use crate::products;

/// Forgets what shows these products; with `turned`, their stock flags are refreshed first.
pub(crate) async fn stock_moved(ctx: &Ctx, product_ids: Vec<i64>, turned: bool) -> Result<(), DbError> {
    if turned {
        let (ids, now) = (product_ids.clone(), ctx.clock.now());
        let refreshed = ctx.db.write(move |db| {
            for id in &ids {
                refresh(db, *id, now)?;
            }
            Ok::<_, Error>(())
        });
        if let Err(Error::Db(error)) = refreshed.await {
            return Err(error);
        }
    }
    for id in product_ids {
        forget_product(ctx, id, turned);
    }
    Ok(())
}

fn refresh(db: &mut poligon_core::db::Db, id: i64, now: Timestamp) -> Result<(), Error> {
    if products::refresh(db, id)? {
        product_changed(db, id, true, now)?;
    }
    Ok(())
}
