//! `--journal` and `--resume`: where a run is recorded, and which run is continued.

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use super::heading;
use crate::{
    display::print_message,
    failure::Failure,
    inputs::shown,
    journal::{JournalFile, JournalHeader},
    resume::{self, FoundRun, PreviousRun, RESUME_UNASKED, RunRecord, RunStart},
    session::wall_clock,
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
    ) -> Result<Option<JournalFile>, Failure> {
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
    /// The run of --journal FILE, or else the newest unfinished one: on a terminal the program asks
    /// before it continues that; elsewhere it must be less than 12 hours old. Bundles, phones, --add and
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
        if !self.resume {
            return Ok(None);
        }
        let previous = PreviousRun::find(self.journal.as_deref(), state_folder)?;
        if self.journal.is_none() {
            let found = previous.found(wall_clock())?;
            let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
            let consent = if can_ask {
                Consent::of_answer(&ask(&found)?)
            } else {
                Consent::without_terminal(&found)
            };
            if consent == Consent::Refused {
                return Err(not_continued(&previous, &found, can_ask));
            }
            if !can_ask {
                print_message(&format!("--resume continues {}", found.description));
            }
        }
        Ok(Some(previous))
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

/// Whether a run is continued that the command line does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consent {
    Given,
    Refused,
}

impl Consent {
    /// What the operator answered. Enter alone is no.
    fn of_answer(answer: &str) -> Self {
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Self::Given,
            _ => Self::Refused,
        }
    }

    /// Without a terminal, only a recent run is continued.
    fn without_terminal(found: &FoundRun) -> Self {
        if found.age > RESUME_UNASKED {
            Self::Refused
        } else {
            Self::Given
        }
    }
}

/// Asks whether to continue the run.
fn ask(found: &FoundRun) -> Result<String, Failure> {
    print_message(&format!("--resume found {}", found.description));
    eprint!("Continue this run? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|error| {
        Failure::new(
            format!("cannot read the answer: {error}"),
            "Name the run to continue: --resume --journal FILE",
        )
    })?;
    Ok(answer)
}

fn not_continued(previous: &PreviousRun, found: &FoundRun, asked: bool) -> Failure {
    let path = shown(previous.path());
    let error = if asked {
        "the run was not continued; nothing was served or changed".to_owned()
    } else {
        format!(
            "--resume found {}: it is more than {} hours old, so it may not be the run that you mean",
            found.description,
            RESUME_UNASKED.as_secs() / 3600
        )
    };
    Failure::new(
        error,
        format!(
            "To continue it, add --journal {path}. To continue another run, name its journal. For a \
             new run, leave --resume out"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_old_run_is_continued_only_on_consent() {
        let found = |age| FoundRun {
            description: String::new(),
            age,
        };
        let unasked = |age| Consent::without_terminal(&found(age));
        assert_eq!(unasked(RESUME_UNASKED), Consent::Given);
        assert_eq!(
            unasked(RESUME_UNASKED + Duration::from_secs(1)),
            Consent::Refused
        );
        for (answer, consent) in [
            ("y\n", Consent::Given),
            (" YES ", Consent::Given),
            ("\n", Consent::Refused),
            ("", Consent::Refused),
            ("no\n", Consent::Refused),
        ] {
            assert_eq!(Consent::of_answer(answer), consent, "{answer:?}");
        }
    }
}
