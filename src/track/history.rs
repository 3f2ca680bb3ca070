//! What an address fetched: one row per attempt, bounded.

use std::collections::VecDeque;

use super::{FileOutcome, FileReport, RunTime, TransferEnd, TransferId, Transport};
use crate::phone::normalized_name;

/// Rows that are kept of one phone. A whole conversion takes about 40; a phone that asks
/// for ever keeps its newest.
pub const MAX_ROWS: usize = 512;

/// Characters of a name that are kept; real ones have less than 60.
const MAX_NAME: usize = 255;

/// A phone that finds nothing over HTTP asks TFTP for the same name at once; up to this
/// much later it counts as one request.
const HTTP_FALLBACK: RunTime = RunTime::from_secs(30);

/// The smallest block that phones use: they ask for no option, so it is RFC 1350's.
const BLOCK: u64 = 512;

/// Rows from the newest back among which the HTTP half of a request is looked for.
const FALLBACK_DEPTH: usize = 4;

/// What a row's file is to the conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A manifest: its index in the catalogue where it is staged.
    Manifest(Option<usize>),
    /// An image: its place in the manifest of the row's pass.
    Image(Option<usize>),
    /// Anything else.
    Other,
}

/// One attempt at one file.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub transfer: TransferId,
    pub at: RunTime,
    /// The phone's requests in order, from 1.
    pub sequence: u64,
    pub name: String,
    pub bytes: u64,
    pub size: Option<u64>,
    pub pass: u32,
    pub transport: Transport,
    pub outcome: FileOutcome,
    pub kind: Kind,
    /// Whether more may be heard of its transfer.
    pub open: bool,
    /// Every block was sent before its transfer ended.
    pub sent: bool,
    /// The server was killed in the middle of it.
    pub killed: bool,
}

impl Row {
    pub(super) fn report(&self) -> FileReport {
        FileReport {
            name: self.name.clone(),
            bytes: self.bytes,
            size: self.size,
            pass: self.pass,
            transport: self.transport,
            outcome: self.outcome,
        }
    }

    /// Takes the end of its transfer, once.
    pub(super) fn end(&mut self, end: &TransferEnd, bytes: u64) {
        self.open = false;
        self.acknowledge(bytes);
        // A phone closes its port after its final ACK; if that is lost, the repeated last
        // block finds the port closed.
        let last_block = self
            .size
            .is_some_and(|size| size.saturating_sub(self.bytes) <= BLOCK);
        self.sent = match end {
            TransferEnd::Delivered => true,
            TransferEnd::Vanished { all_sent } => *all_sent,
            TransferEnd::Aborted { code, .. } => code.is_none() && last_block,
            // Who then asks for an image that a manifest names has that manifest.
            TransferEnd::Killed => matches!(self.kind, Kind::Manifest(_)),
            TransferEnd::Replaced => false,
        };
        self.killed = *end == TransferEnd::Killed;
        self.outcome = match end {
            TransferEnd::Delivered => FileOutcome::Delivered,
            // Asking again is the phone's doing too.
            TransferEnd::Aborted { .. } | TransferEnd::Replaced | TransferEnd::Killed => {
                FileOutcome::Aborted
            }
            TransferEnd::Vanished { .. } => FileOutcome::Vanished,
        };
    }

    /// Takes the newest word on acknowledged bytes; whether there are more than before.
    pub(super) fn acknowledge(&mut self, bytes: u64) -> bool {
        let bytes = bytes.min(self.size.unwrap_or(bytes));
        let more = bytes > self.bytes;
        self.bytes = self.bytes.max(bytes);
        more
    }
}

/// Cuts a name to what is kept of it.
pub(super) fn kept(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// The attempts of one phone or address, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    rows: VecDeque<Row>,
    most: usize,
}

impl Rows {
    /// Keeps the newest `most`.
    pub(super) fn new(most: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            most,
        }
    }

    /// Adds an attempt. The HTTP half of the same request, if there is one, goes.
    pub(super) fn push(&mut self, row: Row) {
        if row.transport == Transport::Tftp {
            let name = normalized_name(&row.name);
            let from = self.rows.len().saturating_sub(FALLBACK_DEPTH);
            let half = (from..self.rows.len()).rev().find(|&at| {
                let earlier = &self.rows[at];
                earlier.transport == Transport::Http
                    && earlier.outcome == FileOutcome::NotFound
                    && row.at.saturating_sub(earlier.at) <= HTTP_FALLBACK
                    && normalized_name(&earlier.name) == name
            });
            if let Some(half) = half {
                self.rows.remove(half);
            }
        }
        if self.rows.len() >= self.most {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
    }

    /// The attempt that is this transfer. Transfers that are still heard of are among the
    /// newest.
    pub(super) fn find(&mut self, transfer: TransferId) -> Option<&mut Row> {
        self.rows
            .iter_mut()
            .rev()
            .find(|row| row.transfer == transfer)
    }

    /// The same, to look at.
    pub(super) fn get(&self, transfer: TransferId) -> Option<&Row> {
        self.rows.iter().rev().find(|row| row.transfer == transfer)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        self.rows.iter_mut()
    }

    /// Puts what was done earlier before this, and keeps the newest `most`.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, most: usize) {
        let mut rows = earlier.rows;
        rows.append(&mut self.rows);
        while rows.len() > most {
            rows.pop_front();
        }
        self.rows = rows;
        self.most = most;
    }
}
