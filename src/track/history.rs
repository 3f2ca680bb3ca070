//! What a phone fetched: one entry per attempt, and a limited number of entries.

use std::collections::VecDeque;

use super::{
    file_outcome::FileOutcome,
    observation::{RunTime, ServedFile, TransferEnd, TransferId, Transport},
    tftp_error::TftpError,
};
use crate::phone::{RequestedFile, normalized_name};

/// Maximum number of attempts that are kept per phone; the oldest are dropped. A whole conversion
/// takes about 40.
pub const MAX_ROWS: usize = 512;

/// Characters of a name that are kept; real names have fewer than 60.
const MAX_NAME: usize = 255;

/// A phone that gets "not found" over HTTP requests the same name over TFTP at once. Within
/// this time the two count as one request.
const HTTP_FALLBACK: RunTime = RunTime::from_secs(30);

/// The block size of RFC 1350, which phones use: they request no options.
const BLOCK: u64 = 512;

/// How many of the newest attempts are searched for the HTTP half of a request.
const FALLBACK_DEPTH: usize = 4;

/// What a requested file is to the conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileRole {
    /// A manifest: its index in the catalogue if it is staged.
    Manifest(Option<usize>),
    /// An image: its index in the manifest of the attempt's pass.
    Image(Option<usize>),
    /// `SEP<MAC>.cnf.xml`, unsigned.
    OwnConfig,
    /// `XMLDefault.cnf.xml`.
    DefaultConfig,
    /// `…-sccp.jar`.
    SccpLocale,
    /// Any other file.
    Other,
}

impl FileRole {
    /// The role of a file that is neither a manifest nor an image of a known pass.
    pub(super) fn of(requested: &RequestedFile) -> Self {
        match requested {
            RequestedFile::Config { signed: false, .. } => Self::OwnConfig,
            RequestedFile::DefaultConfig => Self::DefaultConfig,
            RequestedFile::SccpLocale => Self::SccpLocale,
            _ => Self::Other,
        }
    }
}

/// One attempt at one file.
#[derive(Debug, Clone)]
pub(super) struct FetchAttempt {
    pub transfer: TransferId,
    pub at: RunTime,
    /// The number of the request among the phone's requests, from 1.
    pub sequence: u64,
    /// As staged, or as requested if the answer was "not found".
    pub name: String,
    pub bytes: u64,
    pub size: Option<u64>,
    pub pass: u32,
    pub transport: Transport,
    pub outcome: FileOutcome,
    pub role: FileRole,
    /// The transfer has not ended.
    pub open: bool,
    /// Every block was sent before the transfer ended.
    pub all_sent: bool,
    /// The server was killed during the transfer.
    pub killed: bool,
    /// The ERROR with which the phone ended the transfer.
    pub error: Option<TftpError>,
}

impl FetchAttempt {
    /// A request that was just received.
    pub(super) fn new(
        at: RunTime,
        transfer: TransferId,
        transport: Transport,
        name: &str,
        served: Option<&ServedFile>,
    ) -> Self {
        Self {
            transfer,
            at,
            sequence: 0,
            name: truncate_name(served.map_or(name, |served| &served.name)),
            bytes: 0,
            size: served
                .map(|served| served.size)
                .filter(|size| *size != ServedFile::UNKNOWN_SIZE),
            pass: 0,
            transport,
            outcome: served.map_or(FileOutcome::NotFound, |_| FileOutcome::Asked),
            role: FileRole::Other,
            open: served.is_some(),
            all_sent: false,
            killed: false,
            error: None,
        }
    }

    /// Records the end of the transfer.
    pub(super) fn end(&mut self, end: &TransferEnd, bytes: u64) {
        self.open = false;
        self.acknowledge(bytes);
        // A phone closes its port after its final ACK. If that ACK is lost, the retransmitted
        // last block finds the port closed.
        let last_block = self
            .size
            .is_some_and(|size| size.saturating_sub(self.bytes) <= BLOCK);
        self.all_sent = match end {
            TransferEnd::Delivered => true,
            TransferEnd::Vanished { all_sent } => *all_sent,
            TransferEnd::Aborted { code, .. } => code.is_none() && last_block,
            // Treated as sent: if the phone then requests an image that the manifest lists, it has
            // the manifest.
            TransferEnd::Killed => matches!(self.role, FileRole::Manifest(_)),
            TransferEnd::Replaced => false,
        };
        self.killed = *end == TransferEnd::Killed;
        if let TransferEnd::Aborted {
            code: Some(code),
            message,
        } = end
        {
            self.error = Some(TftpError {
                code: *code,
                message: truncate_name(message.as_deref().unwrap_or_default()),
            });
        }
        self.outcome = match end {
            TransferEnd::Delivered => FileOutcome::Delivered,
            // A new request ends the earlier transfer, so the phone aborted it.
            TransferEnd::Aborted { .. } | TransferEnd::Replaced | TransferEnd::Killed => {
                FileOutcome::Aborted
            }
            TransferEnd::Vanished { .. } => FileOutcome::Vanished,
        };
    }

    /// Records acknowledged bytes. Returns whether they are more than before.
    pub(super) fn acknowledge(&mut self, bytes: u64) -> bool {
        let bytes = bytes.min(self.size.unwrap_or(bytes));
        let more = bytes > self.bytes;
        self.bytes = self.bytes.max(bytes);
        more
    }
}

/// Truncates a name from the wire to [`MAX_NAME`] characters.
pub(super) fn truncate_name(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// The attempts of one phone or address, oldest first.
#[derive(Debug, Clone)]
pub(super) struct FetchHistory {
    attempts: VecDeque<FetchAttempt>,
    capacity: usize,
}

impl FetchHistory {
    /// An empty history that keeps the newest `capacity` attempts.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            attempts: VecDeque::new(),
            capacity,
        }
    }

    /// Adds an attempt. A TFTP request replaces the HTTP half of the same request.
    pub(super) fn push(&mut self, attempt: FetchAttempt) {
        if attempt.transport == Transport::Tftp {
            let name = normalized_name(&attempt.name);
            let from = self.attempts.len().saturating_sub(FALLBACK_DEPTH);
            let half = (from..self.attempts.len()).rev().find(|&index| {
                let earlier = &self.attempts[index];
                earlier.transport == Transport::Http
                    && earlier.outcome == FileOutcome::NotFound
                    && attempt.at.saturating_sub(earlier.at) <= HTTP_FALLBACK
                    && normalized_name(&earlier.name) == name
            });
            if let Some(half) = half {
                self.attempts.remove(half);
            }
        }
        if self.attempts.len() >= self.capacity {
            self.attempts.pop_front();
        }
        self.attempts.push_back(attempt);
    }

    /// The newest attempt with this transfer.
    pub(super) fn get_mut(&mut self, transfer: TransferId) -> Option<&mut FetchAttempt> {
        self.attempts
            .iter_mut()
            .rev()
            .find(|attempt| attempt.transfer == transfer)
    }

    /// The newest attempt with this transfer.
    pub(super) fn get(&self, transfer: TransferId) -> Option<&FetchAttempt> {
        self.attempts
            .iter()
            .rev()
            .find(|attempt| attempt.transfer == transfer)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &FetchAttempt> {
        self.attempts.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut FetchAttempt> {
        self.attempts.iter_mut()
    }

    /// Puts `earlier` attempts before these, and keeps the newest `capacity`.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, capacity: usize) {
        let mut attempts = earlier.attempts;
        attempts.append(&mut self.attempts);
        while attempts.len() > capacity {
            attempts.pop_front();
        }
        self.attempts = attempts;
        self.capacity = capacity;
    }
}
