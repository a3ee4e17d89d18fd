//! What comes before everything else: a wish to be left alone, danger, a person asked for, insults, overreach.

use super::draft::Draft;
use super::outcome::Effect;
use super::said::Said;
use crate::understanding::act::HandoffReason;

/// From this many insults on, a person is asked to take over.
const INSULTS_MAX: u32 = 3;

/// Deals with it; `true` when nothing else of the turn should be.
pub(super) fn first(draft: &mut Draft<'_>, said: &Said) -> bool {
    if said.stop {
        draft.context.opted_out = true;
        draft.effects.push(Effect::Contact { allowed: false });
        let business = draft.view.catalogue.name.clone();
        draft.line("stopped", &[("business", business.into())]);
        return true;
    }
    if draft.context.opted_out {
        // Whoever writes again wants to hear again.
        draft.context.opted_out = false;
        draft.effects.push(Effect::Contact { allowed: true });
    }
    if let Some(reason) = said.handoff {
        hand_off(draft, reason);
        if !said.says_visit() && said.starts.is_empty() && said.asked.is_empty() {
            return true;
        }
    }
    if said.insults > 0 {
        draft.context.insults += said.insults;
        if draft.context.insults >= INSULTS_MAX {
            hand_off(draft, HandoffReason::Abuse);
            draft.context.insults = 0;
        } else {
            draft.line("insulted", &[]);
        }
        draft.repeat_question();
        return true;
    }
    if said.overreach {
        draft.line("overreach", &[]);
        draft.repeat_question();
        return true;
    }
    false
}

/// Records that a person should take over, and says so.
pub(super) fn hand_off(draft: &mut Draft<'_>, reason: HandoffReason) {
    draft.context.handed_off = Some(reason);
    draft.effects.push(Effect::HandOff { reason });
    let catalogue = draft.view.catalogue;
    let facts = [
        ("business", catalogue.name.clone().into()),
        ("phone", catalogue.phone.clone().unwrap_or_default().into()),
    ];
    let id = match reason {
        HandoffReason::Emergency => draft.speaker().line("handoff-emergency", &facts),
        HandoffReason::Complaint => draft.speaker().line("handoff-complaint", &facts),
        HandoffReason::NotUnderstood => draft.speaker().line("handoff-not-understood", &facts),
        HandoffReason::Abuse => draft.speaker().line("handoff-abuse", &facts),
        HandoffReason::Asked => draft.speaker().line("handoff-asked", &facts),
    };
    draft.say(id);
}
