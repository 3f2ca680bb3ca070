//! The HTTP client of a phone, one file and one connection at a time.
//!
//! It has its own reader of responses, not the server's library. A phone that gets no whole file
//! requests it over TFTP.

use std::{net::SocketAddrV4, time::Duration};

use sha2::{Digest, Sha256};

use super::{
    action::PhoneAction,
    client::{FetchProgress, Fetched, KEPT},
};

/// Without a byte from the server for this long, the file is requested over TFTP (a choice of this
/// script). Not scaled by the pace.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of the longest head of a response that is read.
const HEAD_MAX: usize = 4096;

/// What happens on the connection of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEvent<'a> {
    /// The server sent these bytes.
    Data(&'a [u8]),
    /// The server refused the connection, or closed it.
    Closed,
}

/// One file being fetched.
#[derive(Debug, Clone)]
pub(super) struct HttpFetch {
    name: String,
    keeps: bool,
    /// The head of the response, until all of it has arrived.
    head: Vec<u8>,
    /// The bytes of the file, once the head has arrived.
    length: Option<u64>,
    bytes: u64,
    body: Vec<u8>,
    hash: Sha256,
    deadline: Duration,
}

impl HttpFetch {
    /// Opens a connection and requests `name`. `keeps`: keep the contents, not only their hash.
    pub(super) fn begin(
        now: Duration,
        name: String,
        server: SocketAddrV4,
        keeps: bool,
        actions: &mut Vec<PhoneAction>,
    ) -> Self {
        let bytes = request(&name, server);
        actions.push(PhoneAction::Connect { to: server, bytes });
        Self {
            name,
            keeps,
            head: Vec::new(),
            length: None,
            bytes: 0,
            body: Vec::new(),
            hash: Sha256::new(),
            deadline: now + PATIENCE,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The number of received bytes of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the server sends the file.
    pub(super) fn has_begun(&self) -> bool {
        self.length.is_some()
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Handles what happened on the connection.
    pub(super) fn receive(&mut self, now: Duration, event: StreamEvent<'_>) -> FetchProgress {
        let StreamEvent::Data(bytes) = event else {
            return FetchProgress::Silent;
        };
        self.deadline = now + PATIENCE;
        if self.length.is_some() {
            return self.body(bytes);
        }
        self.head.extend_from_slice(bytes);
        let Some(end) = self.head.windows(4).position(|part| part == b"\r\n\r\n") else {
            return if self.head.len() > HEAD_MAX {
                FetchProgress::Silent
            } else {
                FetchProgress::Going
            };
        };
        let (code, length) = read_head(&String::from_utf8_lossy(&self.head[..end]));
        match (code, length) {
            (Some(200), Some(length)) => self.length = Some(length),
            (Some(code), _) if code != 200 => return FetchProgress::Refused(code),
            _ => return FetchProgress::Silent,
        }
        let rest = self.head.split_off(end + 4);
        self.body(&rest)
    }

    fn body(&mut self, bytes: &[u8]) -> FetchProgress {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
        if self.keeps && self.body.len() + bytes.len() <= KEPT {
            self.body.extend_from_slice(bytes);
        } else {
            self.keeps = false;
            self.body = Vec::new();
        }
        match self.length {
            Some(length) if self.bytes == length => FetchProgress::Got(Fetched {
                bytes: self.bytes,
                sha256: self.hash.finalize_reset().into(),
                body: std::mem::take(&mut self.body),
            }),
            // More than the server stated is no answer to the request.
            Some(length) if self.bytes > length => FetchProgress::Silent,
            _ => FetchProgress::Going,
        }
    }

    /// Lets time pass.
    pub(super) fn wake(&self, now: Duration) -> FetchProgress {
        if now < self.deadline {
            FetchProgress::Going
        } else {
            FetchProgress::Silent
        }
    }
}

/// A GET of one file on a connection of its own.
fn request(name: &str, server: SocketAddrV4) -> Vec<u8> {
    let path: String = name
        .trim_start_matches('/')
        .chars()
        .map(|letter| match letter {
            '%' => "%25".to_owned(),
            '?' => "%3F".to_owned(),
            '#' => "%23".to_owned(),
            letter => letter.to_string(),
        })
        .collect();
    format!("GET /{path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// The status code and the length of the body.
fn read_head(head: &str) -> (Option<u16>, Option<u64>) {
    let mut lines = head.lines();
    let code = lines
        .next()
        .filter(|line| line.starts_with("HTTP/1."))
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    (code, length)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6970);

    fn begun() -> HttpFetch {
        let name = "/g3-tones.xml".to_owned();
        HttpFetch::begin(Duration::ZERO, name, SERVER, true, &mut Vec::new())
    }

    fn answer(text: &str) -> FetchProgress {
        begun().receive(Duration::ZERO, StreamEvent::Data(text.as_bytes()))
    }

    #[test]
    fn a_file_is_one_request_on_one_connection() {
        let mut actions = Vec::new();
        let name = "/g3-tones.xml".to_owned();
        let mut fetch = HttpFetch::begin(Duration::ZERO, name, SERVER, true, &mut actions);
        let [PhoneAction::Connect { to, bytes }] = &actions[..] else {
            panic!("{actions:?}");
        };
        let text =
            "GET /g3-tones.xml HTTP/1.1\r\nHost: 127.0.0.1:6970\r\nConnection: close\r\n\r\n";
        assert_eq!((*to, &bytes[..]), (SERVER, text.as_bytes()));
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde";
        // In every pair of parts.
        let (first, last) = whole.split_at(30);
        let mut take = |part| fetch.receive(Duration::ZERO, StreamEvent::Data(part));
        assert_eq!(take(first), FetchProgress::Going);
        let FetchProgress::Got(fetched) = take(last) else {
            panic!("five bytes are the file");
        };
        assert_eq!((fetched.bytes, &fetched.body[..]), (5, &b"abcde"[..]));
    }

    #[test]
    fn everything_but_a_whole_file_leads_to_tftp() {
        let refused = answer("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n");
        assert_eq!(refused, FetchProgress::Refused(404));
        for text in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
            "SSH-2.0-OpenSSH\r\n\r\n",
        ] {
            assert_eq!(answer(text), FetchProgress::Silent, "{text}");
        }
        let mut fetch = begun();
        let closed = fetch.receive(Duration::ZERO, StreamEvent::Closed);
        assert_eq!(closed, FetchProgress::Silent);
        assert_eq!(fetch.wake(PATIENCE / 2), FetchProgress::Going);
        assert_eq!(fetch.wake(PATIENCE), FetchProgress::Silent);
        let endless = "x".repeat(HEAD_MAX + 1);
        assert_eq!(answer(&endless), FetchProgress::Silent);
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(parts in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
            let mut fetch = begun();
            for part in &parts {
                let _ = fetch.receive(Duration::ZERO, StreamEvent::Data(part));
            }
        }
    }
}
