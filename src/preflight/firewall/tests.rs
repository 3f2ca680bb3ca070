//! The firewall's output, from each program, and the findings.

use super::*;

pub(super) fn packet(udp: bool, port: Option<u16>, established: bool) -> FirewallPacket<'static> {
    FirewallPacket {
        interface: "eth0",
        address: Ipv4Addr::new(192, 0, 2, 10),
        udp,
        ports: port.map_or((FIRST_RANDOM_PORT, u16::MAX), |port| (port, port)),
        established,
    }
}

const TFTP: TrafficFlow = TrafficFlow {
    udp: true,
    port: Some(69),
    transfer_ports: TransferPorts::RANDOM,
    severity: Severity::Error,
};
const TRANSFERS: TrafficFlow = TrafficFlow { port: None, ..TFTP };

const CLOSED: &str = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";
const NFT_CLOSED: &str = r#"{"nftables":[{"chain":{"family":"inet","table":"t","name":"in",
    "type":"filter","hook":"input","prio":0,"policy":"drop"}}]}"#;

fn findings(output: &FirewallOutput) -> Vec<Finding> {
    output.findings(&[TFTP, TRANSFERS], "eth0", Ipv4Addr::new(192, 0, 2, 10))
}

fn cures(output: &FirewallOutput) -> Vec<String> {
    let found = findings(output);
    assert!(
        found
            .iter()
            .all(|finding| finding.severity == Severity::Error)
    );
    found.into_iter().map(|finding| finding.cure).collect()
}

#[test]
fn the_cure_is_for_the_program_that_manages_the_rules() {
    let text = |text: &str| Some(text.to_owned());
    let iptables = FirewallOutput {
        iptables: text(CLOSED),
        ..FirewallOutput::default()
    };
    assert_eq!(
        cures(&iptables),
        [
            "Accept it for now:\n    sudo iptables -I INPUT -i eth0 -p udp --dport 69 -j ACCEPT",
            "Accept it for now:\n    sudo iptables -I INPUT -m conntrack --ctstate ESTABLISHED -j \
             ACCEPT"
        ]
    );
    let nft = FirewallOutput {
        nft: text(NFT_CLOSED),
        ..FirewallOutput::default()
    };
    assert_eq!(
        cures(&nft),
        [
            "Accept it for now:\n    sudo nft insert rule inet t in iifname \"eth0\" udp dport 69 \
             accept",
            "Accept it for now:\n    sudo nft insert rule inet t in ct state established accept"
        ]
    );
    let ufw = FirewallOutput {
        ufw: text("Status: active\nDefault: deny (incoming)\n"),
        ..iptables.clone()
    };
    assert!(cures(&ufw)[0].ends_with("sudo ufw allow in on eth0 to any port 69 proto udp"));
    let firewalld = FirewallOutput {
        zone: text("home"),
        ..nft.clone()
    };
    assert!(cures(&firewalld)[0].ends_with("--zone=home --add-port=69/udp"));
}

#[test]
fn nftables_and_iptables_must_both_accept_the_packet() {
    let open = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n".to_owned();
    let output = FirewallOutput {
        iptables: Some(open.clone()),
        nft: Some(NFT_CLOSED.to_owned()),
        ..FirewallOutput::default()
    };
    assert_eq!(findings(&output).len(), 2);
    let output = FirewallOutput {
        iptables: Some(open),
        ..FirewallOutput::default()
    };
    assert_eq!(findings(&output), []);
}

#[test]
fn a_firewall_that_accepts_port_69_alone_blocks_transfers() {
    let with = |rules: &str| FirewallOutput {
        iptables: Some(format!(
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp --dport 69 -j ACCEPT\n{rules}COMMIT\n"
        )),
        ..FirewallOutput::default()
    };
    let severities = |output: &FirewallOutput, first| {
        let transfer_ports = TransferPorts { first, count: 256 };
        let flow = TrafficFlow {
            transfer_ports,
            ..TRANSFERS
        };
        let address = Ipv4Addr::new(192, 0, 2, 10);
        let found = output.findings(&[TFTP, flow], "eth0", address);
        let severities: Vec<_> = found.iter().map(|finding| finding.severity).collect();
        severities
    };
    let random = 0;
    assert_eq!(severities(&with(""), random), [Severity::Error]);
    let stateful = with("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n");
    assert_eq!(severities(&stateful, random), []);
    let fixed = with("-A INPUT -p udp --dport 30000:30255 -j ACCEPT\n");
    assert_eq!(severities(&fixed, 30000), []);
    assert_eq!(severities(&fixed, 40000), [Severity::Error]);
    assert_eq!(severities(&fixed, 30100), [Severity::Note]);
    assert_eq!(severities(&fixed, random), [Severity::Note]);
}

#[test]
fn rules_that_cannot_be_read_give_a_note_and_no_guess() {
    for silent in [vec![], vec!["nft"]] {
        let output = FirewallOutput {
            silent,
            ..FirewallOutput::default()
        };
        let found = findings(&output);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Note);
    }
}
