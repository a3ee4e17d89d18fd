//! How the states of a waitlist entry are named in a database.

use crate::dialogue::outcome::WaitlistState;

const STATES: [WaitlistState; 4] = [
    WaitlistState::Waiting,
    WaitlistState::Offered,
    WaitlistState::Booked,
    WaitlistState::Ended,
];

pub(super) const fn name(state: WaitlistState) -> &'static str {
    match state {
        WaitlistState::Waiting => "waiting",
        WaitlistState::Offered => "offered",
        WaitlistState::Booked => "booked",
        WaitlistState::Ended => "ended",
    }
}

pub(super) fn state(text: &str) -> Option<WaitlistState> {
    STATES.into_iter().find(|state| name(*state) == text)
}
