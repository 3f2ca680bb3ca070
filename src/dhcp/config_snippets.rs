//! Configuration snippets that make common DHCP servers send phones to this machine.

use std::{fmt, net::Ipv4Addr};

/// A common DHCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ServerKind {
    /// dnsmasq, also in Pi-hole and `OpenWrt`.
    #[value(help = "dnsmasq, also in Pi-hole and OpenWrt")]
    Dnsmasq,
    /// ISC dhcpd.
    Isc,
    /// ISC Kea.
    Kea,
    /// `MikroTik` `RouterOS`.
    #[value(help = "MikroTik RouterOS")]
    Mikrotik,
    /// pfSense and `OPNsense`.
    #[value(help = "pfSense and OPNsense")]
    Pfsense,
    /// Cisco IOS.
    Ios,
    /// Windows Server.
    Windows,
}

impl ServerKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Dnsmasq,
        Self::Isc,
        Self::Kea,
        Self::Mikrotik,
        Self::Pfsense,
        Self::Ios,
        Self::Windows,
    ];

    /// The server whose process has this name.
    #[must_use]
    pub fn of_process(name: &str) -> Option<Self> {
        match name {
            "dnsmasq" | "pihole-FTL" => Some(Self::Dnsmasq),
            "dhcpd" => Some(Self::Isc),
            "kea-dhcp4" => Some(Self::Kea),
            _ => None,
        }
    }

    /// Its name on the command line (`--paste`).
    #[must_use]
    pub fn flag_value(self) -> &'static str {
        match self {
            Self::Dnsmasq => "dnsmasq",
            Self::Isc => "isc",
            Self::Kea => "kea",
            Self::Mikrotik => "mikrotik",
            Self::Pfsense => "pfsense",
            Self::Ios => "ios",
            Self::Windows => "windows",
        }
    }

    /// Lines that set option 150, option 66 and the next server to `address`.
    #[must_use]
    pub fn config_snippet(self, address: Ipv4Addr) -> String {
        match self {
            // The quotes make the value of option 66 a string, as required.
            Self::Dnsmasq => format!(
                "# /etc/dnsmasq.d/phones.conf, then: sudo systemctl restart dnsmasq\n\
                 dhcp-option=150,{address}\n\
                 dhcp-option=66,\"{address}\"\n\
                 dhcp-boot=,,{address}\n"
            ),
            Self::Isc => format!(
                "# /etc/dhcp/dhcpd.conf, then: sudo systemctl restart isc-dhcp-server\n\
                 # Put the first line outside of any subnet declaration.\n\
                 option tftp150 code 150 = array of ip-address;\n\
                 option tftp150 {address};\n\
                 option tftp-server-name \"{address}\";\n\
                 next-server {address};\n"
            ),
            // Kea has no built-in option 150: the definition comes first.
            Self::Kea => format!(
                "// /etc/kea/kea-dhcp4.conf, inside \"Dhcp4\", then:\n\
                 // sudo systemctl restart kea-dhcp4-server\n\
                 \"option-def\": [ {{ \"name\": \"tftp150\", \"code\": 150,\n\
                 \x20   \"type\": \"ipv4-address\", \"array\": true }} ],\n\
                 \"option-data\": [ {{ \"name\": \"tftp150\", \"data\": \"{address}\" }},\n\
                 \x20   {{ \"name\": \"tftp-server-name\", \"data\": \"{address}\" }} ],\n\
                 \"next-server\": \"{address}\",\n"
            ),
            // In nested quotes a value is an address or a string, otherwise hex.
            Self::Mikrotik => format!(
                "# The last line applies to all networks of this router.\n\
                 /ip dhcp-server option\n\
                 add name=phones150 code=150 value=\"'{address}'\"\n\
                 add name=phones66 code=66 value=\"s'{address}'\"\n\
                 /ip dhcp-server network\n\
                 set [find] dhcp-option=phones150,phones66 next-server={address}\n"
            ),
            Self::Pfsense => format!(
                "Services > DHCP Server > the phones' interface:\n\
                 \x20 TFTP > TFTP Server:                {address}\n\
                 \x20 Network Booting > Enable, Next Server: {address}\n\
                 \x20 Custom DHCP Options > Number 150, Type IP address, Value {address}\n\
                 \x20 (Kea backend, without custom options: JSON configuration as for kea)\n"
            ),
            Self::Ios => format!(
                "! NAME is the pool: show running-config | include dhcp pool\n\
                 configure terminal\n\
                 ip dhcp pool NAME\n\
                 \x20option 150 ip {address}\n\
                 \x20option 66 ascii {address}\n\
                 \x20next-server {address}\n\
                 end\n"
            ),
            // An option of type address needs no hex value, which is easy to get wrong.
            Self::Windows => format!(
                "# PowerShell as administrator on the DHCP server, for all scopes. For one\n\
                 # scope add -ScopeId 192.0.2.0 to the last two lines.\n\
                 Add-DhcpServerv4OptionDefinition -Name \"TFTP150\" -OptionId 150 \
                 -Type IPv4Address -MultiValued\n\
                 Set-DhcpServerv4OptionValue -OptionId 150 -Value {address}\n\
                 Set-DhcpServerv4OptionValue -OptionId 66 -Value \"{address}\"\n"
            ),
        }
    }
}

impl fmt::Display for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dnsmasq => "dnsmasq",
            Self::Isc => "ISC dhcpd",
            Self::Kea => "Kea",
            Self::Mikrotik => "MikroTik RouterOS",
            Self::Pfsense => "pfSense, OPNsense",
            Self::Ios => "Cisco IOS",
            Self::Windows => "Windows Server",
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_snippet_sets_options_150_and_66() {
        let address = Ipv4Addr::new(192, 0, 2, 10);
        for kind in ServerKind::ALL {
            let lines = kind.config_snippet(address);
            assert!(lines.contains("150"), "{kind}");
            assert!(lines.matches("192.0.2.10").count() >= 2, "{kind}: {lines}");
            assert!(lines.ends_with('\n'), "{kind}");
            let value = kind.to_possible_value().unwrap();
            assert_eq!(
                value.get_name(),
                kind.flag_value(),
                "the name that clap parses"
            );
        }
    }
}
