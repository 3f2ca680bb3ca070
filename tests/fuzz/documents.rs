//! Files that people and other programs wrote.

use std::{fs, net::Ipv4Addr, path::Path};

use reflash::{
    diagnose::{Finding, Severity},
    dialplan::{self, DialMode, DialPlan, DialPlanSource, MAX_PLAN_BYTES},
    inventory::{Inventory, InventoryFault},
    journal::{self, MAX_LINE_BYTES},
    lint::{self, CODES, LintContext, MAX_FINDINGS},
    preflight::{FirewallOutput, TrafficFlow},
    replay::{self, ReplayFormat},
    report::{csv, html},
    run_view,
    track::{Fleet, RunTime},
};

/// Every place that a finding names is in the text.
fn places_exist(findings: &[Finding], text: &str) {
    for found in findings {
        if let Some(line) = found.line {
            let line = text.split('\n').nth(line as usize - 1);
            let length = line.expect("a line of the text").chars().count();
            let column = found.column.unwrap_or(1) as usize;
            assert!((1..=length + 1).contains(&column), "{found:?}");
        }
    }
}

/// Reads a record and folds it as `replay` does.
fn replayed(bytes: &[u8], format: ReplayFormat) -> bool {
    let mut input = bytes;
    let mut record =
        replay::read_from(&mut input, format, Some(2025), None).expect("memory is readable");
    let tally = record.tally;
    assert!(tally.understood + tally.unknown + tally.damaged <= tally.read);
    let plan = replay::plan(&mut record, Vec::new());
    let conversation = record.observations(&plan);
    let moments = conversation.observations.iter().map(|(at, _)| *at);
    assert!(moments.is_sorted(), "time runs backwards");
    let mut fleet = Fleet::new(plan);
    let began = conversation.began;
    let wall = |at| began.checked_add(at).unwrap_or(began);
    let mut view = run_view::fold(&mut fleet, &conversation.observations, RunTime::ZERO, wall);
    let report = fleet.report(began);
    assert!(report.phones.len() <= conversation.observations.len());
    view.finish(&report);
    assert_eq!(view.len(), report.phones.len());
    assert!(csv::render(&view).lines().count() > report.phones.len());
    let page = html::render(&view, &html::Heading::default());
    assert_eq!(page.matches("<article ").count(), report.phones.len());
    serde_json::to_string(&report).expect("JSON");
    !conversation.observations.is_empty()
}

pub fn capture(bytes: &[u8]) -> bool {
    replayed(bytes, ReplayFormat::Capture)
}

pub fn captures() -> Vec<Vec<u8>> {
    let frames = super::frames::frames();
    let request = request_frame();
    let frames: Vec<&[u8]> = frames.iter().chain([&request]).map(Vec::as_slice).collect();
    vec![pcap(&frames), pcapng(&frames)]
}

/// A phone requests its configuration from port 69.
fn request_frame() -> Vec<u8> {
    let inside = &super::services::tftp_packets()[0];
    let length = |more: usize| {
        u16::try_from(inside.len() + more)
            .expect("short")
            .to_be_bytes()
    };
    let mut frame = vec![0xff; 6];
    frame.extend([0x00, 0x21, 0xd8, 0xba, 0x09, 0x65, 8, 0, 0x45, 0]);
    frame.extend(length(28));
    frame.extend([0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 9, 192, 0, 2, 1]);
    frame.extend([0xc0, 0, 0, 69]);
    frame.extend(length(8));
    frame.extend([0, 0]);
    frame.extend(inside);
    frame
}

fn words(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a short frame")
}

fn pcap(frames: &[&[u8]]) -> Vec<u8> {
    let mut bytes = words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1]);
    for (second, frame) in (1_700_000_000..).zip(frames) {
        bytes.extend(words(&[second, 0, length(frame), length(frame)]));
        bytes.extend(*frame);
    }
    bytes
}

fn pcapng(frames: &[&[u8]]) -> Vec<u8> {
    let mut bytes = words(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]);
    bytes.extend(words(&[1, 20, 1, 65_535, 20]));
    for frame in frames {
        let padded = frame.len().next_multiple_of(4);
        let total = 32 + u32::try_from(padded).expect("a short frame");
        bytes.extend(words(&[
            6,
            total,
            0,
            0x0006_0a24,
            0,
            length(frame),
            length(frame),
        ]));
        let end = bytes.len() + padded;
        bytes.extend(*frame);
        bytes.resize(end, 0);
        bytes.extend(words(&[total]));
    }
    bytes
}

pub fn tftp_log(bytes: &[u8]) -> bool {
    replayed(bytes, ReplayFormat::Log)
}

pub fn tftp_logs() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("seeds/in.tftpd.log").to_vec(),
        include_bytes!("seeds/dnsmasq.log").to_vec(),
        include_bytes!("seeds/servers.log").to_vec(),
        include_bytes!("seeds/other-servers.log").to_vec(),
    ]
}

pub fn journal(bytes: &[u8]) -> bool {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), bytes).expect("a temporary file");
    let header = journal::read_header(file.path());
    let Ok(recorded) = journal::read(file.path()) else {
        return false;
    };
    assert_eq!(header.ok().as_ref(), Some(&recorded.header));
    assert!(
        bytes
            .split(|byte| *byte == b'\n')
            .all(|line| line.len() as u64 <= MAX_LINE_BYTES)
    );
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(recorded.observations.len() + recorded.unknown_lines <= lines);
    assert!(
        recorded
            .observations
            .iter()
            .all(|(at, _)| *at <= recorded.last)
    );
    true
}

pub fn journals() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("seeds/journal-schema-1.jsonl").to_vec(),
        include_bytes!("seeds/journal-schema-2.jsonl").to_vec(),
    ]
}

/// Whether a file of this name has no error.
fn linted(name: &str, bytes: &[u8]) -> bool {
    let findings = lint::check(Path::new(name), bytes, &LintContext::default());
    assert!(findings.len() <= MAX_FINDINGS + 1, "{}", findings.len());
    for found in &findings {
        assert!(CODES.contains(&found.code), "{}", found.code);
        assert!(!found.message.is_empty());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        places_exist(&findings, text);
    }
    findings
        .iter()
        .all(|found| found.severity != Severity::Error)
}

pub fn device_xml(bytes: &[u8]) -> bool {
    linted("SEP001D45AABB0C.cnf.xml", bytes)
}

pub fn device_xmls() -> Vec<Vec<u8>> {
    vec![include_bytes!("seeds/device.xml").to_vec()]
}

pub fn default_xml(bytes: &[u8]) -> bool {
    linted("XMLDefault.cnf.xml", bytes)
}

pub fn default_xmls() -> Vec<Vec<u8>> {
    vec![include_bytes!("seeds/default.xml").to_vec()]
}

/// A fault is at a place of the text, and no secret of it is in what debugging prints.
fn inventory(bytes: &[u8], read: Result<Inventory, InventoryFault>) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
    match read {
        Ok(inventory) => {
            for secret in inventory
                .phones
                .iter()
                .filter_map(|phone| phone.secret.as_ref())
            {
                assert!(!format!("{secret:?}").contains("unspoken"));
            }
            true
        }
        Err(fault) => {
            assert!(fault.line >= 1 && fault.column >= 1);
            assert!(fault.line <= lines, "{fault:?} of {lines} lines");
            assert!(!fault.message.is_empty());
            false
        }
    }
}

pub fn inventory_csv(bytes: &[u8]) -> bool {
    inventory(bytes, Inventory::from_csv(bytes))
}

pub fn inventory_csvs() -> Vec<Vec<u8>> {
    vec![include_bytes!("seeds/inventory.csv").to_vec()]
}

pub fn inventory_toml(bytes: &[u8]) -> bool {
    inventory(bytes, Inventory::from_toml(bytes))
}

pub fn inventory_tomls() -> Vec<Vec<u8>> {
    vec![include_bytes!("seeds/inventory.toml").to_vec()]
}

pub fn dial_plan(bytes: &[u8]) -> bool {
    let findings = dialplan::check(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        places_exist(&findings, text);
    }
    match DialPlan::read(bytes) {
        Err(error) => {
            assert!(findings.contains(&error));
            false
        }
        Ok(plan) => {
            assert!(bytes.len() <= MAX_PLAN_BYTES);
            for mode in [DialMode::Proxy, DialMode::CallManager] {
                for digits in ["", "112", "0123456789", "*97#", "+43", "5é"] {
                    let dialled = plan.dial(digits, mode);
                    assert!(digits.ends_with(&dialled.unsent), "{dialled:?}");
                }
            }
            true
        }
    }
}

pub fn dial_plans() -> Vec<Vec<u8>> {
    vec![include_bytes!("seeds/plan.xml").to_vec()]
}

pub fn dial_source(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    match DialPlanSource::parse(&text) {
        Err(faults) => {
            assert!(!faults.is_empty());
            let lines = text.split('\n').count();
            assert!(
                faults
                    .iter()
                    .all(|fault| (1..=lines).contains(&(fault.line as usize)))
            );
            false
        }
        Ok(source) => {
            // What the phone reads dials like what was written.
            let plan = DialPlan::read(source.to_xml().as_bytes()).expect("a plan");
            for digits in ["", "112", "0123456789", "*97#", "500"] {
                let (ours, theirs) = (source.template(), &plan);
                assert_eq!(
                    ours.dial(digits, DialMode::Proxy).sent,
                    theirs.dial(digits, DialMode::Proxy).sent
                );
            }
            true
        }
    }
}

pub fn dial_sources() -> Vec<Vec<u8>> {
    vec![include_bytes!("seeds/dial-plan.dial").to_vec()]
}

pub fn firewall(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let flow = |udp, port| TrafficFlow {
        udp,
        port,
        transfer_ports: reflash::tftp::TransferPorts::RANDOM,
        severity: Severity::Error,
    };
    let flows = [
        flow(true, Some(69)),
        flow(true, None),
        flow(false, Some(6970)),
    ];
    let unknown = FirewallOutput::default().findings(&flows, "eth0", Ipv4Addr::LOCALHOST);
    let mut is_understood = false;
    for output in [
        FirewallOutput::of_nft(text.clone()),
        FirewallOutput::of_iptables(text.clone()),
        FirewallOutput::of_ufw(text),
    ] {
        let findings = output.findings(&flows, "eth0", Ipv4Addr::new(192, 0, 2, 10));
        assert!(findings.len() <= flows.len() + 1, "{findings:?}");
        is_understood |= findings != unknown;
    }
    is_understood
}

pub fn firewalls() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("seeds/nft.json").to_vec(),
        include_bytes!("seeds/iptables.txt").to_vec(),
    ]
}
