-- Whose account a mail is about, whatever address it went to: it is removed with the account.
ALTER TABLE mails ADD COLUMN user_id bigint REFERENCES users (id);
CREATE INDEX mails_user ON mails (user_id, id);
