-- Analytics: what is shared with a role goes with the role, and does not come back with another one of that name.
DELETE FROM dashboard_shares WHERE role IS NOT NULL AND role NOT IN (SELECT name FROM roles);
ALTER TABLE dashboard_shares
    ADD CONSTRAINT dashboard_shares_role_fkey FOREIGN KEY (role) REFERENCES roles (name) ON DELETE CASCADE;
