//! Step 3: this machine and its network.

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped},
        transition::Transition,
    },
    interface::{NUMBER, TITLE, ask_interface, decide, reason},
    phones::listen_again,
};
use crate::{
    dhcp::ServerKind,
    diagnose::{Finding, Severity},
    display::{self, Style},
    preflight::{CheckResult, code},
};

/// Rows of findings on one page. The menu and the head need the others of 24.
const MAX_ROWS: usize = 11;

#[derive(Debug, Clone, Copy, PartialEq)]
enum NetworkPick {
    Continue,
    CheckAgain,
    Listen,
    More,
    DhcpSettings,
    Isolated,
    NetworkDhcp,
    Interface,
    Leave,
    Back,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    let mut first = 0;
    if decide_and_check(answers, prompt, environment)? == PromptReply::Back {
        return Ok(Transition::Back);
    }
    let is_given = answers.is_given(&["interface", "listen"]);
    if is_given && worst(answers) < Some(Severity::Error) {
        set_answer(answers);
        return Ok(Transition::Skip);
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        let shown = show_findings(answers, prompt, first);
        let picked = match pick(answers, prompt, environment, shown)? {
            PromptReply::Given(NetworkPick::Back) | PromptReply::Back => {
                return Ok(Transition::Back);
            }
            PromptReply::Given(picked) => picked,
        };
        first = 0;
        match picked {
            NetworkPick::Continue => {
                set_answer(answers);
                return Ok(Transition::Next);
            }
            NetworkPick::CheckAgain => {
                // Phones that were detected may have an interface with an address now.
                if decide_and_check(answers, prompt, environment)? == PromptReply::Back {
                    return Ok(Transition::Back);
                }
            }
            NetworkPick::Listen => {
                listen_again(answers, prompt, environment)?;
                if decide_and_check(answers, prompt, environment)? == PromptReply::Back {
                    return Ok(Transition::Back);
                }
            }
            NetworkPick::More => first = shown,
            NetworkPick::DhcpSettings => {
                if show_dhcp_settings(answers, prompt)? {
                    check(answers, prompt, environment)?;
                }
            }
            NetworkPick::Isolated => {
                answers.command_line.set("dhcp", ["isolated"]);
                check(answers, prompt, environment)?;
            }
            NetworkPick::NetworkDhcp => {
                answers.command_line.clear("dhcp");
                answers.command_line.clear("dhcp_router");
                check(answers, prompt, environment)?;
            }
            NetworkPick::Interface => {
                if ask_interface(answers, prompt, environment)? != PromptReply::Back {
                    check(answers, prompt, environment)?;
                }
            }
            NetworkPick::Leave => return Err(Stopped::Left),
            NetworkPick::Back => {}
        }
    }
}

/// Decides where to serve, and checks machine and network.
fn decide_and_check(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<PromptReply<()>, Stopped> {
    let decided = decide(answers, prompt, environment)?;
    if decided == PromptReply::Given(()) {
        check(answers, prompt, environment)?;
    }
    Ok(decided)
}

/// Checks machine and network.
fn check(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<(), Stopped> {
    prompt.page(&answers.page(NUMBER, TITLE));
    prompt.paragraph("Checking this machine, and probing for DHCP servers as a phone does, 6 s …");
    answers.checked = match answers.options() {
        Ok(options) => {
            let mut checked = environment.check(&options.check);
            if let Some(chosen) = &mut checked.chosen
                && let Some(reason) = reason(answers, chosen, environment)
            {
                chosen.reason = reason;
            }
            Some(checked)
        }
        Err(failure) => {
            prompt.paragraph(&failure.to_string());
            None
        }
    };
    prompt.check_signals()
}

fn is_isolated(answers: &Answers) -> bool {
    let options = answers.options();
    options.is_ok_and(|options| options.check.isolated)
}

fn findings(answers: &Answers) -> &[Finding] {
    answers
        .checked
        .as_ref()
        .map_or(&[], |checked| &checked.findings)
}

/// The worst severity; `None` if nothing could be checked.
fn worst(answers: &Answers) -> Option<Severity> {
    let checked = answers.checked.as_ref()?;
    let severities = checked.findings.iter().map(|finding| finding.severity);
    Some(severities.max().unwrap_or(Severity::Note))
}

/// Shows findings from `first` on, as many as fit. Returns the index of the next one.
fn show_findings(answers: &Answers, prompt: &mut dyn Prompt, first: usize) -> usize {
    if let Some(chosen) = answers.checked.as_ref().and_then(|it| it.chosen.as_ref()) {
        let interface = chosen.interface.as_deref().unwrap_or("no interface");
        prompt.paragraph(&format!(
            "Serving address: {} ({interface}: {}).",
            chosen.address, chosen.reason
        ));
    }
    let all = findings(answers);
    let errors_first = lacks_privileges(all);
    if first == 0 {
        prompt.paragraph(match worst(answers) {
            Some(Severity::Error) => "A conversion would fail:",
            Some(Severity::Warning) => "Ready, with warnings:",
            _ => "Ready: no problems found.",
        });
    }
    let mut rows = 0;
    let mut shown = first;
    for finding in all.iter().skip(first) {
        let text = display::finding(finding, Style::plain());
        rows += text.lines().count();
        // Without privileges most checks are not possible, so other findings follow on the next
        // page.
        let can_wait = errors_first && first == 0 && finding.severity != Severity::Error;
        if shown > first && (rows > MAX_ROWS || can_wait) {
            break;
        }
        prompt.verbatim(&text);
        shown += 1;
    }
    shown
}

fn pick(
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
    shown: usize,
) -> Result<PromptReply<NetworkPick>, Stopped> {
    let all = findings(answers);
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    let isolated = is_isolated(answers);
    let is_blocked = answers.checked.is_none()
        || all
            .iter()
            .any(|finding| is_error(finding) && blocks(finding, isolated));
    let has_error = all.iter().any(is_error);
    let no_privileges = lacks_privileges(all);
    if no_privileges {
        prompt.paragraph("Exit, and continue from here with the necessary privileges:");
        let program = std::env::current_exe().unwrap_or_else(|_| "reflash".into());
        let line = answers.wizard_line();
        let line = line.strip_prefix("reflash").unwrap_or(&line);
        prompt.verbatim(&format!("  sudo {}{line}", program.display()));
    }
    let is_about_dhcp = |finding: &Finding| {
        let codes = [code::NO_TFTP_ADDRESS, code::SECOND_DHCP];
        codes.contains(&finding.code)
    };
    let more = all.len() - shown.min(all.len());
    // Phones on the interface, and no DHCP server there: a cable or a switch of their own.
    let needs_addresses = !isolated
        && !answers.relevant_phones().is_empty()
        && all.iter().any(|finding| {
            finding.code == code::NO_TFTP_ADDRESS && finding.message.starts_with("no DHCP server")
        });
    let default = match (no_privileges, has_error) {
        (true, _) => NetworkPick::Leave,
        (false, _) if needs_addresses => NetworkPick::Isolated,
        (false, true) => NetworkPick::CheckAgain,
        (false, false) => NetworkPick::Continue,
    };
    MenuChoice::new("What next?")
        .item_if(!is_blocked && !has_error, "Continue", NetworkPick::Continue)
        .item("I changed something: check again", NetworkPick::CheckAgain)
        .item_if(more > 0, format!("Show {more} more"), NetworkPick::More)
        .item_if(
            answers.detected.listened && answers.detected.phones.is_empty() && !is_blocked,
            "Listen again for phones, for a minute",
            NetworkPick::Listen,
        )
        .item_if(
            all.iter().any(is_about_dhcp) && !isolated,
            "Show the settings for my DHCP server",
            NetworkPick::DhcpSettings,
        )
        .item_if(
            !isolated && !no_privileges,
            "Let reflash serve addresses: phones on a cable or switch of their own",
            NetworkPick::Isolated,
        )
        .item_if(
            isolated,
            "Use the network's own DHCP server",
            NetworkPick::NetworkDhcp,
        )
        .item_if(
            environment.interfaces().len() > 1,
            "Choose another network interface",
            NetworkPick::Interface,
        )
        .item_if(
            !is_blocked && has_error,
            "Continue anyway",
            NetworkPick::Continue,
        )
        .item_if(is_blocked, "Leave the wizard", NetworkPick::Leave)
        .item("Back", NetworkPick::Back)
        .default(&default)
        .ask(prompt)
}

/// Whether a privilege is missing that every run needs.
fn lacks_privileges(all: &[Finding]) -> bool {
    all.iter()
        .any(|it| it.code == code::NO_RIGHT && it.severity == Severity::Error)
}

/// Whether a run could not even start.
fn blocks(finding: &Finding, isolated: bool) -> bool {
    match finding.code {
        code::PORT_BUSY | code::NO_RIGHT | code::SELF_TEST => true,
        code::SECOND_DHCP => isolated,
        _ => false,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum ServerPick {
    Kind(ServerKind),
    Unknown,
    Back,
}

/// What to do with a DHCP server that cannot be configured.
fn show_way_out(answers: &Answers, prompt: &mut dyn Prompt) -> Result<(), Stopped> {
    prompt.page(&answers.page(NUMBER, TITLE));
    prompt.paragraph(
        "Most internet routers cannot announce a TFTP server. It does not matter for a conversion: \
         connect the phones to this machine by a cable, or by a switch that is not connected to \
         your network, and give that network interface an address. Then reflash assigns addresses \
         to the phones itself: on the page of findings, choose \"Let reflash serve addresses\" \
         (--dhcp isolated). After the conversion, connect the phones to your network again.",
    );
    MenuChoice::new("Then:")
        .item("Back to the findings", ())
        .ask(prompt)?;
    Ok(())
}

/// Shows the settings that make a DHCP server announce this machine. Returns whether they are
/// in place now.
fn show_dhcp_settings(answers: &Answers, prompt: &mut dyn Prompt) -> Result<bool, Stopped> {
    let chosen = answers.checked.as_ref().and_then(|it| it.chosen.as_ref());
    let Some(address) = chosen.map(|chosen| chosen.address) else {
        return Ok(false);
    };
    prompt.page(&answers.page(NUMBER, TITLE));
    prompt.paragraph(
        "The phones' DHCP server must announce this machine as TFTP server. Which DHCP server is \
         it?",
    );
    let mut choice = MenuChoice::new("DHCP server?");
    for kind in ServerKind::ALL {
        let name = match kind {
            ServerKind::Dnsmasq => "dnsmasq (also Pi-hole, OpenWrt)".to_owned(),
            kind => kind.to_string(),
        };
        choice = choice.item(name, ServerPick::Kind(kind));
    }
    let choice = choice
        .item("My internet router, or I do not know", ServerPick::Unknown)
        .item("Back", ServerPick::Back);
    let kind = match choice.ask(prompt)? {
        PromptReply::Given(ServerPick::Kind(kind)) => kind,
        PromptReply::Given(ServerPick::Unknown) => {
            show_way_out(answers, prompt)?;
            return Ok(false);
        }
        PromptReply::Given(ServerPick::Back) | PromptReply::Back => return Ok(false),
    };
    prompt.page(&answers.page(NUMBER, TITLE));
    prompt.paragraph(&format!(
        "Settings for {kind}. Remove them when the phones are converted."
    ));
    prompt.verbatim(&format!("\n{}", kind.config_snippet(address)));
    let choice = MenuChoice::new("Add these settings, then:")
        .item("They are in place: check again", true)
        .item("Back to the findings", false);
    Ok(choice.ask(prompt)? == PromptReply::Given(true))
}

fn set_answer(answers: &mut Answers) {
    let Some(CheckResult {
        chosen: Some(chosen),
        findings,
    }) = &answers.checked
    else {
        return;
    };
    let is_announced = findings.iter().any(|finding| finding.code == code::DHCP);
    let dhcp = match (is_isolated(answers), is_announced) {
        (true, _) => "; reflash serves addresses",
        (false, true) => "; announced by DHCP",
        (false, false) => "; DHCP must be set by you",
    };
    let interface = chosen.interface.as_deref();
    let interface = interface.map(|name| format!(" on {name}"));
    let text = format!("{}{}{dhcp}", chosen.address, interface.unwrap_or_default());
    answers.set_answer(NUMBER, "network", text);
}
