//! One transfer as a state machine without I/O: what to send, when to retransmit, and how much of the
//! file the peer acknowledged.

use std::{
    ops::{Range, RangeInclusive},
    time::{Duration, Instant},
};

use super::{
    TransferOutcome,
    options::NegotiatedOptions,
    packet::{HEADER, PacketHead},
    rtt::Rtt,
};

/// How often the first packet is sent to a peer that acknowledges nothing. The address may be forged;
/// then a third host receives these packets.
pub const FIRST_SENDS: u32 = 3;

/// Maximum number of bytes sent for one request while the peer acknowledges nothing.
pub const FIRST_BYTES_MAX: usize = 1_600;

const _: () = assert!(
    FIRST_SENDS as usize * (super::options::BLOCK_DEFAULT as usize + HEADER) <= FIRST_BYTES_MAX
        && FIRST_SENDS as usize * super::packet::HEAD_MAX <= FIRST_BYTES_MAX
);

/// How long the first ACK is awaited. Clients retransmit a lost ACK after 5 s, and once more.
pub const FIRST_SILENCE: Duration = Duration::from_secs(12);

/// When the [`FIRST_SENDS`] are used up: a transfer without an ACK that is evicted later timed out.
pub const FIRST_SENDS_TIME: Duration = Duration::from_secs(5);

/// Silence after which a transfer ends at its next time-out. Long, because a phone erases flash between
/// blocks.
pub const SILENCE: Duration = Duration::from_secs(20);

/// For so long after its start a transfer ends at once by an ICMP error or ERROR, even if it has an ACK: that
/// of a host which requested nothing arrives in this time.
pub const YOUNG: Duration = Duration::from_millis(100);

/// Later, a transfer with an ACK ends by an ICMP error or ERROR if no ACK follows for so long: a phone that
/// still reads the file repeats its ACK after 4 s. Either packet may be forged.
pub const REFUSED_SILENCE: Duration = Duration::from_secs(5);

/// A window is retransmitted at least this often, however long the interval that the client
/// requested.
pub const RESENDS: u32 = 5;

/// Average bytes per second below which a transfer ends; otherwise a peer that trickles ACKs would hold
/// its slot forever.
pub const SLOWEST: u64 = 1_024;

/// Time that every transfer may take in addition to its size divided by [`SLOWEST`].
pub const GRACE: Duration = Duration::from_mins(2);

/// What a transfer wants sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Send {
    /// The OACK.
    OptionAck,
    /// These blocks, counted from 1 without wrapping.
    Blocks(RangeInclusive<u64>),
}

impl Send {
    /// The number of packets.
    #[must_use]
    pub fn packets(&self) -> u64 {
        match self {
            Self::OptionAck => 1,
            Self::Blocks(blocks) => (blocks.end() + 1).saturating_sub(*blocks.start()),
        }
    }
}

/// The result of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferAction {
    /// Nothing: the packet was old, duplicated or forged.
    Ignored,
    /// Send this.
    Send(Send),
    /// The transfer ended.
    End(TransferOutcome),
}

/// One file being sent to one peer.
#[derive(Debug)]
pub struct TftpTransfer {
    /// The size of the file in bytes.
    size: u64,
    negotiated: NegotiatedOptions,
    /// The number of blocks, of which the last is shorter than the others.
    blocks: u64,
    acked: u64,
    sent: u64,
    /// Whether the peer acknowledged anything, including the OACK.
    has_acknowledged: bool,
    resends: u32,
    /// When an ICMP error or ERROR arrived, if no ACK followed.
    refused_at: Option<Instant>,
    rtt: Rtt,
    began: Instant,
    sent_at: Instant,
    /// Whether the packets in flight were sent only once, so that their ACK measures a round trip.
    once: bool,
    deadline: Instant,
    give_up: Instant,
}

impl TftpTransfer {
    /// Starts a transfer of a file of `size` bytes; returns what to send first.
    #[must_use]
    pub fn start(now: Instant, size: u64, negotiated: NegotiatedOptions) -> (Self, Send) {
        let blocks = size / u64::from(negotiated.block_size) + 1;
        let rtt = Rtt::new(negotiated.timeout);
        let mut transfer = Self {
            size,
            blocks,
            acked: 0,
            sent: 0,
            has_acknowledged: false,
            resends: 0,
            refused_at: None,
            rtt,
            began: now,
            sent_at: now,
            once: true,
            deadline: now + rtt.timeout(),
            give_up: now + GRACE + Duration::from_secs(size / SLOWEST),
            negotiated,
        };
        let first = if transfer.negotiated.option_ack.is_some() {
            Send::OptionAck
        } else {
            transfer.next_window(now)
        };
        (transfer, first)
    }

    /// The peer acknowledged this block.
    pub fn acknowledge(&mut self, now: Instant, block: u16) -> TransferAction {
        if self.awaits_option_ack() {
            if block != 0 {
                return TransferAction::Ignored;
            }
        } else {
            // Wrapping: block 65535 is followed by 0, and at most one window is in flight. An ACK
            // that is old or ahead gets no answer, or every duplicated ACK would duplicate the rest
            // of the file (RFC 1123, 4.2.3.1).
            let step = u64::from(block.wrapping_sub(on_the_wire(self.acked)));
            if step == 0 || step > self.sent - self.acked {
                return TransferAction::Ignored;
            }
            self.acked += step;
        }
        self.has_acknowledged = true;
        self.refused_at = None;
        if self.once && self.acked == self.sent {
            self.rtt.sample(now.saturating_duration_since(self.sent_at));
        }
        if self.acked == self.blocks {
            return TransferAction::End(TransferOutcome::Delivered);
        }
        if now >= self.give_up {
            return TransferAction::End(self.timed_out());
        }
        TransferAction::Send(self.next_window(now))
    }

    /// Handles a deadline that has passed.
    pub fn timeout(&mut self, now: Instant) -> TransferAction {
        let silence = now.saturating_duration_since(self.sent_at);
        let in_vain = if self.has_acknowledged {
            silence >= SILENCE && self.resends >= RESENDS
        } else {
            silence >= FIRST_SILENCE
        };
        let refused_until = self.refused_at.map(|at| at + REFUSED_SILENCE);
        let is_refused = refused_until.is_some_and(|until| now >= until);
        if in_vain || is_refused || now >= self.give_up {
            return TransferAction::End(self.timed_out());
        }
        if !self.has_acknowledged && self.resends >= FIRST_SENDS - 1 {
            // All first sends are used up, but a late ACK still counts.
            self.deadline = self.sent_at + FIRST_SILENCE;
            return TransferAction::Ignored;
        }
        self.resends += 1;
        self.rtt.back_off();
        self.once = false;
        self.deadline = now + self.rtt.timeout();
        if !self.has_acknowledged {
            self.deadline = self.deadline.min(self.sent_at + FIRST_SILENCE);
        }
        self.deadline = refused_until.map_or(self.deadline, |until| self.deadline.min(until));
        TransferAction::Send(if self.resends > 1 {
            self.pending_first()
        } else {
            self.pending()
        })
    }

    /// The peer repeated its request: the first packet was lost or is late. `None` once anything is
    /// acknowledged.
    pub fn retransmit(&mut self, now: Instant) -> Option<Send> {
        if self.has_acknowledged {
            return None;
        }
        self.once = false;
        let later = self.deadline.max(now + self.rtt.timeout());
        self.deadline = later.min(self.sent_at + FIRST_SILENCE);
        Some(self.pending())
    }

    /// An ICMP error or ERROR of the peer arrived, which may be forged. Returns `false` if the transfer is to
    /// end now.
    pub fn outlives_refusal(&mut self, now: Instant) -> bool {
        if !self.has_acknowledged || now < self.began + YOUNG {
            return false;
        }
        let refused_at = *self.refused_at.get_or_insert(now);
        self.deadline = self.deadline.min(refused_at + REFUSED_SILENCE);
        true
    }

    /// The first packet is not sent again by itself, only when the peer repeats its request.
    pub fn send_once(&mut self) {
        if !self.has_acknowledged {
            self.resends = self.resends.max(FIRST_SENDS - 1);
        }
    }

    /// Packets that waited for the disk are sent only now.
    pub fn sent_late(&mut self, now: Instant) {
        self.sent_at = now;
        self.deadline = now + self.rtt.timeout();
        self.once = false;
    }

    /// Suppresses retransmissions until then.
    pub fn hold(&mut self, until: Instant) {
        self.deadline = self.deadline.max(until);
    }

    /// The window from the first unacknowledged block (RFC 7440, section 4).
    fn next_window(&mut self, now: Instant) -> Send {
        let first = self.acked + 1;
        let last = (self.acked + u64::from(self.negotiated.window)).min(self.blocks);
        // If only a part of the window was acknowledged, the rest is sent again.
        self.once = self.acked == self.sent;
        self.sent = last;
        self.sent_at = now;
        self.resends = 0;
        self.deadline = now + self.rtt.timeout();
        Send::Blocks(first..=last)
    }

    fn pending(&self) -> Send {
        if self.awaits_option_ack() {
            Send::OptionAck
        } else {
            Send::Blocks(self.acked + 1..=self.sent)
        }
    }

    /// Only its first block: a window sent twice without an answer is too much for the link, or for a
    /// host that never requested it.
    fn pending_first(&self) -> Send {
        match self.pending() {
            Send::Blocks(blocks) => Send::Blocks(*blocks.start()..=*blocks.start()),
            option_ack @ Send::OptionAck => option_ack,
        }
    }

    fn awaits_option_ack(&self) -> bool {
        self.sent == 0
    }

    /// The outcome if the peer stays silent.
    #[must_use]
    pub fn timed_out(&self) -> TransferOutcome {
        TransferOutcome::TimedOut {
            all_sent: self.sent == self.blocks,
        }
    }

    /// Whether it has no ACK and has used up its first sends.
    #[must_use]
    pub fn has_used_up_first_sends(&self, now: Instant) -> bool {
        !self.has_acknowledged && now.saturating_duration_since(self.sent_at) >= FIRST_SENDS_TIME
    }

    /// When it began or made progress for the last time.
    #[must_use]
    pub fn progress_at(&self) -> Instant {
        self.sent_at
    }

    /// When [`TftpTransfer::timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the peer acknowledged anything; only then its address is proven.
    #[must_use]
    pub fn has_acknowledged(&self) -> bool {
        self.has_acknowledged
    }

    /// Acknowledged bytes of the file.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        (self.acked * u64::from(self.negotiated.block_size)).min(self.size)
    }

    /// The OACK, if options were granted.
    #[must_use]
    pub fn option_ack(&self) -> Option<PacketHead> {
        self.negotiated.option_ack
    }

    /// A block's header and its range in the file.
    #[must_use]
    pub fn block(&self, block: u64) -> (PacketHead, Range<u64>) {
        let each = u64::from(self.negotiated.block_size);
        let start = block.saturating_sub(1).saturating_mul(each).min(self.size);
        (
            PacketHead::data(on_the_wire(block)),
            start..self.size.min(start + each),
        )
    }
}

/// A block's number on the wire: 65535 is followed by 0.
fn on_the_wire(block: u64) -> u16 {
    let [.., high, low] = block.to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
