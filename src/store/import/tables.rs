//! What an installation consists of: every table and column, with the form that each database gives it.
//!
//! One loop copies all of it, and one compares. A test walks both schemas and fails when a table or a column is named
//! neither here nor in [`LEFT_OUT`], so that no later migration is forgotten.

use self::Kind::{Blocked, Flag, Id, Json, Number, Text, Time};

/// A table that both databases have.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns that tell its rows apart, in whose order it is copied.
    pub key: &'static [&'static str],
    /// The column that PostgreSQL numbers by itself.
    pub numbered: Option<&'static str>,
    /// All columns.
    pub columns: &'static [Column],
}

/// A column's name and form.
#[derive(Debug)]
pub struct Column(pub &'static str, pub Kind);

/// How the databases store a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 16 bytes in SQLite, a uuid in PostgreSQL.
    Id,
    /// Microseconds since 1970 in SQLite, a timestamptz in PostgreSQL.
    Time,
    /// Text in both; also JSON that nobody searches.
    Text,
    /// A whole number in both.
    Number,
    /// 0 or 1 in SQLite, a boolean in PostgreSQL.
    Flag,
    /// Text in SQLite, jsonb in PostgreSQL, which keeps the value and not its spelling.
    Json,
    /// `blocked_from` and `blocked_until` in SQLite, one tstzrange in PostgreSQL.
    Blocked,
}

impl Column {
    /// Its name or names in SQLite.
    #[must_use]
    pub fn in_sqlite(&self) -> &[&'static str] {
        match self.1 {
            Blocked => &["blocked_from", "blocked_until"],
            _ => std::slice::from_ref(&self.0),
        }
    }
}

/// What one of the databases has and is not copied: a table, or a column as `table.column`.
pub const LEFT_OUT: [&str; 6] = [
    // What migrations keep about themselves.
    "_sqlx_migrations",
    "sqlite_sequence",
    // Writers ask it about their own commits: the one of SQLite, those of PostgreSQL.
    "writer",
    "writers",
    // Orders the rows of SQLite only; PostgreSQL has no such column.
    "turns.n",
    // Is about this copying.
    "imports",
];

/// Every table; one that refers to another comes after it.
pub static TABLES: [Table; 25] = [
    Table {
        name: "businesses",
        key: &["id"],
        numbered: None,
        columns: &[
            Column("id", Text),
            Column("catalogue_version", Number),
            Column("created_at", Time),
            Column("updated_at", Time),
        ],
    },
    Table {
        name: "catalogue_versions",
        key: &["business_id", "version"],
        numbered: None,
        columns: &[
            Column("business_id", Text),
            Column("version", Number),
            Column("document", Text),
            Column("created_at", Time),
        ],
    },
    Table {
        name: "services",
        key: &["business_id", "service_id"],
        numbered: None,
        columns: &[
            Column("business_id", Text),
            Column("service_id", Text),
            Column("name", Text),
        ],
    },
    Table {
        name: "resources",
        key: &["business_id", "resource_id"],
        numbered: None,
        columns: &[
            Column("business_id", Text),
            Column("resource_id", Text),
            Column("name", Text),
            Column("kind", Text),
            Column("capacity", Number),
        ],
    },
    Table {
        name: "resource_seats",
        key: &["business_id", "resource_id", "seat"],
        numbered: None,
        columns: &[
            Column("business_id", Text),
            Column("resource_id", Text),
            Column("seat", Number),
        ],
    },
    Table {
        name: "channel_accounts",
        key: &["channel", "account"],
        numbered: None,
        columns: &[
            Column("channel", Text),
            Column("account", Text),
            Column("business_id", Text),
            Column("settings", Json),
            Column("created_at", Time),
            Column("secrets", Text),
            Column("problem", Text),
            Column("updated_at", Time),
        ],
    },
    Table {
        name: "participants",
        key: &["business_id", "participant_id"],
        numbered: None,
        columns: &[
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("name", Text),
            Column("phone", Text),
            Column("email", Text),
            Column("contact_allowed", Flag),
            Column("created_at", Time),
            Column("updated_at", Time),
            Column("joined_into", Text),
        ],
    },
    Table {
        name: "identities",
        key: &["channel", "account", "user_id"],
        numbered: None,
        columns: &[
            Column("channel", Text),
            Column("account", Text),
            Column("user_id", Text),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("created_at", Time),
        ],
    },
    Table {
        name: "conversations",
        key: &["id"],
        numbered: None,
        columns: &[
            Column("id", Id),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("version", Number),
            Column("context_schema", Number),
            Column("context", Text),
            Column("last_turn_id", Id),
            Column("last_activity", Time),
            Column("created_at", Time),
        ],
    },
    Table {
        name: "turns",
        key: &["id"],
        numbered: None,
        columns: &[
            Column("id", Id),
            Column("conversation_id", Id),
            Column("version", Number),
            Column("answer", Text),
            Column("committed_at", Time),
        ],
    },
    Table {
        name: "sessions",
        key: &["id"],
        numbered: None,
        columns: &[
            Column("id", Id),
            Column("conversation_id", Id),
            Column("title", Text),
            Column("started_at", Time),
            Column("last_activity", Time),
            Column("message_count", Number),
            Column("total_tokens", Number),
            Column("ended_at", Time),
            Column("archived", Flag),
            Column("archive_location", Text),
            Column("metadata", Json),
        ],
    },
    Table {
        name: "messages",
        key: &["conversation_id", "seq"],
        numbered: None,
        columns: &[
            Column("conversation_id", Id),
            Column("seq", Number),
            Column("session_id", Id),
            Column("turn_id", Id),
            Column("direction", Text),
            Column("role", Text),
            Column("message_id", Text),
            Column("channel", Text),
            Column("content", Text),
            Column("content_type", Text),
            Column("options", Text),
            Column("attachments", Text),
            Column("model", Text),
            Column("tokens", Number),
            Column("latency_ms", Number),
            Column("status", Text),
            Column("metadata", Json),
            Column("at", Time),
        ],
    },
    Table {
        name: "inbox",
        key: &["n"],
        numbered: Some("n"),
        columns: &[
            Column("n", Number),
            Column("channel", Text),
            Column("account", Text),
            Column("message_id", Text),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("conversation_id", Id),
            Column("text", Text),
            Column("attachments", Text),
            Column("sent_at", Time),
            Column("received_at", Time),
            Column("state", Number),
            Column("attempts", Number),
            Column("turn_id", Id),
            Column("dropped_at", Time),
            Column("address", Text),
        ],
    },
    Table {
        name: "outbox",
        key: &["n"],
        numbered: Some("n"),
        columns: &[
            Column("n", Number),
            Column("id", Id),
            Column("conversation_id", Id),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("version", Number),
            Column("ordinal", Number),
            Column("seq", Number),
            Column("channel", Text),
            Column("reply", Text),
            Column("state", Number),
            Column("attempts", Number),
            Column("due_at", Time),
            Column("problem", Text),
            Column("created_at", Time),
            Column("account", Text),
            Column("address", Text),
            Column("heard_at", Time),
            Column("parts_sent", Number),
            Column("unknown", Flag),
        ],
    },
    Table {
        name: "deliveries",
        key: &["n"],
        numbered: Some("n"),
        columns: &[
            Column("n", Number),
            Column("outbox_id", Id),
            Column("part", Number),
            Column("channel", Text),
            Column("account", Text),
            Column("conversation_id", Id),
            Column("provider_id", Text),
            Column("said_at", Time),
            Column("status", Text),
            Column("status_at", Time),
            Column("problem", Text),
        ],
    },
    Table {
        name: "delivery_attempts",
        key: &["outbox_id", "number"],
        numbered: None,
        columns: &[
            Column("outbox_id", Id),
            Column("number", Number),
            Column("at", Time),
            Column("result", Text),
            Column("problem", Text),
        ],
    },
    Table {
        name: "link_tokens",
        key: &["digest"],
        numbered: None,
        columns: &[
            Column("digest", Text),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("ends_at", Time),
        ],
    },
    Table {
        name: "handoffs",
        key: &["n"],
        numbered: Some("n"),
        columns: &[
            Column("n", Number),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("conversation_id", Id),
            Column("turn_id", Id),
            Column("reason", Text),
            Column("at", Time),
            Column("resolved_at", Time),
        ],
    },
    Table {
        name: "waitlist_entries",
        key: &["id"],
        numbered: None,
        columns: &[
            Column("id", Id),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("wish", Text),
            Column("wanted", Text),
            Column("state", Text),
            Column("offer", Text),
            Column("offer_expires_at", Time),
            Column("since", Time),
            Column("passed", Text),
            Column("updated_at", Time),
        ],
    },
    Table {
        name: "calendars",
        key: &["business_id"],
        numbered: None,
        columns: &[Column("business_id", Text), Column("version", Number)],
    },
    Table {
        name: "appointments",
        key: &["id"],
        numbered: None,
        columns: &[
            Column("id", Id),
            Column("business_id", Text),
            Column("participant_id", Text),
            Column("status", Text),
            Column("services", Text),
            Column("party_size", Number),
            Column("starts_at", Time),
            Column("ends_at", Time),
            Column("price_minor", Number),
            Column("hold_expires_at", Time),
            Column("goal_id", Id),
            Column("version", Number),
            Column("calendar_version", Number),
            Column("idempotency_key", Text),
            Column("created_at", Time),
            Column("updated_at", Time),
        ],
    },
    Table {
        name: "allocations",
        key: &["id"],
        numbered: Some("id"),
        columns: &[
            Column("id", Number),
            Column("appointment_id", Id),
            Column("business_id", Text),
            Column("item", Number),
            Column("service_id", Text),
            Column("resource_id", Text),
            Column("seat", Number),
            Column("starts_at", Time),
            Column("ends_at", Time),
            Column("blocked", Blocked),
            Column("status", Text),
        ],
    },
    Table {
        name: "attachments",
        key: &["n"],
        numbered: Some("n"),
        columns: &[
            Column("n", Number),
            Column("business_id", Text),
            Column("conversation_id", Id),
            Column("channel", Text),
            Column("account", Text),
            Column("message_id", Text),
            Column("place", Number),
            Column("base", Text),
            Column("kind", Text),
            Column("provider_id", Text),
            Column("url", Text),
            Column("mime_type", Text),
            Column("name", Text),
            Column("size", Number),
            Column("state", Number),
            Column("attempts", Number),
            Column("due_at", Time),
            Column("location", Text),
            Column("sha256", Text),
            Column("bytes", Number),
            Column("problem", Text),
            Column("created_at", Time),
        ],
    },
    Table {
        name: "appointment_events",
        key: &["appointment_id", "seq"],
        numbered: None,
        columns: &[
            Column("appointment_id", Id),
            Column("seq", Number),
            Column("kind", Text),
            Column("actor", Text),
            Column("turn_id", Id),
            Column("at", Time),
            Column("after", Text),
        ],
    },
    Table {
        name: "reminders",
        key: &["appointment_id", "kind"],
        numbered: None,
        columns: &[
            Column("appointment_id", Id),
            Column("kind", Text),
            Column("due_at", Time),
            Column("state", Number),
        ],
    },
];

/// The table of this name.
pub(super) fn named(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}
