ALTER TABLE products DROP COLUMN image_alt;
ALTER TABLE products DROP COLUMN image_id;
DROP TABLE stray_files;
DROP TABLE product_images;
