-- SQLite keeps no such statistics.
SELECT 1;
