-- Appointments, what they occupy, and what happened to them.

-- For = on text inside a GiST index. A trusted extension: whoever may create objects in the database may create it.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- The calendar version of a business; every change of an allocation counts it up. Whoever changes allocations locks
-- this row first, so that changes of one business happen one after the other and never wait for each other crosswise.
CREATE TABLE calendars (
    business_id text   NOT NULL PRIMARY KEY,
    version     bigint NOT NULL
) WITH (fillfactor = 20);

CREATE TABLE appointments (
    id               uuid        NOT NULL PRIMARY KEY,
    business_id      text        NOT NULL,
    participant_id   text        NOT NULL,
    status           text        NOT NULL CHECK (status IN ('held', 'pending', 'confirmed', 'checked_in', 'completed',
                                                            'cancelled', 'declined', 'expired', 'no_show')),
    -- A JSON array of service ids.
    services         text        NOT NULL,
    party_size       bigint      NOT NULL CHECK (party_size >= 1),
    starts_at        timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    price_minor      bigint,
    hold_expires_at  timestamptz,
    goal_id          uuid,
    version          bigint      NOT NULL,
    -- The version that the business's calendar got with the last change of this row.
    calendar_version bigint      NOT NULL,
    idempotency_key  text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    -- At most 31 days, so that "ends after" is a bounded range of the index by start.
    CHECK (starts_at < ends_at AND ends_at - starts_at <= interval '31 days'),
    CHECK ((status = 'held') = (hold_expires_at IS NOT NULL))
);

CREATE INDEX appointments_changed ON appointments (business_id, calendar_version);
CREATE INDEX appointments_by_start ON appointments (business_id, starts_at, id);
CREATE INDEX appointments_of_participant ON appointments (business_id, participant_id, starts_at, id);
CREATE INDEX appointments_live ON appointments (business_id, ends_at)
    WHERE status IN ('held', 'pending', 'confirmed', 'checked_in');
CREATE INDEX appointments_held ON appointments (hold_expires_at) WHERE status = 'held';
CREATE UNIQUE INDEX appointments_idempotency ON appointments (business_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- Seats occupied. The status is the appointment's, repeated here for the constraint.
CREATE TABLE allocations (
    id             bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appointment_id uuid        NOT NULL REFERENCES appointments (id),
    business_id    text        NOT NULL,
    item           bigint      NOT NULL,
    service_id     text        NOT NULL,
    resource_id    text        NOT NULL,
    seat           bigint      NOT NULL CHECK (seat >= 1),
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    -- What nobody else may touch: half-open, buffers included.
    blocked        tstzrange   NOT NULL,
    status         text        NOT NULL,
    CHECK (starts_at < ends_at),
    CHECK (NOT isempty(blocked) AND lower_inc(blocked) AND NOT upper_inc(blocked)
           AND blocked @> tstzrange(starts_at, ends_at)),
    -- No double booking (I5), whichever path writes. The clock cannot stand in a predicate, so that a hold that ran
    -- out still blocks: whoever wants its seat expires it first, in the same transaction.
    CONSTRAINT no_double_booking EXCLUDE USING gist
        (business_id WITH =, resource_id WITH =, seat WITH =, blocked WITH &&)
        WHERE (status IN ('held', 'pending', 'confirmed', 'checked_in'))
);

CREATE INDEX allocations_of_appointment ON allocations (appointment_id);

-- Append-only: what happened to an appointment, with the appointment after it (JSON).
CREATE TABLE appointment_events (
    appointment_id uuid        NOT NULL REFERENCES appointments (id),
    seq            bigint      NOT NULL CHECK (seq >= 1),
    kind           text        NOT NULL,
    actor          text        NOT NULL CHECK (actor IN ('customer', 'bot', 'operator', 'system')),
    turn_id        uuid,
    at             timestamptz NOT NULL,
    after          text        NOT NULL,
    PRIMARY KEY (appointment_id, seq)
);

-- What has to be said before a visit.
CREATE TABLE reminders (
    appointment_id uuid        NOT NULL REFERENCES appointments (id),
    kind           text        NOT NULL,
    due_at         timestamptz NOT NULL,
    -- 0 waiting, 1 done, 2 dropped.
    state          smallint    NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
    PRIMARY KEY (appointment_id, kind)
);

CREATE INDEX reminders_due ON reminders (due_at) WHERE state = 0;
