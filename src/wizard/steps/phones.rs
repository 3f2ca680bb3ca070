//! Step 2: which phones.

use super::{
    super::{
        answers::Answers,
        prompt::{Prompt, Choice, Reply, Stopped, field},
        flow::Transition,
        environment::Environment,
    },
    and, count,
};
use crate::{
    discovery::watch,
    phone::{MacAddress, Model},
    text::escape,
    track::MAX_PHONES,
};

const NUMBER: usize = 2;
const TITLE: &str = "the phones";

/// Seconds of listening without being asked. A phone that starts is heard at once.
const MOMENT: u64 = 5;

/// Seconds of listening that hear every phone: they speak about once a minute.
const MINUTE: u64 = 65;

/// Phones that are listed; more are counted.
const MOST: usize = 5;

#[derive(Debug, Clone, PartialEq)]
enum Pick {
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
        answers.count = answers.args().ok().and_then(|args| args.expect);
        let told = told(answers);
        answers.settle(NUMBER, "phones", told);
        return Ok(Transition::Skip);
    }
    if !answers.detected.listened {
        listen(answers, prompt, environment, MOMENT)?;
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        tell_heard(answers, prompt);
        let picked = match pick(answers, prompt)? {
            Reply::Given(picked) => picked,
            Reply::Back => return Ok(Transition::Back),
        };
        let done = match picked {
            Pick::These(macs) => {
                only(answers, &macs);
                true
            }
            Pick::One(model) => {
                expect(answers, 1, Some(model));
                true
            }
            Pick::Several => several(answers, prompt)?,
            Pick::ByMac => by_mac(answers, prompt)?,
            Pick::Listen => {
                listen(answers, prompt, environment, MINUTE)?;
                false
            }
            Pick::Back => return Ok(Transition::Back),
        };
        if done {
            let told = told(answers);
            answers.settle(NUMBER, "phones", told);
            return Ok(Transition::Next);
        }
    }
}

fn listen(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
    seconds: u64,
) -> Result<(), Stopped> {
    prompt.page(&answers.page(NUMBER, TITLE));
    prompt.tell(&format!("Listening for phones, {seconds} s …"));
    let interface = answers.args().ok().and_then(|args| {
        let wanted = args.network.wanted(false);
        wanted.interface
    });
    answers.detected = environment.listen(interface.as_deref(), seconds);
    prompt.go_on()
}

fn expect(answers: &mut Answers, phones: u32, model: Option<&'static Model>) {
    answers.words.set("expect", [phones.to_string()]);
    answers.words.clear("only");
    // A list that was typed is of other phones; it is asked for again.
    answers.words.clear("inventory");
    answers.count = Some(phones);
    answers.model = model;
}

fn only(answers: &mut Answers, macs: &[MacAddress]) {
    answers
        .words
        .set("only", macs.iter().map(ToString::to_string));
    answers.words.clear("expect");
    answers.words.clear("inventory");
    answers.count = None;
}

/// The heard phones that the firmware is for.
fn fitting(answers: &Answers) -> Vec<&watch::ObservedPhone> {
    let families: Vec<_> = answers.models().iter().map(|model| model.family).collect();
    let heard = answers.detected.phones.iter().map(|(_, phone)| phone);
    heard
        .filter(|phone| {
            phone
                .model
                .is_some_and(|model| families.contains(&model.family))
        })
        .collect()
}

fn tell_heard(answers: &Answers, prompt: &mut dyn Prompt) {
    let detected = &answers.detected;
    if let Some(why) = &detected.capture_error {
        prompt.tell(&format!("Phones cannot be heard here: {why}"));
        return;
    }
    if detected.phones.is_empty() {
        prompt.tell(
            "No phone was heard. That is usual: they speak once a minute, a switch of Cisco's keeps \
             it to itself, and one without power says nothing.",
        );
        return;
    }
    let lines: Vec<String> = detected.phones.iter().take(MOST).map(line).collect();
    prompt.tell("Heard now:");
    prompt.show(&lines.join("\n"));
    if detected.phones.len() > MOST {
        prompt.tell(&format!("and {} more.", detected.phones.len() - MOST));
    }
    let fit = fitting(answers).len();
    if fit < detected.phones.len() {
        prompt.tell(&format!(
            "This firmware is for {fit} of them: the others keep what they have."
        ));
    }
}

fn line((interface, phone): &(String, watch::ObservedPhone)) -> String {
    let model = phone.model.map_or("model unknown", |model| model.number);
    let load = phone.load.as_ref();
    let load = load.map_or_else(|| "load unknown".to_owned(), |load| escape(load.as_str()));
    let at = phone.address.map(|address| format!(" at {address}"));
    let at = at.unwrap_or_default();
    format!(
        "  SEP{} {model} {load}{at}, {interface}",
        phone.mac.upper_hex()
    )
}

fn pick(answers: &Answers, prompt: &mut dyn Prompt) -> Result<Reply<Pick>, Stopped> {
    let fitting = fitting(answers);
    let macs: Vec<MacAddress> = fitting.iter().map(|phone| phone.mac).collect();
    let mut choice = Choice::new("Which phones are to be converted?");
    if macs.len() > 1 {
        choice = choice.item(
            format!("These {}, and no others", macs.len()),
            Pick::These(macs),
        );
    }
    for phone in fitting.iter().take(MOST) {
        let model = phone.model.map_or("", |model| model.number);
        choice = choice.item(
            format!("SEP{} ({model}), and no other", phone.mac.upper_hex()),
            Pick::These(vec![phone.mac]),
        );
    }
    for model in answers.models() {
        choice = choice.item(
            format!("One {}, whichever comes first", model.plain_number()),
            Pick::One(model),
        );
    }
    let was = match (answers.only(), answers.count) {
        (only, _) if !only.is_empty() => Some(Pick::These(only)),
        (_, Some(1)) => answers.model.map(Pick::One),
        (_, Some(_)) => Some(Pick::Several),
        _ => None,
    };
    choice = choice
        .item("Several: say how many", Pick::Several)
        .item("Certain ones: type their MAC addresses", Pick::ByMac)
        .item_if(
            answers.detected.capture_error.is_none(),
            "Listen again, for a minute",
            Pick::Listen,
        )
        .item("Back", Pick::Back);
    if let Some(was) = was {
        choice = choice.default(&was);
    }
    choice.ask(prompt)
}

fn several(answers: &mut Answers, prompt: &mut dyn Prompt) -> Result<bool, Stopped> {
    let was = answers.count;
    loop {
        let default = was.filter(|count| *count > 1).unwrap_or(2);
        let Reply::Given(text) = field(prompt, "How many", Some(default.to_string()))? else {
            return Ok(false);
        };
        match text.parse() {
            Ok(phones) if (1..=MAX_PHONES).contains(&(phones as usize)) => {
                expect(answers, phones, answers.model);
                return Ok(true);
            }
            _ => prompt.tell(&format!("Type a number, from 1 to {MAX_PHONES}.")),
        }
    }
}

fn by_mac(answers: &mut Answers, prompt: &mut dyn Prompt) -> Result<bool, Stopped> {
    prompt.tell("The MAC address is on the label below the phone: 12 digits and letters A to F.");
    loop {
        let was = answers.only();
        let was: Vec<String> = was.iter().map(ToString::to_string).collect();
        let default = Some(was.join(" ")).filter(|text| !text.is_empty());
        let Reply::Given(text) = field(prompt, "MAC addresses, blanks between", default)? else {
            return Ok(false);
        };
        let macs: Result<Vec<MacAddress>, _> = text
            .split([' ', ','])
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect();
        match macs {
            Ok(macs) if !macs.is_empty() => {
                only(answers, &macs);
                return Ok(true);
            }
            Ok(_) => prompt.tell("Type at least one, such as 001D45AABB0C."),
            Err(error) => prompt.tell(&format!("{error}.")),
        }
    }
}

/// Which phones, in a few words.
fn told(answers: &Answers) -> String {
    let Ok(args) = answers.args() else {
        return String::new();
    };
    let model = answers.model.map(|model| format!(", {}", model.number));
    let model = model.unwrap_or_default();
    if !args.only.is_empty() {
        let names: Vec<String> = args
            .only
            .iter()
            .take(MOST)
            .map(|mac| format!("SEP{}", mac.upper_hex()))
            .collect();
        let more = args.only.len() - names.len();
        return match more {
            0 => format!("{}, and no others", and(&names)),
            more => format!("{} and {more} more, and no others", names.join(", ")),
        };
    }
    if let Some(path) = &args.inventory.inventory {
        return format!("those of {}", path.display());
    }
    match args.expect {
        Some(phones @ 2..) => format!("{}{model}, whichever come first", count(phones as usize)),
        _ => format!("{}{model}, whichever comes first", count(1)),
    }
}
