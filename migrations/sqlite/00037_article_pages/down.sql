DROP TABLE article_pages;
ALTER TABLE article_cards DROP COLUMN comments_open;
