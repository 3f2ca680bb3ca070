//! Damaged frames, and more frames than can be read.

use std::fs;

use super::{PHONE, REFLASH, TARGET, cdp, convert, is_step, lldp, play, send};
use crate::support::{
    namespaces::{PHONES, TwoHosts},
    process::Running,
    synthetic::set_mode,
};

/// Frames with a valid head of CDP, LLDP or ARP, and random or missing bytes after it.
fn junk(count: usize) -> Vec<Vec<u8>> {
    let mut state = 0x2545_f491_u32;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let good = [
        cdp(PHONE, PHONES[0], TARGET),
        lldp(PHONE, PHONES[0], TARGET),
        [&[0xff; 12][..], &[0x08, 0x06], &[0; 28]].concat(),
    ];
    (0..count)
        .map(|number| {
            let mut frame = good[number % good.len()].clone();
            // Behind the head that the filter reads: bytes are changed, the end is cut off.
            for _ in 0..8 {
                let at = 22 + random() as usize % (frame.len() - 22);
                frame[at] ^= 1 + u8::try_from(random() % 255).unwrap();
            }
            if number % good.len() == 1 {
                // LLDP has no checksum; before byte 40 a frame names no phone.
                frame.truncate(15 + random() as usize % 25);
            } else if number % 2 == 0 {
                frame.truncate(60.min(frame.len()));
            }
            frame
        })
        .collect()
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn thousands_of_damaged_frames_create_no_phone_and_hide_none() {
    let lab = TwoHosts::build("junk");
    let folder = tempfile::tempdir().unwrap();
    let mut server = convert(&lab, folder.path());
    let junk = junk(5000);
    send(&lab, folder.path(), &junk, false);
    let junk_goes_on = send(&lab, folder.path(), &junk[..500], true);
    play(&lab);
    server.wait_for(|line| is_step(line, PHONE, "flashed"));
    drop(junk_goes_on);
    let good = [
        &junk[..100],
        &[cdp(PHONE, PHONES[0], TARGET)],
        &junk[100..200],
    ];
    let announces = send(&lab, folder.path(), &good.concat(), true);
    server.wait_for(|line| is_step(line, PHONE, "confirmed"));
    drop(announces);
    server.signal("INT");
    let report = server.kind("finished")["report"].clone();
    assert_eq!(report["phones"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["phones"][0]["state"], "confirmed");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn frames_over_the_limit_are_counted_and_reported() {
    let lab = TwoHosts::build("flood");
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    // Each frame announces another phone.
    let frames: Vec<Vec<u8>> = (0..6000_u32)
        .map(|number| {
            let [_, _, high, low] = number.to_be_bytes();
            let address = format!("192.0.{high}.{low}");
            cdp(&format!("0200000{number:05x}"), &address, TARGET)
        })
        .collect();
    let log = folder.path().join("log");
    let assert_frames_are_counted = |mut run: Running| {
        send(&lab, folder.path(), &frames, false);
        run.wait_for(|line| line.to_string().contains("020000000001"));
        run.signal("INT");
        assert_eq!(run.end(), Some(130));
        let words = fs::read_to_string(&log).unwrap();
        // Which limit is reached first depends on the machine: kernel, queue or rate.
        let counted = ["discovery frames over", "more arrived than could be"];
        assert!(counted.iter().any(|how| words.contains(how)), "{words}");
    };
    let mut command = lab.on_server(REFLASH);
    command.args(["watch", "--interface", "eth0", "--json"]);
    command.stderr(fs::File::create(&log).unwrap());
    assert_frames_are_counted(Running::start(&mut command));

    let mut command = lab.on_server(REFLASH);
    command.arg("serve").arg(folder.path());
    command.args(["--interface", "eth0", "--json"]);
    let mut run = Running::start(command.stderr(fs::File::create(&log).unwrap()));
    run.kind("started");
    assert_frames_are_counted(run);
}
