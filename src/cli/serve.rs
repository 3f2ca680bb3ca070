//! `reflash serve`: serves a folder read-only, with the same engine and tracking.

use std::path::PathBuf;

use super::{
    globals::{CommandOutcome, Globals},
    journal::JournalArgs,
    metrics::MetricsArgs,
    network::NetworkArgs,
    run::{self, RunServices},
    web::WebArgs,
};
use crate::{
    discovery::SIP_PORT,
    display,
    failure::Failure,
    inputs::{bundles, extra_files, run_inputs::RunInputs},
    journal::JournalHeader,
    resume::{self, RunRecord},
    services::captures::Captures,
    session::Source,
    stage::ServedFolder,
    track::{FileServer, Plan},
};

/// Serve a folder over TFTP, read-only, and report who fetches what
///
/// Only regular files below the folder are served; a link that leads out of it is not found.
/// Configurations at its top level are checked as by `reflash lint`, and firmware as by `reflash
/// verify`; findings are printed, and the files are served anyway. Ends with Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  sudo reflash serve ./tftproot --interface eth0")]
pub(crate) struct Args {
    /// Folder to serve
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    journal: JournalArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    web: WebArgs,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    extra_files::refuse_provision_folder(&args.folder)?;
    let chosen = args.network.choose()?;
    let servers = args.network.bind(args.metrics, args.web, &chosen)?;
    let captures = Captures::open(&chosen, SIP_PORT, None);
    let folder = ServedFolder::open(&args.folder).map_err(|error| {
        Failure::new(
            error,
            "Check the name of the folder, and that this user may read it",
        )
    })?;
    let plan = Plan {
        server: FileServer::Folder,
        routed: args.network.routed(),
        ..Plan::default()
    };
    let record = RunRecord {
        journal: args.journal.create(|| {
            let inputs = RunInputs {
                bundles: vec![folder.root().to_owned()],
                ..RunInputs::default()
            };
            let command = inputs.to_record(&[], None, None);
            JournalHeader::new("serve", servers.network(), command, &[], &plan)
        })?,
        recorded: None,
    };
    let temporary_message = args.network.choose_temporary_folder()?;
    let dropped = args.network.drop_privileges(Some(folder.root()))?;
    extra_files::check_folder(&folder, globals.quiet);
    bundles::check_folder(folder.root(), globals.quiet);
    // The live display has the way to end in its footer, and `--json` is for programs.
    let is_live = display::is_live(globals.json, globals.quiet);
    let mut messages: Vec<String> = dropped;
    if !is_live {
        messages.insert(0, "press Ctrl-C to stop".to_owned());
    }
    messages.extend(temporary_message);
    messages.extend_from_slice(captures.messages());
    messages.extend(servers.metrics_message());
    messages.extend(args.network.messages());
    let (before, after) = resume::messages(record.path(), None);
    messages.extend(before);
    let mut afterwards = args.network.messages();
    afterwards.extend(after);
    let root = folder.root().to_owned();
    let started = servers.started(root, record.path(), Vec::new(), messages);
    run::run(
        Source::ServedFolder(folder),
        plan,
        RunServices {
            servers,
            observations: Vec::new(),
            poller: None,
            captures,
            after_conversion: run::AfterConversion::default(),
            wire: None,
            findings: None,
            restarts: None,
        },
        started,
        afterwards,
        record,
        run::Ui {
            globals,
            hooks: run::WizardHooks::default(),
        },
    )
}
