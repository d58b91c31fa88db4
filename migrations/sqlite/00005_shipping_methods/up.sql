-- Where the shop ships to. Orders refer to zones' methods for good, so a zone that is removed is archived.
CREATE TABLE shipping_zones (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    name TEXT NOT NULL,
    -- ISO 3166-1 alpha-2 codes, or ["*"] for the rest of the world; the same as in shipping_zone_countries.
    countries TEXT NOT NULL CHECK (json_valid(countries)),
    -- Sales tax, in basis points of goods after discount plus shipping.
    tax_bp INTEGER NOT NULL CHECK (tax_bp BETWEEN 0 AND 10000),
    version INTEGER NOT NULL,
    archived_at TEXT CHECK (archived_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;

-- The countries of the zones that are not archived: a country stands in at most one, '*' too.
CREATE TABLE shipping_zone_countries (
    country TEXT NOT NULL CHECK (country = '*' OR length(country) = 2),
    zone_id INTEGER NOT NULL REFERENCES shipping_zones (id),
    PRIMARY KEY (country)
) STRICT;
CREATE INDEX shipping_zone_countries_zone ON shipping_zone_countries (zone_id);

-- How the shop ships to a zone. Orders refer to methods for good, so a method that is removed is archived.
CREATE TABLE shipping_methods (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    zone_id INTEGER NOT NULL REFERENCES shipping_zones (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    min_days INTEGER NOT NULL CHECK (min_days >= 0),
    max_days INTEGER NOT NULL CHECK (max_days >= min_days),
    -- The subtotal from which on it costs nothing.
    free_from INTEGER CHECK (free_from >= 0),
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    archived_at TEXT CHECK (archived_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX shipping_methods_zone ON shipping_methods (zone_id, position, id);
CREATE UNIQUE INDEX shipping_methods_code_unique ON shipping_methods (zone_id, code) WHERE archived_at IS NULL;

-- What a method costs: the price of the first band, by position, whose bounds hold the weight and the subtotal.
CREATE TABLE shipping_bands (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    method_id INTEGER NOT NULL REFERENCES shipping_methods (id),
    position INTEGER NOT NULL,
    max_weight_g INTEGER CHECK (max_weight_g >= 0),
    max_subtotal INTEGER CHECK (max_subtotal >= 0),
    price INTEGER NOT NULL CHECK (price >= 0)
) STRICT;
CREATE UNIQUE INDEX shipping_bands_method ON shipping_bands (method_id, position);

-- What a fresh shop begins with, so that it can sell.
INSERT INTO shipping_zones (name, countries, tax_bp, version, created_at, updated_at) VALUES
    ('United States', '["US"]', 825, 1, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'),
    ('Rest of the world', '["*"]', 0, 1, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z');
INSERT INTO shipping_zone_countries (country, zone_id)
    SELECT CASE name WHEN 'United States' THEN 'US' ELSE '*' END, id FROM shipping_zones;
INSERT INTO shipping_methods
    (zone_id, code, name, description, active, min_days, max_days, free_from, position, version, created_at, updated_at)
    SELECT zones.id, made.code, made.name, made.description, 1, made.min_days, made.max_days, made.free_from,
        made.position, 1, zones.created_at, zones.created_at
    FROM shipping_zones AS zones JOIN (
        SELECT 'United States' AS zone, 'standard' AS code, 'Standard' AS name, 'By ground.' AS description,
            3 AS min_days, 5 AS max_days, 10000 AS free_from, 1 AS position
        UNION ALL SELECT 'United States', 'express', 'Express', 'By air.', 1, 2, NULL, 2
        UNION ALL SELECT 'Rest of the world', 'standard', 'Standard', 'By ground and sea.', 7, 21, NULL, 1
        UNION ALL SELECT 'Rest of the world', 'express', 'Express', 'By air.', 3, 5, NULL, 2
    ) AS made ON made.zone = zones.name
    ORDER BY zones.id, made.position;
INSERT INTO shipping_bands (method_id, position, max_weight_g, price)
    SELECT methods.id, made.position, made.max_weight_g, made.price
    FROM shipping_methods AS methods JOIN shipping_zones AS zones ON zones.id = methods.zone_id JOIN (
        SELECT 'United States' AS zone, 'standard' AS code, 1 AS position, 2000 AS max_weight_g, 499 AS price
        UNION ALL SELECT 'United States', 'standard', 2, 20000, 999
        UNION ALL SELECT 'United States', 'standard', 3, 70000, 1999
        UNION ALL SELECT 'United States', 'express', 1, 2000, 1499
        UNION ALL SELECT 'United States', 'express', 2, 20000, 2999
        UNION ALL SELECT 'United States', 'express', 3, 70000, 5999
        UNION ALL SELECT 'Rest of the world', 'standard', 1, 2000, 1499
        UNION ALL SELECT 'Rest of the world', 'standard', 2, 20000, 3999
        UNION ALL SELECT 'Rest of the world', 'express', 1, 2000, 3999
        UNION ALL SELECT 'Rest of the world', 'express', 2, 20000, 9999
    ) AS made ON made.zone = zones.name AND made.code = methods.code
    ORDER BY methods.id, made.position;
