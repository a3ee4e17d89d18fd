//! Something asked of a task that writes: the input, the answer once there is one, and who waits for it.

use tokio::sync::oneshot;

use super::{Error, Result, errors};

/// Something asked. Whoever waits may give up; what was asked for is done all the same.
pub(super) struct Asked<I, O> {
    pub(super) input: I,
    pub(super) answer: Option<Result<O>>,
    caller: oneshot::Sender<Result<O>>,
}

impl<I, O> Asked<I, O> {
    pub(super) fn new(input: I) -> (Self, Answer<O>) {
        let (caller, answer) = oneshot::channel();
        let asked = Self {
            input,
            answer: None,
            caller,
        };
        (asked, Answer(answer))
    }

    /// Tells the answer, if there is one.
    pub(super) fn reply(self) {
        if let Some(answer) = self.answer {
            if let Err(error) = &answer {
                metrics::counter!("frontdesk_store_errors_total", "kind" => errors::kind(error)).increment(1);
            }
            // Nobody listens when the caller was cancelled.
            let _ = self.caller.send(answer);
        }
    }
}

/// The way back.
pub(super) struct Answer<O>(oneshot::Receiver<Result<O>>);

impl<O> Answer<O> {
    pub(super) async fn wait(self) -> Result<O> {
        self.0
            .await
            .unwrap_or(Err(Error::Closed("its writer has stopped")))
    }
}
