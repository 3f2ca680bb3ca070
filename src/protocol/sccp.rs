//! The framing of SCCP ("Skinny") and its alarm, the first thing that a phone says to a call
//! manager on TCP port 2000 (layouts as Wireshark and chan-sccp have them).

use super::{
    alarm::Alarm,
    bytes::{Malformed, Reader},
};

/// The call manager's port.
pub const PORT: u16 = 2000;

/// The id of an alarm.
pub const ALARM: u32 = 0x0020;

/// Bytes of a message at most, without the 8 of its header. Call managers send 2,000 at most.
pub const MAX_MESSAGE: usize = 4096;

const FORMAT: &str = "SCCP";
const HEADER: usize = 8;
/// The alarm's text, filled up with NULs.
const ALARM_TEXT: usize = 80;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The version of the header: 0 as phones begin.
    pub version: u32,
    /// What it is.
    pub id: u32,
    /// What is in it.
    pub body: Vec<u8>,
}

/// An alarm message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmMessage {
    /// 0 critical to 10 missing; phones start with 2, informational.
    pub severity: u32,
    /// What the text says; `None` where it names neither phone nor load.
    pub alarm: Option<Alarm>,
    /// A number of the alarm's own.
    pub first: u32,
    /// Another: the phone's address, as observed.
    pub second: u32,
}

/// Puts the messages of one connection together. Holds one message at most.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    held: Vec<u8>,
    failed: Option<Malformed>,
}

impl Stream {
    /// Takes the next bytes and gives the messages that they complete. After an error nobody knows
    /// where the next message begins: every further call fails.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Message>, Malformed> {
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

    fn read(&mut self, mut bytes: &[u8]) -> Result<Vec<Message>, Malformed> {
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

    /// Fills up what is held to `size`; returns the bytes that are left.
    fn fill<'a>(&mut self, bytes: &'a [u8], size: usize) -> &'a [u8] {
        let missing = size.saturating_sub(self.held.len());
        let (taken, left) = bytes.split_at(missing.min(bytes.len()));
        self.held.extend(taken);
        left
    }
}

/// The length behind the header, which counts from the message's id on.
fn length(header: &[u8]) -> Result<usize, Malformed> {
    let mut reader = Reader::new(FORMAT, header);
    let length = reader
        .array("8 bytes of header expected")
        .map(u32::from_le_bytes)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if !(4..=MAX_MESSAGE).contains(&length) {
        return Err(Reader::new(FORMAT, header).fault("a length from 4 to 4,096 expected"));
    }
    Ok(length)
}

fn message(bytes: &[u8]) -> Result<Message, Malformed> {
    const SHORT: &str = "12 bytes before the message's body expected";
    let mut reader = Reader::new(FORMAT, bytes);
    reader.take(4, SHORT)?;
    let version = reader.array(SHORT).map(u32::from_le_bytes)?;
    let id = reader.array(SHORT).map(u32::from_le_bytes)?;
    Ok(Message {
        version,
        id,
        body: reader.rest().to_vec(),
    })
}

impl Message {
    /// The alarm, if this is one.
    #[must_use]
    pub fn alarm(&self) -> Option<Result<AlarmMessage, Malformed>> {
        (self.id == ALARM).then(|| alarm(&self.body))
    }
}

fn alarm(body: &[u8]) -> Result<AlarmMessage, Malformed> {
    const SHORT: &str = "92 bytes of alarm expected";
    let mut reader = Reader::new("SCCP alarm", body);
    let severity = reader.array(SHORT).map(u32::from_le_bytes)?;
    let text = reader.take(ALARM_TEXT, SHORT)?;
    let first = reader.array(SHORT).map(u32::from_le_bytes)?;
    let second = reader.array(SHORT).map(u32::from_le_bytes)?;
    let is_cut = !text.contains(&0);
    Ok(AlarmMessage {
        severity,
        alarm: Alarm::parse(&super::bytes::text(text), is_cut),
        first,
        second,
    })
}
