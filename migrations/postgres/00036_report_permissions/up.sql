-- What it takes to see what the report shows, as a JSON list: whoever has lost that gets no link to the file any more.
ALTER TABLE analytics_reports ADD COLUMN needed jsonb NOT NULL DEFAULT '[]';
