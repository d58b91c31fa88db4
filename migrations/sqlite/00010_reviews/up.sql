-- How many approved reviews of a product have how many stars, kept by the transaction that changes a review. Sum and
-- count beside them are made of the same.
ALTER TABLE products ADD COLUMN rating_1 INTEGER NOT NULL DEFAULT 0 CHECK (rating_1 >= 0);
ALTER TABLE products ADD COLUMN rating_2 INTEGER NOT NULL DEFAULT 0 CHECK (rating_2 >= 0);
ALTER TABLE products ADD COLUMN rating_3 INTEGER NOT NULL DEFAULT 0 CHECK (rating_3 >= 0);
ALTER TABLE products ADD COLUMN rating_4 INTEGER NOT NULL DEFAULT 0 CHECK (rating_4 >= 0);
-- SQLite adds rules with columns only.
ALTER TABLE products ADD COLUMN rating_5 INTEGER NOT NULL DEFAULT 0 CHECK (rating_5 >= 0)
    CONSTRAINT products_rating_adds_up CHECK (
        rating_count = rating_1 + rating_2 + rating_3 + rating_4 + rating_5
        AND rating_sum = rating_1 + 2 * rating_2 + 3 * rating_3 + 4 * rating_4 + 5 * rating_5
    );

-- What customers say of a product, one review for each customer and product.
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    product_id INTEGER NOT NULL REFERENCES products (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
    -- Whether the author has received the product.
    verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
    helpful_count INTEGER NOT NULL CHECK (helpful_count >= 0),
    unhelpful_count INTEGER NOT NULL CHECK (unhelpful_count >= 0),
    -- What is sorted by: helpful less unhelpful.
    score INTEGER NOT NULL CHECK (score = helpful_count - unhelpful_count),
    -- The last decision of a moderator, and what they told the author.
    moderation_note TEXT NOT NULL,
    moderated_by INTEGER REFERENCES users (id),
    moderated_at TEXT CHECK (moderated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT reviews_user_id_unique UNIQUE (product_id, user_id)
) STRICT;
-- One index for each order of a product's reviews; the moderators' queue; a person's own.
CREATE INDEX reviews_newest ON reviews (product_id, status, id);
CREATE INDEX reviews_helpful ON reviews (product_id, status, score, id);
CREATE INDEX reviews_rating ON reviews (product_id, status, rating, id);
CREATE INDEX reviews_queue ON reviews (status, id);
CREATE INDEX reviews_user ON reviews (user_id, id);

-- Who found a review helpful, or not: one vote for each person and review.
CREATE TABLE review_votes (
    review_id INTEGER NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    helpful INTEGER NOT NULL CHECK (helpful IN (0, 1)),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (review_id, user_id)
) STRICT;
CREATE INDEX review_votes_user ON review_votes (user_id);
