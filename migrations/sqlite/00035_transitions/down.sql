ALTER TABLE card_transitions DROP COLUMN to_kind;
