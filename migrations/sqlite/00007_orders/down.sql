DROP TABLE return_lines;
DROP TABLE order_returns;
DROP TABLE coupon_redemptions;
DROP TABLE order_events;
DROP TABLE order_lines;
DROP TABLE orders;
