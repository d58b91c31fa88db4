ALTER TABLE order_lines
    DROP CONSTRAINT order_lines_product_id_variant_id_fkey,
    ADD FOREIGN KEY (product_id) REFERENCES products (id),
    ADD FOREIGN KEY (variant_id) REFERENCES variants (id);
DROP INDEX variants_product;
CREATE INDEX variants_product ON variants (product_id, id);
DROP INDEX orders_delivered;
CREATE INDEX orders_delivered ON orders (status, delivered_at);
CREATE INDEX order_lines_variant ON order_lines (variant_id);
