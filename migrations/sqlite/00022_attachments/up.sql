-- Files that nothing has yet, or any more: of every domain, not of the shop alone. Their names in the storage stand here,
-- so that one job removes them all.
DROP INDEX stray_files_due;
ALTER TABLE stray_files RENAME TO stray_pictures;
CREATE TABLE stray_files (
    file TEXT NOT NULL PRIMARY KEY,
    names TEXT NOT NULL CHECK (json_valid(names)),
    due_at TEXT NOT NULL CHECK (due_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    doomed INTEGER NOT NULL CHECK (doomed IN (0, 1))
) STRICT;
CREATE INDEX stray_files_due ON stray_files (due_at);
INSERT INTO stray_files (file, names, due_at, doomed)
    SELECT file,
        json_array(
            'images/' || substr(file, 1, 2) || '/' || file || '-original',
            'images/' || substr(file, 1, 2) || '/' || file || '-large',
            'images/' || substr(file, 1, 2) || '/' || file || '-medium',
            'images/' || substr(file, 1, 2) || '/' || file || '-small'
        ),
        due_at, doomed
    FROM stray_pictures;
DROP TABLE stray_pictures;

-- What somebody has put on a card. `name` is what the client called it, `file` what we call it in the storage.
CREATE TABLE card_attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    uploader_id INTEGER NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size > 0),
    file TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX card_attachments_card ON card_attachments (card_id, id);
