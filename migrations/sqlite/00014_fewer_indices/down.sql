DROP INDEX orders_delivered;
CREATE INDEX orders_delivered ON orders (status, delivered_at);
CREATE INDEX order_lines_variant ON order_lines (variant_id);
