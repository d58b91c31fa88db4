DROP TABLE analytics_active;
DROP TABLE analytics_hours;
DROP TABLE analytics_facts;
