-- What the column was when the card came into it: whoever counts was told by that. Of what was before this, nothing was told.
ALTER TABLE card_transitions ADD COLUMN to_kind text CHECK (to_kind IN ('backlog', 'active', 'done'));
