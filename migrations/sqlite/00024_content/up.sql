-- Content: categories and tags, blogs, articles with their revisions.

-- The tree of categories. `path` holds the ids from the root down to the category itself, `/1/5/`.
CREATE TABLE content_categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    parent_id INTEGER REFERENCES content_categories (id),
    path TEXT NOT NULL,
    slug TEXT NOT NULL CONSTRAINT content_categories_slug_unique UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    position INTEGER NOT NULL,
    -- Published articles that stand in it, not those in what is below.
    article_count INTEGER NOT NULL CHECK (article_count >= 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX content_categories_parent ON content_categories (parent_id, id);
CREATE INDEX content_categories_path ON content_categories (path);

CREATE TABLE content_tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    slug TEXT NOT NULL CONSTRAINT content_tags_slug_unique UNIQUE,
    name TEXT NOT NULL,
    -- As names are compared.
    name_key TEXT NOT NULL CONSTRAINT content_tags_name_key_unique UNIQUE,
    -- Published articles that have it.
    article_count INTEGER NOT NULL CHECK (article_count >= 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX content_tags_popular ON content_tags (article_count, id);

CREATE TABLE blogs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    slug TEXT NOT NULL CONSTRAINT blogs_slug_unique UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Whether its editors approve what they wrote themselves.
    self_approval INTEGER NOT NULL CHECK (self_approval IN (0, 1)),
    -- Published articles in it.
    article_count INTEGER NOT NULL CHECK (article_count >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;

CREATE TABLE blog_members (
    blog_id INTEGER NOT NULL REFERENCES blogs (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'author')),
    joined_at TEXT NOT NULL CHECK (joined_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (blog_id, user_id)
) STRICT;
CREATE INDEX blog_members_user ON blog_members (user_id, blog_id);

-- An article. What it says stands in its revisions: `head` is the number of the newest, `live` of the one that everybody
-- sees. What lists show of it stands here, too: of the live revision, or of the newest where there is no live one.
CREATE TABLE articles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    blog_id INTEGER REFERENCES blogs (id),
    slug TEXT NOT NULL CONSTRAINT articles_slug_unique UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('draft', 'in_review', 'changes_requested', 'approved', 'scheduled', 'published', 'archived')),
    -- How far the draft is that is worked on beside what is published.
    draft_status TEXT CHECK (draft_status IN ('draft', 'in_review', 'changes_requested', 'approved', 'scheduled')),
    head INTEGER NOT NULL CHECK (head > 0),
    live INTEGER CHECK (live BETWEEN 1 AND head),
    -- When it is to be published by itself.
    publish_at TEXT CHECK (publish_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    published_at TEXT CHECK (published_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- When the revision that everybody sees was published.
    live_at TEXT CHECK (live_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    title TEXT NOT NULL,
    -- The form that is sorted by.
    title_key TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'ru')),
    excerpt TEXT NOT NULL,
    word_count INTEGER NOT NULL CHECK (word_count >= 0),
    -- The title of the newest revision.
    head_title TEXT NOT NULL,
    -- Whether comments are taken, and how many everybody sees.
    comments_open INTEGER NOT NULL CHECK (comments_open IN (0, 1)),
    comment_count INTEGER NOT NULL CHECK (comment_count >= 0),
    created_by INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK ((status = 'published') = (live IS NOT NULL)),
    CHECK ((live IS NULL) = (live_at IS NULL)),
    CHECK (live IS NULL OR published_at IS NOT NULL),
    CHECK (draft_status IS NULL OR status = 'published'),
    CHECK ((publish_at IS NOT NULL) = (status = 'scheduled' OR coalesce(draft_status = 'scheduled', false)))
) STRICT;
CREATE INDEX articles_newest ON articles (published_at, id) WHERE live IS NOT NULL;
CREATE INDEX articles_title ON articles (title_key, id) WHERE live IS NOT NULL;
CREATE INDEX articles_language_newest ON articles (language, published_at, id) WHERE live IS NOT NULL;
CREATE INDEX articles_blog_newest ON articles (blog_id, published_at, id) WHERE live IS NOT NULL;
CREATE INDEX articles_blog ON articles (blog_id, id);
CREATE INDEX articles_status ON articles (status, id);
CREATE INDEX articles_draft_status ON articles (draft_status, id) WHERE draft_status IS NOT NULL;
CREATE INDEX articles_due ON articles (publish_at) WHERE publish_at IS NOT NULL;

-- Every name that an article has or had in addresses. What it had leads to what it has.
CREATE TABLE article_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX article_slugs_article ON article_slugs (article_id);

-- What an article said, each time that it was saved. Rows are added and never changed.
CREATE TABLE article_revisions (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    saved_by INTEGER NOT NULL REFERENCES users (id),
    saved_at TEXT NOT NULL CHECK (saved_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- The revision that was brought back by it.
    restored_from INTEGER CHECK (restored_from < number),
    title TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('en', 'ru')),
    excerpt TEXT,
    meta_title TEXT,
    meta_description TEXT,
    canonical_url TEXT,
    author_ids TEXT NOT NULL CHECK (json_valid(author_ids)),
    category_ids TEXT NOT NULL CHECK (json_valid(category_ids)),
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    word_count INTEGER NOT NULL CHECK (word_count >= 0),
    -- How the text begins, for when there is no excerpt.
    summary TEXT NOT NULL,
    toc TEXT NOT NULL CHECK (json_valid(toc)),
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    PRIMARY KEY (article_id, number)
) STRICT;

-- Of the newest revision of an article: who has written it, what it stands in, what it is tagged with, each in order.
CREATE TABLE article_authors (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, user_id)
) STRICT;
CREATE INDEX article_authors_user ON article_authors (user_id, article_id);

CREATE TABLE article_categories (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    category_id INTEGER NOT NULL REFERENCES content_categories (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, category_id)
) STRICT;
CREATE INDEX article_categories_category ON article_categories (category_id, article_id);

CREATE TABLE article_tags (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES content_tags (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, tag_id)
) STRICT;
CREATE INDEX article_tags_tag ON article_tags (tag_id, article_id);

-- The same of what is published, in the order in which it is read.
CREATE TABLE author_articles (
    user_id INTEGER NOT NULL REFERENCES users (id),
    published_at TEXT NOT NULL CHECK (published_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, user_id)
) STRICT;
CREATE INDEX author_articles_newest ON author_articles (user_id, published_at, article_id);

CREATE TABLE tag_articles (
    tag_id INTEGER NOT NULL REFERENCES content_tags (id),
    published_at TEXT NOT NULL CHECK (published_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (article_id, tag_id)
) STRICT;
CREATE INDEX tag_articles_newest ON tag_articles (tag_id, published_at, article_id);

-- A category has what stands in it and in everything below; what stands below only has no position.
CREATE TABLE category_articles (
    category_id INTEGER NOT NULL REFERENCES content_categories (id),
    published_at TEXT NOT NULL CHECK (published_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER,
    PRIMARY KEY (article_id, category_id)
) STRICT;
CREATE INDEX category_articles_newest ON category_articles (category_id, published_at, article_id);

-- What has become of an article, and by whom. Rows are added and never changed.
CREATE TABLE article_steps (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    act TEXT NOT NULL CHECK (act IN ('created', 'edited', 'submitted', 'approved', 'changes_requested', 'scheduled', 'published', 'unpublished', 'archived')),
    before TEXT,
    after TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    -- None: it happened by itself.
    actor_id INTEGER REFERENCES users (id),
    note TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX article_steps_article ON article_steps (article_id, id);

-- A tree of comments below an article. `path` holds the ids from the first down to the comment itself, `/1/5/`.
CREATE TABLE article_comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    parent_id INTEGER REFERENCES article_comments (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'spam', 'trash')),
    -- Whether everybody sees it: it is approved, and so is everything above it.
    shown INTEGER NOT NULL CHECK (shown IN (0, 1)),
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    edited_at TEXT CHECK (edited_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    decided_by INTEGER REFERENCES users (id),
    decided_at TEXT CHECK (decided_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- Why.
    reason TEXT NOT NULL,
    CHECK (NOT shown OR status = 'approved')
) STRICT;
CREATE INDEX article_comments_branch ON article_comments (article_id, parent_id, id);
CREATE INDEX article_comments_parent ON article_comments (parent_id);
CREATE INDEX article_comments_path ON article_comments (path);
CREATE INDEX article_comments_author ON article_comments (author_id, status, id);
CREATE INDEX article_comments_status ON article_comments (status, id);

-- The words of a published article, stemmed (Snowball) by the application; the title counts ten times.
CREATE VIRTUAL TABLE article_search USING fts5 (title, rest, tokenize = 'unicode61 remove_diacritics 0');
INSERT INTO article_search (article_search, rank) VALUES ('rank', 'bm25(10.0, 1.0)');
