//! The framing: bytes of one connection in, messages out.

use crate::protocol::{
    bytes::{ByteReader, Malformed},
    until_fault::UntilFault,
};

/// Maximum size of a message in bytes, without its header of 8. The longest known has about 2,420.
pub const MAX_MESSAGE: usize = 4096;

const FORMAT: &str = "SCCP";
const HEADER: usize = 8;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SccpMessage {
    /// Header version; phones begin with 0.
    pub version: u32,
    /// Message id.
    pub id: u32,
    /// Body.
    pub body: Vec<u8>,
}

/// Splits the bytes of one connection into messages. Buffers one message at most.
#[derive(Debug, Clone, Default)]
pub struct SccpStream(UntilFault<SccpDecoder>);

impl SccpStream {
    /// Adds bytes and returns the messages that they complete.
    ///
    /// # Errors
    /// A message is malformed. The start of the next one is then unknown, so every further call fails.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<SccpMessage>, Malformed> {
        self.0.feed(|decoder| decoder.read(bytes))
    }
}

#[derive(Debug, Clone, Default)]
struct SccpDecoder {
    held: Vec<u8>,
}

impl SccpDecoder {
    fn read(&mut self, mut bytes: &[u8]) -> Result<Vec<SccpMessage>, Malformed> {
        let mut messages = Vec::new();
        while !bytes.is_empty() {
            bytes = self.fill(bytes, HEADER);
            if self.held.len() < HEADER {
                break;
            }
            let whole = HEADER + length(&self.held)?;
            bytes = self.fill(bytes, whole);
            if self.held.len() < whole {
                break;
            }
            messages.push(message(&self.held)?);
            self.held.clear();
        }
        Ok(messages)
    }

    /// Fills the buffer up to `size`; returns the remaining bytes.
    fn fill<'a>(&mut self, bytes: &'a [u8], size: usize) -> &'a [u8] {
        let missing = size.saturating_sub(self.held.len());
        let (taken, left) = bytes.split_at(missing.min(bytes.len()));
        self.held.extend(taken);
        left
    }
}

/// The length of the message, counted from its id.
fn length(header: &[u8]) -> Result<usize, Malformed> {
    let mut reader = ByteReader::new(FORMAT, header);
    let length = reader
        .array("8 bytes of header expected")
        .map(u32::from_le_bytes)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if !(4..=MAX_MESSAGE).contains(&length) {
        return Err(ByteReader::new(FORMAT, header).fault("a length from 4 to 4,096 expected"));
    }
    Ok(length)
}

fn message(bytes: &[u8]) -> Result<SccpMessage, Malformed> {
    const SHORT: &str = "12 bytes before the message's body expected";
    let mut reader = ByteReader::new(FORMAT, bytes);
    reader.take(4, SHORT)?;
    let version = reader.array(SHORT).map(u32::from_le_bytes)?;
    let id = reader.array(SHORT).map(u32::from_le_bytes)?;
    Ok(SccpMessage {
        version,
        id,
        body: reader.rest().to_vec(),
    })
}
