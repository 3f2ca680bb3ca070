//! `reflash check`: checks this machine and its network before phones are connected.

mod resets;

use std::path::PathBuf;

use super::{
    dhcp::DhcpArgs,
    findings,
    globals::{CommandOutcome, Globals, json_document, print},
    heading,
    metrics::MetricsArgs,
    network::NetworkArgs,
    number::number,
};
use crate::{
    dhcp::ServerKind,
    diagnose::Severity,
    failure::Failure,
    preflight::{self, CheckResult, code},
    restart::call_manager_commands::{CallManagerKind, WAVE},
    text::{escape, wrap},
};

/// Check this machine and its network before phones are connected
///
/// Checks the interface, the ports, privileges, the firewall, and which TFTP server the DHCP
/// servers of the network give to a Cisco phone. Prints all findings, the worst first; exit code
/// 1 if one of them would prevent a conversion. Nothing is changed, and no address is leased.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sudo reflash check
  Before a conversion on a separate switch:
    sudo reflash check --interface eth0 --dhcp isolated
  The settings for the network's DHCP server:
    reflash check --interface eth0 --paste dnsmasq
  The commands that restart phones at their present call manager:
    reflash check --resets cme --inventory office.toml")]
pub(super) struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    dhcp: DhcpArgs,
    #[command(flatten)]
    _metrics: MetricsArgs,
    /// Only print settings for this DHCP server
    ///
    /// The settings that make a DHCP server of this kind announce this machine as TFTP
    /// server. KIND is dnsmasq, isc, kea, mikrotik, pfsense, ios or windows.
    #[arg(long, value_name = "KIND", hide_possible_values = true,
          help_heading = heading::OUTPUT)]
    paste: Option<ServerKind>,
    /// Only print how this call manager resets phones
    ///
    /// For phones that still run: after a restart they read their files from this machine, if DHCP
    /// option 150 names it. KIND is cucm, cme, `chan_sccp` or `chan_skinny`.
    #[arg(long, value_name = "KIND", value_parser = resets::kind, requires = "inventory",
          help_heading = heading::OUTPUT)]
    resets: Option<CallManagerKind>,
    /// The phones for --resets
    #[arg(long, value_name = "FILE", requires = "resets", help_heading = heading::PHONES)]
    inventory: Option<PathBuf>,
    /// Most phones in a wave of --resets
    #[arg(long, value_name = "N", default_value_t = WAVE, value_parser = number(1..=1000_usize),
          help_heading = heading::PHONES)]
    wave: usize,
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    if let Some(kind) = args.paste {
        return paste(kind, args, globals);
    }
    if let (Some(kind), Some(inventory)) = (args.resets, &args.inventory) {
        return resets::run(kind, inventory, args.wave, globals);
    }
    let isolated = args.dhcp.isolated()?;
    let options = args.network.check_options(isolated);
    let quiet = globals.quiet || globals.json;
    let CheckResult {
        chosen,
        mut findings,
    } = preflight::check(&options, |what| {
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
        let line = format!(
            "{} on {}: {}",
            chosen.address,
            escape(interface),
            chosen.reason
        );
        print(&(wrap(&line, "", "  ").join("\n") + "\n"))?;
    }
    let outcome = findings::print_all(&findings, globals)?;
    if !quiet {
        print(verdict(outcome))?;
    }
    Ok(outcome)
}

fn verdict(outcome: CommandOutcome) -> &'static str {
    if outcome == CommandOutcome::Done {
        "No finding prevents a conversion.\n"
    } else {
        "A conversion would fail: see the errors above.\n"
    }
}

fn paste(kind: ServerKind, args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
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
    Ok(CommandOutcome::Done)
}

/// The settings for every kind of server.
fn all_lines(address: std::net::Ipv4Addr) -> String {
    let lines =
        ServerKind::ALL.map(|kind| format!("\n\n== {kind}\n{}", kind.config_snippet(address)));
    lines.concat()
}
