-- What is shown beside a published article, as it is written into answers: its authors, categories, tags, blog and cover, in
-- JSON. It is made after them: there is none (NULL) while it is to be made anew. `turn` counts how often that was.
CREATE TABLE article_cards (
    article_id bigint PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    turn bigint NOT NULL CHECK (turn > 0),
    card text
) WITH (toast_tuple_target = 8160); -- Of two to four thousand bytes each, read a page at a time: not to be unpacked one by one.
CREATE INDEX article_cards_missing ON article_cards (article_id) WHERE card IS NULL;
INSERT INTO article_cards (article_id, turn) SELECT id, 1 FROM articles WHERE live IS NOT NULL;
