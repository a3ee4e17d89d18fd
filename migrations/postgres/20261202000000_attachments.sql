-- Files that came along with messages: fetched from the channel and put into the bucket by a worker.

CREATE TABLE attachments (
    n               bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    business_id     text        NOT NULL,
    conversation_id uuid        NOT NULL,
    -- The message and its place among what came along, from 0.
    channel         text        NOT NULL,
    account         text        NOT NULL,
    message_id      text        NOT NULL,
    place           bigint      NOT NULL CHECK (place >= 0),
    -- Where in the bucket it goes, without the ending that its type gives it. Made once: a second try writes over the
    -- first, and what is to be deleted is found even if nobody recorded that it was stored.
    base            text        NOT NULL,
    -- As the channel described it.
    kind            text        NOT NULL,
    provider_id     text,
    url             text,
    mime_type       text,
    name            text,
    size            bigint,
    -- 0 waiting, 1 in flight, 2 stored, 3 given up, 4 to be deleted because its sender took it back.
    state           smallint    NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 3, 4)),
    attempts        bigint      NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL,
    -- Where in the bucket it is, and what it is.
    location        text,
    sha256          text,
    bytes           bigint,
    problem         text,
    created_at      timestamptz NOT NULL,
    UNIQUE (channel, account, message_id, place),
    CHECK (state <> 2 OR location IS NOT NULL)
);

CREATE INDEX attachments_due ON attachments (due_at, n) WHERE state IN (0, 1, 4);
CREATE INDEX attachments_of_conversation ON attachments (conversation_id, message_id);
