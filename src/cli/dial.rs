//! `reflash dial`: what a phone sends for dialled digits.

mod phone;
mod table;

use std::path::PathBuf;

use self::phone::{DialPhone, digits, rule};
use super::{
    globals::{CommandOutcome, Globals, json_document, print},
    heading,
    number::number,
};
use crate::{
    dialplan::{DialMode, DialResult, ProxyRoute, UserParameter},
    display::Style,
    failure::Failure,
    inputs::plan_file,
    text::{escape, wrap},
};

/// Show what a phone with this dial plan sends for dialled digits
///
/// Also shows when the phone sends them and which entry matched. Digits are dialled one at a time,
/// so a call that would start too early is detected.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash dial dialplan.xml 5123456
  reflash dial AU 000 --json
  Check a table of numbers; exit code 1 if one differs:
    reflash dial office.dial --table numbers.txt
  Write the file for phones:
    reflash dial office.dial --xml > dialplan.xml

A table has a line for each number: the digits, what is expected to be sent
('-': nothing), and optionally the seconds until then. A comment starts with ';'
or with a '#' that stands alone. docs/dialplans.md describes the plan language.")]
pub(super) struct Args {
    /// A dialplan.xml or its folder, a plan source, -, or a preset: AU, NANP, internal
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Dialled keys: 0 to 9, *, # and +; '' for the plan's hotline
    #[arg(value_name = "DIGITS", value_parser = digits, conflicts_with_all = ["table", "xml"],
          required_unless_present_any = ["table", "xml"])]
    digits: Option<String>,
    /// Treat # as a digit (proxy USECALLMANAGER)
    ///
    /// Phones with proxy USECALLMANAGER treat # as a digit; others send the number at once.
    #[arg(long, help_heading = heading::PHONES)]
    call_manager_mode: bool,
    /// Line of the phone
    ///
    /// Some entries of a dial plan apply to one line only.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = heading::PHONES,
          value_parser = number(1..=u8::MAX))]
    line: u8,
    /// Dial each number of a table and compare
    #[arg(long, value_name = "FILE", conflicts_with = "xml",
          help_heading = heading::CONFIGURATION)]
    table: Option<PathBuf>,
    /// Print the dialplan.xml of a source or preset
    #[arg(long, conflicts_with_all = ["json", "call_manager_mode", "line"],
          help_heading = heading::OUTPUT)]
    xml: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    if args.xml {
        print(&plan_file::compile(&args.plan, globals.quiet)?)?;
        return Ok(CommandOutcome::Done);
    }
    let phone = DialPhone {
        template: plan_file::read(&args.plan, globals.quiet)?,
        line: args.line,
        mode: if args.call_manager_mode {
            DialMode::CallManager
        } else {
            DialMode::Proxy
        },
    };
    if let Some(path) = &args.table {
        return table::run(path, &phone, globals);
    }
    let digits = args.digits.as_deref().unwrap_or_default();
    let dialled = phone.dial(digits);
    if digits.is_empty() && dialled.sent.is_empty() {
        return Err(Failure::usage(
            "no digits: this plan has no hotline, so the phone sends nothing",
            "Name the digits: reflash dial PLAN DIGITS",
        ));
    }
    if globals.json {
        print(&json_document(&dialled)?)?;
    } else {
        print(&as_text(&dialled, Style::new(globals.color)))?;
    }
    Ok(CommandOutcome::Done)
}

/// The result as text.
fn as_text(dialled: &DialResult, style: Style) -> String {
    let mut lines = Vec::new();
    let mut line = |name: &str, what: &str| {
        lines.extend(wrap(what, &format!("{name:<6} "), "       "));
    };
    if dialled.sent.is_empty() {
        line("sent", "nothing");
    } else {
        line("sent", &escape(&sent(dialled)));
        line("when", &when(dialled));
    }
    match &dialled.rule {
        Some(decided) => line("rule", &rule(decided)),
        None => line("rule", "none: sent as dialled"),
    }
    if let Some(awaited) = &dialled.waits_for {
        let why = "matches better but needs more digits";
        line("waits", &format!("for {}, which {why}", rule(awaited)));
    }
    for tone in &dialled.tones {
        let digits = if tone.after == 1 { "digit" } else { "digits" };
        let tone = format!("{} after {} {digits}", tone.tone, tone.after);
        line("tone", &tone);
    }
    if dialled.route != ProxyRoute::Default {
        let route = match dialled.route {
            ProxyRoute::Emergency => "to the proxy for emergency calls",
            _ => "to the host in the address",
        };
        line("route", route);
    }
    if !dialled.unsent.is_empty() {
        let late = format!("{} was dialled too late and is not sent", dialled.unsent);
        line("late", &style.warn(&escape(&late)));
    }
    lines.join("\n") + "\n"
}

fn sent(dialled: &DialResult) -> String {
    let user = match dialled.user {
        Some(UserParameter::Phone) => ";user=phone",
        Some(UserParameter::Ip) => ";user=ip",
        None => "",
    };
    format!("{}{user}", dialled.sent)
}

fn when(dialled: &DialResult) -> String {
    match dialled.seconds {
        0 => "at once".to_owned(),
        seconds => format!("{seconds} s after the last digit"),
    }
}
