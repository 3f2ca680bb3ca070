//! What lies around the phone: network, this machine, bundles.

use super::{Code, Words};

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
            signature: "A DHCP server answered the phone without option 150, option 66 and \
                        next-server, and no request came within 60 s.",
            causes: "A router that cannot set the options; a factory reset, which erases the \
                     alternate TFTP address.",
            cure: "Set option 150 (addresses), option 66 (text) and next-server to this machine \
                   on the DHCP server that is named.",
            ends: "At the phone's first request.",
        },
        Code::SecondDhcp => Words {
            title: "Two DHCP servers answer",
            signature: "Two offers for one phone, from different servers.",
            causes: "A router's own DHCP server beside another one in the same network.",
            cure: "Switch one of them off, or connect the phones and this machine to a switch of \
                   their own.",
            ends: "When one server alone has answered for ten minutes.",
        },
        Code::NotRegistering => Words {
            title: "Converted, configured, and not registered",
            signature: "A REGISTER of a converted phone, or of one that took its own \
                        configuration in this run, was heard, and so was what became of it: a \
                        password was proved and asked for again (not the first 401, nor one with \
                        stale=true); a password was asked for three times and never proved; 403; \
                        404; 423 or another refusal twice; the phone sent the same REGISTER again \
                        twice behind its answer; nobody answered within 32 s; its port is closed, \
                        twice; it went elsewhere than the phone's file says. Or none came within \
                        5 minutes of a configuration that sends it to this machine. The evidence \
                        names the user, the transport, the addresses, how often and since when.",
            causes: "Secret refused: the two sides have different passwords, or a long one was \
                     cut. No password: the line's authName and authPassword are empty. 403: a \
                     wrong secret, an address that the PBX does not allow, or all contacts of an \
                     aor are taken. 404: the PBX has no such user. 423: the phone asks for a \
                     shorter time than the PBX takes. 500 to 599: the PBX itself. Answered where \
                     the phone does not listen: force_rport, as these phones send from any port \
                     and listen at 5060; or a NAT. Answered where it listens and repeated: a \
                     firewall on the way back. Never answered: the PBX does not run, a firewall, \
                     fail2ban. Closed port: another transport than the PBX listens on, or no PBX. \
                     Elsewhere: the phone uses an older configuration. None came: address or port \
                     in the SEP file, a firewall on this machine, a configuration that the phone \
                     dropped.",
            cure: "Do what the diagnosis says; it names one cause. Secret: the same authPassword \
                   in the line of the SEP file and password in the type=auth section of \
                   pjsip.conf. User: one name for the line, the endpoint and the aor. Answers \
                   astray: force_rport=no and rewrite_contact=no in the endpoint. Transport: \
                   transportLayerProtocol in the SEP file (1 is TCP, 2 is UDP) as protocol of a \
                   type=transport section. Both sides from one inventory cannot differ: `reflash \
                   provision`. The phone's own reason is on its screen and on \
                   http://PHONE/DeviceLog.",
            ends: "At a 200 that names a contact, which is then evidence of the phone; where no \
                   REGISTER had come, at the first one.",
        },
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
            ends: "At the first request of a phone.",
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
            signature: "The phone asks for or uses a voice VLAN by CDP, or its DHCP requests are \
                        tagged, and no request comes to this server.",
            causes: "The switch port has a voice VLAN, and this machine is in the data VLAN.",
            cure: "For the conversion make the port's voice VLAN the one of this machine, or \
                   remove it.",
            ends: "At the phone's first request.",
        },
        _ => return None,
    })
}
