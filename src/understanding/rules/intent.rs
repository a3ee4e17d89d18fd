//! The one most salient act, for measuring.
//!
//! Order of salience: what would be wrong to overlook first (moving, cancelling, a person wanted), then wishes
//! and questions, then answers, then courtesy. A yes or no beside a wish or a value gives way to it.

use crate::understanding::act::{Act, GoalKind, Intent, SmallTalk, Topic};

/// Which intent `acts` have; `courteous` says that a yes was only an "ok" before thanks.
pub(crate) fn salient(acts: &[Act], courteous: bool) -> Intent {
    acts.iter()
        .map(|act| rank(act, courteous))
        .min_by_key(|(rank, _)| *rank)
        .map_or(Intent::Other, |(_, intent)| intent)
}

fn rank(act: &Act, courteous: bool) -> (u8, Intent) {
    match act {
        Act::Overreach | Act::StopContact => (0, Intent::Other),
        Act::Handoff { .. } => (1, Intent::Human),
        Act::Start { goal } => match goal {
            GoalKind::Reschedule => (2, Intent::Reschedule),
            GoalKind::Cancel => (3, Intent::Cancel),
            GoalKind::Book => (5, Intent::Book),
            GoalKind::Waitlist => (8, Intent::AskAvailability),
            GoalKind::Handoff => (1, Intent::Human),
            GoalKind::Enquire | GoalKind::Profile => (20, Intent::Other),
        },
        Act::Ask { topic } => match topic {
            Topic::MyAppointments => (4, Intent::ListBookings),
            Topic::Price => (6, Intent::AskPrice),
            Topic::Location | Topic::Parking => (6, Intent::AskLocation),
            Topic::Hours { .. } => (7, Intent::AskHours),
            Topic::Availability => (9, Intent::AskAvailability),
            Topic::Duration
            | Topic::Payment
            | Topic::Services
            | Topic::Staff
            | Topic::WhyNot
            | Topic::Policy
            | Topic::Faq { .. }
            | Topic::Help
            | Topic::AreYouABot => (14, Intent::Other),
        },
        Act::CancelGoal | Act::SetAside => (10, Intent::Deny),
        Act::Deny => (11, Intent::Deny),
        Act::Confirm if courteous => (17, Intent::Affirm),
        Act::Confirm => (12, Intent::Affirm),
        Act::Set { .. } | Act::Clear { .. } | Act::Choose { .. } => (13, Intent::Inform),
        Act::SmallTalk { kind } => match kind {
            SmallTalk::Bye => (12, Intent::Bye),
            SmallTalk::Thanks | SmallTalk::Compliment => (16, Intent::Thanks),
            SmallTalk::Greet | SmallTalk::HowAreYou => (18, Intent::Greet),
            SmallTalk::File | SmallTalk::Other => (20, Intent::Other),
        },
        Act::Abuse => (19, Intent::Other),
        Act::Undo | Act::Unclear => (20, Intent::Other),
    }
}
