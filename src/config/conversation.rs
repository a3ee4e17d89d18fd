//! `[conversation]`: sessions, bursts, and the limits of everything that waits.

use std::time::Duration;

use super::values::Values;
use crate::types::Channel;

/// The settings of conversations.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// `SESSION_TTL_SECONDS`, default 7200: a gap of this length ends a session. `SESSION_TTL_HOURS` is understood.
    pub session_idle: Duration,
    /// `MESSAGE_PROCESSOR_TIMEOUT` in milliseconds, default 30000: how long the sender of a message is kept waiting.
    pub wait_max: Duration,
    /// How long more messages are waited for in the web chat, before a turn begins.
    pub burst_web: Burst,
    /// The same for the JSON API; its caller waits for the answer, so there is none by default.
    pub burst_api: Burst,
    /// Messages of one pair that may wait, default 32.
    pub waiting_per_pair_max: u32,
    /// Messages of all pairs that may wait, default 10000.
    pub waiting_max: u32,
    /// A message that would have to wait longer for its turn is refused at once, default 10 s.
    pub waiting_longest: Duration,
    /// Turns of one business that are worked on at once while other businesses have some, too; default 32.
    pub turns_at_once_max: u32,
    /// Messages that one turn answers at most, default 20.
    pub messages_per_turn_max: u32,
    /// An actor without messages leaves after this time, default 15 minutes.
    pub actor_idle: Duration,
    /// Live actors above which the least recently used idle ones leave at once, default 16000.
    pub actors_max: u32,
}

/// A burst window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// The turn begins when so much time has passed without another message.
    pub quiet: Duration,
    /// It begins at the latest so long after the first message.
    pub longest: Duration,
}

impl Burst {
    /// A turn begins at once.
    pub const NONE: Self = Self {
        quiet: Duration::ZERO,
        longest: Duration::ZERO,
    };
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_secs(7_200),
            wait_max: Duration::from_secs(30),
            burst_web: Burst {
                quiet: Duration::from_millis(700),
                longest: Duration::from_secs(3),
            },
            burst_api: Burst::NONE,
            waiting_per_pair_max: 32,
            waiting_max: 10_000,
            waiting_longest: Duration::from_secs(10),
            turns_at_once_max: 32,
            messages_per_turn_max: 20,
            actor_idle: Duration::from_secs(15 * 60),
            actors_max: 16_000,
        }
    }
}

impl Conversation {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let mut number = |key, names: &[&str], default, min, max| {
            let value = values.take(key, names, default);
            values.bound(key, value, min, max);
            value
        };
        let wait_ms = number(
            "conversation.wait_ms_max",
            &["MESSAGE_PROCESSOR_TIMEOUT"],
            millis(default.wait_max),
            100,
            600_000,
        );
        let web_quiet = number(
            "conversation.burst_web_quiet_ms",
            &[],
            millis(default.burst_web.quiet),
            0,
            60_000,
        );
        let web_longest = number(
            "conversation.burst_web_ms_max",
            &[],
            millis(default.burst_web.longest),
            0,
            60_000,
        );
        let api_quiet = number("conversation.burst_api_quiet_ms", &[], 0, 0, 60_000);
        let api_longest = number("conversation.burst_api_ms_max", &[], api_quiet, 0, 60_000);
        let per_pair = number(
            "conversation.waiting_per_pair_max",
            &[],
            default.waiting_per_pair_max.into(),
            1,
            10_000,
        );
        let waiting = number(
            "conversation.waiting_max",
            &[],
            default.waiting_max.into(),
            1,
            10_000_000,
        );
        let longest_ms = number(
            "conversation.waiting_ms_max",
            &[],
            millis(default.waiting_longest),
            1_000,
            600_000,
        );
        let at_once = number(
            "conversation.turns_at_once_max",
            &[],
            default.turns_at_once_max.into(),
            1,
            10_000,
        );
        let per_turn = number(
            "conversation.messages_per_turn_max",
            &[],
            default.messages_per_turn_max.into(),
            1,
            1_000,
        );
        let idle = number(
            "conversation.actor_idle_seconds",
            &[],
            default.actor_idle.as_secs(),
            1,
            86_400,
        );
        let actors = number(
            "conversation.actors_max",
            &[],
            default.actors_max.into(),
            1,
            1_000_000,
        );
        let conversation = Self {
            session_idle: session_idle(values, default.session_idle),
            wait_max: Duration::from_millis(wait_ms),
            burst_web: Burst {
                quiet: Duration::from_millis(web_quiet),
                longest: Duration::from_millis(web_longest),
            },
            burst_api: Burst {
                quiet: Duration::from_millis(api_quiet),
                longest: Duration::from_millis(api_longest),
            },
            waiting_per_pair_max: u32::try_from(per_pair).unwrap_or(u32::MAX),
            waiting_max: u32::try_from(waiting).unwrap_or(u32::MAX),
            waiting_longest: Duration::from_millis(longest_ms),
            turns_at_once_max: u32::try_from(at_once).unwrap_or(u32::MAX),
            messages_per_turn_max: u32::try_from(per_turn).unwrap_or(u32::MAX),
            actor_idle: Duration::from_secs(idle),
            actors_max: u32::try_from(actors).unwrap_or(u32::MAX),
        };
        conversation.validate(values);
        conversation
    }

    fn validate(&self, values: &mut Values) {
        for (key, burst) in [
            ("conversation.burst_web_ms_max", self.burst_web),
            ("conversation.burst_api_ms_max", self.burst_api),
        ] {
            if burst.longest < burst.quiet {
                values.refuse(
                    key,
                    "it must not be shorter than the quiet time of the same window",
                );
            }
        }
        if self.waiting_max < self.waiting_per_pair_max {
            values.refuse(
                "conversation.waiting_max",
                "it must not be below waiting_per_pair_max",
            );
        }
    }

    /// The burst window of a channel. In the terminal every line is answered at once.
    #[must_use]
    pub const fn burst(&self, channel: Channel) -> Burst {
        match channel {
            Channel::Api => self.burst_api,
            Channel::Terminal => Burst::NONE,
            // People write in bursts wherever they write to a person.
            _ => self.burst_web,
        }
    }
}

fn session_idle(values: &mut Values, default: Duration) -> Duration {
    let hours: Option<u64> = values.take_optional("conversation.session_ttl_hours", &["SESSION_TTL_HOURS"]);
    let seconds: Option<u64> =
        values.take_optional("conversation.session_ttl_seconds", &["SESSION_TTL_SECONDS"]);
    let key = if hours.is_some() {
        "conversation.session_ttl_hours"
    } else {
        "conversation.session_ttl_seconds"
    };
    if let (Some(hours), Some(seconds)) = (hours, seconds)
        && hours.saturating_mul(3_600) != seconds
    {
        values.refuse(key, "session_ttl_seconds says something else; keep one of them");
    }
    let seconds = seconds
        .or(hours.map(|hours| hours.saturating_mul(3_600)))
        .unwrap_or(default.as_secs());
    if !(1..=30 * 86_400).contains(&seconds) {
        values.refuse(
            key,
            "a session may idle from 1 second to 30 days; write for example 7200 seconds or 2 hours",
        );
    }
    Duration::from_secs(seconds)
}
