//! `reflash watch`: lists the phones on the network without sending anything.

use std::time::{Duration, Instant};

use tokio::{
    sync::mpsc::Receiver,
    time::{MissedTickBehavior, interval},
};

use super::{
    globals::{CommandOutcome, Globals},
    heading,
    number::duration,
};
use crate::{
    discovery::watch::{PhoneChange, PhoneList},
    display::{self, WatchReporter},
    failure::Failure,
    privileges,
    services::{
        runtime,
        watch::{self, TimedFact},
    },
    session::wall_clock,
};

/// How often the list checks for phones that went silent.
const TICK: Duration = Duration::from_secs(1);

/// List phones, with load and address, by listening only
///
/// Phones announce themselves about once a minute by CDP or LLDP, and at once when they request
/// an address by DHCP. A Cisco switch does not forward CDP: connect this machine to the phone
/// directly, to an unmanaged switch, to a mirror port, or to the PC port of the phone. Ends with
/// Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sudo reflash watch --interface eth0
  The phones of two minutes, for a script:
    sudo reflash watch --timeout 2m --json")]
pub(crate) struct Args {
    /// Listen on this network interface only
    ///
    /// Default: every interface with a link.
    #[arg(long, value_name = "NAME", help_heading = heading::NETWORK)]
    interface: Option<String>,
    /// End after this time: 90s, 10m, 1h30m
    #[arg(long, value_name = "DURATION", value_parser = duration,
          help_heading = heading::PHONES)]
    timeout: Option<Duration>,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let captures = watch::open(args.interface.as_deref())?;
    privileges::drop_all(None, None)?;
    let names: Vec<String> = captures
        .iter()
        .map(|capture| capture.interface().to_owned())
        .collect();
    let (threads, facts) = watch::start(captures)?;
    let mut watcher = display::watch_reporter(globals.json, globals.quiet, globals.color);
    watcher.started(wall_clock(), &names);
    let signal =
        runtime::runtime()?.block_on(follow(facts, &names, args.timeout, watcher.as_mut()))?;
    threads.end();
    Ok(signal.map_or(CommandOutcome::Done, CommandOutcome::Signal))
}

/// Keeps the list until a signal or the timeout. Returns the signal.
async fn follow(
    mut facts: Receiver<TimedFact>,
    names: &[String],
    timeout: Option<Duration>,
    watcher: &mut dyn WatchReporter,
) -> Result<Option<u8>, Failure> {
    let mut signals = runtime::signals()?;
    let began = Instant::now();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = tokio::time::sleep(timeout.unwrap_or(Duration::MAX));
    tokio::pin!(end);
    let mut watch = PhoneList::default();
    let signal = loop {
        tokio::select! {
            Some((at, number, fact)) = facts.recv() => {
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
