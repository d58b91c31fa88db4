-- Which of the letters was an i is not known any more; names are compared by both forms of the code alone.
SELECT 1;
