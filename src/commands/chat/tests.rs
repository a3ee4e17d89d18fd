use std::sync::Mutex;

use super::*;
use crate::clock::ManualClock;
use crate::conversation::answer::ReplyView;
use crate::types::SessionId;

/// A desk that follows a script and remembers what it was told.
#[derive(Default)]
struct Scripted {
    heard: Mutex<Vec<Inbound>>,
    script: Mutex<Vec<Result<Said, Refused>>>,
    late: Mutex<Vec<Option<Answer>>>,
}

#[async_trait]
impl Desk for Scripted {
    async fn say(&self, message: Inbound) -> Result<Said, Refused> {
        self.heard.lock().unwrap().push(message);
        self.script.lock().unwrap().remove(0)
    }

    async fn late(&self, _: &MessageKey) -> anyhow::Result<Option<Answer>> {
        Ok(self.late.lock().unwrap().remove(0))
    }
}

fn answer(replies: &[(&str, &[&str])]) -> Answer {
    Answer {
        message_id: MessageId::new("m").unwrap(),
        session_id: SessionId(uuid::Uuid::nil()),
        version: 1,
        duplicate: false,
        replies: replies
            .iter()
            .map(|(text, options)| ReplyView {
                text: (*text).to_owned(),
                options: options.iter().map(|option| (*option).to_owned()).collect(),
            })
            .collect(),
        goals: Vec::new(),
        appointments: Vec::new(),
    }
}

async fn talk(desk: &Scripted, input: &'static str) -> String {
    let pair = Pair {
        business: BusinessId::new("demo-salon").unwrap(),
        participant: ParticipantId::new("anna").unwrap(),
    };
    let clock = ManualClock::at("2026-11-18T15:00:00Z".parse().unwrap());
    let mut output = Vec::new();
    let lines = Lines::of(std::io::Cursor::new(input));
    run(desk, &pair, &clock, lines, true, &mut output).await.unwrap();
    String::from_utf8(output).unwrap()
}

#[tokio::test]
async fn a_piped_conversation_reads_as_a_transcript() {
    let desk = Scripted::default();
    *desk.script.lock().unwrap() = vec![
        Ok(Said::Answered(answer(&[(
            "Which service?\n1. Gel\n2. Pedicure",
            &["Gel", "Pedicure"],
        )]))),
        Ok(Said::Answered(answer(&[
            ("Gel, Friday 14:00.", &[]),
            ("Is that right?", &["Yes", "No"]),
        ]))),
    ];
    let shown = talk(&desk, "hi\n\n  2 \n/quit\nnever heard\n").await;
    assert_eq!(
        shown,
        "you  > hi\n\
         desk > Which service?\n       1. Gel\n       2. Pedicure\n\
         you  > 2\n\
         desk > Gel, Friday 14:00.\n\
         desk > Is that right?\n       [Yes] [No]\n\
         you  > /quit\n"
    );
    let heard = desk.heard.lock().unwrap();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].key.channel, Channel::Terminal);
    assert_eq!(heard[0].key.account, "demo-salon/anna");
    assert_ne!(heard[0].key.message_id, heard[1].key.message_id);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_waited_for() {
    let desk = Scripted::default();
    *desk.script.lock().unwrap() = vec![Ok(Said::Accepted)];
    *desk.late.lock().unwrap() = vec![None, None, Some(answer(&[("Here it is.", &[])]))];
    let shown = talk(&desk, "hi\n").await;
    assert!(
        shown.ends_with("(this takes a moment)\ndesk > Here it is.\n"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_busy_desk_says_when_to_try_again_and_the_conversation_goes_on() {
    let desk = Scripted::default();
    let retry_after = Duration::from_secs(3);
    *desk.script.lock().unwrap() = vec![
        Err(Refused::PairBusy { retry_after }),
        Ok(Said::Answered(answer(&[("Hello.", &[])]))),
    ];
    let shown = talk(&desk, "a\nb\n").await;
    assert!(shown.contains("try again in 3 s"), "{shown}");
    assert!(shown.ends_with("desk > Hello.\n"), "{shown}");
}

#[test]
fn a_reply_cannot_steer_the_terminal() {
    let mut output = Vec::new();
    show(&answer(&[("a\u{1b}[2Jb", &["c\u{7}"])]), &mut output).unwrap();
    assert_eq!(String::from_utf8(output).unwrap(), "desk > a[2Jb\n       [c]\n");
}
