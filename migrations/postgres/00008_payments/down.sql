DROP TABLE sandbox_refunds;
DROP TABLE sandbox_charges;
DROP TABLE payment_events;
DROP TABLE payment_entries;
DROP FUNCTION refuse_change();
DROP TABLE payment_refunds;
DROP TABLE payments;
