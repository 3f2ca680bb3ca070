//! Where a phone registers: the call managers of a configuration, and their ports.

use roxmltree::Node;

use super::{
    sheet::Sheet,
    xml::{all, child, value},
};

/// The port of SCCP, which is no port of SIP.
const SCCP_PORT: &str = "2000";

/// The ports of SIP, which are none of SCCP (RFC 3261 section 19.1.2).
const SIP_PORTS: [&str; 2] = ["5060", "5061"];

/// Judges every call manager below the root, and that there is one.
pub(super) fn judge(sheet: &mut Sheet<'_>, root: Node<'_, '_>) {
    let named: Vec<_> = all(root, "callManager")
        .filter_map(|manager| child(manager, "processNodeName"))
        .collect();
    if named.is_empty() {
        sheet.error(
            root,
            "no-call-manager",
            "no callManager with a processNodeName: the phone has nowhere to register, and some \
             firmware stumbles over that",
            "Add callManagerGroup, members, member, callManager, and in it processNodeName with \
             the PBX's address",
        );
    } else if named.iter().all(|name| value(*name).is_empty()) {
        sheet.warning(
            named[0],
            "no-call-manager",
            "processNodeName is empty: the phone registers at its TFTP server",
            "Write the PBX's address, unless the PBX and the TFTP server are one machine",
        );
    }
    for node in root.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "ethernetPhonePort" if SIP_PORTS.contains(&value(node).as_str()) => sheet.warning(
                node,
                "ports",
                format!(
                    "{} stands in ethernetPhonePort, which is SCCP's port: expected 2000",
                    value(node)
                ),
                "Write 2000 here, and SIP's port into sipPort beside it",
            ),
            "sipPort" | "voipControlPort" if value(node) == SCCP_PORT => sheet.error(
                node,
                "ports",
                format!(
                    "{SCCP_PORT}, the port of SCCP, stands in {}: expected a port of SIP",
                    node.tag_name().name()
                ),
                "Write 5060, or the port that the PBX listens on for SIP",
            ),
            _ => {}
        }
    }
}
