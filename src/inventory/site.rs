//! What holds for every phone of an inventory.

use super::{
    fault::{InventoryFault, TextPosition},
    field::SiteField,
    secret::Secret,
    value::flag,
};

/// Values of a list (`codecs`, `ntp`) at most.
pub(super) const MAX_LIST: usize = 8;

/// Settings of the whole site, as they are written; what is absent has a default
/// (docs/configuration.md).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteSettings {
    /// The address or the name of the PBX.
    pub pbx: Option<String>,
    /// Its SIP port.
    pub port: Option<u16>,
    /// What carries SIP.
    pub transport: Option<Transport>,
    /// What carries voices, the best first.
    pub codecs: Vec<Codec>,
    /// An IANA name ("Europe/Vienna"), or one that phones know.
    pub time_zone: Option<String>,
    /// How phones show dates: "D/M/Y".
    pub date_format: Option<String>,
    /// Time servers.
    pub ntp: Vec<String>,
    /// The folder that phones read their language from: `German_Germany`.
    pub locale: Option<String>,
    /// The language of that folder: `de_DE`.
    pub language: Option<String>,
    /// The folder of the country's tones: `Austria`.
    pub network_locale: Option<String>,
    /// The first and the last UDP port for voices.
    pub rtp: Option<(u16, u16)>,
    /// A preset's name, or a file.
    pub dial_plan: Option<String>,
    /// The context that calls of the phones come into.
    pub context: Option<String>,
    /// The number that plays messages.
    pub voicemail: Option<String>,
    /// Who may log in over SSH.
    pub ssh_user: Option<String>,
    /// And with what.
    pub ssh_password: Option<Secret>,
    /// Whether phones have a web page.
    pub web_access: Option<bool>,
}

/// What carries SIP between phone and PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
}

impl Transport {
    /// As Asterisk and kamailio write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// A codec that the phones have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 as in North America and Japan.
    Ulaw,
    /// G.711 as elsewhere.
    Alaw,
    /// G.722, wide band.
    G722,
    /// G.729, narrow; Asterisk needs a module for it.
    G729,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ulaw, Self::Alaw, Self::G722, Self::G729];

    /// As Asterisk writes it in `allow`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ulaw => "ulaw",
            Self::Alaw => "alaw",
            Self::G722 => "g722",
            Self::G729 => "g729",
        }
    }

    /// As a phone's `preferredCodec` writes it.
    #[must_use]
    pub fn phone_name(self) -> &'static str {
        match self {
            Self::Ulaw => "g711ulaw",
            Self::Alaw => "g711alaw",
            Self::G722 => "g722",
            Self::G729 => "g729a",
        }
    }

    fn from_name(text: &str) -> Option<Self> {
        let is = |codec: &Self| {
            text.eq_ignore_ascii_case(codec.name()) || text.eq_ignore_ascii_case(codec.phone_name())
        };
        Self::ALL.into_iter().find(is)
    }
}

impl SiteSettings {
    /// Takes a value that is not empty.
    pub(super) fn set(
        &mut self,
        field: SiteField,
        position: TextPosition,
        value: &str,
    ) -> Result<(), InventoryFault> {
        let text = || Some(value.to_owned());
        match field {
            SiteField::Pbx => self.pbx = text(),
            SiteField::Port => self.port = Some(port(value, position)?),
            SiteField::Transport => self.transport = Some(transport(value, position)?),
            SiteField::Codecs => self.codecs = codecs(value, position)?,
            SiteField::TimeZone => self.time_zone = text(),
            SiteField::DateFormat => self.date_format = text(),
            SiteField::Ntp => self.ntp = list(value, position)?,
            SiteField::Locale => self.locale = text(),
            SiteField::Language => self.language = text(),
            SiteField::NetworkLocale => self.network_locale = text(),
            SiteField::Rtp => self.rtp = Some(range(value, position)?),
            SiteField::DialPlan => self.dial_plan = text(),
            SiteField::Context => self.context = text(),
            SiteField::Voicemail => self.voicemail = text(),
            SiteField::SshUser => self.ssh_user = text(),
            SiteField::SshPassword => self.ssh_password = Some(Secret::new(value.to_owned())),
            SiteField::WebAccess => self.web_access = Some(flag(value, position)?),
        }
        Ok(())
    }
}

fn port(value: &str, position: TextPosition) -> Result<u16, InventoryFault> {
    let port = value.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| position.fault("expected a port: 1 to 65535, usually 5060"))
}

fn transport(value: &str, position: TextPosition) -> Result<Transport, InventoryFault> {
    let all = [Transport::Udp, Transport::Tcp];
    let found = all
        .into_iter()
        .find(|t| value.eq_ignore_ascii_case(t.name()));
    found.ok_or_else(|| {
        position.fault(if value.eq_ignore_ascii_case("tls") {
            "a phone takes TLS only from a PBX that a signed trust list names, and this program \
             writes none: expected udp or tcp"
        } else {
            "expected a transport: udp or tcp"
        })
    })
}

fn codecs(value: &str, position: TextPosition) -> Result<Vec<Codec>, InventoryFault> {
    let mut codecs = Vec::new();
    for name in list(value, position)? {
        let codec = Codec::from_name(&name).ok_or_else(|| {
            let known = Codec::ALL.map(Codec::name).join(", ");
            position.fault(format!(
                "a codec that the phones do not have: expected of {known}"
            ))
        })?;
        if codecs.contains(&codec) {
            return Err(position.fault(format!("the codec {} stands there twice", codec.name())));
        }
        codecs.push(codec);
    }
    Ok(codecs)
}

fn list(value: &str, position: TextPosition) -> Result<Vec<String>, InventoryFault> {
    let values: Vec<String> = value
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    if values.is_empty() || values.len() > MAX_LIST {
        return Err(position.fault(format!(
            "expected 1 to {MAX_LIST} values, with blanks between"
        )));
    }
    Ok(values)
}

/// `16384-32766`.
fn range(value: &str, position: TextPosition) -> Result<(u16, u16), InventoryFault> {
    let read = || {
        let (first, last) = value.split_once('-')?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // A call takes two ports, the even one for the voice (RFC 3550, section 11).
        (first >= 1024_u16 && first % 2 == 0 && last > first).then_some((first, last))
    };
    read().ok_or_else(|| {
        position.fault("expected two ports, the first even and from 1024 up: 16384-32766")
    })
}
