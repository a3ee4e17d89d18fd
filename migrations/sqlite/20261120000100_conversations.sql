-- Customers, conversations, transcripts, and what comes in and goes out.

-- One customer as one business knows them.
CREATE TABLE participants (
    business_id     TEXT    NOT NULL,
    participant_id  TEXT    NOT NULL,
    name            TEXT,
    phone           TEXT,
    email           TEXT,
    -- 0 after "STOP".
    contact_allowed INTEGER NOT NULL DEFAULT 1 CHECK (contact_allowed IN (0, 1)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (business_id, participant_id)
) STRICT, WITHOUT ROWID;

-- How a participant is reached. No IP address and no user agent, here or anywhere.
CREATE TABLE identities (
    channel        TEXT    NOT NULL,
    account        TEXT    NOT NULL,
    user_id        TEXT    NOT NULL,
    business_id    TEXT    NOT NULL,
    participant_id TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (channel, account, user_id),
    FOREIGN KEY (business_id, participant_id) REFERENCES participants (business_id, participant_id)
) STRICT, WITHOUT ROWID;

-- A rowid table on purpose: a context is longer than a quarter of a page, and would spill to an overflow page
-- in an index b-tree. The id is computed from the pair.
CREATE TABLE conversations (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    business_id    TEXT    NOT NULL,
    participant_id TEXT    NOT NULL,
    -- The fence (I1, I2): grows by one per committed turn.
    version        INTEGER NOT NULL CHECK (version >= 1),
    context_schema INTEGER NOT NULL,
    context        TEXT    NOT NULL,
    -- Whoever does not know whether a turn was committed asks here and in turns.
    last_turn_id   BLOB    NOT NULL CHECK (length(last_turn_id) = 16),
    last_activity  INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    FOREIGN KEY (business_id, participant_id) REFERENCES participants (business_id, participant_id)
) STRICT;

-- Committed turns, with the answer for whoever asks about one of their messages again.
CREATE TABLE turns (
    n               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id              BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    conversation_id BLOB    NOT NULL,
    version         INTEGER NOT NULL,
    answer          TEXT    NOT NULL,
    committed_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    conversation_id  BLOB    NOT NULL REFERENCES conversations (id),
    title            TEXT    NOT NULL,
    started_at       INTEGER NOT NULL,
    last_activity    INTEGER NOT NULL,
    message_count    INTEGER NOT NULL DEFAULT 0,
    total_tokens     INTEGER NOT NULL DEFAULT 0,
    ended_at         INTEGER,
    archived         INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
    archive_location TEXT,
    metadata         TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(metadata))
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_conversation ON sessions (conversation_id, started_at);
-- Without last_activity in it, so that a turn does not rewrite it; the sweeper reads the open ones, all of them.
CREATE INDEX sessions_open ON sessions (conversation_id) WHERE ended_at IS NULL;

-- Clustered by conversation: a page of the transcript is a range of one b-tree.
CREATE TABLE messages (
    conversation_id BLOB    NOT NULL REFERENCES conversations (id),
    -- Counts from 1 without gaps.
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    session_id      BLOB    NOT NULL,
    turn_id         BLOB    NOT NULL,
    direction       TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    role            TEXT    NOT NULL,
    -- The sender's id (inbound) or the outbox row's (outbound).
    message_id      TEXT    NOT NULL,
    channel         TEXT    NOT NULL,
    content         TEXT    NOT NULL,
    content_type    TEXT    NOT NULL DEFAULT 'text/plain',
    -- JSON arrays.
    options         TEXT,
    attachments     TEXT,
    -- `rules`, or a model's name.
    model           TEXT,
    tokens          INTEGER NOT NULL DEFAULT 0,
    latency_ms      INTEGER NOT NULL DEFAULT 0,
    status          TEXT    NOT NULL DEFAULT 'stored',
    metadata        TEXT,
    at              INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) STRICT, WITHOUT ROWID;

-- Messages accepted: unique for ever by (channel, account, message id) (I3).
-- state: 0 pending, 1 done, 2 dead. Work is found by state, never by an id cursor.
CREATE TABLE inbox (
    n               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    channel         TEXT    NOT NULL,
    account         TEXT    NOT NULL,
    message_id      TEXT    NOT NULL,
    business_id     TEXT    NOT NULL,
    participant_id  TEXT    NOT NULL,
    conversation_id BLOB    NOT NULL CHECK (length(conversation_id) = 16),
    text            TEXT    NOT NULL,
    attachments     TEXT,
    sent_at         INTEGER,
    received_at     INTEGER NOT NULL,
    state           INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- The turn that answered it; set exactly when it is done.
    turn_id         BLOB,
    UNIQUE (channel, account, message_id),
    CHECK ((state = 1) = (turn_id IS NOT NULL))
) STRICT;

CREATE INDEX inbox_pending ON inbox (conversation_id, n) WHERE state = 0;
CREATE INDEX inbox_pending_age ON inbox (received_at) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (n) WHERE state = 2;

-- Replies. state: 0 waiting, 1 in flight until lease_until, 2 sent, 3 dead.
CREATE TABLE outbox (
    n               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- Computed from turn and ordinal: a reply is sent again only under the same id (I4).
    id              BLOB    NOT NULL CHECK (length(id) = 16),
    conversation_id BLOB    NOT NULL,
    business_id     TEXT    NOT NULL,
    participant_id  TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    ordinal         INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    channel         TEXT    NOT NULL,
    reply           TEXT    NOT NULL,
    state           INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3)),
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- When waiting: not before this. When in flight: until this nobody else may take it.
    due_at          INTEGER NOT NULL,
    problem         TEXT,
    created_at      INTEGER NOT NULL
) STRICT;

-- Partial, because most replies of the synchronous API are born sent and need no index at all.
CREATE UNIQUE INDEX outbox_unsent_id ON outbox (id) WHERE state IN (0, 1);
CREATE UNIQUE INDEX outbox_unsent_order ON outbox (conversation_id, version, ordinal) WHERE state IN (0, 1);
CREATE INDEX outbox_unsent_due ON outbox (due_at) WHERE state IN (0, 1);

-- Conversations that a person should take over.
CREATE TABLE handoffs (
    n               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    business_id     TEXT    NOT NULL,
    participant_id  TEXT    NOT NULL,
    conversation_id BLOB    NOT NULL,
    turn_id         BLOB    NOT NULL,
    reason          TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    resolved_at     INTEGER
) STRICT;

CREATE INDEX handoffs_open ON handoffs (business_id, n) WHERE resolved_at IS NULL;

-- Somebody waiting for a slot. What is wanted stands as JSON.
CREATE TABLE waitlist_entries (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    business_id      TEXT    NOT NULL,
    participant_id   TEXT    NOT NULL,
    wish             TEXT    NOT NULL,
    wanted           TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('waiting', 'offered', 'booked', 'ended')),
    offer            TEXT,
    offer_expires_at INTEGER,
    since            INTEGER NOT NULL,
    passed           TEXT    NOT NULL DEFAULT '[]',
    updated_at       INTEGER NOT NULL,
    CHECK ((offer IS NULL) = (offer_expires_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX waitlist_waiting ON waitlist_entries (business_id, since, id) WHERE state = 'waiting';
CREATE INDEX waitlist_offered ON waitlist_entries (offer_expires_at) WHERE state = 'offered';

-- One row. Each transaction of the writer counts it up, so that after a COMMIT whose outcome is unknown
-- the row says whether it happened.
CREATE TABLE writer (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    batch INTEGER NOT NULL
) STRICT;

INSERT INTO writer (id, batch) VALUES (1, 0);
