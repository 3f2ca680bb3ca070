//! Requests in a TCP stream.

use super::{super::until_fault::UntilFault, FORMAT, MAX_HEAD, Malformed, SipRequest, head_end};

/// Splits the bytes of one TCP connection into requests. Buffers [`MAX_HEAD`] bytes at most; bodies are
/// skipped.
#[derive(Debug, Clone, Default)]
pub struct SipStream(UntilFault<SipDecoder>);

impl SipStream {
    /// Adds bytes and returns the requests whose heads they complete.
    ///
    /// # Errors
    /// A request is malformed. The start of the next one is then unknown, so every further call fails.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<SipRequest>, Malformed> {
        self.0.feed(|decoder| decoder.read(bytes))
    }
}

#[derive(Debug, Clone, Default)]
struct SipDecoder {
    held: Vec<u8>,
    /// Offset up to which the buffer contains no end of a head.
    searched: usize,
    /// Bytes of a body that are still to be skipped.
    body: u32,
}

impl SipDecoder {
    fn read(&mut self, mut bytes: &[u8]) -> Result<Vec<SipRequest>, Malformed> {
        let mut requests = Vec::new();
        loop {
            let skipped = bytes.len().min(self.body as usize);
            bytes = &bytes[skipped..];
            // `skipped` is at most `self.body`, so it fits.
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
            let Some(end) = head_end(&self.held, self.searched) else {
                if self.held.len() == MAX_HEAD {
                    return Err(Malformed {
                        format: FORMAT,
                        offset: MAX_HEAD,
                        reason: "a head of 8,192 bytes or less expected",
                    });
                }
                // The end of a head has four bytes at most, so up to three of them may be in the
                // buffer already.
                self.searched = self.held.len().saturating_sub(3);
                return Ok(requests);
            };
            // The buffer contained no end before, so the end is in the new bytes.
            bytes = &bytes[end.saturating_sub(before)..];
            let request = SipRequest::decode(&self.held[..end])?;
            self.body = body_length(&request)?;
            self.held.clear();
            self.searched = 0;
            requests.push(request);
        }
    }
}

/// In a stream Content-Length is required (RFC 3261, 18.3); phones that omit it send no body.
fn body_length(request: &SipRequest) -> Result<u32, Malformed> {
    request.header("content-length").map_or(Ok(0), |text| {
        text.parse().map_err(|_| Malformed {
            format: FORMAT,
            offset: 0,
            reason: "a Content-Length in digits expected",
        })
    })
}
