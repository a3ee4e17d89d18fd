-- Businesses and what they offer.
-- Rules of this folder (times, ids, JSON, expand and contract): see migrations/README.md.

CREATE TABLE businesses (
    id                text        NOT NULL PRIMARY KEY,
    -- The latest version in catalogue_versions.
    catalogue_version bigint      NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);

-- Every catalogue document that was ever in force; the document is the truth.
CREATE TABLE catalogue_versions (
    business_id text        NOT NULL REFERENCES businesses (id),
    version     bigint      NOT NULL CHECK (version >= 1),
    document    text        NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (business_id, version)
);

-- The three tables below repeat what the latest document says, for operators who ask in SQL.
-- Nothing in the program reads them.
CREATE TABLE services (
    business_id text NOT NULL REFERENCES businesses (id),
    service_id  text NOT NULL,
    name        text NOT NULL,
    PRIMARY KEY (business_id, service_id)
);

CREATE TABLE resources (
    business_id text   NOT NULL REFERENCES businesses (id),
    resource_id text   NOT NULL,
    name        text   NOT NULL,
    kind        text   NOT NULL,
    capacity    bigint NOT NULL CHECK (capacity >= 1),
    PRIMARY KEY (business_id, resource_id)
);

CREATE TABLE resource_seats (
    business_id text   NOT NULL,
    resource_id text   NOT NULL,
    seat        bigint NOT NULL CHECK (seat >= 1),
    PRIMARY KEY (business_id, resource_id, seat),
    FOREIGN KEY (business_id, resource_id) REFERENCES resources (business_id, resource_id) ON DELETE CASCADE
);

-- Which account of a channel belongs to which business, and how it is configured.
CREATE TABLE channel_accounts (
    channel     text        NOT NULL,
    account     text        NOT NULL,
    business_id text        NOT NULL REFERENCES businesses (id),
    settings    jsonb       NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (channel, account)
);
