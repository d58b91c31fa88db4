-- Analytics: figures that somebody watches over.

CREATE TABLE kpis (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    name TEXT NOT NULL CONSTRAINT kpis_name_unique UNIQUE,
    description TEXT NOT NULL,
    -- As the settings of a number on a dashboard: the metric, its filters, the target and what is better.
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    period TEXT NOT NULL CHECK (json_valid(period)),
    tz TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
