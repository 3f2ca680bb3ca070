//! The journal of a run: where a new one is created, and how `--resume` continues an earlier
//! run.

mod found;

pub use self::found::{FoundRun, RESUME_UNASKED};

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    bundle::Bundle,
    display::print_message,
    failure::Failure,
    inputs::{run_inputs::RunInputs, shown},
    journal::{
        self, Arguments, Journal, JournalError, JournalFile, JournalHeader, Network, RecordedRun,
    },
    phone::MacAddress,
    session::wall_clock,
    text::escape,
    track::Plan,
};

/// What a journal records of a run before the first phone is observed.
#[derive(Debug)]
pub struct RunStart<'a> {
    /// Where the phones find the servers.
    pub network: Network,
    /// The inputs, for a later `--resume`.
    pub command: Arguments,
    /// Targets before bridges.
    pub bundles: &'a [Bundle],
    /// The plan.
    pub plan: &'a Plan,
}

/// The journal, and what a resumed run has recorded so far.
#[derive(Debug, Default)]
pub struct RunRecord {
    /// `None`: the run is not recorded.
    pub journal: Option<JournalFile>,
    /// The earlier sessions of the run, if it is resumed.
    pub recorded: Option<RecordedRun>,
}

/// An earlier run to continue: its journal file and the header in it.
#[derive(Debug)]
pub struct PreviousRun {
    path: PathBuf,
    header: JournalHeader,
}

fn failure(error: JournalError) -> Failure {
    let cure = error.cure();
    Failure::new(error, cure)
}

impl RunRecord {
    /// The path of the journal.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.journal.as_ref().map(JournalFile::path)
    }

    /// Starts to write the journal. This starts threads: privileges are dropped before.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn start(self) -> Result<(Option<Journal>, Option<RecordedRun>), Failure> {
        let journal = self.journal.map(Journal::start).transpose();
        Ok((journal.map_err(failure)?, self.recorded))
    }
}

/// Creates a journal at `path`, which must not exist.
///
/// # Errors
/// The file exists or cannot be written.
pub fn create(path: &Path, header: JournalHeader) -> Result<JournalFile, Failure> {
    JournalFile::create(path, wall_clock(), header).map_err(failure)
}

/// Records a new run: in `path`, or else in a new file of the state folder. If no path is given and
/// the new file cannot be written, prints a warning; the run is then not recorded.
///
/// # Errors
/// `path` exists or cannot be written.
pub fn record_new(
    path: Option<&Path>,
    state_folder: Option<&Path>,
    start: RunStart<'_>,
) -> Result<RunRecord, Failure> {
    let RunStart {
        network,
        command,
        bundles,
        plan,
    } = start;
    let header = JournalHeader::new("convert", network, command, bundles, plan);
    let journal = match path {
        Some(path) => Some(create(path, header)?),
        None => create_in(state_folder, header),
    };
    Ok(RunRecord {
        journal,
        recorded: None,
    })
}

fn create_in(state_folder: Option<&Path>, header: JournalHeader) -> Option<JournalFile> {
    let warn = |why: &str| {
        eprintln!("warning: {why}; this run is not recorded and cannot be resumed");
        eprintln!("  → Name a writable file: --journal FILE");
    };
    let Some(folder) = state_folder else {
        warn("no journal: this user has no home and so no state folder");
        return None;
    };
    let load = header.bundles.first().map(|bundle| bundle.load.clone());
    let path = journal::unused_path(folder, wall_clock(), load.as_ref());
    match JournalFile::create(&path, wall_clock(), header) {
        Ok(journal) => Some(journal),
        Err(error) => {
            warn(&error.to_string());
            None
        }
    }
}

/// The newest journal of an unfinished run.
fn newest(folder: &Path) -> Result<PathBuf, Failure> {
    let shown = shown(folder);
    let found = journal::newest_resumable(folder).map_err(|error| {
        Failure::new(
            format!("cannot search {shown} for journals: {error}"),
            "Name the journal: --journal FILE",
        )
    })?;
    found.ok_or_else(|| {
        Failure::new(
            format!("{shown} contains no journal of an unfinished run"),
            "Start a new run without --resume, or name a journal: --journal FILE",
        )
    })
}

impl PreviousRun {
    /// Finds the run to resume: the one in `journal`, or else the newest unfinished one.
    ///
    /// # Errors
    /// There is no journal to resume, it cannot be read, or another command than `convert` wrote
    /// it.
    pub fn find(journal: Option<&Path>, state_folder: Option<&Path>) -> Result<Self, Failure> {
        let path = match (journal, state_folder) {
            (Some(path), _) => path.to_owned(),
            (None, Some(folder)) => newest(folder)?,
            (None, None) => {
                return Err(Failure::new(
                    "this user has no home and so no state folder with journals",
                    "Name the journal: --journal FILE",
                ));
            }
        };
        let header = journal::read_header(&path).map_err(failure)?;
        if header.command != "convert" {
            return Err(Failure::new(
                format!(
                    "{} is the journal of `reflash {}`; only `reflash convert` can be resumed",
                    shown(&path),
                    escape(&header.command)
                ),
                "Name the journal of a conversion, or start a new run without --resume",
            ));
        }
        Ok(Self { path, header })
    }

    /// The journal.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The `--call-manager` of the run.
    #[must_use]
    pub fn call_manager(&self) -> Option<std::net::Ipv4Addr> {
        self.header.arguments.call_manager
    }

    /// The `--only` of the run.
    #[must_use]
    pub fn only(&self) -> Option<&[MacAddress]> {
        self.header.plan.only.as_deref()
    }

    /// Fills in what the command line leaves out.
    pub fn complete(&self, inputs: &mut RunInputs) {
        let command = &self.header.arguments;
        for (given, recorded) in [
            (&mut inputs.bundles, &command.bundles),
            (&mut inputs.bridges, &command.bridges),
            (&mut inputs.trust.keys, &command.trust_keys),
        ] {
            if given.is_empty() {
                given.clone_from(recorded);
            }
        }
        inputs.trust.accept_unknown |= command.accept_unknown;
        inputs.trust.without_recovery |= command.without_recovery;
        if inputs.extra_files.is_empty() {
            let paths = command.added.iter().map(|file| file.path.clone());
            inputs.extra_files = paths.collect();
            inputs.recorded.extend(command.added.iter().cloned());
        }
        if inputs.inventory.is_none() {
            inputs.inventory = command.inventory.as_ref().map(|file| file.path.clone());
            inputs.recorded.extend(command.inventory.iter().cloned());
            if inputs.secrets.is_none() {
                inputs.secrets = command.secrets.as_ref().map(|file| file.path.clone());
                inputs.recorded.extend(command.secrets.iter().cloned());
            }
        }
    }

    /// Checks that these are the bundles of the run, targets before bridges.
    ///
    /// # Errors
    /// Another file, or another number of files.
    pub fn check_bundles(&self, bundles: &[Bundle]) -> Result<(), Failure> {
        let recorded = &self.header.bundles;
        for recorded in recorded {
            let has = |bundle: &&Bundle| bundle.served_loads().any(|load| *load == recorded.load);
            // Without that load, it is another file.
            let Some(now) = bundles.iter().find(has).or(bundles.first()) else {
                break;
            };
            if !recorded.matches(now) {
                let what = if recorded.bridge { "bridge" } else { "bundle" };
                return Err(Failure::new(
                    format!(
                        "{} is not the {what} that the run of {} served ({}): its digest differs",
                        shown(&now.path),
                        shown(&self.path),
                        escape(recorded.load.as_str())
                    ),
                    "Restore the file of that run, or start a new run without --resume",
                ));
            }
        }
        let now: usize = bundles
            .iter()
            .map(|bundle| bundle.served_loads().count())
            .sum();
        if recorded.len() == now {
            return Ok(());
        }
        Err(Failure::new(
            format!(
                "the run of {} served {} loads, not {now}",
                shown(&self.path),
                recorded.len()
            ),
            "Name the same bundles, or none to use those of that run",
        ))
    }

    /// The plan of this session. It has the phones of the run; its end follows the flags of this
    /// command line, or else the recorded ones.
    ///
    /// # Errors
    /// A flag that contradicts the run.
    pub fn plan(&self, now: Plan) -> Result<Plan, Failure> {
        let then = self.header.plan();
        for (flag, now, then) in [
            ("--only", &now.only, &then.only),
            ("--inventory", &now.expected, &then.expected),
        ] {
            let sorted = |macs: &[MacAddress]| {
                let mut macs = macs.to_vec();
                macs.sort_unstable();
                macs
            };
            let now = now.as_deref().map(sorted);
            if now.is_some() && now != then.as_deref().map(sorted) {
                return Err(Failure::new(
                    format!(
                        "{flag} names other phones than the run of {}",
                        shown(&self.path)
                    ),
                    format!("Remove {flag}, or start a new run without --resume"),
                ));
            }
        }
        self.check_configurations(&now, &then)?;
        if now.survey.is_some() && now.survey != then.survey {
            return Err(Failure::new(
                format!(
                    "--survey differs from that of the run of {}; a survey is only at the \
                     beginning of a run",
                    shown(&self.path)
                ),
                "Remove --survey: the rest of that run's survey is continued",
            ));
        }
        let (names, models) = if now.expected.is_some() {
            (now.names, now.models)
        } else {
            (then.names, then.models)
        };
        Ok(Plan {
            only: then.only,
            expected: then.expected,
            expect: now.expect.or(then.expect),
            max_failures: now.max_failures.or(then.max_failures),
            timeout: now.timeout.or(then.timeout),
            survey: then.survey,
            network: now.network,
            routed: now.routed,
            stages: now.stages,
            bridge: now.bridge,
            registering: now.registering,
            registrations: now.registrations,
            registration_wait: now.registration_wait.or(then.registration_wait),
            server: then.server,
            requests_only: false,
            names,
            models,
        })
    }

    /// Checks that each phone that was served a configuration of its own gets one again: without
    /// it, the phone would be converted and would not register.
    fn check_configurations(&self, now: &Plan, then: &Plan) -> Result<(), Failure> {
        let configured = |plan: &Plan| -> BTreeSet<MacAddress> {
            let targets = plan.registrations.iter().map(|target| target.mac);
            targets.chain(plan.registering.iter().copied()).collect()
        };
        let now = configured(now);
        let lost: Vec<MacAddress> = configured(then).difference(&now).copied().collect();
        let names = match lost.as_slice() {
            [] => return Ok(()),
            [one] => format!("SEP{}", one.upper_hex()),
            [first, rest @ ..] => format!("SEP{} and {} more", first.upper_hex(), rest.len()),
        };
        Err(Failure::new(
            format!(
                "the run of {} served configurations to phones that would get none now: {names}; \
                 nothing was served or changed",
                shown(&self.path)
            ),
            "Name the files that they were made from: --inventory FILE, with --secrets FILE if the \
             inventory has no secrets (the secrets.toml whose secrets the PBX has); or --add FILE",
        ))
    }

    /// Continues the journal of the run, and prints what it contains unless `quiet`.
    ///
    /// # Errors
    /// The journal cannot be read or continued.
    pub fn resume(self, start: &RunStart<'_>, quiet: bool) -> Result<RunRecord, Failure> {
        let (journal, recorded) =
            JournalFile::resume(&self.path, wall_clock(), start.network).map_err(failure)?;
        if !quiet {
            let (done, phones) = recorded.fleet().done_of_total();
            let began = recorded.sessions.began().strftime("%Y-%m-%d %H:%M:%SZ");
            let plural = if phones == 1 { "" } else { "s" };
            print_message(&format!(
                "{}: resuming the run of {began}: {phones} phone{plural}, {done} done",
                shown(&self.path)
            ));
        }
        Ok(RunRecord {
            journal: Some(journal),
            recorded: Some(recorded),
        })
    }
}

/// Messages about the journal for the operator: at the start of the run, and at its end. `resume`:
/// the command that continues the run, as lines to copy.
#[must_use]
pub fn messages(journal: Option<&Path>, resume: Option<&str>) -> (Vec<String>, Vec<String>) {
    let Some(journal) = journal else {
        return (Vec::new(), Vec::new());
    };
    let path = shown(journal);
    let resume =
        resume.map(|command| format!("to continue this run after an interruption:\n{command}"));
    let after = format!("The journal of this run is {path}; `reflash report` reads it");
    let before = std::iter::once(format!("journal: {path}")).chain(resume);
    (before.collect(), vec![after])
}
