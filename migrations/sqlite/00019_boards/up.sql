-- Task boards: boards, their columns and cards, and what has happened on them.

-- The next number of a card: cards of all boards of a project are counted together, and no number comes twice.
ALTER TABLE projects ADD COLUMN last_card_number INTEGER NOT NULL DEFAULT 0 CHECK (last_card_number >= 0);

-- Whoever changes anything on a board takes its row first.
CREATE TABLE boards (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Cards with a row, those in the trash included.
    card_count INTEGER NOT NULL CHECK (card_count BETWEEN 0 AND 25000),
    -- The number of the last entry of its activity.
    last_seq INTEGER NOT NULL CHECK (last_seq >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX boards_project ON boards (project_id, id);

-- A column that was deleted stays, without a place: reports tell of it.
CREATE TABLE board_columns (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    board_id INTEGER NOT NULL REFERENCES boards (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('backlog', 'active', 'done')),
    wip_limit INTEGER CHECK (wip_limit BETWEEN 1 AND 1000),
    -- From 1, from left to right.
    position INTEGER CHECK (position > 0),
    -- Cards that stand in it.
    card_count INTEGER NOT NULL CHECK (card_count >= 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    deleted_at TEXT CHECK (deleted_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT board_columns_position_unique UNIQUE (board_id, position),
    CHECK ((position IS NULL) = (deleted_at IS NOT NULL)),
    CHECK (deleted_at IS NULL OR card_count = 0)
) STRICT;

CREATE TABLE board_labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    board_id INTEGER NOT NULL REFERENCES boards (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- As names are compared.
    name_key TEXT NOT NULL,
    color TEXT NOT NULL,
    CONSTRAINT board_labels_name_key_unique UNIQUE (board_id, name_key)
) STRICT;

CREATE TABLE cards (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    board_id INTEGER NOT NULL REFERENCES boards (id) ON DELETE CASCADE,
    -- Where it stands, or would come back to.
    column_id INTEGER NOT NULL REFERENCES board_columns (id) ON DELETE CASCADE,
    -- Its place among the cards of the column; none while it is archived or in the trash.
    rank INTEGER CHECK (rank <> 0),
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Both in small letters, for whoever looks for words.
    searched TEXT NOT NULL,
    -- From 0 (none) to 4 (urgent).
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 4),
    start_at TEXT CHECK (start_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    due_at TEXT CHECK (due_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    estimate INTEGER CHECK (estimate BETWEEN 0 AND 1000),
    created_by INTEGER NOT NULL REFERENCES users (id),
    comment_count INTEGER NOT NULL CHECK (comment_count >= 0),
    attachment_count INTEGER NOT NULL CHECK (attachment_count >= 0),
    item_count INTEGER NOT NULL CHECK (item_count >= 0),
    done_item_count INTEGER NOT NULL CHECK (done_item_count BETWEEN 0 AND item_count),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- When it came into its column.
    entered_at TEXT NOT NULL CHECK (entered_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    archived_at TEXT CHECK (archived_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    trashed_at TEXT CHECK (trashed_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- When what it said was deleted for good.
    purged_at TEXT CHECK (purged_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT cards_rank_unique UNIQUE (column_id, rank),
    CONSTRAINT cards_number_unique UNIQUE (project_id, number),
    CHECK ((rank IS NULL) = (archived_at IS NOT NULL OR trashed_at IS NOT NULL)),
    CHECK (purged_at IS NULL OR trashed_at IS NOT NULL)
) STRICT;
CREATE INDEX cards_board ON cards (board_id, id);
CREATE INDEX cards_trash ON cards (trashed_at) WHERE trashed_at IS NOT NULL AND purged_at IS NULL;

CREATE TABLE card_labels (
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES board_labels (id) ON DELETE CASCADE,
    board_id INTEGER NOT NULL REFERENCES boards (id) ON DELETE CASCADE,
    PRIMARY KEY (card_id, label_id)
) STRICT;
CREATE INDEX card_labels_board ON card_labels (board_id, card_id, label_id);
CREATE INDEX card_labels_label ON card_labels (label_id);

CREATE TABLE card_assignees (
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    board_id INTEGER NOT NULL REFERENCES boards (id) ON DELETE CASCADE,
    PRIMARY KEY (card_id, user_id)
) STRICT;
CREATE INDEX card_assignees_board ON card_assignees (board_id, card_id, user_id);
CREATE INDEX card_assignees_user ON card_assignees (user_id, board_id);

CREATE TABLE card_watchers (
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (card_id, user_id)
) STRICT;
CREATE INDEX card_watchers_user ON card_watchers (user_id);

-- What has happened on a board, in order and without a gap: activity, and what streams tell.
CREATE TABLE board_activity (
    board_id INTEGER NOT NULL REFERENCES boards (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL,
    card_id INTEGER REFERENCES cards (id) ON DELETE CASCADE,
    -- Nobody for what the service did by itself.
    actor_id INTEGER REFERENCES users (id),
    before TEXT NOT NULL CHECK (json_valid(before)),
    after TEXT NOT NULL CHECK (json_valid(after)),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (board_id, seq)
) STRICT;
CREATE INDEX board_activity_card ON board_activity (card_id, seq) WHERE card_id IS NOT NULL;

-- Where cards have stood, and when: what reports are made of. Coming to the board has no column before, leaving it none behind.
CREATE TABLE card_transitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    board_id INTEGER NOT NULL REFERENCES boards (id) ON DELETE CASCADE,
    card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
    -- Columns of the board, which stay as long as it does.
    from_column_id INTEGER,
    to_column_id INTEGER,
    at TEXT NOT NULL CHECK (at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK (from_column_id IS NOT NULL OR to_column_id IS NOT NULL)
) STRICT;
CREATE INDEX card_transitions_board ON card_transitions (board_id, id);
CREATE INDEX card_transitions_card ON card_transitions (card_id, id);
