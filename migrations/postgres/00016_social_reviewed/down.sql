DROP INDEX posts_removed;
DROP INDEX message_reactions_kind;
DROP INDEX comment_reactions_kind;
DROP INDEX post_reactions_kind;
