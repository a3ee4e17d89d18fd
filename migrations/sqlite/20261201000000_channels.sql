-- Channels that have accounts: where a reply goes, what became of it there, and who is who.

-- Where the reply goes at the channel, as JSON that only the channel's own code reads.
ALTER TABLE inbox ADD COLUMN address TEXT;

-- Which account sends it; empty where the channel has none.
ALTER TABLE outbox ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN address TEXT;
-- When whoever gets it was heard.
ALTER TABLE outbox ADD COLUMN heard_at INTEGER;
-- How many of the messages that it was cut into the channel has.
ALTER TABLE outbox ADD COLUMN parts_sent INTEGER NOT NULL DEFAULT 0;
-- Whether a try ended without it being known whether the channel has it.
ALTER TABLE outbox ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0 CHECK (unknown IN (0, 1));

-- In order per conversation and account: an account that is down holds up no other one.
DROP INDEX outbox_unsent_order;
CREATE UNIQUE INDEX outbox_unsent_order ON outbox (conversation_id, channel, account, version, ordinal)
    WHERE state IN (0, 1);
-- Receipts name rows that were sent long ago; no other row pays for it.
CREATE INDEX outbox_of_accounts ON outbox (id) WHERE account <> '';
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 3;

-- Sealed: the database cannot read them.
ALTER TABLE channel_accounts ADD COLUMN secrets TEXT NOT NULL DEFAULT '';
-- Why it sends nothing, if it was stopped.
ALTER TABLE channel_accounts ADD COLUMN problem TEXT;
ALTER TABLE channel_accounts ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE channel_accounts SET updated_at = created_at;

-- Who this participant turned out to be; never somebody who is somebody else in turn.
ALTER TABLE participants ADD COLUMN joined_into TEXT;
CREATE INDEX participants_joined ON participants (business_id, joined_into) WHERE joined_into IS NOT NULL;

CREATE INDEX identities_of_participant ON identities (business_id, participant_id);

-- Messages that channels were given: each part of a reply that was cut into several, each time that it was sent.
CREATE TABLE deliveries (
    n               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    outbox_id       BLOB    NOT NULL CHECK (length(outbox_id) = 16),
    -- Counts from 0.
    part            INTEGER NOT NULL,
    channel         TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    conversation_id BLOB    NOT NULL CHECK (length(conversation_id) = 16),
    -- What the channel calls it, if it said so.
    provider_id     TEXT,
    -- When the reply was committed.
    said_at         INTEGER NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('sent', 'delivered', 'read', 'failed')),
    status_at       INTEGER NOT NULL,
    problem         TEXT
) STRICT;

CREATE UNIQUE INDEX deliveries_provider ON deliveries (channel, account, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX deliveries_of_row ON deliveries (outbox_id);
-- What may still become more than it is, for receipts that name a time and no message.
CREATE INDEX deliveries_open ON deliveries (conversation_id, said_at) WHERE status IN ('sent', 'delivered');

-- Tries to deliver a row of the outbox, to channels that have accounts.
CREATE TABLE delivery_attempts (
    outbox_id BLOB    NOT NULL CHECK (length(outbox_id) = 16),
    -- Counts from 1, also after an operator had it tried anew.
    number    INTEGER NOT NULL CHECK (number >= 1),
    at        INTEGER NOT NULL,
    result    TEXT    NOT NULL CHECK (result IN ('sent', 'retry', 'unknown', 'dead')),
    problem   TEXT,
    PRIMARY KEY (outbox_id, number)
) STRICT, WITHOUT ROWID;
