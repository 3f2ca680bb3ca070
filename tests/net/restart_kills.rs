//! `convert --restart` killed again and again, on loopback: no phone is ordered twice, and none is
//! forgotten. And a whole rehearsal. The phones keep the evidence.
//!
//! Slow because each of the kills is followed by a start of the program.

use std::{
    collections::BTreeSet,
    env, fs,
    net::{Ipv4Addr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{helper, own_loopback, process::Running, synthetic};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");
const TARGET: &str = "SIP45.9-3-1SR4-1S";

/// What the phones do.
const SCRIPTS: [&str; 10] = [
    "124",
    "172 split",
    "64",
    "68",
    "124 xml",
    "44",
    "124 late",
    "124 never",
    "124 call",
    "20",
];

fn mac(number: usize) -> String {
    format!("001d45aabb{number:02x}")
}

fn journal(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder.join("reflash")).unwrap();
    files.map(|file| file.unwrap().path()).next().unwrap()
}

/// A number below `most`, the next of a fixed sequence (Knuth's MMIX).
fn random(state: &mut u64, most: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % most
}

/// A port that is free now.
fn free_port(server: Ipv4Addr) -> u16 {
    let socket = UdpSocket::bind((server, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

fn phone(number: usize, script: &str, server: Ipv4Addr, port: u16) -> Child {
    let mut command = Command::new(helper());
    command
        .args(["sccp-phone", &own_loopback().to_string()])
        .arg(format!("{server}:{port}"))
        .args([&mac(number), "150"])
        .args(script.split(' '))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command.spawn().unwrap()
}

fn ordered(folder: &Path, kind: &str, mac: &str) -> usize {
    let text = fs::read_to_string(journal(folder)).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_phone = lines.filter(|line| {
        let observed = &line["observed"][kind];
        observed["mac"] == mac && observed["again"] != true
    });
    of_phone.count()
}

/// Checks what a phone that obeyed found, and what the report says of it.
fn is_converted(found: &Value, view: &Value) {
    let resets = found["resets"].as_array().unwrap().iter();
    let connections: BTreeSet<u64> = resets.map(|reset| reset[0].as_u64().unwrap()).collect();
    assert_eq!(connections.len(), 1, "{found}");
    assert_eq!(found["load"], TARGET, "{found}");
    assert_eq!(view["state"], "confirmed", "{view:#}");
}

#[test]
fn a_run_killed_at_random_moments_orders_no_phone_twice_and_forgets_none() {
    let kills: u32 = env::var("REFLASH_RESTART_KILLS").map_or(50, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let bundle = synthetic::bundle(folder);
    let server = own_loopback();
    let port = free_port(server).to_string();
    let network = [
        "--no-check",
        "--http-port",
        "0",
        "--sip-port",
        "0",
        "--tftp-port",
        &port,
        "--listen",
        &server.to_string(),
        "--json",
        "--restart",
        "--yes",
    ];
    let listed: Vec<String> = (0..SCRIPTS.len()).map(mac).collect();
    let start = |is_first: bool| {
        let mut command = Command::new(REFLASH);
        command
            .arg("convert")
            .env("XDG_STATE_HOME", folder)
            .stderr(Stdio::null());
        if is_first {
            command.arg(&bundle).args(["--trust-key", synthetic::KEY]);
            command.args(["--only", &listed.join(",")]);
        } else {
            command.args(["--resume", "--journal"]).arg(journal(folder));
        }
        let mut run = Running::start(command.args(network));
        run.kind("started");
        run
    };
    let mut run = start(true);
    let mut phones: Vec<Child> = SCRIPTS
        .iter()
        .enumerate()
        .map(|(number, script)| phone(number, script, server, port.parse().unwrap()))
        .collect();
    let mut state = 7;
    for _ in 0..kills {
        thread::sleep(Duration::from_millis(random(&mut state, 1200)));
        run.signal("KILL");
        run.end();
        run = start(false);
    }
    // Those that obey end by themselves; a lost order is repeated after five minutes only.
    let end = std::time::Instant::now() + Duration::from_mins(1);
    let is_over = |phones: &mut [Child]| {
        let playing = phones
            .iter_mut()
            .filter_map(|phone| phone.try_wait().unwrap());
        playing.count() >= SCRIPTS.len() - 2
    };
    while !is_over(&mut phones) && std::time::Instant::now() < end {
        thread::sleep(Duration::from_millis(50));
    }
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    run.end();
    let reported = report["phones"].as_array().unwrap();
    let mut lost = 0;
    for (number, (script, mut phone)) in SCRIPTS.iter().zip(phones).enumerate() {
        let mac = mac(number);
        let view = reported
            .iter()
            .find(|view| view["mac"] == mac.as_str())
            .unwrap();
        let orders = ordered(folder, "restart-ordered", &mac);
        let unsent = ordered(folder, "restart-not-sent", &mac);
        assert!(
            orders - unsent <= 1,
            "{script}: {orders} orders, {unsent} not sent"
        );
        let is_over = phone.try_wait().unwrap().is_some();
        if !is_over {
            phone.kill().unwrap();
        }
        let output = phone.wait_with_output().unwrap();
        if *script == "124 call" {
            assert_eq!(orders, 0, "{view:#}");
        } else if is_over {
            is_converted(&serde_json::from_slice(&output.stdout).unwrap(), view);
        } else {
            // Its order is in the account, so it is ordered again later.
            assert_eq!(view["restart_orders"], 1, "{script}: {view:#}");
            lost += 1;
        }
    }
    // The phone that never obeys, and those whose order the kill came before.
    assert!(
        lost <= 1 + 3,
        "{lost} orders were lost in {kills} kills: {report:#}"
    );
}

// Slow because three waves follow each other, each with whole conversions.
#[test]
fn a_rehearsal_restarts_its_phones_in_waves() {
    let mut command = Command::new(REFLASH);
    command.args([
        "rehearse",
        "--phones",
        "9",
        "--model",
        "7965",
        "--restart",
        "--json",
    ]);
    command.args(["--fault", "late-reset@1", "--fault", "in-call@3"]);
    let mut run = Running::start(&mut command);
    let report = run.kind("finished")["report"].clone();
    assert_eq!(run.end(), Some(0), "{report:#}");
    let phones = report["phones"].as_array().unwrap();
    assert_eq!(phones.len(), 9);
    for phone in phones {
        assert_eq!(
            (&phone["restart"], &phone["restart_orders"]),
            (&"back".into(), &1.into())
        );
    }
    let waves = [1, 2, 3].map(|wave| {
        let of_wave = phones.iter().filter(|phone| phone["restart_wave"] == wave);
        of_wave.count()
    });
    assert_eq!(waves, [1, 5, 3], "{report:#}");
}
