-- Task boards: what is said about cards, and what they consist of.

CREATE TABLE card_comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    edited_at TEXT CHECK (edited_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX card_comments_card ON card_comments (card_id, id);

CREATE TABLE checklists (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    title TEXT NOT NULL
) STRICT;
CREATE INDEX checklists_card ON checklists (card_id, id);

CREATE TABLE checklist_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    checklist_id INTEGER NOT NULL REFERENCES checklists (id) ON DELETE CASCADE,
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    -- From 1, from top to bottom.
    position INTEGER NOT NULL CHECK (position > 0),
    done_at TEXT CHECK (done_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    done_by INTEGER REFERENCES users (id),
    CONSTRAINT checklist_items_position_unique UNIQUE (checklist_id, position),
    CHECK ((done_at IS NULL) = (done_by IS NULL))
) STRICT;
CREATE INDEX checklist_items_card ON checklist_items (card_id);
