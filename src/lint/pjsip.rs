//! Reads transports and endpoints from `pjsip.conf`; keeps no passwords.
//!
//! The syntax is Asterisk's: `[name](template,…)`, `(!)` for a template, `(+)` to continue
//! a section, `key = value` or `key => value`, `;` and `;-- … --;` for comments.

use std::collections::HashMap;

/// The protocol of a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportProtocol {
    /// `protocol=tcp`.
    Tcp,
    /// `protocol=udp`, the default.
    Udp,
    /// `protocol=tls`.
    Tls,
    /// Another protocol, such as WebSocket, which Cisco phones do not support.
    Other,
}

/// One section with `type=endpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PjsipEndpoint {
    /// Its name, with which a phone registers.
    pub name: String,
    /// The name of its transport, if set.
    pub transport: Option<String>,
    /// Whether responses go to the source port of the request. Asterisk's default is yes.
    pub force_rport: bool,
    /// Whether contact addresses are rewritten. Asterisk's default is no.
    pub rewrite_contact: bool,
}

/// The transports and endpoints of a PBX.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PjsipConfig {
    /// Name and protocol of each transport.
    pub transports: Vec<(String, TransportProtocol)>,
    /// The endpoints.
    pub endpoints: Vec<PjsipEndpoint>,
    /// Whether the file includes others, which are not read.
    pub partial: bool,
}

/// The values of a section.
type Section = HashMap<String, String>;

impl PjsipConfig {
    /// Reads a file. Accepts any text; without transports and endpoints the result is empty.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut read = Self::default();
        let mut sections: Vec<(String, bool, Section)> = Vec::new();
        let mut in_comment = false;
        for line in text.lines() {
            let line = without_comments(line, &mut in_comment);
            let line = line.trim();
            if let Some((name, options)) = head(line) {
                open(&mut sections, name, options);
            } else if line.starts_with('#') {
                read.partial = true;
            } else if let (Some((key, value)), Some((_, _, section))) =
                (line.split_once('='), sections.last_mut())
            {
                let value = value.strip_prefix('>').unwrap_or(value);
                section.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        for (name, is_template, section) in sections {
            if !is_template {
                read.add_section(name, &section);
            }
        }
        read
    }

    /// Adds the content of another file.
    pub fn join(&mut self, other: Self) {
        self.transports.extend(other.transports);
        self.endpoints.extend(other.endpoints);
        self.partial |= other.partial;
    }

    fn add_section(&mut self, name: String, section: &Section) {
        let value = |key: &str| section.get(key).map(|value| value.to_ascii_lowercase());
        let is_on = |key: &str, default: bool| {
            value(key).map_or(default, |on| {
                matches!(on.as_str(), "yes" | "true" | "on" | "1")
            })
        };
        match value("type").as_deref() {
            Some("transport") => {
                let protocol = match value("protocol").as_deref() {
                    Some("tcp") => TransportProtocol::Tcp,
                    Some("tls") => TransportProtocol::Tls,
                    Some("udp") | None => TransportProtocol::Udp,
                    Some(_) => TransportProtocol::Other,
                };
                self.transports.push((name, protocol));
            }
            Some("endpoint") => self.endpoints.push(PjsipEndpoint {
                name,
                transport: section.get("transport").cloned(),
                force_rport: is_on("force_rport", true),
                rewrite_contact: is_on("rewrite_contact", false),
            }),
            _ => {}
        }
    }
}

/// Starts or continues a section. Values of its templates are copied.
fn open(sections: &mut Vec<(String, bool, Section)>, name: &str, options: &str) {
    let options: Vec<_> = options.split(',').map(str::trim).collect();
    if options.contains(&"+") {
        let last = sections.iter().rposition(|(known, _, _)| known == name);
        if let Some(at) = last {
            let section = sections.remove(at);
            sections.push(section);
            return;
        }
    }
    let mut section = Section::new();
    for template in &options {
        let known = sections
            .iter()
            .find(|(known, is, _)| *is && known == template);
        if let Some((_, _, values)) = known {
            section.extend(values.clone());
        }
    }
    sections.push((name.to_owned(), options.contains(&"!"), section));
}

/// `[name]` or `[name](options)`.
fn head(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let options = rest.trim().strip_prefix('(').unwrap_or_default();
    Some((name.trim(), options.split(')').next().unwrap_or_default()))
}

/// The line without `; …`, and without `;-- … --;` that may span lines.
fn without_comments(line: &str, in_comment: &mut bool) -> String {
    let mut kept = String::new();
    let mut rest = line;
    loop {
        if *in_comment {
            let Some((_, after)) = rest.split_once("--;") else {
                return kept;
            };
            *in_comment = false;
            rest = after;
        }
        let Some(at) = comment(rest) else {
            kept.push_str(rest);
            return kept;
        };
        kept.push_str(&rest[..at]);
        if !rest[at..].starts_with(";--") {
            return kept;
        }
        *in_comment = true;
        rest = &rest[at + ";--".len()..];
    }
}

/// The start of a comment: a `;` without a backslash before it.
fn comment(text: &str) -> Option<usize> {
    text.match_indices(';')
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_and_endpoints_are_found_through_templates_and_comments() {
        let read = PjsipConfig::read(
            "; a comment\n\
             [transport-tcp]\ntype = transport\nprotocol=tcp ; why not\nbind=0.0.0.0\n\
             [transport-udp](+)\ntype=transport\n\
             [wss]\ntype=transport\nprotocol=wss\n\
             ;-- [gone]\ntype=endpoint\n--; [phone](!)\ntype=endpoint\nforce_rport = no\n\
             [1001](phone)\ntransport => transport-tcp\n\
             [1001]\ntype=auth\npassword=a\\;b=c\n\
             [1002](phone)\nrewrite_contact=yes\nforce_rport=yes\n\
             [transport-tcp](+)\nprotocol=tls\n",
        );
        let transports = [
            ("transport-udp", TransportProtocol::Udp),
            ("wss", TransportProtocol::Other),
            ("transport-tcp", TransportProtocol::Tls),
        ];
        let expected: Vec<_> = transports
            .iter()
            .map(|(name, protocol)| ((*name).to_owned(), *protocol))
            .collect();
        assert_eq!(read.transports, expected);
        let endpoint = |name: &str, transport: Option<&str>, on: bool| PjsipEndpoint {
            name: name.to_owned(),
            transport: transport.map(str::to_owned),
            force_rport: on,
            rewrite_contact: on,
        };
        let endpoints = [
            endpoint("1001", Some("transport-tcp"), false),
            endpoint("1002", None, true),
        ];
        assert_eq!(read.endpoints, endpoints);
        assert!(!read.partial);
        assert!(
            !format!("{read:?}").contains("a\\;b"),
            "no password is kept"
        );
    }

    #[test]
    fn includes_are_detected_and_defaults_match_asterisk() {
        let read = PjsipConfig::read("#include pjsip.transports.conf\n[7]\ntype=endpoint\n");
        assert!(read.partial && read.endpoints[0].force_rport);
        assert!(!read.endpoints[0].rewrite_contact);
    }
}
