//! SCCP ("Skinny"), which phones speak to a call manager on TCP port 2000: frames, what phones send, and
//! what a call manager sends that only restarts phones. All numbers are little-endian.

mod alarm;
pub mod encode;
pub mod message_id;
mod phone_message;
mod register;
pub mod station;
mod stream;
mod xml_alarm;

pub use self::{
    alarm::AlarmMessage,
    message_id::ALARM,
    phone_message::PhoneMessage,
    register::{FEWEST_REGISTER_BYTES, SccpRegister},
    stream::{MAX_MESSAGE, SccpMessage, SccpStream},
    xml_alarm::{MAX_PARAMETERS, XmlAlarm},
};

/// The call manager's port.
pub const PORT: u16 = 2000;
