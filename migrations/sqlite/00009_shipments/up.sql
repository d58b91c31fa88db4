-- Parcels of orders. What of an order's lines is shipped and delivered is kept in the lines.
CREATE TABLE shipments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    status TEXT NOT NULL CHECK (status IN ('created', 'in_transit', 'out_for_delivery', 'delivered', 'failed',
        'returned_to_sender', 'cancelled')),
    carrier TEXT,
    tracking_number TEXT,
    -- Whether the customer is told.
    notify INTEGER NOT NULL CHECK (notify IN (0, 1)),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    delivered_at TEXT CHECK (delivered_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX shipments_order ON shipments (order_id, id);

CREATE TABLE shipment_lines (
    shipment_id INTEGER NOT NULL REFERENCES shipments (id),
    line_id INTEGER NOT NULL REFERENCES order_lines (id),
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (shipment_id, line_id)
) STRICT;
CREATE INDEX shipment_lines_line ON shipment_lines (line_id);

-- What was heard of a parcel, in the order in which it was heard. Rows are added and never changed.
CREATE TABLE shipment_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    shipment_id INTEGER NOT NULL REFERENCES shipments (id),
    status TEXT NOT NULL CHECK (status IN ('created', 'in_transit', 'out_for_delivery', 'delivered', 'failed',
        'returned_to_sender', 'cancelled')),
    location TEXT,
    note TEXT NOT NULL,
    occurred_at TEXT NOT NULL CHECK (occurred_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    actor_id INTEGER REFERENCES users (id),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX shipment_events_shipment ON shipment_events (shipment_id, id);
