//! `--journal` and `--resume`: where a run is recorded, and which run is continued.

use std::path::{Path, PathBuf};

use super::heading;
use crate::{
    failure::Failure,
    journal::{Journal, JournalHeader},
    resume::{self, PreviousRun, RunRecord, RunStart},
};

/// The journal of commands that write one only if asked.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct JournalArgs {
    /// Record the run in this new file
    ///
    /// Every request and step, as JSON Lines. The file must not exist.
    #[arg(long, value_name = "FILE", help_heading = heading::RECORD)]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// Creates the journal, if one is named.
    pub(crate) fn create(
        &self,
        header: impl FnOnce() -> JournalHeader,
    ) -> Result<Option<Journal>, Failure> {
        let path = self.journal.as_deref();
        path.map(|path| resume::create(path, header())).transpose()
    }
}

/// The journal of `convert`, and the run it continues.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ResumeArgs {
    /// Record the run in this new file
    ///
    /// The file must not exist, except with --resume. Default: a new file in your state folder
    /// (`~/.local/state/reflash`).
    #[arg(long, value_name = "FILE", help_heading = heading::RECORD)]
    pub(super) journal: Option<PathBuf>,
    /// Continue an interrupted run
    ///
    /// The run of --journal FILE, or else the newest unfinished one. Bundles, phones, --add and
    /// --inventory are taken from that run; network options must be given again.
    #[arg(long, help_heading = heading::RECORD)]
    pub(super) resume: bool,
}

impl ResumeArgs {
    /// Finds the run to continue.
    pub(crate) fn previous(
        &self,
        state_folder: Option<&Path>,
    ) -> Result<Option<PreviousRun>, Failure> {
        let find = || PreviousRun::find(self.journal.as_deref(), state_folder);
        self.resume.then(find).transpose()
    }

    /// Records the run: in a new journal, or in that of `previous`.
    pub(crate) fn record(
        &self,
        previous: Option<PreviousRun>,
        state_folder: Option<&Path>,
        start: RunStart<'_>,
        quiet: bool,
    ) -> Result<RunRecord, Failure> {
        match previous {
            Some(previous) => previous.resume(&start, quiet),
            None => resume::record_new(self.journal.as_deref(), state_folder, start),
        }
    }
}
