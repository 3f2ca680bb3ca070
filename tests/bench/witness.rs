//! The benchmark that scripts/bench-witness runs: one client fetches a file over a link between two
//! network namespaces, while a process on the client's side sends announcements at a given rate.
//! It measures with the interface captured, and without the capability to capture.
//!
//! Half of the frames are damaged after a valid head. The others are valid: each announces another
//! phone, which is the most expensive kind of frame.

#[path = "../support/cdp.rs"]
mod cdp;
#[path = "../support/namespaces.rs"]
#[allow(dead_code, reason = "this uses a part of it")]
mod lab;
#[path = "../support/process.rs"]
mod process;

use std::{
    fs::{self, File},
    net::{Ipv4Addr, UdpSocket},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use lab::{SERVER, TwoHosts};
use pnet::datalink::{self, Channel, Config};
use process::Running;

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// The file, fetched in blocks of 512 bytes in lockstep, as phones do.
const NAME: &str = "image";
const SIZE: usize = 4 * 1024 * 1024;

/// Different frames; all of them are sent in turn.
const FRAMES: u32 = 4096;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["junk", rate] => junk(rate.parse().expect("a rate is a number")),
        ["client"] => client(),
        [] => table(5, 100_000),
        [rounds, rate] => table(
            rounds.parse().expect("rounds are a number"),
            rate.parse().expect("a rate is a number"),
        ),
        _ => panic!("expected: ROUNDS FRAMES_PER_SECOND"),
    }
}

/// The result of one round of one kind.
struct Round {
    mebibytes: f64,
    /// Microseconds from an ACK to the next block.
    half: f64,
    most: f64,
    /// Frames sent per second.
    sent: f64,
    /// Lines of the server's log about frames.
    log: Vec<String>,
}

fn table(rounds: usize, rate: u32) {
    let lab = TwoHosts::build("bench");
    let kinds = [(true, 0), (false, 0), (true, rate), (false, rate)];
    let mut all: Vec<Vec<Round>> = kinds.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (kind, rounds) in kinds.iter().zip(&mut all) {
            rounds.push(round(&lab, kind.0, kind.1));
        }
    }
    println!("| captured | frames per second | MiB/s | block p50, p99 in µs |\n|---|---|---|---|");
    for ((is_captured, _), rounds) in kinds.iter().zip(&all) {
        let median = |of: fn(&Round) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        println!(
            "| {} | {:.0} | {:.1} | {:.0}, {:.0} |",
            if *is_captured { "yes" } else { "no" },
            median(|round| round.sent),
            median(|round| round.mebibytes),
            median(|round| round.half),
            median(|round| round.most),
        );
    }
    let last = all.iter().filter_map(|rounds| rounds.last());
    for line in last.flat_map(|round| &round.log) {
        println!("{line}");
    }
}

fn round(lab: &TwoHosts, is_captured: bool, rate: u32) -> Round {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let served = folder.path().join("served");
    fs::create_dir(&served).expect("a folder");
    fs::write(served.join(NAME), vec![7; SIZE]).expect("the file is written");
    for path in [folder.path(), &served] {
        let readable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(path, readable).expect("permissions");
    }
    let log = folder.path().join("log");
    let mut run = serve(lab, &served, &log, is_captured);
    let this = std::env::current_exe().expect("this program");
    let this = this.to_str().expect("a name in UTF-8");
    let mut sender = (rate > 0).then(|| {
        let mut command = lab.on_phones(this);
        command.args(["junk", &rate.to_string()]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sender")
    });
    let output = lab.on_phones(this).arg("client").output();
    let output = output.expect("the client");
    assert!(output.status.success(), "{output:?}");
    let numbers = numbers(&output.stdout);
    let sent = sender.take().map_or(0.0, |mut sender| {
        // It ends when its standard input is closed.
        drop(sender.stdin.take());
        let output = sender.wait_with_output().expect("the sender");
        self::numbers(&output.stdout)[0]
    });
    run.signal("INT");
    run.kind("finished");
    run.end();
    let log = fs::read_to_string(log).expect("the log");
    let is_about_frames = |line: &&str| line.contains("frames") || line.contains("left out");
    Round {
        mebibytes: numbers[0],
        half: numbers[1],
        most: numbers[2],
        sent,
        log: log
            .lines()
            .filter(is_about_frames)
            .map(str::to_owned)
            .collect(),
    }
}

fn numbers(text: &[u8]) -> Vec<f64> {
    let text = String::from_utf8_lossy(text);
    let words = text.split_whitespace();
    words.map(|word| word.parse().expect("a number")).collect()
}

fn serve(lab: &TwoHosts, served: &Path, log: &Path, is_captured: bool) -> Running {
    let mut command: Command = if is_captured {
        lab.on_server(REFLASH)
    } else {
        let mut command = lab.on_server("setpriv");
        command.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw"]);
        command.arg(REFLASH);
        command
    };
    command.arg("serve").arg(served);
    command.args(["-v", "--json", "--interface", "eth0", "--http-port", "0"]);
    command.stderr(File::create(log).expect("a log"));
    let mut run = Running::start(&mut command);
    run.kind("started");
    run
}

/// Fetches the file once; prints MiB/s, and the p50 and the p99 of a block in µs.
fn client() {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a socket");
    let again = Duration::from_secs(2);
    socket.set_read_timeout(Some(again)).expect("a timeout");
    let request = [b"\0\x01", NAME.as_bytes(), b"\0octet\0"].concat();
    let mut bytes = [0; 600];
    let mut waits = Vec::new();
    let began = Instant::now();
    let mut last = began;
    socket.send_to(&request, (SERVER, 69)).expect("it is sent");
    let mut ack = [0, 4, 0, 0];
    let (mut wanted, mut count) = (1_u16, 0);
    let mut peer = None;
    loop {
        let Ok((length, from)) = socket.recv_from(&mut bytes) else {
            // Lost: sent again, as phones do.
            match peer {
                Some(peer) => socket.send_to(&ack, peer).expect("it is sent"),
                None => socket.send_to(&request, (SERVER, 69)).expect("it is sent"),
            };
            continue;
        };
        assert!(
            length >= 4 && bytes[..2] == [0, 3],
            "{:?}",
            &bytes[..length]
        );
        if bytes[2..4] != wanted.to_be_bytes() {
            continue;
        }
        waits.push(last.elapsed().as_secs_f64() * 1e6);
        peer = Some(from);
        count += length - 4;
        ack[2..4].copy_from_slice(&wanted.to_be_bytes());
        wanted = wanted.wrapping_add(1);
        last = Instant::now();
        socket.send_to(&ack, from).expect("it is sent");
        if length < 516 {
            break;
        }
    }
    assert_eq!(count, SIZE);
    let seconds = began.elapsed().as_secs_f64();
    waits.sort_by(f64::total_cmp);
    let place = |hundredths: usize| waits[waits.len() * hundredths / 100];
    let mebibytes = f64::from(u32::try_from(SIZE).expect("4 MiB")) / 1_048_576.0;
    println!("{} {} {}", mebibytes / seconds, place(50), place(99));
}

/// Sends frames until its standard input ends; prints the number per second.
fn junk(rate: u32) {
    let frames: Vec<Vec<u8>> = (0..FRAMES)
        .map(|number| {
            let [_, _, high, low] = number.to_be_bytes();
            let mac = format!("0200000{number:05x}");
            let address = Ipv4Addr::new(192, 0, high, low);
            let mut frame = cdp::frame(&mac, address, "SIP45.9-3-1SR4-1S");
            if number % 2 == 1 {
                // Its checksum is wrong.
                frame[40] ^= 0xff;
            }
            frame
        })
        .collect();
    let interface = datalink::interfaces()
        .into_iter()
        .find(|interface| interface.name == "eth0")
        .expect("eth0");
    let Ok(Channel::Ethernet(mut out, _)) = datalink::channel(&interface, Config::default()) else {
        panic!("no channel");
    };
    let (over, is_over) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // Nothing is written to it: the call returns when it is closed.
        let ended = std::io::stdin().read_line(&mut line);
        over.send(ended.is_ok())
    });
    let began = Instant::now();
    let mut sent = 0_usize;
    while is_over.try_recv().is_err() {
        let due = began.elapsed().as_secs_f64() * f64::from(rate);
        for frame in frames.iter().cycle().skip(sent % frames.len()) {
            #[expect(clippy::cast_precision_loss, reason = "some millions")]
            if sent as f64 >= due {
                break;
            }
            // A full queue is the limit of the link.
            sent += usize::from(matches!(out.send_to(frame, None), Some(Ok(()))));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    let sent = sent as f64;
    println!("{}", sent / began.elapsed().as_secs_f64());
}
