//! Step 2: which phones.

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped, ask_line},
        transition::Transition,
    },
    form,
    interface::without_address,
    text::{and, count},
};
use crate::{
    discovery::watch::ObservedPhone,
    phone::{MacAddress, Model},
    text::escape,
    track::MAX_PHONES,
};

const NUMBER: usize = 2;
const TITLE: &str = "phones";

/// Seconds of listening at first: enough for phones that are starting.
const SHORT_LISTEN: u64 = 5;

/// Seconds that detect every phone: each announces itself about once a minute.
const LONG_LISTEN: u64 = 65;

/// Maximum number of phones that are listed; more are counted.
const MAX_LISTED: usize = 5;

#[derive(Debug, Clone, PartialEq)]
enum PhonesPick {
    These(Vec<MacAddress>),
    One(&'static Model),
    Several,
    ByMac,
    Listen,
    Back,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    if answers.is_given(&["only", "expect", "inventory"]) {
        answers.count = answers.options().ok().and_then(|options| options.expect);
        let summary = summary(answers);
        answers.set_answer(NUMBER, "phones", summary);
        return Ok(Transition::Skip);
    }
    // A cable that was connected since then may lead to phones.
    if !answers.detected.listened || environment.links() != answers.links {
        listen(answers, prompt, environment, SHORT_LISTEN)?;
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        show_detected(answers, prompt, environment);
        let picked = match pick(answers, prompt)? {
            PromptReply::Given(picked) => picked,
            PromptReply::Back => return Ok(Transition::Back),
        };
        let is_answered = match picked {
            PhonesPick::These(macs) => {
                set_only(answers, &macs);
                true
            }
            PhonesPick::One(model) => {
                set_expect(answers, 1, Some(model));
                true
            }
            PhonesPick::Several => ask_count(answers, prompt)?,
            PhonesPick::ByMac => ask_macs(answers, prompt)?,
            PhonesPick::Listen => {
                listen(answers, prompt, environment, LONG_LISTEN)?;
                false
            }
            PhonesPick::Back => return Ok(Transition::Back),
        };
        if is_answered {
            let summary = summary(answers);
            answers.set_answer(NUMBER, "phones", summary);
            return Ok(Transition::Next);
        }
    }
}

/// Listens for a minute, on request of another page.
pub(super) fn listen_again(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<(), Stopped> {
    listen(answers, prompt, environment, LONG_LISTEN)
}

fn listen(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
    seconds: u64,
) -> Result<(), Stopped> {
    prompt.page(&answers.page(NUMBER, TITLE));
    // An interface that follows from phones detected earlier does not limit the search.
    let options = answers.options().ok();
    let options = options.filter(|_| answers.is_given(&["interface"]));
    let interface = options.and_then(|options| options.check.interface);
    answers.links = environment.links();
    prompt.progress(&listening(seconds, 0));
    let detected = environment.listen(interface.as_deref(), seconds, &mut |left, phones| {
        prompt.progress(&listening(left, phones));
    });
    let earlier = std::mem::replace(&mut answers.detected, detected);
    answers.detected.add_earlier(earlier);
    prompt.check_signals()
}

/// The line of progress.
fn listening(left: u64, phones: usize) -> String {
    let found = match phones {
        0 => String::new(),
        phones => format!(" {} detected", count(phones)),
    };
    let stop = if left > SHORT_LISTEN {
        " (Enter: stop)"
    } else {
        ""
    };
    format!("Listening for phones for {left} s …{found}{stop}")
}

fn set_expect(answers: &mut Answers, phones: u32, model: Option<&'static Model>) {
    answers.command_line.set("expect", [phones.to_string()]);
    answers.command_line.clear("only");
    // A typed inventory is of other phones; its step asks again.
    answers.command_line.clear("inventory");
    answers.count = Some(phones);
    answers.model = model;
}

fn set_only(answers: &mut Answers, macs: &[MacAddress]) {
    let macs = macs.iter().map(ToString::to_string);
    answers.model = answers.given_model;
    answers.command_line.set("only", macs);
    answers.command_line.clear("expect");
    answers.command_line.clear("inventory");
    answers.count = None;
}

/// The detected phones that the firmware is for.
fn fitting(answers: &Answers) -> Vec<&ObservedPhone> {
    let families: Vec<_> = answers.models().iter().map(|model| model.family).collect();
    let detected = answers.detected.phones.iter().map(|(_, phone)| phone);
    detected
        .filter(|phone| {
            phone
                .model
                .is_some_and(|model| families.contains(&model.family))
        })
        .collect()
}

fn show_detected(answers: &Answers, prompt: &mut dyn Prompt, environment: &dyn Environment) {
    let detected = &answers.detected;
    if let Some(why) = &detected.capture_error {
        prompt.paragraph(&format!("Phones cannot be detected: {why}"));
        return;
    }
    if detected.phones.is_empty() {
        prompt.paragraph(
            "No phone detected. This is common: phones announce themselves only once a minute, \
             Cisco switches do not forward the announcements, and phones without power are silent.",
        );
        return;
    }
    let lines: Vec<String> = detected.phones.iter().take(MAX_LISTED).map(line).collect();
    prompt.paragraph("Detected phones:");
    prompt.verbatim(&lines.join("\n"));
    if detected.phones.len() > MAX_LISTED {
        prompt.paragraph(&format!("and {} more.", detected.phones.len() - MAX_LISTED));
    }
    let fit = fitting(answers).len();
    if fit < detected.phones.len() {
        prompt.paragraph(&format!(
            "This firmware is for {fit} of them; the others are not changed."
        ));
    }
    for name in without_address(answers, environment) {
        prompt.paragraph(&format!(
            "{name} has no IPv4 address, so reflash cannot serve phones there yet: the network \
             page says what to do."
        ));
    }
}

fn line((interface, phone): &(String, ObservedPhone)) -> String {
    let model = phone.model.map_or("model unknown", |model| model.number);
    let load = phone.load.as_ref();
    let load = load.map_or_else(|| "load unknown".to_owned(), |load| escape(load.as_str()));
    let address = phone.address.map(|address| format!(" at {address}"));
    let address = address.unwrap_or_default();
    format!(
        "  SEP{} {model} {load}{address}, {interface}",
        phone.mac.upper_hex()
    )
}

fn pick(answers: &Answers, prompt: &mut dyn Prompt) -> Result<PromptReply<PhonesPick>, Stopped> {
    let fitting = fitting(answers);
    let macs: Vec<MacAddress> = fitting.iter().map(|phone| phone.mac).collect();
    let mut choice = MenuChoice::new("Which phones do you want to convert?");
    if macs.len() > 1 {
        choice = choice.item(
            format!("Only these {}", macs.len()),
            PhonesPick::These(macs),
        );
    }
    for phone in fitting.iter().take(MAX_LISTED) {
        let model = phone.model.map_or("", |model| model.number);
        choice = choice.item(
            format!("Only SEP{} ({model})", phone.mac.upper_hex()),
            PhonesPick::These(vec![phone.mac]),
        );
    }
    for model in answers.models() {
        choice = choice.item(
            format!("One {}, the first that comes", model.plain_number()),
            PhonesPick::One(model),
        );
    }
    let earlier = match (answers.only(), answers.count) {
        (only, _) if !only.is_empty() => Some(PhonesPick::These(only)),
        (_, Some(1)) => answers.model.map(PhonesPick::One),
        (_, Some(_)) => Some(PhonesPick::Several),
        _ => None,
    };
    choice = choice
        .item("Several: enter how many", PhonesPick::Several)
        .item(
            "Specific phones: enter their MAC addresses",
            PhonesPick::ByMac,
        )
        .item_if(
            answers.detected.capture_error.is_none(),
            "Listen again, for a minute",
            PhonesPick::Listen,
        )
        .item("Back", PhonesPick::Back);
    if let Some(earlier) = earlier {
        choice = choice.default(&earlier);
    }
    choice.ask(prompt)
}

fn ask_count(answers: &mut Answers, prompt: &mut dyn Prompt) -> Result<bool, Stopped> {
    let earlier = answers.count;
    loop {
        let default = earlier.filter(|count| *count > 1).unwrap_or(2);
        let PromptReply::Given(text) =
            ask_line(prompt, "How many phones", Some(default.to_string()))?
        else {
            return Ok(false);
        };
        match text.parse() {
            Ok(phones) if (1..=MAX_PHONES).contains(&(phones as usize)) => {
                set_expect(answers, phones, answers.given_model);
                return Ok(true);
            }
            _ => prompt.paragraph(&format!("Type a number from 1 to {MAX_PHONES}.")),
        }
    }
}

fn ask_macs(answers: &mut Answers, prompt: &mut dyn Prompt) -> Result<bool, Stopped> {
    prompt.paragraph("The MAC address is on the label on the back of the phone: 12 hex digits.");
    loop {
        let earlier = answers.only();
        let earlier: Vec<String> = earlier.iter().map(ToString::to_string).collect();
        let default = Some(earlier.join(" ")).filter(|text| !text.is_empty());
        let PromptReply::Given(text) =
            ask_line(prompt, "MAC addresses, separated by spaces", default)?
        else {
            return Ok(false);
        };
        let macs: Result<Vec<MacAddress>, _> = text
            .split([' ', ','])
            .filter(|part| !part.is_empty())
            .map(form::mac)
            .collect();
        match macs {
            Ok(macs) if !macs.is_empty() => {
                set_only(answers, &macs);
                return Ok(true);
            }
            Ok(_) => prompt.paragraph("Type at least one, such as 001D45AABB0C."),
            Err(error) => prompt.paragraph(&error),
        }
    }
}

/// Which phones, in short.
fn summary(answers: &Answers) -> String {
    let Ok(options) = answers.options() else {
        return String::new();
    };
    let model = answers.model.map(|model| format!(", {}", model.number));
    let model = model.unwrap_or_default();
    if !options.only.is_empty() {
        let names: Vec<String> = options
            .only
            .iter()
            .take(MAX_LISTED)
            .map(|mac| format!("SEP{}", mac.upper_hex()))
            .collect();
        let more = options.only.len() - names.len();
        return match more {
            0 => format!("only {}", and(&names)),
            more => format!("only {} and {more} more", names.join(", ")),
        };
    }
    if let Some(path) = &options.inventory {
        return format!("those of {}", path.display());
    }
    match options.expect {
        Some(phones @ 2..) => format!("the first {}{model}", count(phones as usize)),
        _ => format!("the first phone that comes{model}"),
    }
}
