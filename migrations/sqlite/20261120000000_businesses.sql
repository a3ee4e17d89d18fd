-- Businesses and what they offer.
-- Rules of this folder (STRICT, times, ids, expand and contract): see migrations/README.md.

CREATE TABLE businesses (
    id                TEXT    NOT NULL PRIMARY KEY,
    -- The latest version in catalogue_versions.
    catalogue_version INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every catalogue document that was ever in force; the document is the truth.
CREATE TABLE catalogue_versions (
    business_id TEXT    NOT NULL REFERENCES businesses (id),
    version     INTEGER NOT NULL CHECK (version >= 1),
    document    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (business_id, version)
) STRICT;

-- The three tables below repeat what the latest document says, for operators who ask in SQL.
-- Nothing in the program reads them.
CREATE TABLE services (
    business_id TEXT NOT NULL REFERENCES businesses (id),
    service_id  TEXT NOT NULL,
    name        TEXT NOT NULL,
    PRIMARY KEY (business_id, service_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE resources (
    business_id TEXT    NOT NULL REFERENCES businesses (id),
    resource_id TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    capacity    INTEGER NOT NULL CHECK (capacity >= 1),
    PRIMARY KEY (business_id, resource_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_seats (
    business_id TEXT    NOT NULL,
    resource_id TEXT    NOT NULL,
    seat        INTEGER NOT NULL CHECK (seat >= 1),
    PRIMARY KEY (business_id, resource_id, seat),
    FOREIGN KEY (business_id, resource_id) REFERENCES resources (business_id, resource_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Which account of a channel belongs to which business, and how it is configured.
CREATE TABLE channel_accounts (
    channel     TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    business_id TEXT    NOT NULL REFERENCES businesses (id),
    settings    TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (channel, account)
) STRICT, WITHOUT ROWID;
