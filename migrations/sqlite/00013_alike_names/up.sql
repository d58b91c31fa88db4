-- A capital I looks like a small l, and both spellings of a name are one: so i and l are one in the form that is compared.
-- Of names that were two before and would be one now, each keeps its own form.
UPDATE users SET username_key = replace(username_key, 'i', 'l')
WHERE username_key LIKE '%i%' AND deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM users AS other
    WHERE other.id <> users.id AND replace(other.username_key, 'i', 'l') = replace(users.username_key, 'i', 'l')
);
