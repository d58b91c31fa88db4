-- When the carts were begun that a cart is made of, in milliseconds since 1970: its own, and those of guests that were merged into
-- it. What was begun before this is not counted.
ALTER TABLE carts ADD COLUMN begun TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(begun));

-- Requests by quarters of an hour since 1970, by route (method and pattern) and by the class of their status.
CREATE TABLE analytics_requests (
    quarter INTEGER NOT NULL,
    route TEXT NOT NULL,
    status TEXT NOT NULL,
    requests INTEGER NOT NULL CHECK (requests > 0),
    PRIMARY KEY (quarter, route, status)
) STRICT, WITHOUT ROWID;

-- The same by how long they took: by the bound of a bucket in milliseconds, 0 where there is none.
CREATE TABLE analytics_latencies (
    quarter INTEGER NOT NULL,
    route TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    requests INTEGER NOT NULL CHECK (requests > 0),
    PRIMARY KEY (quarter, route, bucket)
) STRICT, WITHOUT ROWID;

-- From when on every fact is there, in milliseconds since 1970. What is older is removed; what it came to by the hour stays.
CREATE TABLE analytics_kept (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    since INTEGER NOT NULL CHECK (since >= 0)
) STRICT;
INSERT INTO analytics_kept (one, since) VALUES (1, 0);
