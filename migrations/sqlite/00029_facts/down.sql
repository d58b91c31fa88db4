DROP TABLE analytics_kept;
DROP TABLE analytics_latencies;
DROP TABLE analytics_requests;
ALTER TABLE carts DROP COLUMN begun;
