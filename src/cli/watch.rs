//! `reflash watch`: listen only.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc::{Receiver, channel},
    time::{MissedTickBehavior, interval},
};

use super::{Failure, Globals, Outcome, convert, listen::Threads, privileges, run};
use crate::{
    discovery::{
        SIP_PORT,
        capture::{Capture, OpenError, QUEUE},
        watch::{Fact, FactReader, PhoneChange, PhoneList},
    },
    display::{self, WatchReporter},
    preflight,
    protocol::Malformed,
    session::wall_clock,
};

/// How often time passes in the list.
const TICK: Duration = Duration::from_secs(1);

/// Listens, and lists the phones that are here: which load each runs, at which address.
///
/// Nothing is sent. Phones announce themselves about once a minute by CDP or LLDP, and are
/// heard at once when they ask for an address. A Cisco switch keeps CDP to itself: be at a
/// direct cable, behind a plain switch, at a mirror port, or at the phone's own PC port.
/// Ends with Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sudo reflash watch --interface eth0
  What is here, for a script, after two minutes:
    sudo reflash watch --timeout 2m --json")]
pub(crate) struct Args {
    /// Listen on this network interface alone; default: on all that have a cable.
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// End after this long: 90s, 10m, 1h30m.
    #[arg(long, value_name = "DURATION", value_parser = convert::duration)]
    timeout: Option<Duration>,
}

/// One fact, when it was heard and on which interface.
type Heard = (Instant, usize, Fact);

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let captures = open(args.interface.as_deref())?;
    privileges::drop_all(None)?;
    let names: Vec<String> = captures
        .iter()
        .map(|capture| capture.interface().to_owned())
        .collect();
    let (threads, heard) = start(captures)?;
    let mut watcher = display::watch_reporter(globals.json, globals.quiet, globals.color);
    watcher.started(wall_clock(), &names);
    let signal = run::runtime()?.block_on(follow(heard, &names, args.timeout, watcher.as_mut()))?;
    threads.end();
    Ok(signal.map_or(Outcome::Done, Outcome::Signal))
}

pub(super) fn open(interface: Option<&str>) -> Result<Vec<Capture>, Failure> {
    let names = interface.map_or_else(preflight::audible, |name| vec![name.to_owned()]);
    if names.is_empty() {
        return Err(Failure::new(
            "no network interface of this machine has a cable with something at its other end",
            "Connect the cable, or name an interface: --interface NAME (`ip link` lists them)",
        ));
    }
    names
        .iter()
        .map(|name| {
            Capture::open(name, SIP_PORT).map_err(|error| {
                let cure = match &error {
                    OpenError::Permission(_) => privileges::how(),
                    OpenError::Unknown(_) => "`ip link` lists those there are".to_owned(),
                    _ => String::new(),
                };
                Failure::new(error, cure)
            })
        })
        .collect()
}

pub(super) fn start(captures: Vec<Capture>) -> Result<(Threads, Receiver<Heard>), Failure> {
    let (queue, heard) = channel(QUEUE);
    let mut threads = Threads::default();
    for (number, capture) in captures.into_iter().enumerate() {
        let mut reader = FactReader::default();
        let left_out = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&left_out);
        let hear = move |at, bytes: &[u8]| -> Result<Vec<Heard>, Malformed> {
            let facts = reader.read(at, bytes)?;
            count.store(reader.dropped(), Ordering::Relaxed);
            Ok(facts.into_iter().map(|fact| (at, number, fact)).collect())
        };
        let started = capture.start(queue.clone(), hear);
        let thread = started.map_err(|error| {
            Failure::new(
                format!("no thread could be started: {error}"),
                "Is the machine out of memory?",
            )
        })?;
        threads.push(thread, left_out);
    }
    Ok((threads, heard))
}

/// Keeps the list until a signal or the end of the time. Returns the signal.
async fn follow(
    mut heard: Receiver<Heard>,
    names: &[String],
    timeout: Option<Duration>,
    watcher: &mut dyn WatchReporter,
) -> Result<Option<u8>, Failure> {
    let mut signals = run::signals()?;
    let began = Instant::now();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = tokio::time::sleep(timeout.unwrap_or(Duration::MAX));
    tokio::pin!(end);
    let mut watch = PhoneList::default();
    let signal = loop {
        tokio::select! {
            Some((at, number, fact)) = heard.recv() => {
                let now = at.saturating_duration_since(began);
                let change = watch.apply(now, &fact);
                if let (Some(change), Some(phone)) = (change, watch.phone(fact.mac)) {
                    watcher.changed(wall_clock(), &names[number], phone, change);
                }
            }
            _ = ticks.tick() => {
                let now = began.elapsed();
                for mac in watch.tick(now) {
                    if let Some(phone) = watch.phone(mac) {
                        watcher.changed(wall_clock(), "", phone, PhoneChange::Silent);
                    }
                }
                watcher.list(now, &watch);
            }
            number = signals.next() => break Some(number),
            () = &mut end => break None,
        }
    };
    watcher.finished(began.elapsed(), &watch);
    Ok(signal)
}
