-- Receipts can be faster than whoever sent the message. They are kept in `deliveries` under no reply (the nil id) until
-- the message is known, and only while something of their account is in flight.
CREATE INDEX outbox_in_flight ON outbox (channel, account) WHERE state = 1 AND account <> '';
