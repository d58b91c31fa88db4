-- A published article with its text, as it is written into answers. It is made with the card, by the same turn: of a card that is
-- made anew there is none. Those of cards that are there are made by a job.
ALTER TABLE article_cards ADD COLUMN comments_open boolean NOT NULL DEFAULT true;
UPDATE article_cards SET comments_open = (SELECT a.comments_open FROM articles a WHERE a.id = article_id);
CREATE TABLE article_pages (
    article_id bigint PRIMARY KEY REFERENCES article_cards (article_id) ON DELETE CASCADE,
    turn bigint NOT NULL CHECK (turn > 0),
    revision bigint NOT NULL CHECK (revision > 0),
    page text NOT NULL
) WITH (toast_tuple_target = 8160);
ALTER TABLE article_pages ALTER COLUMN page SET STORAGE EXTERNAL; -- Not to be unpacked each time.
