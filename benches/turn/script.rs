//! What the customers say: they greet, ask, choose, confirm, move and cancel, and react to what they hear.

use super::client::{Body, Connection};
use tokio::time::Instant;

/// Turns of one conversation at most; a customer who is still not done then has found a bug.
const TURNS_MAX: usize = 16;

const DAYS: [&str; 12] = [
    "on Friday",
    "on Saturday",
    "next Tuesday",
    "next Wednesday",
    "on December 1st",
    "on December 2nd",
    "on December 3rd",
    "on December 4th",
    "on December 8th",
    "on December 9th",
    "on December 10th",
    "on December 11th",
];
const TIMES: [&str; 10] = [
    "10am", "10:30", "11am", "11:30am", "noon", "1pm", "1:30pm", "2pm", "3:15pm", "4pm",
];
const SERVICES: [&str; 4] = ["gel manicure", "basic manicure", "pedicure", "gel"];

/// What came of conversations.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(crate) latencies_us: Vec<u32>,
    pub(crate) booked: u64,
    pub(crate) cancelled: u64,
    pub(crate) moved: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.booked += other.booked;
        self.cancelled += other.cancelled;
        self.moved += other.moved;
    }
}

/// One customer's conversation from hello to goodbye, or until `until`.
pub(crate) async fn converse(connection: &mut Connection, number: u64, until: Instant, tally: &mut Tally) {
    let participant = format!("customer-{number}");
    // Spread by odd strides, so that neighbours in time rarely want the same slot.
    let pick = |from: &[&'static str], stride: u64| from[(number * stride % from.len() as u64) as usize];
    let (service, day, time) = (pick(&SERVICES, 3), pick(&DAYS, 7), pick(&TIMES, 3));
    let other_time = pick(&TIMES, 7);
    let opening: Vec<String> = match number % 4 {
        0 => vec![
            "hi".into(),
            "do you have parking?".into(),
            format!("I'd like a {service}"),
            format!("{day} at {time}"),
        ],
        1 => vec![format!("{service} with Mai {day} at {time}, I'm Anna")],
        2 => vec![
            "how much is a pedicure?".into(),
            format!("a {service} {day}, what have you got?"),
        ],
        _ => vec![format!("hello, can I book a {service} {day} at {time} please?")],
    };
    let mut said = opening.into_iter();
    let mut stage = Stage::Choosing;
    for turn in 0..TURNS_MAX {
        let text = match said.next() {
            Some(text) => text,
            None => match stage.next(other_time, number) {
                Some(text) => text,
                None => return,
            },
        };
        let asked = Instant::now();
        if asked >= until {
            return;
        }
        let body = connection.say(&participant, &text).await;
        let took = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        tally.latencies_us.push(took);
        if std::env::var_os("TURN_TRACE").is_some() {
            println!("{participant} {turn} {text}\n    {body}");
        }
        stage = stage.after(&body, said.len() == 0, number, tally);
    }
}

/// How far a customer has come, and what the salon waits for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Nothing is agreed; the salon has offered times, or asks something.
    Choosing,
    /// The salon asks with whom.
    Whom,
    /// The salon waits for a yes to a new visit.
    Confirming,
    /// A visit is booked, and some move it.
    Booked,
    /// The salon waits for a yes to a move.
    Moving,
    /// Time to call it off, so that the salon does not fill up while it is measured.
    Leaving,
    /// The salon waits for a yes to that.
    Cancelling,
    Thanking,
    Gone,
}

impl Stage {
    fn next(self, other_time: &str, number: u64) -> Option<String> {
        let text = match self {
            Self::Whom => "anyone",
            Self::Choosing if number.is_multiple_of(2) => "the first one",
            Self::Choosing => "1",
            Self::Confirming | Self::Moving | Self::Cancelling => "yes please",
            Self::Booked => return Some(format!("can I move it to {other_time}?")),
            Self::Leaving => "cancel my appointment",
            Self::Thanking => "thanks, bye",
            Self::Gone => return None,
        };
        Some(text.to_owned())
    }

    fn after(self, body: &Body<'_>, free: bool, number: u64, tally: &mut Tally) -> Self {
        let confirming = body.says(r#""state":"confirming""#);
        let booked = body.says(r#""status":"confirmed""#);
        match self {
            Self::Choosing | Self::Whom | Self::Confirming if booked => {
                tally.booked += 1;
                if number.is_multiple_of(3) {
                    Self::Booked
                } else {
                    Self::Leaving
                }
            }
            Self::Choosing | Self::Whom | Self::Confirming if confirming && free => Self::Confirming,
            Self::Choosing | Self::Whom | Self::Confirming if body.says(r#""Anyone"]"#) => Self::Whom,
            Self::Choosing | Self::Whom | Self::Confirming => Self::Choosing,
            Self::Booked if confirming => Self::Moving,
            Self::Moving if booked => {
                tally.moved += 1;
                Self::Leaving
            }
            // That time is taken, or it is the same: it stays as it is.
            Self::Booked | Self::Moving => Self::Leaving,
            Self::Leaving | Self::Cancelling if body.says(r#""status":"cancelled""#) => {
                tally.cancelled += 1;
                Self::Thanking
            }
            Self::Leaving | Self::Cancelling => Self::Cancelling,
            Self::Thanking | Self::Gone => Self::Gone,
        }
    }
}
