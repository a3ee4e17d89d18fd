-- Customers, conversations, transcripts, and what comes in and goes out.
--
-- The tables that every turn writes (conversations, turns, sessions, messages, inbox, outbox) refer to each other
-- without foreign keys: each is a query of its own per row, and all of these rows are written by one statement.

-- One customer as one business knows them.
CREATE TABLE participants (
    business_id     text        NOT NULL,
    participant_id  text        NOT NULL,
    name            text,
    phone           text,
    email           text,
    -- false after "STOP".
    contact_allowed boolean     NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (business_id, participant_id)
);

-- How a participant is reached. No IP address and no user agent, here or anywhere.
CREATE TABLE identities (
    channel        text        NOT NULL,
    account        text        NOT NULL,
    user_id        text        NOT NULL,
    business_id    text        NOT NULL,
    participant_id text        NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (channel, account, user_id)
);

-- The hot row: every turn rewrites it. No index holds anything but its id, and pages keep room for the next versions,
-- so that an update stays on its page and touches no index (HOT). The id is computed from the pair.
CREATE TABLE conversations (
    id             uuid        NOT NULL PRIMARY KEY,
    business_id    text        NOT NULL,
    participant_id text        NOT NULL,
    -- The fence (I1, I2): grows by one per committed turn.
    version        bigint      NOT NULL CHECK (version >= 1),
    context_schema integer     NOT NULL,
    -- JSON, kept as the text that was written: nothing is searched by its parts.
    context        text        NOT NULL,
    -- Whoever does not know whether a turn was committed asks here and in turns.
    last_turn_id   uuid        NOT NULL,
    last_activity  timestamptz NOT NULL,
    created_at     timestamptz NOT NULL
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Committed turns, with the answer for whoever asks about one of their messages again.
CREATE TABLE turns (
    id              uuid        NOT NULL PRIMARY KEY,
    conversation_id uuid        NOT NULL,
    version         bigint      NOT NULL,
    answer          text        NOT NULL,
    committed_at    timestamptz NOT NULL
);

CREATE TABLE sessions (
    id               uuid        NOT NULL PRIMARY KEY,
    conversation_id  uuid        NOT NULL,
    title            text        NOT NULL,
    started_at       timestamptz NOT NULL,
    last_activity    timestamptz NOT NULL,
    message_count    bigint      NOT NULL DEFAULT 0,
    total_tokens     bigint      NOT NULL DEFAULT 0,
    ended_at         timestamptz,
    archived         boolean     NOT NULL DEFAULT false,
    archive_location text,
    metadata         jsonb       NOT NULL DEFAULT '{}'
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX sessions_of_conversation ON sessions (conversation_id, started_at);
-- Without last_activity in it, so that a turn does not rewrite it; the sweeper reads the open ones, all of them.
CREATE INDEX sessions_open ON sessions (conversation_id) WHERE ended_at IS NULL;

CREATE TABLE messages (
    conversation_id uuid        NOT NULL,
    -- Counts from 1 without gaps.
    seq             bigint      NOT NULL CHECK (seq >= 1),
    session_id      uuid        NOT NULL,
    turn_id         uuid        NOT NULL,
    direction       text        NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    role            text        NOT NULL,
    -- The sender's id (inbound) or the outbox row's (outbound).
    message_id      text        NOT NULL,
    channel         text        NOT NULL,
    content         text        NOT NULL,
    content_type    text        NOT NULL DEFAULT 'text/plain',
    -- JSON arrays.
    options         text,
    attachments     text,
    -- `rules`, or a model's name.
    model           text,
    tokens          bigint      NOT NULL DEFAULT 0,
    latency_ms      bigint      NOT NULL DEFAULT 0,
    status          text        NOT NULL DEFAULT 'stored',
    metadata        jsonb,
    at              timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);

-- Messages accepted: unique for ever by (channel, account, message id) (I3).
-- state: 0 pending, 1 done, 2 dead. Work is found by state, never by an id cursor: n is drawn before the commit.
CREATE TABLE inbox (
    n               bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    channel         text        NOT NULL,
    account         text        NOT NULL,
    message_id      text        NOT NULL,
    business_id     text        NOT NULL,
    participant_id  text        NOT NULL,
    conversation_id uuid        NOT NULL,
    text            text        NOT NULL,
    attachments     text,
    sent_at         timestamptz,
    received_at     timestamptz NOT NULL,
    state           smallint    NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
    attempts        integer     NOT NULL DEFAULT 0,
    -- The turn that answered it; set exactly when it is done.
    turn_id         uuid,
    PRIMARY KEY (channel, account, message_id),
    CHECK ((state = 1) = (turn_id IS NOT NULL))
) WITH (fillfactor = 90);

CREATE INDEX inbox_pending ON inbox (conversation_id, n) WHERE state = 0;
CREATE INDEX inbox_pending_age ON inbox (received_at) WHERE state = 0;
CREATE INDEX inbox_dead ON inbox (n) WHERE state = 2;

-- Replies. state: 0 waiting, 1 in flight until due_at, 2 sent, 3 dead.
CREATE TABLE outbox (
    n               bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    -- Computed from turn and ordinal: a reply is sent again only under the same id (I4).
    id              uuid        NOT NULL,
    conversation_id uuid        NOT NULL,
    business_id     text        NOT NULL,
    participant_id  text        NOT NULL,
    version         bigint      NOT NULL,
    ordinal         bigint      NOT NULL,
    seq             bigint      NOT NULL,
    channel         text        NOT NULL,
    reply           text        NOT NULL,
    state           smallint    NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3)),
    attempts        bigint      NOT NULL DEFAULT 0,
    -- When waiting: not before this. When in flight: until this nobody else may take it.
    due_at          timestamptz NOT NULL,
    problem         text,
    created_at      timestamptz NOT NULL
);

-- Partial: only what is still to be delivered is ever looked for.
CREATE UNIQUE INDEX outbox_unsent_id ON outbox (id) WHERE state IN (0, 1);
CREATE UNIQUE INDEX outbox_unsent_order ON outbox (conversation_id, version, ordinal) WHERE state IN (0, 1);
CREATE INDEX outbox_unsent_due ON outbox (due_at) WHERE state IN (0, 1);

-- Conversations that a person should take over.
CREATE TABLE handoffs (
    n               bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    business_id     text        NOT NULL,
    participant_id  text        NOT NULL,
    conversation_id uuid        NOT NULL,
    turn_id         uuid        NOT NULL,
    reason          text        NOT NULL,
    at              timestamptz NOT NULL,
    resolved_at     timestamptz
);

CREATE INDEX handoffs_open ON handoffs (business_id, n) WHERE resolved_at IS NULL;

-- Somebody waiting for a slot. What is wanted stands as JSON, as the text that was written.
CREATE TABLE waitlist_entries (
    id               uuid        NOT NULL PRIMARY KEY,
    business_id      text        NOT NULL,
    participant_id   text        NOT NULL,
    wish             text        NOT NULL,
    wanted           text        NOT NULL,
    state            text        NOT NULL CHECK (state IN ('waiting', 'offered', 'booked', 'ended')),
    offer            text,
    offer_expires_at timestamptz,
    since            timestamptz NOT NULL,
    passed           text        NOT NULL DEFAULT '[]',
    updated_at       timestamptz NOT NULL,
    CHECK ((offer IS NULL) = (offer_expires_at IS NULL))
);

CREATE INDEX waitlist_waiting ON waitlist_entries (business_id, since, id) WHERE state = 'waiting';
CREATE INDEX waitlist_offered ON waitlist_entries (offer_expires_at) WHERE state = 'offered';
