//! The answer to a request, as a server without a state gives it (RFC 3261, 8.2.6 and 8.2.7).

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddrV4},
};

use sha1::{Digest, Sha1};

use super::{Request, single_line, split_outside};

/// The port of a Via that names none.
const DEFAULT_PORT: u16 = 5060;

/// An answer without a body.
///
/// Via, From, To, Call-ID and `CSeq` are the request's. To gets a tag where it has none and the
/// status is not 100; it is made of the request, so that a repeated request is answered alike.
/// The topmost Via says where the request came from (18.2.1; RFC 3581), if [`Request::source`]
/// knows. What is given here is put on one line each.
#[must_use]
pub fn encode_response(
    request: &Request,
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

impl Request {
    /// Where a datagram's answer goes: to the sender's address, at the port that the request
    /// came from where the client asks for that (`rport`, RFC 3581), else at the one that its
    /// Via names (RFC 3261, 18.2.2). Phones send from any port and listen at 5060.
    ///
    /// `None` where [`Request::source`] does not know, and where the Via names no port.
    /// The host of the Via, and its `maddr`, are not followed: they could be anybody's.
    #[must_use]
    pub fn reply_to(&self) -> Option<SocketAddrV4> {
        let source = self.source?;
        let sent_by = self.sent_by()?;
        if sent_by.rport {
            return Some(source);
        }
        Some(SocketAddrV4::new(*source.ip(), sent_by.port))
    }

    /// What the topmost Via says of where answers go. `None`: it says no port that there is.
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

/// Where a client wants its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentBy {
    /// Its address, where it names one.
    pub(crate) host: Option<Ipv4Addr>,
    /// Its port.
    pub(crate) port: u16,
    /// It asks for the answer at the port that it sends from.
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

/// 64 bits of a digest over what makes a transaction (RFC 3261, 19.3 asks for 32 or more).
fn tag(request: &Request) -> String {
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

/// The topmost Via with `received` where its host is not the source's address, and with the port
/// where the client asks for it by `rport`.
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
