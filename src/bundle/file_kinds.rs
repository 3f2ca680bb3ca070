//! The kind of a file, from its name.

/// Extensions of firmware images.
const IMAGE_EXTENSIONS: [&str; 9] = [
    ".sbn", ".sb2", ".sebn", ".zz.sgn", ".sgn", ".bin", ".sbin", ".zup", ".zz",
];
/// Image extensions that other software uses too.
const AMBIGUOUS_EXTENSIONS: [&str; 2] = [".bin", ".zz"];
/// Signed configuration files end like images but are signed with the site's own key.
const CONFIGURATION_EXTENSIONS: [&str; 3] = [".xml.sgn", ".xml.enc.sgn", ".tlv"];
/// Archives that may contain a bundle.
const ARCHIVE_EXTENSIONS: [&str; 7] = [
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".cop",
    ".cop.sgn",
    ".cop.sha512",
];
/// Scripts with which a call manager installs a package. They are never run or unpacked.
const INSTALLERS: [&str; 2] = ["copstart.sh", "copstart.py"];

fn has_extension(lower_case_name: &str, extensions: &[&str]) -> bool {
    extensions.iter().any(|end| lower_case_name.ends_with(end))
}

/// Whether the file is a manifest (`.loads`).
pub(super) fn is_manifest(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".loads")
}

/// Whether the file has the extension of a firmware image.
pub(super) fn is_image(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    has_extension(&lower, &IMAGE_EXTENSIONS) && !has_extension(&lower, &CONFIGURATION_EXTENSIONS)
}

/// Whether only firmware has such a name.
pub(super) fn is_firmware(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_manifest(name) || (is_image(name) && !has_extension(&lower, &AMBIGUOUS_EXTENSIONS))
}

/// Whether the file is a trust list (CTL, ITL) of a call manager.
pub(super) fn is_trust_list(name: &str) -> bool {
    has_extension(&name.to_ascii_lowercase(), &[".tlv"])
}

/// Whether the file is an archive that may contain a bundle.
pub(super) fn is_archive(name: &str) -> bool {
    has_extension(&name.to_ascii_lowercase(), &ARCHIVE_EXTENSIONS)
}

/// Whether the file is an installer script, which belongs to no bundle.
pub(super) fn is_installer(name: &str) -> bool {
    INSTALLERS
        .iter()
        .any(|installer| name.eq_ignore_ascii_case(installer))
}
