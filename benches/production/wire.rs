//! The customers' side of HTTP: keep-alive connections over bare TCP.
//!
//! The generator shares the machine with what it measures, so it does as little as it can: it formats a request into
//! a buffer, reads until the length that the head names, and looks for words in the body instead of parsing it.

use std::fmt::Write as _;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    request: String,
    response: Vec<u8>,
}

/// An answer.
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: String::with_capacity(1024),
            response: Vec::with_capacity(16 * 1024),
        })
    }

    /// Says something to a business. None of the three may hold anything that JSON would escape.
    pub(crate) async fn say(
        &mut self,
        business: &str,
        participant: &str,
        text: &str,
    ) -> Result<Response<'_>> {
        const FRAME: usize = r#"{"business_id":"","participant_id":"","text":""}"#.len();
        let length = FRAME + business.len() + participant.len() + text.len();
        self.request.clear();
        // Writing to a string cannot fail.
        let _ = write!(
            self.request,
            "POST /v1/messages HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n\
             {{\"business_id\":\"{business}\",\"participant_id\":\"{participant}\",\"text\":\"{text}\"}}"
        );
        self.exchange().await
    }

    /// Whether the server has not closed it, as far as is known here. To be asked before a request that has to wait.
    pub(crate) fn is_open(&self) -> bool {
        let nothing_yet = self.stream.try_read(&mut [0]);
        nothing_yet.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Response<'_>> {
        self.request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n");
        self.exchange().await
    }

    pub(crate) async fn put(&mut self, path: &str, json: &str) -> Result<Response<'_>> {
        self.request = format!(
            "PUT {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
            json.len()
        );
        self.exchange().await
    }

    /// Posts as a provider does; each of the `headers` ends its line.
    #[allow(dead_code, reason = "only one of the benches has providers")]
    pub(crate) async fn post(&mut self, path: &str, headers: &str, json: &str) -> Result<Response<'_>> {
        self.request = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{headers}\
             content-length: {}\r\n\r\n{json}",
            json.len()
        );
        self.exchange().await
    }

    async fn exchange(&mut self) -> Result<Response<'_>> {
        self.stream.write_all(self.request.as_bytes()).await?;
        self.response.clear();
        let (body, length) = loop {
            self.more().await?;
            if let Some(end) = find(&self.response, b"\r\n\r\n") {
                let length = header(&self.response[..end], b"\r\ncontent-length:")
                    .and_then(number)
                    .and_then(|length| usize::try_from(length).ok())
                    .ok_or_else(|| Error::other("an answer without a length"))?;
                break (end + 4, length);
            }
        };
        while self.response.len() < body + length {
            self.more().await?;
        }
        // "HTTP/1.1 200 OK"
        let status = self.response.get(9..12).and_then(number).unwrap_or(0);
        Ok(Response {
            status: u16::try_from(status).unwrap_or(0),
            head: &self.response[..body],
            body: &self.response[body..body + length],
        })
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.response).await? {
            0 => Err(Error::other("the server closed the connection")),
            _ => Ok(()),
        }
    }
}

impl Response<'_> {
    pub(crate) fn says(&self, words: &str) -> bool {
        find(self.body, words.as_bytes()).is_some()
    }

    /// The number after `words`.
    pub(crate) fn number_after(&self, words: &str) -> Option<u64> {
        let rest = &self.body[find(self.body, words.as_bytes())? + words.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        number(&rest[..digits])
    }

    /// How long to stay away, if that is what it says and no more.
    pub(crate) fn stay_away(&self) -> Option<Duration> {
        let seconds = header(self.head, b"\r\nretry-after:").filter(|_| self.status == 503)?;
        number(seconds).map(Duration::from_secs)
    }

    /// Whether nothing more is heard on this connection.
    pub(crate) fn is_last(&self) -> bool {
        header(self.head, b"\r\nconnection:").is_some_and(|value| value.eq_ignore_ascii_case(b"close"))
    }

    /// For a complaint.
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(self.body))
    }
}

fn find(text: &[u8], words: &[u8]) -> Option<usize> {
    text.windows(words.len()).position(|window| window == words)
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The value of a header; its name comes with what stands around it.
fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = head
        .windows(name.len())
        .position(|window| window.eq_ignore_ascii_case(name))?;
    let value = &head[at + name.len()..];
    let end = value
        .iter()
        .position(|byte| *byte == b'\r')
        .unwrap_or(value.len());
    Some(value[..end].trim_ascii())
}
