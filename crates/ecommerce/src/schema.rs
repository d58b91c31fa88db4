//! Tables that only this domain reads and writes.
// The macro writes a public item for each column; the columns are explained in the migrations. Its types come by `*`.
#![allow(missing_docs, clippy::wildcard_imports)]

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// The tree of categories.
    categories (id) {
        id -> BigInt,
        parent_id -> Nullable<BigInt>,
        path -> Text,
        slug -> Text,
        title -> Text,
        description -> Text,
        position -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What is sold.
    products (id) {
        id -> BigInt,
        slug -> Text,
        title -> Text,
        title_key -> Text,
        description -> Text,
        status -> Text,
        category_id -> Nullable<BigInt>,
        price_min -> BigInt,
        price_max -> BigInt,
        in_stock -> Bool,
        rating_sum -> BigInt,
        rating_count -> BigInt,
        rating_milli -> BigInt,
        sold_count -> BigInt,
        tags -> Jsonb,
        attributes -> Jsonb,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Tags of products, for filters.
    product_tags (tag, product_id) {
        tag -> Text,
        product_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What can be bought of a product.
    variants (id) {
        id -> BigInt,
        product_id -> BigInt,
        sku -> Text,
        options -> Jsonb,
        price -> BigInt,
        compare_at_price -> Nullable<BigInt>,
        weight_g -> BigInt,
        track_stock -> Bool,
        stock_on_hand -> BigInt,
        stock_reserved -> BigInt,
        archived_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Options of variants, for filters.
    variant_options (variant_id, name) {
        name -> Text,
        value -> Text,
        variant_id -> BigInt,
        product_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Every change of a stock by hand.
    stock_journal (id) {
        id -> BigInt,
        variant_id -> BigInt,
        delta -> BigInt,
        reason -> Text,
        note -> Text,
        on_hand_after -> BigInt,
        actor_id -> Nullable<BigInt>,
        created_at -> Instant,
    }
}

// Pictures and CSV.
// Reviews.
// Shipping methods.
// Carts and coupons.
// Orders and returns.
// Payments.
// Shipments.

diesel::joinable!(variants -> products (product_id));
diesel::allow_tables_to_appear_in_same_query!(
    categories,
    products,
    product_tags,
    variants,
    variant_options,
    stock_journal,
    // Pictures and CSV.
    // Reviews.
    // Shipping methods.
    // Carts and coupons.
    // Orders and returns.
    // Payments.
    // Shipments.
);
