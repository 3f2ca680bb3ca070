//! A network of this test's own: two namespaces and a cable between them.

use std::{ffi::OsStr, process::Command};

/// Where the server is, on port 69, in a namespace of its own.
pub(crate) const SERVER: &str = "192.0.2.1";
/// What ordinary clients in the phones' namespace come from.
pub(crate) const CLIENT: &str = "192.0.2.50";
/// Where phones are: `PHONE_NETWORK` + 101 and so on.
pub(crate) const PHONES: [&str; 4] = ["192.0.2.101", "192.0.2.102", "192.0.2.103", "192.0.2.104"];

/// Two hosts with a cable between them; gone when dropped.
pub(crate) struct TwoHosts {
    server: String,
    phones: String,
}

impl TwoHosts {
    /// Builds it: this needs root.
    pub(crate) fn build(name: &str) -> Self {
        let lab = Self {
            server: format!("rf-{name}-s-{}", std::process::id()),
            phones: format!("rf-{name}-p-{}", std::process::id()),
        };
        assert!(
            ip(&["netns", "add", &lab.server]),
            "network namespaces need root: run scripts/test with sudo"
        );
        let (server, phones) = (lab.server.as_str(), lab.phones.as_str());
        assert!(ip(&["netns", "add", phones]));
        let cable = ["link", "add", "eth0", "netns", server, "type", "veth"];
        assert!(ip(&[
            &cable[..],
            &["peer", "name", "eth0", "netns", phones]
        ]
        .concat()));
        let address = |namespace: &str, address: &str| {
            let address = format!("{address}/24");
            assert!(ip(&[
                "-n", namespace, "addr", "add", &address, "dev", "eth0"
            ]));
        };
        address(server, SERVER);
        address(phones, CLIENT);
        for phone in PHONES {
            address(phones, phone);
        }
        for namespace in [server, phones] {
            assert!(ip(&["-n", namespace, "link", "set", "lo", "up"]));
            assert!(ip(&["-n", namespace, "link", "set", "eth0", "up"]));
        }
        lab.wait_for_carrier();
        lab
    }

    /// Waits until the cable carries: at both of its ends.
    pub(crate) fn wait_for_carrier(&self) {
        wait_for_carrier(&self.server);
        wait_for_carrier(&self.phones);
    }

    /// A command on the server's side.
    pub(crate) fn on_server(&self, program: impl AsRef<OsStr>) -> Command {
        within(&self.server, program)
    }

    /// A command on the phones' side.
    pub(crate) fn on_phones(&self, program: impl AsRef<OsStr>) -> Command {
        within(&self.phones, program)
    }
}

impl Drop for TwoHosts {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.server]);
        ip(&["netns", "del", &self.phones]);
    }
}

fn within(namespace: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(program);
    command
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip")
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// A cable that was just plugged in takes the kernel a moment.
fn wait_for_carrier(namespace: &str) {
    let carries = || {
        let output = within(namespace, "cat")
            .arg("/sys/class/net/eth0/carrier")
            .output()
            .unwrap();
        output.stdout == b"1\n"
    };
    for _ in 0..500 {
        if carries() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("no carrier on the cable of {namespace}");
}
