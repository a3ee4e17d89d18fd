//! A conversation in memory: acts go in, words come out, and what is decided is carried out on a calendar.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use crate::booking::appointment::{Appointment, Status};
use crate::booking::availability::{self, Question};
use crate::booking::visit::{NewAppointment, Plan, StaffWish, wish_for};
use crate::booking::{Calendar, Catalogue, Wish};
use crate::dialogue::goal::{Goal, GoalState};
use crate::dialogue::outcome::WaitlistEntry;
use crate::dialogue::{Context, Effect, Event, Heard, Input, Outcome, View, decide, first_fit};
use crate::ids::Seed;
use crate::types::{AppointmentId, Channel, MessageId, ParticipantId, ResourceId, ServiceId};
use crate::understanding::Act;

/// One customer, Anna, and the business that she writes to.
pub(super) struct Talk {
    pub(super) catalogue: Catalogue,
    pub(super) now: Timestamp,
    pub(super) context: Context,
    pub(super) appointments: BTreeMap<AppointmentId, Appointment>,
    /// What the last turn decided to do.
    pub(super) effects: Vec<Effect>,
    turns: u64,
}

pub(super) fn anna() -> ParticipantId {
    ParticipantId::new("Anna").unwrap()
}

/// Lotus Nails on Wednesday 18 November 2026 at 10:00, where Mai is busy on Friday from 16:00 to 17:00.
pub(super) fn talk() -> Talk {
    talk_with("")
}

/// The same with other policies, as they stand in the document.
pub(super) fn talk_with(policies: &str) -> Talk {
    let mut document = include_str!("../../../examples/lotus-nails.toml").to_owned();
    for line in policies.lines() {
        let key = line.split('=').next().unwrap().trim();
        let kept = document.lines().filter(|l| !l.starts_with(&format!("{key} =")));
        document = kept.collect::<Vec<_>>().join("\n");
    }
    let document = document.replace("[policies]", &format!("[policies]\n{policies}"));
    let mut talk = Talk {
        catalogue: Catalogue::from_toml(&document).unwrap(),
        now: "2026-11-18T15:00:00Z".parse().unwrap(),
        context: Context::default(),
        appointments: BTreeMap::new(),
        effects: Vec::new(),
        turns: 0,
    };
    talk.booked("Zoe", "gel-manicure", "mai", "2026-11-20T16:00");
    talk
}

impl Talk {
    /// Somebody has this visit already.
    pub(super) fn booked(&mut self, who: &str, service: &str, staff: &str, start: &str) -> AppointmentId {
        let staff = StaffWish::Only(ResourceId::new(staff).unwrap());
        let wish = wish_for(&self.catalogue, &[ServiceId::new(service).unwrap()], &staff, 1);
        let calendar = self.calendar();
        let question = Question {
            catalogue: &self.catalogue,
            calendar: &calendar,
            wish: &wish,
            now: self.now,
            ignoring: &[],
        };
        let start: DateTime = start.parse().unwrap();
        let start = self.catalogue.time_zone.to_timestamp(start).unwrap();
        let plan = availability::check(question, start).unwrap();
        self.insert(who, &wish, &plan)
    }

    /// As [`Self::booked`], unless somebody was faster.
    pub(super) fn is_taken_if_free(&mut self, staff: &str, start: &str) {
        let wished = StaffWish::Only(ResourceId::new(staff).unwrap());
        let gel = ServiceId::new("gel-manicure").unwrap();
        let wish = wish_for(&self.catalogue, &[gel], &wished, 1);
        let start: DateTime = start.parse().unwrap();
        let start = self.catalogue.time_zone.to_timestamp(start).unwrap();
        let calendar = self.calendar();
        let question = Question {
            catalogue: &self.catalogue,
            calendar: &calendar,
            wish: &wish,
            now: self.now,
            ignoring: &[],
        };
        if let Ok(plan) = availability::check(question, start) {
            self.insert("Bea", &wish, &plan);
        }
    }

    fn insert(&mut self, who: &str, wish: &Wish, plan: &Plan) -> AppointmentId {
        let number = u128::try_from(self.appointments.len()).unwrap();
        let id = AppointmentId(uuid::Uuid::from_u128(0xB00C_0000 + number));
        let new = NewAppointment {
            id,
            participant: ParticipantId::new(who).unwrap(),
            hold_expires_at: None,
            goal: None,
        };
        let appointment = Appointment {
            status: Status::Confirmed,
            ..plan.new_appointment(&self.catalogue, wish, new)
        };
        self.appointments.insert(id, appointment);
        id
    }

    pub(super) fn calendar(&self) -> Calendar {
        Calendar::new(self.turns, self.appointments.values().cloned())
    }

    /// Anna says something that does these acts; what is said to her.
    pub(super) fn says(&mut self, acts: impl IntoIterator<Item = Act>) -> String {
        self.says_to_a_model(acts, None)
    }

    /// The same, and a model would answer with these words.
    pub(super) fn says_to_a_model(
        &mut self,
        acts: impl IntoIterator<Item = Act>,
        wording: Option<&str>,
    ) -> String {
        let heard = Heard {
            id: MessageId::new(format!("m{}", self.turns)).unwrap(),
            channel: Channel::Api,
            text: String::new(),
            acts: acts.into_iter().collect(),
            language: None,
            wording: wording.map(ToOwned::to_owned),
        };
        let text = self.turn(Input::Messages(&[heard]));
        let is_paused = self.context.paused_until.is_some();
        assert!(
            is_paused || !text.is_empty(),
            "whoever says something gets an answer"
        );
        text
    }

    pub(super) fn happens(&mut self, event: &Event) -> String {
        self.turn(Input::Event(event))
    }

    /// Somebody who waits is offered what has become free.
    pub(super) fn slots_are_freed(&mut self) -> String {
        let (mut said, mut effects) = (Vec::new(), Vec::new());
        for entry in self.context.waitlist.clone() {
            if let Some(plan) = first_fit(&self.catalogue, &self.calendar(), &entry, self.now) {
                said.push(self.happens(&Event::SlotFreed {
                    entry: entry.id,
                    plan,
                }));
                effects.append(&mut self.effects);
            }
        }
        self.effects = effects;
        said.join("\n")
    }

    /// What would be decided, without anything of it happening.
    pub(super) fn decides(&self, input: Input<'_>, lost: Option<Timestamp>) -> Outcome {
        let calendar = self.calendar();
        let participant = anna();
        let view = View {
            catalogue: &self.catalogue,
            calendar: &calendar,
            participant: &participant,
            now: self.now,
            seed: Seed::of_turn(uuid::Uuid::from_u128(1), self.turns),
            lost,
        };
        decide(&self.context, input, &view)
    }

    fn turn(&mut self, input: Input<'_>) -> String {
        let outcome = self.decides(input, None);
        self.turns += 1;
        for effect in &outcome.effects {
            self.carry_out(effect);
        }
        self.effects = outcome.effects;
        self.context = outcome.context;
        self.context.last_seq += 2;
        outcome.replies.into_iter().map(|reply| reply.text).collect()
    }

    /// Does what the store does, and insists on what it insists on.
    fn carry_out(&mut self, effect: &Effect) {
        match effect {
            Effect::Hold { appointment } => {
                let others = self
                    .appointments
                    .values_mut()
                    .filter(|a| a.goal == appointment.goal && a.status == Status::Held);
                others.for_each(|other| other.status = Status::Expired);
                self.appointments.insert(appointment.id, appointment.clone());
            }
            Effect::Confirm { appointment, by_hand } => {
                let row = self.own_row(appointment);
                assert_eq!(row.status, Status::Held);
                row.status = if *by_hand {
                    Status::Pending
                } else {
                    Status::Confirmed
                };
                row.hold_expires_at = None;
                row.version += 1;
            }
            Effect::Book { appointment } => {
                self.appointments.insert(appointment.id, appointment.clone());
            }
            Effect::Release { appointment } => {
                if let Some(row) = self.appointments.get_mut(appointment) {
                    assert!(
                        matches!(row.status, Status::Held | Status::Expired),
                        "only a hold is given back, or one that has run out: {row:?}"
                    );
                    row.status = Status::Expired;
                }
            }
            Effect::Move {
                appointment,
                to,
                hold,
            } => {
                *self.own_row(appointment) = to.clone();
                if let Some(hold) = hold {
                    self.appointments.get_mut(hold).unwrap().status = Status::Expired;
                }
            }
            Effect::Cancel { appointment } => {
                let row = self.own_row(appointment);
                assert!(matches!(row.status, Status::Pending | Status::Confirmed));
                row.status = Status::Cancelled;
                row.version += 1;
            }
            Effect::Waitlist { .. }
            | Effect::HandOff { .. }
            | Effect::Contact { .. }
            | Effect::Profile(_) => {}
        }
    }

    fn own_row(&mut self, read_back: &Appointment) -> &mut Appointment {
        let row = self.appointments.get_mut(&read_back.id).unwrap();
        assert_eq!(row.participant, anna(), "nobody else's appointment is touched");
        assert_eq!(row.version, read_back.version, "it is the one that was read back");
        row
    }

    pub(super) fn pass(&mut self, by: SignedDuration) {
        self.now += by;
        // What the sweeper does.
        for row in self.appointments.values_mut() {
            if row.status == Status::Held && row.hold_expires_at.is_some_and(|until| until <= self.now) {
                row.status = Status::Expired;
            }
        }
    }

    pub(super) fn pass_minutes(&mut self, minutes: i64) {
        self.pass(SignedDuration::from_mins(minutes));
    }

    /// The one active goal.
    pub(super) fn goal(&self) -> &Goal {
        let active: Vec<&Goal> = self
            .context
            .goals
            .iter()
            .filter(|g| g.state.is_active())
            .collect();
        assert_eq!(active.len(), 1, "{active:?}");
        active[0]
    }

    pub(super) fn state(&self) -> GoalState {
        self.goal().state
    }

    /// Anna's visits in a state, as "staff start".
    pub(super) fn has(&self, status: Status) -> Vec<String> {
        let own = self
            .appointments
            .values()
            .filter(|a| a.participant == anna() && a.status == status);
        own.map(|a| {
            let start = self.catalogue.time_zone.to_datetime(a.starts_at);
            let staff = &a.allocations[0].resource;
            format!("{staff} {}", start.strftime("%Y-%m-%dT%H:%M"))
        })
        .collect()
    }

    pub(super) fn waits(&self) -> &[WaitlistEntry] {
        &self.context.waitlist
    }
}

/// Whether a text has all of these in it.
pub(super) fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}
