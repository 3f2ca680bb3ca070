//! `reflash check`: everything that can be known before the first phone is powered.

use super::{
    Failure, Globals, Outcome, dhcp::DhcpArgs, findings, json_document, network::NetworkArgs, print,
};
use crate::{
    dhcp::ServerKind,
    diagnose::Severity,
    preflight::{self, CheckResult, code},
    text::{escape, wrap},
};

/// Looks at this machine and its network before the first phone is powered.
///
/// Which interface, who has the ports, rights, the firewall, and what the DHCP servers of the
/// network tell a Cisco phone. All findings, the worst first; exit code 1 if one of them would
/// stop a conversion. Nothing is changed, and no address is taken.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sudo reflash check
  Before a conversion on a switch of its own:
    sudo reflash check --interface eth0 --dhcp isolated
  The lines for the network's DHCP server:
    reflash check --interface eth0 --paste dnsmasq")]
pub(super) struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    dhcp: DhcpArgs,
    /// Print the lines that make a DHCP server of this kind name this machine, and nothing else.
    #[arg(long, value_name = "KIND")]
    paste: Option<ServerKind>,
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    if let Some(kind) = args.paste {
        return paste(kind, args, globals);
    }
    let isolated = args.dhcp.isolated()?;
    let wanted = args.network.wanted(isolated);
    let quiet = globals.quiet || globals.json;
    let CheckResult {
        chosen,
        mut findings,
    } = preflight::check(&wanted, |what| {
        if !quiet {
            eprintln!("{what}");
        }
    });
    let address = chosen.as_ref().map(|chosen| chosen.address);
    if let (true, Some(address)) = (globals.json, address) {
        for finding in &mut findings {
            if finding.code == code::NO_TFTP_ADDRESS && !isolated {
                finding.cure += &all_lines(address);
            }
        }
    }
    if globals.quiet {
        findings.retain(|finding| finding.severity != Severity::Note);
    }
    if let (false, Some(chosen)) = (quiet, &chosen) {
        let interface = chosen.interface.as_deref().unwrap_or("no interface");
        let words = format!(
            "{} on {}: {}",
            chosen.address,
            escape(interface),
            chosen.reason
        );
        print(&(wrap(&words, "", "  ").join("\n") + "\n"))?;
    }
    let outcome = findings::tell(&findings, globals)?;
    if !quiet {
        print(verdict(outcome))?;
    }
    Ok(outcome)
}

fn verdict(outcome: Outcome) -> &'static str {
    if outcome == Outcome::Done {
        "Nothing that was looked at stops a conversion.\n"
    } else {
        "A conversion would not work like this: see each error above.\n"
    }
}

fn paste(kind: ServerKind, args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let chosen = args.network.choose()?;
    let lines = kind.config_snippet(chosen.address);
    if globals.json {
        let document = serde_json::json!({
            "kind": kind.flag_value(),
            "address": chosen.address,
            "lines": lines,
        });
        print(&json_document(&document)?)?;
    } else {
        print(&lines)?;
    }
    Ok(Outcome::Done)
}

/// For programs, and for people who read what they print: the lines for every kind of server.
fn all_lines(address: std::net::Ipv4Addr) -> String {
    let lines =
        ServerKind::ALL.map(|kind| format!("\n\n== {kind}\n{}", kind.config_snippet(address)));
    lines.concat()
}
