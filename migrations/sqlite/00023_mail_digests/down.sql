DROP INDEX task_notifications_mailed;
DROP INDEX task_notifications_to_mail;
