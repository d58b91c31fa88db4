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
        rating_1 -> BigInt,
        rating_2 -> BigInt,
        rating_3 -> BigInt,
        rating_4 -> BigInt,
        rating_5 -> BigInt,
        image_id -> Nullable<BigInt>,
        image_alt -> Nullable<Text>,
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
        max_per_order -> Nullable<BigInt>,
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
diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Pictures of products.
    product_images (id) {
        id -> BigInt,
        product_id -> BigInt,
        position -> BigInt,
        alt -> Text,
        file -> Text,
        media_type -> Text,
        width -> BigInt,
        height -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

// Reviews.
diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What customers say of a product.
    reviews (id) {
        id -> BigInt,
        product_id -> BigInt,
        user_id -> BigInt,
        rating -> BigInt,
        title -> Text,
        body -> Text,
        status -> Text,
        verified -> Bool,
        helpful_count -> BigInt,
        unhelpful_count -> BigInt,
        score -> BigInt,
        moderation_note -> Text,
        moderated_by -> Nullable<BigInt>,
        moderated_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who found a review helpful, or not.
    review_votes (review_id, user_id) {
        review_id -> BigInt,
        user_id -> BigInt,
        helpful -> Bool,
        created_at -> Instant,
    }
}

diesel::joinable!(reviews -> products (product_id));
diesel::joinable!(review_votes -> reviews (review_id));

// Shipping methods.

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Where the shop ships to.
    shipping_zones (id) {
        id -> BigInt,
        name -> Text,
        countries -> Jsonb,
        tax_bp -> BigInt,
        version -> BigInt,
        archived_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The countries of zones that are not archived.
    shipping_zone_countries (country) {
        country -> Text,
        zone_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// How the shop ships to a zone.
    shipping_methods (id) {
        id -> BigInt,
        zone_id -> BigInt,
        code -> Text,
        name -> Text,
        description -> Text,
        active -> Bool,
        min_days -> BigInt,
        max_days -> BigInt,
        free_from -> Nullable<BigInt>,
        position -> BigInt,
        version -> BigInt,
        archived_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What methods cost.
    shipping_bands (id) {
        id -> BigInt,
        method_id -> BigInt,
        position -> BigInt,
        max_weight_g -> Nullable<BigInt>,
        max_subtotal -> Nullable<BigInt>,
        price -> BigInt,
    }
}

diesel::joinable!(shipping_zone_countries -> shipping_zones (zone_id));
diesel::joinable!(shipping_methods -> shipping_zones (zone_id));
diesel::joinable!(shipping_bands -> shipping_methods (method_id));

// Carts and coupons.
diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Coupons.
    coupons (id) {
        id -> BigInt,
        code -> Text,
        description -> Text,
        kind -> Text,
        value -> BigInt,
        minimum_spend -> BigInt,
        category_id -> Nullable<BigInt>,
        starts_at -> Nullable<Instant>,
        ends_at -> Nullable<Instant>,
        max_redemptions -> Nullable<BigInt>,
        max_per_customer -> Nullable<BigInt>,
        redeemed -> BigInt,
        archived_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Carts of people and of guests.
    carts (id) {
        id -> BigInt,
        user_id -> Nullable<BigInt>,
        token_hash -> Nullable<Text>,
        coupon_id -> Nullable<BigInt>,
        created_at -> Instant,
        updated_at -> Instant,
        begun -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What lies in carts.
    cart_items (id) {
        id -> BigInt,
        cart_id -> BigInt,
        variant_id -> BigInt,
        quantity -> BigInt,
        seen_price -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

// Orders and returns.
diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Orders.
    orders (id) {
        id -> BigInt,
        user_id -> BigInt,
        status -> Text,
        payment_status -> Text,
        fulfilment_status -> Text,
        subtotal -> BigInt,
        discount -> BigInt,
        shipping -> BigInt,
        tax -> BigInt,
        total -> BigInt,
        authorized -> BigInt,
        captured -> BigInt,
        refunded -> BigInt,
        tax_bp -> BigInt,
        coupon_id -> Nullable<BigInt>,
        coupon_code -> Nullable<Text>,
        shipping_method_id -> BigInt,
        shipping_method -> Jsonb,
        shipping_address -> Jsonb,
        billing_address -> Jsonb,
        customer_note -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        expires_at -> Instant,
        paid_at -> Nullable<Instant>,
        delivered_at -> Nullable<Instant>,
        completed_at -> Nullable<Instant>,
        cancelled_at -> Nullable<Instant>,
        expired_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Jsonb;

    /// What was ordered.
    order_lines (id) {
        id -> BigInt,
        order_id -> BigInt,
        variant_id -> BigInt,
        product_id -> BigInt,
        sku -> Text,
        title -> Text,
        options -> Jsonb,
        unit_price -> BigInt,
        quantity -> BigInt,
        discount -> BigInt,
        weight_g -> BigInt,
        tracked -> Bool,
        shipped -> BigInt,
        delivered -> BigInt,
        return_open -> BigInt,
        returned -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What happened to orders.
    order_events (id) {
        id -> BigInt,
        order_id -> BigInt,
        kind -> Text,
        actor_id -> Nullable<BigInt>,
        data -> Jsonb,
        internal -> Bool,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who has used which coupon.
    coupon_redemptions (order_id) {
        order_id -> BigInt,
        coupon_id -> BigInt,
        user_id -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What customers send back.
    order_returns (id) {
        id -> BigInt,
        order_id -> BigInt,
        status -> Text,
        reason -> Text,
        note -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The pieces of a return.
    return_lines (return_id, line_id) {
        return_id -> BigInt,
        line_id -> BigInt,
        quantity -> BigInt,
    }
}

// Payments.
diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Payments of orders.
    payments (id) {
        id -> BigInt,
        order_id -> BigInt,
        provider -> Text,
        reference -> Text,
        status -> Text,
        step -> Nullable<Text>,
        capture -> Text,
        amount -> BigInt,
        authorized -> BigInt,
        captured -> BigInt,
        refunded -> BigInt,
        refund_pending -> BigInt,
        brand -> Text,
        last4 -> Text,
        exp_month -> BigInt,
        exp_year -> BigInt,
        token -> Text,
        failure_code -> Nullable<Text>,
        challenge -> Nullable<Text>,
        ask_at -> Nullable<Instant>,
        asks -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What was given back of payments.
    payment_refunds (id) {
        id -> BigInt,
        payment_id -> BigInt,
        reference -> Text,
        status -> Text,
        amount -> BigInt,
        reason -> Text,
        note -> Text,
        failure_code -> Nullable<Text>,
        actor_id -> Nullable<BigInt>,
        ask_at -> Nullable<Instant>,
        asks -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// The ledger of payments.
    payment_entries (id) {
        id -> BigInt,
        order_id -> BigInt,
        payment_id -> BigInt,
        refund_id -> Nullable<BigInt>,
        kind -> Text,
        amount -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Webhooks that were received.
    payment_events (id) {
        id -> BigInt,
        provider -> Text,
        event_id -> Text,
        kind -> Text,
        payment_id -> Nullable<BigInt>,
        outcome -> Text,
        received_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// The sandbox's own books.
    sandbox_charges (reference) {
        reference -> Text,
        token -> Text,
        status -> Text,
        capture -> Bool,
        amount -> BigInt,
        refunded -> BigInt,
        decline_code -> Nullable<Text>,
        challenge -> Nullable<Text>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What the sandbox has given back.
    sandbox_refunds (reference) {
        reference -> Text,
        charge -> Text,
        amount -> BigInt,
        created_at -> Instant,
    }
}
// Shipments.

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Parcels of orders.
    shipments (id) {
        id -> BigInt,
        order_id -> BigInt,
        status -> Text,
        carrier -> Nullable<Text>,
        tracking_number -> Nullable<Text>,
        notify -> Bool,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        delivered_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What is in them.
    shipment_lines (shipment_id, line_id) {
        shipment_id -> BigInt,
        line_id -> BigInt,
        quantity -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What was heard of them.
    shipment_events (id) {
        id -> BigInt,
        shipment_id -> BigInt,
        status -> Text,
        location -> Nullable<Text>,
        note -> Text,
        occurred_at -> Instant,
        actor_id -> Nullable<BigInt>,
        created_at -> Instant,
    }
}

diesel::joinable!(shipment_lines -> order_lines (line_id));

diesel::joinable!(variants -> products (product_id));
diesel::joinable!(products -> categories (category_id));
diesel::joinable!(cart_items -> variants (variant_id));
diesel::joinable!(cart_items -> carts (cart_id));
diesel::joinable!(return_lines -> order_lines (line_id));
diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(product_images -> products (product_id));
diesel::allow_tables_to_appear_in_same_query!(
    categories,
    products,
    product_tags,
    variants,
    variant_options,
    stock_journal,
    // Pictures and CSV.
    product_images,
    // Reviews.
    reviews,
    review_votes,
    // Shipping methods.
    shipping_zones,
    shipping_zone_countries,
    shipping_methods,
    shipping_bands,
    // Carts and coupons.
    coupons,
    carts,
    cart_items,
    // Orders and returns.
    orders,
    order_lines,
    order_events,
    coupon_redemptions,
    order_returns,
    return_lines,
    // Payments.
    payments,
    payment_refunds,
    payment_entries,
    payment_events,
    sandbox_charges,
    sandbox_refunds,
    // Shipments.
    shipments,
    shipment_lines,
    shipment_events,
);
