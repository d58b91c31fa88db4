DROP TABLE content_case_log;
DROP TABLE content_reports;
DROP TABLE content_case_flags;
DROP TABLE content_case_authors;
DROP TABLE content_cases;
