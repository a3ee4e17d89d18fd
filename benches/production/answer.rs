//! The request and the answer as both servers of the bench read and write them: serde, as in the product.

use axum::Router;
use frontdesk::conversation::Answer;
use frontdesk::conversation::answer::ReplyView;
use frontdesk::types::{BusinessId, MessageId, ParticipantId, SessionId};
use serde::Deserialize;

/// The fields of the product's request that the load sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    pub(crate) business_id: BusinessId,
    pub(crate) participant_id: ParticipantId,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) message_id: Option<MessageId>,
}

/// The product's answer with one reply.
pub(crate) fn answer(message_id: MessageId, session_id: SessionId, version: u64, text: String) -> Answer {
    Answer {
        message_id,
        session_id,
        version,
        duplicate: false,
        replies: vec![ReplyView {
            text,
            options: Vec::new(),
        }],
        goals: Vec::new(),
        appointments: Vec::new(),
    }
}

/// Serves on a free port, which it prints, until the process is ended.
pub(crate) async fn serve(router: Router) {
    use axum::serve::ListenerExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("open: http://{}/", listener.local_addr().unwrap());
    // As the product does.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    axum::serve(listener, router).await.unwrap();
}
