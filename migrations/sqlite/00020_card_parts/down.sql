DROP TABLE checklist_items;
DROP TABLE checklists;
DROP TABLE card_comments;
