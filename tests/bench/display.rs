//! The cost of the live display: the events of a recorded run are reported again with their times,
//! without waiting in between.
//!
//! ```sh
//! reflash rehearse --phones 300 --json > run.jsonl
//! script -qec "stty cols 80 rows 24; cargo bench --bench display -- run.jsonl" /dev/null
//! ```

use std::{collections::HashMap, env, fs, time::Duration};

use clap::ColorChoice;
use jiff::{SignedDuration, Timestamp};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use reflash::{
    display::{Style, TerminalReporter},
    reporter::{Reporter, Tick},
    track::{Event, ImageNumber, PhoneId, PhoneRef},
};

/// How often a session lets time pass.
const TICK: SignedDuration = SignedDuration::from_millis(200);

/// Ticks between two checks for silent phones.
const SECOND: u32 = 5;

fn main() {
    let Some(path) = env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"))
    else {
        eprintln!("name the JSON lines of a run");
        std::process::exit(2);
    };
    let text = fs::read_to_string(path).unwrap();
    let events = read(&text);
    let (Some((began, _)), Some((ended, _))) = (events.first(), events.last()) else {
        eprintln!("nothing happened in that run");
        std::process::exit(2);
    };
    let (began, ended) = (*began, *ended);
    let mut bars = TerminalReporter::new(Style::new(ColorChoice::Always));
    let (mut next, mut ticks) = (began, 0);
    let before = used();
    let mut phones = Vec::new();
    for (at, event) in &events {
        while next <= *at {
            if ticks % SECOND == 0 {
                for phone in &phones {
                    bars.waiting(*phone, "its first image", Duration::from_secs(90));
                }
            }
            bars.tick(Tick {
                at: next,
                awaited: Some(0),
                unexpected: reflash::reporter::UnexpectedPhones::default(),
            });
            next = next.checked_add(TICK).unwrap();
            ticks += 1;
        }
        if let Some(phone) = phone(event).filter(|phone| !phones.contains(&phone.id)) {
            phones.push(phone.id);
        }
        bars.event(*at, event);
    }
    let used = used().saturating_sub(before).as_secs_f64();
    let lasted = ended.duration_since(began).as_secs_f64();
    println!(
        "\n{} phones, {} events, {ticks} ticks in {lasted:.1} s: {:.0} ms of CPU, {:.2} % of a core",
        phones.len(),
        events.len(),
        used * 1e3,
        used / lasted * 100.0
    );
}

/// The events of a run, with the ids that phones have in the program.
fn read(text: &str) -> Vec<(Timestamp, Event)> {
    let mut ids = HashMap::new();
    let mut events = Vec::new();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let at = value["at"].as_str().unwrap().parse().unwrap();
        // The first and the last line are no events.
        let Ok(mut event) = serde_json::from_value::<Event>(value) else {
            continue;
        };
        if let Event::Progress(progress) = &mut event {
            progress.image = Some(ImageNumber {
                number: 1,
                count: 5,
            });
        }
        if let Some(phone) = named(&mut event) {
            let next = u32::try_from(ids.len()).unwrap();
            phone.id = *ids.entry(phone.address).or_insert(PhoneId(next));
        }
        events.push((at, event));
    }
    events
}

fn named(event: &mut Event) -> Option<&mut PhoneRef> {
    match event {
        Event::Step(step) => Some(&mut step.phone),
        Event::Progress(progress) => Some(&mut progress.phone),
        Event::Gone { phone } => Some(phone),
        Event::Diagnosis { phone, .. } | Event::Withdrawn { phone, .. } => phone.as_mut(),
    }
}

fn phone(event: &Event) -> Option<&PhoneRef> {
    match event {
        Event::Step(step) => Some(&step.phone),
        Event::Progress(progress) => Some(&progress.phone),
        _ => None,
    }
}

/// Processor time of this program, in it and in the kernel for it.
fn used() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let all = usage.user_time() + usage.system_time();
    Duration::from_micros(u64::try_from(all.num_microseconds()).unwrap())
}
