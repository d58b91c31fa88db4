-- Media: files that are uploaded for articles and blogs.

-- What is stored, once for the same bytes.
CREATE TABLE content_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    -- SHA-256 of what was uploaded, in hexadecimal.
    hash TEXT NOT NULL CONSTRAINT content_files_hash_unique UNIQUE,
    -- What the files are called in the storage.
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('image', 'video', 'audio', 'document')),
    media_type TEXT NOT NULL,
    -- Pixels, of images.
    width INTEGER CHECK (width > 0),
    height INTEGER CHECK (height > 0),
    -- Media that have it.
    uses INTEGER NOT NULL CHECK (uses > 0)
) STRICT;

-- What somebody has uploaded.
CREATE TABLE content_media (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    owner_id INTEGER NOT NULL REFERENCES users (id),
    file_id INTEGER NOT NULL REFERENCES content_files (id),
    -- That of its file.
    kind TEXT NOT NULL CHECK (kind IN ('image', 'video', 'audio', 'document')),
    name TEXT NOT NULL,
    alt TEXT NOT NULL,
    -- Bytes that count for its owner: of what was uploaded.
    size INTEGER NOT NULL CHECK (size >= 0),
    private INTEGER NOT NULL CHECK (private IN (0, 1)),
    -- Whether moderators have taken it away from everybody.
    blocked INTEGER NOT NULL CHECK (blocked IN (0, 1)),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX content_media_owner ON content_media (owner_id, id);
CREATE INDEX content_media_file ON content_media (file_id);

-- How much somebody keeps.
CREATE TABLE content_media_quotas (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id),
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

-- The media in what an article says in its newest revision, and in the one that everybody sees.
CREATE TABLE article_media (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    media_id INTEGER NOT NULL REFERENCES content_media (id),
    PRIMARY KEY (article_id, media_id)
) STRICT;
CREATE INDEX article_media_media ON article_media (media_id, article_id);

-- Covers. Those of articles are among their media.
ALTER TABLE articles ADD COLUMN cover_id INTEGER;
ALTER TABLE article_revisions ADD COLUMN cover_id INTEGER;
ALTER TABLE blogs ADD COLUMN cover_id INTEGER REFERENCES content_media (id);
CREATE INDEX blogs_cover ON blogs (cover_id);
