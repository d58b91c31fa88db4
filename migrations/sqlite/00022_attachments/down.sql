DROP TABLE card_attachments;

DROP INDEX stray_files_due;
ALTER TABLE stray_files RENAME TO all_stray_files;
CREATE TABLE stray_files (
    file TEXT NOT NULL PRIMARY KEY,
    due_at TEXT NOT NULL CHECK (due_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    doomed INTEGER NOT NULL CHECK (doomed IN (0, 1))
) STRICT;
CREATE INDEX stray_files_due ON stray_files (due_at);
INSERT INTO stray_files (file, due_at, doomed)
    SELECT file, due_at, doomed FROM all_stray_files WHERE json_extract(names, '$[0]') LIKE 'images/%';
DROP TABLE all_stray_files;
