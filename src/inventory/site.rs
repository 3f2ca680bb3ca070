//! Settings for every phone of an inventory.

use super::{
    fault::{InventoryFault, TextPosition},
    field::SiteField,
    secret::Secret,
    value::flag,
};

/// Maximum number of values in a list (`codecs`, `ntp`).
pub(super) const MAX_LIST: usize = 8;

/// Settings of the whole site as given. Defaults are in docs/configuration.md.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteSettings {
    /// IPv4 address or host name of the PBX.
    pub pbx: Option<String>,
    /// SIP port of the PBX.
    pub port: Option<u16>,
    /// Transport of SIP.
    pub transport: Option<PbxTransport>,
    /// Voice codecs in order of preference.
    pub codecs: Vec<Codec>,
    /// IANA name ("Europe/Vienna") or Cisco name.
    pub time_zone: Option<String>,
    /// Date format on the display, such as "D/M/Y".
    pub date_format: Option<String>,
    /// NTP servers.
    pub ntp: Vec<String>,
    /// TFTP folder of the language files, such as `German_Germany`.
    pub locale: Option<String>,
    /// Language of that folder, such as `de_DE`.
    pub language: Option<String>,
    /// TFTP folder of the country's tones, such as `Austria`.
    pub network_locale: Option<String>,
    /// First and last UDP port for RTP.
    pub rtp: Option<(u16, u16)>,
    /// Name of a preset, or a file.
    pub dial_plan: Option<String>,
    /// Asterisk context for calls from the phones.
    pub context: Option<String>,
    /// Number to dial for voice mail.
    pub voicemail: Option<String>,
    /// SSH user name.
    pub ssh_user: Option<String>,
    /// SSH password.
    pub ssh_password: Option<Secret>,
    /// Whether the phones' web pages are enabled.
    pub web_access: Option<bool>,
    /// IPv4 address or host name of a second PBX, for when the first one does not respond.
    pub backup_pbx: Option<String>,
    /// URL of the phones' directory service.
    pub directory_url: Option<String>,
    /// URL of the phones' services menu.
    pub services_url: Option<String>,
    /// Asterisk trunk for the emergency numbers of the dial plan.
    pub emergency_trunk: Option<String>,
    /// Call pickup group of all phones.
    pub pickup_group: Option<String>,
    /// Load of the 7940 and 7960.
    pub image_version: Option<String>,
    /// File of the soft keys in the TFTP root.
    pub soft_key_file: Option<String>,
    /// The same for the 8961, 9951 and 9971, in a form of its own.
    pub feature_policy_file: Option<String>,
    /// IPv4 address from which `reflash restart` uses Asterisk's manager interface.
    pub ami_from: Option<String>,
}

/// The transport of SIP between phone and PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PbxTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

impl PbxTransport {
    /// The name in Asterisk's and Kamailio's files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// A voice codec of the phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 mu-law, used in North America and Japan.
    Ulaw,
    /// G.711 A-law, used elsewhere.
    Alaw,
    /// G.722, wideband.
    G722,
    /// G.729; needs an Asterisk module.
    G729,
}

impl Codec {
    /// All codecs.
    pub const ALL: [Self; 4] = [Self::Ulaw, Self::Alaw, Self::G722, Self::G729];

    /// The name in Asterisk's `allow`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ulaw => "ulaw",
            Self::Alaw => "alaw",
            Self::G722 => "g722",
            Self::G729 => "g729",
        }
    }

    /// The name in a phone's `preferredCodec`.
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
    /// Sets a field to a non-empty value.
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
            SiteField::BackupPbx => self.backup_pbx = text(),
            SiteField::DirectoryUrl => self.directory_url = text(),
            SiteField::ServicesUrl => self.services_url = text(),
            SiteField::EmergencyTrunk => self.emergency_trunk = text(),
            SiteField::PickupGroup => self.pickup_group = text(),
            SiteField::ImageVersion => self.image_version = text(),
            SiteField::SoftKeyFile => self.soft_key_file = text(),
            SiteField::FeaturePolicyFile => self.feature_policy_file = text(),
            SiteField::AmiFrom => self.ami_from = text(),
        }
        Ok(())
    }
}

fn port(value: &str, position: TextPosition) -> Result<u16, InventoryFault> {
    let port = value.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| position.fault("expected a port: 1 to 65535, usually 5060"))
}

fn transport(value: &str, position: TextPosition) -> Result<PbxTransport, InventoryFault> {
    let all = [PbxTransport::Udp, PbxTransport::Tcp];
    let found = all
        .into_iter()
        .find(|t| value.eq_ignore_ascii_case(t.name()));
    found.ok_or_else(|| {
        position.fault(if value.eq_ignore_ascii_case("tls") {
            "a phone takes TLS only with a signed trust list, which this program does not write: \
             expected udp or tcp"
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
                "a codec that the phones do not support: expected one of {known}"
            ))
        })?;
        if codecs.contains(&codec) {
            return Err(position.fault(format!("the codec {} is listed twice", codec.name())));
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
            "expected 1 to {MAX_LIST} values, separated by spaces or commas"
        )));
    }
    Ok(values)
}

/// `16384-32766`.
fn range(value: &str, position: TextPosition) -> Result<(u16, u16), InventoryFault> {
    let read = || {
        let (first, last) = value.split_once('-')?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        // RTP uses the even port of a pair, RTCP the odd one (RFC 3550, section 11).
        (first >= 1024_u16 && first % 2 == 0 && last > first).then_some((first, last))
    };
    read().ok_or_else(|| {
        position
            .fault("expected two ports, the first one even and at least 1024, such as 16384-32766")
    })
}
