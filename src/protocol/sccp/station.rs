//! The answers to the requests with which a phone completes its registration: one line without a
//! number, one button, soft keys without a function.
//!
//! A phone whose request stays open shows that it still registers, and does not obey a Reset in some
//! firmware.

use jiff::Timestamp;

use super::{encode, message_id, stream::SccpMessage};

/// Button definitions in a template.
const BUTTONS: usize = 42;
/// The button of a line.
const LINE_BUTTON: u8 = 9;
/// A button without a function.
const NO_BUTTON: u8 = 0xFF;
/// Soft keys in a template.
const SOFT_KEYS: usize = 32;
/// Bytes of a soft key: a label of 16, and an event.
const SOFT_KEY: usize = 20;
/// Sets of soft keys in a template.
const SOFT_KEY_SETS: usize = 16;
/// Bytes of a set of soft keys: 16 indices of 1, and 16 of 2.
const SOFT_KEY_SET: usize = 48;

/// Whether the message belongs to a registration.
#[must_use]
pub fn is_registration(id: u32) -> bool {
    matches!(
        id,
        message_id::IP_PORT
            | message_id::CAPABILITIES_RES
            | message_id::REGISTER_AVAILABLE_LINES
            | message_id::BUTTON_TEMPLATE_REQ
            | message_id::SOFT_KEY_TEMPLATE_REQ
            | message_id::SOFT_KEY_SET_REQ
            | message_id::CONFIG_STAT_REQ
            | message_id::LINE_STAT_REQ
            | message_id::FORWARD_STAT_REQ
            | message_id::TIME_DATE_REQ
    )
}

/// The answer to a request of a registration. `None`: the message needs none, or is another one.
/// `name`: the phone's device name.
#[must_use]
pub fn answer(request: &SccpMessage, version: u8, name: &str, wall: Timestamp) -> Option<Vec<u8>> {
    let (id, body) = match request.id {
        message_id::BUTTON_TEMPLATE_REQ => (message_id::BUTTON_TEMPLATE, button_template()),
        message_id::SOFT_KEY_TEMPLATE_REQ => (
            message_id::SOFT_KEY_TEMPLATE_RES,
            counted(1, SOFT_KEYS * SOFT_KEY),
        ),
        message_id::SOFT_KEY_SET_REQ => (
            message_id::SOFT_KEY_SET_RES,
            counted(1, SOFT_KEY_SETS * SOFT_KEY_SET),
        ),
        message_id::CONFIG_STAT_REQ => (message_id::CONFIG_STAT, config_stat(name)),
        message_id::LINE_STAT_REQ => (message_id::LINE_STAT, of_line(request, 108)),
        message_id::FORWARD_STAT_REQ => {
            let none_active = 0_u32.to_le_bytes();
            let body = [&none_active[..], &of_line(request, 84)].concat();
            (message_id::FORWARD_STAT, body)
        }
        message_id::TIME_DATE_REQ => (message_id::DEFINE_TIME_DATE, time_date(wall)),
        _ => return None,
    };
    Some(encode::message(encode::header_version(version), id, &body))
}

/// Offset, count and total, and a list of zeros.
fn counted(count: u32, list: usize) -> Vec<u8> {
    let mut body = [0, count, count].map(u32::to_le_bytes).concat();
    body.resize(12 + list, 0);
    body
}

fn button_template() -> Vec<u8> {
    let mut body = counted(1, 0);
    body.extend([1, LINE_BUTTON]);
    body.extend([0, NO_BUTTON].repeat(BUTTONS - 1));
    body
}

fn config_stat(name: &str) -> Vec<u8> {
    let mut body = name.as_bytes().to_vec();
    // The name ends with a NUL within 16 bytes; user, instance, user name and server name are empty.
    body.truncate(15);
    body.resize(16 + 4, 0);
    body.extend(1_u32.to_le_bytes());
    body.resize(16 + 8 + 80, 0);
    let (lines, speed_dials) = (1_u32, 0_u32);
    body.extend([lines, speed_dials].map(u32::to_le_bytes).concat());
    body
}

/// The line of the request, and zeros.
fn of_line(request: &SccpMessage, zeros: usize) -> Vec<u8> {
    let line = request.body.first_chunk().copied().unwrap_or([1, 0, 0, 0]);
    let mut body = line.to_vec();
    body.resize(4 + zeros, 0);
    body
}

fn time_date(wall: Timestamp) -> Vec<u8> {
    let time = wall.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let number = |value: i8| u32::try_from(value).unwrap_or_default();
    [
        u32::try_from(time.year()).unwrap_or_default(),
        number(time.month()),
        number(time.weekday().to_sunday_zero_offset()),
        number(time.day()),
        number(time.hour()),
        number(time.minute()),
        number(time.second()),
        0,
        u32::try_from(wall.as_second()).unwrap_or_default(),
    ]
    .map(u32::to_le_bytes)
    .concat()
}
