//! Step 3: this machine and its network.

use super::{
    super::{
        super::findings,
        answers::Answers,
        asker::{Asker, Choice, Reply, Stopped},
        flow::Move,
        world::World,
    },
    words,
};
use crate::{
    dhcp::ServerKind,
    diagnose::{Finding, Severity},
    display::Style,
    preflight::{self, CheckResult, code},
};

const NUMBER: usize = 3;
const TITLE: &str = "this machine and its network";

/// Rows of findings on one page: the menu and what is settled need the others of 24.
const ROWS: usize = 11;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pick {
    GoOn,
    Again,
    More,
    Lines,
    Isolated,
    Theirs,
    Interface,
    Leave,
    Back,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    asker: &mut dyn Asker,
    world: &mut dyn World,
) -> Result<Move, Stopped> {
    if answers
        .args()
        .is_ok_and(|args| is_open(answers, &args.network))
        && let Reply::Back = interface(answers, asker, world, false)?
    {
        return Ok(Move::Back);
    }
    let mut first = 0;
    look(answers, asker, world)?;
    let given = answers.is_given(&["interface", "listen"]);
    if given && worst(answers) < Some(Severity::Error) {
        settle(answers);
        return Ok(Move::Skip);
    }
    loop {
        asker.page(&answers.page(NUMBER, TITLE));
        let shown = tell(answers, asker, first);
        let picked = match pick(answers, asker, world, shown)? {
            Reply::Given(Pick::Back) | Reply::Back => return Ok(Move::Back),
            Reply::Given(picked) => picked,
        };
        first = 0;
        match picked {
            Pick::GoOn => {
                settle(answers);
                return Ok(Move::Next);
            }
            Pick::Again => look(answers, asker, world)?,
            Pick::More => first = shown,
            Pick::Lines => {
                if lines(answers, asker)? {
                    look(answers, asker, world)?;
                }
            }
            Pick::Isolated => {
                answers.words.set("dhcp", ["isolated"]);
                look(answers, asker, world)?;
            }
            Pick::Theirs => {
                answers.words.clear("dhcp");
                answers.words.clear("dhcp_router");
                look(answers, asker, world)?;
            }
            Pick::Interface => {
                if interface(answers, asker, world, true)? != Reply::Back {
                    look(answers, asker, world)?;
                }
            }
            Pick::Leave => return Err(Stopped::Left),
            Pick::Back => {}
        }
    }
}

/// Whether nobody said where to serve.
fn is_open(answers: &Answers, network: &super::super::super::network::NetworkArgs) -> bool {
    let wanted = network.wanted(false);
    !answers.is_given(&["interface", "listen"])
        && wanted.interface.is_none()
        && wanted.listen.is_none()
}

/// Asks for the interface where evidence does not choose one, or where the person wants to.
fn interface(
    answers: &mut Answers,
    asker: &mut dyn Asker,
    world: &mut dyn World,
    always: bool,
) -> Result<Reply<()>, Stopped> {
    let all = world.interfaces();
    let heard = |name: &str| {
        let phones = answers.near.phones.iter();
        phones.filter(|(interface, _)| interface == name).count()
    };
    let with_phones: Vec<_> = all.iter().filter(|one| heard(&one.name) > 0).collect();
    if !always {
        if let [only] = with_phones.as_slice() {
            answers.words.set("interface", [only.name.clone()]);
            return Ok(Reply::Given(()));
        }
        if preflight::choose(&all, None).is_ok() || all.len() < 2 {
            return Ok(Reply::Given(()));
        }
    }
    asker.page(&answers.page(NUMBER, TITLE));
    asker.tell(
        "The phones and this machine must be in one network: a switch, or a cable. Which of these \
         leads there?",
    );
    let mut choice = Choice::new("Network interface?");
    for one in &all {
        let phones = match heard(&one.name) {
            0 => String::new(),
            phones => format!(": {} heard there", super::count(phones)),
        };
        choice = choice.item(format!("{one}{phones}"), Some(one.name.clone()));
    }
    let best = with_phones
        .first()
        .copied()
        .or_else(|| all.iter().find(|one| one.carrier && !one.software));
    let was = answers
        .args()
        .ok()
        .and_then(|args| args.network.wanted(false).interface);
    let default = was.or_else(|| best.map(|one| one.name.clone()));
    let choice = choice.item("Back", None).default(&default);
    Ok(match choice.ask(asker)? {
        Reply::Given(Some(name)) => {
            answers.words.set("interface", [name]);
            answers.words.clear("listen");
            Reply::Given(())
        }
        Reply::Given(None) | Reply::Back => Reply::Back,
    })
}

/// Looks, now.
fn look(
    answers: &mut Answers,
    asker: &mut dyn Asker,
    world: &mut dyn World,
) -> Result<(), Stopped> {
    asker.page(&answers.page(NUMBER, TITLE));
    asker.tell("Looking at this machine, and asking for DHCP servers as a phone does, 6 s …");
    answers.checked = match answers.args() {
        Ok(args) => {
            let isolated = args.dhcp.isolated().unwrap_or_default();
            Some(world.check(&args.network.wanted(isolated)))
        }
        Err(failure) => {
            asker.tell(&words(&failure));
            None
        }
    };
    asker.go_on()
}

fn found(answers: &Answers) -> &[Finding] {
    answers
        .checked
        .as_ref()
        .map_or(&[], |checked| &checked.findings)
}

fn worst(answers: &Answers) -> Option<Severity> {
    // Where nothing could be looked at there is nothing to go on with.
    let looked = answers.checked.as_ref()?;
    let severities = looked.findings.iter().map(|finding| finding.severity);
    Some(severities.max().unwrap_or(Severity::Note))
}

/// Shows findings from this one on, as many as fit; the number of the first that did not.
fn tell(answers: &Answers, asker: &mut dyn Asker, first: usize) -> usize {
    if let Some(chosen) = answers.checked.as_ref().and_then(|it| it.chosen.as_ref()) {
        let interface = chosen.interface.as_deref().unwrap_or("no interface");
        asker.tell(&format!(
            "Phones are to find this machine at {} ({interface}: {}).",
            chosen.address, chosen.reason
        ));
    }
    let all = found(answers);
    let only_errors = lacks_rights(all);
    if first == 0 {
        asker.tell(match worst(answers) {
            Some(Severity::Error) => "This would keep phones from being converted:",
            Some(Severity::Warning) => "Nothing stops a conversion. Worth knowing:",
            _ => "Nothing stands in the way.",
        });
    }
    let mut rows = 0;
    let mut shown = first;
    for finding in all.iter().skip(first) {
        let text = findings::lines(finding, Style::plain());
        rows += text.lines().count();
        // What is little known without rights can wait.
        let waits = only_errors && first == 0 && finding.severity != Severity::Error;
        if shown > first && (rows > ROWS || waits) {
            break;
        }
        asker.show(&text);
        shown += 1;
    }
    shown
}

fn pick(
    answers: &Answers,
    asker: &mut dyn Asker,
    world: &dyn World,
    shown: usize,
) -> Result<Reply<Pick>, Stopped> {
    let all = found(answers);
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    let isolated = answers
        .args()
        .is_ok_and(|args| args.dhcp.isolated().unwrap_or_default());
    let blocked = answers.checked.is_none()
        || all
            .iter()
            .any(|finding| is_error(finding) && blocks(finding, isolated));
    let has_error = all.iter().any(is_error);
    let no_right = lacks_rights(all);
    if no_right {
        asker.tell("Leave, and go on from here with the rights that it takes:");
        let program = std::env::current_exe().unwrap_or_else(|_| "reflash".into());
        let line = answers.wizard_line();
        let line = line.strip_prefix("reflash").unwrap_or(&line);
        asker.show(&format!("  sudo {}{line}", program.display()));
    }
    let is_about_dhcp = |finding: &&Finding| {
        let codes = [code::NO_TFTP_ADDRESS, code::SECOND_DHCP];
        codes.contains(&finding.code)
    };
    let about_dhcp = all.iter().any(|finding| is_about_dhcp(&finding));
    let more = all.len() - shown.min(all.len());
    let default = match (no_right, has_error) {
        (true, _) => Pick::Leave,
        (false, true) => Pick::Again,
        (false, false) => Pick::GoOn,
    };
    Choice::new("What now?")
        .item_if(!blocked && !has_error, "Go on", Pick::GoOn)
        .item("I changed something: look again", Pick::Again)
        .item_if(more > 0, format!("Show {more} more"), Pick::More)
        .item_if(
            about_dhcp && !isolated,
            "Show the lines for my DHCP server",
            Pick::Lines,
        )
        .item_if(
            !isolated && !no_right,
            "Let reflash give the addresses: the phones are on a switch of their own",
            Pick::Isolated,
        )
        .item_if(
            isolated,
            "Leave the addresses to the network's DHCP server",
            Pick::Theirs,
        )
        .item_if(
            world.interfaces().len() > 1,
            "Another network interface",
            Pick::Interface,
        )
        .item_if(!blocked && has_error, "Go on all the same", Pick::GoOn)
        .item_if(blocked, "Leave the wizard", Pick::Leave)
        .item("Back", Pick::Back)
        .default(&default)
        .ask(asker)
}

/// Whether a right is missing without which nothing works.
fn lacks_rights(all: &[Finding]) -> bool {
    all.iter()
        .any(|it| it.code == code::NO_RIGHT && it.severity == Severity::Error)
}

/// Whether a run would not even begin.
fn blocks(finding: &Finding, isolated: bool) -> bool {
    match finding.code {
        code::PORT_BUSY | code::NO_RIGHT | code::SELF_TEST => true,
        code::SECOND_DHCP => isolated,
        _ => false,
    }
}

/// The lines that make a DHCP server name this machine; whether they are there now.
fn lines(answers: &Answers, asker: &mut dyn Asker) -> Result<bool, Stopped> {
    let chosen = answers.checked.as_ref().and_then(|it| it.chosen.as_ref());
    let Some(address) = chosen.map(|chosen| chosen.address) else {
        return Ok(false);
    };
    asker.page(&answers.page(NUMBER, TITLE));
    asker.tell("The phones' DHCP server has to name this machine. Which one is it?");
    let mut choice = Choice::new("DHCP server?");
    for kind in ServerKind::ALL {
        choice = choice.item(kind.to_string(), Some(kind));
    }
    let Reply::Given(Some(kind)) = choice.item("Back", None).ask(asker)? else {
        return Ok(false);
    };
    asker.page(&answers.page(NUMBER, TITLE));
    asker.tell(&format!(
        "For {kind}. Take it out again when the phones are done."
    ));
    asker.show(&format!("\n{}", kind.config_snippet(address)));
    let choice = Choice::new("Put these lines there, then:")
        .item("They are there: look again", true)
        .item("Back to the findings", false);
    Ok(choice.ask(asker)? == Reply::Given(true))
}

fn settle(answers: &mut Answers) {
    let Some(CheckResult {
        chosen: Some(chosen),
        findings,
    }) = &answers.checked
    else {
        return;
    };
    let isolated = answers
        .args()
        .is_ok_and(|args| args.dhcp.isolated().unwrap_or_default());
    let named = findings.iter().any(|finding| finding.code == code::DHCP);
    let dhcp = match (isolated, named) {
        (true, _) => "; reflash gives the addresses",
        (false, true) => "; DHCP names it",
        (false, false) => "; DHCP is yours to set",
    };
    let interface = chosen.interface.as_deref();
    let interface = interface.map(|name| format!(" on {name}"));
    let text = format!("{}{}{dhcp}", chosen.address, interface.unwrap_or_default());
    answers.settle(NUMBER, "network", text);
}
