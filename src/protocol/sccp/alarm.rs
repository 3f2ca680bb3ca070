//! The alarm with which a phone begins a connection.

use super::{message_id, stream::SccpMessage};
use crate::protocol::{
    alarm::Alarm,
    bytes::{ByteReader, Malformed, text},
};

/// Bytes of the alarm's text, padded with NULs.
const ALARM_TEXT: usize = 80;

/// An alarm message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmMessage {
    /// 0 (critical) to 10 (missing); a start-up alarm has 2 (informational).
    pub severity: u32,
    /// The text; `None`: it names neither a phone nor a load.
    pub alarm: Option<Alarm>,
    /// First parameter.
    pub first: u32,
    /// Second parameter; the phone's address, as observed.
    pub second: u32,
}

impl SccpMessage {
    /// The alarm, if the message is one.
    #[must_use]
    pub fn alarm(&self) -> Option<Result<AlarmMessage, Malformed>> {
        (self.id == message_id::ALARM).then(|| alarm(&self.body))
    }
}

fn alarm(body: &[u8]) -> Result<AlarmMessage, Malformed> {
    const SHORT: &str = "92 bytes of alarm expected";
    let mut reader = ByteReader::new("SCCP alarm", body);
    let severity = reader.array(SHORT).map(u32::from_le_bytes)?;
    let text = reader.take(ALARM_TEXT, SHORT)?;
    let first = reader.array(SHORT).map(u32::from_le_bytes)?;
    let second = reader.array(SHORT).map(u32::from_le_bytes)?;
    let is_cut = !text.contains(&0);
    Ok(AlarmMessage {
        severity,
        alarm: Alarm::parse(&self::text(text), is_cut),
        first,
        second,
    })
}
