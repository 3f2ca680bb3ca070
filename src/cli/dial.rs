//! `reflash dial`: what a phone would send for these digits.

mod plan;
mod table;

pub(super) use plan::for_phones;

use std::path::PathBuf;

use super::{Failure, Globals, Outcome, json_document, print};
use crate::{
    dialplan::{
        DialMode, DialPlan, DialResult, MAX_DIGITS, MatchedEntry, PRESETS, ProxyRoute,
        UserParameter,
    },
    display::Style,
    text::{escape, wrap},
};

/// Says what a phone with this dial plan sends for these digits.
///
/// And when, and by which entry. The digits are pressed one after the other, so a call that begins early is seen too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  reflash dial dialplan.xml 5123456
  reflash dial AU 000 --json
  reflash dial office.dial --table numbers.txt     exit code 1 if one is sent otherwise
  reflash dial office.dial --xml > dialplan.xml    write it for the phones

A table has a line for each number: the digits, what is sent ('-' for nothing),
and if you like the seconds until then. What follows ';' or a '#' that stands
alone is a comment.
docs/dialplans.md has the language of plans.")]
pub(super) struct Args {
    /// A dialplan.xml, a plan's source, or one of the presets AU, NANP and internal.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The keys that are pressed: 0 to 9, * # and +. '' is none: a hotline's call.
    #[arg(value_name = "DIGITS", value_parser = digits, conflicts_with_all = ["table", "xml"],
          required_unless_present_any = ["table", "xml"])]
    digits: Option<String>,
    /// Take # as a digit, as phones do whose proxy is USECALLMANAGER.
    #[arg(long)]
    call_manager_mode: bool,
    /// The line of the phone, for entries that are for one only.
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(1..))]
    line: u8,
    /// Dial each number of FILE and hold what is sent against what stands there.
    #[arg(long, value_name = "FILE", conflicts_with = "xml")]
    table: Option<PathBuf>,
    /// Print the dialplan.xml for a source or preset.
    #[arg(long, conflicts_with_all = ["json", "call_manager_mode", "line"])]
    xml: bool,
}

/// Keys of a phone.
fn digits(text: &str) -> Result<String, String> {
    if let Some(strange) = text.chars().find(|key| !"0123456789*#+".contains(*key)) {
        let strange = strange.escape_debug();
        return Err(format!(
            "'{strange}' is no key: expected 0 to 9, *, # and +"
        ));
    }
    if text.len() > MAX_DIGITS {
        return Err(format!("a phone keeps no more than {MAX_DIGITS} digits"));
    }
    Ok(text.to_owned())
}

/// Dials as the flags say.
struct Phone {
    template: DialPlan,
    line: u8,
    mode: DialMode,
}

impl Phone {
    fn dial(&self, digits: &str) -> DialResult {
        self.template.dial_on(self.line, digits, self.mode)
    }
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    if args.xml {
        print(&plan::xml(&args.plan, globals)?)?;
        return Ok(Outcome::Done);
    }
    let phone = Phone {
        template: plan::read(&args.plan, globals)?,
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
    let dialled = phone.dial(args.digits.as_deref().unwrap_or_default());
    if globals.json {
        print(&json_document(&dialled)?)?;
    } else {
        print(&told(&dialled, Style::new(globals.color)))?;
    }
    Ok(Outcome::Done)
}

/// What a person reads.
fn told(dialled: &DialResult, style: Style) -> String {
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
        None => line("rule", "none: sent as it was dialled"),
    }
    if let Some(awaited) = &dialled.waits_for {
        let why = "fits better and wants more digits";
        line("waits", &format!("for {}, which {why}", rule(awaited)));
    }
    for tone in &dialled.tones {
        let digits = if tone.after == 1 { "digit" } else { "digits" };
        let heard = format!("{} after {} {digits}", tone.tone, tone.after);
        line("tone", &heard);
    }
    if dialled.route != ProxyRoute::Default {
        let route = match dialled.route {
            ProxyRoute::Emergency => "to the proxy for emergency calls",
            _ => "to the host that the address names",
        };
        line("route", route);
    }
    if !dialled.unsent.is_empty() {
        let late = format!("{} was pressed too late and is not sent", dialled.unsent);
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

fn rule(rule: &MatchedEntry) -> String {
    let pattern = match rule.pattern.as_str() {
        "" => "the hotline".to_owned(),
        pattern => escape(pattern),
    };
    format!("{pattern} (entry {}, line {})", rule.index, rule.line)
}

/// The presets, for a message.
fn presets() -> String {
    PRESETS.join(", ")
}
