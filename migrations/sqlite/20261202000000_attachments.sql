-- Files that came along with messages: fetched from the channel and put into the bucket by a worker.

CREATE TABLE attachments (
    n               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    business_id     TEXT    NOT NULL,
    conversation_id BLOB    NOT NULL CHECK (length(conversation_id) = 16),
    -- The message and its place among what came along, from 0.
    channel         TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    message_id      TEXT    NOT NULL,
    place           INTEGER NOT NULL CHECK (place >= 0),
    -- Where in the bucket it goes, without the ending that its type gives it. Made once: a second try writes over the
    -- first, and what is to be deleted is found even if nobody recorded that it was stored.
    base            TEXT    NOT NULL,
    -- As the channel described it.
    kind            TEXT    NOT NULL,
    provider_id     TEXT,
    url             TEXT,
    mime_type       TEXT,
    name            TEXT,
    size            INTEGER,
    -- 0 waiting, 1 in flight, 2 stored, 3 given up, 4 to be deleted because its sender took it back.
    state           INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3, 4)),
    attempts        INTEGER NOT NULL DEFAULT 0,
    due_at          INTEGER NOT NULL,
    -- Where in the bucket it is, and what it is.
    location        TEXT,
    sha256          TEXT,
    bytes           INTEGER,
    problem         TEXT,
    created_at      INTEGER NOT NULL,
    UNIQUE (channel, account, message_id, place),
    CHECK (state <> 2 OR location IS NOT NULL)
) STRICT;

CREATE INDEX attachments_due ON attachments (due_at, n) WHERE state IN (0, 1, 4);
CREATE INDEX attachments_of_conversation ON attachments (conversation_id, message_id);
