//! What is asked of somebody who has become somebody else, because two participants turned out to be one.
//!
//! Nothing is answered in their old conversation any more. An actor finds out when it loads or commits: what was accepted
//! is handed over and the joined conversation is rung; who waits for an answer is told, and asks there.

use super::{RETRY_AFTER, Refused};
use crate::types::Pair;

/// How often something is asked again because its participant has just become somebody else.
const MOVES_MAX: usize = 4;

/// Asks in the conversation of a pair, and where its participant has become somebody else, in theirs.
pub(super) async fn followed<T, F>(mut pair: Pair, ask: impl Fn(Pair) -> F) -> Result<T, Refused>
where
    F: Future<Output = Result<T, Refused>>,
{
    for _ in 0..MOVES_MAX {
        match ask(pair.clone()).await {
            Err(Refused::Joined(into)) => pair.participant = into,
            answer => return answer,
        }
    }
    Err(Refused::Overloaded {
        retry_after: RETRY_AFTER,
    })
}
