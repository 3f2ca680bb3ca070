//! A fleet on a cable, each phone with its own MAC, lease, ARP and CDP: the report of a real
//! `convert` is compared with what the phones have.
//!
//! At the pace of real phones causes are named too: `scripts/truth ethernet` runs it so.

use std::{collections::BTreeMap, env, process::Stdio, time::Duration};

use reflash::{
    phone::{Family, MODELS, Model, Protocol},
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

/// The phones of the mixed fleet with a fault, and the diagnosis of each at the pace of real phones.
/// `None`: nothing must be diagnosed.
const MIXED_FAULTS: [(&str, &str, Option<&str>); 16] = [
    ("6921", "trust-list", Some("trust-list")),
    ("6941", "refuses-images", Some("images-refused")),
    ("6961", "config-refused", Some("config-rejected")),
    ("6901", "power-cut=APP:40", Some("rebooted-mid-image")),
    ("6911", "loss=3", None),
    ("6945", "wrong-hardware", Some("manifest-refused")),
    ("8941", "weak-power", Some("rebooted-mid-image")),
    ("8945", "other-slot", None),
    ("8961", "refuses-manifest", Some("manifest-refused")),
    ("9971", "tftp-only", None),
    ("7821", "multiplatform", Some("multiplatform")),
    ("7841", "no-witness", None),
    ("8851", "power-cut=rootfs:60", Some("rebooted-mid-image")),
    ("8865", "address-change", None),
    // It announces a load that this bundle follows directly.
    ("7965", "wrong-hardware", Some("hardware-mismatch")),
    ("7941", "no-second-pass", None),
];

/// The firmware of the 7940 and 7960 at the start: each kind of step, and the loader.
const FIRST_PHONES: [(&str, &str); 6] = [
    ("7940", "P0S3-03-2-00"),
    ("7960", "P0S3-05-3-00"),
    ("7940", "P00305000700"),
    ("7960", "P00304000000"),
    ("7940", "P0030801SR02"),
    ("7960", "P0S3-07-5-00"),
];

/// A phone of the fleet as the helper reads it, and its diagnosis.
struct Member {
    text: String,
    family: Family,
    fault: &'static str,
    code: Option<&'static str>,
}

/// Each model in each state at its start, then those with faults.
fn mixed_fleet() -> Vec<Member> {
    let member = |model: &str, load: &str, fault: &'static str, code| Member {
        text: format!("{model},{load},{fault}"),
        family: Model::by_number(model).unwrap().family,
        fault,
        code,
    };
    let mut members = Vec::new();
    for model in MODELS.iter().filter(|model| model.family.is_supported()) {
        if model.family == Family::P3 {
            continue;
        }
        members.push(member(
            model.number,
            &synthetic::first_load(model.family),
            "",
            None,
        ));
        if model.family.has_recovery_manifest() {
            members.push(member(model.number, "", "", None));
        }
    }
    for (model, load) in FIRST_PHONES {
        members.push(member(model, load, "", None));
    }
    for (model, fault, code) in MIXED_FAULTS {
        let family = Model::by_number(model).unwrap().family;
        members.push(member(model, &synthetic::first_load(family), fault, code));
    }
    members
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn the_report_of_a_fleet_of_every_model_equals_what_the_phones_have() {
    let pace = variable("REFLASH_LAN_PACE", "0.01");
    let seconds = variable("REFLASH_LAN_SECONDS", "12");
    let is_real = pace.parse::<f64>().unwrap() > 0.5;
    let lan = Lan::build(
        "mixed",
        &[("server", Some("10.77.0.1/16")), ("phones", None)],
    );
    let folder = lan.folder.path();
    set_mode(folder, 0o755);
    let mut command = lan.on("server", REFLASH);
    command
        .arg("convert")
        .args(synthetic::bundles_of_all_families(folder))
        .args(["--trust-key", KEY, "--dhcp", "isolated", "--json"])
        .arg("--accept-unknown");
    for step in synthetic::steps_of_first_phones(folder) {
        command.arg("--bridge").arg(step);
    }
    let mut run = Running::start(&mut command);
    run.kind("started");
    let members = mixed_fleet();
    let output = lan
        .on("phones", helper())
        .args(["mixed-fleet", "10.77.0.1:69", &pace, &seconds])
        .args(members.iter().map(|member| &member.text))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let truths: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(truths.len(), members.len());
    if is_real {
        std::thread::sleep(Duration::from_secs(40));
    }
    run.signal("INT");
    run.signal("TERM");
    let report = run.kind("finished")["report"].clone();
    run.end();

    let phones = report["phones"].as_array().unwrap();
    let mut wrong = Vec::new();
    let mut over_http = 0;
    for (member, truth) in members.iter().zip(&truths) {
        let mac = truth["mac"].as_str().unwrap().replace(':', "");
        let mut reported = phones.iter().filter(|it| it["mac"] == mac.as_str());
        let (Some(phone), None) = (reported.next(), reported.next()) else {
            wrong.push(format!("no entry, or several: {}", member.text));
            continue;
        };
        let state = phone["state"].as_str().unwrap();
        let claims = ["flashed", "confirmed", "already"].contains(&state);
        let load = truth["load"].as_str().unwrap_or_default();
        let has_images = !truth["images"].as_object().unwrap().is_empty();
        let converted =
            load == synthetic::target(member.family) || load.ends_with(".default") && has_images;
        let mut codes: Vec<&str> = ["diagnoses", "withdrawn"]
            .iter()
            .flat_map(|list| phone[*list].as_array().unwrap())
            .map(|it| it["code"].as_str().unwrap())
            .collect();
        codes.sort_unstable();
        let line = format!("{}: {state} {codes:?}, has {load}", member.text);
        let is_silent = truth["announces"] == false;
        if claims && !converted {
            wrong.push(format!("false claim: {line}\n{phone:#}"));
        } else if is_real && converted && !claims && truth["finished"] == true && !is_silent {
            wrong.push(format!("no claim: {line}\n{phone:#}"));
        }
        match member.code {
            Some(code) if is_real && !codes.contains(&code) => {
                wrong.push(format!("no {code}: {line}\n{phone:#}"));
            }
            None if is_real && !codes.is_empty() && member.fault != "other-slot" => {
                wrong.push(format!("alarm: {line}\n{phone:#}"));
            }
            _ => {}
        }
        let files = phone["files"].as_array().unwrap();
        let is_http = |file: &Value| file["transport"] == "http" && file["outcome"] == "delivered";
        over_http += usize::from(files.iter().any(is_http));
        println!("{line}");
    }
    println!(
        "{} phones, {over_http} of them over HTTP, {} wrong",
        truths.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tries_http = |member: &&Member| {
        let slots = member.family.slots();
        slots.is_some_and(|slots| slots.tries_http)
            && !["tftp-only", "multiplatform", "trust-list"].contains(&member.fault)
    };
    assert_eq!(over_http, members.iter().filter(tries_http).count());
    assert_eq!(phones.len(), truths.len(), "no other phone is listed");
}
