-- Analytics: what has happened, and what it comes to by the hour.

-- Facts. `source` names what a fact was made of, so that it is counted once, however often it is heard of. Instants are in
-- milliseconds since 1970, hours are counted since then.
CREATE TABLE analytics_facts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL CHECK (at >= 0),
    -- Who did it, as far as that is known. Accounts are another domain's, and may be gone.
    user_id INTEGER,
    -- What it happened to.
    object_id INTEGER,
    -- What it is grouped by, as its kind names it; empty where there is nothing to tell.
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    -- Cents, pieces or milliseconds: the kind tells.
    amount INTEGER NOT NULL,
    CONSTRAINT analytics_facts_source_unique UNIQUE (source)
) STRICT;
CREATE INDEX analytics_facts_kind ON analytics_facts (kind, at);

-- What facts come to in an hour.
CREATE TABLE analytics_hours (
    kind TEXT NOT NULL,
    hour INTEGER NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    facts INTEGER NOT NULL CHECK (facts > 0),
    amount INTEGER NOT NULL,
    PRIMARY KEY (kind, hour, first, second)
) STRICT, WITHOUT ROWID;

-- Who did anything in an hour.
CREATE TABLE analytics_active (
    hour INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (hour, user_id)
) STRICT, WITHOUT ROWID;
