//! The one statement that commits a batch of turns.
//!
//! `won` is the fence: the rows of conversations that were at the expected version. Whatever else is written joins it.
//! The statement's plan depends on nothing but keys.

/// The fence. Rows come, and so are locked, in the order of their ids. A row that is new and has another version than 1
/// was expected to exist: see `committed!`.
macro_rules! turns {
    ($gate:literal) => {
        concat!(
            "won AS MATERIALIZED (
                 INSERT INTO conversations AS c
                     (id, business_id, participant_id, version, context_schema, context, last_turn_id, last_activity,
                      created_at)
                 SELECT t.id, t.business, t.participant, t.version, t.schema, t.context, t.turn, t.at, t.at
                 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::text[], $7::uuid[],
                             $9::timestamptz[])
                     AS t (id, business, participant, version, schema, context, turn, at)
                 WHERE ",
            $gate,
            " ON CONFLICT (id) DO UPDATE SET
                     version = excluded.version, context_schema = excluded.context_schema,
                     context = excluded.context, last_turn_id = excluded.last_turn_id,
                     last_activity = excluded.last_activity
                 WHERE c.version = excluded.version - 1
                 RETURNING c.id, c.last_turn_id AS turn, c.version, c.xmax = 0 AS is_new)"
        )
    };
}

/// Adds messages to transcripts, from sixteen columns.
macro_rules! insert_messages {
    ($conversation:literal, $seq:literal, $session:literal, $turn:literal, $direction:literal, $role:literal,
     $message_id:literal, $channel:literal, $content:literal, $options:literal, $attachments:literal, $model:literal,
     $tokens:literal, $latency_ms:literal, $metadata:literal, $at:literal) => {
        concat!(
            "INSERT INTO messages
                 (conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content, options,
                  attachments, model, tokens, latency_ms, metadata, at)
             SELECT m.* FROM unnest(",
            $conversation, "::uuid[], ", $seq, "::bigint[], ", $session, "::uuid[], ", $turn, "::uuid[], ",
            $direction, "::text[], ", $role, "::text[], ", $message_id, "::text[], ", $channel, "::text[], ",
            $content, "::text[], ", $options, "::text[], ", $attachments, "::text[], ", $model, "::text[], ",
            $tokens, "::bigint[], ", $latency_ms, "::bigint[], ", $metadata, "::text[]::jsonb[], ", $at,
            "::timestamptz[])
                 AS m (conversation, seq, session, turn, direction, role, message_id, channel, content, options,
                       attachments, model, tokens, latency_ms, metadata, at)"
        )
    };
}
pub(super) use insert_messages;

/// What a turn writes besides its conversation.
macro_rules! rows {
    () => {
        concat!(
        "t AS (
             INSERT INTO turns (id, conversation_id, version, answer, committed_at)
             SELECT t.id, won.id, won.version, t.answer, t.at
             FROM unnest($7::uuid[], $8::text[], $9::timestamptz[]) AS t (id, answer, at)
             JOIN won ON won.turn = t.id),
         s AS (
             INSERT INTO sessions
                 (id, conversation_id, title, started_at, last_activity, ended_at, message_count, total_tokens)
             SELECT s.id, s.conversation, s.title, s.started_at, s.last_activity, s.ended_at, s.message_count,
                    s.total_tokens
             FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::timestamptz[], $14::timestamptz[],
                         $15::timestamptz[], $16::bigint[], $17::bigint[])
                 AS s (conversation, id, title, started_at, last_activity, ended_at, message_count, total_tokens)
             JOIN won ON won.id = s.conversation
             ON CONFLICT (id) DO UPDATE SET
                 last_activity = excluded.last_activity, ended_at = excluded.ended_at,
                 message_count = excluded.message_count, total_tokens = excluded.total_tokens),
         m AS ( ",
        insert_messages!(
            "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30", "$31",
            "$32", "$33"
        ),
        " WHERE m.conversation IN (SELECT id FROM won)),
         a AS MATERIALIZED (
             SELECT a.*
             FROM unnest($34::uuid[], $35::text[], $36::text[], $37::text[], $38::text[], $39::text[], $40::uuid[],
                         $41::text[], $42::text[], $43::timestamptz[], $44::timestamptz[], $45::text[])
                 AS a (turn, channel, account, message_id, business, participant, conversation, text, attachments,
                       sent_at, received_at, address)
             WHERE a.turn IN (SELECT turn FROM won)),
         -- Accepted before or not, pending or given up: with this turn they are answered. One that is answered already,
         -- or dropped, or that belongs to another conversation by now, is not changed, and missed by `committed!`.
         i AS (
             INSERT INTO inbox
                 (channel, account, message_id, business_id, participant_id, conversation_id, text, attachments,
                  sent_at, received_at, address, state, turn_id)
             SELECT a.channel, a.account, a.message_id, a.business, a.participant, a.conversation, a.text,
                    a.attachments, a.sent_at, a.received_at, a.address, 1, a.turn
             FROM a
             ON CONFLICT (channel, account, message_id) DO UPDATE SET state = 1, turn_id = excluded.turn_id
             WHERE inbox.state <> 1 AND inbox.dropped_at IS NULL
               AND inbox.conversation_id = excluded.conversation_id
             RETURNING 1),
         o AS (
             INSERT INTO outbox
                 (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel, reply, state,
                  attempts, due_at, account, address, heard_at, created_at)
             SELECT o.*, o.at
             FROM unnest($46::uuid[], $47::uuid[], $48::text[], $49::text[], $50::bigint[], $51::bigint[],
                         $52::bigint[], $53::text[], $54::text[], $55::smallint[], $56::bigint[], $57::timestamptz[],
                         $58::text[], $59::text[], $60::timestamptz[])
                 AS o (id, conversation, business, participant, version, ordinal, seq, channel, reply, state, attempts,
                       at, account, address, heard_at)
             WHERE o.conversation IN (SELECT id FROM won)),
         b AS MATERIALIZED (
             SELECT b.*
             FROM unnest($61::uuid[], $62::text[], $63::text[], $64::text[], $65::text[], $66::timestamptz[],
                         $67::bool[], $68::bool[])
                 AS b (conversation, channel, account, business, participant, at, has_profile, is_recognised)
             WHERE b.conversation IN (SELECT id FROM won)),
         p AS (
             INSERT INTO participants (business_id, participant_id, created_at, updated_at)
             SELECT DISTINCT ON (1, 2) b.business, b.participant, b.at, b.at FROM b
             WHERE NOT b.has_profile ORDER BY 1, 2
             ON CONFLICT (business_id, participant_id) DO NOTHING),
         d AS (
             INSERT INTO identities (channel, account, user_id, business_id, participant_id, created_at)
             SELECT DISTINCT ON (1, 2, 3) b.channel, b.account, b.participant, b.business, b.participant, b.at
             FROM b WHERE NOT b.is_recognised ORDER BY 1, 2, 3
             ON CONFLICT (channel, account, user_id) DO NOTHING)")
    };
}

/// What lets a turn lose before it is written: an appointment that is not as it was read back.
///
/// The calendars come first, in the order of their names: their rows are the locks of everything that books.
macro_rules! gates {
    () => {
        "e AS MATERIALIZED (
             SELECT * FROM unnest($69::uuid[], $70::uuid[], $71::text[], $72::text[], $73::bigint[], $74::text[],
                                  $75::text[], $76::uuid[], $77::timestamptz[], $78::text[])
                 AS e (conversation, id, business, participant, expected, status, kind, turn, at, after)),
         calendar AS MATERIALIZED (
             INSERT INTO calendars (business_id, version) SELECT DISTINCT e.business, 1 FROM e ORDER BY 1
             ON CONFLICT (business_id) DO UPDATE SET version = calendars.version + 1
             RETURNING business_id, version),
         found AS MATERIALIZED (
             SELECT a.id
             FROM e JOIN calendar ON calendar.business_id = e.business
             JOIN appointments a
                 ON a.id = e.id AND a.version = e.expected AND a.business_id = e.business
                AND a.participant_id = e.participant
                AND a.status IN ('held', 'pending', 'confirmed', 'checked_in')
             FOR NO KEY UPDATE OF a),
         lost AS MATERIALIZED (
             SELECT DISTINCT e.conversation FROM e WHERE e.id NOT IN (SELECT id FROM found))"
    };
}

/// The appointments as they become, and the profiles.
macro_rules! changes {
    () => {
        "w AS MATERIALIZED (
             SELECT e.*, calendar.version AS calendar
             FROM e JOIN won ON won.turn = e.turn JOIN calendar ON calendar.business_id = e.business),
         appointment AS (
             UPDATE appointments SET
                 status = w.status, hold_expires_at = NULL, version = appointments.version + 1,
                 calendar_version = w.calendar, updated_at = w.at
             FROM w WHERE appointments.id = w.id),
         seat AS (
             UPDATE allocations SET status = w.status FROM w WHERE allocations.appointment_id = w.id),
         event AS (
             INSERT INTO appointment_events (appointment_id, seq, kind, actor, turn_id, at, after)
             SELECT w.id,
                    COALESCE((SELECT MAX(seq) FROM appointment_events v WHERE v.appointment_id = w.id), 0) + 1,
                    w.kind, $79, w.turn, w.at, w.after
             FROM w),
         -- A profile is written whole: what is absent from it is not known any more. A row that this statement makes
         -- cannot be changed by it, so that beginners are left out above.
         profile AS (
             INSERT INTO participants (business_id, participant_id, name, phone, email, created_at, updated_at)
             SELECT f.business, f.participant, f.name, f.phone, f.email, f.at, f.at
             FROM unnest($80::uuid[], $81::text[], $82::text[], $83::text[], $84::text[], $85::text[],
                         $86::timestamptz[])
                 AS f (conversation, business, participant, name, phone, email, at)
             JOIN won ON won.id = f.conversation
             ON CONFLICT (business_id, participant_id) DO UPDATE SET
                 name = excluded.name, phone = excluded.phone, email = excluded.email,
                 updated_at = excluded.updated_at)"
    };
}

/// The turns that were committed. If one of them turns out to break what could not be tested before it was written (it
/// goes on from a version that never was, or answers a message that is not its own to answer any more), nobody's may be: the statement fails
/// on a division by zero, and the batch is split until that turn stands alone.
macro_rules! committed {
    () => {
        "SELECT won.turn,
                1 / CASE WHEN (won.is_new AND won.version > 1)
                           OR (SELECT COUNT(*) FROM i) < (SELECT COUNT(*) FROM a)
                    THEN 0 ELSE 1 END
         FROM won"
    };
}

/// The statement: `$1` to `$68` are the columns of `turn_rows`, those from `$69` on those of `turn_changes`. Answers with the turns
/// that it committed.
pub(super) const fn statement(only_talk: bool) -> &'static str {
    if only_talk { TALK } else { CHANGE }
}

const TALK: &str = concat!("WITH ", turns!("true"), ", ", rows!(), " ", committed!());
const CHANGE: &str = concat!(
    "WITH ",
    gates!(),
    ", ",
    turns!("t.id NOT IN (SELECT conversation FROM lost)"),
    ", ",
    rows!(),
    ", ",
    changes!(),
    " ",
    committed!()
);
