-- A published article with its text, as it is written into answers. It is made with the card, by the same turn: of a card that is
-- made anew there is none. Those of cards that are there are made by a job.
ALTER TABLE article_cards ADD COLUMN comments_open INTEGER NOT NULL DEFAULT 1 CHECK (comments_open IN (0, 1));
UPDATE article_cards SET comments_open = (SELECT a.comments_open FROM articles a WHERE a.id = article_id);
CREATE TABLE article_pages (
    article_id INTEGER NOT NULL PRIMARY KEY REFERENCES article_cards (article_id) ON DELETE CASCADE,
    turn INTEGER NOT NULL CHECK (turn > 0),
    revision INTEGER NOT NULL CHECK (revision > 0),
    page TEXT NOT NULL CHECK (json_valid(page))
) STRICT;
