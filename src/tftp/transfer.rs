//! One transfer as a state machine without I/O: what to send, when to send it again, and
//! what the peer has of the file.

use std::{
    ops::{Range, RangeInclusive},
    time::{Duration, Instant},
};

use super::{
    End,
    options::Agreed,
    packet::{HEADER, Head},
    rtt::Rtt,
};
use crate::stage::StagedFile;

/// How often the first packet is sent to a peer that acknowledges nothing. Its address may
/// be forged, and then a victim gets these.
pub const FIRST_SENDS: u32 = 3;

/// The most that a peer that acknowledges nothing draws for one request, in bytes.
pub const FIRST_BYTES_MAX: usize = 1_600;

const _: () = assert!(
    FIRST_SENDS as usize * (super::options::BLOCK_DEFAULT as usize + HEADER) <= FIRST_BYTES_MAX
        && FIRST_SENDS as usize * super::packet::HEAD_MAX <= FIRST_BYTES_MAX
);

/// How long a peer that acknowledged nothing may still do so. Clients send a lost ACK again
/// after 5 s, and once more.
pub const FIRST_SILENCE: Duration = Duration::from_secs(12);

/// When the [`FIRST_SENDS`] are over: from then on a transfer without an ACK gives way to
/// others where room is short.
pub const FIRST_SENDS_TIME: Duration = Duration::from_secs(5);

/// A peer that was silent for this long is given up at the next wait's end: a phone erases
/// flash in between.
pub const SILENCE: Duration = Duration::from_secs(20);

/// So often a window is sent again at least, however long the wait that the client asked for.
pub const RESENDS: u32 = 5;

/// A transfer slower than this on the whole is given up, in bytes a second: a peer that
/// trickles ACKs holds its place for ever otherwise.
pub const SLOWEST: u64 = 1_024;

/// What every transfer may take beyond its size over [`SLOWEST`].
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
    /// How many packets that is.
    #[must_use]
    pub fn packets(&self) -> u64 {
        match self {
            Self::OptionAck => 1,
            Self::Blocks(blocks) => (blocks.end() + 1).saturating_sub(*blocks.start()),
        }
    }
}

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing: the packet was old, doubled or made up.
    Ignored,
    /// Send this.
    Send(Send),
    /// It is over.
    End(End),
}

/// One file on its way to one peer.
#[derive(Debug)]
pub struct Transfer {
    file: StagedFile,
    agreed: Agreed,
    /// How many blocks there are, the last of which is shorter than the others.
    blocks: u64,
    acked: u64,
    sent: u64,
    /// Whether the peer acknowledged anything, be it the OACK.
    heard: bool,
    resends: u32,
    rtt: Rtt,
    sent_at: Instant,
    /// Whether what is on its way was sent once only, so that its ACK tells a round trip.
    once: bool,
    deadline: Instant,
    give_up: Instant,
}

impl Transfer {
    /// Starts; what it says is to be sent now.
    #[must_use]
    pub fn start(now: Instant, file: StagedFile, agreed: Agreed) -> (Self, Send) {
        let size = file.bytes.len() as u64;
        let blocks = size / u64::from(agreed.block_size) + 1;
        let rtt = Rtt::new(agreed.timeout);
        let mut transfer = Self {
            file,
            blocks,
            acked: 0,
            sent: 0,
            heard: false,
            resends: 0,
            rtt,
            sent_at: now,
            once: true,
            deadline: now + rtt.timeout(),
            give_up: now + GRACE + Duration::from_secs(size / SLOWEST),
            agreed,
        };
        let first = if transfer.agreed.option_ack.is_some() {
            Send::OptionAck
        } else {
            transfer.next_window(now)
        };
        (transfer, first)
    }

    /// The peer acknowledged this block.
    pub fn acknowledge(&mut self, now: Instant, block: u16) -> Step {
        if self.awaits_option_ack() {
            if block != 0 {
                return Step::Ignored;
            }
        } else {
            // Wrapping: block 65535 is followed by 0, and no more than a window is on its
            // way. Nothing new, or a future block: never an answer, or every doubled ACK
            // would double the rest of the file (RFC 1123, 4.2.3.1).
            let step = u64::from(block.wrapping_sub(on_the_wire(self.acked)));
            if step == 0 || step > self.sent - self.acked {
                return Step::Ignored;
            }
            self.acked += step;
        }
        self.heard = true;
        if self.once && self.acked == self.sent {
            self.rtt.sample(now.saturating_duration_since(self.sent_at));
        }
        if self.acked == self.blocks {
            return Step::End(End::Delivered);
        }
        if now >= self.give_up {
            return Step::End(self.timed_out());
        }
        Step::Send(self.next_window(now))
    }

    /// The deadline passed.
    pub fn timeout(&mut self, now: Instant) -> Step {
        let silence = now.saturating_duration_since(self.sent_at);
        let in_vain = if self.heard {
            silence >= SILENCE && self.resends >= RESENDS
        } else {
            silence >= FIRST_SILENCE
        };
        if in_vain || now >= self.give_up {
            return Step::End(self.timed_out());
        }
        if !self.heard && self.resends >= FIRST_SENDS - 1 {
            // It got all that it may have, and its late ACK is still welcome.
            self.deadline = self.sent_at + FIRST_SILENCE;
            return Step::Ignored;
        }
        self.resends += 1;
        self.rtt.back_off();
        self.once = false;
        self.deadline = now + self.rtt.timeout();
        if !self.heard {
            self.deadline = self.deadline.min(self.sent_at + FIRST_SILENCE);
        }
        Step::Send(if self.resends > 1 {
            self.pending_first()
        } else {
            self.pending()
        })
    }

    /// The peer sent its request again: its first packet got lost or is late. `None` once
    /// anything is acknowledged.
    pub fn again(&mut self, now: Instant) -> Option<Send> {
        if self.heard {
            return None;
        }
        self.once = false;
        let later = self.deadline.max(now + self.rtt.timeout());
        self.deadline = later.min(self.sent_at + FIRST_SILENCE);
        Some(self.pending())
    }

    /// Sends nothing by itself until then.
    pub fn hold(&mut self, until: Instant) {
        self.deadline = self.deadline.max(until);
    }

    /// Everything from the first block that is not acknowledged (RFC 7440, section 4).
    fn next_window(&mut self, now: Instant) -> Send {
        let first = self.acked + 1;
        let last = (self.acked + u64::from(self.agreed.window)).min(self.blocks);
        // A part of the window acknowledged: the rest of it goes out a second time.
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

    /// The first of it alone: a window that was sent twice without an answer is too much for
    /// the link, or for somebody who never asked for it.
    fn pending_first(&self) -> Send {
        match self.pending() {
            Send::Blocks(blocks) => Send::Blocks(*blocks.start()..=*blocks.start()),
            option_ack @ Send::OptionAck => option_ack,
        }
    }

    fn awaits_option_ack(&self) -> bool {
        self.sent == 0
    }

    /// How it ends where nothing more is heard.
    #[must_use]
    pub fn timed_out(&self) -> End {
        End::TimedOut {
            all_sent: self.sent == self.blocks,
        }
    }

    /// Whether it gives way to others: it has no ACK, and what it may send unasked is sent.
    #[must_use]
    pub fn gives_way(&self, now: Instant) -> bool {
        !self.heard && now.saturating_duration_since(self.sent_at) >= FIRST_SENDS_TIME
    }

    /// When [`Transfer::timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the peer acknowledged anything: only then its address is surely its own.
    #[must_use]
    pub fn heard(&self) -> bool {
        self.heard
    }

    /// How many of the file's bytes are acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        let size = self.file.bytes.len() as u64;
        (self.acked * u64::from(self.agreed.block_size)).min(size)
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &StagedFile {
        &self.file
    }

    /// The OACK, where there is one.
    #[must_use]
    pub fn option_ack(&self) -> Option<Head> {
        self.agreed.option_ack
    }

    /// A block's header, and where in the file its bytes are.
    #[must_use]
    pub fn block(&self, block: u64) -> (Head, Range<usize>) {
        let size = self.file.bytes.len();
        let each = usize::from(self.agreed.block_size);
        let before = usize::try_from(block.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = before.saturating_mul(each).min(size);
        (
            Head::data(on_the_wire(block)),
            start..size.min(start + each),
        )
    }
}

/// A block's number in a packet: 65535 is followed by 0.
fn on_the_wire(block: u64) -> u16 {
    let [.., high, low] = block.to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
