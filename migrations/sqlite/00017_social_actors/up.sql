-- What one person did that another was told of: looked for when they are hidden from each other.
CREATE INDEX notifications_actor ON notifications (user_id, actor_id) WHERE deleted_at IS NULL;
-- What nobody has read for half a year is swept.
CREATE INDEX notifications_unread_old ON notifications (updated_at) WHERE read_at IS NULL;

-- Until when somebody was suspended by it.
ALTER TABLE reports ADD COLUMN suspended_until TEXT CHECK (suspended_until GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z');
ALTER TABLE moderation_log ADD COLUMN suspended_until TEXT CHECK (suspended_until GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z');
