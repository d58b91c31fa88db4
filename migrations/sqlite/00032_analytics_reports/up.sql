-- Analytics: reports, which a job makes into files.

CREATE TABLE analytics_reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    owner_id INTEGER NOT NULL REFERENCES users (id),
    template TEXT NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('xlsx', 'html')),
    period_from TEXT NOT NULL,
    period_to TEXT NOT NULL,
    tz TEXT NOT NULL,
    lang TEXT NOT NULL CHECK (lang IN ('en', 'ru')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
    -- Percent.
    progress INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 100),
    -- How often it was begun.
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    -- Where it stands in the storage, and its bytes.
    file TEXT,
    size INTEGER CHECK (size >= 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    finished_at TEXT CHECK (finished_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK ((status = 'done') = (file IS NOT NULL))
) STRICT;
CREATE INDEX analytics_reports_owner ON analytics_reports (owner_id, id);
CREATE INDEX analytics_reports_finished ON analytics_reports (finished_at);
