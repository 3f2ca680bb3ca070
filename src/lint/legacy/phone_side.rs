//! The lines of `SIP<MAC>.cnf` and `SIPDefault.cnf`, as a PBX sees them.

use std::path::PathBuf;

use super::{
    keys,
    settings::{Setting, settings},
};
use crate::{
    inventory::Secret,
    lint::{
        address::USE_CALL_MANAGER,
        findings::{Place, Position},
        manager::RegisteringLine,
        phone_side::{PhoneLine, PhoneProtocol, PhoneSide, PhoneTransport, Written, WrittenSecret},
        text::{LineColumn, Text},
    },
};

/// The SIP port if no key names one.
const DEFAULT_PORT: u16 = 5060;

/// The settings of `SIPDefault.cnf`, which every 7940 and 7960 reads before its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonSettings {
    path: PathBuf,
    /// Any value may be a password.
    settings: Vec<(LineColumn, String, Secret)>,
}

impl CommonSettings {
    pub(in crate::lint) fn new(path: PathBuf, text: &Text) -> Self {
        let of = |setting: Setting<'_>| {
            let value = Secret::new(setting.value.to_owned());
            (setting.place, setting.key.to_owned(), value)
        };
        Self {
            path,
            settings: settings(text.as_str()).map(of).collect(),
        }
    }

    /// The value of a key, and where it is. The phone uses the last one.
    fn find(&self, key: &str) -> Option<(LineColumn, &str)> {
        let mut all = self.settings.iter().rev();
        let (place, _, value) = all.find(|(_, one, _)| one == key)?;
        Some((*place, value.expose()))
    }

    /// Whether the key has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some_and(|(_, value)| is_value(value))
    }
}

/// `UNPROVISIONED` stands for an empty value.
fn is_value(value: &str) -> bool {
    !value.is_empty() && value != "UNPROVISIONED"
}

/// The settings that a phone reads: those of all phones, then its own.
pub(super) struct Effective<'s> {
    pub(super) own: &'s [Setting<'s>],
    pub(super) common: Option<&'s CommonSettings>,
}

impl<'s> Effective<'s> {
    fn find(&self, key: &str) -> Option<(Place, &'s str)> {
        let own = self.own.iter().rev().find(|setting| setting.key == key);
        let (file, at, value) = if let Some(setting) = own {
            (None, setting.place, setting.value)
        } else {
            let common = self.common?;
            let (place, value) = common.find(key)?;
            (Some(common.path.clone()), place, value)
        };
        let at = Position::At(at);
        is_value(value).then_some((Place { file, at }, value))
    }

    fn written(&self, key: String) -> Option<Written> {
        let (place, value) = self.find(&key)?;
        let value = value.to_owned();
        Some(Written { place, key, value })
    }

    /// The lines, and the only transport that these phones have.
    pub(super) fn phone_side(&self) -> PhoneSide {
        let lines: Vec<_> = (1..=keys::LINES)
            .filter_map(|line| self.line(line))
            .collect();
        let transport = lines.first().map(|line| PhoneTransport {
            place: line.host_place.clone(),
            protocol: PhoneProtocol::Udp,
            element: None,
        });
        PhoneSide {
            lines,
            transports: transport.into_iter().collect(),
        }
    }

    /// The lines that register.
    pub(super) fn registering_lines(&self) -> Vec<RegisteringLine> {
        let registers = self.find("proxy_register");
        if registers.is_none_or(|(_, value)| value != "1") {
            return Vec::new();
        }
        let backup = self.find("proxy_backup").map(|(_, host)| {
            let port = self.find("proxy_backup_port");
            let port = port.and_then(|(_, port)| port.parse().ok());
            (host.to_owned(), port.unwrap_or(DEFAULT_PORT))
        });
        let lines = self.phone_side().lines.into_iter();
        // Without a registrar a phone registers nowhere.
        let lines = lines.filter(|line| !line.host.is_empty());
        let line = |line: PhoneLine| {
            Some(RegisteringLine {
                user: line.user?.value,
                host: line.host,
                port: line.port,
                backups: backup.clone().into_iter().collect(),
            })
        };
        lines.filter_map(line).collect()
    }

    fn line(&self, line: u8) -> Option<PhoneLine> {
        let user = self.written(format!("line{line}_name"))?;
        let key = format!("line{line}_password");
        let password = self.find(&key).map(|(place, value)| WrittenSecret {
            place,
            key,
            value: Secret::new(value.to_owned()),
        });
        let (host_place, host, port_key) = self.registrar(line).unwrap_or_else(|| {
            let at = user.place.clone();
            (at, "", "proxy1_port".to_owned())
        });
        let port = self.find(&port_key);
        let number = port.as_ref().and_then(|(_, port)| port.parse().ok());
        Some(PhoneLine {
            auth_name: self.written(format!("line{line}_authname")),
            password,
            host: host.to_owned(),
            port: number.unwrap_or(DEFAULT_PORT),
            port_place: port.map_or_else(|| host_place.clone(), |(place, _)| place),
            host_place,
            user: Some(user),
        })
    }

    /// Where a line sends its REGISTER: the host, and the key of its port.
    fn registrar(&self, line: u8) -> Option<(Place, &'s str, String)> {
        let of = |host: &str, port: String| {
            let (place, value) = self.find(host)?;
            Some((place, value, port))
        };
        if let Some(outbound) = of("outbound_proxy", "outbound_proxy_port".to_owned()) {
            return Some(outbound);
        }
        let proxy = |line| of(&format!("proxy{line}_address"), format!("proxy{line}_port"));
        let managed = || of("call_manager1_addr", "call_manager1_sip_port".to_owned());
        // A line without a proxy uses that of the first.
        match proxy(line).or_else(|| proxy(1)) {
            Some((_, host, _)) if host == USE_CALL_MANAGER => managed(),
            None => managed(),
            named => named,
        }
    }
}
