//! Names that cannot be those of a file, whatever is staged.

use crate::phone::normalized_name;

/// What is wrong with a name, whatever is staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    /// `.loads` is repeated: the configuration names the load with it.
    Ending,
    /// A blank.
    Blank,
    /// The letter O for the digit 0.
    LetterO,
    /// The name of a bundle or an image in place of a load's.
    OtherFile,
}

/// The slip in a requested name of a manifest or an image, if it has one.
pub(crate) fn slip(name: &str) -> Option<Slip> {
    let name = normalized_name(name);
    let base = name.rsplit('/').next().unwrap_or(&name);
    // Its letters are small already.
    let stem = base.strip_suffix(".loads");
    let load = stem.unwrap_or(base);
    let is_repeated = load.strip_suffix(".loads").is_some();
    let has_other_end = [
        ".zip", ".cop", ".sgn", ".sbn", ".sb2", ".bin", ".xml", ".tar",
    ]
    .iter()
    .any(|end| load.ends_with(end));
    let is_manifest = stem.is_some();
    if is_manifest && is_repeated {
        Some(Slip::Ending)
    } else if base.contains(char::is_whitespace) {
        Some(Slip::Blank)
    } else if ["pos3", "po03", "p0o3", "poo3"]
        .iter()
        .any(|start| base.starts_with(start))
    {
        Some(Slip::LetterO)
    } else if is_manifest && (has_other_end || load.starts_with("cmterm")) {
        Some(Slip::OtherFile)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_visible_without_a_bundle() {
        let cases = [
            ("SIP45.9-3-1SR4-1S.loads.loads", Some(Slip::Ending)),
            ("SIP45.9-3-1SR4-1S.LOADS.loads", Some(Slip::Ending)),
            ("SIP45.9-3-1SR4-1S .loads", Some(Slip::Blank)),
            ("P003-8-12-00 .bin", Some(Slip::Blank)),
            ("POS3-8-12-00.loads", Some(Slip::LetterO)),
            (
                "cmterm-7945_7965-sip.9-3-1SR4-1.loads",
                Some(Slip::OtherFile),
            ),
            ("SIP45.9-3-1SR4-1S.zip.loads", Some(Slip::OtherFile)),
            ("jar45sip.9-3-1ES26.sbn.loads", Some(Slip::OtherFile)),
            ("SIP45.9-3-1SR4-1S.loads", None),
            ("term65.default.loads", None),
            ("P0S3-8-12-00.loads ", None),
            ("jar45sip.9-3-1ES26.sbn", None),
            ("P003-8-12-00.bin", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(slip(name), expected, "{name}");
        }
    }
}
