-- The social network. Whoever reads posts asks one expression (`social/visibility.rs`) whether they may see them.

-- What the network knows of a person beside the account; whoever has no row is as new.
CREATE TABLE social_profiles (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id),
    bio TEXT NOT NULL DEFAULT '',
    -- Followers have to be accepted.
    locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
    followers_count INTEGER NOT NULL DEFAULT 0 CHECK (followers_count >= 0),
    following_count INTEGER NOT NULL DEFAULT 0 CHECK (following_count >= 0),
    friends_count INTEGER NOT NULL DEFAULT 0 CHECK (friends_count >= 0),
    -- Published posts, by who may see them: nobody is told how many there are of those that they may not see.
    public_posts INTEGER NOT NULL DEFAULT 0 CHECK (public_posts >= 0),
    followers_posts INTEGER NOT NULL DEFAULT 0 CHECK (followers_posts >= 0),
    friends_posts INTEGER NOT NULL DEFAULT 0 CHECK (friends_posts >= 0),
    private_posts INTEGER NOT NULL DEFAULT 0 CHECK (private_posts >= 0),
    -- People whom this person and who this person is hidden from: see `social_ties.cut`.
    cuts_count INTEGER NOT NULL DEFAULT 0 CHECK (cuts_count >= 0),
    -- The number of the last change of a notification: what a socket resumes by.
    notification_seq INTEGER NOT NULL DEFAULT 0 CHECK (notification_seq >= 0),
    -- Until then, nothing is written in this person's name.
    suspended_until TEXT CHECK (suspended_until GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;

-- What a person is to another: one row for each direction that has something to say.
CREATE TABLE social_ties (
    user_id INTEGER NOT NULL REFERENCES users (id),
    other_id INTEGER NOT NULL REFERENCES users (id),
    -- Of user_id towards other_id.
    follow TEXT NOT NULL DEFAULT 'none' CHECK (follow IN ('none', 'requested', 'following')),
    follow_at TEXT CHECK (follow_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- The same in both directions, but that what is sent here is received there.
    friend TEXT NOT NULL DEFAULT 'none' CHECK (friend IN ('none', 'sent', 'received', 'friends')),
    friend_at TEXT CHECK (friend_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    blocking INTEGER NOT NULL DEFAULT 0 CHECK (blocking IN (0, 1)),
    blocking_at TEXT CHECK (blocking_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- Whether one of the two blocks the other: the same in both directions.
    cut INTEGER NOT NULL DEFAULT 0 CHECK (cut IN (0, 1)),
    muted INTEGER NOT NULL DEFAULT 0 CHECK (muted IN (0, 1)),
    muted_at TEXT CHECK (muted_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- For good where it is not said.
    muted_until TEXT CHECK (muted_until GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (user_id, other_id),
    CHECK (user_id <> other_id),
    CHECK ((follow = 'none') = (follow_at IS NULL)),
    CHECK ((friend = 'none') = (friend_at IS NULL)),
    CHECK (blocking = (blocking_at IS NOT NULL)),
    CHECK (muted = (muted_at IS NOT NULL)),
    CHECK (NOT blocking OR cut),
    CHECK (NOT cut OR (follow = 'none' AND friend = 'none'))
) STRICT, WITHOUT ROWID;
-- One index for each list of people; that of the home feed is the first.
CREATE INDEX social_ties_following ON social_ties (user_id, follow_at, other_id) WHERE follow = 'following';
CREATE INDEX social_ties_followers ON social_ties (other_id, follow_at, user_id) WHERE follow = 'following';
CREATE INDEX social_ties_follow_requests ON social_ties (other_id, follow_at, user_id) WHERE follow = 'requested';
CREATE INDEX social_ties_follow_sent ON social_ties (user_id, follow_at, other_id) WHERE follow = 'requested';
CREATE INDEX social_ties_friends ON social_ties (user_id, friend, friend_at, other_id) WHERE friend <> 'none';
CREATE INDEX social_ties_blocking ON social_ties (user_id, blocking_at, other_id) WHERE blocking;
-- `cut` is in it, too, so that SQLite takes it before the primary key.
CREATE INDEX social_ties_cut ON social_ties (user_id, cut, other_id) WHERE cut;
CREATE INDEX social_ties_muted ON social_ties (user_id, muted_at, other_id) WHERE muted;
-- Who has muted a person who leaves.
CREATE INDEX social_ties_muted_by ON social_ties (other_id, user_id) WHERE muted;

-- The words that a person is found by: of the user name and of the name for people, in Latin letters.
CREATE TABLE social_name_words (
    word TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (word, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX social_name_words_user ON social_name_words (user_id);

CREATE TABLE posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    author_id INTEGER NOT NULL REFERENCES users (id),
    -- Markdown as it was written, and what is shown of it.
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    content_warning TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'followers', 'friends', 'private')),
    -- Deleted by the author, removed by a moderator.
    status TEXT NOT NULL CHECK (status IN ('published', 'deleted', 'removed')),
    comments_locked INTEGER NOT NULL DEFAULT 0 CHECK (comments_locked IN (0, 1)),
    like_count INTEGER NOT NULL DEFAULT 0 CHECK (like_count >= 0),
    love_count INTEGER NOT NULL DEFAULT 0 CHECK (love_count >= 0),
    laugh_count INTEGER NOT NULL DEFAULT 0 CHECK (laugh_count >= 0),
    wow_count INTEGER NOT NULL DEFAULT 0 CHECK (wow_count >= 0),
    sad_count INTEGER NOT NULL DEFAULT 0 CHECK (sad_count >= 0),
    angry_count INTEGER NOT NULL DEFAULT 0 CHECK (angry_count >= 0),
    -- Comments that are shown.
    comment_count INTEGER NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
    -- What is shown of its media, mentions and hashtags, so that a feed is one table.
    media TEXT NOT NULL CHECK (json_valid(media)),
    mentions TEXT NOT NULL CHECK (json_valid(mentions)),
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    edited_at TEXT CHECK (edited_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    ended_at TEXT CHECK (ended_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX posts_author ON posts (author_id, id, visibility) WHERE status = 'published';
CREATE INDEX posts_public ON posts (id) WHERE status = 'published' AND visibility = 'public';

-- What a post said before each of its edits.
CREATE TABLE post_revisions (
    post_id INTEGER NOT NULL REFERENCES posts (id),
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    content_warning TEXT NOT NULL,
    visibility TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (post_id, version)
) STRICT;

CREATE TABLE post_tags (
    tag TEXT NOT NULL,
    post_id INTEGER NOT NULL REFERENCES posts (id),
    PRIMARY KEY (tag, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX post_tags_post ON post_tags (post_id);

CREATE TABLE post_reactions (
    post_id INTEGER NOT NULL REFERENCES posts (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('like', 'love', 'laugh', 'wow', 'sad', 'angry')),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (post_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX post_reactions_user ON post_reactions (user_id);

CREATE TABLE bookmarks (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    user_id INTEGER NOT NULL REFERENCES users (id),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT bookmarks_post_id_unique UNIQUE (user_id, post_id)
) STRICT;
CREATE INDEX bookmarks_newest ON bookmarks (user_id, id);
CREATE INDEX bookmarks_post ON bookmarks (post_id);

CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    post_id INTEGER NOT NULL REFERENCES posts (id),
    parent_id INTEGER REFERENCES comments (id),
    -- The ids from the first comment of the branch to this one: `/3/17/20/`.
    path TEXT NOT NULL,
    depth INTEGER NOT NULL CHECK (depth BETWEEN 1 AND 50),
    author_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    mentions TEXT NOT NULL CHECK (json_valid(mentions)),
    status TEXT NOT NULL CHECK (status IN ('published', 'deleted', 'removed')),
    -- Nobody replies below it.
    locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
    like_count INTEGER NOT NULL DEFAULT 0 CHECK (like_count >= 0),
    love_count INTEGER NOT NULL DEFAULT 0 CHECK (love_count >= 0),
    laugh_count INTEGER NOT NULL DEFAULT 0 CHECK (laugh_count >= 0),
    wow_count INTEGER NOT NULL DEFAULT 0 CHECK (wow_count >= 0),
    sad_count INTEGER NOT NULL DEFAULT 0 CHECK (sad_count >= 0),
    angry_count INTEGER NOT NULL DEFAULT 0 CHECK (angry_count >= 0),
    -- What is sorted by: all of its reactions.
    score INTEGER NOT NULL DEFAULT 0
        CHECK (score = like_count + love_count + laugh_count + wow_count + sad_count + angry_count),
    -- Direct replies that are shown: those that are published, or deleted with something below them.
    reply_count INTEGER NOT NULL DEFAULT 0 CHECK (reply_count >= 0),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    edited_at TEXT CHECK (edited_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    ended_at TEXT CHECK (ended_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX comments_newest ON comments (post_id, parent_id, id);
CREATE INDEX comments_top ON comments (post_id, parent_id, score, id);
CREATE INDEX comments_parent ON comments (parent_id);
CREATE INDEX comments_author ON comments (author_id, post_id);

CREATE TABLE comment_reactions (
    comment_id INTEGER NOT NULL REFERENCES comments (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('like', 'love', 'laugh', 'wow', 'sad', 'angry')),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (comment_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX comment_reactions_user ON comment_reactions (user_id);

-- Conversations. A direct one is the only one of its two people.
CREATE TABLE chats (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    kind TEXT NOT NULL CHECK (kind IN ('direct', 'group')),
    title TEXT NOT NULL,
    -- Both ids, the smaller first: `3:17`.
    pair TEXT,
    -- The number of the last event, and of the last message: both count up without a gap, as the row is locked for it.
    last_seq INTEGER NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    last_number INTEGER NOT NULL DEFAULT 0 CHECK (last_number >= 0),
    last_message_at TEXT NOT NULL CHECK (last_message_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    member_count INTEGER NOT NULL DEFAULT 0 CHECK (member_count BETWEEN 0 AND 500),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT chats_pair_unique UNIQUE (pair),
    CHECK ((kind = 'direct') = (pair IS NOT NULL))
) STRICT;

CREATE TABLE chat_members (
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    -- `invited`: a direct conversation that a stranger has begun, and that is not accepted yet.
    status TEXT NOT NULL CHECK (status IN ('active', 'invited', 'left', 'removed')),
    -- Messages and events behind these are for this person; up to the others, when they have gone.
    from_number INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    until_number INTEGER,
    until_seq INTEGER,
    -- The last message that was read, and the event that told so.
    read_number INTEGER NOT NULL DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0,
    joined_at TEXT NOT NULL CHECK (joined_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- When a request was declined: whoever sent it asks again after a day.
    declined_at TEXT CHECK (declined_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- The title as it was when this person went.
    until_title TEXT,
    PRIMARY KEY (chat_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_members_user ON chat_members (user_id, status, chat_id);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    number INTEGER NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    reply_to INTEGER REFERENCES messages (id),
    attachments TEXT NOT NULL CHECK (json_valid(attachments)),
    status TEXT NOT NULL CHECK (status IN ('sent', 'deleted', 'removed')),
    like_count INTEGER NOT NULL DEFAULT 0 CHECK (like_count >= 0),
    love_count INTEGER NOT NULL DEFAULT 0 CHECK (love_count >= 0),
    laugh_count INTEGER NOT NULL DEFAULT 0 CHECK (laugh_count >= 0),
    wow_count INTEGER NOT NULL DEFAULT 0 CHECK (wow_count >= 0),
    sad_count INTEGER NOT NULL DEFAULT 0 CHECK (sad_count >= 0),
    angry_count INTEGER NOT NULL DEFAULT 0 CHECK (angry_count >= 0),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    edited_at TEXT CHECK (edited_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    ended_at TEXT CHECK (ended_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT messages_number_unique UNIQUE (chat_id, number)
) STRICT;
CREATE INDEX messages_reply_to ON messages (reply_to);

CREATE TABLE message_reactions (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('like', 'love', 'laugh', 'wow', 'sad', 'angry')),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_reactions_user ON message_reactions (user_id);

-- What has happened in a conversation, in order and without a gap: what sockets deliver, and resume from.
CREATE TABLE chat_events (
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'edit', 'delete', 'reaction', 'member', 'chat')),
    message_id INTEGER REFERENCES messages (id),
    actor_id INTEGER NOT NULL REFERENCES users (id),
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    PRIMARY KEY (chat_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_events_message ON chat_events (message_id);

-- Pictures of posts and messages. One that belongs to neither is swept away after a day.
CREATE TABLE social_media (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    owner_id INTEGER NOT NULL REFERENCES users (id),
    file TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    alt TEXT NOT NULL,
    -- `storing` until its files are there; `doomed` when they are about to be removed.
    status TEXT NOT NULL CHECK (status IN ('storing', 'stored', 'doomed')),
    post_id INTEGER REFERENCES posts (id),
    message_id INTEGER REFERENCES messages (id),
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK (post_id IS NULL OR message_id IS NULL)
) STRICT;
CREATE INDEX social_media_post ON social_media (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX social_media_message ON social_media (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX social_media_loose ON social_media (created_at) WHERE post_id IS NULL AND message_id IS NULL;
CREATE INDEX social_media_owner ON social_media (owner_id);
CREATE INDEX social_media_unused ON social_media (owner_id, id) WHERE post_id IS NULL AND message_id IS NULL;
CREATE INDEX social_media_doomed ON social_media (id) WHERE status = 'doomed';

-- What a person is told. What belongs together is one row, which is new again when something is added.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('follow', 'follow_request', 'follow_accepted', 'friend_request',
        'friend_accepted', 'mention', 'comment', 'reply', 'reaction', 'message_request', 'moderation')),
    -- What belongs together: `reaction:post:5`.
    group_key TEXT NOT NULL,
    -- The last of those who did it. How many react is counted where they do.
    actor_id INTEGER REFERENCES users (id),
    post_id INTEGER REFERENCES posts (id),
    comment_id INTEGER REFERENCES comments (id),
    chat_id INTEGER REFERENCES chats (id),
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    -- The last event of the outbox that is in it: one that is delivered twice counts once.
    event_id INTEGER NOT NULL,
    -- See `social_profiles.notification_seq`.
    seq INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- When something was added: reading is no news.
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    read_at TEXT CHECK (read_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    -- One that is deleted stays for a while: an event that comes again does not bring it back, and other devices hear of it.
    deleted_at TEXT CHECK (deleted_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CONSTRAINT notifications_group_key_unique UNIQUE (user_id, group_key),
    CONSTRAINT notifications_seq_unique UNIQUE (user_id, seq),
    CHECK (deleted_at IS NULL OR read_at IS NOT NULL)
) STRICT;
CREATE INDEX notifications_newest ON notifications (user_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX notifications_kind ON notifications (user_id, kind, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX notifications_unread ON notifications (user_id, updated_at, id) WHERE read_at IS NULL;
CREATE INDEX notifications_old ON notifications (read_at) WHERE read_at IS NOT NULL;

-- Kinds that a person does not want to be told of, or wants: what is not here is wanted.
CREATE TABLE notification_preferences (
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    PRIMARY KEY (user_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    object_kind TEXT NOT NULL CHECK (object_kind IN ('post', 'comment', 'message', 'user')),
    object_id INTEGER NOT NULL,
    -- Whom it is about, and who says so.
    subject_id INTEGER NOT NULL REFERENCES users (id),
    reporter_id INTEGER NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL CHECK (reason IN ('spam', 'abuse', 'nudity', 'violence', 'misinformation', 'other')),
    note TEXT NOT NULL,
    -- What it said when it was reported.
    snapshot TEXT NOT NULL CHECK (json_valid(snapshot)),
    status TEXT NOT NULL CHECK (status IN ('open', 'assigned', 'resolved', 'rejected')),
    assignee_id INTEGER REFERENCES users (id),
    action TEXT CHECK (action IN ('none', 'warn', 'remove', 'suspend')),
    resolution TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    updated_at TEXT NOT NULL CHECK (updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    closed_at TEXT CHECK (closed_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z'),
    CHECK ((status = 'assigned') <= (assignee_id IS NOT NULL)),
    CHECK ((status IN ('resolved', 'rejected')) = (closed_at IS NOT NULL))
) STRICT;
-- A person has one report of a thing that is not closed.
CREATE UNIQUE INDEX reports_reporter_id_unique ON reports (object_kind, object_id, reporter_id)
    WHERE status IN ('open', 'assigned');
CREATE INDEX reports_queue ON reports (status, id);
CREATE INDEX reports_kind ON reports (object_kind, id);
CREATE INDEX reports_object ON reports (object_kind, object_id, id);
CREATE INDEX reports_assignee ON reports (assignee_id, id);
CREATE INDEX reports_subject ON reports (subject_id, id);
CREATE INDEX reports_reporter ON reports (reporter_id, id);

-- What moderators did, and why. Rows are added and never changed.
CREATE TABLE moderation_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (id > 0),
    moderator_id INTEGER NOT NULL REFERENCES users (id),
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id INTEGER NOT NULL,
    subject_id INTEGER NOT NULL REFERENCES users (id),
    report_id INTEGER REFERENCES reports (id),
    note TEXT NOT NULL,
    created_at TEXT NOT NULL CHECK (created_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z')
) STRICT;
CREATE INDEX moderation_log_subject ON moderation_log (subject_id, id);
CREATE INDEX moderation_log_moderator ON moderation_log (moderator_id, id);
CREATE INDEX moderation_log_report ON moderation_log (report_id);
CREATE TRIGGER moderation_log_immutable BEFORE UPDATE ON moderation_log
BEGIN
    SELECT RAISE(ABORT, 'entries of moderation_log are added and never changed');
END;
CREATE TRIGGER moderation_log_kept BEFORE DELETE ON moderation_log
BEGIN
    SELECT RAISE(ABORT, 'entries of moderation_log are added and never changed');
END;

-- The words of posts and of messages, stemmed by the application: see `product_search`.
CREATE VIRTUAL TABLE post_search USING fts5 (title, rest, tokenize = 'unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE message_search USING fts5 (title, rest, tokenize = 'unicode61 remove_diacritics 0');
