//! Compares reports with what each phone actually has, over seeded fleets of simulated phones in
//! virtual time, with the real engine, the real tracking and a lossy network.
//!
//! `REFLASH_TRUTH_FLEETS` is the number of fleets, `REFLASH_TRUTH_SEED` the first seed;
//! scripts/truth runs 10,000.

mod bundles;
mod device;
mod scenario;
mod server;
mod slots;
mod table;
mod world;

use std::{env, sync::Mutex, thread};

use bundles::Bundles;
use table::Table;
use world::Played;

/// Fleets without the variable: they take some seconds.
const FLEETS: u64 = 60;

/// This part of a thousand of the distinguishable causes must be diagnosed correctly.
const NAMED_PER_MILLE: u64 = 990;

fn number(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| {
            panic!("{name}={text} is no number: expected how many fleets, such as 10000")
        }),
        Err(_) => default,
    }
}

#[test]
fn reports_agree_with_the_state_of_every_7940_and_7960() {
    let (bundles, steps) = (Bundles::of_first_phones(), bundles::steps());
    check(|seed| world::first_phones::play(seed, &bundles, &steps));
}

#[test]
fn reports_agree_with_the_state_of_every_phone() {
    let bundles = Bundles::new();
    check(|seed| world::play(seed, &bundles));
}

fn check(play: impl Fn(u64) -> Played + Sync) {
    let fleets = number("REFLASH_TRUTH_FLEETS", FLEETS);
    let first = number("REFLASH_TRUTH_SEED", 0);
    let next = Mutex::new(first..first + fleets);
    let table = Mutex::new(Table::default());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(seed) = next.lock().unwrap().next() else {
                        break;
                    };
                    let played = play(seed);
                    table.lock().unwrap().add(seed, &played);
                }
            });
        }
    });
    let table = table.into_inner().unwrap();
    println!("{fleets} fleets from seed {first}\n{table}");
    for line in &table.misnamed {
        println!("misnamed: {line}");
    }
    assert!(table.false_claims.is_empty(), "{:#?}", table.false_claims);
    assert!(table.unreported.is_empty(), "{:#?}", table.unreported);
    assert!(table.alarms.is_empty(), "{:#?}", table.alarms);
    assert!(
        table.named * 1000 >= table.tellable * NAMED_PER_MILLE,
        "{} of {} named: {:#?}",
        table.named,
        table.tellable,
        table.misnamed
    );
    assert!(table.tellable >= fleets / 4, "too few causes were injected");
}
