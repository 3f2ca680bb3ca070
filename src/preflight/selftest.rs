//! Fetches a file with an unguessable name from this program's own server, through the address that
//! phones will use. Proves the server, its port and its privileges, but not the cable.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::finding::{code, finding};
use crate::{
    diagnose::{Finding, Severity},
    stage::StagedFile,
    tftp::{Bound, TftpAnswer, TftpRequest, TftpService, TransferOutcome},
};

/// How long to wait for one answer, and the number of attempts.
const PATIENCE: Duration = Duration::from_millis(500);
const TRIES: u32 = 3;

/// Serves one file under one name.
struct OneFile(StagedFile);

impl TftpService for OneFile {
    fn request(&mut self, _: Instant, request: &TftpRequest<'_>) -> TftpAnswer {
        if request.name == &*self.0.name {
            TftpAnswer::Serve(self.0.clone().into())
        } else {
            TftpAnswer::NotFound
        }
    }

    fn acknowledged(&mut self, _: Instant, _: u64, _: u64) {}

    fn ended(&mut self, _: Instant, _: u64, _: TransferOutcome, _: u64) {}
}

/// Serves and fetches one file. `nonce` is a text that is new each time.
pub(super) fn self_test(server: Bound, nonce: &str) -> Finding {
    let at = server.local_addr();
    let bytes = nonce.as_bytes();
    match fetch_from(server, nonce) {
        Ok(got) if got == bytes => finding(
            code::SELF_TEST,
            Severity::Note,
            format!(
                "fetched a file from {}, UDP port {}, as a phone does: the server works. This does \
                 not test the cable and the switch",
                at.ip(),
                at.port()
            ),
            "",
        ),
        Ok(got) => failed(at, &format!("received {} unexpected bytes", got.len())),
        Err(error) => failed(at, &error.to_string()),
    }
}

fn failed(at: SocketAddrV4, why: &str) -> Finding {
    finding(
        code::SELF_TEST,
        Severity::Error,
        format!(
            "this machine cannot fetch a file from its own server on {}, UDP port {}: {why}",
            at.ip(),
            at.port()
        ),
        "Look for a firewall that filters this machine's own addresses:\n    sudo nft list ruleset",
    )
}

fn fetch_from(server: Bound, nonce: &str) -> io::Result<Vec<u8>> {
    let at = server.local_addr();
    let file = StagedFile {
        name: format!("reflash-check-{nonce}").into(),
        bytes: nonce.as_bytes().into(),
    };
    let name = file.name.to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = thread::Builder::new()
        .name("self-test".to_owned())
        .spawn(move || {
            server.run(OneFile(file), async {
                // An error also means that the test is over.
                let _ = stopped.await;
            })
        })?;
    let fetched = fetch(at, &name);
    drop(stop);
    let ended = thread
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("the server panicked")));
    let fetched = fetched?;
    ended.map(|()| fetched)
}

/// Fetches one block (RFC 1350); the file is shorter than a block.
fn fetch(server: SocketAddrV4, name: &str) -> io::Result<Vec<u8>> {
    const BLOCK: usize = 512;
    const DATA_1: [u8; 4] = [0, 3, 0, 1];
    const ACK_1: [u8; 4] = [0, 4, 0, 1];
    let from = if server.ip().is_unspecified() {
        Ipv4Addr::LOCALHOST
    } else {
        *server.ip()
    };
    let socket = UdpSocket::bind((from, 0))?;
    let mut request = vec![0, 1];
    request.extend(name.as_bytes());
    request.extend(b"\0octet\0");
    let mut buffer = [0; DATA_1.len() + BLOCK];
    for _ in 0..TRIES {
        socket.send_to(&request, (from, server.port()))?;
        let end = Instant::now() + PATIENCE;
        while let Some(left) = end
            .checked_duration_since(Instant::now())
            .filter(|l| !l.is_zero())
        {
            socket.set_read_timeout(Some(left))?;
            match socket.recv_from(&mut buffer) {
                Ok((length, peer)) => {
                    if let Some(bytes) = buffer[..length].strip_prefix(&DATA_1) {
                        socket.send_to(&ACK_1, peer)?;
                        return Ok(bytes.to_vec());
                    }
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Err(io::Error::other("no answer was received"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tftp::{Config, EngineKind};

    fn bound() -> Bound {
        let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        Bound::bind(EngineKind::Native, &Config::new(any)).unwrap()
    }

    #[test]
    fn the_served_file_is_fetched() {
        let found = self_test(bound(), "0123456789abcdef");
        assert_eq!(found.severity, Severity::Note, "{}", found.message);
        assert!(found.message.contains("127.0.0.1"), "{}", found.message);
    }

    #[test]
    fn a_server_that_does_not_answer_fails_the_test() {
        let silent = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let port = silent.local_addr().unwrap().port();
        let at = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        assert!(fetch(at, "x").is_err());
    }
}
