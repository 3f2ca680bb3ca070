//! The sockets of a server: the listener and two transfer ports.

/// One of the two source ports of transfers. A peer's next transfer within [`super::peers::MEMORY`] uses
/// the other one, so a late ACK cannot count twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferPort {
    /// Used by nearly every transfer.
    First,
    /// For peers that use one source port for everything.
    Second,
}

impl TransferPort {
    /// Both ports.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// The port that is not this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Its index in [`TransferPort::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// The socket that received a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    /// The address that receives requests.
    Listener,
    /// Receives ACKs.
    Transfer(TransferPort),
}
