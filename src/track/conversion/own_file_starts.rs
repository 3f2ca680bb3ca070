//! Starts of a 7940's or 7960's loader that ended at its own SEP file.

use std::time::Duration;

use super::context::FileRequest;
use crate::{
    phone::RequestedFile,
    track::{
        history::truncate_name,
        observation::{RunTime, TransferId},
    },
};

/// Without a request within this time of its SEP file, the search is over. The loader requests the next
/// file at once, or repeats one after 4 to 14 s; an application starts 23 s or more after the search.
pub(super) const NEXT_FILE_WITHIN: Duration = Duration::from_secs(20);

/// Starts of the loader are at least this far apart: the application that it starts requests the same
/// two files 23 to 24 s later.
const STARTS_APART: Duration = Duration::from_mins(1);

/// The starts in which the phone's own SEP file ended the search of its loader.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct UnnamedLoad {
    /// The newest request was for the trust list, with which a start begins.
    begins: bool,
    /// The SEP file of the newest start, if nothing was requested after it.
    newest: Option<OwnFile>,
    /// The newest file that ended a search, if no request showed another end.
    pub(super) ended: Option<OwnFile>,
    pub(super) starts: u32,
    /// When the first and the last of these starts requested the file.
    pub(super) first: RunTime,
    pub(super) last: RunTime,
}

/// A request for the phone's own SEP file.
#[derive(Debug, Clone)]
pub(super) struct OwnFile {
    transfer: TransferId,
    pub(super) name: String,
    pub(super) at: RunTime,
    delivered: bool,
}

impl UnnamedLoad {
    /// The file of this transfer was delivered.
    pub(super) fn on_delivered(&mut self, transfer: TransferId) {
        if let Some(own) = &mut self.newest {
            own.delivered |= own.transfer == transfer;
        }
    }

    /// The phone repeated the request of this transfer, so it had no answer before.
    pub(super) fn on_repetition(&mut self, transfer: TransferId) {
        if let Some(own) = &mut self.newest {
            own.delivered &= own.transfer != transfer;
        }
    }

    /// When the search of the newest start is over.
    pub(super) fn due(&self) -> Option<RunTime> {
        let own = self.newest.as_ref().filter(|own| own.delivered)?;
        Some(own.at + NEXT_FILE_WITHIN)
    }

    /// The phone requested a file that does not continue a search.
    pub(super) fn on_request(
        &mut self,
        at: RunTime,
        request: FileRequest<'_>,
        requests_only: bool,
    ) {
        let begins = std::mem::take(&mut self.begins);
        let repeats = self.newest.take().is_some();
        match request.file {
            RequestedFile::TrustList(_) => self.begins = true,
            // A repeated request shows, in a record of requests alone, that there was no answer.
            RequestedFile::Config { signed: false, .. } if begins || repeats && !requests_only => {
                self.newest = Some(OwnFile {
                    transfer: request.transfer,
                    name: truncate_name(request.file_name()),
                    at,
                    delivered: requests_only && request.served.is_some(),
                });
            }
            _ => {}
        }
    }

    /// Takes the SEP file of the newest start, if its search is over.
    pub(super) fn take_over(&mut self, now: RunTime) -> Option<OwnFile> {
        let is_over = self.due().is_some_and(|due| now >= due);
        self.newest.take_if(|_| is_over)
    }

    /// Counts a start that requested its SEP file at this time.
    pub(super) fn count(&mut self, at: RunTime) {
        if self.starts == 0 {
            self.first = at;
        } else if at.saturating_sub(self.last) < STARTS_APART {
            return;
        }
        self.starts = self.starts.saturating_add(1);
        self.last = at;
    }
}
