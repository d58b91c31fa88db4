-- What of the content somebody has to look at: reported by people, or found by the checks of texts. A closed case stays as it is;
-- what is reported behind it is another case.
CREATE TABLE content_cases (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    kind TEXT NOT NULL CHECK (kind IN ('article', 'comment', 'media')),
    -- No reference, nor has the next: a case stays when what it is about is gone.
    object_id INTEGER NOT NULL CHECK (object_id > 0),
    -- The article that it is, or hangs on.
    article_id INTEGER CHECK (article_id > 0),
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    -- What it said when the case was opened; of a closed one, when it was closed.
    title TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    report_count INTEGER NOT NULL CHECK (report_count >= 0),
    assignee_id INTEGER REFERENCES users (id),
    version INTEGER NOT NULL CHECK (version > 0),
    opened_at TEXT NOT NULL CHECK (opened_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    closed_at TEXT CHECK (closed_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    decision TEXT CHECK (decision IN ('approve', 'block', 'request_changes', 'unpublish', 'archive', 'spam', 'trash', 'deleted')),
    -- Whether it was closed by something that was done about the object itself.
    elsewhere INTEGER NOT NULL CHECK (elsewhere IN (0, 1)),
    -- None: it happened by itself.
    decided_by INTEGER REFERENCES users (id),
    reason TEXT NOT NULL,
    CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((status = 'closed') = (decision IS NOT NULL)),
    CHECK (decision <> 'deleted' OR elsewhere)
) STRICT;
-- However many report at once: one open case of an object.
CREATE UNIQUE INDEX content_cases_open ON content_cases (kind, object_id) WHERE status = 'open';
CREATE INDEX content_cases_object ON content_cases (kind, object_id, id);
CREATE INDEX content_cases_article ON content_cases (article_id) WHERE status = 'open';
CREATE INDEX content_cases_status ON content_cases (status, id);
CREATE INDEX content_cases_reported ON content_cases (status, report_count, id);
CREATE INDEX content_cases_assignee ON content_cases (assignee_id, status, id);

-- Who has written what a case is about: they neither decide on it, nor see who has reported it.
CREATE TABLE content_case_authors (
    case_id INTEGER NOT NULL REFERENCES content_cases (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (case_id, user_id)
) STRICT;
CREATE INDEX content_case_authors_user ON content_case_authors (user_id, case_id);

-- What the checks have found: the newest of each.
CREATE TABLE content_case_flags (
    case_id INTEGER NOT NULL REFERENCES content_cases (id),
    flag TEXT NOT NULL CHECK (flag IN ('word_list', 'links', 'new_author')),
    details TEXT NOT NULL CHECK (json_valid(details)),
    found_at TEXT NOT NULL CHECK (found_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (case_id, flag)
) STRICT;

-- What people have reported: each of them once in a case.
CREATE TABLE content_reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    case_id INTEGER NOT NULL REFERENCES content_cases (id),
    reporter_id INTEGER NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL CHECK (reason IN ('spam', 'abuse', 'hate', 'violence', 'sexual', 'copyright', 'misinformation', 'other')),
    note TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE UNIQUE INDEX content_reports_once ON content_reports (case_id, reporter_id);
CREATE INDEX content_reports_reason ON content_reports (case_id, reason);
CREATE INDEX content_reports_reporter ON content_reports (reporter_id, id);

-- What was done about cases, and by whom. Rows are added and never changed.
CREATE TABLE content_case_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    case_id INTEGER NOT NULL REFERENCES content_cases (id),
    action TEXT NOT NULL CHECK (action IN ('opened', 'reopened', 'reported', 'flagged', 'assigned', 'unassigned', 'decided', 'closed')),
    -- None: it happened by itself.
    actor_id INTEGER REFERENCES users (id),
    before TEXT,
    after TEXT,
    reason TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX content_case_log_case ON content_case_log (case_id, id);
CREATE INDEX content_case_log_actor ON content_case_log (actor_id, id);
CREATE INDEX content_case_log_action ON content_case_log (action, id);
