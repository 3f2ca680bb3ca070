//! The response to a GET over HTTP/1.0 (RFC 1945): bytes in, a body out.

/// Maximum size of a response's head in bytes.
pub const MAX_HEAD: usize = 8 * 1024;

/// Maximum size of a body in bytes. A phone's page has about 1,000.
pub const MAX_BODY: usize = 64 * 1024;

/// Why a response has no usable body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The first line is not an HTTP status line.
    #[error("not HTTP: expected a line like 'HTTP/1.0 200 OK'")]
    NoHttp,
    /// The status is not 200.
    #[error("HTTP status {0}, expected 200")]
    Status(u16),
    /// The head is longer than [`MAX_HEAD`].
    #[error("the head has more than {MAX_HEAD} bytes")]
    LongHead,
    /// The body, or its Content-Length, is over [`MAX_BODY`].
    #[error("the body has more than {MAX_BODY} bytes")]
    LongBody,
    /// Different Content-Length headers, or one that is not a number.
    #[error("the Content-Length is not one number of bytes")]
    Length,
    /// A transfer coding, which is not allowed in response to HTTP/1.0 (RFC 9112, 6.1).
    #[error("the body has a transfer coding, which HTTP/1.0 does not allow")]
    Coded,
    /// The connection ended in the head, or before the end of the body.
    #[error("the connection ended in the middle of the response")]
    Cut,
}

/// Decodes a response as it arrives.
#[derive(Debug, Clone, Default)]
pub struct ResponseDecoder {
    bytes: Vec<u8>,
    body: Option<ResponseBody>,
}

#[derive(Debug, Clone, Copy)]
struct ResponseBody {
    /// The offset of its first byte.
    start: usize,
    /// Its length in bytes; `None`: the body ends with the connection.
    length: Option<usize>,
}

impl ResponseDecoder {
    /// Adds received bytes. `true`: the response is complete.
    ///
    /// # Errors
    /// The response is not usable.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<bool, ResponseError> {
        // The end of the head may be split between two reads.
        let from = self.bytes.len().saturating_sub(3);
        self.bytes.extend_from_slice(bytes);
        let body = match self.body {
            Some(body) => body,
            None => match head_end(&self.bytes, from) {
                Some(start) if start <= MAX_HEAD => {
                    let length = read_head(&self.bytes[..start])?;
                    *self.body.insert(ResponseBody { start, length })
                }
                None if self.bytes.len() <= MAX_HEAD => return Ok(false),
                _ => return Err(ResponseError::LongHead),
            },
        };
        let received = self.bytes.len() - body.start;
        match body.length {
            Some(length) => Ok(received >= length),
            None if received > MAX_BODY => Err(ResponseError::LongBody),
            None => Ok(false),
        }
    }

    /// The body, when the response is complete or the connection has ended.
    ///
    /// # Errors
    /// [`ResponseError::Cut`]: bytes are missing.
    pub fn end(mut self) -> Result<Vec<u8>, ResponseError> {
        let body = self.body.ok_or(ResponseError::Cut)?;
        let mut bytes = self.bytes.split_off(body.start);
        if let Some(length) = body.length {
            if bytes.len() < length {
                return Err(ResponseError::Cut);
            }
            bytes.truncate(length);
        }
        Ok(bytes)
    }
}

/// Offset of the body, after the first empty line. Some servers send LF without CR.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    (0..rest.len()).find_map(|at| match &rest[at..] {
        [b'\n', b'\n', ..] => Some(from + at + 2),
        [b'\n', b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

/// The Content-Length of a head with status 200.
fn read_head(head: &[u8]) -> Result<Option<usize>, ResponseError> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let status = lines.next().and_then(status).ok_or(ResponseError::NoHttp)?;
    if status != 200 {
        return Err(ResponseError::Status(status));
    }
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = name.trim();
        if name.eq_ignore_ascii_case("Transfer-Encoding") {
            return Err(ResponseError::Coded);
        }
        if name.eq_ignore_ascii_case("Content-Length") {
            let value = value.trim();
            let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            // A number too large for `usize` is over the limit.
            let bytes = value.parse().unwrap_or(usize::MAX);
            if !is_number || length.is_some_and(|known| known != bytes) {
                return Err(ResponseError::Length);
            }
            if bytes > MAX_BODY {
                return Err(ResponseError::LongBody);
            }
            length = Some(bytes);
        }
    }
    Ok(length)
}

/// The status in `HTTP/1.1 200 OK`.
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

    /// The body of a response that arrives in pieces of this many bytes, followed by the end of the
    /// connection.
    fn read(response: &[u8], piece: usize) -> Result<Vec<u8>, ResponseError> {
        let mut reply = ResponseDecoder::default();
        for piece in response.chunks(piece) {
            if reply.feed(piece)? {
                break;
            }
        }
        reply.end()
    }

    #[test]
    fn a_body_ends_with_its_length_or_with_the_connection() {
        for (response, body) in [
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
                let read = read(response.as_bytes(), piece);
                assert_eq!(
                    read.as_deref(),
                    Ok(body.as_bytes()),
                    "{response} by {piece}"
                );
            }
        }
    }

    #[test]
    fn an_unusable_response_has_an_error() {
        let long = format!("HTTP/1.0 200 OK\r\nX: {}\r\n\r\n", "x".repeat(MAX_HEAD));
        let huge = format!("HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(MAX_BODY + 1));
        let most = format!(
            "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n",
            MAX_BODY + 1
        );
        for (response, fault) in [
            ("", ResponseError::Cut),
            ("HTTP/1.0 200 OK\r\n", ResponseError::Cut),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\npage",
                ResponseError::Cut,
            ),
            ("SSH-2.0-x\r\n\r\n", ResponseError::NoHttp),
            ("HTTP/1.0 2000\r\n\r\n", ResponseError::NoHttp),
            ("HTTP/1.0 +20 OK\r\n\r\n", ResponseError::NoHttp),
            (
                "HTTP/1.0 401 Unauthorized\r\n\r\n",
                ResponseError::Status(401),
            ),
            (
                "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
                ResponseError::Status(302),
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
                ResponseError::Length,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                ResponseError::Length,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
                ResponseError::LongBody,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n",
                ResponseError::Coded,
            ),
            (&long, ResponseError::LongHead),
            (&most, ResponseError::LongBody),
            (&huge, ResponseError::LongBody),
        ] {
            for piece in [1, 1000, 100_000] {
                assert_eq!(
                    read(response.as_bytes(), piece),
                    Err(fault),
                    "{response:.60}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_how_bytes_are_split(
            start in 0_usize..4,
            rest in proptest::collection::vec(any::<u8>(), 0..300),
            piece in 1_usize..40,
        ) {
            let start = ["", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n",
                "HTTP/1.0 200 x\n\n"][start];
            let response = [start.as_bytes(), &rest].concat();
            let whole = read(&response, response.len().max(1));
            prop_assert_eq!(read(&response, piece), whole);
        }
    }
}
