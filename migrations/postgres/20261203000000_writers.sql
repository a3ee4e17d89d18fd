-- The tasks that write in transactions of several statements, and the mark of each one's last commit. When the answer
-- to a COMMIT is lost, the mark tells whether it happened, also after a crash or a failover.
CREATE TABLE writers (
    id   uuid        NOT NULL PRIMARY KEY,
    mark bigint      NOT NULL,
    -- When it last began something, by the database's clock. Only tells which rows nobody needs any more.
    at   timestamptz NOT NULL
) WITH (fillfactor = 50);
