//! One suite for both engines: each behaves as the table in docs/rfc-compliance.md states.

use std::{collections::BTreeMap, net::SocketAddr, thread, time::Duration};

use reflash::tftp::{EngineKind, TransferOutcome};

use super::support::{Client, ServerEvent, TestServer, pattern};

/// A client that receives nothing for this long got no response: less than the shortest
/// retransmission time of either engine.
const SILENCE: Duration = Duration::from_millis(700);

/// Longer than every retransmission of the second engine, which waits 2 s each time.
const LONG: Duration = Duration::from_millis(4_500);

type Case = (&'static str, fn(&TestServer) -> String);

const CASES: &[Case] = &[
    ("a file of 2,000 bytes", |server| {
        let client = server.client();
        if client.fetch("a") == pattern(2000) {
            "every byte"
        } else {
            "wrong"
        }
        .into()
    }),
    ("an empty file", |server| {
        if server.client().fetch("empty").is_empty() {
            "an empty block"
        } else {
            "wrong"
        }
        .into()
    }),
    ("an exact multiple of the block", |server| {
        let client = server.client();
        if client.fetch("exact") == pattern(1024) {
            "every byte"
        } else {
            "wrong"
        }
        .into()
    }),
    ("outcome after the final ACK", |server| {
        server.client().fetch("a");
        told_end(server)
    }),
    ("outcome after an ERROR from the client", |server| {
        let (client, from) = begun(server, "a", "");
        client.send_to(from, b"\0\x05\0\x03disk full\0");
        told_end(server)
    }),
    ("next packet after an ERROR from the client", |server| {
        let (client, from) = begun(server, "a", "");
        client.send_to(from, b"\0\x05\0\x03disk full\0");
        response(&client, LONG)
    }),
    ("outcome after the client closes its port", |server| {
        let (client, from) = begun(server, "a", "");
        client.ack(from, 1);
        drop(client);
        told_end(server)
    }),
    ("packets in total to a client that sends no ACK", |server| {
        let client = server.client();
        client.request("a", "");
        let packets = std::iter::from_fn(|| client.receive(LONG)).count();
        format!("{packets}")
    }),
    ("the same request again before the first ACK", |server| {
        let (client, _) = begun(server, "a", "");
        client.request("a", "");
        response(&client, SILENCE)
    }),
    (
        "another request from the same port during a transfer",
        |server| {
            let (client, from) = begun(server, "a", "");
            client.ack(from, 1);
            client.expect_data(2);
            client.request("exact", "");
            response(&client, SILENCE)
        },
    ),
    ("an unknown transfer ID", |server| {
        let (_client, from) = begun(server, "a", "");
        let other = server.client();
        other.ack(from, 1);
        response(&other, SILENCE)
    }),
    ("a doubled ACK", |server| {
        let (client, from) = begun(server, "a", "");
        client.ack(from, 1);
        client.ack(from, 1);
        client.expect_data(2);
        response(&client, Duration::from_millis(50))
    }),
    ("an ACK of a block not sent", |server| {
        let (client, from) = begun(server, "a", "");
        client.ack(from, 2);
        response(&client, SILENCE)
    }),
    ("an unknown name", |server| {
        asked(server, b"\0\x01absent\0octet\0")
    }),
    ("a name of 201 bytes", |server| {
        asked(
            server,
            &[b"\0\x01", &[b'a'; 201][..], b"\0octet\0"].concat(),
        )
    }),
    ("a name that is not UTF-8", |server| {
        asked(server, b"\0\x01\xff\0octet\0")
    }),
    ("a zero byte too many", |server| {
        asked(server, b"\0\x01a\0octet\0\0")
    }),
    ("mode OCTET", |server| asked(server, b"\0\x01a\0OCTET\0")),
    ("mode netascii", |server| {
        asked(server, b"\0\x01a\0netascii\0")
    }),
    ("mode mail", |server| asked(server, b"\0\x01a\0mail\0")),
    ("a write request", |server| {
        asked(server, b"\0\x02a\0octet\0")
    }),
    ("opcode 7", |server| asked(server, b"\0\x07")),
    ("blksize 1000", |server| option(server, "blksize\x001000\0")),
    ("blksize 65464", |server| {
        option(server, "blksize\x0065464\0")
    }),
    ("blksize 7", |server| option(server, "blksize\x007\0")),
    ("tsize 0", |server| option(server, "tsize\x000\0")),
    ("tsize 9", |server| option(server, "tsize\x009\0")),
    ("timeout 3", |server| option(server, "timeout\x003\0")),
    ("windowsize 4", |server| option(server, "windowsize\x004\0")),
    ("an unknown option", |server| option(server, "x\x001\0")),
    ("a 17th transfer of one address", |server| {
        let clients: Vec<_> = (0..17).map(|_| server.client()).collect();
        for client in &clients[..16] {
            client.request("a", "");
            client.expect_data(1);
        }
        clients[16].request("a", "");
        response(&clients[16], SILENCE)
    }),
    ("source port of transfers", |server| {
        let transfers = [(); 4].map(|()| begun(server, "a", ""));
        if transfers.iter().all(|one| one.1 == transfers[0].1) {
            "one port"
        } else {
            "a port each"
        }
        .into()
    }),
];

/// A transfer whose first block has arrived.
fn begun(server: &TestServer, name: &str, options: &str) -> (Client, SocketAddr) {
    let client = server.client();
    client.request(name, options);
    let (_, from) = client.expect_data(1);
    (client, from)
}

/// The response to a packet of this kind.
fn asked(server: &TestServer, packet: &[u8]) -> String {
    let client = server.client();
    client.send(packet);
    response(&client, SILENCE)
}

fn option(server: &TestServer, options: &str) -> String {
    let client = server.client();
    client.request("a", options);
    response(&client, SILENCE)
}

/// The next packet as text.
fn response(client: &Client, patience: Duration) -> String {
    let Some((packet, _)) = client.receive(patience) else {
        return "silence".into();
    };
    match packet[..] {
        [0, 3, 0, block, ..] => format!("DATA {block}"),
        [0, 5, 0, code, ..] => format!("ERROR {code}"),
        [0, 6, ref options @ ..] => {
            let words: Vec<_> = options
                .split(|byte| *byte == 0)
                .map(String::from_utf8_lossy)
                .collect();
            format!("OACK {}", words.join(" ").trim())
        }
        _ => packet.escape_ascii().to_string(),
    }
}

/// How the one transfer ended, as reported to the service.
fn told_end(server: &TestServer) -> String {
    loop {
        match server.events.recv_timeout(Duration::from_secs(30)) {
            Ok(ServerEvent::Ended(_, end, bytes)) => {
                let words = match end {
                    TransferOutcome::Delivered => "delivered".to_owned(),
                    TransferOutcome::PeerError(code, text) => format!("ERROR {code} ({text})"),
                    TransferOutcome::PortClosed => "port closed".to_owned(),
                    TransferOutcome::TimedOut { all_sent: true } => {
                        "timed out, all sent".to_owned()
                    }
                    TransferOutcome::TimedOut { all_sent: false } => "timed out".to_owned(),
                    other => format!("{other:?}"),
                };
                return format!("{words}, {bytes} bytes");
            }
            Ok(_) => {}
            Err(error) => panic!("no event: {error}"),
        }
    }
}

/// The table of docs/rfc-compliance.md: case, native, async-tftp.
fn table() -> Vec<(String, [String; 2])> {
    let text = std::fs::read_to_string("docs/rfc-compliance.md").unwrap();
    let (_, table) = text
        .split_once("| case | native | async-tftp |\n|---|---|---|\n")
        .expect("the table is there");
    table
        .lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut fields = line
                .trim_matches('|')
                .split('|')
                .map(|f| f.trim().to_owned());
            let mut field = || fields.next().expect("three columns");
            (field(), [field(), field()])
        })
        .collect()
}

#[test]
fn both_engines_behave_as_the_table_states() {
    let observed: BTreeMap<(usize, usize), String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..CASES.len())
            .flat_map(|case| {
                [
                    (case, 0, EngineKind::Native),
                    (case, 1, EngineKind::AsyncTftp),
                ]
            })
            .map(|(case, column, kind)| {
                let watch = move || {
                    let files = [
                        ("a", pattern(2000)),
                        ("empty", Vec::new()),
                        ("exact", pattern(1024)),
                    ];
                    CASES[case].1(&TestServer::of_kind(kind, &files))
                };
                ((case, column), scope.spawn(watch))
            })
            .collect();
        let result = |handle: thread::ScopedJoinHandle<'_, String>| {
            handle.join().unwrap_or_else(|_| "a panic".to_owned())
        };
        threads
            .into_iter()
            .map(|(at, handle)| (at, result(handle)))
            .collect()
    });
    let seen: Vec<_> = CASES
        .iter()
        .enumerate()
        .map(|(at, (name, _))| {
            (
                (*name).to_owned(),
                [0, 1].map(|column| observed[&(at, column)].clone()),
            )
        })
        .collect();
    let rows: Vec<_> = seen
        .iter()
        .map(|(name, [native, second])| format!("| {name} | {native} | {second} |"))
        .collect();
    assert!(
        seen == table(),
        "the observed behaviour:\n{}",
        rows.join("\n")
    );
}

#[test]
fn the_second_engine_reports_no_delivery_and_counts_the_acknowledged_bytes() {
    let server = TestServer::of_kind(EngineKind::AsyncTftp, &[("wrap", pattern(600_000))]);
    assert_eq!(server.client().fetch("wrap"), pattern(600_000));
    // All but the last block: 600,000 = 1,171 × 512 + 448.
    assert_eq!(
        server.next_end(),
        (TransferOutcome::TimedOut { all_sent: true }, 1_171 * 512)
    );
}

#[test]
fn a_stop_of_the_second_engine_ends_every_transfer_once() {
    let mut server = TestServer::of_kind(EngineKind::AsyncTftp, &[("a", pattern(2000))]);
    let (_client, _) = begun(&server, "a", "");
    server.stop();
    let events: Vec<_> = server.events.try_iter().collect();
    assert!(
        matches!(
            events[..],
            [
                ServerEvent::Requested(..),
                ServerEvent::Ended(0, TransferOutcome::Stopped, 0)
            ]
        ),
        "{events:?}"
    );
}
