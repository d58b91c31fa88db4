-- Orders. Prices, addresses and the way of shipping are a snapshot. The statuses are derived from the sums and the
-- lines by one function, and stored to be searched by.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    user_id INTEGER NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CHECK (status IN ('pending_payment', 'authorized', 'paid', 'partially_shipped', 'shipped',
        'delivered', 'completed', 'cancelled', 'expired', 'partially_refunded', 'refunded')),
    payment_status TEXT NOT NULL CHECK (payment_status IN ('unpaid', 'authorized', 'paid', 'partially_refunded',
        'refunded', 'voided')),
    fulfilment_status TEXT NOT NULL CHECK (fulfilment_status IN ('unfulfilled', 'partially_shipped', 'shipped',
        'delivered')),
    -- Minor units of the shop's currency.
    subtotal INTEGER NOT NULL CHECK (subtotal >= 0),
    discount INTEGER NOT NULL CHECK (discount BETWEEN 0 AND subtotal),
    shipping INTEGER NOT NULL CHECK (shipping >= 0),
    tax INTEGER NOT NULL CHECK (tax >= 0),
    total INTEGER NOT NULL CHECK (total = subtotal - discount + shipping + tax),
    -- Sums of the ledger of payments.
    authorized INTEGER NOT NULL CHECK (authorized BETWEEN 0 AND total),
    captured INTEGER NOT NULL CHECK (captured BETWEEN 0 AND total),
    refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    -- Basis points.
    tax_bp INTEGER NOT NULL CHECK (tax_bp >= 0),
    coupon_id INTEGER REFERENCES coupons (id),
    coupon_code TEXT,
    shipping_method_id INTEGER NOT NULL,
    shipping_method TEXT NOT NULL CHECK (json_valid(shipping_method)),
    shipping_address TEXT NOT NULL CHECK (json_valid(shipping_address)),
    billing_address TEXT NOT NULL CHECK (json_valid(billing_address)),
    customer_note TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- Unpaid until then, it expires.
    expires_at TEXT NOT NULL CHECK (expires_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    paid_at TEXT CHECK (paid_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    delivered_at TEXT CHECK (delivered_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    completed_at TEXT CHECK (completed_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    cancelled_at TEXT CHECK (cancelled_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    expired_at TEXT CHECK (expired_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX orders_user ON orders (user_id, id);
CREATE INDEX orders_status ON orders (status, id);
CREATE INDEX orders_due ON orders (status, expires_at);
CREATE INDEX orders_delivered ON orders (status, delivered_at);

CREATE TABLE order_lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    variant_id INTEGER NOT NULL REFERENCES variants (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    options TEXT NOT NULL CHECK (json_valid(options)),
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    -- The line's part of the order's discount.
    discount INTEGER NOT NULL CHECK (discount BETWEEN 0 AND unit_price * quantity),
    weight_g INTEGER NOT NULL CHECK (weight_g >= 0),
    -- Whether its pieces were reserved, because the stock of its variant was counted.
    tracked INTEGER NOT NULL CHECK (tracked IN (0, 1)),
    shipped INTEGER NOT NULL CHECK (shipped BETWEEN 0 AND quantity),
    delivered INTEGER NOT NULL CHECK (delivered BETWEEN 0 AND shipped),
    -- On their way back, and back.
    return_open INTEGER NOT NULL CHECK (return_open >= 0),
    returned INTEGER NOT NULL CHECK (returned >= 0),
    CHECK (return_open + returned <= delivered)
) STRICT;
CREATE INDEX order_lines_order ON order_lines (order_id, id);
CREATE INDEX order_lines_product ON order_lines (product_id, order_id);
CREATE INDEX order_lines_variant ON order_lines (variant_id);

-- What happened to an order, in order. Rows are added and never changed.
CREATE TABLE order_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    kind TEXT NOT NULL,
    actor_id INTEGER REFERENCES users (id),
    data TEXT NOT NULL CHECK (json_valid(data)),
    -- Not for the customer.
    internal INTEGER NOT NULL CHECK (internal IN (0, 1)),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX order_events_order ON order_events (order_id, id);

-- Who has used which coupon. Given back when the order is cancelled or expires.
CREATE TABLE coupon_redemptions (
    order_id INTEGER NOT NULL PRIMARY KEY REFERENCES orders (id),
    coupon_id INTEGER NOT NULL REFERENCES coupons (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX coupon_redemptions_customer ON coupon_redemptions (coupon_id, user_id);

CREATE TABLE order_returns (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    status TEXT NOT NULL CHECK (status IN ('requested', 'approved', 'rejected', 'received', 'cancelled')),
    reason TEXT NOT NULL CHECK (reason IN ('damaged', 'wrong_item', 'not_as_described', 'unwanted', 'other')),
    note TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX order_returns_order ON order_returns (order_id, id);
CREATE INDEX order_returns_status ON order_returns (status, id);

CREATE TABLE return_lines (
    return_id INTEGER NOT NULL REFERENCES order_returns (id),
    line_id INTEGER NOT NULL REFERENCES order_lines (id),
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (return_id, line_id)
) STRICT;
CREATE INDEX return_lines_line ON return_lines (line_id);
