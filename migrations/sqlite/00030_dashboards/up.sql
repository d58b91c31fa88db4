-- Analytics: dashboards, who sees them, and how.

-- What somebody did, and when: for funnels and cohorts, which look at one person after the other.
CREATE INDEX analytics_facts_person ON analytics_facts (kind, user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX analytics_active_person ON analytics_active (user_id, hour);

-- What the facts of a day of UTC come to: the sums of its hours.
CREATE TABLE analytics_days (
    kind TEXT NOT NULL,
    day INTEGER NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    facts INTEGER NOT NULL CHECK (facts > 0),
    amount INTEGER NOT NULL,
    PRIMARY KEY (kind, day, first, second)
) STRICT, WITHOUT ROWID;
INSERT INTO analytics_days (kind, day, first, second, facts, amount)
    SELECT kind, hour / 24, first, second, sum(facts), sum(amount) FROM analytics_hours GROUP BY kind, hour / 24, first, second;
-- What is counted of some values of a dimension alone.
CREATE INDEX analytics_hours_first ON analytics_hours (kind, first, hour);

-- Everybody who was ever active.
CREATE TABLE analytics_people (
    user_id INTEGER PRIMARY KEY NOT NULL
) STRICT;
INSERT INTO analytics_people (user_id) SELECT DISTINCT user_id FROM analytics_active;

-- What a dashboard shows stands in one document: the zone, the period, the filters and the widgets with their settings.
CREATE TABLE dashboards (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    owner_id INTEGER NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    definition TEXT NOT NULL CHECK (json_valid(definition)),
    widget_count INTEGER NOT NULL CHECK (widget_count >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX dashboards_owner ON dashboards (owner_id, id);

-- Shared with a person, or with everybody who has a role.
CREATE TABLE dashboard_shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id),
    role TEXT,
    access TEXT NOT NULL CHECK (access IN ('view', 'edit')),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT dashboard_shares_user_unique UNIQUE (dashboard_id, user_id),
    CONSTRAINT dashboard_shares_role_unique UNIQUE (dashboard_id, role),
    CHECK ((user_id IS NULL) <> (role IS NULL))
) STRICT;
CREATE INDEX dashboard_shares_user ON dashboard_shares (user_id);
CREATE INDEX dashboard_shares_role ON dashboard_shares (role);

-- Links by which anybody sees a dashboard. SHA-256 of the token that the link carries.
CREATE TABLE dashboard_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL CONSTRAINT dashboard_links_token_hash_unique UNIQUE,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    expires_at TEXT CHECK (expires_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX dashboard_links_dashboard ON dashboard_links (dashboard_id, id);

-- How somebody sees a dashboard, where that is not how it is.
CREATE TABLE dashboard_overrides (
    dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    PRIMARY KEY (dashboard_id, user_id)
) STRICT;
CREATE INDEX dashboard_overrides_user ON dashboard_overrides (user_id);

-- The dashboard that somebody sees first.
CREATE TABLE dashboard_choices (
    user_id INTEGER PRIMARY KEY NOT NULL REFERENCES users (id),
    dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX dashboard_choices_dashboard ON dashboard_choices (dashboard_id);
