//! The keys of a 7940 or 7960, from the key table of P0S3-8-12-00.

/// Number of lines of a 7960; a 7940 has two.
pub(super) const LINES: u8 = 6;

/// What a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Secret,
    Image,
    Host,
    Port,
    DialPlan,
    Time,
    Number(u32, u32),
    OneOf(&'static [&'static str]),
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    name: &'static str,
    /// The most bytes of a value.
    pub(super) max: usize,
    pub(super) form: Form,
}

const fn key(name: &'static str, max: usize, form: Form) -> Key {
    Key { name, max, form }
}

const ANY: usize = 255;
const SWITCH: Form = Form::Number(0, 1);
/// 0 off, 1 on, 2 off for good, 3 on for good.
const LOCKED_SWITCH: Form = Form::Number(0, 3);
const TEXT: Form = Form::Text;
const NUMBER: Form = Form::Number(0, u32::MAX);

const CODECS: Form = Form::OneOf(&["g711ulaw", "g711alaw", "g729a", "none"]);
const TIME_ZONES: Form = Form::OneOf(&[
    "IDL", "NT", "AHST", "IMT", "YST", "PST", "MST", "CST", "EST", "AST", "NST", "BST", "AT",
    "WAT", "GMT", "CET", "EET", "BT", "IT", "ZP4", "AFG", "ZP5", "IST", "ZP6", "SUM", "WAST",
    "HST", "JST", "CAST", "EAST", "EADT", "NZST",
]);
const DATE_FORMATS: Form = Form::OneOf(&["M/D/Y", "D/M/Y", "Y/M/D", "Y/D/M", "Y-M-D", "YY-M-D"]);

const MONTHS: Form = Form::OneOf(&[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Sept",
    "Oct",
    "Nov",
    "Dec",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "10",
    "11",
    "12",
]);
const WEEKDAYS: Form = Form::OneOf(&[
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sun",
    "Mon",
    "Tue",
    "Wed",
    "Thu",
    "Fri",
    "Sat",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
]);
/// 8 is the last week of the month.
const WEEKS: Form = Form::OneOf(&["1", "2", "3", "4", "5", "6", "8"]);

/// Keys that only the phone itself sets.
const SET_BY_PHONE: [&str; 3] = ["auto_answer", "mwi_status", "FirmLoadID"];

/// Keys of each line: `line1_name`.
const OF_LINE: &[Key] = &[
    key("name", 31, TEXT),
    key("authname", 51, TEXT),
    key("password", 31, Form::Secret),
    key("shortname", 31, TEXT),
    key("displayname", 31, TEXT),
    key("contact", 255, TEXT),
];

/// Keys of each proxy: `proxy1_address`.
const OF_PROXY: &[Key] = &[key("address", 47, Form::Host), key("port", ANY, Form::Port)];

/// Keys of each call manager: `call_manager1_addr`.
const OF_CALL_MANAGER: &[Key] = &[
    key("addr", 47, Form::Host),
    key("sip_port", ANY, Form::Port),
];

const KEYS: &[Key] = &[
    key("image_version", 20, Form::Image),
    key("proxy_register", ANY, SWITCH),
    key("proxy_backup", 47, Form::Host),
    key("proxy_backup_port", ANY, Form::Port),
    key("proxy_emergency", 47, Form::Host),
    key("proxy_emergency_port", ANY, Form::Port),
    key("outbound_proxy", 47, Form::Host),
    key("outbound_proxy_port", ANY, Form::Port),
    key("timer_t1", ANY, NUMBER),
    key("timer_t2", ANY, NUMBER),
    key("timer_invite_expires", ANY, NUMBER),
    key("timer_register_expires", ANY, NUMBER),
    key("timer_register_delta", ANY, NUMBER),
    key("timer_keepalive_expires", ANY, NUMBER),
    key("connection_monitor_duration", ANY, NUMBER),
    key("sip_retx", ANY, NUMBER),
    key("sip_invite_retx", ANY, NUMBER),
    key("sip_max_forwards", ANY, NUMBER),
    key("voip_control_port", ANY, Form::Port),
    key("start_media_port", ANY, Form::Port),
    key("end_media_port", ANY, Form::Port),
    key("nat_enable", ANY, SWITCH),
    key("nat_address", 47, Form::Host),
    key("nat_received_processing", ANY, SWITCH),
    key(
        "network_media_type",
        ANY,
        Form::OneOf(&["Auto", "Full100", "Half100", "Full10", "Half10"]),
    ),
    key(
        "network_port2_type",
        ANY,
        Form::OneOf(&["Hub/Switch", "PC"]),
    ),
    key("garp_enable", ANY, SWITCH),
    key("http_proxy_addr", 127, TEXT),
    key("http_proxy_port", ANY, Form::Port),
    key("dyn_dns_addr_1", ANY, TEXT),
    key("dyn_dns_addr_2", ANY, TEXT),
    key("dyn_tftp_addr", ANY, TEXT),
    key("tftp_cfg_dir", 63, TEXT),
    key("telnet_level", ANY, Form::Number(0, 2)),
    key("dscpForAudio", ANY, NUMBER),
    key("tos_media", ANY, Form::Number(0, 5)),
    key("preferred_codec", ANY, CODECS),
    key("enable_vad", ANY, SWITCH),
    key(
        "dtmf_outofband",
        ANY,
        Form::OneOf(&["none", "avt", "avt_always"]),
    ),
    key("dtmf_inband", ANY, SWITCH),
    key("dtmf_avt_payload", ANY, Form::Number(96, 127)),
    key("dtmf_db_level", ANY, Form::Number(1, 5)),
    key("callerid_blocking", ANY, LOCKED_SWITCH),
    key("anonymous_call_block", ANY, LOCKED_SWITCH),
    key("call_waiting", ANY, LOCKED_SWITCH),
    key("dnd_control", ANY, LOCKED_SWITCH),
    key("autocomplete", ANY, LOCKED_SWITCH),
    key("call_hold_ringback", ANY, LOCKED_SWITCH),
    key("stutter_msg_waiting", ANY, LOCKED_SWITCH),
    key("cnf_join_enable", ANY, SWITCH),
    key("semi_attended_transfer", ANY, SWITCH),
    key("transfer_onhook_enabled", ANY, SWITCH),
    key("local_cfwd_enable", ANY, SWITCH),
    key("cfwd_url", 127, TEXT),
    key("remote_party_id", ANY, SWITCH),
    key("user_info", ANY, Form::OneOf(&["none", "phone", "ip"])),
    key("rfc_2543_hold", ANY, SWITCH),
    key("call_stats", ANY, SWITCH),
    key("dial_template", 63, Form::DialPlan),
    key("services_url", 127, TEXT),
    key("directory_url", 127, TEXT),
    key("logo_url", 127, TEXT),
    key("messages_uri", 127, TEXT),
    key("phone_label", 31, TEXT),
    key("phone_prompt", 15, TEXT),
    key("phone_password", 31, Form::Secret),
    key("language", ANY, TEXT),
    key("time_format_24hr", ANY, Form::Number(0, 3)),
    key("date_format", ANY, DATE_FORMATS),
    key("sntp_server", 47, Form::Host),
    key(
        "sntp_mode",
        ANY,
        Form::OneOf(&["unicast", "multicast", "anycast", "directedbroadcast"]),
    ),
    key("time_zone", ANY, TIME_ZONES),
    key("dst_offset", ANY, TEXT),
    key("dst_auto_adjust", ANY, SWITCH),
    key("dst_start_month", ANY, MONTHS),
    key("dst_start_day", ANY, Form::Number(0, 31)),
    key("dst_start_day_of_week", ANY, WEEKDAYS),
    key("dst_start_week_of_month", ANY, WEEKS),
    key("dst_start_time", ANY, Form::Time),
    key("dst_stop_month", ANY, MONTHS),
    key("dst_stop_day", ANY, Form::Number(0, 31)),
    key("dst_stop_day_of_week", ANY, WEEKDAYS),
    key("dst_stop_week_of_month", ANY, WEEKS),
    key("dst_stop_time", ANY, Form::Time),
    key("xml_card_dir", 63, TEXT),
    key("xml_card_file", ANY, TEXT),
    key("sync", 32, TEXT),
    key("version_stamp", 63, TEXT),
    key("encrypt_key", 15, Form::Secret),
];

impl Key {
    /// The key of this name, if the phone knows it.
    pub(super) fn of(name: &str) -> Option<Self> {
        let part = |known: &[Self], part: &str| known.iter().copied().find(|key| key.name == part);
        if let Some(key) = KEYS.iter().find(|key| key.name == name) {
            return Some(*key);
        }
        let numbered = |prefix: &str, least: u8, most: u8| {
            let rest = name.strip_prefix(prefix)?;
            let (number, rest) = rest.split_at_checked(1)?;
            let number: u8 = number.parse().ok()?;
            (least..=most).contains(&number).then_some(rest)
        };
        let of = |prefix: &str, most, known: &[Self]| {
            part(known, numbered(prefix, 1, most)?.strip_prefix('_')?)
        };
        of("line", LINES, OF_LINE)
            .or_else(|| of("proxy", LINES, OF_PROXY))
            .or_else(|| of("call_manager", 5, OF_CALL_MANAGER))
            .or_else(|| {
                let speed = |prefix, max| {
                    // The first button is always a line.
                    let rest = numbered(prefix, 2, LINES)?;
                    rest.is_empty().then_some(key("speed", max, TEXT))
                };
                speed("speed_line", 127).or_else(|| speed("speed_label", 14))
            })
    }

    /// The names of all keys, with 1 for the number of a line.
    pub(super) fn names() -> impl Iterator<Item = String> {
        let lines = OF_LINE.iter().map(|key| format!("line1_{}", key.name));
        let proxies = OF_PROXY.iter().map(|key| format!("proxy1_{}", key.name));
        let plain = KEYS.iter().map(|key| key.name.to_owned());
        plain.chain(lines).chain(proxies)
    }

    /// The code of a finding about a value that is not one of the possible ones.
    pub(super) fn code(&self) -> &'static str {
        match self.name {
            "preferred_codec" => "codec",
            "time_zone" => "time-zone",
            "date_format" => "date-format",
            _ => "number",
        }
    }
}

/// Whether only the phone itself sets the key.
pub(super) fn is_set_by_phone(name: &str) -> bool {
    SET_BY_PHONE.contains(&name) || name.starts_with("my_")
}

/// Whether it is a value of `time_zone`.
pub(super) fn is_zone(value: &str) -> bool {
    matches!(TIME_ZONES, Form::OneOf(words) if words.contains(&value))
}

/// The number of the line in `line2_name`, `proxy2_address` or `speed_line2`.
pub(super) fn line_of(name: &str) -> Option<u8> {
    ["line", "proxy", "speed_line", "speed_label"]
        .iter()
        .find_map(|prefix| {
            let rest = name.strip_prefix(prefix)?;
            rest.split('_').next()?.parse().ok()
        })
}

/// For a key of a line or proxy that no phone has, such as `line7_name`: the same key of the last
/// line.
pub(super) fn of_too_many_lines(name: &str) -> Option<String> {
    ["line", "proxy", "speed_line", "speed_label"]
        .iter()
        .find_map(|prefix| {
            let rest = name.strip_prefix(prefix)?;
            let end = rest.find(|key: char| !key.is_ascii_digit());
            let (number, rest) = rest.split_at(end.unwrap_or(rest.len()));
            let right = format!("{prefix}{LINES}{rest}");
            let is_more = number
                .parse::<u32>()
                .is_ok_and(|number| number > u32::from(LINES));
            (is_more && Key::of(&right).is_some()).then_some(right)
        })
}
