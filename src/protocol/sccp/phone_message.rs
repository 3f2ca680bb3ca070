//! A message of a phone, decoded.

use super::{
    alarm::AlarmMessage, message_id, register::SccpRegister, stream::SccpMessage,
    xml_alarm::XmlAlarm,
};
use crate::protocol::bytes::Malformed;

/// A message of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneMessage {
    /// The connection is alive.
    KeepAlive,
    /// The phone registers.
    Register(SccpRegister),
    /// Its RTP port, which follows Register.
    IpPort,
    /// An alarm.
    Alarm(AlarmMessage),
    /// An alarm in XML.
    XmlAlarm(XmlAlarm),
    /// Its registration ends.
    Unregister,
    /// It is registered elsewhere and asks whether it may register here.
    TokenRequest,
    /// Any other message.
    Other(u32),
}

impl PhoneMessage {
    /// Decodes the body of a message.
    ///
    /// # Errors
    /// A Register or an alarm is too short.
    pub fn decode(message: &SccpMessage) -> Result<Self, Malformed> {
        if let Some(alarm) = message.alarm() {
            return alarm.map(Self::Alarm);
        }
        Ok(match message.id {
            message_id::KEEP_ALIVE => Self::KeepAlive,
            message_id::REGISTER => Self::Register(SccpRegister::decode(&message.body)?),
            message_id::IP_PORT => Self::IpPort,
            message_id::XML_ALARM => Self::XmlAlarm(XmlAlarm::decode(&message.body)),
            message_id::UNREGISTER => Self::Unregister,
            message_id::REGISTER_TOKEN_REQ => Self::TokenRequest,
            other => Self::Other(other),
        })
    }
}
