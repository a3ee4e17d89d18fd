-- Tokens that link participants and were brought back, until they end: each makes one participant another.
CREATE TABLE link_tokens (
    -- SHA-256 of the token, in hexadecimal.
    digest         text        NOT NULL PRIMARY KEY,
    business_id    text        NOT NULL,
    -- Who brought it.
    participant_id text        NOT NULL,
    ends_at        timestamptz NOT NULL
);
