//! The route of a 7940 or 7960: the load that it runs, and each bridge from before its loader.

mod present;

use std::path::PathBuf;

use self::present::{Present, ask_load, ask_present, detected};
use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped},
        transition::Transition,
    },
    bundle,
    text::and,
};
use crate::{
    bundle::Bundle,
    phone::{EarlyFirmware, EarlyStep, Family, LoadName},
    stage,
};

const NUMBER: usize = 4;
const TITLE: &str = "route to the new firmware";

/// Maximum number of files in the menu.
const MAX_FILES: usize = 4;

/// What a phone accepts from 5.0 on.
const NO_WAY_BACK: &str = "There is no way back: from 5.0 on, a phone accepts signed images only. \
                           Keep its power connected while it installs.";

#[derive(Debug, Clone, PartialEq)]
enum BridgePick {
    File(PathBuf),
    Type,
    Without,
    Back,
}

/// Whether the firmware is for the 7940 and 7960 alone.
pub(super) fn is_for(answers: &Answers) -> bool {
    let targets = answers.selection.targets.iter();
    let mut loads = targets.flat_map(Bundle::served_loads).peekable();
    loads.peek().is_some() && loads.all(|load| load.family() == Some(Family::P3))
}

/// Asks for what the phones run, if it is not known, and then for each bridge that they need.
pub(super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<Transition, Stopped> {
    if let Some(present) = detected(answers) {
        if present.is_empty() {
            set_direct(
                answers,
                "direct: the phones have the loader, or take it directly",
            );
            return Ok(Transition::Skip);
        }
        let is_done = ask_bridges(&present, answers, prompt, environment)?;
        return Ok(if is_done {
            Transition::Next
        } else {
            Transition::Back
        });
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.paragraph(
            "What the phones run decides their route. A phone shows it at Settings > Status > \
             Firmware Versions, as Application Load ID. If they run different loads, choose the \
             oldest.",
        );
        let present = match ask_present(prompt)? {
            PromptReply::Given(Present::Known(firmware)) => firmware,
            PromptReply::Given(Present::Direct) => {
                set_direct(answers, "direct: the phones take the loader of the target");
                return Ok(Transition::Next);
            }
            PromptReply::Given(Present::Unknown) => {
                set_direct(
                    answers,
                    "direct, loads unknown: phones before 5.0 are reported as bridge-needed",
                );
                return Ok(Transition::Next);
            }
            PromptReply::Given(Present::Type) => match ask_load(prompt)? {
                Some(Present::Known(firmware)) => firmware,
                Some(_) => {
                    set_direct(answers, "direct: the phones take the loader of the target");
                    return Ok(Transition::Next);
                }
                None => continue,
            },
            PromptReply::Given(Present::Back) | PromptReply::Back => return Ok(Transition::Back),
        };
        if ask_bridges(&[present], answers, prompt, environment)? {
            return Ok(Transition::Next);
        }
    }
}

fn set_direct(answers: &mut Answers, why: &str) {
    answers.command_line.clear("bridges");
    answers.selection.bridges.clear();
    answers.set_answer(NUMBER, "route", why);
}

/// Asks for each missing bridge in turn. `false`: back.
fn ask_bridges(
    present: &[EarlyFirmware],
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<bool, Stopped> {
    let mut problem: Option<String> = None;
    // What was given on an earlier visit is offered again.
    let earlier = answers.bridge_files();
    let mut given: Vec<GivenBridge> = Vec::new();
    loop {
        set_bridges(&given, answers);
        let missing = missing(present, &answers.selection.bridges);
        let Some(wanted) = missing.first().copied() else {
            set_answer(answers);
            return Ok(true);
        };
        prompt.page(&answers.page(NUMBER, TITLE));
        if let Some(problem) = &problem {
            prompt.paragraph(problem);
        }
        prompt.paragraph(
            "Such a phone does not accept the target directly. It installs one bundle in each \
             start, by itself:",
        );
        prompt.verbatim(&steps(present, answers));
        prompt.paragraph(NO_WAY_BACK);
        let path = match pick(wanted, &earlier, answers, prompt, environment)? {
            PromptReply::Given(BridgePick::File(path)) => path,
            PromptReply::Given(BridgePick::Type) => match bundle::ask_path(prompt, None)? {
                PromptReply::Given(path) => path,
                PromptReply::Back => continue,
            },
            PromptReply::Given(BridgePick::Without) => {
                set_answer(answers);
                return Ok(true);
            }
            PromptReply::Given(BridgePick::Back) | PromptReply::Back => {
                if given.pop().is_none() {
                    return Ok(false);
                }
                problem = None;
                continue;
            }
        };
        prompt.paragraph("Reading the bridge …");
        let taken = take(path, present, answers, prompt, environment)?;
        prompt.check_signals()?;
        problem = match taken {
            Taken::Yes(bridge) => {
                given.push(bridge);
                None
            }
            Taken::Declined => None,
            Taken::Rejected(why) => Some(why),
        };
    }
}

/// The images of the bridges that are missing.
fn missing(present: &[EarlyFirmware], bridges: &[Bundle]) -> Vec<&'static str> {
    let mut loads: Vec<LoadName> = bridges
        .iter()
        .flat_map(Bundle::served_loads)
        .cloned()
        .collect();
    loads.sort_by_key(LoadName::release);
    let mut missing = Vec::new();
    for firmware in present {
        if let EarlyStep::Missing(images) = firmware.next_step(&loads) {
            for image in images {
                if !missing.contains(&image) {
                    missing.push(image);
                }
            }
        }
    }
    missing
}

/// The steps of the route: what is given, what is missing, and the target.
fn steps(present: &[EarlyFirmware], answers: &Answers) -> String {
    let bridges = &answers.selection.bridges;
    let missing = missing(present, bridges);
    let all = self::missing(present, &[]);
    let mut lines = Vec::new();
    for (at, image) in all.iter().enumerate() {
        let load = image.strip_suffix(".bin").unwrap_or(image);
        let what = if missing.contains(image) {
            "missing".to_owned()
        } else {
            "given".to_owned()
        };
        lines.push(format!("  {}. {load:<14} {what}", at + 1));
    }
    let target = answers.selection.targets.iter();
    let target = target.flat_map(Bundle::served_loads).next();
    let target = target.map(ToString::to_string).unwrap_or_default();
    lines.push(format!("  {}. {target:<14} the target", all.len() + 1));
    lines.join("\n")
}

fn pick(
    wanted: &str,
    earlier: &[PathBuf],
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<PromptReply<BridgePick>, Stopped> {
    let load = wanted.strip_suffix(".bin").unwrap_or(wanted);
    let used = [answers.bundle_files(), answers.bridge_files()].concat();
    let mut files: Vec<_> = environment
        .candidates()
        .into_iter()
        .filter(|path| !used.contains(path))
        .filter(|path| {
            let name = bundle::name(path).to_ascii_lowercase();
            ["p0s3", "p003", "7940", "7960"]
                .iter()
                .any(|part| name.contains(part))
        })
        .collect();
    let is_wanted = |path: &PathBuf| {
        let name = bundle::name(path).to_ascii_lowercase();
        name.contains(&load.to_ascii_lowercase())
    };
    for path in earlier.iter().filter(|path| !used.contains(path)) {
        files.retain(|other| other != path);
        files.insert(0, path.clone());
    }
    files.sort_by_key(|path| !is_wanted(path));
    let mut choice = MenuChoice::new(format!("Which bundle has {load}?"));
    for path in files.into_iter().take(MAX_FILES) {
        choice = choice.item(path.display().to_string(), BridgePick::File(path));
    }
    choice
        .item(
            format!("Type the path of the bundle with {wanted}"),
            BridgePick::Type,
        )
        .item(
            "Go on without it: phones that need it stay as they are",
            BridgePick::Without,
        )
        .item("Back", BridgePick::Back)
        .ask(prompt)
}

/// A file that the operator gave, and what is in it.
struct GivenBridge {
    path: PathBuf,
    bundles: Vec<Bundle>,
}

enum Taken {
    Yes(GivenBridge),
    /// The operator does not accept a bundle of unproven origin.
    Declined,
    Rejected(String),
}

/// Whether this bundle is the next bridge.
fn take(
    path: PathBuf,
    present: &[EarlyFirmware],
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<Taken, Stopped> {
    let options = match answers.options() {
        Ok(options) => options,
        Err(failure) => return Ok(Taken::Rejected(failure.to_string())),
    };
    let paths = std::slice::from_ref(&path);
    let read = bundle::check_readable(paths, environment)
        .and_then(|()| environment.examine(paths, &options.trust));
    let bundles = match read {
        Ok(bundles) => bundles,
        Err(failure) => return Ok(Taken::Rejected(failure.to_string())),
    };
    let all = [answers.selection.bridges.clone(), bundles.clone()].concat();
    let check = |unknown| stage::check_bridges(&all, &answers.selection.targets, unknown);
    if let Err(error) = check(true) {
        return Ok(Taken::Rejected(bundle::rejection(&all, &error)));
    }
    if missing(present, &all).len() == missing(present, &answers.selection.bridges).len() {
        let loads = bundles.iter().flat_map(Bundle::served_loads);
        let loads: Vec<String> = loads.map(ToString::to_string).collect();
        return Ok(Taken::Rejected(format!(
            "{} has {}, which is none of the missing steps.",
            bundle::name(&path),
            and(&loads)
        )));
    }
    if check(options.trust.accept_unknown).is_err() {
        // Unsigned images prove no origin.
        let sentences: Vec<String> = bundles.iter().map(bundle::sentence).collect();
        if !bundle::accepts_unproven(&sentences, prompt)? {
            return Ok(Taken::Declined);
        }
        answers.command_line.set("accept_unknown", [""; 0]);
    }
    Ok(Taken::Yes(GivenBridge { path, bundles }))
}

fn set_bridges(given: &[GivenBridge], answers: &mut Answers) {
    let paths: Vec<PathBuf> = given.iter().map(|bridge| bridge.path.clone()).collect();
    if paths.is_empty() {
        answers.command_line.clear("bridges");
    } else {
        answers.command_line.set("bridges", &paths);
    }
    let bundles = given.iter().flat_map(|bridge| bridge.bundles.clone());
    answers.selection.bridges = bundles.collect();
}

fn set_answer(answers: &mut Answers) {
    let loads = answers
        .selection
        .bridges
        .iter()
        .flat_map(Bundle::served_loads);
    let loads: Vec<String> = loads.map(ToString::to_string).collect();
    let short = match loads.as_slice() {
        [] => "direct, without a bridge: phones that need one stay as they are".to_owned(),
        loads => format!("old phones via {}; no way back below 5.0", and(loads)),
    };
    answers.set_answer(NUMBER, "route", short);
}
