//! What must hold in the database: one rule a query, one row a violation. `$NOW` is the present, in microseconds.

/// Name and query of each rule.
pub(super) const RULES: &[(&str, &str)] = &[
    ("the file is whole", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
    ("references lead somewhere", "SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check"),
    // Messages.
    (
        "every accepted message is answered",
        "SELECT participant_id || ' ' || message_id || ' is in state ' || state || ' after ' || attempts || ' attempts'
         FROM inbox WHERE state <> 1",
    ),
    (
        "a message is in the inbox once",
        "SELECT account || ' ' || message_id FROM inbox GROUP BY channel, account, message_id HAVING COUNT(*) <> 1",
    ),
    (
        "an answered message stands in the transcript exactly once",
        "SELECT participant_id || ' ' || message_id FROM inbox i WHERE state = 1 AND 1 <> (
             SELECT COUNT(*) FROM messages m WHERE m.conversation_id = i.conversation_id
             AND m.direction = 'inbound' AND m.channel = i.channel AND m.message_id = i.message_id)",
    ),
    (
        "it stands there as it was sent, under the turn that answered it",
        "SELECT participant_id || ' ' || message_id FROM inbox i WHERE state = 1 AND NOT EXISTS (
             SELECT 1 FROM messages m WHERE m.conversation_id = i.conversation_id AND m.turn_id = i.turn_id
             AND m.direction = 'inbound' AND m.message_id = i.message_id AND m.content = i.text)",
    ),
    (
        "what customers say in the transcript came through the inbox",
        "SELECT hex(conversation_id) || ' ' || message_id FROM messages m WHERE direction = 'inbound' AND NOT EXISTS (
             SELECT 1 FROM inbox i WHERE i.conversation_id = m.conversation_id AND i.channel = m.channel
             AND i.message_id = m.message_id)",
    ),
    // Transcript, turns, versions.
    (
        "a transcript has no gaps",
        "SELECT hex(conversation_id) || ' ' || MIN(seq) || '..' || MAX(seq) || ', ' || COUNT(*) || ' rows'
         FROM messages GROUP BY conversation_id HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*)",
    ),
    (
        "each turn makes the next version",
        "SELECT hex(conversation_id) || ' ' || MIN(version) || '..' || MAX(version) || ', ' || COUNT(*) || ' turns'
         FROM turns GROUP BY conversation_id
         HAVING MIN(version) <> 1 OR MAX(version) <> COUNT(*) OR COUNT(DISTINCT version) <> COUNT(*)",
    ),
    (
        "the version of a conversation is the number of its turns",
        "SELECT participant_id || ' version ' || version FROM conversations c
         WHERE version <> (SELECT COUNT(*) FROM turns t WHERE t.conversation_id = c.id)
            OR last_turn_id IS NOT (SELECT id FROM turns t WHERE t.conversation_id = c.id
                                    ORDER BY version DESC LIMIT 1)",
    ),
    (
        "every turn belongs to a conversation, and its answer to its version",
        "SELECT hex(t.id) || ' version ' || t.version FROM turns t LEFT JOIN conversations c ON c.id = t.conversation_id
         WHERE c.id IS NULL OR t.answer ->> 'version' IS NOT t.version",
    ),
    (
        "every turn stands in the transcript",
        "SELECT hex(id) FROM turns t WHERE NOT EXISTS (
             SELECT 1 FROM messages m WHERE m.turn_id = t.id AND m.conversation_id = t.conversation_id)",
    ),
    (
        "the transcript is made of turns",
        "SELECT hex(conversation_id) || ' ' || seq FROM messages m WHERE NOT EXISTS (
             SELECT 1 FROM turns t WHERE t.id = m.turn_id AND t.conversation_id = m.conversation_id)",
    ),
    (
        "turns follow one another in the transcript",
        "SELECT hex(a.conversation_id) || ' ' || a.seq FROM messages a
         JOIN messages b ON b.conversation_id = a.conversation_id AND b.seq = a.seq + 1
         JOIN turns ta ON ta.id = a.turn_id JOIN turns tb ON tb.id = b.turn_id
         WHERE tb.version NOT IN (ta.version, ta.version + 1)",
    ),
    (
        "sessions count their messages",
        "SELECT hex(id) || ' ' || message_count FROM sessions s
         WHERE message_count <> (SELECT COUNT(*) FROM messages m WHERE m.session_id = s.id)",
    ),
    // Replies.
    (
        "every reply of an answer is in the outbox, word for word",
        "SELECT hex(t.id) || ' ' || r.key FROM turns t, json_each(t.answer, '$.replies') r WHERE 1 <> (
             SELECT COUNT(*) FROM outbox o WHERE o.conversation_id = t.conversation_id AND o.version = t.version
             AND o.ordinal = r.key AND o.reply ->> 'text' = r.value ->> 'text')",
    ),
    (
        "nothing else is in the outbox",
        "SELECT hex(conversation_id) || ' ' || version || ' ' || ordinal FROM outbox o
         WHERE o.reply ->> 'type' IS NULL AND NOT EXISTS (
             SELECT 1 FROM turns t WHERE t.conversation_id = o.conversation_id AND t.version = o.version
             AND o.ordinal < json_array_length(t.answer, '$.replies'))",
    ),
    (
        "every reply stands in the transcript at its place",
        "SELECT hex(conversation_id) || ' ' || version || ' ' || ordinal FROM outbox o
         WHERE o.reply ->> 'type' IS NULL AND NOT EXISTS (
             SELECT 1 FROM messages m WHERE m.conversation_id = o.conversation_id AND m.seq = o.seq
             AND m.direction = 'outbound' AND replace(m.message_id, '-', '') = lower(hex(o.id))
             AND m.content = o.reply ->> 'text')",
    ),
    // What a business's own systems are told has a type, and no text.
    (
        "a notice comes from a turn and has no place in the transcript",
        "SELECT hex(conversation_id) || ' ' || version || ' ' || ordinal || ' at ' || seq FROM outbox o
         WHERE o.reply ->> 'type' IS NOT NULL AND (o.seq <> 0 OR NOT EXISTS (
             SELECT 1 FROM turns t WHERE t.conversation_id = o.conversation_id AND t.version = o.version))",
    ),
    (
        "what the bot says in the transcript came through the outbox",
        "SELECT hex(conversation_id) || ' ' || seq FROM messages m WHERE direction = 'outbound' AND 1 <> (
             SELECT COUNT(*) FROM outbox o WHERE o.conversation_id = m.conversation_id AND o.seq = m.seq)",
    ),
    (
        "every reply is sent, under an id of its own",
        "SELECT hex(id) || ' ' || MAX(state) FROM outbox GROUP BY id HAVING COUNT(*) <> 1 OR MAX(state) <> 2",
    ),
    // Appointments.
    (
        "no seat is taken twice at one instant, buffers included",
        "SELECT a.resource_id || ' ' || a.seat || ': ' || hex(a.appointment_id) || ' and ' || hex(b.appointment_id)
         FROM allocations a JOIN allocations b
             ON b.business_id = a.business_id AND b.resource_id = a.resource_id AND b.seat = a.seat AND b.id > a.id
            AND b.blocked_from < a.blocked_until AND b.blocked_until > a.blocked_from
         WHERE a.status IN ('held', 'pending', 'confirmed', 'checked_in')
           AND b.status IN ('held', 'pending', 'confirmed', 'checked_in')",
    ),
    (
        "an allocation has its appointment's state, and a seat that exists",
        "SELECT l.id || ' ' || l.status || ' of ' || hex(a.id) || ' ' || a.status
         FROM allocations l JOIN appointments a ON a.id = l.appointment_id
         LEFT JOIN resource_seats s
             ON s.business_id = l.business_id AND s.resource_id = l.resource_id AND s.seat = l.seat
         WHERE l.status <> a.status OR s.seat IS NULL",
    ),
    (
        "a live appointment occupies what it spans, with its service's buffer",
        "WITH buffers (service, minutes) AS (
             VALUES ('basic-manicure', 5), ('gel-manicure', 10), ('pedicure', 10))
         SELECT hex(a.id) || ' ' || a.status FROM appointments a
         WHERE a.status IN ('held', 'pending', 'confirmed', 'checked_in') AND (
             NOT EXISTS (SELECT 1 FROM allocations l WHERE l.appointment_id = a.id)
             OR (SELECT MIN(starts_at) FROM allocations l WHERE l.appointment_id = a.id) IS NOT a.starts_at
             OR (SELECT MAX(ends_at) FROM allocations l WHERE l.appointment_id = a.id) IS NOT a.ends_at
             OR EXISTS (SELECT 1 FROM allocations l JOIN buffers ON buffers.service = l.service_id
                        WHERE l.appointment_id = a.id AND l.blocked_until < l.ends_at + minutes * 60000000))",
    ),
    (
        "no promise outlives its end",
        "SELECT hex(id) FROM appointments WHERE status = 'held' AND hold_expires_at <= $NOW",
    ),
    (
        "the events of an appointment have no gaps",
        "SELECT hex(a.id) || ' ' || COUNT(e.seq) || ' events' FROM appointments a
         LEFT JOIN appointment_events e ON e.appointment_id = a.id
         GROUP BY a.id HAVING MIN(e.seq) IS NOT 1 OR MAX(e.seq) IS NOT COUNT(e.seq)",
    ),
    (
        "the last event of an appointment is what it is",
        "SELECT hex(a.id) || ' ' || a.status || ' ' || a.version || ' but ' || e.after FROM appointments a
         JOIN appointment_events e ON e.appointment_id = a.id
          AND e.seq = (SELECT MAX(seq) FROM appointment_events x WHERE x.appointment_id = a.id)
         WHERE e.after ->> 'status' IS NOT a.status OR e.after ->> 'version' IS NOT a.version",
    ),
    (
        "what was confirmed was promised before",
        "SELECT hex(a.id) FROM appointments a WHERE a.status = 'confirmed' AND NOT EXISTS (
             SELECT 1 FROM appointment_events held JOIN appointment_events e
                 ON e.appointment_id = held.appointment_id AND e.seq > held.seq AND e.kind = 'confirmed'
             WHERE held.appointment_id = a.id AND held.kind = 'held')",
    ),
    (
        "what a customer changed was changed by a turn of theirs, which says so",
        "WITH says (kind, words) AS (VALUES ('confirmed', 'Booked'), ('moved', 'Moved'), ('cancelled', 'Cancelled'))
         SELECT hex(e.appointment_id) || ' ' || e.kind FROM appointment_events e JOIN says ON says.kind = e.kind
         JOIN appointments a ON a.id = e.appointment_id
         WHERE e.actor = 'customer' AND NOT EXISTS (
             SELECT 1 FROM turns t JOIN conversations c ON c.id = t.conversation_id
             JOIN outbox o ON o.conversation_id = c.id AND o.version = t.version
             WHERE t.id = e.turn_id AND c.participant_id = a.participant_id AND c.business_id = a.business_id
               AND o.reply ->> 'text' LIKE '%' || words || '%')",
    ),
    (
        "who reads that something is booked, moved or cancelled, has it so",
        "WITH says (kind, words) AS (
             VALUES ('confirmed', 'Booked:%'), ('confirmed', 'Booked, %'), ('moved', 'Moved:%'),
                    ('cancelled', 'Cancelled:%'))
         SELECT hex(m.conversation_id) || ' ' || m.seq || ': ' || m.content FROM messages m
         JOIN says ON m.content LIKE words
         WHERE m.direction = 'outbound' AND NOT EXISTS (
             SELECT 1 FROM appointment_events e WHERE e.turn_id = m.turn_id AND e.kind = says.kind)",
    ),
    (
        "the appointments of an answer were changed by its turn",
        "SELECT hex(t.id) || ' ' || r.value FROM turns t, json_each(t.answer, '$.appointments') r WHERE NOT EXISTS (
             SELECT 1 FROM appointment_events e WHERE e.turn_id = t.id
             AND lower(hex(e.appointment_id)) = replace(r.value ->> 'id', '-', '')
             AND e.after ->> 'status' = r.value ->> 'status' AND e.after ->> 'version' = r.value ->> 'version')",
    ),
];
