//! What an answer costs: every call is counted once, and its tokens against the budgets.

use tokio::time::Instant;

use super::budget::Budget;
use crate::telemetry::metrics::{self, LlmOutcome, TokenDirection};
use crate::types::BusinessId;
use crate::understanding::llm::chat::Spent;

/// Characters that make a token where nobody has counted them.
const PER_TOKEN: usize = 4;

/// The calls of one answer.
pub(super) struct Account<'a> {
    budget: &'a Budget,
    business: &'a BusinessId,
    pub(super) spent: Spent,
    /// Calls that were made.
    pub(super) calls: u32,
}

/// A call under way. One that is dropped before its end was given up, and may be billed all the same.
pub(super) struct Call<'c, 'a> {
    account: &'c mut Account<'a>,
    began: Instant,
    sent: Spent,
    ended: bool,
}

impl<'a> Account<'a> {
    pub(super) const fn new(budget: &'a Budget, business: &'a BusinessId) -> Self {
        Self {
            budget,
            business,
            spent: Spent {
                input_tokens: 0,
                output_tokens: 0,
            },
            calls: 0,
        }
    }

    /// A call with a body of so many bytes begins.
    pub(super) fn begin(&mut self, bytes: usize) -> Call<'_, 'a> {
        self.calls += 1;
        Call {
            account: self,
            began: Instant::now(),
            sent: Spent {
                input_tokens: tokens_in(bytes),
                output_tokens: 0,
            },
            ended: false,
        }
    }

    fn add(&mut self, spent: Spent) {
        let Spent {
            input_tokens,
            output_tokens,
        } = spent;
        self.spent.input_tokens = self.spent.input_tokens.saturating_add(input_tokens);
        self.spent.output_tokens = self.spent.output_tokens.saturating_add(output_tokens);
        metrics::llm_tokens(TokenDirection::Input, input_tokens);
        metrics::llm_tokens(TokenDirection::Output, output_tokens);
        let tokens = input_tokens.saturating_add(output_tokens);
        if tokens > 0 {
            self.budget.count(self.business, tokens);
        }
    }
}

/// About so many tokens.
pub(super) fn tokens_in(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(PER_TOKEN)).unwrap_or(u64::MAX)
}

impl Call<'_, '_> {
    /// What was sent, as estimated.
    pub(super) const fn sent(&self) -> Spent {
        self.sent
    }

    /// The call ended, and took so many tokens.
    pub(super) fn end(mut self, outcome: LlmOutcome, spent: Spent) {
        self.ended = true;
        metrics::llm_called(outcome, self.began.elapsed());
        self.account.add(spent);
    }
}

impl Drop for Call<'_, '_> {
    fn drop(&mut self) {
        if !self.ended {
            metrics::llm_called(LlmOutcome::Cancelled, self.began.elapsed());
            self.account.add(self.sent);
        }
    }
}
