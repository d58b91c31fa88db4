-- Task boards: what people are told of.

CREATE TABLE task_notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('assigned', 'mentioned', 'commented', 'moved', 'due_soon', 'overdue', 'invited')),
    -- Nobody for what the service tells by itself.
    actor_id INTEGER REFERENCES users (id),
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    board_id INTEGER REFERENCES boards (id) ON DELETE CASCADE,
    card_id INTEGER REFERENCES cards (id) ON DELETE CASCADE,
    -- What it tells of: each is told once.
    key TEXT NOT NULL,
    -- Whether it is listed, and whether it is to stand in a mail.
    in_app INTEGER NOT NULL CHECK (in_app IN (0, 1)),
    by_mail INTEGER NOT NULL CHECK (by_mail IN (0, 1)),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    read_at TEXT CHECK (read_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    mailed_at TEXT CHECK (mailed_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- One that was deleted stays for a while, so that it is not told again.
    deleted_at TEXT CHECK (deleted_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT task_notifications_key_unique UNIQUE (user_id, kind, key),
    CHECK (in_app OR by_mail),
    CHECK (board_id IS NOT NULL OR card_id IS NULL),
    CHECK (deleted_at IS NULL OR read_at IS NOT NULL)
) STRICT;
CREATE INDEX task_notifications_list ON task_notifications (user_id, id) WHERE deleted_at IS NULL;
CREATE INDEX task_notifications_unread ON task_notifications (user_id, id) WHERE read_at IS NULL AND deleted_at IS NULL;
CREATE INDEX task_notifications_project ON task_notifications (project_id);
CREATE INDEX task_notifications_board ON task_notifications (board_id) WHERE board_id IS NOT NULL;
CREATE INDEX task_notifications_card ON task_notifications (card_id) WHERE card_id IS NOT NULL;
-- What is old is found by these.
CREATE INDEX task_notifications_read ON task_notifications (read_at) WHERE read_at IS NOT NULL;
CREATE INDEX task_notifications_created ON task_notifications (created_at) WHERE read_at IS NULL;

CREATE TABLE task_notification_preferences (
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('assigned', 'mentioned', 'commented', 'moved', 'due_soon', 'overdue', 'invited')),
    in_app INTEGER NOT NULL CHECK (in_app IN (0, 1)),
    mail INTEGER NOT NULL CHECK (mail IN (0, 1)),
    PRIMARY KEY (user_id, kind)
) STRICT;

-- The due date of a card that was told as near, and that was told as past. Another date is told anew.
ALTER TABLE cards ADD COLUMN due_soon_told TEXT CHECK (due_soon_told GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z');
ALTER TABLE cards ADD COLUMN overdue_told TEXT CHECK (overdue_told GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z');
CREATE INDEX cards_due ON cards (due_at, board_id)
    WHERE rank IS NOT NULL AND due_at IS NOT NULL AND overdue_told IS DISTINCT FROM due_at;
