//! The answer to a GET over HTTP/1.0 (RFC 1945): bytes in, a body out.

/// Bytes of an answer's head at most.
pub const MAX_HEAD: usize = 8 * 1024;

/// Bytes of a body at most. A phone's page has about 1,000.
pub const MAX_BODY: usize = 64 * 1024;

/// Why an answer has no body that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The first line is none of HTTP's.
    #[error("that is no HTTP: a line like 'HTTP/1.0 200 OK' expected")]
    NoHttp,
    /// Another status than 200.
    #[error("HTTP status {0} in place of 200")]
    Status(u16),
    /// The head does not end within [`MAX_HEAD`].
    #[error("a head of more than {MAX_HEAD} bytes")]
    LongHead,
    /// The body is longer than [`MAX_BODY`], or says that it will be.
    #[error("a body of more than {MAX_BODY} bytes")]
    LongBody,
    /// Two lengths, or one that is no number.
    #[error("a Content-Length that is no number of bytes")]
    Length,
    /// A transfer coding, which nobody may answer a request of HTTP/1.0 with (RFC 9112, 6.1).
    #[error("a body in a transfer coding, which HTTP/1.0 does not have")]
    Coded,
    /// The connection ended in the head, or before the length that it said.
    #[error("the connection ended in the middle of the answer")]
    Cut,
}

/// An answer as it comes.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    bytes: Vec<u8>,
    body: Option<Body>,
}

#[derive(Debug, Clone, Copy)]
struct Body {
    /// Where it begins.
    start: usize,
    /// Its bytes; `None`: it goes on to the end of the connection.
    length: Option<usize>,
}

impl Reply {
    /// Takes what came. `true`: the answer is whole, and nothing more needs to be read.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        // The end of the head may lie across two pieces.
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend_from_slice(bytes);
        let body = match self.body {
            Some(body) => body,
            None => match head_end(&self.bytes, from) {
                Some(start) if start <= MAX_HEAD => {
                    let length = read_head(&self.bytes[..start])?;
                    *self.body.insert(Body { start, length })
                }
                None if self.bytes.len() <= MAX_HEAD => return Ok(false),
                _ => return Err(Fault::LongHead),
            },
        };
        let here = self.bytes.len() - body.start;
        match body.length {
            Some(length) => Ok(here >= length),
            None if here > MAX_BODY => Err(Fault::LongBody),
            None => Ok(false),
        }
    }

    /// The body, once the answer is whole or the connection has ended.
    pub fn end(mut self) -> Result<Vec<u8>, Fault> {
        let body = self.body.ok_or(Fault::Cut)?;
        let mut bytes = self.bytes.split_off(body.start);
        if let Some(length) = body.length {
            if bytes.len() < length {
                return Err(Fault::Cut);
            }
            bytes.truncate(length);
        }
        Ok(bytes)
    }
}

/// Where the body begins: behind the first empty line. Small servers leave the CR out.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    (0..rest.len()).find_map(|at| match &rest[at..] {
        [b'\n', b'\n', ..] => Some(from + at + 2),
        [b'\n', b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

/// The length that a head of status 200 gives its body.
fn read_head(head: &[u8]) -> Result<Option<usize>, Fault> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let status = lines.next().and_then(status).ok_or(Fault::NoHttp)?;
    if status != 200 {
        return Err(Fault::Status(status));
    }
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = name.trim();
        if name.eq_ignore_ascii_case("Transfer-Encoding") {
            return Err(Fault::Coded);
        }
        if name.eq_ignore_ascii_case("Content-Length") {
            let value = value.trim();
            let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            // More digits than a number holds are more bytes than are taken.
            let bytes = value.parse().unwrap_or(usize::MAX);
            if !is_number || length.is_some_and(|known| known != bytes) {
                return Err(Fault::Length);
            }
            if bytes > MAX_BODY {
                return Err(Fault::LongBody);
            }
            length = Some(bytes);
        }
    }
    Ok(length)
}

/// The number in `HTTP/1.1 200 OK`.
fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.")?;
    let (_, rest) = rest.split_once(' ')?;
    let digits = rest.trim_start().split(' ').next()?;
    let is_status = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_status)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The body, fed in pieces of this many bytes, as a connection would that ends behind it.
    fn read(answer: &[u8], piece: usize) -> Result<Vec<u8>, Fault> {
        let mut reply = Reply::default();
        for piece in answer.chunks(piece) {
            if reply.feed(piece)? {
                break;
            }
        }
        reply.end()
    }

    #[test]
    fn a_body_ends_with_its_length_or_with_the_connection() {
        for (answer, body) in [
            ("HTTP/1.0 200 OK\r\n\r\npage", "page"),
            ("HTTP/1.1 200\r\nServer: x\r\n\r\npage", "page"),
            ("HTTP/1.0 200 OK\nContent-Length: 2\n\npage", "pa"),
            (
                "HTTP/1.1 200 OK\r\ncontent-length:4\r\n\r\npage and more",
                "page",
            ),
            ("HTTP/1.0 200 OK\r\n\r\n", ""),
            ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ] {
            for piece in [1, 2, 3, 5, 1000] {
                let read = read(answer.as_bytes(), piece);
                assert_eq!(read.as_deref(), Ok(body.as_bytes()), "{answer} by {piece}");
            }
        }
    }

    #[test]
    fn what_is_no_page_says_why() {
        let long = format!("HTTP/1.0 200 OK\r\nX: {}\r\n\r\n", "x".repeat(MAX_HEAD));
        let huge = format!("HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(MAX_BODY + 1));
        let most = format!(
            "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n",
            MAX_BODY + 1
        );
        for (answer, fault) in [
            ("", Fault::Cut),
            ("HTTP/1.0 200 OK\r\n", Fault::Cut),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\npage",
                Fault::Cut,
            ),
            ("SSH-2.0-x\r\n\r\n", Fault::NoHttp),
            ("HTTP/1.0 2000\r\n\r\n", Fault::NoHttp),
            ("HTTP/1.0 +20 OK\r\n\r\n", Fault::NoHttp),
            ("HTTP/1.0 401 Unauthorized\r\n\r\n", Fault::Status(401)),
            (
                "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
                Fault::Status(302),
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
                Fault::Length,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                Fault::Length,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                Fault::LongBody,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n",
                Fault::Coded,
            ),
            (&long, Fault::LongHead),
            (&most, Fault::LongBody),
            (&huge, Fault::LongBody),
        ] {
            for piece in [1, 1000, 100_000] {
                assert_eq!(read(answer.as_bytes(), piece), Err(fault), "{answer:.60}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_none_whatever_their_pieces(
            start in 0_usize..4,
            rest in proptest::collection::vec(any::<u8>(), 0..300),
            piece in 1_usize..40,
        ) {
            let start = ["", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n",
                "HTTP/1.0 200 x\n\n"][start];
            let answer = [start.as_bytes(), &rest].concat();
            let whole = read(&answer, answer.len().max(1));
            prop_assert_eq!(read(&answer, piece), whole);
        }
    }
}
