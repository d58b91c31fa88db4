ALTER TABLE moderation_log DROP COLUMN suspended_until;
ALTER TABLE reports DROP COLUMN suspended_until;
DROP INDEX notifications_unread_old;
DROP INDEX notifications_actor;
