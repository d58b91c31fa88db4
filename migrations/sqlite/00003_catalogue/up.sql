-- The tree of categories. `path` holds the ids from the root down to the category itself, `/1/5/`: descendants are a
-- prefix, and a cycle shows itself.
CREATE TABLE categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    parent_id INTEGER REFERENCES categories (id),
    path TEXT NOT NULL,
    slug TEXT NOT NULL CONSTRAINT categories_slug_unique UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX categories_parent ON categories (parent_id, id);
CREATE INDEX categories_path ON categories (path);

-- What is sold. Price range, stock flag, rating and sales are kept in the row, by the transaction that changes what
-- they are made of, so that every list is one query on one index.
CREATE TABLE products (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    slug TEXT NOT NULL CONSTRAINT products_slug_unique UNIQUE,
    title TEXT NOT NULL,
    -- The form that is sorted by.
    title_key TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    category_id INTEGER REFERENCES categories (id),
    -- Of the variants that can be bought, in minor units of the shop's currency.
    price_min INTEGER NOT NULL CHECK (price_min >= 0),
    price_max INTEGER NOT NULL CHECK (price_max >= price_min),
    in_stock INTEGER NOT NULL CHECK (in_stock IN (0, 1)),
    rating_sum INTEGER NOT NULL CHECK (rating_sum >= 0),
    rating_count INTEGER NOT NULL CHECK (rating_count >= 0),
    -- The average, in thousandths; 0 without a rating.
    rating_milli INTEGER NOT NULL CHECK (rating_milli BETWEEN 0 AND 5000),
    sold_count INTEGER NOT NULL CHECK (sold_count >= 0),
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    attributes TEXT NOT NULL CHECK (json_valid(attributes)),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
-- One index for each order, within a state; and the same within a category.
CREATE INDEX products_newest ON products (status, id);
CREATE INDEX products_price ON products (status, price_min, id);
CREATE INDEX products_rating ON products (status, rating_milli, id);
CREATE INDEX products_popularity ON products (status, sold_count, id);
CREATE INDEX products_title ON products (status, title_key, id);
CREATE INDEX products_category_newest ON products (category_id, status, id);
CREATE INDEX products_category_price ON products (category_id, status, price_min, id);
CREATE INDEX products_category_rating ON products (category_id, status, rating_milli, id);
CREATE INDEX products_category_popularity ON products (category_id, status, sold_count, id);
CREATE INDEX products_category_title ON products (category_id, status, title_key, id);

CREATE TABLE product_tags (
    tag TEXT NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, product_id)
) STRICT;
CREATE INDEX product_tags_product ON product_tags (product_id);

-- The words of a product, stemmed (Snowball) by the application; the title counts ten times.
CREATE VIRTUAL TABLE product_search USING fts5 (title, rest, tokenize = 'unicode61 remove_diacritics 0');
INSERT INTO product_search (product_search, rank) VALUES ('rank', 'bm25(10.0, 1.0)');

-- What can be bought of a product. A product has at least one that is not archived.
CREATE TABLE variants (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    product_id INTEGER NOT NULL REFERENCES products (id),
    sku TEXT NOT NULL CONSTRAINT variants_sku_unique UNIQUE,
    options TEXT NOT NULL CHECK (json_valid(options)),
    price INTEGER NOT NULL CHECK (price >= 0),
    compare_at_price INTEGER CHECK (compare_at_price > price),
    weight_g INTEGER NOT NULL CHECK (weight_g >= 0),
    track_stock INTEGER NOT NULL CHECK (track_stock IN (0, 1)),
    -- Most pieces that one order may have; any number when it is NULL.
    max_per_order INTEGER CHECK (max_per_order >= 1),
    stock_on_hand INTEGER NOT NULL CHECK (stock_on_hand >= 0),
    stock_reserved INTEGER NOT NULL CHECK (stock_reserved BETWEEN 0 AND stock_on_hand),
    archived_at TEXT CHECK (archived_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX variants_product ON variants (product_id, id);

CREATE TABLE variant_options (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    variant_id INTEGER NOT NULL REFERENCES variants (id) ON DELETE CASCADE,
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    PRIMARY KEY (variant_id, name)
) STRICT;
CREATE INDEX variant_options_value ON variant_options (name, value, product_id);

-- Every change of what is on hand, and why. Rows are added and never changed.
CREATE TABLE stock_journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    variant_id INTEGER NOT NULL REFERENCES variants (id),
    delta INTEGER NOT NULL CHECK (delta <> 0),
    reason TEXT NOT NULL CHECK (reason IN ('initial', 'received', 'returned', 'damaged', 'lost', 'correction', 'sold')),
    note TEXT NOT NULL,
    on_hand_after INTEGER NOT NULL CHECK (on_hand_after >= 0),
    actor_id INTEGER REFERENCES users (id),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX stock_journal_variant ON stock_journal (variant_id, id);
