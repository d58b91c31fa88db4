-- Neither variants nor products are ever deleted, and nobody looks for the lines of a variant.
DROP INDEX order_lines_variant;
-- Only what was delivered is looked for by when it was.
DROP INDEX orders_delivered;
CREATE INDEX orders_delivered ON orders (status, delivered_at) WHERE delivered_at IS NOT NULL;
