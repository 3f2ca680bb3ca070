//! Responses of a stateless server (RFC 3261, 8.2.6 and 8.2.7).

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddrV4},
};

use sha1::{Digest, Sha1};

use super::{SipRequest, single_line, split_outside};

/// The port of a Via without one.
const DEFAULT_PORT: u16 = 5060;

/// A response without a body.
///
/// Via, From, To, Call-ID and `CSeq` are the request's. To gets a tag if it has none and the status is
/// not 100; the tag depends only on the request, so a retransmission gets the same response. The
/// topmost Via gets the source of the request (18.2.1; RFC 3581), if [`SipRequest::source`] is set.
/// Line breaks in `reason` and `headers` become blanks.
#[must_use]
pub fn encode_response(
    request: &SipRequest,
    status: u16,
    reason: &str,
    headers: &[(&str, &str)],
) -> Vec<u8> {
    let mut text = format!("SIP/2.0 {status:03} {}\r\n", single_line(reason));
    let mut add = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}: {}\r\n", single_line(name), single_line(value));
    };
    for (index, via) in request.all("via").enumerate() {
        match request.source.filter(|_| index == 0) {
            Some(source) => add("Via", &received(via, source)),
            None => add("Via", via),
        }
    }
    add("From", request.header("from").unwrap_or_default());
    let to = request.header("to").unwrap_or_default();
    if status == 100 || has_tag(to) {
        add("To", to);
    } else {
        add("To", &format!("{to};tag={}", tag(request)));
    }
    add("Call-ID", request.header("call-id").unwrap_or_default());
    add("CSeq", request.header("cseq").unwrap_or_default());
    for (name, value) in headers {
        add(name, value);
    }
    add("Content-Length", "0");
    text.push_str("\r\n");
    text.into_bytes()
}

impl SipRequest {
    /// The destination of the response to a datagram: the sender's address, with its source port if
    /// the client requests that (`rport`, RFC 3581), else with the port in its Via (RFC 3261, 18.2.2).
    /// Phones send from any port and listen on 5060.
    ///
    /// `None`: [`SipRequest::source`] is not set, or the Via has no valid port. The host and `maddr` of
    /// the Via are not used, because they could be any address.
    #[must_use]
    pub fn reply_to(&self) -> Option<SocketAddrV4> {
        let source = self.source?;
        let sent_by = self.sent_by()?;
        if sent_by.rport {
            return Some(source);
        }
        Some(SocketAddrV4::new(*source.ip(), sent_by.port))
    }

    /// The sent-by part of the topmost Via. `None`: its port is not valid.
    pub(crate) fn sent_by(&self) -> Option<SentBy> {
        let vias = split_outside(self.header("via")?, &[',']);
        let parts = split_outside(vias.first()?, &[';']);
        let is_rport = |part: &String| {
            let name = part.split('=').next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case("rport")
        };
        let sent_by = parts.first()?.split_whitespace().last()?;
        let (host, port) = match sent_by.split_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port != 0)?),
            None => (sent_by, DEFAULT_PORT),
        };
        Some(SentBy {
            host: host.parse().ok(),
            port,
            rport: parts.iter().skip(1).any(is_rport),
        })
    }
}

/// Where a client expects responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentBy {
    /// Its address, if it is one.
    pub(crate) host: Option<Ipv4Addr>,
    /// Its port.
    pub(crate) port: u16,
    /// Whether it expects responses at its source port (`rport`).
    pub(crate) rport: bool,
}

fn has_tag(to: &str) -> bool {
    let mut parts = split_outside(to, &[';']).into_iter().skip(1);
    parts.any(|part| {
        part.split('=')
            .next()
            .is_some_and(|name| name.trim().eq_ignore_ascii_case("tag"))
    })
}

/// 64 bits of a digest of the transaction (RFC 3261, 19.3 requires 32 or more).
fn tag(request: &SipRequest) -> String {
    let mut digest = Sha1::new();
    for name in ["via", "from", "call-id", "cseq"] {
        digest.update(request.header(name).unwrap_or_default());
        digest.update([0]);
    }
    digest
        .finalize()
        .iter()
        .take(8)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The topmost Via with `received` if its host is not the source address, and with the port if it has
/// `rport`.
fn received(via: &str, source: SocketAddrV4) -> String {
    let mut vias = split_outside(via, &[',']);
    let (top, others) = vias
        .split_first_mut()
        .map_or((via, &[][..]), |(top, others)| (top.as_str(), &*others));
    let parts = split_outside(top, &[';']);
    let sent_by = parts
        .first()
        .and_then(|sent| sent.split_whitespace().last());
    let host = sent_by.and_then(|sent| sent.split(':').next());
    let mut is_asked = false;
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        let name = part.split('=').next().unwrap_or_default().trim();
        if index > 0 && name.eq_ignore_ascii_case("received") {
            continue;
        }
        if index > 0 {
            text.push(';');
        }
        text.push_str(part);
        if index > 0 && name.eq_ignore_ascii_case("rport") && !part.contains('=') {
            is_asked = true;
            let _ = write!(text, "={}", source.port());
        }
    }
    if is_asked || host != Some(source.ip().to_string().as_str()) {
        let _ = write!(text, ";received={}", source.ip());
    }
    for other in others {
        text.push(',');
        text.push_str(other);
    }
    text
}
