//! The part of SIP (RFC 3261) that is needed here: decodes the heads of requests and responses, and
//! encodes the responses of this program.

mod encode;
mod phone;
mod response;
mod stream;

use std::{fmt, net::SocketAddrV4};

use serde::{Deserialize, Serialize};

pub use encode::encode_response;
pub use phone::{Agent, SipPhone};
pub use response::Response;
pub use stream::SipStream;

use super::bytes::Malformed;

/// Maximum size of a head in bytes, with the empty line after it. A phone's REGISTER has about
/// 1,200.
pub const MAX_HEAD: usize = 8 * 1024;

const FORMAT: &str = "SIP";
/// Compact forms of headers (RFC 3261, 7.3.3).
const COMPACT: [(&str, &str); 10] = [
    ("c", "content-type"),
    ("e", "content-encoding"),
    ("f", "from"),
    ("i", "call-id"),
    ("k", "supported"),
    ("l", "content-length"),
    ("m", "contact"),
    ("s", "subject"),
    ("t", "to"),
    ("v", "via"),
];
/// Headers that a response copies; a message without one of them is malformed.
const REQUIRED: [&str; 5] = ["via", "from", "to", "call-id", "cseq"];
/// Headers with credentials, which are not kept.
const CREDENTIALS: [&str; 2] = ["authorization", "proxy-authorization"];

/// The transport of SIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SipTransport {
    /// `transportLayerProtocol` 2.
    Udp,
    /// `transportLayerProtocol` 1.
    Tcp,
}

impl fmt::Display for SipTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        })
    }
}

/// The flow of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SipFlow {
    /// The sender.
    pub source: SocketAddrV4,
    /// The receiver.
    pub destination: SocketAddrV4,
    /// The transport.
    pub transport: SipTransport,
}

/// The head of a request.
///
/// # Examples
///
/// ```
/// use reflash::protocol::sip::SipRequest;
///
/// let register = SipRequest::decode(
///     b"REGISTER sip:192.0.2.1 SIP/2.0\r\n\
///       Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1\r\n\
///       From: <sip:100@192.0.2.1>;tag=1\r\n\
///       To: <sip:100@192.0.2.1>\r\n\
///       Call-ID: 1@192.0.2.7\r\n\
///       CSeq: 101 REGISTER\r\n\
///       User-Agent: Cisco-CP7965G/9.3.1\r\n\r\n",
/// )?;
/// assert_eq!(register.method, "REGISTER");
/// assert_eq!(register.phone().model.unwrap().number, "7965");
/// # Ok::<(), reflash::protocol::Malformed>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipRequest {
    /// `REGISTER`.
    pub method: String,
    /// Request URI.
    pub uri: String,
    headers: Headers,
    /// Source address and port.
    pub source: Option<SocketAddrV4>,
}

/// The headers of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Headers {
    /// Full names in lower case, and values on one line, in order.
    all: Vec<(String, String)>,
    /// Whether there were credentials, which are not kept.
    has_credentials: bool,
}

impl SipRequest {
    /// The transaction: Call-ID, `CSeq` number, `CSeq` method.
    pub(crate) fn transaction(&self) -> Option<(&str, u32, &str)> {
        self.headers.transaction()
    }

    /// Decodes the head at the start of a datagram or a segment, and ignores the body.
    ///
    /// # Errors
    /// The head is incomplete, too long, or not a request.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (first, headers) = head(bytes)?;
        let words: Vec<&str> = first.split(' ').collect();
        let [method, uri, "SIP/2.0"] = words[..] else {
            return Err(fault("a request line expected: METHOD URI SIP/2.0"));
        };
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
        if method.is_empty() || uri.is_empty() || !method.bytes().all(is_token) {
            return Err(fault("a method and a URI expected"));
        }
        Ok(Self {
            method: method.to_owned(),
            uri: uri.to_owned(),
            headers,
            source: None,
        })
    }

    /// Whether it has credentials (Authorization).
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.headers.has_credentials
    }

    /// Sets the source address, which goes into the response's Via and is the phone's address.
    #[must_use]
    pub fn received_from(self, source: SocketAddrV4) -> Self {
        Self {
            source: Some(source),
            ..self
        }
    }

    /// The first header of this full name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.first(name)
    }

    /// All headers of this name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.values(name)
    }

    /// Whether it came without a proxy: each proxy adds a Via.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        let vias = self.all("via").map(|via| split_outside(via, &[',']).len());
        vias.sum::<usize>() == 1
    }

    /// The requested registration time in seconds: of the Contact, else of the Expires header (RFC 3261,
    /// 10.2.1.1). 0 removes the registration.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.headers.expires()
    }
}

impl Headers {
    fn first(&self, name: &str) -> Option<&str> {
        self.all
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn expires(&self) -> Option<u32> {
        let of_contact = self
            .first("contact")
            .and_then(|contact| parameter(contact, |name| name.eq_ignore_ascii_case("expires")));
        let text = of_contact.or_else(|| self.first("expires").map(str::to_owned))?;
        text.trim().parse().ok()
    }

    /// The transaction: Call-ID, `CSeq` number, `CSeq` method.
    fn transaction(&self) -> Option<(&str, u32, &str)> {
        let call = self.first("call-id")?;
        let (number, method) = self.first("cseq")?.split_once([' ', '\t'])?;
        Some((call, number.parse().ok()?, method.trim()))
    }
}

fn fault(reason: &'static str) -> Malformed {
    Malformed {
        format: FORMAT,
        offset: 0,
        reason,
    }
}

/// Decodes the head of a message: first line and headers.
fn head(bytes: &[u8]) -> Result<(String, Headers), Malformed> {
    // Empty lines before a message are keep-alives (RFC 3261, 7.5; RFC 5626).
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte));
    let bytes = &bytes[start.unwrap_or(bytes.len())..];
    let end = head_end(bytes, 0);
    if end.is_none_or(|end| end > MAX_HEAD) {
        return Err(fault(if bytes.len() > MAX_HEAD {
            "a head of 8,192 bytes or less expected"
        } else {
            "the head does not end: an empty line expected"
        }));
    }
    let text = String::from_utf8_lossy(&bytes[..end.unwrap_or(0)]);
    let mut lines = unfolded(&text).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut headers = Headers {
        all: Vec::new(),
        has_credentials: false,
    };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(fault("a header without a colon"));
        };
        let name = full_name(name.trim());
        if CREDENTIALS.contains(&name.as_str()) {
            headers.has_credentials = true;
        } else {
            headers.all.push((name, value.trim().to_owned()));
        }
    }
    if REQUIRED.iter().any(|name| headers.first(name).is_none()) {
        return Err(fault("Via, From, To, Call-ID and CSeq expected"));
    }
    Ok((first, headers))
}

/// The end of the head, after its first empty line, searched from `from` on.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let behind = bytes.get(from..)?;
    let mut feeds = behind
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n');
    feeds.find_map(|(at, _)| match &behind[at + 1..] {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

/// Lines without line ends. A line that begins with a blank continues the one before (RFC 3261,
/// 7.3.1). Control characters become blanks, so that no value can add a line where it is copied.
fn unfolded(head: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in head.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let goes_on = line.starts_with([' ', '\t']);
        match lines.last_mut() {
            Some(before) if goes_on => {
                before.push(' ');
                before.push_str(&single_line(line.trim_start()));
            }
            _ if line.is_empty() => {}
            _ => lines.push(single_line(line)),
        }
    }
    lines
}

/// The text with blanks instead of control characters.
fn single_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn full_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let full = COMPACT.iter().find(|(short, _)| *short == name);
    full.map_or(name, |(_, full)| (*full).to_owned())
}

/// Splits at separators outside of quotes and angle brackets.
fn split_outside(text: &str, separators: &[char]) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut in_quotes, mut in_brackets, mut is_escaped) = (false, false, false);
    for character in text.chars() {
        let is_separator = separators.contains(&character) && !in_quotes && !in_brackets;
        if is_separator {
            parts.push(String::new());
            continue;
        }
        match character {
            '"' if !is_escaped => in_quotes = !in_quotes,
            '<' if !in_quotes => in_brackets = true,
            '>' if !in_quotes => in_brackets = false,
            _ => {}
        }
        is_escaped = in_quotes && character == '\\' && !is_escaped;
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
}

/// The value of a header's parameter, without quotes.
fn parameter(value: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    split_outside(value, &[';', ',']).iter().find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim();
        let bare = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        is_wanted(name.trim()).then(|| bare.unwrap_or(value).to_owned())
    })
}
