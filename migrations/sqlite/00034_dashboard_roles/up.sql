-- Analytics: what is shared with a role goes with the role, and does not come back with another one of that name.
DROP INDEX dashboard_shares_user;
DROP INDEX dashboard_shares_role;
ALTER TABLE dashboard_shares RENAME TO old_dashboard_shares;
CREATE TABLE dashboard_shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id),
    role TEXT REFERENCES roles (name) ON DELETE CASCADE,
    access TEXT NOT NULL CHECK (access IN ('view', 'edit')),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT dashboard_shares_user_unique UNIQUE (dashboard_id, user_id),
    CONSTRAINT dashboard_shares_role_unique UNIQUE (dashboard_id, role),
    CHECK ((user_id IS NULL) <> (role IS NULL))
) STRICT;
INSERT INTO dashboard_shares (id, dashboard_id, user_id, role, access, created_at)
    SELECT id, dashboard_id, user_id, role, access, created_at FROM old_dashboard_shares
    WHERE role IS NULL OR role IN (SELECT name FROM roles);
-- Ids of shares that are gone are not given again.
UPDATE sqlite_sequence
    SET seq = max(seq, (SELECT seq FROM sqlite_sequence WHERE name = 'old_dashboard_shares'))
    WHERE name = 'dashboard_shares';
DROP TABLE old_dashboard_shares;
CREATE INDEX dashboard_shares_user ON dashboard_shares (user_id);
CREATE INDEX dashboard_shares_role ON dashboard_shares (role);
