-- Pictures of products, in an order. The bytes lie in the storage, four sizes under one name that we made.
CREATE TABLE product_images (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    product_id INTEGER NOT NULL REFERENCES products (id),
    -- 0 for the first, without gaps.
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 19),
    alt TEXT NOT NULL,
    file TEXT NOT NULL CONSTRAINT product_images_file_unique UNIQUE,
    media_type TEXT NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png')),
    -- Of the original, in pixels.
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX product_images_product ON product_images (product_id, position);

-- Files that no picture has: being uploaded, or of a picture that was removed. They are removed when they are due; an
-- upload takes its row away when its picture is there. Whoever is about to remove a file says so first (`doomed`), so
-- that no picture gets it any more.
CREATE TABLE stray_files (
    file TEXT NOT NULL PRIMARY KEY,
    due_at TEXT NOT NULL CHECK (due_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    doomed INTEGER NOT NULL CHECK (doomed IN (0, 1))
) STRICT;
CREATE INDEX stray_files_due ON stray_files (due_at);

-- The first picture stands in the product's row, so that lists need no other table. Kept by the transaction that
-- changes the pictures.
ALTER TABLE products ADD COLUMN image_id INTEGER;
ALTER TABLE products ADD COLUMN image_alt TEXT;
