//! Requests in a stream of bytes.

use super::{FORMAT, MAX_HEAD, Malformed, Request, head_end};

/// Puts the requests of one TCP connection together. Holds [`MAX_HEAD`] bytes at most; bodies are
/// counted past, not held.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    held: Vec<u8>,
    /// How far there is no end of a head in what is held.
    looked: usize,
    /// Bytes of a body that are still to come.
    body: u32,
    failed: Option<Malformed>,
}

impl Stream {
    /// Takes the next bytes and gives the requests whose heads they complete. After an error
    /// nobody knows where the next request begins: every further call fails.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Request>, Malformed> {
        if let Some(fault) = self.failed {
            return Err(fault);
        }
        let fed = self.read(bytes);
        if let Err(fault) = &fed {
            self.failed = Some(*fault);
            self.held = Vec::new();
        }
        fed
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<Vec<Request>, Malformed> {
        let mut requests = Vec::new();
        loop {
            let skipped = bytes.len().min(self.body as usize);
            bytes = &bytes[skipped..];
            // Not more than the body had.
            self.body -= u32::try_from(skipped).unwrap_or(self.body);
            if self.held.is_empty() {
                let start = bytes.iter().position(|byte| !b"\r\n".contains(byte));
                bytes = &bytes[start.unwrap_or(bytes.len())..];
            }
            if bytes.is_empty() {
                return Ok(requests);
            }
            let before = self.held.len();
            let room = bytes.len().min(MAX_HEAD - before);
            self.held.extend(&bytes[..room]);
            let Some(end) = head_end(&self.held, self.looked) else {
                if self.held.len() == MAX_HEAD {
                    return Err(Malformed {
                        format: FORMAT,
                        offset: MAX_HEAD,
                        reason: "a head of 8,192 bytes or less expected",
                    });
                }
                // An end has four bytes at most, so that three may be its beginning.
                self.looked = self.held.len().saturating_sub(3);
                return Ok(requests);
            };
            // What was held before had no end, so that the end is in the new bytes.
            bytes = &bytes[end.saturating_sub(before)..];
            let request = Request::decode(&self.held[..end])?;
            self.body = body_length(&request)?;
            self.held.clear();
            self.looked = 0;
            requests.push(request);
        }
    }
}

/// In a stream the length must be said (RFC 3261, 18.3); phones that leave it out have no body.
fn body_length(request: &Request) -> Result<u32, Malformed> {
    request.header("content-length").map_or(Ok(0), |text| {
        text.parse().map_err(|_| Malformed {
            format: FORMAT,
            offset: 0,
            reason: "a Content-Length in digits expected",
        })
    })
}
