DROP TABLE card_attachments;

DROP INDEX stray_files_due;
ALTER TABLE stray_files RENAME TO all_stray_files;
ALTER TABLE all_stray_files RENAME CONSTRAINT stray_files_pkey TO all_stray_files_pkey;
CREATE TABLE stray_files (
    file text NOT NULL PRIMARY KEY,
    due_at timestamptz NOT NULL,
    doomed boolean NOT NULL
);
CREATE INDEX stray_files_due ON stray_files (due_at);
INSERT INTO stray_files (file, due_at, doomed)
    SELECT file, due_at, doomed FROM all_stray_files WHERE names ->> 0 LIKE 'images/%';
DROP TABLE all_stray_files;
