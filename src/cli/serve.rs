//! `reflash serve`: a plain folder, read-only, with the same engine and tracking.

use std::path::PathBuf;

use super::{
    Failure, Globals, Outcome, add,
    network::NetworkArgs,
    run::{self, Servers},
};
use crate::{display::Started, http, session::Source, stage::Folder, track::Plan};

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
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let chosen = args.network.choose()?;
    let server = args.network.bind(chosen.address)?;
    let http = args.network.bind_http(chosen.address)?;
    let rights = args.network.drop_privileges()?;
    let folder = Folder::open(&args.folder)
        .map_err(|error| Failure::new(error, "Name a folder that this user may read"))?;
    add::warn(&folder, globals);
    let mut words = vec!["Ctrl-C ends it".to_owned()];
    words.extend(rights);
    words.extend(args.network.words());
    let started = Started {
        tftp: server.local_addr(),
        http: http.as_ref().map(http::Server::local_addr),
        root: folder.root().to_owned(),
        stages: Vec::new(),
        words,
    };
    run::run(
        Source::Folder(folder),
        Plan::default(),
        Servers { tftp: server, http },
        started,
        args.network.words(),
        None,
        globals,
    )
}
