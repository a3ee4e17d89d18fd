//! The least that a server can do: parse the same request and answer as many bytes. What the product does per second
//! is a share of what this does.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use frontdesk::clock::{Clock as _, SystemClock};
use frontdesk::conversation::Answer;
use frontdesk::ids;
use frontdesk::types::{MessageId, SessionId};

use super::answer::{self, NewMessage};

/// Serves as `role`, with replies of the text that the product gives.
pub(crate) async fn serve(text: String) {
    let text: &'static str = text.leak();
    answer::serve(Router::new().route("/v1/messages", post(say)).with_state(text)).await;
}

async fn say(State(text): State<&'static str>, Json(message): Json<NewMessage>) -> Json<Answer> {
    let id = ids::new_id(SystemClock::real().now());
    let message_id = message
        .message_id
        .clone()
        .unwrap_or_else(|| MessageId::new(id.to_string()).unwrap());
    let answer = answer::answer(message_id, SessionId(id), 1, text.to_owned());
    // Every field counts as used, so that none is parsed for nothing.
    std::hint::black_box(&message);
    Json(answer)
}
