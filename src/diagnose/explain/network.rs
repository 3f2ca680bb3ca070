//! Network, this machine and bundles.

use super::{super::Code, registration, text::ExplanationText};

/// The texts of the codes that are not about one phone's conversion.
#[expect(clippy::too_many_lines, reason = "a table of text")]
pub(super) fn text(code: Code) -> Option<ExplanationText> {
    Some(match code {
        Code::BlockedByFirewall => ExplanationText {
            title: "The phone does not receive the server's answers",
            signature: "The phone repeats one request about every 4 s and acknowledges nothing: \
                        three transfers without an ACK, or seven repetitions, from two or more \
                        ports; five repetitions in a record without ports.",
            causes: "A firewall on the server or on the way that allows port 69 in but not the \
                     answers out; no route from the server to the phone's network, or a wrong \
                     router or netmask in the phone; a server with several addresses that answers \
                     from another address than the phone asked.",
            cure: "On the server, accept UDP port 69 and established connections: `nft insert rule \
                   inet filter input ct state established,related accept`; the phone's \
                   acknowledgements answer the server, whatever port it sends from. Without \
                   connection tracking, accept the transfer ports too (--transfer-port 30000-30255 \
                   fixes those of this program). On the way, allow UDP from the server's ports from \
                   1024 to the phone, and the answers. `reflash check` reads this machine's rules. \
                   Ping the phone from the server. Bind the server to the address that the phone \
                   asks. A phone that repeats its request for a trust list waits for any answer; \
                   'not found' is enough.",
            clears_when: "The phone acknowledges something, or requests its next file at once.",
        },
        Code::ForgedPackets => ExplanationText {
            title: "Packets with the phone's address come from another sender",
            signature: "ACKs with the phone's address as source reached ports that serve it nothing, \
                        more than five of them within minutes, as if a host that does not see the \
                        transfers guesses their ports. Or more than 200 requests per second \
                        arrived from its address.",
            causes: "A host that forges the phone's address; a second device or a broken program at \
                     that address.",
            cure: "Find the sender: the switch shows at which port frames with the phone's address \
                   enter (port security, DHCP snooping with IP source guard and dynamic ARP \
                   inspection name and stop it), and a router between the networks can drop \
                   packets whose source address belongs to the other side. No firewall of this \
                   machine causes it. The phone is still served: it repeats its requests, and the \
                   server answers some of them at any rate of forged ones. Check what the report \
                   says of this phone on the phone itself.",
            clears_when: "The phone acknowledges something, and no such packet arrived for 2 \
                          minutes.",
        },
        Code::NoTftpAddress => ExplanationText {
            title: "The phone's lease names no TFTP server, or another one, or it has no lease",
            signature: "A DHCP server gave the phone an address and named no TFTP server (option \
                        150, otherwise option 66, otherwise the next server) or another one, and \
                        the phone sent no request here within 60 s. Or the phone repeats its DHCP \
                        request, four times or more, and no answer was observed. `check` sends a \
                        DHCP request as a phone does and gets such an offer, or none.",
            causes: "A router that cannot set the options, or has those of another server; a \
                     factory reset, which erases the alternate TFTP address; no DHCP server in \
                     the phone's VLAN, or one without a free address.",
            cure: "On the named DHCP server set option 150 (addresses), option 66 (text) and \
                   next-server to this machine. Without a lease, start a DHCP server in the \
                   phone's VLAN, or correct the VLAN of its switch port.",
            clears_when: "The phone sends a request here, or gets a lease that names this machine.",
        },
        Code::NoRequest => ExplanationText {
            title: "The phone's lease names a TFTP server, and the phone requests nothing there",
            signature: "A DHCP server gave the phone an address and named the TFTP server, and no \
                        request of the phone was observed within 60 s.",
            causes: "An alternate TFTP server that is set in the phone, which overrides DHCP; a \
                     wrong router in the lease; a place of observation that does not see the \
                     phone's requests; a boot loader that no longer has a valid default load.",
            cure: "In the phone, set Alternate TFTP to No. Check that the named server is the one \
                   that should serve the phone and that the phone can reach it. Observe on the \
                   server itself. If nothing helps and the bundle has \
                   a recovery manifest for the model, reset the phone to factory settings.",
            clears_when: "The phone sends a request.",
        },
        Code::NoTftpServer => ExplanationText {
            title: "No TFTP server listens where the phone sends its requests",
            signature: "A request of the phone to port 69 was answered with ICMP port unreachable, \
                        twice or more.",
            causes: "The TFTP server is not running, or is bound to another address; option 150 or \
                     66 names a machine that has none; a firewall rejects port 69.",
            cure: "Start the TFTP server on the named machine, or let option 150 and 66 name the \
                   machine where it runs. Allow UDP port 69 in its firewall.",
            clears_when: "A request of the phone is answered.",
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
        Code::ContactUnreachable => ExplanationText {
            title: "The phone is registered, and calls do not reach it",
            signature: "A SIP request of the PBX to the phone was answered with ICMP port \
                        unreachable, twice or more: the phone does not listen on that port.",
            causes: "The PBX sends to the port that the REGISTER came from (rewrite_contact, nat), \
                     but these phones send from any port and listen on voipControlPort.",
            cure: "Write rewrite_contact=no and force_rport=no into the line's endpoint in \
                   pjsip.conf (nat=no in sip.conf), reload the PBX and restart the phone. Or use \
                   TCP (transportLayerProtocol 1).",
            clears_when: "The phone registers again, until a request is rejected again.",
        },
        Code::PortBusy => ExplanationText {
            title: "Another program uses the port",
            signature: "Binding the TFTP or HTTP port failed because it is in use.",
            causes: "Another TFTP server on this machine: tftpd-hpa, dnsmasq, xinetd.",
            cure: "Stop the named program for now, or use another port.",
            clears_when: "The port can be bound.",
        },
        Code::BundleIsSccp => ExplanationText {
            title: "The bundle contains SCCP firmware",
            signature: "A manifest of the bundle names an SCCP load, and none names a SIP load. Or a \
                        phone requests an image of SCCP firmware, such as jar45sccp….sbn, as the \
                        target.",
            causes: "The file names of the two bundles of a model differ only in one word.",
            cure: "Download the -sip bundle of the same model. An SCCP 8.5(2) bundle is right for \
                   --bridge.",
            clears_when: "Another bundle is used, or the phone requests an image of SIP firmware.",
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
