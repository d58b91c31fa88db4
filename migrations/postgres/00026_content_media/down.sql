DROP INDEX blogs_cover;
ALTER TABLE blogs DROP COLUMN cover_id;
ALTER TABLE article_revisions DROP COLUMN cover_id;
ALTER TABLE articles DROP COLUMN cover_id;
DROP TABLE article_media;
DROP TABLE content_media_quotas;
DROP TABLE content_media;
DROP TABLE content_files;
