-- Coupons. How often one was redeemed is counted in its row, by the transaction that places the order, so that its
-- limit holds whoever comes at once.
CREATE TABLE coupons (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    -- Capital letters, digits and hyphens.
    code TEXT NOT NULL CONSTRAINT coupons_code_unique UNIQUE,
    description TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('percent', 'fixed', 'free_shipping')),
    -- Percent: 1 to 100. Fixed: minor units of the shop's currency. Free shipping: 0.
    value INTEGER NOT NULL CHECK (value >= 0),
    -- Of the goods that the coupon is for, in minor units.
    minimum_spend INTEGER NOT NULL CHECK (minimum_spend >= 0),
    -- The category that it is for, with everything below it; any when it is NULL.
    category_id INTEGER REFERENCES categories (id),
    starts_at TEXT CHECK (starts_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    ends_at TEXT CHECK (ends_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    max_redemptions INTEGER CHECK (max_redemptions >= 0),
    max_per_customer INTEGER CHECK (max_per_customer >= 1),
    redeemed INTEGER NOT NULL CHECK (redeemed >= 0),
    -- It may no longer be used; what it was used for stays known.
    archived_at TEXT CHECK (archived_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK (kind <> 'percent' OR value BETWEEN 1 AND 100),
    CHECK (ends_at > starts_at)
) STRICT;
CREATE INDEX coupons_category ON coupons (category_id);

-- One cart for each person, and one for each guest who has put something into it.
CREATE TABLE carts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    user_id INTEGER CONSTRAINT carts_user_id_unique UNIQUE REFERENCES users (id),
    -- SHA-256 of the token that a guest carries.
    token_hash TEXT CONSTRAINT carts_token_hash_unique UNIQUE,
    coupon_id INTEGER REFERENCES coupons (id),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK ((user_id IS NULL) <> (token_hash IS NULL))
) STRICT;
CREATE INDEX carts_updated ON carts (updated_at);

CREATE TABLE cart_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    cart_id INTEGER NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    variant_id INTEGER NOT NULL REFERENCES variants (id),
    quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    -- The price that the customer has seen, in minor units.
    seen_price INTEGER NOT NULL CHECK (seen_price >= 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT cart_items_variant_unique UNIQUE (cart_id, variant_id)
) STRICT;
CREATE INDEX cart_items_variant ON cart_items (variant_id);
