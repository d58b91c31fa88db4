//! Rows in batches: those of one product together, each SKU and product once in a file.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read;

use poligon_common::Refused;

use super::rows::{ProductCells, Report, Row, RowError, Rows, Unreadable};

/// Rows of a batch, as far as products are not cut.
const ROWS: usize = 200;
/// Rows of a product.
const MOST_OF_PRODUCT: usize = 100;
/// Rows of a file.
const MOST_ROWS: u64 = 1_000_000;

/// The rows of one product.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) slug: String,
    pub(super) product: ProductCells,
    pub(super) rows: Vec<Row>,
}

/// Which texts there were, in 16 bytes each: by two hashes with keys of this process, which nobody can make collide.
#[derive(Default)]
struct Seen {
    known: HashSet<(u64, u64)>,
    hashers: (RandomState, RandomState),
}

impl Seen {
    /// Notes a text; whether it is new.
    fn insert(&mut self, text: &str) -> bool {
        self.known.insert((self.hashers.0.hash_one(text), self.hashers.1.hash_one(text)))
    }
}

/// The batches of a file.
pub(super) struct Batches<R> {
    rows: Rows<R>,
    skus: Seen,
    products: Seen,
    /// The product whose rows are read, good or bad.
    current: String,
    /// A group that is to be added to.
    open: Option<Group>,
    read: u64,
    ended: bool,
}

impl<R: Read> Batches<R> {
    pub(super) fn new(source: R) -> Result<Self, Unreadable> {
        let (skus, products) = (Seen::default(), Seen::default());
        Ok(Self { rows: Rows::new(source)?, skus, products, current: String::new(), open: None, read: 0, ended: false })
    }

    /// The next products, all their rows with them; `None` at the end. Bad rows go into the report.
    pub(super) fn next(&mut self, report: &mut Report) -> Result<Option<Vec<Group>>, Unreadable> {
        let (mut groups, mut count) = (Vec::new(), 0);
        // Rows that are bad count as well: a file of nothing else comes in batches, too.
        while !self.ended && count < ROWS {
            count += 1;
            match self.rows.next()? {
                None => self.ended = true,
                Some(outcome) => {
                    report.rows += 1;
                    self.read += 1;
                    if self.read > MOST_ROWS {
                        let refused = Refused::new("rows", format!("is beyond the {MOST_ROWS} rows of a file"));
                        return Err(Unreadable(RowError::new(self.read + 1, "", refused)));
                    }
                    if let Err(wrong) = outcome.and_then(|row| self.take(row, &mut groups)) {
                        report.skipped += 1;
                        for error in wrong {
                            report.add(error);
                        }
                    }
                }
            }
        }
        if self.ended {
            groups.extend(self.open.take());
        }
        Ok((!groups.is_empty() || !self.ended).then_some(groups))
    }

    fn take(&mut self, row: Row, groups: &mut Vec<Group>) -> Result<(), Vec<RowError>> {
        let number = row.number;
        let wrong = |column, code, message: &str| Err(vec![RowError::new(number, column, Refused::new(code, message))]);
        if self.current != row.slug {
            groups.extend(self.open.take());
            self.current.clone_from(&row.slug);
            if !self.products.insert(&row.slug) {
                self.current.clear(); // so that its next row is refused, too
                return wrong("product", "not_together", "has rows above that do not stand right before this one");
            }
        }
        if !self.skus.insert(&row.sku) {
            return wrong("sku", "duplicate", "stands in a row above");
        }
        let group = self.open.get_or_insert_with(|| Group {
            slug: row.slug.clone(),
            product: row.product.clone(),
            rows: Vec::new(),
        });
        if group.product != row.product {
            return wrong("product", "differs", "says something else of the product than its first row");
        }
        if group.rows.len() == MOST_OF_PRODUCT {
            return wrong("product", "max_items", "has over 100 rows");
        }
        group.rows.push(row);
        Ok(())
    }
}
