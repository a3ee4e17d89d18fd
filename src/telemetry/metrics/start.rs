//! Every series of the closed set, from the start: what was never counted is 0 and not absent.

use ::metrics::{counter, gauge, histogram};

use super::*;

/// Makes every series of the closed set, at zero.
pub(in crate::telemetry) fn start_at_zero() {
    for tier in Tier::ALL {
        for result in CacheResult::ALL {
            counter!(CACHE_REQUESTS, "tier" => tier.as_str(), "result" => result.as_str()).absolute(0);
        }
    }
    for result in CacheWrite::ALL {
        cache_written(Tier::Shared, *result, 0);
    }
    zero(
        TURNS,
        "outcome",
        TurnOutcome::ALL.iter().map(|outcome| outcome.as_str()),
    );
    zero(
        STORE_ERRORS,
        "kind",
        StoreError::ALL.iter().map(|kind| kind.as_str()),
    );
    zero(
        TRANSCRIPT_ROWS,
        "result",
        TranscriptRows::ALL.iter().map(|result| result.as_str()),
    );
    zero(
        LLM_REQUESTS,
        "outcome",
        LlmOutcome::ALL.iter().map(|outcome| outcome.as_str()),
    );
    zero(
        LLM_TOKENS,
        "direction",
        TokenDirection::ALL.iter().map(|direction| direction.as_str()),
    );
    zero(
        LLM_WORDING,
        "result",
        Wording::ALL.iter().map(|result| result.as_str()),
    );
    zero(
        LLM_DROPPED,
        "reason",
        LlmDropped::ALL.iter().map(|reason| reason.as_str()),
    );
    zero(
        INBOX_DUPLICATES,
        "channel",
        Channel::ALL.iter().map(|channel| channel.as_str()),
    );
    zero(
        APPOINTMENTS,
        "event",
        AppointmentEvent::ALL.iter().map(|event| event.as_str()),
    );
    zero(
        VIOLATIONS,
        "invariant",
        crate::invariants::Invariant::ALL.iter().map(|i| i.id()),
    );
    for scope in Scope::ALL {
        for result in Limited::ALL {
            counter!(LIMITED, "scope" => scope.as_str(), "result" => result.as_str()).absolute(0);
        }
    }
    zero(LIMIT_DECISIONS, "by", DecidedBy::ALL.iter().map(|by| by.as_str()));
    zero(SHED, "reason", Shed::ALL.iter().map(|reason| reason.as_str()));
    for engine in Engine::ALL {
        for result in Understood::ALL {
            counter!(UNDERSTANDING, "engine" => engine.as_str(), "result" => result.as_str()).absolute(0);
        }
    }
    for channel in Channel::ALL {
        for result in Delivery::ALL {
            counter!(OUTBOX_SENT, "channel" => channel.as_str(), "result" => result.as_str()).absolute(0);
        }
    }
    for channel in Channel::HOOKED {
        for result in Fetched::ALL {
            counter!(ATTACHMENTS, "channel" => channel.as_str(), "result" => result.as_str()).absolute(0);
        }
        for result in Hook::ALL {
            counter!(HOOKS, "channel" => channel.as_str(), "result" => result.as_str()).absolute(0);
        }
        for kind in Told::ALL {
            counter!(TOLD, "channel" => channel.as_str(), "kind" => kind.as_str()).absolute(0);
        }
    }
    for status in HttpStatus::ALL {
        counter!(HTTP_RESPONSES, "status" => status.as_str()).absolute(0);
    }
    for endpoint in LlmEndpoint::ALL {
        llm_left_alone(*endpoint, false);
    }
    for name in [
        STORE_RETRIES,
        STORE_READS,
        STORE_WRITES,
        LLM_RETRIES,
        SLOT_CONFLICTS,
        MESSAGES_ANSWERED,
    ] {
        counter!(name).absolute(0);
    }
    for name in [
        ACTORS,
        LLM_IN_FLIGHT,
        CACHE_ENTRIES,
        CACHE_BYTES,
        MAILBOX_WAITING,
        INBOX_UNFINISHED,
        INBOX_OLDEST,
        INBOX_DEAD,
        OUTBOX_WAITING,
        OUTBOX_OLDEST,
        EVENT_STREAMS,
        TRANSCRIPT_LAG_ROWS,
        TRANSCRIPT_LAG,
        RESIDENT_MEMORY,
        START_TIME,
    ] {
        gauge!(name).set(0.0);
    }
    for state in Connection::ALL {
        gauge!(POOL, "state" => state.as_str()).set(0.0);
    }
    // Histograms are made and not filled: series with a count of 0.
    for stage in Stage::ALL {
        let _ = histogram!(TURN_DURATION, "stage" => stage.as_str());
    }
    for name in [COMMIT_BATCH, COMMIT_DURATION, LLM_DURATION] {
        let _ = histogram!(name);
    }
}

fn zero(name: &'static str, label: &'static str, values: impl Iterator<Item = &'static str>) {
    for value in values {
        counter!(name, label => value).absolute(0);
    }
}
