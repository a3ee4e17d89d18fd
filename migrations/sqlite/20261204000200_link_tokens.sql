-- Tokens that link participants and were brought back, until they end: each makes one participant another.
CREATE TABLE link_tokens (
    -- SHA-256 of the token, in hexadecimal.
    digest         TEXT    NOT NULL PRIMARY KEY,
    business_id    TEXT    NOT NULL,
    -- Who brought it.
    participant_id TEXT    NOT NULL,
    ends_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
