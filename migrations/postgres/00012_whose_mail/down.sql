DROP INDEX mails_user;
ALTER TABLE mails DROP COLUMN user_id;
