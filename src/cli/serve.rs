//! `reflash serve`: a plain folder, read-only, with the same engine and tracking.

use std::path::PathBuf;

use super::{
    Failure, Globals, Outcome, add,
    bundles::TrustArgs,
    doors::Doors,
    journal::{self, JournalArgs},
    listen::Ears,
    network::NetworkArgs,
    run::{self, Record, Servers},
    web::WebArgs,
};
use crate::{
    discovery::SIP_PORT, journal::Header, session::Source, stage::ServedFolder, track::Plan,
};

/// Serves a folder over TFTP, read-only, and says who fetches what.
///
/// Only regular files below the folder are served; a link that leads out of it is "not
/// found". Configurations at its top level are judged as `reflash lint` does: what is wrong
/// with them is told, and they are served all the same. Ends with Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  sudo reflash serve ./tftproot --interface eth0")]
pub(crate) struct Args {
    /// The folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    web: WebArgs,
    #[command(flatten)]
    journal: JournalArgs,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let chosen = args.network.choose()?;
    let doors = Doors::open(&args.network, args.web, &chosen)?;
    let ears = Ears::open(&chosen, SIP_PORT, None);
    let rights = args.network.drop_privileges()?;
    let folder = ServedFolder::open(&args.folder)
        .map_err(|error| Failure::new(error, "Name a folder that this user may read"))?;
    add::warn(&folder, globals);
    let mut words = vec!["Ctrl-C ends it".to_owned()];
    words.extend(rights);
    words.extend(ears.words());
    words.extend(doors.words());
    words.extend(args.network.words());
    let plan = Plan::default();
    let record = Record {
        journal: args.journal.begin(|| {
            let root = [folder.root().to_owned()];
            let command = journal::command(&root, &[], &TrustArgs::default(), None);
            Header::new("serve", doors.network(), command, &[], &plan)
        })?,
        recorded: None,
    };
    let (before, after) = journal::words(record.journal.as_ref(), false);
    words.extend(before);
    let mut afterwards = args.network.words();
    afterwards.extend(after);
    let journal = record.journal.as_ref();
    let started = doors.started(folder.root().to_owned(), journal, Vec::new(), words);
    run::run(
        Source::ServedFolder(folder),
        plan,
        Servers {
            doors,
            witnesses: Vec::new(),
            poller: None,
            ears,
            found: None,
        },
        started,
        afterwards,
        record,
        run::Audience {
            globals,
            guest: run::Guest::default(),
        },
    )
}
