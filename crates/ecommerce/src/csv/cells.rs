//! Columns.

/// The columns, in the order in which they are written.
pub(super) const COLUMNS: [&str; 15] = [
    "product",
    "title",
    "description",
    "status",
    "category",
    "tags",
    "attributes",
    "sku",
    "options",
    "price",
    "currency",
    "compare_at_price",
    "weight_g",
    "track_stock",
    "stock",
];
