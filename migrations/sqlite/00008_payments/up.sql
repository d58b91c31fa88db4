-- Payments of orders. Of a card only brand, last digits and expiry are kept, and the provider's token for it.
CREATE TABLE payments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    provider TEXT NOT NULL,
    -- Our name for it at the provider, which knows by it that a request is repeated.
    reference TEXT NOT NULL CONSTRAINT payments_reference_unique UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('requires_action', 'processing', 'authorized', 'captured',
        'partially_refunded', 'refunded', 'failed', 'cancelled')),
    -- What the provider is being asked for while it is processing.
    step TEXT CHECK (step IN ('authorize', 'capture', 'void')),
    capture TEXT NOT NULL CHECK (capture IN ('automatic', 'manual')),
    -- Minor units of the shop's currency.
    amount INTEGER NOT NULL CHECK (amount > 0),
    -- Sums of its ledger.
    authorized INTEGER NOT NULL CHECK (authorized BETWEEN 0 AND amount),
    captured INTEGER NOT NULL CHECK (captured BETWEEN 0 AND authorized),
    refunded INTEGER NOT NULL CHECK (refunded >= 0),
    -- Refunds that the provider has not answered yet: what they are of is not given back twice.
    refund_pending INTEGER NOT NULL CHECK (refund_pending >= 0 AND refunded + refund_pending <= captured),
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL CHECK (last4 GLOB '[0-9][0-9][0-9][0-9]'),
    exp_month INTEGER NOT NULL CHECK (exp_month BETWEEN 1 AND 12),
    exp_year INTEGER NOT NULL,
    token TEXT NOT NULL,
    failure_code TEXT,
    -- Where the customer proves who they are.
    challenge TEXT,
    -- When the provider is asked again, and how often it was.
    ask_at TEXT CHECK (ask_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    asks INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK ((status = 'processing') = (step IS NOT NULL) AND (status = 'processing') = (ask_at IS NOT NULL))
) STRICT;
-- An order has one payment that is on its way or has succeeded.
CREATE UNIQUE INDEX payments_order_id_unique ON payments (order_id)
    WHERE status IN ('requires_action', 'processing', 'authorized', 'captured', 'partially_refunded');
CREATE INDEX payments_order ON payments (order_id, id);
CREATE INDEX payments_due ON payments (ask_at) WHERE ask_at IS NOT NULL;

CREATE TABLE payment_refunds (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    payment_id INTEGER NOT NULL REFERENCES payments (id),
    reference TEXT NOT NULL CONSTRAINT payment_refunds_reference_unique UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    reason TEXT NOT NULL CHECK (reason IN ('requested_by_customer', 'returned', 'damaged', 'duplicate', 'fraudulent',
        'other', 'order_cancelled')),
    note TEXT NOT NULL,
    failure_code TEXT,
    actor_id INTEGER REFERENCES users (id),
    ask_at TEXT CHECK (ask_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    asks INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK ((status = 'pending') = (ask_at IS NOT NULL))
) STRICT;
CREATE INDEX payment_refunds_payment ON payment_refunds (payment_id, id);
CREATE INDEX payment_refunds_due ON payment_refunds (ask_at) WHERE ask_at IS NOT NULL;

-- The ledger. What an order has authorized, captured and refunded are its sums. Entries are added and never changed.
CREATE TABLE payment_entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    order_id INTEGER NOT NULL REFERENCES orders (id),
    payment_id INTEGER NOT NULL REFERENCES payments (id),
    refund_id INTEGER REFERENCES payment_refunds (id),
    kind TEXT NOT NULL CHECK (kind IN ('authorization', 'capture', 'void', 'refund')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK ((kind = 'refund') = (refund_id IS NOT NULL))
) STRICT;
CREATE INDEX payment_entries_order ON payment_entries (order_id, id);
CREATE INDEX payment_entries_payment ON payment_entries (payment_id, id);
-- However often the provider tells it: a payment is authorized, captured and voided once, and a refund happens once.
CREATE UNIQUE INDEX payment_entries_kind_unique ON payment_entries (payment_id, kind) WHERE refund_id IS NULL;
CREATE UNIQUE INDEX payment_entries_refund_unique ON payment_entries (refund_id) WHERE refund_id IS NOT NULL;

CREATE TRIGGER payment_entries_immutable BEFORE UPDATE ON payment_entries
BEGIN
    SELECT RAISE(ABORT, 'entries of payment_entries are added and never changed');
END;
CREATE TRIGGER payment_entries_kept BEFORE DELETE ON payment_entries
BEGIN
    SELECT RAISE(ABORT, 'entries of payment_entries are added and never changed');
END;

-- Webhooks that were received, so that each counts once.
CREATE TABLE payment_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payment_id INTEGER REFERENCES payments (id),
    -- Whether it brought something new, told what was known, or was about nothing that we know.
    outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'stale', 'ignored')),
    received_at TEXT NOT NULL CHECK (received_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT payment_events_event_id_unique UNIQUE (provider, event_id)
) STRICT;
CREATE INDEX payment_events_received ON payment_events (received_at);

-- The sandbox's own books: a provider has a database of its own, and nothing of ours refers to it.
CREATE TABLE sandbox_charges (
    reference TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('requires_action', 'processing', 'authorized', 'captured', 'voided',
        'declined')),
    capture INTEGER NOT NULL CHECK (capture IN (0, 1)),
    amount INTEGER NOT NULL CHECK (amount > 0),
    refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND amount),
    decline_code TEXT,
    challenge TEXT CONSTRAINT sandbox_charges_challenge_unique UNIQUE,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE TABLE sandbox_refunds (
    reference TEXT NOT NULL PRIMARY KEY,
    charge TEXT NOT NULL REFERENCES sandbox_charges (reference),
    amount INTEGER NOT NULL CHECK (amount > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
