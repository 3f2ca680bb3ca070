//! ufw and firewalld: whether they manage the rules, and their own output where the kernel's rules
//! cannot be read.

use super::walk::{FirewallPacket, FirewallVerdict};

/// Whether `ufw status` reports it as active.
pub(super) fn ufw_is_active(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "Status: active")
}

/// `ufw status verbose`: the default, and rules that name a port. `None`: not active.
pub(super) fn ufw(text: &str, packet: &FirewallPacket<'_>) -> Option<FirewallVerdict> {
    if !ufw_is_active(text) {
        return None;
    }
    if packet.established {
        return Some(FirewallVerdict::Accepts);
    }
    let default = text
        .lines()
        .find_map(|line| line.strip_prefix("Default: "))?;
    let lets_in = default.starts_with("allow");
    let mut verdict = if lets_in {
        FirewallVerdict::Accepts
    } else {
        FirewallVerdict::Refuses
    };
    // Its table: To, Action, From.
    let rules = text.lines().skip_while(|line| !line.starts_with("--"));
    for rule in rules.skip(1) {
        let Some((to, action)) = ["ALLOW", "DENY", "REJECT", "LIMIT"]
            .iter()
            .find_map(|word| Some((rule.split_once(word)?.0, *word)))
        else {
            continue;
        };
        let (what, from_anywhere) = (to.trim(), rule.contains("Anywhere"));
        let of_rule = match ufw_rule_fits(what, packet) {
            Some(false) => continue,
            Some(true) if from_anywhere => match action {
                "ALLOW" | "LIMIT" => FirewallVerdict::Accepts,
                _ => FirewallVerdict::Refuses,
            },
            _ => FirewallVerdict::Perhaps,
        };
        if of_rule != FirewallVerdict::Perhaps {
            return Some(of_rule);
        }
        verdict = FirewallVerdict::Perhaps;
    }
    Some(verdict)
}

/// `None`: a rule for an application, whose ports are not listed.
fn ufw_rule_fits(what: &str, packet: &FirewallPacket<'_>) -> Option<bool> {
    let what = what.split(" on ").next().unwrap_or(what);
    if what.ends_with("(v6)") {
        return Some(false);
    }
    if what == "Anywhere" {
        return Some(true);
    }
    let (ports, protocol) = what.split_once('/').unwrap_or((what, packet.protocol()));
    let mut fits = false;
    for range in ports.split(',') {
        let (low, high) = range.split_once(':').unwrap_or((range, range));
        let range = low.parse::<u16>().ok()?..=high.parse::<u16>().ok()?;
        fits |= packet.port().is_some_and(|port| range.contains(&port));
    }
    Some(fits && protocol == packet.protocol())
}

/// `firewall-cmd --zone=… --list-all`. `None`: the text is something else.
pub(super) fn firewalld(text: &str, packet: &FirewallPacket<'_>) -> Option<FirewallVerdict> {
    let field = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.trim().split_once(':')?;
            (key == name).then_some(value.trim())
        })
    };
    let target = field("target")?;
    let (ports, services) = (field("ports")?, field("services")?);
    if packet.established || target == "ACCEPT" {
        return Some(FirewallVerdict::Accepts);
    }
    let has_port = ports.split_whitespace().any(|entry| {
        let Some((range, protocol)) = entry.split_once('/') else {
            return false;
        };
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        let (Ok(low), Ok(high)) = (low.parse::<u16>(), high.parse()) else {
            return false;
        };
        let is_port = packet
            .port()
            .is_some_and(|port| (low..=high).contains(&port));
        is_port && protocol == packet.protocol()
    });
    // The services that firewalld itself defines for these ports.
    let service = match (packet.udp, packet.port()) {
        (true, Some(69)) => Some("tftp"),
        (true, Some(67)) => Some("dhcp"),
        _ => None,
    };
    let has_service = services.split_whitespace().any(|one| Some(one) == service);
    let rich = field("rich rules").is_some_and(|rules| !rules.is_empty())
        || text.lines().any(|line| line.trim().starts_with("rule "));
    Some(match (has_port || has_service, rich) {
        (true, _) => FirewallVerdict::Accepts,
        (false, true) => FirewallVerdict::Perhaps,
        (false, false) => FirewallVerdict::Refuses,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::tests::packet, *};

    const UFW: &str = "\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
69/udp on eth0             ALLOW IN    Anywhere
6970:6980/tcp              ALLOW IN    192.0.2.0/24
22/tcp (v6)                ALLOW IN    Anywhere (v6)
";

    const ZONE: &str = "\
public (active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0
  sources:
  services: dhcpv6-client ssh tftp
  ports: 6970-6980/tcp
  protocols:
  forward: yes
  rich rules:
";

    #[test]
    fn ufw_rules_accept_the_ports_they_name() {
        let verdict = |udp, port| ufw(UFW, &packet(udp, Some(port), false)).unwrap();
        assert_eq!(verdict(true, 69), FirewallVerdict::Accepts);
        assert_eq!(verdict(false, 69), FirewallVerdict::Refuses);
        assert_eq!(verdict(true, 67), FirewallVerdict::Refuses);
        assert_eq!(verdict(false, 6970), FirewallVerdict::Perhaps);
        assert_eq!(
            ufw(UFW, &packet(true, None, true)),
            Some(FirewallVerdict::Accepts)
        );
        let with_profile = format!("{UFW}Samba   ALLOW IN    Anywhere\n");
        assert_eq!(
            ufw(&with_profile, &packet(true, Some(67), false)),
            Some(FirewallVerdict::Perhaps)
        );
        for text in ["Status: inactive\n", "", "ERROR: You need to be root"] {
            assert_eq!(ufw(text, &packet(true, Some(69), false)), None, "{text}");
        }
    }

    #[test]
    fn a_firewalld_zone_accepts_its_services_and_ports() {
        let verdict = |udp, port| firewalld(ZONE, &packet(udp, Some(port), false)).unwrap();
        assert_eq!(verdict(true, 69), FirewallVerdict::Accepts, "service tftp");
        assert_eq!(verdict(false, 6970), FirewallVerdict::Accepts);
        assert_eq!(verdict(true, 67), FirewallVerdict::Refuses);
        let trusted = ZONE.replace("target: default", "target: ACCEPT");
        assert_eq!(
            firewalld(&trusted, &packet(true, Some(67), false)),
            Some(FirewallVerdict::Accepts)
        );
        let rich = format!("{ZONE}\trule family=\"ipv4\" accept\n");
        assert_eq!(
            firewalld(&rich, &packet(true, Some(67), false)),
            Some(FirewallVerdict::Perhaps)
        );
        assert_eq!(firewalld("", &packet(true, Some(69), false)), None);
    }

    proptest! {
        #[test]
        fn any_text_has_a_verdict_or_none(text in "(Status: active\nDefault: deny\n--\n)?\\PC{0,60}\n[0-9a-zA-Z/: ,()]{0,60}ALLOW") {
            ufw(&text, &packet(true, Some(69), false));
            firewalld(&text, &packet(true, Some(69), false));
        }
    }
}
