-- Neither variants nor products are ever deleted, and nobody looks for the lines of a variant.
DROP INDEX order_lines_variant;
-- Only what was delivered is looked for by when it was.
DROP INDEX orders_delivered;
CREATE INDEX orders_delivered ON orders (status, delivered_at) WHERE delivered_at IS NOT NULL;
-- One reference that says which product the variant is of, instead of two: the row of the product is not locked by
-- every order of it.
DROP INDEX variants_product;
CREATE UNIQUE INDEX variants_product ON variants (product_id, id);
ALTER TABLE order_lines
    DROP CONSTRAINT order_lines_variant_id_fkey,
    DROP CONSTRAINT order_lines_product_id_fkey,
    ADD FOREIGN KEY (product_id, variant_id) REFERENCES variants (product_id, id);
