//! Load names: protocol, family and release.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Family;

/// The signalling protocol that a load uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// Skinny, the protocol before a conversion.
    Sccp,
    /// The protocol after a conversion.
    Sip,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sccp => "SCCP",
            Self::Sip => "SIP",
        })
    }
}

/// A load name from the file name of a manifest or reported by a phone, without `.loads`:
/// `SIP45.9-3-1SR4-1S`, `SCCP42.8-5-2S`, `P0S3-8-12-00`, `term65.default`.
///
/// # Examples
///
/// ```
/// use reflash::phone::{Family, LoadName, Protocol};
///
/// let load = LoadName::new("SIP45.9-3-1SR4-1S.loads");
/// assert_eq!(load.as_str(), "SIP45.9-3-1SR4-1S");
/// assert_eq!(load.protocol(), Some(Protocol::Sip));
/// assert_eq!(load.family(), Some(Family::F45));
/// assert!(load.release() > LoadName::new("SCCP45.8-5-2S").release());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoadName(String);

/// A firmware release, ordered by its numbers: `9-3-1SR4` is (9, 3, 1, 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FirmwareRelease {
    /// 9 of 9.3(1)SR4.
    pub major: u16,
    /// 3 of 9.3(1)SR4.
    pub minor: u16,
    /// 1 of 9.3(1)SR4.
    pub maintenance: u16,
    /// 4 of 9.3(1)SR4; 0 without a service release.
    pub service: u16,
}

impl LoadName {
    /// A name with or without `.loads`, in any case.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let cut = name.len().saturating_sub(".loads".len());
        match name.get(cut..) {
            Some(end) if end.eq_ignore_ascii_case(".loads") => Self(name[..cut].to_owned()),
            _ => Self(name.to_owned()),
        }
    }

    /// The name, without `.loads`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file that a phone requests to install this load.
    #[must_use]
    pub fn manifest(&self) -> String {
        format!("{}.loads", self.0)
    }

    /// Whether this is the name of a recovery manifest (`term65.default`), which does not show
    /// the protocol.
    #[must_use]
    pub fn is_recovery(&self) -> bool {
        let lower = self.0.to_ascii_lowercase();
        lower.starts_with("term") && lower.ends_with(".default")
    }

    /// The protocol shown by the name; `None` for names such as `term65.default`.
    ///
    /// 7940/60: `P0S3-8-12-00` is SIP and `P00308010200` is SCCP. `P003-8-12-00` is reported by
    /// SIP firmware; see [`Self::is_universal_loader`].
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        let upper = self.0.to_ascii_uppercase();
        if upper.starts_with("SIP") || upper.starts_with("P0S3") || self.is_universal_loader() {
            Some(Protocol::Sip)
        } else if upper.starts_with("SCCP") || is_skinny_of_p3(&upper) {
            Some(Protocol::Sccp)
        } else {
            None
        }
    }

    /// Whether this is the name of the universal loader of a 7940 or 7960 (`P003-08-8-00`). With
    /// SIP firmware these phones were observed to send it in CDP instead of the load name. It
    /// shows the protocol but not the load.
    #[must_use]
    pub fn is_universal_loader(&self) -> bool {
        let head = self.0.get(..5);
        head.is_some_and(|head| head.eq_ignore_ascii_case("P003-"))
    }

    /// The family of phones that the load is for.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        Family::of_load(&self.0)
    }

    /// The release in the name, if there is one.
    ///
    /// `SIP45.9-3-1SR4-1S` is 9.3(1)SR4; `P0S3-8-12-00` is 8.12(0); `P0030801SR02` is 8.1(0)SR2.
    #[must_use]
    pub fn release(&self) -> Option<FirmwareRelease> {
        if let Some(digits) = digits_79x0(&self.0) {
            return release_79x0(digits);
        }
        let release = match self.0.split_once('.') {
            Some((_, release)) => release,
            None => self.0.split_once('-')?.1,
        };
        let mut parts = release.split('-');
        let major = number(parts.next()?)?;
        let minor = number(parts.next()?)?;
        let third = parts.next().unwrap_or("0");
        let digits = third.len() - third.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let maintenance = number(&third[..digits]).unwrap_or(0);
        let service = third[digits..].strip_prefix("SR").map_or(0, |rest| {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            // "SR" without a number is the first service release.
            number(&rest[..end]).unwrap_or(1)
        });
        Some(FirmwareRelease {
            major,
            minor,
            maintenance,
            service,
        })
    }
}

/// `P003` and a release in digits: `P00308010200`, `P0030801SR02`.
fn is_skinny_of_p3(upper: &str) -> bool {
    upper.starts_with("P003AL") || upper.starts_with("P003") && digits_79x0(upper).is_some()
}

/// A release of the 7940 and 7960 that begins with two digits for each number: `08010200`,
/// `0801SR02`, `0202`.
fn digits_79x0(name: &str) -> Option<&str> {
    let head = name.get(..4)?.to_ascii_uppercase();
    let rest = name
        .get(4..)
        .filter(|_| ["P003", "P0S3", "P0M3"].contains(&head.as_str()))?;
    let numbers = rest.get(..4)?;
    numbers
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(rest)
}

fn release_79x0(digits: &str) -> Option<FirmwareRelease> {
    let pair = |at: usize| digits.get(at..at + 2).and_then(number);
    Some(FirmwareRelease {
        major: pair(0)?,
        minor: pair(2)?,
        maintenance: pair(4).unwrap_or(0),
        service: match digits.get(4..6) {
            Some("SR" | "sr") => pair(6).unwrap_or(1),
            _ => 0,
        },
    })
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok()
}

impl fmt::Display for LoadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for FirmwareRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}({})", self.major, self.minor, self.maintenance)?;
        if self.service > 0 {
            write!(f, "SR{}", self.service)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_shows_protocol_family_and_release() {
        let cases = [
            (
                "SIP45.9-3-1SR4-1S.loads",
                Some(Protocol::Sip),
                Some(Family::F45),
                "9.3(1)SR4",
            ),
            (
                "SCCP45.8-5-2S",
                Some(Protocol::Sccp),
                Some(Family::F45),
                "8.5(2)",
            ),
            (
                "SIP42.9-4-2SR4-3S",
                Some(Protocol::Sip),
                Some(Family::F42),
                "9.4(2)SR4",
            ),
            (
                "SCCP11.8-3-3SR2S",
                Some(Protocol::Sccp),
                Some(Family::F11),
                "8.3(3)SR2",
            ),
            (
                "P0S3-8-12-00",
                Some(Protocol::Sip),
                Some(Family::P3),
                "8.12(0)",
            ),
            (
                "P00308010200",
                Some(Protocol::Sccp),
                Some(Family::P3),
                "8.1(2)",
            ),
            (
                "P0030801SR02",
                Some(Protocol::Sccp),
                Some(Family::P3),
                "8.1(0)SR2",
            ),
            ("P0S30203", Some(Protocol::Sip), Some(Family::P3), "2.3(0)"),
            (
                "P003-08-8-00",
                Some(Protocol::Sip),
                Some(Family::P3),
                "8.8(0)",
            ),
            ("P003", None, Some(Family::P3), ""),
            (
                "SIP69xx.9-4-1-3SR3",
                Some(Protocol::Sip),
                Some(Family::F69),
                "9.4(1)",
            ),
            ("term65.default", None, None, ""),
        ];
        for (name, protocol, family, release) in cases {
            let load = LoadName::new(name);
            assert_eq!(load.protocol(), protocol, "{name}");
            assert_eq!(load.family(), family, "{name}");
            assert_eq!(
                load.release().map(|t| t.to_string()).unwrap_or_default(),
                release,
                "{name}"
            );
        }
        assert!(LoadName::new("TERM65.DEFAULT.LOADS").is_recovery());
    }

    #[test]
    fn releases_are_ordered_numerically() {
        let release = |name: &str| LoadName::new(name).release();
        assert!(release("SIP45.8-5-2S") < release("SIP45.8-5-2SR1S"));
        assert!(release("SIP45.9-3-1S") < release("SIP45.10-1-1S"));
        assert!(release("SCCP45.8-3-2S") < release("SCCP45.8-3-3S"));
    }

    #[test]
    fn invalid_names_have_no_release() {
        for name in [
            "",
            ".",
            "-",
            ".loads",
            "SIP45.",
            "SIP45.9",
            "SIP45.9-x-1",
            "ÄÖÜ.9-ß-1",
        ] {
            let load = LoadName::new(name);
            assert_eq!(load.release(), None, "{name}");
        }
    }
}
