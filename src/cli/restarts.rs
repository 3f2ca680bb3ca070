//! Flags of `convert` that restart phones, and the operator's consent.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use super::{globals::CommandOutcome, heading, number::number};
use crate::{
    display::print_message,
    failure::Failure,
    restart::waves::{self, WaveSizes},
    services::registrar::RegistrarListeners,
    session::{RestartOptions, RestartSetup},
    text::clock,
    track::Plan,
};

/// How long a dry run waits for phones, unless --timeout is given.
const DRY_RUN: Duration = Duration::from_mins(2);

/// Phones of a wave at most.
const MAX_WAVE: u32 = 1000;

/// Restarts of phones that register by SCCP.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of the command line")]
pub(crate) struct RestartArgs {
    /// Restart the listed phones, in waves
    ///
    /// Phones that use this machine as their call manager are registered and ordered to restart (SCCP
    /// Reset), so that nobody presses a key: first one, then 5, then --wave. Only phones of --inventory
    /// or --only, only where the staged load differs from the one that runs, never in a call and never
    /// while a phone fetches or writes images. Asks before it begins.
    #[arg(long, help_heading = heading::RESTARTS)]
    pub(super) restart: bool,
    /// Phones of the first wave
    #[arg(long, value_name = "N", requires = "restart", value_parser = number(1..=MAX_WAVE),
          default_value_t = waves::PILOT, help_heading = heading::RESTARTS)]
    pilot: u32,
    /// Phones of the third and later waves
    #[arg(long, value_name = "N", requires = "restart", value_parser = number(1..=MAX_WAVE),
          default_value_t = waves::WAVE, help_heading = heading::RESTARTS)]
    wave: u32,
    /// Keep phones registered until their wave
    ///
    /// Such a phone CANNOT MAKE CALLS, EMERGENCY CALLS INCLUDED. Without this option, a phone that has no
    /// turn is disconnected and registers again later.
    #[arg(long, requires = "restart", help_heading = heading::RESTARTS)]
    hold: bool,
    /// Only print which phones would be restarted
    ///
    /// And why the others not. Listens for 2 minutes, or --timeout; no phone is restarted, and no firmware is
    /// offered.
    #[arg(long, requires = "restart", conflicts_with = "resume", help_heading = heading::RESTARTS)]
    pub(super) dry_run: bool,
    /// Restart without asking
    #[arg(long, requires = "restart", help_heading = heading::RESTARTS)]
    yes: bool,
}

impl RestartArgs {
    /// Checks what the command line alone shows. `is_listed`: phones are listed, or a run is resumed.
    pub(super) fn check(&self, is_listed: bool, has_port: bool) -> Result<(), Failure> {
        if !self.restart {
            return Ok(());
        }
        if !is_listed {
            return Err(Failure::usage(
                "--restart restarts only phones that are listed, and none are",
                "List them: --inventory FILE, or --only MAC,…",
            ));
        }
        if !has_port {
            return Err(Failure::usage(
                "--sccp-port 0 turns off the port at which phones register, so none can be restarted",
                "Leave out --sccp-port, or --restart",
            ));
        }
        if !self.dry_run && !self.yes && !can_ask() {
            return Err(Failure::usage(
                "--restart asks before it restarts phones, and there is no terminal to ask at",
                "Look first: --restart --dry-run. To agree to the restarts, add --yes",
            ));
        }
        Ok(())
    }

    /// Asks the operator. Nothing was served before.
    pub(super) fn agree(&self, plan: &Plan) -> Result<(), Failure> {
        if !self.restart || self.dry_run {
            return Ok(());
        }
        let listed = plan.only.as_ref().or(plan.expected.as_ref());
        let count = listed.map_or(0, Vec::len);
        if count == 0 {
            return Err(Failure::new(
                "--restart restarts only phones that are listed, and the run lists none",
                "Begin a new run with --inventory FILE or --only MAC,…",
            ));
        }
        print_message(&self.explanation(count));
        if self.yes {
            return Ok(());
        }
        eprint!("Type {count} to agree: ");
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        if read.is_ok() && answer.trim() == count.to_string() {
            return Ok(());
        }
        Err(Failure::new(
            "the restarts were not agreed to; nothing was served or changed",
            format!(
                "To agree, type {count}, the number of the listed phones. To convert without \
                     restarts, leave --restart out"
            ),
        ))
    }

    fn explanation(&self, count: usize) -> String {
        let phones = if count == 1 {
            "1 phone".to_owned()
        } else {
            format!("{count} phones")
        };
        let mut text = format!(
            "--restart may restart {phones} of the list, each when it registers here without a call: \
             first {}, then at most {}, then at most {} at once. A call is not interrupted: phones put a \
             restart off until it ends.",
            self.pilot,
            self.wave.min(waves::SECOND),
            self.wave
        );
        if self.hold {
            text.push_str(
                " --hold: a phone that waits for its wave stays registered with this program and CANNOT \
                 MAKE CALLS, EMERGENCY CALLS INCLUDED. Keep a phone that can.",
            );
        }
        text
    }

    /// What a dry run changes about the plan: no firmware is offered, and it ends by itself.
    pub(super) fn adapt(&self, plan: Plan) -> Plan {
        if !self.dry_run {
            return plan;
        }
        let timeout = plan.timeout.unwrap_or(DRY_RUN);
        Plan {
            timeout: Some(timeout),
            // A survey that is not over when the run ends.
            survey: Some(timeout + Duration::from_hours(24)),
            ..plan
        }
    }

    /// What a dry run does.
    pub(super) fn dry_run_message(plan: &Plan) -> String {
        let time = plan.timeout.unwrap_or(DRY_RUN);
        format!(
            "dry run: listening for {} for phones that register. No phone is restarted, and no firmware \
             is offered",
            clock(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
        )
    }

    /// The outcome of the run. A dry run converts no phone, and that is no problem.
    pub(super) fn outcome(&self, outcome: CommandOutcome) -> CommandOutcome {
        match outcome {
            CommandOutcome::Problems if self.dry_run => CommandOutcome::Done,
            outcome => outcome,
        }
    }

    /// What restarts phones in the run; `None`: nothing does.
    pub(super) fn setup(&self, listeners: &mut RegistrarListeners) -> Option<RestartSetup> {
        self.restart.then(|| RestartSetup {
            events: listeners.restart_phones(),
            options: RestartOptions {
                sizes: WaveSizes {
                    pilot: self.pilot,
                    wave: self.wave,
                },
                hold: self.hold,
                dry_run: self.dry_run,
                unrecorded: false,
            },
        })
    }
}

/// Whether there is a person to ask.
fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
