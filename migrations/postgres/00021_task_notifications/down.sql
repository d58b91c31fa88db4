DROP INDEX cards_due;
ALTER TABLE cards DROP COLUMN overdue_told;
ALTER TABLE cards DROP COLUMN due_soon_told;
DROP TABLE task_notification_preferences;
DROP TABLE task_notifications;
