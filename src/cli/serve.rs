//! `reflash serve`: a plain folder, read-only, with the same engine and tracking.

use std::path::PathBuf;

use super::{
    Failure, Globals, Outcome, add,
    bundles::TrustArgs,
    journal::{self, JournalArgs},
    listen::Ears,
    network::NetworkArgs,
    run::{self, Record, Servers},
    web::WebArgs,
};
use crate::{
    display::Started,
    http,
    journal::{Header, Journal, Network},
    page,
    session::{Roll, Source},
    stage::Folder,
    track::Plan,
    witness::SIP_PORT,
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
    let server = args.network.bind(chosen.address)?;
    let http = args.network.bind_http(chosen.address)?;
    let metrics = args.network.bind_metrics()?;
    let web = args.web.bind()?;
    let ears = Ears::open(&chosen, SIP_PORT, None);
    let rights = args.network.drop_privileges()?;
    let folder = Folder::open(&args.folder)
        .map_err(|error| Failure::new(error, "Name a folder that this user may read"))?;
    add::warn(&folder, globals);
    let mut words = vec!["Ctrl-C ends it".to_owned()];
    words.extend(rights);
    words.extend(ears.words());
    words.extend(run::metrics_words(metrics.as_ref()));
    words.extend(args.network.words());
    let network = Network {
        tftp: server.local_addr(),
        http: http.as_ref().map(http::Server::local_addr),
    };
    let (plan, roll) = (Plan::default(), Roll::default());
    let record = Record {
        journal: args.journal.begin(|| {
            let root = [folder.root().to_owned()];
            let command = journal::command(&root, &[], &TrustArgs::default(), None);
            Header::new("serve", network, command, &[], &plan, &roll)
        })?,
        roll,
        recorded: None,
    };
    let (before, after) = journal::words(record.journal.as_ref(), false);
    words.extend(before);
    let mut afterwards = args.network.words();
    afterwards.extend(after);
    let started = Started {
        tftp: network.tftp,
        http: network.http,
        web: web.as_ref().map(page::Server::local_addr),
        root: folder.root().to_owned(),
        journal: record
            .journal
            .as_ref()
            .map(Journal::path)
            .map(ToOwned::to_owned),
        stages: Vec::new(),
        words,
    };
    run::run(
        Source::Folder(folder),
        plan,
        Servers {
            tftp: server,
            http,
            metrics,
            web,
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
