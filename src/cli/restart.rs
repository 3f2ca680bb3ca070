//! `reflash restart`: restarts converted phones by NOTIFY.

mod consent;
mod document;
mod list;

use std::{path::PathBuf, time::Duration};

use super::{
    globals::{CommandOutcome, Globals, json_document, print},
    heading,
    number::{duration, duration_or_none},
};
use crate::{
    failure::Failure,
    inputs::{phone_list::InventoryFile, shown},
    privileges,
    restart::{
        ami::AmiCredentials,
        converted::{Candidate, RestartRun, RestartStatus, RestartedPhone},
    },
    services::restart::{
        AmiConnection, CapturedSip, LiveSite, RestartRecord, ShowChange, Stop, open_captures,
    },
    session::wall_clock,
    text::{escape, wrap},
};

/// The file of the record in the state folder.
const RECORD: &str = "restarts.jsonl";

/// SIP's port.
const SIP_PORT: u16 = 5060;

/// How long REGISTERs are captured by default if there is no other way to find the phones: their
/// registrations last 10 minutes.
const CAPTURE_TIME: Duration = Duration::from_mins(11);

/// Restart converted phones so that they read a changed configuration
///
/// Asterisk sends them a NOTIFY, which it is asked to do over its manager interface (AMI). A phone
/// obeys if its line registers at USECALLMANAGER (`transport = "tcp"` in the inventory), or if it
/// is a 7940 or 7960. First one phone is restarted, then the others one after another, never in a
/// call. A phone counts as restarted when it registers again. docs/restart.md has the rules.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  Which phones would be restarted, and why the others not:
    reflash restart --inventory office.toml --ami office/ami.toml --dry-run
  Two phones, by name and MAC:
    reflash restart Reception 001D45AABB02 --inventory office.toml \\
      --ami office/ami.toml")]
pub(super) struct Args {
    /// Phones by MAC, name or extension
    ///
    /// Default: all phones of the inventory. Without an inventory: MAC=EXTENSION.
    #[arg(value_name = "PHONE")]
    phones: Vec<String>,
    /// List of phones: TOML, or CSV with a header line
    #[arg(long, value_name = "FILE", help_heading = heading::PHONES)]
    inventory: Option<PathBuf>,
    /// Access to Asterisk's manager interface
    ///
    /// TOML with host, user, secret and optionally port, as `reflash provision` writes it. Only its
    /// owner may be able to read it.
    #[arg(long, value_name = "FILE", help_heading = heading::NETWORK)]
    ami: Option<PathBuf>,
    /// Capture SIP here, on the PBX (repeatable)
    ///
    /// A captured REGISTER names the phone by its MAC and has its present Call-ID; the capture also
    /// shows how phones answer.
    #[arg(long = "interface", value_name = "NAME", help_heading = heading::NETWORK)]
    interfaces: Vec<String>,
    /// Capture REGISTERs for this time first
    ///
    /// 0: not at all. It ends when every phone has registered. Default: 11m without --ami, else 0.
    #[arg(long, value_name = "DURATION", value_parser = duration_or_none,
          help_heading = heading::NETWORK)]
    capture_time: Option<Duration>,
    /// Print who would be restarted; order no phone
    #[arg(long, help_heading = heading::PHONES)]
    dry_run: bool,
    /// Restart without asking
    #[arg(long, help_heading = heading::PHONES)]
    yes: bool,
    /// Wait this long for a phone to be back
    ///
    /// Phones put a restart off until a call ends.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration,
          help_heading = heading::PHONES)]
    wait: Duration,
    /// Record orders in this file
    ///
    /// Each order is on disk before it is sent; a later run does not order a phone again within 5
    /// minutes. Default: restarts.jsonl in your state folder (`~/.local/state/reflash`).
    #[arg(long, value_name = "FILE", help_heading = heading::RECORD)]
    record: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    if !args.dry_run && !args.yes {
        consent::check_terminal()?;
    }
    let inventory = args
        .inventory
        .as_deref()
        .map(|path| InventoryFile::read_all(path, globals.quiet || globals.json))
        .transpose()?;
    if let Some((file, faults, _)) = &inventory
        && let Some(fault) = faults.first()
    {
        return Err(Failure::new(
            format!("{}, {}", shown(&file.path), escape(&fault.to_string())),
            "Correct that line; `reflash provision` prints all faults",
        ));
    }
    let inventory = inventory.map(|(file, ..)| file.inventory);
    let candidates = list::candidates(inventory.as_ref(), &args.phones)?;
    let port = inventory.and_then(|inventory| inventory.site.port);
    let site = open(args, globals, port.unwrap_or(SIP_PORT), &candidates)?;
    restart(args, globals, site)
}

/// What a run has opened.
struct OpenedRun {
    site: LiveSite,
    run: RestartRun,
    stop: Stop,
}

/// Opens everything: first what needs privileges, then the connection.
fn open(
    args: &Args,
    globals: &Globals,
    sip: u16,
    candidates: &[Candidate],
) -> Result<OpenedRun, Failure> {
    let credentials = args.ami.as_deref().map(|path| {
        AmiCredentials::read(path).map_err(|error| {
            let cure = error.cure();
            Failure::new(escape(&error.to_string()), cure)
        })
    });
    let credentials = credentials.transpose()?;
    let record = open_record(args)?;
    let captures = open_captures(&args.interfaces, sip)?;
    privileges::drop_all(None, None)?;
    let stop = Stop::catch()?;
    let captured = captures.start()?;
    let ami = credentials.map(AmiConnection::open).transpose()?;
    let now = wall_clock();
    let recent = |candidate: &Candidate| record.as_ref()?.ordered_ago(candidate.mac, now);
    let run = RestartRun::new(candidates.to_vec(), args.wait, recent);
    let record = record.filter(|_| !args.dry_run);
    let site = live(globals, ami, captured, record, &stop);
    Ok(OpenedRun { site, run, stop })
}

fn live(
    globals: &Globals,
    ami: Option<AmiConnection>,
    captured: Option<CapturedSip>,
    record: Option<RestartRecord>,
    stop: &Stop,
) -> LiveSite {
    let is_shown = !globals.json && !globals.quiet;
    let show: ShowChange = Box::new(move |phone: &RestartedPhone| {
        if is_shown {
            let time = crate::text::time_of_day(wall_clock());
            let line = format!("{time}  {}", list::line(phone));
            // A closed pipe must not stop the run.
            let _ = print(&(wrap(&line, "", "          ").join("\n") + "\n"));
        }
    });
    LiveSite::new(ami, captured, record, stop.clone(), show)
}

/// The record. A dry run writes nothing, and reads it only if it exists.
fn open_record(args: &Args) -> Result<Option<RestartRecord>, Failure> {
    let default = || privileges::state_folder().map(|folder| folder.join(RECORD));
    let Some(path) = args.record.clone().or_else(default) else {
        return if args.dry_run {
            Ok(None)
        } else {
            Err(Failure::new(
                "there is no state folder for the record of restarts: this user has no home folder",
                "Name a file: --record FILE",
            ))
        };
    };
    if !args.dry_run {
        return RestartRecord::open(&path).map(Some);
    }
    let exists = path.exists();
    exists.then(|| RestartRecord::read(&path)).transpose()
}

fn restart(args: &Args, globals: &Globals, opened: OpenedRun) -> Result<CommandOutcome, Failure> {
    let OpenedRun {
        mut site,
        mut run,
        stop,
    } = opened;
    let usual = match (&args.ami, args.interfaces.is_empty()) {
        (None, false) => CAPTURE_TIME,
        _ => Duration::ZERO,
    };
    let capture = args.capture_time.unwrap_or(usual);
    if !capture.is_zero() && !args.interfaces.is_empty() && !globals.quiet && !globals.json {
        let minutes = capture.as_secs().div_ceil(60);
        eprintln!("capturing REGISTERs of the phones, for up to {minutes} minutes");
    }
    let mut is_whole = run.survey(&mut site, capture)?;
    let mut failed = None;
    if is_whole && !args.dry_run && run.ready() > 0 {
        if !globals.json && !globals.quiet {
            print(&list::plan(&run))?;
        }
        if !args.yes {
            consent::ask(run.ready())?;
        }
        match run.restart(&mut site) {
            Ok(whole) => is_whole = whole,
            Err(error) => failed = Some(error),
        }
    }
    site.end();
    let is_done = |phone: &RestartedPhone| {
        phone.status == RestartStatus::Back
            || (args.dry_run && phone.status == RestartStatus::Ready)
    };
    let is_done = run.phones().iter().all(is_done);
    if globals.json {
        print(&json_document(&document::document(&run, args.dry_run))?)?;
    } else {
        print(&list::report(&run, args.dry_run))?;
    }
    match (failed, stop.signal().filter(|_| !is_whole)) {
        (Some(failure), _) => Err(failure),
        (None, Some(number)) => Ok(CommandOutcome::Signal(number)),
        _ if is_done => Ok(CommandOutcome::Done),
        _ => Ok(CommandOutcome::Problems),
    }
}
