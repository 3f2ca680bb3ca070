//! The NOTIFY as it is sent over UDP.

use std::{fmt::Write as _, net::SocketAddrV4};

use super::NotifyEvent;
use crate::protocol::sip::Response;

/// The phone, and where the NOTIFY comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyTarget {
    /// The user of the phone's first line, or of its Contact.
    pub user: String,
    /// The phone: its address and `voipControlPort`.
    pub phone: SocketAddrV4,
    /// The sender. A phone that registers at a call manager drops what another address sends.
    pub own: SocketAddrV4,
}

/// An encoded NOTIFY and the parts by which its response is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifyRequest {
    bytes: Vec<u8>,
    call_id: String,
}

/// `CSeq` number: each NOTIFY has a Call-ID of its own.
const SEQUENCE: u32 = 1;

impl NotifyRequest {
    /// Encodes the request. `unique` is a number that no other request of this program has; it makes
    /// Call-ID, tag and branch.
    ///
    /// `None`: the user cannot be part of a URI.
    #[must_use]
    pub fn encode(event: &NotifyEvent, target: &NotifyTarget, unique: u128) -> Option<Self> {
        let NotifyTarget { user, phone, own } = target;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+*".contains(&byte);
        if user.is_empty() || user.len() > MAX_USER || !user.bytes().all(is_plain) {
            return None;
        }
        let call_id = format!("{unique:032x}@{}", own.ip());
        let body = event
            .body()
            .into_iter()
            .fold(String::new(), |body, line| body + &line + "\r\n");
        let mut text = String::new();
        let mut line = |line: std::fmt::Arguments<'_>| {
            // Writing to a String does not fail.
            let _ = write!(text, "{line}\r\n");
        };
        line(format_args!("NOTIFY sip:{user}@{phone} SIP/2.0"));
        line(format_args!(
            "Via: SIP/2.0/UDP {own};branch=z9hG4bK{unique:032x};rport"
        ));
        line(format_args!("Max-Forwards: 70"));
        line(format_args!(
            "From: <sip:{user}@{}>;tag={:016x}",
            own.ip(),
            unique >> 64
        ));
        line(format_args!("To: <sip:{user}@{}>", phone.ip()));
        line(format_args!("Call-ID: {call_id}"));
        line(format_args!("CSeq: {SEQUENCE} NOTIFY"));
        line(format_args!("Contact: <sip:{user}@{own}>"));
        line(format_args!("Event: {}", event.kind().name()));
        line(format_args!("Subscription-State: active"));
        if !body.is_empty() {
            line(format_args!("Content-Type: text/plain"));
        }
        line(format_args!("Content-Length: {}", body.len()));
        line(format_args!(""));
        text += &body;
        Some(Self {
            bytes: text.into_bytes(),
            call_id,
        })
    }

    /// The datagram.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The status of a datagram, if it is a response to this request.
    #[must_use]
    pub fn status_in(&self, datagram: &[u8]) -> Option<u16> {
        let response = Response::decode(datagram).ok()?;
        let is_ours = response.transaction() == Some((&self.call_id, SEQUENCE, "NOTIFY"));
        is_ours.then_some(response.status)
    }
}

/// Maximum length of a user in bytes. Extensions have at most 30.
const MAX_USER: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::sip::{SipRequest, encode_response},
        restart::notify::RegisterCallId,
    };

    fn target(user: &str) -> NotifyTarget {
        NotifyTarget {
            user: user.to_owned(),
            phone: "192.0.2.101:5060".parse().unwrap(),
            own: "192.0.2.10:5062".parse().unwrap(),
        }
    }

    #[test]
    fn a_service_control_has_the_call_id_in_braces() {
        let call_id = RegisterCallId::new("0001@192.0.2.101").unwrap();
        let event = NotifyEvent::ServiceControl(call_id);
        let request = NotifyRequest::encode(&event, &target("1001"), 7 << 64 | 9).unwrap();
        let text = std::str::from_utf8(request.bytes()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("NOTIFY sip:1001@192.0.2.101:5060 SIP/2.0\r\n"),
            "{head}"
        );
        for line in [
            "Event: service-control",
            "Content-Type: text/plain",
            "To: <sip:1001@192.0.2.101>",
            &format!("Content-Length: {}", body.len()),
        ] {
            assert!(
                head.lines().any(|found| found == line),
                "no {line} in {head}"
            );
        }
        assert!(body.starts_with("action=reset\r\nRegisterCallId={0001@192.0.2.101}\r\n"));
        assert!(body.contains("ConfigVersionStamp={00000000-0000-0000-0000-000000000000}\r\n"));
        assert!(body.ends_with("}\r\n"));
    }

    #[test]
    fn a_check_sync_has_no_body() {
        let request = NotifyRequest::encode(&NotifyEvent::CheckSync, &target("1001"), 1).unwrap();
        let text = std::str::from_utf8(request.bytes()).unwrap();
        assert!(text.ends_with("Content-Length: 0\r\n\r\n"), "{text}");
        assert!(!text.contains("Content-Type"));
    }

    #[test]
    fn only_the_response_to_this_notify_counts() {
        let encode = |unique| {
            NotifyRequest::encode(&NotifyEvent::CheckSync, &target("1001"), unique).unwrap()
        };
        let (one, two) = (encode(1), encode(2));
        let decoded = SipRequest::decode(one.bytes()).unwrap();
        let response = encode_response(&decoded, 400, "Bad Request", &[]);
        assert_eq!(one.status_in(&response), Some(400));
        assert_eq!(two.status_in(&response), None);
        assert_eq!(one.status_in(b"junk"), None);
    }

    #[test]
    fn a_user_cannot_add_to_the_request() {
        for user in ["", "1001>\r\nX: y", "a b", "1001@x"] {
            let request = NotifyRequest::encode(&NotifyEvent::CheckSync, &target(user), 1);
            assert_eq!(request, None, "{user:?}");
        }
    }
}
