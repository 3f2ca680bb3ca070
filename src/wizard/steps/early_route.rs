//! The route of a 7940 or 7960: the load that it runs, and each bridge from before its loader.

use std::path::PathBuf;

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped, ask_line},
        transition::Transition,
    },
    bundle,
    text::and,
};
use crate::{
    bundle::Bundle,
    phone::{EarlyFirmware, EarlyProtocol, EarlyStep, Family, Generation79x0, LoadName},
    stage::{self, SelectionError},
};

const NUMBER: usize = 4;
const TITLE: &str = "route to the new firmware";

/// Maximum number of files in the menu.
const MAX_FILES: usize = 4;

/// What a phone accepts from 5.0 on.
const NO_WAY_BACK: &str = "There is no way back: from 5.0 on, a phone accepts signed images only. \
                           Keep its power connected while it installs.";

/// What the operator says that the phones run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Present {
    Known(EarlyFirmware),
    /// The loader, or firmware that takes it directly.
    Direct,
    /// Not known.
    Unknown,
    Type,
    Back,
}

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

/// The firmware of the chosen phones that needs bridges; `None` if a load is not known.
fn detected(answers: &Answers) -> Option<Vec<EarlyFirmware>> {
    let only = answers.only();
    let phones = answers.detected.phones.iter().map(|(_, phone)| phone);
    let loads: Vec<&LoadName> = phones
        .filter(|phone| only.contains(&phone.mac))
        .filter_map(|phone| phone.load.as_ref())
        .filter(|load| load.generation_79x0().is_some())
        .collect();
    let is_known = !only.is_empty() && loads.len() == only.len();
    is_known.then(|| loads.into_iter().filter_map(needing).collect())
}

/// What is known of this load, if phones that run it need bridges.
fn needing(load: &LoadName) -> Option<EarlyFirmware> {
    let firmware = EarlyFirmware::of(load)?;
    matches!(firmware.next_step(&[]), EarlyStep::Missing(_)).then_some(firmware)
}

fn unsigned(protocol: EarlyProtocol) -> Present {
    Present::Known(EarlyFirmware {
        protocol: Some(protocol),
        generation: Some(Generation79x0::Unsigned),
        release: None,
    })
}

fn ask_present(prompt: &mut dyn Prompt) -> Result<PromptReply<Present>, Stopped> {
    MenuChoice::new("What do the phones run now?")
        .item(
            "SIP 7.0 or later, SCCP 6.0 or later (P0S3-07…, P00306…): has the loader",
            Present::Direct,
        )
        .item(
            "SIP 5.x or 6.x, SCCP 5.x (P0S3-05…, P0S3-06…, P00305…)",
            Present::Direct,
        )
        .item(
            "SIP 2.x to 4.x (P0S302…, P0S3-03…, P0S3-04…)",
            unsigned(EarlyProtocol::Sip),
        )
        .item(
            "SCCP 3.x or 4.x (P00303…, P00304…)",
            unsigned(EarlyProtocol::Skinny),
        )
        .item(
            "SCCP that reads no XML (P003AL…)",
            unsigned(EarlyProtocol::SkinnyWithoutXml),
        )
        .item("Type the name of the load", Present::Type)
        .item("I do not know", Present::Unknown)
        .item("Back", Present::Back)
        .default(&Present::Unknown)
        .ask(prompt)
}

/// Asks for the name of the load; `None`: back.
fn ask_load(prompt: &mut dyn Prompt) -> Result<Option<Present>, Stopped> {
    loop {
        let PromptReply::Given(text) = ask_line(prompt, "Load, such as P0S3-03-2-00", None)? else {
            return Ok(None);
        };
        let load = LoadName::new(text.trim());
        if load.generation_79x0().is_some() {
            return Ok(Some(needing(&load).map_or(Present::Direct, Present::Known)));
        }
        prompt.paragraph(
            "That is no load of a 7940 or 7960: it begins with P0 and has a release, such as \
             P0S3-03-2-00 or P00304000000.",
        );
    }
}

/// Asks for each missing bridge in turn. `false`: back.
fn ask_bridges(
    present: &[EarlyFirmware],
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<bool, Stopped> {
    let mut problem: Option<String> = None;
    loop {
        let missing = missing(present, &answers.selection.bridges);
        let Some(wanted) = missing.first().copied() else {
            set_answer(answers);
            return Ok(true);
        };
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.paragraph(
            "Such a phone does not accept the target directly. It installs one bundle in each \
             start, by itself:",
        );
        prompt.verbatim(&steps(present, answers));
        prompt.paragraph(NO_WAY_BACK);
        if let Some(problem) = &problem {
            prompt.paragraph(problem);
        }
        let path = match pick(wanted, answers, prompt, environment)? {
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
                if answers.selection.bridges.pop().is_none() {
                    return Ok(false);
                }
                set_bridges(answers);
                problem = None;
                continue;
            }
        };
        prompt.paragraph("Reading the bridge …");
        problem = take(&path, present, answers, prompt, environment)?;
        prompt.check_signals()?;
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

/// Makes this bundle a bridge, if it is the next step; otherwise returns why not.
fn take(
    path: &PathBuf,
    present: &[EarlyFirmware],
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<Option<String>, Stopped> {
    let options = match answers.options() {
        Ok(options) => options,
        Err(failure) => return Ok(Some(failure.to_string())),
    };
    let paths = std::slice::from_ref(path);
    let read = bundle::check_readable(paths, environment)
        .and_then(|()| environment.examine(paths, &options.trust));
    let new = match read {
        Ok(new) => new,
        Err(failure) => return Ok(Some(failure.to_string())),
    };
    let all = [answers.selection.bridges.clone(), new.clone()].concat();
    let check = |unknown| stage::check_bridges(&all, &answers.selection.targets, unknown);
    if let Err(error) = check(options.trust.accept_unknown) {
        if check(true).is_err() || !matches!(error, SelectionError::Verdict { .. }) {
            let error = check(true).err().unwrap_or(error);
            return Ok(Some(bundle::rejection(&all, &error)));
        }
        // Unsigned images prove no origin.
        let sentences: Vec<String> = new.iter().map(bundle::sentence).collect();
        if !bundle::accepts_unproven(&sentences, prompt)? {
            return Ok(None);
        }
        answers.command_line.set("accept_unknown", [""; 0]);
    }
    if missing(present, &all).len() == missing(present, &answers.selection.bridges).len() {
        let loads = new.iter().flat_map(Bundle::served_loads);
        let loads: Vec<String> = loads.map(ToString::to_string).collect();
        return Ok(Some(format!(
            "{} has {}, which is none of the missing steps.",
            bundle::name(path),
            and(&loads)
        )));
    }
    answers.selection.bridges = all;
    set_bridges(answers);
    Ok(None)
}

fn set_bridges(answers: &mut Answers) {
    let bridges = &answers.selection.bridges;
    let paths: Vec<PathBuf> = bridges.iter().map(|bundle| bundle.path.clone()).collect();
    if paths.is_empty() {
        answers.command_line.clear("bridges");
    } else {
        answers.command_line.set("bridges", &paths);
    }
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
