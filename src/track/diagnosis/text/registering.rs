//! The words of why a phone is not registered: one cause, one cure.

use std::{fmt::Write as _, net::SocketAddrV4};

use super::{clock, diagnosis, shown};
use crate::{
    diagnose::{Code, Diagnosis},
    protocol::sip::SipTransport,
    track::{Register, RegistrationTarget, RunTime},
};

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// No REGISTER came where one must.
    Silent,
    /// A password was proved and refused.
    Secret,
    /// A password was asked for and never proved.
    NoProof,
    /// 403.
    Forbidden,
    /// The PBX does not know the user.
    Unknown(u16),
    /// 423: the phone asks for too short a time.
    Brief,
    /// Any other refusal.
    Failing(u16),
    /// The answer went where the phone does not listen.
    Astray {
        /// Where it went.
        to: SocketAddrV4,
        /// Where the phone listens.
        via_port: u16,
    },
    /// Something between phone and PBX changes addresses.
    Nat(SocketAddrV4),
    /// The answer went where the phone listens, and did not reach it.
    Lost(SocketAddrV4),
    /// Nobody answered.
    Unanswered,
    /// Nobody listens there.
    Closed,
    /// It asks another PBX, or by another transport, than its file says.
    Elsewhere,
}

/// A phone that is not registered, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unregistered {
    pub(crate) why: Why,
    /// Whom it would register; `None` where no REGISTER was seen.
    pub(crate) user: Option<String>,
    /// Where, and over what.
    pub(crate) pbx: Option<(SocketAddrV4, SipTransport)>,
    /// What its own configuration says.
    pub(crate) written: Option<RegistrationTarget>,
    pub(crate) since: RunTime,
    pub(crate) at: RunTime,
    /// How often.
    pub(crate) count: u32,
}

impl Unregistered {
    /// It took its configuration at this moment, and no REGISTER came.
    pub(crate) fn silent(configured: RunTime, at: RunTime) -> Self {
        Self {
            why: Why::Silent,
            user: None,
            pbx: None,
            written: None,
            since: configured,
            at,
            count: 0,
        }
    }

    /// Whether the other says the same, but for times and numbers.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.why, &self.user, self.pbx) == (other.why, &other.user, other.pbx)
    }

    /// `REGISTER as '1001' over UDP to 192.0.2.1:5060`.
    fn asked(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        let mut text = format!("REGISTER as '{}'", shown(user));
        if let Some((pbx, transport)) = self.pbx {
            // Writing to a String cannot fail.
            let _ = write!(text, " over {transport} to {pbx}");
        }
        text
    }

    /// `3 times since 0:06:40`.
    fn often(&self) -> String {
        let since = clock(self.since);
        match self.count {
            1 => format!("once at {since}"),
            count => format!("{count} times since {since}"),
        }
    }

    /// What the phone's file says, where it does otherwise.
    fn otherwise(&self) -> String {
        let (Some(written), Some((pbx, transport))) = (&self.written, self.pbx) else {
            return String::new();
        };
        differs(written, pbx, transport).map_or_else(String::new, |words| format!("; {words}"))
    }
}

/// `its SEP file says TCP`.
fn differs(
    written: &RegistrationTarget,
    pbx: SocketAddrV4,
    transport: SipTransport,
) -> Option<String> {
    let place = written.pbx.first().filter(|_| !written.pbx.contains(&pbx));
    let transport = written.transport.filter(|written| *written != transport);
    match (place, transport) {
        (Some(place), Some(transport)) => {
            Some(format!("its SEP file says {place} over {transport}"))
        }
        (Some(place), None) => Some(format!("its SEP file says {place}")),
        (None, Some(transport)) => Some(format!("its SEP file says {transport}")),
        (None, None) => None,
    }
}

/// That the PBX took a phone, and where.
pub(crate) fn registered(register: &Register, written: Option<&RegistrationTarget>) -> String {
    let Register {
        user,
        pbx,
        transport,
        ..
    } = register;
    let differs = written.and_then(|written| differs(written, *pbx, *transport));
    let differs = differs.map_or_else(String::new, |words| format!("; {words}"));
    let user = shown(user);
    format!("registered as '{user}' over {transport} at {pbx}: the PBX answered 200{differs}")
}

/// Why it is not registered, and the one thing to do about it.
pub(crate) fn not_registering(cause: &Unregistered) -> Diagnosis {
    let (asked, often, other) = (cause.asked(), cause.often(), cause.otherwise());
    let evidence = match cause.why {
        Why::Silent => {
            let minutes = cause.at.saturating_sub(cause.since).as_secs() / 60;
            format!(
                "took its own configuration at {}, which sends its REGISTERs to this machine, and \
                 none came in {minutes} min",
                clock(cause.since)
            )
        }
        Why::Secret => format!(
            "{asked} with a proof of its password was answered with the question for it again, \
             {often}: the PBX refuses the secret or the user{other}"
        ),
        Why::NoProof => format!(
            "{asked} was answered with the question for a password {often}, and the phone never \
             gave one{other}"
        ),
        Why::Forbidden => format!("{asked} was answered 403 (forbidden) {often}{other}"),
        Why::Unknown(status) => {
            format!("{asked} was answered {status} {often}: the PBX knows no such user{other}")
        }
        Why::Brief => format!(
            "{asked} was answered 423 {often}: the phone asks for a shorter time than the PBX \
             takes{other}"
        ),
        Why::Failing(status) => format!("{asked} was answered {status} {often}{other}"),
        Why::Astray { to, via_port } => format!(
            "{asked} was answered, and the phone sent it again {often}: the answer went to {to}, \
             and the phone listens at port {via_port}{other}"
        ),
        Why::Nat(to) => format!(
            "{asked} was answered, and the phone sent it again {often}: the answer went to {to}, \
             and the phone gives another address as its own{other}"
        ),
        Why::Lost(to) => format!(
            "{asked} was answered to {to}, where the phone listens, and the phone sent it again \
             {often}{other}"
        ),
        Why::Unanswered => format!("{asked} was sent {often}, and no answer was heard{other}"),
        Why::Closed => {
            let place = cause.pbx.map_or_else(String::new, |(pbx, transport)| {
                format!("{transport} port {} of {}", pbx.port(), pbx.ip())
            });
            format!("called {place} {often}, and nobody listens there{other}")
        }
        Why::Elsewhere => format!("{asked} was sent {often}{other}"),
    };
    diagnosis(Code::NotRegistering, evidence, cure(cause))
}

fn cure(cause: &Unregistered) -> &'static str {
    match cause.why {
        Why::Silent => {
            "Look at the phone's screen and at http://PHONE/DeviceLog. In its SEP file compare \
             processNodeName, sipPort, transportLayerProtocol (1 is TCP, 2 is UDP) and the proxy \
             of each line with where this program or the PBX on this machine listens; let UDP and \
             TCP port 5060 in if this machine has a firewall."
        }
        Why::Secret => {
            "Make authName and authPassword of this line in the SEP file and username and password \
             of its type=auth section in pjsip.conf (secret in sip.conf) the same, and let the \
             phone fetch its file again: restart it. Some of these phones cut a password of more \
             than 12 characters."
        }
        Why::NoProof => {
            "Write authName and authPassword into this line of the SEP file; both are empty or \
             left out. Then restart the phone."
        }
        Why::Forbidden => {
            "The PBX's log says which it is: a wrong secret (authPassword in the SEP file, \
             password of the type=auth section in pjsip.conf), an address that it does not allow \
             (permit, deny, acl), or an aor whose max_contacts are taken (remove_existing=yes)."
        }
        Why::Unknown(_) => {
            "Give the line's name in the SEP file, the endpoint and the aor in pjsip.conf (the \
             section in sip.conf) one name, and let the PBX read its files again."
        }
        Why::Brief => {
            "Raise timerRegisterExpires in the SEP file to minimum_expiration of the aor in \
             pjsip.conf (minexpiry in sip.conf), or lower that."
        }
        Why::Failing(_) => {
            "The PBX does not do what it is asked: look at its log; a number from 500 to 599 is a \
             fault of its own. The phone asks again by itself."
        }
        Why::Astray { .. } => {
            "Write force_rport=no and rewrite_contact=no into the line's endpoint in pjsip.conf \
             (nat=no in sip.conf): these phones send from any port and listen at voipControlPort. \
             TCP (transportLayerProtocol 1) does without."
        }
        Why::Nat(_) => {
            "Put phone and PBX into one network, or write natEnabled true and natAddress into the \
             SEP file. On the phone's side of a NAT, TCP (transportLayerProtocol 1) does without."
        }
        Why::Lost(_) => {
            "Let UDP from the PBX's port to the phone's port 5060 through: a firewall between them, \
             or on the PBX, drops it. voipControlPort in the SEP file is where the phone listens."
        }
        Why::Unanswered => {
            "Look whether the PBX runs and listens there (`ss -lnp | grep 5060`), whether a \
             firewall drops port 5060, and whether fail2ban has banned the phone."
        }
        Why::Closed => {
            "Make transportLayerProtocol in the SEP file (1 is TCP, 2 is UDP; `transport` of an \
             inventory) and protocol and bind of a type=transport section in pjsip.conf the same, \
             or start the PBX there."
        }
        Why::Elsewhere => {
            "The phone does not use the file that it was served. Restart it, and look whether it \
             fetches SEP<MAC>.cnf.xml here: processNodeName, the proxy of its lines and \
             transportLayerProtocol are there. Erase the old configuration if it keeps that."
        }
    }
}
