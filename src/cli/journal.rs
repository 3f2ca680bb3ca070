//! `--journal` and `--resume`: where a run is recorded, and going on with one.

use std::path::{Path, PathBuf};

use super::{Failure, Globals, bundles::TrustArgs, named::Named, run::Record};
use crate::{
    bundle::Bundle,
    journal::{self, Arguments, Header, Journal, JournalError, Network, RecordedRun},
    phone::MacAddress,
    session::wall_clock,
    text::escape,
    track::Plan,
};

/// Where the record goes, for verbs that write none unasked.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct JournalArgs {
    /// Record the run in this file, which must be new: every request and step, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// The journal, begun, if one is asked for.
    pub(crate) fn begin(
        &self,
        header: impl FnOnce() -> Header,
    ) -> Result<Option<Journal>, Failure> {
        let path = self.journal.as_deref();
        path.map(|path| create(path, header()).map_err(failure))
            .transpose()
    }
}

/// Where `convert` records, and which record it goes on with.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ResumeArgs {
    /// Record the run in this file, which must be new; default: a file of its own in your
    /// state folder (`~/.local/state/reflash`).
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Go on with the run of --journal FILE, or with the newest that was not finished. Bundles,
    /// phones, --add and --inventory are those of that run and need not be named again; the
    /// network's flags do.
    #[arg(long)]
    resume: bool,
}

/// What is recorded of a run before the first phone comes.
pub(crate) struct Serving<'a> {
    pub(crate) network: Network,
    pub(crate) command: Arguments,
    /// Targets before bridges.
    pub(crate) bundles: &'a [Bundle],
    pub(crate) plan: &'a Plan,
}

/// A run that is gone on with: its journal's file and first line.
pub(crate) struct Earlier {
    path: PathBuf,
    header: Header,
}

fn failure(error: JournalError) -> Failure {
    let cure = error.cure();
    Failure::new(error, cure)
}

fn create(path: &Path, header: Header) -> Result<Journal, JournalError> {
    Journal::create(path, wall_clock(), header)
}

impl ResumeArgs {
    /// The file that was named.
    pub(crate) fn named(&self) -> Option<&Path> {
        self.journal.as_deref()
    }

    /// Whether an earlier run is gone on with.
    pub(crate) fn resumes(&self) -> bool {
        self.resume
    }

    /// The run to go on with, if it is to be.
    pub(crate) fn earlier(&self, folder: Option<&Path>) -> Result<Option<Earlier>, Failure> {
        if !self.resume {
            return Ok(None);
        }
        let path = match (&self.journal, folder) {
            (Some(path), _) => path.clone(),
            (None, Some(folder)) => newest(folder)?,
            (None, None) => {
                return Err(Failure::new(
                    "there is no state folder to look for journals in: this user has no home",
                    "Name the journal: --journal FILE",
                ));
            }
        };
        let header = journal::read_header(&path).map_err(failure)?;
        if header.command != "convert" {
            return Err(Failure::new(
                format!(
                    "the journal {} is of `{}`, and only `convert` can be gone on with",
                    shown(&path),
                    escape(&header.command)
                ),
                "Name the journal of a conversion, or begin a new run without --resume",
            ));
        }
        Ok(Some(Earlier { path, header }))
    }

    /// Where the run is recorded: in a new journal, or behind what is recorded of it.
    pub(crate) fn record(
        &self,
        earlier: Option<&Earlier>,
        folder: Option<&Path>,
        serving: Serving<'_>,
        globals: &Globals,
    ) -> Result<Record, Failure> {
        let Serving {
            network,
            command,
            bundles,
            plan,
        } = serving;
        if let Some(earlier) = earlier {
            let (journal, recorded) = earlier.resume(network, globals)?;
            return Ok(Record {
                journal: Some(journal),
                recorded: Some(recorded),
            });
        }
        let header = Header::new("convert", network, command, bundles, plan);
        Ok(Record {
            journal: self.begin(folder, header)?,
            recorded: None,
        })
    }

    /// The journal of a new run, begun. Where nobody named one and none can be written, the
    /// run goes on without.
    fn begin(&self, folder: Option<&Path>, header: Header) -> Result<Option<Journal>, Failure> {
        if let Some(path) = &self.journal {
            return create(path, header).map(Some).map_err(failure);
        }
        let without = |why: &str| {
            eprintln!("warning: {why}; this run is not recorded and cannot be resumed");
            eprintln!("  → Name a file that this user may write: --journal FILE");
        };
        let Some(folder) = folder else {
            without("this user has no home, and so no state folder for a journal");
            return Ok(None);
        };
        let load = header.bundles.first().map(|bundle| bundle.load.clone());
        let path = journal::unused_path(folder, wall_clock(), load.as_ref());
        match create(&path, header) {
            Ok(journal) => Ok(Some(journal)),
            Err(error) => {
                without(&error.to_string());
                Ok(None)
            }
        }
    }
}

fn shown(path: &Path) -> String {
    escape(&path.display().to_string())
}

fn newest(folder: &Path) -> Result<PathBuf, Failure> {
    let shown = shown(folder);
    let found = journal::newest_resumable(folder).map_err(|error| {
        Failure::new(
            format!("journals in {shown} cannot be looked for: {error}"),
            "Name the journal: --journal FILE",
        )
    })?;
    found.ok_or_else(|| {
        Failure::new(
            format!("{shown} holds no journal of a run that can be gone on with"),
            "Begin a new run without --resume, or name a journal: --journal FILE",
        )
    })
}

/// What was named on the command line, for a later `--resume`.
pub(crate) fn command(
    bundles: &[PathBuf],
    bridges: &[PathBuf],
    trust: &TrustArgs,
    call_manager: Option<std::net::Ipv4Addr>,
) -> Arguments {
    let absolute = |paths: &[PathBuf]| {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        paths.iter().map(absolute).collect()
    };
    Arguments {
        bundles: absolute(bundles),
        bridges: absolute(bridges),
        trust_keys: absolute(&trust.trust_keys),
        accept_unknown: trust.accept_unknown,
        call_manager,
        ..Arguments::default()
    }
}

impl Earlier {
    /// The address that XMLDefault.cnf.xml named, where one was given.
    pub(crate) fn call_manager(&self) -> Option<std::net::Ipv4Addr> {
        self.header.arguments.call_manager
    }

    /// The phones that the run is for, where it is not for all.
    pub(crate) fn only(&self) -> Option<&[MacAddress]> {
        self.header.plan.only.as_deref()
    }

    /// What is not named again is what the run had.
    pub(crate) fn complete(&self, named: &mut Named) {
        let command = &self.header.arguments;
        for (given, recorded) in [
            (&mut named.bundles, &command.bundles),
            (&mut named.bridge.bridges, &command.bridges),
            (&mut named.trust.trust_keys, &command.trust_keys),
        ] {
            if given.is_empty() {
                given.clone_from(recorded);
            }
        }
        named.trust.accept_unknown |= command.accept_unknown;
        if named.add.files.is_empty() {
            let paths = command.added.iter().map(|file| file.path.clone());
            named.add.files = paths.collect();
            named.recorded.extend(command.added.iter().cloned());
        }
        if named.inventory.inventory.is_none() {
            named.inventory.inventory = command.inventory.as_ref().map(|file| file.path.clone());
            named.recorded.extend(command.inventory.iter().cloned());
        }
    }

    /// Whether these are the bundles of the run, targets before bridges.
    pub(crate) fn is_served(&self, bundles: &[Bundle]) -> Result<(), Failure> {
        let recorded = &self.header.bundles;
        let cure = "Put the file of that run back, or begin a new run without --resume";
        for (recorded, now) in recorded.iter().zip(bundles) {
            if !recorded.is(now) {
                let what = if recorded.bridge { "bridge" } else { "bundle" };
                return Err(Failure::new(
                    format!(
                        "{} is not the {what} that the run of {} served ({}): its digest differs",
                        shown(&now.path),
                        shown(&self.path),
                        escape(recorded.load.as_str())
                    ),
                    cure,
                ));
            }
        }
        if recorded.len() == bundles.len() {
            return Ok(());
        }
        Err(Failure::new(
            format!(
                "the run of {} served {} bundles, not {}",
                shown(&self.path),
                recorded.len(),
                bundles.len()
            ),
            "Name the same bundles, or none: then those of that run are taken",
        ))
    }

    /// The plan of this sitting: phones are those of the run; what says when to end is what
    /// is given now, else what was given then.
    pub(crate) fn plan(&self, now: Plan) -> Result<Plan, Failure> {
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
                        "{flag} names other phones than the run of {} expects",
                        shown(&self.path)
                    ),
                    "Leave it out, or begin a new run without --resume",
                ));
            }
        }
        if now.survey.is_some() && now.survey != then.survey {
            return Err(Failure::new(
                format!(
                    "--survey is not that of the run of {}: a survey is at a run's beginning",
                    shown(&self.path)
                ),
                "Leave it out: what is left of that run's survey is gone on with",
            ));
        }
        let names = if now.expected.is_some() {
            now.names
        } else {
            then.names
        };
        Ok(Plan {
            only: then.only,
            expected: then.expected,
            expect: now.expect.or(then.expect),
            max_failures: now.max_failures.or(then.max_failures),
            timeout: now.timeout.or(then.timeout),
            survey: then.survey,
            network: now.network,
            stages: now.stages,
            bridge: now.bridge,
            registering: now.registering,
            registrations: now.registrations,
            requests_only: false,
            names,
        })
    }

    /// Goes on with it, and says what it holds.
    fn resume(
        &self,
        network: Network,
        globals: &Globals,
    ) -> Result<(Journal, RecordedRun), Failure> {
        let (journal, recorded) =
            Journal::resume(&self.path, wall_clock(), network).map_err(failure)?;
        if !globals.quiet {
            let (done, phones) = recorded.fleet().done_of_total();
            let began = recorded.sessions.began().strftime("%Y-%m-%d %H:%M:%SZ");
            let plural = if phones == 1 { "" } else { "s" };
            eprintln!(
                "{}: going on with the run of {began}: {phones} phone{plural}, {done} done",
                shown(&self.path)
            );
        }
        Ok((journal, recorded))
    }
}

/// What a person needs to know of the record: at the beginning, and at the end.
pub(crate) fn words(journal: Option<&Journal>, resumes: bool) -> (Vec<String>, Vec<String>) {
    let Some(journal) = journal else {
        return (Vec::new(), Vec::new());
    };
    let path = shown(journal.path());
    let more = if resumes {
        "; --resume goes on with it"
    } else {
        ""
    };
    let after = format!("Keep the record of this run if you need it: {path}");
    (vec![format!("recorded in {path}{more}")], vec![after])
}
