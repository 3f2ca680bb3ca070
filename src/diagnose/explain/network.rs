//! Network, this machine and bundles.

use super::{super::Code, registration, text::ExplanationText};

/// The texts of the codes that are not about one phone's conversion.
pub(super) fn text(code: Code) -> Option<ExplanationText> {
    Some(match code {
        Code::BlockedByFirewall => ExplanationText {
            title: "The phone does not receive this machine's answers",
            signature: "The phone repeats one request about every 4 s, each time from a new port, \
                        and acknowledges nothing: three transfers got no ACK, or the phone \
                        repeated a request after eight 'not found' answers.",
            causes: "A firewall, on this machine or between it and the phone, that accepts \
                     requests to port 69 but drops the answers; answers that leave through \
                     another interface.",
            cure: "Allow UDP from this program's transfer ports to the phone, or fix the port with \
                   --transfer-port and allow that port.",
            clears_when: "The phone acknowledges something.",
        },
        Code::NoTftpAddress => ExplanationText {
            title: "The phone's lease names no TFTP server, or another one",
            signature: "A DHCP server gave the phone an address but no TFTP server, or a TFTP \
                        server other than this machine (option 150, otherwise option 66, \
                        otherwise the next server), and the phone sent no request here within 60 \
                        s. `check` sends a DHCP request as a phone does, and reports such an \
                        offer or that no server answered.",
            causes: "The router cannot send these options, or they name another server. A factory \
                     reset erases an alternate TFTP address that was set in the phone.",
            cure: "On the DHCP server that the diagnosis names, set option 150 (addresses), \
                   option 66 (text) and next-server to this machine.",
            clears_when: "The phone sends a request here, or gets a lease that names this machine.",
        },
        Code::SecondDhcp => ExplanationText {
            title: "Two DHCP servers answer",
            signature: "`check` sends a DHCP request as a phone does, and two servers answer it. \
                        Or, with --dhcp isolated, a server other than this program's answers.",
            causes: "A router's own DHCP server in addition to another one in the same network.",
            cure: "Switch one of them off, or connect the phones and this machine to a switch of \
                   their own.",
            clears_when: "Only one server answers, as the next `check` shows. With --dhcp \
                          isolated, this program's own server stays silent until it is started \
                          again.",
        },
        Code::NotRegistering => registration::TEXT,
        Code::PortBusy => ExplanationText {
            title: "Another program uses the port",
            signature: "Binding the TFTP or HTTP port failed because it is in use.",
            causes: "Another TFTP server on this machine: tftpd-hpa, dnsmasq, xinetd.",
            cure: "Stop the named program for now, or use another port.",
            clears_when: "The port can be bound.",
        },
        Code::BundleIsSccp => ExplanationText {
            title: "The bundle contains SCCP firmware",
            signature: "A manifest of the bundle names an SCCP load, and none names a SIP load.",
            causes: "The file names of the two bundles of a model differ only in one word.",
            cure: "Download the -sip bundle of the same model. An SCCP 8.5(2) bundle is right for \
                   --bridge.",
            clears_when: "Another bundle is used.",
        },
        Code::BundleUnknown => ExplanationText {
            title: "The bundle's digest is not in the catalogue",
            signature: "The file's digest is in no catalogue, and none of its signatures could be \
                        checked.",
            causes: "A release that is not catalogued, or a file that was repacked.",
            cure: "Compare its digest with the one on Cisco's download page and pass it with \
                   --checksum. --accept-unknown continues without.",
            clears_when: "A digest matches.",
        },
        Code::BundleRepacked => ExplanationText {
            title: "The package is unknown, but all files in it are known",
            signature: "The package's digest is unknown, and every member is known from one \
                        published set.",
            causes: "The bundle was unpacked and packed again. The firmware is the same.",
            cure: "Do nothing: only the members matter.",
            clears_when: "Never: it is only a note.",
        },
        Code::WrongInterface => ExplanationText {
            title: "The phones are on another interface",
            signature: "Phones are observed on an interface that is not served, and none on the one \
                        that is.",
            causes: "Several network cards; a VPN or Wi-Fi in addition to the cable.",
            cure: "Pass the named interface with --interface.",
            clears_when: "The next check observes phones on the served interface.",
        },
        Code::PowerOrPort => ExplanationText {
            title: "The phone's power or network port is unsuitable",
            signature: "CDP reports low power, half duplex at 10 Mbit/s, or the phone's PC port.",
            causes: "A cable in the PC port instead of the network port; a switch that supplies too \
                     little power: a 7970 cannot finish a recovery on inline power.",
            cure: "Use the port with the network symbol, and a power brick.",
            clears_when: "CDP no longer reports it.",
        },
        Code::VoiceVlan => ExplanationText {
            title: "The phone looks for its server in another VLAN",
            signature: "LLDP or CDP reports that the phone tags its frames with a voice VLAN, its \
                        address is not in the served network, and it sent no request here within \
                        60 s.",
            causes: "The switch port has a voice VLAN, and this machine is in the data VLAN.",
            cure: "For the conversion, set the port's voice VLAN to that of this machine, or remove \
                   it. A router between the two networks works too.",
            clears_when: "The phone sends a request here, or has an address of the served network.",
        },
        _ => return None,
    })
}
