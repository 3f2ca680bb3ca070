//! The benchmark that scripts/bench-tftp runs: many clients, each at its own address, fetch one file
//! from a server at the same time, from each server in turn and in several rounds. An echo, which
//! only answers each ACK with a block, shows the limit of the machine.
//!
//! One thread runs all clients, in batches like the servers', so that it is seldom the bottleneck.
//! Every byte is compared.

mod batch;
mod load;
mod peers;

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{Ipv4Addr, SocketAddrV4},
};

use load::{Load, Outcome};

/// The requested file; a `.loads` name, so that the tracker counts every client as a phone.
const NAME: &str = "BENCH.loads";

/// The port of all servers: dnsmasq supports no other.
const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 69);

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    if arguments.first().is_some_and(|first| first == "echo") {
        let path = arguments.get(1).expect("echo FILE");
        return load::echo(SERVER, &std::fs::read(path).expect("the file can be read"));
    }
    let get = |name: &str, default: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1).cloned())
            .unwrap_or_else(|| default.to_owned())
    };
    let number = |name: &str, default: &str| -> usize {
        get(name, default)
            .parse()
            .unwrap_or_else(|_| panic!("{name} takes a number"))
    };
    let rounds = number("--rounds", "5");
    let size = number("--size", "2097152");
    let loss = number("--loss", "0");
    let block: u16 = get("--block", "512")
        .parse()
        .expect("--block takes a number");
    let clients: Vec<usize> = get("--clients", "1,10,100,500,1000")
        .split(',')
        .map(|count| count.parse().expect("--clients takes numbers"))
        .collect();
    let only = get("--only", "");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file: Vec<u8> = (0_u32..)
        .flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes())
        .take(size)
        .collect();
    std::fs::write(folder.path().join(NAME), &file).expect("the file is written");
    peers::make_readable(folder.path());
    let all: Vec<_> = peers::all(folder.path(), block)
        .into_iter()
        .filter(|peer| only.is_empty() || only.split(',').any(|name| name == peer.name))
        .collect();

    println!("{size} bytes in blocks of {block}, {rounds} rounds, {loss} in 1,000 packets lost");
    let mut table: BTreeMap<(usize, usize), Vec<Outcome>> = BTreeMap::new();
    for round in 0..rounds {
        for &count in &clients {
            // Each round begins with another server.
            for turn in 0..all.len() {
                let at = (turn + round) % all.len();
                let server = all[at].start();
                let load = Load {
                    server: SERVER,
                    name: NAME,
                    block,
                    count,
                    loss,
                    file: &file,
                };
                let before = server.cpu();
                let mut outcome = load.run(&|| server.sample());
                outcome.cpu = server.cpu().saturating_sub(before);
                outcome.memory = server.peak();
                drop(server);
                println!(
                    "  round {}: {:>12} {}",
                    round + 1,
                    all[at].name,
                    outcome.line()
                );
                std::io::stdout()
                    .flush()
                    .expect("standard output takes text");
                table.entry((count, at)).or_default().push(outcome);
            }
        }
    }
    println!(
        "\nMedians. MiB/s (least to most) | p50 / p99 s | failed | CPU µs per block | peak MiB | relative to the echo"
    );
    for &count in &clients {
        println!("\nN = {count}");
        let echo = all
            .iter()
            .position(|peer| peer.name == "echo")
            .and_then(|at| table.get(&(count, at)))
            .map(|rounds| load::median(rounds, Outcome::rate));
        for (at, peer) in all.iter().enumerate() {
            let rounds = &table[&(count, at)];
            println!("{:>12} {}", peer.name, load::summary(rounds, echo));
        }
    }
}
