//! The closed sets of label values.

/// Makes a closed set of label values.
macro_rules! label {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The label's value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

label!(
    /// Where a context is looked for, nearest first.
    Tier {
        /// The live actor, else the process's cache.
        Local = "local",
        /// The cache that processes share.
        Shared = "shared",
        /// The store.
        Durable = "durable",
    }
);
label!(
    /// What a tier answered.
    CacheResult {
        /// It had the committed version.
        Hit = "hit",
        /// It had nothing, or another version.
        Miss = "miss",
        /// It failed.
        Error = "error",
        /// It was not asked.
        Skipped = "skipped",
    }
);
label!(
    /// What became of a context that a cache was given.
    CacheWrite {
        /// It is remembered.
        Stored = "stored",
        /// Something newer was remembered already.
        Stale = "stale",
        /// The cache failed or refused it.
        Error = "error",
        /// The cache was left alone at that time.
        Skipped = "skipped",
        /// Too many waited to be written.
        Dropped = "dropped",
        /// A newer one of the same conversation came before it was written.
        Superseded = "superseded",
    }
);
label!(
    /// What became of rows of a transcript that is written behind.
    TranscriptRows {
        /// Written after their turn.
        Behind = "behind",
        /// Written with their turn, because too many waited.
        WithTurn = "with_turn",
        /// Given up.
        Lost = "lost",
    }
);
label!(
    /// How a turn ended.
    TurnOutcome {
        /// It is durable.
        Committed = "committed",
        /// Another writer was faster; the same messages ran again.
        VersionConflict = "version_conflict",
        /// Its messages were answered before.
        AlreadyAnswered = "already_answered",
        /// A slot was taken meanwhile; it was decided again.
        EffectRefused = "effect_refused",
        /// It could not be committed; its messages stay in the inbox.
        Failed = "failed",
        /// A message was given up after its last attempt.
        Dead = "dead",
    }
);
label!(
    /// Stages of a turn.
    Stage {
        /// In the mailbox.
        Wait = "wait",
        /// Waiting for more messages of the same burst.
        Burst = "burst",
        /// From text to acts.
        Understand = "understand",
        /// From acts to replies and effects.
        Decide = "decide",
        /// Until it was durable.
        Commit = "commit",
        /// From the first message to the durable answer.
        Total = "total",
    }
);
label!(
    /// Failures of the store.
    StoreError {
        /// It cannot be reached or is overloaded.
        Unavailable = "unavailable",
        /// A connection broke during a write.
        OutcomeUnknown = "outcome_unknown",
        /// A row cannot be read.
        Corrupt = "corrupt",
        /// The data was refused.
        Rejected = "rejected",
        /// A migration failed.
        Migration = "migration",
        /// It is closing or its queue is full.
        Closed = "closed",
        /// The file cannot be opened.
        Open = "open",
    }
);
label!(
    /// States of a connection.
    Connection {
        /// Free.
        Idle = "idle",
        /// Lent.
        Busy = "busy",
    }
);
label!(
    /// How a call of a language model ended.
    LlmOutcome {
        /// With acts.
        Ok = "ok",
        /// With something that does not fit the schema.
        Invalid = "invalid",
        /// Not in time.
        Timeout = "timeout",
        /// Refused for the rate.
        RateLimited = "rate_limited",
        /// With another error.
        Error = "error",
        /// Not made: the breaker is open, too many are in flight, or a budget is spent.
        Skipped = "skipped",
        /// Given up by whoever had asked, because something newer came.
        Cancelled = "cancelled",
    }
);
label!(
    /// Endpoints of language models, in the order in which they are asked.
    LlmEndpoint {
        /// `llm.base_url`.
        First = "first",
        /// `llm.fallback_base_url`.
        Second = "second",
    }
);
label!(
    /// Classes of answers to requests.
    HttpStatus {
        /// An upgrade and the like.
        Informational = "1xx",
        /// It was done.
        Done = "2xx",
        /// It is elsewhere, or unchanged.
        Elsewhere = "3xx",
        /// The request was wrong.
        Wrong = "4xx",
        /// Too many at once from there.
        TooMany = "429",
        /// Something broke here.
        Broken = "5xx",
        /// Not now: too much is under way, or the database is away.
        NotNow = "503",
    }
);

impl HttpStatus {
    /// The class of a status.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            429 => Self::TooMany,
            503 => Self::NotNow,
            0..200 => Self::Informational,
            200..300 => Self::Done,
            300..400 => Self::Elsewhere,
            400..500 => Self::Wrong,
            _ => Self::Broken,
        }
    }
}

label!(
    /// Why an act that a language model proposed was left out.
    LlmDropped {
        /// No such act.
        UnknownAct = "unknown_act",
        /// A service, a person, a topic or a value that the business does not have.
        UnknownName = "unknown_name",
        /// A number that is none of those listed, or none at all.
        BadOption = "bad_option",
        /// The words that it rests on do not stand in the message.
        Ungrounded = "ungrounded",
        /// The words that it rests on name no time.
        UnresolvedTime = "unresolved_time",
        /// The customer's words do not carry it far enough.
        Forbidden = "forbidden",
        /// More acts than one message can do.
        TooMany = "too_many",
    }
);
label!(
    /// Which way tokens went.
    TokenDirection {
        /// To the model.
        Input = "input",
        /// From the model.
        Output = "output",
    }
);
label!(
    /// What became of a model's words for a courtesy or a common answer.
    Wording {
        /// They were said.
        Said = "said",
        /// They spoke of a deed.
        Deed = "deed",
        /// They named a time.
        Time = "time",
        /// They named a price or another number.
        Number = "number",
        /// They held a link.
        Link = "link",
        /// They were too long or unreadable.
        Unfit = "unfit",
    }
);
label!(
    /// Who understands.
    Engine {
        /// The rules engine.
        Rules = "rules",
        /// A language model.
        Llm = "llm",
    }
);
label!(
    /// Whether a message was understood.
    Understood {
        /// It was.
        Understood = "understood",
        /// Nothing in it made sense.
        Unclear = "unclear",
        /// The engine failed; another one answered.
        Failed = "failed",
    }
);
label!(
    /// What a channel said to a reply.
    Delivery {
        /// The channel has it.
        Sent = "sent",
        /// Not now; it is tried again.
        Retry = "retry",
        /// Its account had its hands full; it was not tried.
        Postponed = "postponed",
        /// Nobody knows whether the channel has it.
        Unknown = "unknown",
        /// Given up.
        Dead = "dead",
    }
);
label!(
    /// What became of a provider's request.
    Hook {
        /// All of it is safe.
        Accepted = "accepted",
        /// It is not genuine.
        Forged = "forged",
        /// It cannot be read.
        Malformed = "malformed",
        /// There was no room for it.
        Busy = "busy",
        /// The store failed.
        Failed = "failed",
    }
);
label!(
    /// What is limited in how often it comes.
    Scope {
        /// A customer's messages.
        Participant = "participant",
        /// The messages through an account.
        Account = "account",
        /// What comes from an address and nobody vouches for.
        Address = "address",
    }
);
label!(
    /// What became of what came too often.
    Limited {
        /// It was refused, and its sender told when to come again.
        Refused = "refused",
        /// It is safe, and answered later.
        Kept = "kept",
    }
);
label!(
    /// Whose counts decided.
    DecidedBy {
        /// Those of this process.
        Local = "local",
        /// Those that processes share.
        Shared = "shared",
    }
);
label!(
    /// Why something was refused before it waited.
    Shed {
        /// As many requests are under way as there is room for.
        Requests = "requests",
        /// As many connections are open as there is room for.
        Connections = "connections",
        /// As many messages wait as may.
        Waiting = "waiting",
        /// Its business has its share of what is left.
        Share = "share",
        /// It would have waited for too long.
        Late = "late",
    }
);
label!(
    /// What a provider told.
    Told {
        /// A message.
        Message = "message",
        /// A message taken back.
        Unsaid = "unsaid",
        /// What became of a message of ours.
        Receipt = "receipt",
        /// That the account cannot be used any more.
        Stopped = "stopped",
        /// A reaction.
        Reaction = "reaction",
        /// A message of the business itself.
        Echo = "echo",
        /// A message of a conversation that another application answers.
        Standby = "standby",
        /// Something that the provider did.
        System = "system",
        /// A message of another bot.
        Bot = "bot",
        /// What is nothing to us.
        Other = "other",
        /// What cannot be read.
        Broken = "broken",
    }
);
label!(
    /// What became of a file that came along with a message.
    Fetched {
        /// It is in the bucket.
        Stored = "stored",
        /// Not now; it is tried again.
        Retry = "retry",
        /// It is not fetched.
        GivenUp = "given_up",
        /// It was deleted, because its sender took it back.
        Erased = "erased",
    }
);
label!(
    /// What happens to appointments.
    AppointmentEvent {
        /// A slot was promised.
        Held = "held",
        /// It waits for the business.
        Pending = "pending",
        /// It stands.
        Confirmed = "confirmed",
        /// It has another time or resource.
        Moved = "moved",
        /// It was called off.
        Cancelled = "cancelled",
        /// The business refused it.
        Declined = "declined",
        /// A promise ran out.
        Expired = "expired",
        /// A promise was given back.
        Released = "released",
        /// The customer has come.
        CheckedIn = "checked_in",
        /// It is over.
        Completed = "completed",
        /// The customer did not come.
        NoShow = "no_show",
    }
);

#[cfg(test)]
mod tests {
    use super::HttpStatus;

    #[test]
    fn every_status_has_a_class_and_two_have_one_of_their_own() {
        for (status, class) in [
            (101, "1xx"),
            (200, "2xx"),
            (202, "2xx"),
            (304, "3xx"),
            (401, "4xx"),
            (429, "429"),
            (500, "5xx"),
            (503, "503"),
            (504, "5xx"),
        ] {
            assert_eq!(HttpStatus::of(status).as_str(), class, "{status}");
        }
    }
}
