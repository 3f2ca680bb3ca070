//! A fleet on a cable, each phone with its own MAC, lease, ARP and CDP: the report of a real
//! `convert` is compared with what the phones have.
//!
//! At the pace of real phones causes are named too: `scripts/truth ethernet` runs it so.

use std::{collections::BTreeMap, env, process::Stdio, time::Duration};

use reflash::{
    phone::{Family, Protocol},
    simulator::{Release, Sizes, SyntheticBundle},
};
use serde_json::Value;

use crate::support::{
    helper,
    lan::Lan,
    process::Running,
    synthetic::{self, KEY, set_mode},
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
const TARGET: &str = "SIP45.9-3-1SR4-1S";

/// The faults of every other phone, and the diagnosis of each at the pace of real phones. `None`:
/// nothing must be diagnosed.
const FAULTS: [(&str, Option<&str>); 6] = [
    ("refuses-manifest", Some("manifest-refused")),
    ("power-cut=apps:40", Some("rebooted-mid-image")),
    ("needs-bridge", None),
    ("no-second-pass", None),
    ("loss=3", None),
    ("no-witness", None),
];

fn variable(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// What one phone has.
fn is_converted(truth: &Value, images: &BTreeMap<String, String>) -> bool {
    let load = truth["load"].as_str().unwrap_or_default();
    let has: BTreeMap<String, String> =
        serde_json::from_value(truth["images"].clone()).expect("names and digests");
    load == TARGET || load.ends_with(".default") && has == *images
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn the_report_of_a_fleet_with_macs_equals_what_the_phones_have() {
    let count = variable("REFLASH_LAN_PHONES", "24");
    let pace = variable("REFLASH_LAN_PACE", "0.01");
    let seconds = variable("REFLASH_LAN_SECONDS", "12");
    let is_real = pace.parse::<f64>().unwrap() > 0.5;
    let lan = Lan::build(
        "fleet",
        &[("server", Some("10.77.0.1/16")), ("phones", None)],
    );
    let folder = lan.folder.path();
    set_mode(folder, 0o755);
    let bundle = synthetic::bundle(folder);
    let bridge = folder.join("bridge.zip");
    SyntheticBundle::new(Family::F45, 9)
        .unwrap()
        .sizes(Sizes::Small)
        .protocol(Protocol::Sccp)
        .release(Release {
            load: "8-5-2S".to_owned(),
            images: "8-5-2TH1-9".to_owned(),
        })
        .write_zip(&bridge)
        .unwrap();
    set_mode(&bridge, 0o644);
    let mut command = lan.on("server", REFLASH);
    command
        .arg("convert")
        .arg(&bundle)
        .arg("--bridge")
        .arg(&bridge)
        .args(["--trust-key", KEY, "--dhcp", "isolated", "--json"]);
    let mut run = Running::start(&mut command);
    run.kind("started");

    let faults = FAULTS.map(|(fault, _)| fault);
    let output = lan
        .on("phones", helper())
        .args(["ethernet-phones", "10.77.0.1:69", &count, &pace, &seconds])
        .args(faults)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let truths: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    if is_real {
        // The last refusal is diagnosed half a minute after the last delivery.
        std::thread::sleep(Duration::from_secs(40));
    }
    // Two of one kind, sent at once, may arrive as one.
    run.signal("INT");
    run.signal("TERM");
    let report = run.kind("finished")["report"].clone();
    run.end();

    let images = truths
        .iter()
        .find(|truth| truth["load"] == TARGET && truth["images"].as_object().unwrap().len() == 5)
        .map(|truth| serde_json::from_value(truth["images"].clone()).unwrap())
        .expect("at least one phone is converted");
    let phones = report["phones"].as_array().unwrap();
    let mut wrong = Vec::new();
    for (index, truth) in truths.iter().enumerate() {
        let mac = truth["mac"].as_str().unwrap().replace(':', "");
        let reported: Vec<&Value> = phones
            .iter()
            .filter(|it| it["mac"] == mac.as_str())
            .collect();
        let [phone] = reported[..] else {
            wrong.push(format!("{} entries of {truth}", reported.len()));
            continue;
        };
        let state = phone["state"].as_str().unwrap();
        let claims = ["flashed", "confirmed", "already"].contains(&state);
        let converted = is_converted(truth, &images);
        // What is still under way may be converted before that is known.
        let is_final = truth["finished"] == true;
        if claims && !converted || converted && !claims && is_final {
            wrong.push(format!("{state}: {truth}\n{phone:#}"));
        }
        let codes: Vec<&str> = ["diagnoses", "withdrawn"]
            .iter()
            .flat_map(|list| phone[*list].as_array().unwrap())
            .map(|it| it["code"].as_str().unwrap())
            .collect();
        let expected = (index % 2 == 1)
            .then(|| FAULTS[index / 2 % FAULTS.len()].1)
            .flatten();
        match expected {
            Some(code) if is_real && !codes.contains(&code) => {
                wrong.push(format!("no {code}: {truth}\n{phone:#}"));
            }
            None if !codes.is_empty() => wrong.push(format!("{codes:?}: {truth}\n{phone:#}")),
            _ => {}
        }
    }
    println!("{} phones, {} wrong", truths.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(phones.len(), truths.len(), "no other phone is listed");
}
