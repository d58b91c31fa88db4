ALTER TABLE author_articles ALTER COLUMN article_id RESET (n_distinct);
ALTER TABLE tag_articles ALTER COLUMN article_id RESET (n_distinct);
ALTER TABLE category_articles ALTER COLUMN article_id RESET (n_distinct);
