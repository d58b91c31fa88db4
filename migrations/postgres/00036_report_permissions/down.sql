ALTER TABLE analytics_reports DROP COLUMN needed;
