//! Names of columns and keys.

/// The highest button number of any model: the 7931 has 24 line buttons.
pub(crate) const MAX_BUTTON: u8 = 24;

/// A field of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum PhoneField {
    Mac,
    Model,
    Name,
    Extension,
    Secret,
    Label,
    Shared,
    Voicemail,
    SshUser,
    SshPassword,
    WebAccess,
    /// A field of the line button with this number, from 2.
    Button(u8, ButtonField),
}

/// A field of a further line button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ButtonField {
    Extension,
    Name,
    Secret,
    Label,
    Shared,
    Number,
    Blf,
}

/// A field of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SiteField {
    Pbx,
    Port,
    Transport,
    Codecs,
    TimeZone,
    DateFormat,
    Ntp,
    Locale,
    Language,
    NetworkLocale,
    Rtp,
    DialPlan,
    Context,
    Voicemail,
    SshUser,
    SshPassword,
    WebAccess,
    BackupPbx,
    DirectoryUrl,
    ServicesUrl,
    EmergencyTrunk,
    PickupGroup,
    ImageVersion,
    SoftKeyFile,
    FeaturePolicyFile,
    AmiFrom,
}

impl PhoneField {
    const ALL: [(&str, Self); 11] = [
        ("mac", Self::Mac),
        ("model", Self::Model),
        ("name", Self::Name),
        ("extension", Self::Extension),
        ("secret", Self::Secret),
        ("label", Self::Label),
        ("shared", Self::Shared),
        ("voicemail", Self::Voicemail),
        ("ssh_user", Self::SshUser),
        ("ssh_password", Self::SshPassword),
        ("web_access", Self::WebAccess),
    ];

    /// Finds a field by name, ignoring case: `extension`, `line2_extension`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let lower = name.trim().to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("line") {
            let (button, part) = rest.split_once('_')?;
            let plain = button.bytes().all(|byte| byte.is_ascii_digit());
            let button = button.parse().ok().filter(|_| plain)?;
            return Self::of_button(button, ButtonField::from_name(part)?);
        }
        find(&Self::ALL, &lower)
    }

    /// The field of a button. Fields of button 1 are those of the phone itself.
    pub(super) fn of_button(button: u8, part: ButtonField) -> Option<Self> {
        match (button, part) {
            (1, ButtonField::Extension) => Some(Self::Extension),
            (1, ButtonField::Name) => Some(Self::Name),
            (1, ButtonField::Secret) => Some(Self::Secret),
            (1, ButtonField::Label) => Some(Self::Label),
            (1, ButtonField::Shared) => Some(Self::Shared),
            (2..=MAX_BUTTON, part) => Some(Self::Button(button, part)),
            _ => None,
        }
    }

    /// Whether the value must not appear in any output.
    pub(super) fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Secret | Self::SshPassword | Self::Button(_, ButtonField::Secret)
        )
    }

    /// The name of the key or column, such as `line2_extension`.
    pub(super) fn name(self) -> String {
        if let Self::Button(number, part) = self {
            return format!("line{number}_{}", part.name());
        }
        let named = Self::ALL.iter().find(|(_, field)| *field == self);
        named.map_or("", |(name, _)| name).to_owned()
    }

    /// Whether a button has no function without this value.
    pub(super) fn decides_function(self) -> bool {
        matches!(
            self,
            Self::Extension | Self::Button(_, ButtonField::Extension | ButtonField::Number)
        )
    }

    pub(super) fn known_names() -> String {
        let names = Self::ALL.map(|(name, _)| name).join(", ");
        format!("{names}, line2_extension, …")
    }
}

impl ButtonField {
    const ALL: [(&str, Self); 7] = [
        ("extension", Self::Extension),
        ("name", Self::Name),
        ("secret", Self::Secret),
        ("label", Self::Label),
        ("shared", Self::Shared),
        ("number", Self::Number),
        ("blf", Self::Blf),
    ];

    /// Finds a field by name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        find(&Self::ALL, name)
    }

    fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, field)| *field == self);
        named.map_or("", |(name, _)| name)
    }

    pub(super) fn known_names() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }
}

impl SiteField {
    const ALL: [(&str, Self); 26] = [
        ("pbx", Self::Pbx),
        ("port", Self::Port),
        ("transport", Self::Transport),
        ("codecs", Self::Codecs),
        ("time_zone", Self::TimeZone),
        ("date_format", Self::DateFormat),
        ("ntp", Self::Ntp),
        ("locale", Self::Locale),
        ("language", Self::Language),
        ("network_locale", Self::NetworkLocale),
        ("rtp", Self::Rtp),
        ("dial_plan", Self::DialPlan),
        ("context", Self::Context),
        ("voicemail", Self::Voicemail),
        ("ssh_user", Self::SshUser),
        ("ssh_password", Self::SshPassword),
        ("web_access", Self::WebAccess),
        ("backup_pbx", Self::BackupPbx),
        ("directory_url", Self::DirectoryUrl),
        ("services_url", Self::ServicesUrl),
        ("emergency_trunk", Self::EmergencyTrunk),
        ("pickup_group", Self::PickupGroup),
        ("image_version", Self::ImageVersion),
        ("soft_key_file", Self::SoftKeyFile),
        ("feature_policy_file", Self::FeaturePolicyFile),
        ("ami_from", Self::AmiFrom),
    ];

    /// Finds a field by name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        find(&Self::ALL, name.trim())
    }

    pub(super) fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, field)| *field == self);
        named.map_or("", |(name, _)| name)
    }

    /// Whether the value is a list, separated by spaces or commas.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::Codecs | Self::Ntp)
    }

    pub(super) fn known_names() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }
}

fn find<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    all.iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known))
        .map(|(_, field)| *field)
}
