//! The customers: keep-alive connections over bare TCP.
//!
//! The client shares the machine with the server, so it does as little as it can: it formats a request into a
//! buffer, reads until the length that the head names, and looks for words in the body instead of parsing it.

use std::io::Write as _;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    response: Vec<u8>,
}

/// An answer's body.
pub(crate) struct Body<'a>(&'a [u8]);

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: Vec::with_capacity(1024),
            response: Vec::with_capacity(16 * 1024),
        })
    }

    /// Says something and waits for the answer, which must be a 200.
    pub(crate) async fn say(&mut self, participant: &str, text: &str) -> Body<'_> {
        // Neither holds anything that JSON would escape.
        let json =
            format!(r#"{{"business_id":"demo-salon","participant_id":"{participant}","text":"{text}"}}"#);
        self.request.clear();
        write!(
            self.request,
            "POST /v1/messages HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
            json.len()
        )
        .unwrap();
        self.stream.write_all(&self.request).await.unwrap();
        self.response.clear();
        let (head, length) = loop {
            self.more().await;
            if let Some(end) = find(&self.response, b"\r\n\r\n") {
                break (end + 4, length(&self.response[..end]));
            }
        };
        while self.response.len() < head + length {
            self.more().await;
        }
        assert!(
            self.response.starts_with(b"HTTP/1.1 200"),
            "{text:?} was answered with {}",
            String::from_utf8_lossy(&self.response)
        );
        Body(&self.response[head..head + length])
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.response).await.unwrap();
        assert!(read > 0, "the server closed the connection");
    }
}

impl Body<'_> {
    pub(crate) fn says(&self, words: &str) -> bool {
        find(self.0, words.as_bytes()).is_some()
    }
}

impl std::fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}

fn find(text: &[u8], words: &[u8]) -> Option<usize> {
    text.windows(words.len()).position(|window| window == words)
}

fn length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).unwrap();
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .expect("an answer has a length")
}
