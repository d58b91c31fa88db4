-- Who reacted in one way is read from an index, however many have reacted in another.
CREATE INDEX post_reactions_kind ON post_reactions (post_id, kind, user_id);
CREATE INDEX comment_reactions_kind ON comment_reactions (comment_id, kind, user_id);
CREATE INDEX message_reactions_kind ON message_reactions (message_id, kind, user_id);
-- What a moderator removed of a person who leaves.
CREATE INDEX posts_removed ON posts (author_id, id) WHERE status = 'removed';
