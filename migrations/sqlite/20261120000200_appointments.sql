-- Appointments, what they occupy, and what happened to them.

-- The calendar version of a business; every change of an allocation counts it up.
CREATE TABLE calendars (
    business_id TEXT    NOT NULL PRIMARY KEY,
    version     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE appointments (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    business_id      TEXT    NOT NULL,
    participant_id   TEXT    NOT NULL,
    status           TEXT    NOT NULL CHECK (status IN ('held', 'pending', 'confirmed', 'checked_in', 'completed',
                                                        'cancelled', 'declined', 'expired', 'no_show')),
    -- A JSON array of service ids.
    services         TEXT    NOT NULL,
    party_size       INTEGER NOT NULL CHECK (party_size >= 1),
    starts_at        INTEGER NOT NULL,
    ends_at          INTEGER NOT NULL,
    price_minor      INTEGER,
    hold_expires_at  INTEGER,
    goal_id          BLOB,
    version          INTEGER NOT NULL,
    -- The version that the business's calendar got with the last change of this row.
    calendar_version INTEGER NOT NULL,
    idempotency_key  TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    -- At most 31 days, so that "ends after" is a bounded range of the index by start.
    CHECK (starts_at < ends_at AND ends_at - starts_at <= 2678400000000),
    CHECK ((status = 'held') = (hold_expires_at IS NOT NULL))
) STRICT;

CREATE INDEX appointments_changed ON appointments (business_id, calendar_version);
CREATE INDEX appointments_by_start ON appointments (business_id, starts_at, id);
CREATE INDEX appointments_of_participant ON appointments (business_id, participant_id, starts_at, id);
CREATE INDEX appointments_live ON appointments (business_id, ends_at)
    WHERE status IN ('held', 'pending', 'confirmed', 'checked_in');
CREATE INDEX appointments_held ON appointments (hold_expires_at) WHERE status = 'held';
CREATE UNIQUE INDEX appointments_idempotency ON appointments (business_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- Seats occupied. The status is the appointment's, repeated here for the partial index.
CREATE TABLE allocations (
    id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    appointment_id BLOB    NOT NULL REFERENCES appointments (id),
    business_id    TEXT    NOT NULL,
    item           INTEGER NOT NULL,
    service_id     TEXT    NOT NULL,
    resource_id    TEXT    NOT NULL,
    seat           INTEGER NOT NULL CHECK (seat >= 1),
    starts_at      INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    -- [blocked_from, blocked_until) is what nobody else may touch.
    blocked_from   INTEGER NOT NULL,
    blocked_until  INTEGER NOT NULL,
    status         TEXT    NOT NULL,
    CHECK (starts_at < ends_at),
    CHECK (blocked_from <= starts_at AND blocked_until >= ends_at),
    -- At most 31 days, so that the triggers below look at a bounded range of the index.
    CHECK (blocked_until - blocked_from <= 2678400000000)
) STRICT;

CREATE INDEX allocations_of_appointment ON allocations (appointment_id);
CREATE INDEX allocations_live ON allocations (business_id, resource_id, seat, blocked_from)
    WHERE status IN ('held', 'pending', 'confirmed', 'checked_in');

-- No double booking (I5), whichever path writes. SQLite has one writer at a time and a trigger runs inside the
-- write, so that what it looks at cannot change before it is done.
CREATE TRIGGER no_double_booking_insert BEFORE INSERT ON allocations
WHEN NEW.status IN ('held', 'pending', 'confirmed', 'checked_in') AND EXISTS (
    SELECT 1 FROM allocations a
    WHERE a.business_id = NEW.business_id AND a.resource_id = NEW.resource_id AND a.seat = NEW.seat
      AND a.status IN ('held', 'pending', 'confirmed', 'checked_in')
      AND a.blocked_from > NEW.blocked_from - 2678400000000
      AND a.blocked_from < NEW.blocked_until AND a.blocked_until > NEW.blocked_from)
BEGIN
    SELECT RAISE(ABORT, 'no_double_booking');
END;

CREATE TRIGGER no_double_booking_update
BEFORE UPDATE OF business_id, resource_id, seat, blocked_from, blocked_until, status ON allocations
WHEN NEW.status IN ('held', 'pending', 'confirmed', 'checked_in') AND EXISTS (
    SELECT 1 FROM allocations a
    WHERE a.business_id = NEW.business_id AND a.resource_id = NEW.resource_id AND a.seat = NEW.seat
      AND a.status IN ('held', 'pending', 'confirmed', 'checked_in')
      AND a.blocked_from > NEW.blocked_from - 2678400000000
      AND a.blocked_from < NEW.blocked_until AND a.blocked_until > NEW.blocked_from
      AND a.id <> OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'no_double_booking');
END;

-- Append-only: what happened to an appointment, with the appointment after it (JSON).
CREATE TABLE appointment_events (
    appointment_id BLOB    NOT NULL REFERENCES appointments (id),
    seq            INTEGER NOT NULL CHECK (seq >= 1),
    kind           TEXT    NOT NULL,
    actor          TEXT    NOT NULL CHECK (actor IN ('customer', 'bot', 'operator', 'system')),
    turn_id        BLOB,
    at             INTEGER NOT NULL,
    after          TEXT    NOT NULL,
    PRIMARY KEY (appointment_id, seq)
) STRICT, WITHOUT ROWID;

-- What has to be said before a visit.
CREATE TABLE reminders (
    appointment_id BLOB    NOT NULL REFERENCES appointments (id),
    kind           TEXT    NOT NULL,
    due_at         INTEGER NOT NULL,
    -- 0 waiting, 1 done, 2 dropped.
    state          INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
    PRIMARY KEY (appointment_id, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX reminders_due ON reminders (due_at) WHERE state = 0;
