-- Whom a mail is due, and when each was mailed last.
CREATE INDEX task_notifications_to_mail ON task_notifications (user_id, created_at) WHERE by_mail AND mailed_at IS NULL;
CREATE INDEX task_notifications_mailed ON task_notifications (user_id, mailed_at) WHERE mailed_at IS NOT NULL;
