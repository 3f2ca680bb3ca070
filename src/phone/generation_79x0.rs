//! The generations of firmware of the 7940 and 7960, which limit what a phone accepts.

use super::{Family, LoadName, Protocol};

/// A generation of firmware of the 7940 and 7960, in the order of their releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation79x0 {
    /// Up to 4.x: one unsigned image (`.bin`). `AL` loads of SCCP belong here too.
    Unsigned,
    /// SIP 5.x and 6.x, SCCP 5.x: one signed image (`.sbn`). From here on, a phone rejects unsigned
    /// images for ever.
    Signed,
    /// SIP 7.0 and SCCP 6.0 or later: the universal application loader and an application, named by a
    /// manifest.
    Loader,
}

impl LoadName {
    /// The generation of a load of the 7940 or 7960. `None` for other phones, and for a name without
    /// a release.
    ///
    /// # Examples
    ///
    /// ```
    /// use reflash::phone::{Generation79x0, LoadName};
    ///
    /// let generation = |name| LoadName::new(name).generation_79x0();
    /// assert_eq!(generation("P0S3-04-4-00"), Some(Generation79x0::Unsigned));
    /// assert_eq!(generation("P00305000700"), Some(Generation79x0::Signed));
    /// assert_eq!(generation("P0S3-8-12-00"), Some(Generation79x0::Loader));
    /// ```
    #[must_use]
    pub fn generation_79x0(&self) -> Option<Generation79x0> {
        if self.family() != Some(Family::P3) {
            return None;
        }
        if self.as_str().to_ascii_uppercase().starts_with("P003AL") {
            return Some(Generation79x0::Unsigned);
        }
        let major = self.release()?.major;
        let first_with_loader = match self.protocol() {
            Some(Protocol::Sccp) => 6,
            _ => 7,
        };
        Some(match major {
            0..=4 => Generation79x0::Unsigned,
            _ if major < first_with_loader => Generation79x0::Signed,
            _ => Generation79x0::Loader,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generation_follows_from_the_release_and_the_protocol() {
        use Generation79x0::{Loader, Signed, Unsigned};
        for (name, expected) in [
            ("P0S30202", Some(Unsigned)),
            ("P0S3-03-2-00", Some(Unsigned)),
            ("P003AL00", Some(Unsigned)),
            ("P00303020214", Some(Unsigned)),
            ("P0S3-05-3-00", Some(Signed)),
            ("P0S3-06-3-00", Some(Signed)),
            ("P00305000700", Some(Signed)),
            ("P00306000500", Some(Loader)),
            ("P0030801SR02", Some(Loader)),
            ("P0S3-07-5-00", Some(Loader)),
            ("P003-07-4-00", Some(Loader)),
            ("P0M3-07-4-00", Some(Loader)),
            ("P003", None),
            ("SIP45.9-3-1SR4-1S", None),
        ] {
            assert_eq!(LoadName::new(name).generation_79x0(), expected, "{name}");
        }
    }
}
