//! Step 3: this machine and its network.

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped},
        transition::Transition,
    },
    text::count,
};
use crate::{
    dhcp::ServerKind,
    diagnose::{Finding, Severity},
    display::{self, Style},
    preflight::{self, CheckOptions, CheckResult, code},
};

const NUMBER: usize = 3;
const TITLE: &str = "this machine and its network";

/// Rows of findings on one page. The menu and the head need the others of 24.
const MAX_ROWS: usize = 11;

#[derive(Debug, Clone, Copy, PartialEq)]
enum NetworkPick {
    Continue,
    CheckAgain,
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
    if answers
        .options()
        .is_ok_and(|options| is_undecided(answers, &options.check))
        && let PromptReply::Back = ask_interface(answers, prompt, environment, false)?
    {
        return Ok(Transition::Back);
    }
    let mut first = 0;
    check(answers, prompt, environment)?;
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
            NetworkPick::CheckAgain => check(answers, prompt, environment)?,
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
                if ask_interface(answers, prompt, environment, true)? != PromptReply::Back {
                    check(answers, prompt, environment)?;
                }
            }
            NetworkPick::Leave => return Err(Stopped::Left),
            NetworkPick::Back => {}
        }
    }
}

/// Whether it is not decided yet where to serve.
fn is_undecided(answers: &Answers, options: &CheckOptions) -> bool {
    !answers.is_given(&["interface", "listen"])
        && options.interface.is_none()
        && options.listen.is_none()
}

/// Asks for the interface, unless evidence chooses one; asks in any case if `always`.
fn ask_interface(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
    always: bool,
) -> Result<PromptReply<()>, Stopped> {
    let all = environment.interfaces();
    let detected = |name: &str| {
        let phones = answers.detected.phones.iter();
        phones.filter(|(interface, _)| interface == name).count()
    };
    let with_phones: Vec<_> = all.iter().filter(|one| detected(&one.name) > 0).collect();
    if !always {
        if let [only] = with_phones.as_slice() {
            answers.command_line.set("interface", [only.name.clone()]);
            return Ok(PromptReply::Given(()));
        }
        if preflight::choose(&all, None).is_ok() || all.len() < 2 {
            return Ok(PromptReply::Given(()));
        }
    }
    prompt.page(&answers.page(NUMBER, TITLE));
    prompt.paragraph(
        "The phones and this machine must be on the same network. Which interface leads to the \
         phones?",
    );
    let mut choice = MenuChoice::new("Network interface?");
    for one in &all {
        let phones = match detected(&one.name) {
            0 => String::new(),
            phones => format!(": {} detected", count(phones)),
        };
        choice = choice.item(format!("{one}{phones}"), Some(one.name.clone()));
    }
    let best = with_phones
        .first()
        .copied()
        .or_else(|| all.iter().find(|one| one.carrier && !one.software));
    let earlier = answers.options().ok();
    let earlier = earlier.and_then(|options| options.check.interface);
    let default = earlier.or_else(|| best.map(|one| one.name.clone()));
    let choice = choice.item("Back", None).default(&default);
    Ok(match choice.ask(prompt)? {
        PromptReply::Given(Some(name)) => {
            answers.command_line.set("interface", [name]);
            answers.command_line.clear("listen");
            PromptReply::Given(())
        }
        PromptReply::Given(None) | PromptReply::Back => PromptReply::Back,
    })
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
        Ok(options) => Some(environment.check(&options.check)),
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
    let default = match (no_privileges, has_error) {
        (true, _) => NetworkPick::Leave,
        (false, true) => NetworkPick::CheckAgain,
        (false, false) => NetworkPick::Continue,
    };
    MenuChoice::new("What next?")
        .item_if(!is_blocked && !has_error, "Continue", NetworkPick::Continue)
        .item("I changed something: check again", NetworkPick::CheckAgain)
        .item_if(more > 0, format!("Show {more} more"), NetworkPick::More)
        .item_if(
            all.iter().any(is_about_dhcp) && !isolated,
            "Show the settings for my DHCP server",
            NetworkPick::DhcpSettings,
        )
        .item_if(
            !isolated && !no_privileges,
            "Let reflash serve addresses: the phones are on a separate switch",
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
        choice = choice.item(kind.to_string(), Some(kind));
    }
    let PromptReply::Given(Some(kind)) = choice.item("Back", None).ask(prompt)? else {
        return Ok(false);
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
