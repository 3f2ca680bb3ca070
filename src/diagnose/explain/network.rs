//! What lies around the phone: network, this machine, bundles.

use super::{Code, Words, registering};

/// The words of the codes that are about everything but one phone's conversion.
pub(super) fn words(code: Code) -> Option<Words> {
    Some(match code {
        Code::BlockedByFirewall => Words {
            title: "Our answers do not reach the phone",
            signature: "The same request comes every 4 s or so and from fresh ports, and nothing \
                        that is sent for it is ever acknowledged: three transfers without one \
                        ACK, or eight answers of 'not found' that change nothing.",
            causes: "A firewall on this machine or between, which lets port 69 in and the \
                     transfers' answers not out; an answer that leaves by another interface.",
            cure: "Allow UDP from this program's transfer ports to the phone, or fix the port with \
                   --transfer-port and allow that one.",
            ends: "At the first acknowledgement.",
        },
        Code::NoTftpAddress => Words {
            title: "The phone has a lease and no TFTP server",
            signature: "A DHCP server gave the phone an address and named no TFTP server (option \
                        150, else option 66, else the next server) or another one, and no \
                        request came within 60 s. `check` asks as a phone does: an offer like \
                        that, or none.",
            causes: "A router that cannot set the options, or has those of another server; a \
                     factory reset, which erases the alternate TFTP address.",
            cure: "Set option 150 (addresses), option 66 (text) and next-server to this machine \
                   on the DHCP server that is named.",
            ends: "At the phone's next request, or with a lease that names this machine.",
        },
        Code::SecondDhcp => Words {
            title: "Two DHCP servers answer",
            signature: "Two servers answer the question that `check` asks as a phone does. Or, with \
                        --dhcp isolated, another server than this program's answers.",
            causes: "A router's own DHCP server beside another one in the same network.",
            cure: "Switch one of them off, or connect the phones and this machine to a switch of \
                   their own.",
            ends: "When one server alone answers: `check` shows that. With --dhcp isolated this \
                   program's own is silent until it is started again.",
        },
        Code::NotRegistering => registering::WORDS,
        Code::PortBusy => Words {
            title: "Another program has the port",
            signature: "Binding the TFTP or HTTP port failed because it is in use.",
            causes: "Another TFTP server on this machine: tftpd-hpa, dnsmasq, xinetd.",
            cure: "Stop the program that is named, for now, or give another port.",
            ends: "When the port can be bound.",
        },
        Code::BundleIsSccp => Words {
            title: "The bundle holds SCCP firmware",
            signature: "A manifest of the bundle names an SCCP load, and none a SIP load.",
            causes: "The two bundles of a model differ by one word in their names.",
            cure: "Get the -sip bundle of the same model. An SCCP 8.5(2) bundle is right as \
                   --bridge.",
            ends: "With another bundle.",
        },
        Code::BundleUnknown => Words {
            title: "Nobody published this bundle's digest",
            signature: "The file's digest is in no catalogue and no signature of it could be \
                        checked.",
            causes: "A release that nobody listed, or a file that was packed anew.",
            cure: "Compare its digest with the one on Cisco's download page and give it with \
                   --checksum. --accept-unknown goes on without.",
            ends: "With a digest that matches.",
        },
        Code::BundleRepacked => Words {
            title: "Known files in an unknown package",
            signature: "The package's digest is unknown, and every member is known from one \
                        published set.",
            causes: "Somebody unpacked the bundle and packed it again. The firmware is the same.",
            cure: "Nothing: the members are what counts.",
            ends: "It stays; it is a note.",
        },
        Code::WrongInterface => Words {
            title: "The phones are on another interface",
            signature: "Phones are heard on an interface that is not served, and none on the one \
                        that is.",
            causes: "Several network cards, a VPN or Wi-Fi beside the cable.",
            cure: "Give the interface that is named with --interface.",
            ends: "In the next look, once phones are heard where they are served.",
        },
        Code::PowerOrPort => Words {
            title: "The phone's power or plug is not what it needs",
            signature: "CDP says low power, half duplex at 10 Mbit/s, or the phone's PC port.",
            causes: "A cable in the PC port instead of the network port; a switch that gives too \
                     little power: a 7970 cannot finish a recovery on inline power.",
            cure: "Use the port marked with the network sign, and a power brick.",
            ends: "When CDP says otherwise.",
        },
        Code::VoiceVlan => Words {
            title: "The phone looks for its server in another VLAN",
            signature: "By LLDP or CDP it tags its frames with a voice VLAN, its address is not in the \
                        network that is served, and within 60 s it asked for nothing here.",
            causes: "The switch port has a voice VLAN, and this machine is in the data VLAN.",
            cure: "For the conversion make the port's voice VLAN the one of this machine, or \
                   remove it. A router that leads here will do too.",
            ends: "At its first request, or with an address of the network that is served.",
        },
        _ => return None,
    })
}
