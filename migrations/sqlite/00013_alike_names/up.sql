-- A capital I looks like a small l, and both spellings of a name are one: so i and l are one in the form that is compared.
-- Of names that were two before and are one now, the older keeps it; the younger gets a form that nobody can type, and
-- its owner logs in by the e-mail address.
UPDATE users SET username_key = replace(username_key, 'i', 'l') || '#' || id
WHERE deleted_at IS NULL AND EXISTS (
    SELECT 1 FROM users AS older
    WHERE older.id < users.id AND older.deleted_at IS NULL
      AND replace(older.username_key, 'i', 'l') = replace(users.username_key, 'i', 'l')
);
UPDATE users SET username_key = replace(username_key, 'i', 'l') WHERE deleted_at IS NULL AND username_key LIKE '%i%';
