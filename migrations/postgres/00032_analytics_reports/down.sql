DROP TABLE analytics_reports;
