-- How a published article is shown in lists, as it is written into answers: with its authors, categories, tags, blog and cover,
-- in JSON. It is made after them: there is none (NULL) while it is to be made anew. `turn` counts how often that was. An
-- article that is no longer published has no instant here.
CREATE TABLE article_cards (
    article_id bigint PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    turn bigint NOT NULL CHECK (turn > 0),
    published_at timestamptz,
    comment_count bigint NOT NULL CHECK (comment_count >= 0),
    card text
) WITH (toast_tuple_target = 8160); -- They are read a page at a time: not to be unpacked one by one.
CREATE INDEX article_cards_newest ON article_cards (published_at, article_id) WHERE published_at IS NOT NULL;
CREATE INDEX article_cards_missing ON article_cards (article_id) WHERE card IS NULL;
INSERT INTO article_cards (article_id, turn, published_at, comment_count)
SELECT id, 1, published_at, comment_count FROM articles WHERE live IS NOT NULL;
