//! A decision under way: the context as it becomes, what is said, and what is done.

use super::claims::{self, Claim};
use super::context::{Context, GOALS_MAX, Offered, Question};
use super::goal::{Goal, GoalState, Slots};
use super::outcome::{Effect, Outcome, Reply};
use super::speak::Speaker;
use super::view::View;
use super::wording::Fact;
use crate::booking::Status;
use crate::booking::appointment::Appointment;
use crate::ids::Seed;
use crate::types::{AppointmentId, GoalId};
use crate::understanding::{Expecting, GoalKind};

pub(super) struct Draft<'a> {
    pub view: &'a View<'a>,
    pub context: Context,
    pub effects: Vec<Effect>,
    seed: Seed,
    /// Paragraphs of the one reply that the turn gives.
    said: Vec<String>,
    /// What can be tapped below it.
    tappable: Vec<String>,
    /// What a model would say where no more than courtesy or a common answer is called for.
    pub wording: Option<String>,
    /// What became of it.
    worded: Option<Result<(), Claim>>,
    /// Whether the customer wrote another language than before.
    pub new_language: bool,
    /// Whether the turn asked a question of its own; if not, an open one is asked again.
    asked: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(context: &Context, view: &'a View<'a>) -> Self {
        Self {
            view,
            context: context.clone(),
            effects: Vec::new(),
            seed: view.seed,
            said: Vec::new(),
            tappable: Vec::new(),
            wording: None,
            worded: None,
            new_language: false,
            asked: false,
        }
    }

    pub(super) fn speaker(&self) -> Speaker<'a> {
        Speaker::new(self.view, self.context.language)
    }

    pub(super) fn draw(&mut self) -> uuid::Uuid {
        self.seed.draw()
    }

    // What is said.

    /// Adds a paragraph.
    pub(super) fn say(&mut self, text: String) {
        if !text.is_empty() && !self.said.contains(&text) {
            self.said.push(text);
        }
    }

    /// Adds a paragraph from the wording.
    pub(super) fn line(&mut self, id: &str, facts: &[Fact<'_>]) {
        let text = self.speaker().line(id, facts);
        self.say(text);
    }

    /// Adds a courtesy from the wording, or a model's words for it.
    pub(super) fn courtesy(&mut self, id: &str, facts: &[Fact<'_>]) {
        let text = self.speaker().line(id, facts);
        self.say_or_reword(text, "");
    }

    /// Adds one of the business's own answers, or a model's words for it.
    pub(super) fn own_answer(&mut self, answer: String) {
        let facts = answer.clone();
        self.say_or_reword(answer, &facts);
    }

    /// The model's words stand for the first paragraph that may be worded, if they claim nothing beyond `facts`.
    fn say_or_reword(&mut self, template: String, facts: &str) {
        let Some(wording) = self.wording.take() else {
            return self.say(template);
        };
        let checked = claims::check(&wording, facts, self.view.local_now());
        self.worded = Some(checked);
        self.say(if checked.is_ok() { wording } else { template });
    }

    pub(super) fn has_said_nothing(&self) -> bool {
        self.said.is_empty()
    }

    /// How many paragraphs were said so far.
    pub(super) fn paragraphs(&self) -> usize {
        self.said.len()
    }

    /// Asks a question with numbered options; the next message is heard with it in view. `lead` is said before the
    /// options; `again` is the question in short.
    pub(super) fn ask(
        &mut self,
        goal: Option<GoalId>,
        expecting: Expecting,
        lead: String,
        again: String,
        options: Vec<Offered>,
    ) {
        self.put_question(goal, expecting, lead, again, options, Vec::new());
    }

    /// Asks a question whose likely answers can be tapped but have no numbers.
    pub(super) fn ask_openly(
        &mut self,
        goal: Option<GoalId>,
        expecting: Expecting,
        lead: String,
        again: String,
        suggestions: Vec<String>,
    ) {
        self.put_question(goal, expecting, lead, again, Vec::new(), suggestions);
    }

    /// Asks for a yes or a no.
    pub(super) fn ask_yes_or_no(&mut self, goal: GoalId, lead: String, again: String) {
        let speaker = self.speaker();
        let answers = vec![speaker.line("yes", &[]), speaker.line("no", &[])];
        self.put_question(Some(goal), Expecting::Confirm, lead, again, Vec::new(), answers);
    }

    fn put_question(
        &mut self,
        goal: Option<GoalId>,
        expecting: Expecting,
        lead: String,
        again: String,
        options: Vec<Offered>,
        suggestions: Vec<String>,
    ) {
        let question = Question {
            goal,
            expecting,
            options,
            suggestions,
            again,
            asked_at: self.view.now,
        };
        self.say(lead);
        self.show(&question, true);
        self.context.question = Some(question);
    }

    fn show(&mut self, question: &Question, whole: bool) {
        let labels = question.options.iter().map(|o| &o.label);
        if whole && !question.options.is_empty() {
            let numbered: Vec<String> = labels
                .clone()
                .enumerate()
                .map(|(i, label)| format!("{}. {label}", i + 1))
                .collect();
            self.say(numbered.join("\n"));
        }
        self.tappable = labels.chain(&question.suggestions).cloned().collect();
        self.asked = true;
    }

    /// Asks the open question again in short, unless the turn asked one of its own.
    pub(super) fn repeat_question(&mut self) {
        if let Some(question) = self.context.question.clone().filter(|_| !self.asked) {
            self.say(question.again.clone());
            self.show(&question, false);
        }
    }

    /// The open question with all its options, for somebody who is lost.
    pub(super) fn repeat_question_whole(&mut self) {
        if let Some(question) = self.context.question.clone() {
            self.say(question.again.clone());
            self.show(&question, true);
        }
    }

    pub(super) const fn has_asked(&self) -> bool {
        self.asked
    }

    /// Things to say next, tappable without a question.
    pub(super) fn suggest(&mut self, words: Vec<String>) {
        self.tappable = words;
    }

    pub(super) fn close_question(&mut self) {
        self.context.question = None;
    }

    // Goals.

    /// A new goal of a kind; it is not in the context until it is kept.
    pub(super) fn open_goal(&mut self, kind: GoalKind) -> Goal {
        let id = GoalId(self.draw());
        Goal {
            id,
            kind,
            state: GoalState::Collecting,
            slots: Slots::default(),
            opened_at: self.view.now,
            touched_at: self.view.now,
            hold: None,
            plan: None,
            target: None,
            waitlist: None,
            refused: None,
        }
    }

    /// Takes a goal out to work on it.
    pub(super) fn take(&mut self, id: GoalId) -> Option<Goal> {
        let at = self.context.goals.iter().position(|goal| goal.id == id)?;
        Some(self.context.goals.remove(at))
    }

    /// Takes out the active goal of that kind that was touched last. An offer from the waitlist is no such goal: it
    /// stands or falls with its slot.
    pub(super) fn take_kind(&mut self, kind: GoalKind) -> Option<Goal> {
        let at = self
            .context
            .goals
            .iter()
            .rposition(|goal| goal.kind == kind && goal.state.is_active() && goal.waitlist.is_none())?;
        Some(self.context.goals.remove(at))
    }

    /// Puts a goal back, as the one touched last. Beyond the limit the one untouched longest is dropped. While
    /// something is still to be said, nothing is promised.
    pub(super) fn keep(&mut self, mut goal: Goal) {
        if goal.state == GoalState::Collecting {
            self.release(&mut goal);
        }
        goal.touched_at = self.view.now;
        self.context.goals.push(goal);
        while self.context.goals.len() > GOALS_MAX {
            let mut dropped = self.context.goals.remove(0);
            self.release(&mut dropped);
        }
    }

    /// Ends a goal; it can be spoken of once more ("wait, still there?", "actually make it Saturday").
    pub(super) fn end(&mut self, mut goal: Goal, state: GoalState) {
        goal.state = state;
        goal.touched_at = self.view.now;
        if self
            .context
            .question
            .as_ref()
            .is_some_and(|q| q.goal == Some(goal.id))
        {
            self.close_question();
        }
        self.context.dropped = Some(goal);
    }

    /// Gives a goal's hold back.
    pub(super) fn release(&mut self, goal: &mut Goal) {
        if let Some(hold) = goal.hold.take() {
            self.release_hold(hold.id);
        }
        goal.plan = None;
    }

    fn release_hold(&mut self, hold: AppointmentId) {
        // A hold that this very turn asked for was never placed: forgetting it is enough.
        let before = self.effects.len();
        self.effects
            .retain(|e| !matches!(e, Effect::Hold { appointment } if appointment.id == hold));
        // Nor is there anything to give back when the business has made a booking of it meanwhile.
        let row = self.view.calendar.appointment(hold);
        let was_taken_up = row.is_some_and(|row| row.status != Status::Held);
        if self.effects.len() == before && !was_taken_up {
            self.effects.push(Effect::Release { appointment: hold });
        }
    }

    /// The customer's own upcoming appointments, by start; holds are not among them.
    pub(super) fn own_appointments(&self) -> Vec<Appointment> {
        self.view
            .calendar
            .of_participant(self.view.participant, self.view.now)
            .filter(|a| {
                matches!(a.status, Status::Pending | Status::Confirmed) && a.starts_at > self.view.now
            })
            .map(|a| a.as_ref().clone())
            .collect()
    }

    /// The decision as it stands.
    pub(super) fn finish(self) -> Outcome {
        let text = self.said.join("\n");
        let replies = if text.is_empty() {
            Vec::new()
        } else {
            vec![Reply {
                text,
                options: self.tappable,
            }]
        };
        Outcome {
            context: self.context,
            replies,
            effects: self.effects,
            wording: self.worded,
        }
    }
}
