//! The ids of messages (layouts of Wireshark, chan-sccp and sccp-protocol).

/// From the phone: the connection is alive.
pub const KEEP_ALIVE: u32 = 0x0000;
/// From the phone: it registers.
pub const REGISTER: u32 = 0x0001;
/// From the phone: its RTP port.
pub const IP_PORT: u32 = 0x0002;
/// From the phone: the forwarding of a line is requested.
pub const FORWARD_STAT_REQ: u32 = 0x0009;
/// From the phone: the number of a line is requested.
pub const LINE_STAT_REQ: u32 = 0x000B;
/// From the phone: its configuration is requested.
pub const CONFIG_STAT_REQ: u32 = 0x000C;
/// From the phone: the time is requested. The last request of a registration.
pub const TIME_DATE_REQ: u32 = 0x000D;
/// From the phone: its buttons are requested.
pub const BUTTON_TEMPLATE_REQ: u32 = 0x000E;
/// From the phone: its codecs.
pub const CAPABILITIES_RES: u32 = 0x0010;
/// From the phone: an alarm.
pub const ALARM: u32 = 0x0020;
/// From the phone: the sets of soft keys are requested.
pub const SOFT_KEY_SET_REQ: u32 = 0x0025;
/// From the phone: its registration ends.
pub const UNREGISTER: u32 = 0x0027;
/// From the phone: the soft keys are requested.
pub const SOFT_KEY_TEMPLATE_REQ: u32 = 0x0028;
/// From the phone: it is registered elsewhere and asks whether it may register here.
pub const REGISTER_TOKEN_REQ: u32 = 0x0029;
/// From the phone: how many lines it has.
pub const REGISTER_AVAILABLE_LINES: u32 = 0x002D;
/// From the phone: an alarm in XML, of loads from 9.1 on.
pub const XML_ALARM: u32 = 0x015A;

/// To the phone: it is registered.
pub const REGISTER_ACK: u32 = 0x0081;
/// To the phone: the forwarding of a line.
pub const FORWARD_STAT: u32 = 0x0090;
/// To the phone: the number of a line.
pub const LINE_STAT: u32 = 0x0092;
/// To the phone: its configuration.
pub const CONFIG_STAT: u32 = 0x0093;
/// To the phone: the time.
pub const DEFINE_TIME_DATE: u32 = 0x0094;
/// To the phone: its buttons.
pub const BUTTON_TEMPLATE: u32 = 0x0097;
/// To the phone: its codecs are requested.
pub const CAPABILITIES_REQ: u32 = 0x009B;
/// To the phone: restart.
pub const RESET: u32 = 0x009F;
/// To the phone: the answer to its `KeepAlive`.
pub const KEEP_ALIVE_ACK: u32 = 0x0100;
/// To the phone: the soft keys.
pub const SOFT_KEY_TEMPLATE_RES: u32 = 0x0108;
/// To the phone: the sets of soft keys.
pub const SOFT_KEY_SET_RES: u32 = 0x0109;
/// To the phone: the answer to its Unregister.
pub const UNREGISTER_ACK: u32 = 0x0118;
/// To the phone: it may not register here now.
pub const REGISTER_TOKEN_REJECT: u32 = 0x011B;
