"""The laws: what has to hold in the database, whatever has happened. Each is a name and a query that finds what breaks
it; a law holds when it finds nothing. One SQL for both databases.
"""

# Orders that have ended before their goods left.
ENDED = "(o.cancelled_at IS NOT NULL OR o.expired_at IS NOT NULL)"

# Of shipments and of returns.
GONE, ARRIVED = "NOT IN ('cancelled', 'returned_to_sender')", "= 'delivered'"
OPEN, BACK = "IN ('requested', 'approved')", "= 'received'"


def of_ledger(kind):
    return f"COALESCE((SELECT SUM(e.amount) FROM payment_entries e WHERE e.order_id = o.id AND e.kind = '{kind}'), 0)"


def of_payment(kind):
    return f"COALESCE((SELECT SUM(e.amount) FROM payment_entries e WHERE e.payment_id = p.id AND e.kind = '{kind}'), 0)"


def of_shipments(statuses):
    return (
        "COALESCE((SELECT SUM(sl.quantity) FROM shipment_lines sl JOIN shipments s ON s.id = sl.shipment_id"
        f" WHERE sl.line_id = l.id AND s.status {statuses}), 0)"
    )


def of_returns(statuses):
    return (
        "COALESCE((SELECT SUM(rl.quantity) FROM return_lines rl JOIN order_returns r ON r.id = rl.return_id"
        f" WHERE rl.line_id = l.id AND r.status {statuses}), 0)"
    )


LAWS = {
    # The store. `{own}` are the variants that the script has made.
    "no stock is negative, none reserved that is not there":
        "SELECT id FROM variants WHERE stock_on_hand < 0 OR stock_reserved < 0 OR stock_reserved > stock_on_hand",
    "stock on hand is the sum of its journal":
        "SELECT v.id FROM variants v WHERE v.id IN ({own}) AND v.stock_on_hand <>"
        " COALESCE((SELECT SUM(j.delta) FROM stock_journal j WHERE j.variant_id = v.id), 0)",
    "the journal's last entry tells what is on hand":
        "SELECT v.id FROM variants v JOIN stock_journal j ON j.variant_id = v.id WHERE j.on_hand_after <> v.stock_on_hand"
        " AND j.id = (SELECT MAX(k.id) FROM stock_journal k WHERE k.variant_id = v.id)",
    "what was sold by the journal is what is shipped":
        "SELECT v.id FROM variants v WHERE v.id IN ({own}) AND"
        " -COALESCE((SELECT SUM(j.delta) FROM stock_journal j WHERE j.variant_id = v.id AND j.reason = 'sold'), 0) <>"
        " COALESCE((SELECT SUM(l.shipped) FROM order_lines l WHERE l.variant_id = v.id AND l.tracked), 0)",
    "reserved is what live orders have not shipped":
        "SELECT v.id FROM variants v WHERE v.stock_reserved <> COALESCE((SELECT SUM(l.quantity - l.shipped)"
        f" FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE l.variant_id = v.id AND l.tracked AND NOT {ENDED}"
        " AND o.payment_status <> 'refunded'), 0)",
    "a product is in stock when something of it can be bought":
        "SELECT p.id FROM products p WHERE p.in_stock <> EXISTS (SELECT 1 FROM variants v WHERE v.product_id = p.id"
        " AND v.archived_at IS NULL AND (NOT v.track_stock OR v.stock_on_hand > v.stock_reserved))",
    "a product's price range is that of its variants":
        "SELECT p.id FROM products p JOIN (SELECT product_id, MIN(price) AS low, MAX(price) AS high FROM variants"
        " WHERE archived_at IS NULL GROUP BY product_id) v ON v.product_id = p.id"
        " WHERE p.price_min <> v.low OR p.price_max <> v.high",
    # Orders.
    "an order's sums are those of its lines":
        "SELECT o.id FROM orders o JOIN (SELECT order_id, SUM(unit_price * quantity) AS goods, SUM(discount) AS less"
        " FROM order_lines GROUP BY order_id) l ON l.order_id = o.id WHERE o.subtotal <> l.goods OR o.discount <> l.less"
        " OR o.total <> o.subtotal - o.discount + o.shipping + o.tax",
    "every order has lines": "SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id)",
    "an order is what its timeline says last":
        "SELECT o.id FROM orders o JOIN order_events e ON e.order_id = o.id WHERE o.status <> e.data ->> 'to' AND e.id ="
        " (SELECT MAX(f.id) FROM order_events f WHERE f.order_id = o.id AND f.kind = 'status_changed')",
    "no unpaid order outlives its time":
        "SELECT o.id FROM orders o WHERE o.status = 'pending_payment' AND o.expires_at < {now}",
    # Coupons.
    "a coupon's count is that of its uses, and within its limit":
        "SELECT c.id FROM coupons c WHERE c.redeemed <> (SELECT COUNT(*) FROM coupon_redemptions r WHERE r.coupon_id = c.id)"
        " OR c.redeemed > c.max_redemptions",
    "nobody has used a coupon more often than one may":
        "SELECT r.coupon_id FROM coupon_redemptions r JOIN coupons c ON c.id = r.coupon_id"
        " GROUP BY r.coupon_id, r.user_id, c.max_per_customer HAVING COUNT(*) > c.max_per_customer",
    "orders that have not ended hold their coupon, and no others":
        f"SELECT o.id FROM orders o WHERE (o.coupon_id IS NOT NULL AND NOT {ENDED}) <>"
        " EXISTS (SELECT 1 FROM coupon_redemptions r WHERE r.order_id = o.id AND r.coupon_id = o.coupon_id)",
    # What happens by itself.
    "every event is delivered": "SELECT id FROM outbox WHERE dispatched_at IS NULL",
    "no event and no job is given up":
        "SELECT event_id FROM outbox_deliveries WHERE dead_at IS NOT NULL UNION ALL"
        " SELECT id FROM jobs WHERE dead_at IS NOT NULL",
    # Payments.
    "an order's money is the sum of its ledger":
        f"SELECT o.id FROM orders o WHERE o.captured <> {of_ledger('capture')} OR o.refunded <> {of_ledger('refund')}"
        f" OR o.authorized <> {of_ledger('authorization')} - {of_ledger('void')}",
    "nothing is given back that was not taken, nor taken that was not asked for":
        "SELECT o.id FROM orders o WHERE NOT (0 <= o.refunded AND o.refunded <= o.captured AND o.captured <= o.total)",
    "an ended order keeps no money, and no promise of any":
        f"SELECT o.id FROM orders o WHERE {ENDED} AND (o.captured <> o.refunded OR o.authorized <> o.captured)",
    "a payment is the sum of its ledger":
        f"SELECT p.id FROM payments p WHERE p.captured <> {of_payment('capture')} OR p.refunded <> {of_payment('refund')}"
        " OR p.refund_pending <> 0",
    "a payment is what the provider's books say":
        "SELECT p.id FROM payments p LEFT JOIN sandbox_charges s ON s.reference = p.reference WHERE p.refunded <>"
        " COALESCE(s.refunded, 0) OR p.captured <> CASE WHEN s.status = 'captured' THEN s.amount ELSE 0 END",
    "a refund that the ledger has is one of the provider's":
        "SELECT r.id FROM payment_refunds r LEFT JOIN sandbox_refunds s ON s.reference = r.reference"
        " WHERE (r.status = 'succeeded') <> (s.reference IS NOT NULL) OR s.amount <> r.amount",
    "nothing waits for the provider any more":
        "SELECT id FROM payments WHERE status = 'processing' UNION ALL SELECT id FROM payment_refunds WHERE status = 'pending'",
    # Shipments and returns.
    "shipped and delivered are what the shipments hold":
        f"SELECT l.id FROM order_lines l WHERE l.shipped <> {of_shipments(GONE)} OR l.delivered <> {of_shipments(ARRIVED)}",
    "what a product has sold is what was shipped of it":
        "SELECT p.id FROM products p WHERE p.id IN ({products}) AND p.sold_count <>"
        " COALESCE((SELECT SUM(l.shipped) FROM order_lines l WHERE l.product_id = p.id), 0)",
    "sent back is what the returns hold":
        f"SELECT l.id FROM order_lines l WHERE l.return_open <> {of_returns(OPEN)} OR l.returned <> {of_returns(BACK)}",
    "no more was put back on sale than came back":
        "SELECT v.id FROM variants v WHERE v.id IN ({own}) AND"
        " COALESCE((SELECT SUM(j.delta) FROM stock_journal j WHERE j.variant_id = v.id AND j.reason = 'returned'), 0) >"
        " COALESCE((SELECT SUM(l.returned) FROM order_lines l WHERE l.variant_id = v.id), 0)",
    # Reviews.
    "a product's ratings are those of its approved reviews":
        "SELECT p.id FROM products p LEFT JOIN (SELECT product_id, COUNT(*) AS many, SUM(rating) AS stars FROM reviews"
        " WHERE status = 'approved' GROUP BY product_id) r ON r.product_id = p.id WHERE p.id IN ({products}) AND"
        " (p.rating_count <> COALESCE(r.many, 0) OR p.rating_sum <> COALESCE(r.stars, 0)"
        + "".join(
            f" OR p.rating_{n} <> (SELECT COUNT(*) FROM reviews q WHERE q.product_id = p.id AND q.status = 'approved'"
            f" AND q.rating = {n})" for n in range(1, 6)
        ) + ")",
    "a review's votes are counted":
        "SELECT r.id FROM reviews r WHERE r.helpful_count <> (SELECT COUNT(*) FROM review_votes v WHERE v.review_id = r.id"
        " AND v.helpful) OR r.unhelpful_count <> (SELECT COUNT(*) FROM review_votes v WHERE v.review_id = r.id AND NOT v.helpful)",
}  # fmt: skip

# What stands in an answer has to be in the database, once, and nothing else since the traffic began: the table of each
# kind, and which of its rows come by themselves.
MADE = {
    "order": ("orders", "1 = 1"),
    "payment": ("payments", "1 = 1"),
    "refund": ("payment_refunds", "actor_id IS NOT NULL"),
    "shipment": ("shipments", "1 = 1"),
    "return": ("order_returns", "1 = 1"),
}

# For the control: a law, and a change behind the shop's back that it has to tell: table, change, on which rows. `{}` is
# + for the change, and - for its undoing.
TAMPERINGS = (
    ("stock on hand is the sum of its journal", "variants", "stock_on_hand = stock_on_hand {} 1", "id IN ({own})"),
    ("reserved is what live orders have not shipped", "variants", "stock_reserved = stock_reserved {} 1",
     "stock_reserved < stock_on_hand"),
    ("an order's sums are those of its lines", "orders", "subtotal = subtotal {0} 7, total = total {0} 7", "1 = 1"),
    ("a coupon's count is that of its uses, and within its limit", "coupons", "redeemed = redeemed {} 1", "1 = 1"),
    ("an order's money is the sum of its ledger", "orders", "authorized = authorized {} 1", "authorized < total"),
    ("a payment is what the provider's books say", "sandbox_charges", "refunded = refunded {} 1", "refunded < amount"),
    ("shipped and delivered are what the shipments hold", "order_lines", "shipped = shipped {} 1", "shipped < quantity"),
    ("a product's ratings are those of its approved reviews", "products",
     "rating_5 = rating_5 {0} 1, rating_count = rating_count {0} 1, rating_sum = rating_sum {0} 5", "id IN ({products})"),
)  # fmt: skip
