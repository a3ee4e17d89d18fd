-- What `frontdesk import-sqlite` has copied, written with each batch, so that it goes on where it was interrupted.
-- Nobody may serve from the database before the import is finished.

CREATE TABLE imports (
    -- Which installation, computed from what tells its file apart.
    source      uuid        NOT NULL PRIMARY KEY,
    -- How often it had been written to when the import began. One that is written to meanwhile is another one.
    batch       bigint      NOT NULL,
    began_at    timestamptz NOT NULL,
    -- The table that is being copied, the key of its last row that is here (JSON), and how many rows of it are.
    at_table    text,
    after_key   text,
    table_rows  bigint      NOT NULL DEFAULT 0,
    -- When everything was here and found equal.
    finished_at timestamptz,
    CHECK ((at_table IS NULL) = (after_key IS NULL))
);
