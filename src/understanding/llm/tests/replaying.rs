//! Recording and playing again.

use std::io::Write;
use std::sync::Arc;

use super::super::prompt::{PromptKind, prompt};
use super::super::proposal::SCHEMA;
use super::super::replay::{Recorder, Recording, Replay};
use super::*;

/// What was written, readable while somebody else writes.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

async fn ask(chat: &impl Chat, text: &str) -> Result<ChatReply, ChatFailure> {
    let (lexicon, pair, history) = (salon(), pair(), history());
    let heard = heard(text, None, &[], &lexicon);
    let request = ChatRequest {
        business: &pair.business,
        model: None,
        messages: prompt(
            PromptKind::Standard,
            &heard,
            &scene(&pair, &history),
            &rules(heard).understood,
        ),
        schema: &SCHEMA,
        max_tokens: 10,
        time_left: Duration::from_secs(1),
        trace: None,
    };
    chat.complete(request).await
}

#[tokio::test]
async fn what_was_recorded_is_played_again_and_nothing_else() {
    let page = Page::default();
    let recorder = Recorder::new(Scripted::new(answer(&[("thanks", "ta", None)])), page.clone());
    let first = ask(&recorder, "ta mate").await.unwrap();
    let replay = Replay::read(&page.text()).unwrap();
    let again = ask(&replay, "ta mate").await.unwrap();
    assert_eq!(
        (again.value, again.spent, again.model),
        (first.value, first.spent, first.model)
    );
    let other = ask(&replay, "another").await.unwrap_err();
    assert_eq!(other.outcome, LlmOutcome::Skipped);
    assert!(
        other.why.contains("no answer is recorded") && !other.why.contains("another"),
        "{other}"
    );
}

#[tokio::test]
async fn a_recording_holds_no_message() {
    let page = Page::default();
    let recorder = Recorder::new(Scripted::new(answer(&[])), page.clone());
    ask(&recorder, "my secret wish").await.unwrap();
    assert!(!page.text().contains("secret"), "{}", page.text());
    assert_eq!(page.text().lines().count(), 1);
    let recording: Recording = serde_json::from_str(&page.text()).unwrap();
    assert_eq!((recording.prompt.len(), recording.version.as_str()), (32, "1"));
}

#[tokio::test]
async fn a_failure_is_not_recorded() {
    let page = Page::default();
    let recorder = Recorder::new(Scripted::failing(LlmOutcome::Timeout), page.clone());
    assert_eq!(
        ask(&recorder, "hi").await.unwrap_err().outcome,
        LlmOutcome::Timeout
    );
    assert_eq!(page.text(), "");
}

#[test]
fn a_line_that_is_no_recording_is_named() {
    let problem = Replay::read("\n{}\n").unwrap_err().to_string();
    assert!(problem.contains("line 2"), "{problem}");
}
