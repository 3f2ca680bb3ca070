//! Where the answer to a REGISTER went, and whether the phone listens there.

use std::net::SocketAddrV4;

use crate::{
    protocol::sip::SipTransport,
    track::{diagnosis::text::FailureCause, register::Register},
};

/// Where an answer went, as the phone's request names its own place.
#[derive(Debug, Clone, Copy)]
pub(super) enum AnswerPath {
    /// To where the phone listens.
    Right(SocketAddrV4),
    /// To a port on which it does not listen.
    WrongPort {
        to: SocketAddrV4,
        /// The port on which it listens.
        via_port: u16,
    },
    /// There is a NAT between phone and PBX, so the destination shows nothing.
    BehindNat(SocketAddrV4),
}

/// Answers that the phone did not receive.
#[derive(Debug, Clone, Copy)]
pub(super) struct LostAnswer {
    /// The status of the newest one.
    pub(super) status: u16,
    pub(super) path: AnswerPath,
    /// It asked for credentials, which the request did not carry.
    pub(super) is_challenge: bool,
    /// Retransmissions after such answers; 0 if the destination alone shows it.
    pub(super) retransmissions: u32,
}

impl AnswerPath {
    /// The path of an answer to `register` that went to `to`.
    pub(super) fn of(register: &Register, to: SocketAddrV4) -> Self {
        if register.transport == SipTransport::Tcp {
            return Self::Right(to);
        }
        if register.via_differs {
            return Self::BehindNat(to);
        }
        let port = if register.rport {
            register.source.port()
        } else {
            register.via_port
        };
        if to.port() == port && to.ip() == register.source.ip() {
            Self::Right(to)
        } else {
            Self::WrongPort {
                to,
                via_port: register.via_port,
            }
        }
    }

    /// Whether nothing about the destination shows that the phone does not receive it.
    pub(super) fn reaches(self) -> bool {
        !matches!(self, Self::WrongPort { .. })
    }
}

impl LostAnswer {
    pub(super) fn cause(&self) -> FailureCause {
        match self.path {
            AnswerPath::Right(to) => FailureCause::AnswerLost(to),
            AnswerPath::WrongPort { to, via_port } => FailureCause::WrongAnswerPort {
                to,
                via_port,
                status: self.status,
                is_challenge: self.is_challenge,
                is_retransmitted: self.retransmissions > 0,
            },
            AnswerPath::BehindNat(to) => FailureCause::BehindNat(to),
        }
    }
}
