//! Why a phone is not registered: one cause, one cure.

use std::{borrow::Cow, fmt::Write as _, net::SocketAddrV4};

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    protocol::sip::SipTransport,
    track::{observation::RunTime, plan::RegistrationTarget, register::Register},
};

/// Why a phone is not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureCause {
    /// No REGISTER was observed where one is expected.
    NoRegister,
    /// Credentials were rejected.
    WrongSecret,
    /// Credentials were asked for and never sent.
    NoCredentials,
    /// 403.
    Forbidden,
    /// The PBX does not know the user.
    UnknownUser(u16),
    /// 423: the phone asks for too short an interval.
    IntervalTooBrief,
    /// Any other rejection.
    Rejected(u16),
    /// The answer went to a port on which the phone does not listen.
    WrongAnswerPort {
        /// The destination of the answer.
        to: SocketAddrV4,
        /// The port on which the phone listens.
        via_port: u16,
        /// The status of the answer.
        status: u16,
        /// It asked for credentials that the request did not carry. A PBX answers unknown users in
        /// the same way.
        is_challenge: bool,
        /// The phone retransmitted the request.
        is_retransmitted: bool,
    },
    /// There is a NAT between phone and PBX.
    BehindNat(SocketAddrV4),
    /// The answer went to where the phone listens and did not reach it.
    AnswerLost(SocketAddrV4),
    /// The PBX did not answer.
    Unanswered,
    /// The port is closed.
    PortClosed,
    /// The phone uses another PBX or transport than its file names.
    OtherServer,
}

impl FailureCause {
    /// Whether evidence and cure are the same, apart from the phone's source port, which is another
    /// in every boot.
    fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::WrongAnswerPort {
                    is_challenge: one, ..
                },
                Self::WrongAnswerPort {
                    is_challenge: other,
                    ..
                },
            ) => one == other,
            (Self::BehindNat(_), Self::BehindNat(_))
            | (Self::AnswerLost(_), Self::AnswerLost(_)) => true,
            _ => self == other,
        }
    }
}

/// A phone that is not registered, and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistrationFailure {
    pub(crate) cause: FailureCause,
    /// The user to be registered; `None` if no REGISTER was observed.
    pub(crate) user: Option<String>,
    /// The PBX and the transport.
    pub(crate) pbx: Option<(SocketAddrV4, SipTransport)>,
    /// What the phone's own configuration names.
    pub(crate) configured: Option<RegistrationTarget>,
    pub(crate) since: RunTime,
    pub(crate) at: RunTime,
    /// How often it was observed.
    pub(crate) count: u32,
    /// Other lines of the phone that are not registered either.
    pub(crate) others: Vec<RegistrationFailure>,
}

impl RegistrationFailure {
    /// The phone got its configuration at this time, and no REGISTER was observed since.
    pub(crate) fn no_register(configured: RunTime, at: RunTime) -> Self {
        Self {
            cause: FailureCause::NoRegister,
            user: None,
            pbx: None,
            configured: None,
            since: configured,
            at,
            count: 0,
            others: Vec::new(),
        }
    }

    /// The failure of each line.
    fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// Whether it is about this user.
    pub(crate) fn is_of(&self, user: &str) -> bool {
        self.each()
            .any(|failure| failure.user.as_deref() == Some(user))
    }

    /// Whether it contains every failure of the other, apart from times and counts.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        other
            .each()
            .all(|failure| self.each().any(|known| known.is_same(failure)))
    }

    /// Whether the failure is that no REGISTER was observed.
    pub(crate) fn lacks_a_register(&self) -> bool {
        matches!(self.cause, FailureCause::NoRegister)
    }

    /// Whether the failure of the other's first line is the same, apart from times and counts.
    fn is_same(&self, other: &Self) -> bool {
        self.cause.is_same(other.cause) && (&self.user, self.pbx) == (&other.user, other.pbx)
    }

    /// `REGISTER as '1001' over UDP to 192.0.2.1:5060`.
    fn request(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        let mut text = format!("REGISTER as '{}'", printable(user));
        if let Some((pbx, transport)) = self.pbx {
            // Writing to a String cannot fail.
            let _ = write!(text, " over {transport} to {pbx}");
        }
        text
    }

    /// `3 times since 0:06:40`.
    fn times(&self) -> String {
        let since = clock(self.since);
        match self.count {
            1 => format!("once at {since}"),
            count => format!("{count} times since {since}"),
        }
    }

    /// What the phone's file names, if that differs.
    fn difference(&self) -> String {
        let (Some(target), Some((pbx, transport))) = (&self.configured, self.pbx) else {
            return String::new();
        };
        differs(target, pbx, transport).map_or_else(String::new, |words| format!("; {words}"))
    }
}

/// `its SEP file names TCP`.
fn differs(
    target: &RegistrationTarget,
    pbx: SocketAddrV4,
    transport: SipTransport,
) -> Option<String> {
    let server = target.pbx.first().filter(|_| !target.pbx.contains(&pbx));
    let transport = target.transport.filter(|named| *named != transport);
    match (server, transport) {
        (Some(server), Some(transport)) => {
            Some(format!("its SEP file names {server} over {transport}"))
        }
        (Some(server), None) => Some(format!("its SEP file names {server}")),
        (None, Some(transport)) => Some(format!("its SEP file names {transport}")),
        (None, None) => None,
    }
}

/// The text of the evidence that a phone is registered, and where.
pub(crate) fn registered(register: &Register, target: Option<&RegistrationTarget>) -> String {
    let Register {
        user,
        pbx,
        transport,
        ..
    } = register;
    let differs = target.and_then(|target| differs(target, *pbx, *transport));
    let differs = differs.map_or_else(String::new, |words| format!("; {words}"));
    let user = printable(user);
    format!("registration as '{user}' over {transport} at {pbx}: the PBX answered 200{differs}")
}

/// Why a phone is not registered, and what to do about it.
pub(crate) fn not_registering(failure: &RegistrationFailure) -> Diagnosis {
    let (mut what, mut todo) = (evidence(failure), cure(failure));
    let is_like = |other: &&RegistrationFailure| {
        other.cause.is_same(failure.cause) && other.pbx == failure.pbx
    };
    let like: Vec<String> = failure.others.iter().filter(is_like).map(user).collect();
    if !like.is_empty() {
        what = format!("{what}; the same for {}", like.join(", "));
    }
    for other in failure.others.iter().filter(|other| !is_like(other)) {
        what = format!("{what}; {}", evidence(other));
        if !other.cause.is_same(failure.cause) {
            todo = Cow::Owned(format!("{todo} For {}: {}", user(other), cure(other)));
        }
    }
    diagnosis(Code::NotRegistering, what, todo)
}

fn user(failure: &RegistrationFailure) -> String {
    format!(
        "'{}'",
        printable(failure.user.as_deref().unwrap_or_default())
    )
}

fn evidence(failure: &RegistrationFailure) -> String {
    let (request, times) = (failure.request(), failure.times());
    let other = failure.difference();
    match failure.cause {
        FailureCause::NoRegister => {
            let minutes = failure.at.saturating_sub(failure.since).as_secs() / 60;
            format!(
                "fetched its own configuration, which sends its REGISTERs to this machine, at {}; \
                 no REGISTER arrived within {minutes} min",
                clock(failure.since)
            )
        }
        FailureCause::WrongSecret => format!(
            "{request} with credentials was challenged again {times}: the PBX rejects the secret \
             or the user{other}"
        ),
        FailureCause::NoCredentials => {
            format!("{request} was challenged {times}, and the phone never sent credentials{other}")
        }
        FailureCause::Forbidden => {
            format!("{request} was answered 403 (forbidden) {times}{other}")
        }
        FailureCause::UnknownUser(status) => {
            format!("{request} was answered {status} {times}: the PBX knows no such user{other}")
        }
        FailureCause::IntervalTooBrief => format!(
            "{request} was answered 423 {times}: the phone asks for a shorter interval than the \
             PBX accepts{other}"
        ),
        FailureCause::Rejected(status) => {
            format!("{request} was answered {status} {times}{other}")
        }
        FailureCause::WrongAnswerPort {
            to,
            via_port,
            status,
            is_retransmitted,
            ..
        } => {
            let how_often = if is_retransmitted {
                format!(", and the phone retransmitted it {times}")
            } else {
                format!(" {times}")
            };
            format!(
                "{request} was answered {status}{how_often}: the answer went to {to}, but the phone \
                 listens on port {via_port}{other}"
            )
        }
        FailureCause::BehindNat(to) => format!(
            "{request} was answered, and the phone retransmitted it {times}: the answer went to \
             {to}, but the phone names another address as its own{other}"
        ),
        FailureCause::AnswerLost(to) => format!(
            "{request} was answered to {to}, where the phone listens, and the phone retransmitted \
             it {times}{other}"
        ),
        FailureCause::Unanswered => {
            format!("{request} was sent {times}, and no answer was observed{other}")
        }
        FailureCause::PortClosed => {
            let port = failure.pbx.map_or_else(String::new, |(pbx, transport)| {
                format!("{transport} port {} of {}", pbx.port(), pbx.ip())
            });
            format!("sent to {port} {times}, and the port is closed{other}")
        }
        FailureCause::OtherServer => format!("{request} was sent {times}{other}"),
    }
}

/// The user in a command, or a placeholder for a name that a shell may read otherwise.
fn user_in_command(failure: &RegistrationFailure) -> &str {
    let is_plain = |user: &&str| {
        let mut chars = user.chars();
        chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    let user = failure.user.as_deref().filter(is_plain);
    user.unwrap_or("USER")
}

fn cure(failure: &RegistrationFailure) -> Cow<'static, str> {
    if let FailureCause::WrongAnswerPort {
        is_challenge: true, ..
    } = failure.cause
    {
        let user = user_in_command(failure);
        return Cow::Owned(format!(
            "Two causes look the same. Run on the PBX: asterisk -rx 'pjsip show endpoint {user}'. If \
             there is no such endpoint, the PBX does not know the user: use the same name for the \
             line in the SEP file, the endpoint and the aor. If there is one, write force_rport=no \
             and rewrite_contact=no into it (nat=no in sip.conf): these phones send from any port \
             and listen on voipControlPort. Then run: asterisk -rx 'core reload'."
        ));
    }
    Cow::Borrowed(cure_of(failure.cause))
}

fn cure_of(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::NoRegister => {
            "Read the phone's screen and http://PHONE/DeviceLog. Compare processNodeName, sipPort, \
             transportLayerProtocol (1 is TCP, 2 is UDP) and the proxy of each line in its SEP \
             file with the address and port on which this program or the PBX on this machine \
             listens. If this machine has a firewall, allow UDP and TCP port 5060."
        }
        FailureCause::WrongSecret => {
            "Make authName and authPassword of this line in the SEP file equal to username and \
             password of its type=auth section in pjsip.conf (secret in sip.conf), then restart \
             the phone so that it fetches its file again. Some of these phones truncate a \
             password of more than 12 characters."
        }
        FailureCause::NoCredentials => {
            "Write authName and authPassword into this line of the SEP file; both are empty or \
             missing. Then restart the phone."
        }
        FailureCause::Forbidden => {
            "Read the PBX's log. The cause is a wrong secret (authPassword in the SEP file, \
             password of the type=auth section in pjsip.conf), an address that the PBX does not \
             allow (permit, deny, acl), or an aor that has reached max_contacts \
             (remove_existing=yes)."
        }
        FailureCause::UnknownUser(_) => {
            "Use the same name for the line in the SEP file, the endpoint and the aor in pjsip.conf \
             (the section in sip.conf), and reload the PBX's configuration."
        }
        FailureCause::IntervalTooBrief => {
            "Raise timerRegisterExpires in the SEP file to minimum_expiration of the aor in \
             pjsip.conf (minexpiry in sip.conf), or lower minimum_expiration."
        }
        FailureCause::Rejected(_) => {
            "Read the PBX's log: it rejects the request. A status from 500 to 599 is an error of \
             the PBX itself. The phone tries again by itself."
        }
        FailureCause::WrongAnswerPort { .. } => {
            "Write force_rport=no and rewrite_contact=no into the line's endpoint in pjsip.conf \
             (nat=no in sip.conf): these phones send from any port and listen on voipControlPort. \
             Or use TCP (transportLayerProtocol 1), which is not affected."
        }
        FailureCause::BehindNat(_) => {
            "Connect the phone and the PBX to one network, or write natEnabled true and natAddress \
             into the SEP file. Or, if the phone is behind the NAT, use TCP \
             (transportLayerProtocol 1), which is not affected."
        }
        FailureCause::AnswerLost(_) => {
            "Allow UDP from the PBX's port to the phone's port 5060: a firewall between them, or on \
             the PBX, drops it. The phone listens on the voipControlPort of its SEP file."
        }
        FailureCause::Unanswered => {
            "Check that the PBX runs and listens there (`ss -lnp | grep 5060`), that no firewall \
             drops port 5060, and that fail2ban has not banned the phone."
        }
        FailureCause::PortClosed => {
            "Make transportLayerProtocol in the SEP file (1 is TCP, 2 is UDP; `transport` in an \
             inventory) match protocol and bind of a type=transport section in pjsip.conf, or \
             start the PBX there."
        }
        FailureCause::OtherServer => {
            "The phone does not use the file that it was served. Restart it, and check that it \
             fetches SEP<MAC>.cnf.xml here: that file has processNodeName, the proxy of each line \
             and transportLayerProtocol. If the phone keeps its old configuration, erase it."
        }
    }
}
