//! What follows from an attempt: an answer, the same again later or otherwise, or the end.
//!
//! Here stands what each fault means, for the customer's message, for the endpoint ([`Line`]) and for the counts. The
//! table of it in words is in `docs/LLM.md`.

use std::time::Duration;

use super::account::{Call, tokens_in};
use super::dialect::{Dialect, lacks_model};
use super::exchange::{Answered, Heard};
use super::gate::Pass;
use super::line::Line;
use super::trouble::{Trouble, quoted};
use super::wire::{self, Answer, Completion, Repair};
use crate::telemetry::metrics::LlmOutcome;
use crate::understanding::llm::chat::{ChatReply, ChatRequest, Spent};

/// Why an endpoint gave no answer.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) outcome: LlmOutcome,
    pub(super) why: String,
    /// What somebody has to mend, if that is it.
    pub(super) trouble: Option<Trouble>,
    /// Whether the endpoint answered at all.
    pub(super) reached: bool,
}

/// What follows from an attempt.
pub(super) enum Next {
    Done(ChatReply),
    /// At once, in another dialect or with a bad answer to mend.
    Otherwise(Dialect, Option<Repair>),
    /// After a pause.
    Later(Option<Duration>, Failure),
    Fail(Failure),
}

impl Failure {
    pub(super) fn new(outcome: LlmOutcome, why: impl Into<String>) -> Self {
        Self {
            outcome,
            why: why.into(),
            trouble: None,
            reached: true,
        }
    }

    pub(super) fn unreached(outcome: LlmOutcome, why: impl Into<String>) -> Self {
        Self {
            reached: false,
            ..Self::new(outcome, why)
        }
    }

    pub(super) fn trouble(trouble: Trouble, outcome: LlmOutcome, status: u16) -> Self {
        Self {
            trouble: Some(trouble),
            ..Self::new(outcome, format!("{trouble} ({status}); {}", trouble.advice()))
        }
    }

    /// Adds the id by which the endpoint's operator finds the request.
    fn of(mut self, request_id: Option<&String>) -> Self {
        if let Some(id) = request_id {
            self.why = format!("{} (request {id})", self.why);
        }
        self
    }
}

/// An attempt that came to its end, with what must be known to judge it.
pub(super) struct Attempt<'a> {
    pub(super) line: &'a Line,
    pub(super) asked: &'a ChatRequest<'a>,
    pub(super) model: &'a str,
    pub(super) dialect: Dialect,
    /// A bad answer was sent back once already.
    pub(super) mended: bool,
}

impl Attempt<'_> {
    /// What follows. `fair` says that the endpoint was given time enough.
    pub(super) fn judge(&self, heard: Heard, pass: Pass<'_>, call: Call<'_, '_>, fair: bool) -> Next {
        let sent = call.sent();
        match heard {
            Heard::Answered(answered) if (200..300).contains(&answered.status) => {
                self.success(answered, pass, call)
            }
            Heard::Answered(answered) => {
                let says = wire::complaint(&answered.body);
                self.refusal(&answered, &says, pass, call, Spent::default())
            }
            Heard::Garbled(why, request_id) => {
                self.line.answered(pass);
                call.end(LlmOutcome::Invalid, sent);
                Next::Fail(Failure::new(LlmOutcome::Invalid, why).of(request_id.as_ref()))
            }
            Heard::Lost { why, sent: was_sent } => {
                let failure = Failure::unreached(LlmOutcome::Error, why);
                self.line.failed(pass, &failure);
                call.end(LlmOutcome::Error, if was_sent { sent } else { Spent::default() });
                Next::Later(None, failure)
            }
            Heard::Late => {
                let failure = Failure::unreached(LlmOutcome::Timeout, "no answer in time");
                if fair {
                    self.line.failed(pass, &failure);
                }
                call.end(LlmOutcome::Timeout, sent);
                Next::Later(None, failure)
            }
        }
    }

    fn success(&self, answered: Answered, pass: Pass<'_>, call: Call<'_, '_>) -> Next {
        let id = answered.request_id.as_ref();
        let invalid = |why: &str| Failure::new(LlmOutcome::Invalid, why).of(id);
        let Some(Completion {
            model,
            spent,
            written,
            answer,
        }) = wire::completion(&answered.body, self.dialect.rung, self.asked.schema)
        else {
            self.line.answered(pass);
            let sent = call.sent();
            call.end(LlmOutcome::Invalid, sent);
            return Next::Fail(invalid("the answer is not one of chat completions"));
        };
        let spent = spent.unwrap_or_else(|| Spent {
            output_tokens: tokens_in(written),
            ..call.sent()
        });
        if let Answer::Refusal { status, says } = answer {
            let refused = Answered { status, ..answered };
            return self.refusal(&refused, &says, pass, call, spent);
        }
        self.line.answered(pass);
        let is_proven = self.dialect.proven || self.line.is_proven(self.model, self.dialect.rung);
        let down = if is_proven { None } else { self.dialect.down() };
        let (outcome, next) = match (answer, down) {
            (Answer::Object { foreign: true, .. } | Answer::Bad { overlooked: true, .. }, Some(down)) => {
                self.line.learn(self.model, down);
                (LlmOutcome::Invalid, Next::Otherwise(down, None))
            }
            (Answer::Object { value, foreign }, _) => {
                let proven = is_proven || !foreign;
                self.line.worked(
                    self.model,
                    Dialect {
                        proven,
                        ..self.dialect
                    },
                );
                let reply = ChatReply {
                    value,
                    model: model.unwrap_or_else(|| self.model.to_owned()),
                    spent,
                    request_id: answered.request_id.clone(),
                };
                (LlmOutcome::Ok, Next::Done(reply))
            }
            (Answer::Bad { text, wrong, .. }, _) if !self.mended => {
                let repair = Some(Repair { bad: text, wrong });
                (LlmOutcome::Invalid, Next::Otherwise(self.dialect, repair))
            }
            (Answer::Bad { wrong, .. } | Answer::Hopeless(wrong), _) => {
                (LlmOutcome::Invalid, Next::Fail(invalid(wrong)))
            }
            // Was dealt with above.
            (Answer::Refusal { says, .. }, _) => (LlmOutcome::Error, Next::Fail(invalid(&says))),
        };
        call.end(outcome, spent);
        next
    }

    fn refusal(
        &self,
        answered: &Answered,
        says: &str,
        pass: Pass<'_>,
        call: Call<'_, '_>,
        spent: Spent,
    ) -> Next {
        let Answered {
            status,
            retry_after,
            request_id,
            ..
        } = answered;
        let status = *status;
        let outcome = match status {
            429 => LlmOutcome::RateLimited,
            408 | 504 => LlmOutcome::Timeout,
            _ => LlmOutcome::Error,
        };
        call.end(outcome, spent);
        let failure = || {
            let says = quoted(says, &self.asked.messages);
            let why = if says.is_empty() {
                format!("the endpoint refused with {status} and no words")
            } else {
                format!("{status}: {says}")
            };
            Failure::new(outcome, why).of(request_id.as_ref())
        };
        let trouble = |trouble| Failure::trouble(trouble, outcome, status).of(request_id.as_ref());
        let in_words = says.to_lowercase();
        let is_broke = [
            "insufficient_quota",
            "insufficient balance",
            "insufficient credits",
        ]
        .iter()
        .any(|word| in_words.contains(word));
        if let Some(otherwise) = self.dialect.after(status, says) {
            self.line.answered(pass);
            self.line.learn(self.model, otherwise);
            return Next::Otherwise(otherwise, None);
        }
        match status {
            300..=399 => self.misconfigured(pass, Trouble::Moved, trouble(Trouble::Moved)),
            401 => self.misconfigured(pass, Trouble::Key, trouble(Trouble::Key)),
            402 => self.misconfigured(pass, Trouble::Credit, trouble(Trouble::Credit)),
            429 if is_broke => self.misconfigured(pass, Trouble::Credit, trouble(Trouble::Credit)),
            // Something before the endpoint may forbid one text. Where the key has worked, only a row of these is the key.
            403 if self.line.has_answered() => {
                let failure = trouble(Trouble::Key);
                self.line.failed(pass, &failure);
                Next::Fail(failure)
            }
            403 => self.misconfigured(pass, Trouble::Key, trouble(Trouble::Key)),
            // It lives, and says so.
            409 | 429 => {
                self.line.answered(pass);
                Next::Later(*retry_after, failure())
            }
            // Some servers break over a field that they do not know, and say which.
            500 if !self.dialect.proven && self.dialect.after(status, says).is_some() => {
                let otherwise = self.dialect.after(status, says).unwrap_or(self.dialect);
                self.line.answered(pass);
                self.line.learn(self.model, otherwise);
                Next::Otherwise(otherwise, None)
            }
            408 | 500 | 502..=599 => {
                let failure = failure();
                self.line.failed(pass, &failure);
                Next::Later(*retry_after, failure)
            }
            _ => {
                if lacks_model(status, says) {
                    self.line.answered(pass);
                    let failure = trouble(Trouble::Model);
                    self.line.missing(self.model, &failure);
                    return Next::Fail(failure);
                }
                if matches!(status, 404 | 405) {
                    return self.misconfigured(pass, Trouble::Address, trouble(Trouble::Address));
                }
                self.line.answered(pass);
                Next::Fail(failure())
            }
        }
    }

    fn misconfigured(&self, pass: Pass<'_>, trouble: Trouble, failure: Failure) -> Next {
        self.line.misconfigured(pass, trouble, &failure);
        Next::Fail(failure)
    }
}
