//! Requests that were answered with "not found".

use super::format::{clock, diagnosis, models, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::{Family, Model, RequestedFile},
    track::{diagnosis::slip::Slip, observation::RunTime, plan::FileServer, tftp_error::TftpError},
};

/// The TFTP error code "disk full or allocation exceeded" (RFC 1350).
const DISK_FULL: u16 = 3;

/// The server does not have a manifest or an image.
pub(crate) fn missing(
    name: &str,
    file: &RequestedFile,
    server: FileServer,
    at: RunTime,
) -> Diagnosis {
    diagnosis(
        Code::MissingImage,
        format!(
            "requested '{}' at {}; the answer was \"not found\"",
            printable(name),
            clock(at)
        ),
        format!(
            "{} {}",
            missing_cure(name, file, server),
            match file {
                RequestedFile::Manifest(load) if load.is_for_slots() => {
                    "The phone requests it at every start and runs on with the load that it has."
                }
                _ => "The phone starts over by itself.",
            }
        ),
    )
}

/// What to do about a missing file.
fn missing_cure(name: &str, file: &RequestedFile, server: FileServer) -> String {
    let is_recovery = matches!(file, RequestedFile::Recovery(_));
    let put = match server {
        FileServer::Bundles if is_recovery => {
            return "A phone requests this file after a reset to factory settings; no SEP file names \
                    it. If the bundle should have it, the bundle is incomplete: verify it and \
                    download it again. Or start again with a bundle that has it."
                .to_owned();
        }
        FileServer::Bundles => {
            return "If the file belongs to this bundle, the bundle is incomplete: verify it and \
                    download it again. If it belongs to another release, the phone's SEP file names \
                    that release: name the staged load there."
                .to_owned();
        }
        FileServer::Folder => format!("Put '{}' into the folder that is served", printable(name)),
        FileServer::Other => format!(
            "Put '{}' into the server's folder, readable for the server; upper and lower case \
             matter",
            printable(name)
        ),
    };
    let more = match file {
        RequestedFile::Recovery(_) => {
            ", with the images that it names: both are in the firmware bundle of the phone's model. A \
             phone requests this file after a reset to factory settings; no SEP file names it."
        }
        RequestedFile::Manifest(_) => {
            ", with the images that it names. Or name a load that is there in loadInformation of \
             the phone's SEP file or of XMLDefault.cnf.xml."
        }
        _ => {
            ", from the bundle that the phone's .loads file is from: a manifest needs all of its \
             images."
        }
    };
    format!("{put}{more}")
}

/// A server that this program does not run lacks the manifest of a phone of this family.
pub(crate) fn missing_for(name: &str, family: Family, at: RunTime) -> Diagnosis {
    let own = models(&[family]);
    diagnosis(
        Code::MissingImage,
        format!(
            "a phone of the family {own} requested '{}' at {}; the answer was \"not found\"",
            printable(name),
            clock(at)
        ),
        format!(
            "Put the file and the images that it names into the server's folder (upper and lower \
             case matter), or name a load in the phone's configuration that is there. {}",
            needs(Some(family))
        ),
    )
}

/// The phone was given an image of SCCP firmware.
pub(crate) fn sccp_firmware(name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::BundleIsSccp,
        format!(
            "was given '{}' at {}: an image of SCCP firmware, so the phone stays on SCCP",
            printable(name),
            clock(at)
        ),
        "To convert the phone, serve the SIP bundle of its model (the file name has -sip, not \
         -sccp). As a step before it, an SCCP 8.5(2) bundle is right: pass it with --bridge.",
    )
}

/// The code and the text of an ERROR.
fn error_words(error: &TftpError) -> String {
    match error.message.as_str() {
        "" => format!("ERROR {}", error.code),
        message => format!("ERROR {} '{}'", error.code, printable(message)),
    }
}

/// The server refuses access to the file.
pub(crate) fn access_denied(name: &str, error: &TftpError, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::AccessDenied,
        format!(
            "requested '{}' at {}; the server answered {}, not \"not found\"",
            printable(name),
            clock(at),
            error_words(error)
        ),
        "The server refuses access to the file: its rights are the cause, not the phone. Let the \
         server's user read the file and enter every folder above it (chmod a+r FILE, chmod a+x \
         FOLDER; SELinux: restorecon -R FOLDER), and put the file into the folder that the server \
         serves: some servers refuse names outside it with the same answer. Then restart the \
         phone.",
    )
}

/// The server answered with an ERROR other than "not found".
pub(crate) fn server_error(name: &str, error: &TftpError) -> String {
    format!(
        "the server answered its request for '{}' with {}",
        printable(name),
        error_words(error)
    )
}

/// The phone ended a transfer with an ERROR.
pub(crate) fn phone_error(name: &str, error: &TftpError) -> String {
    format!(
        "ended the transfer of '{}' with {}",
        printable(name),
        error_words(error)
    )
}

/// The phone ends the transfers of an image with an ERROR, again and again.
pub(crate) fn aborted(name: &str, attempts: u16, error: &TftpError, at: RunTime) -> Diagnosis {
    let cause = match error.code {
        DISK_FULL => {
            "The phone has no space for the file. If the bundle has a recovery manifest for its \
             model, reset it to factory settings and let it fetch everything again. If that does \
             not help, use an older release for its model."
        }
        _ => {
            "The phone itself ends the transfer: read its screen and its page \
             http://PHONE/DeviceLog for the reason, verify the bundle (reflash verify BUNDLE), and \
             compare its model with the bundle's models."
        }
    };
    diagnosis(
        Code::TransferBroken,
        format!(
            "requested '{}' {attempts} times (last at {}); the phone ended the previous attempt \
             with {}",
            printable(name),
            clock(at),
            error_words(error)
        ),
        cause,
    )
}

/// The phone is of a family that the served firmware is not for.
pub(crate) fn wrong_model(
    name: &str,
    family: Family,
    (staged, server): (&[Family], FileServer),
    at: RunTime,
) -> Diagnosis {
    let own = models(&[family]);
    let (served, cure) = match server {
        FileServer::Bundles => (
            "the staged bundle is for",
            format!(
                "Start again with a SIP bundle for the {own}, in addition to this bundle or instead \
                 of it. Leave the phone on: it repeats its request."
            ),
        ),
        FileServer::Folder | FileServer::Other => (
            "the server's firmware is for",
            format!(
                "Put the files of a SIP bundle for the {own} into the server's folder, beside the \
                 others. Leave the phone on: it repeats its request."
            ),
        ),
    };
    diagnosis(
        Code::WrongModelBundle,
        format!(
            "requested '{}' at {}, as a {own} does; {served} {}",
            printable(name),
            clock(at),
            models(staged)
        ),
        cure,
    )
}

/// The name differs from a staged one by a typing error.
pub(crate) fn mismatch(name: &str, meant: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::NameMismatch,
        format!(
            "requested '{}' at {}; the staged file is '{}'",
            printable(name),
            clock(at),
            printable(meant)
        ),
        format!(
            "Write the name of the load as it is staged into the phone's SEP file: '{}', without \
             .loads at the end.",
            printable(meant.strip_suffix(".loads").unwrap_or(meant))
        ),
    )
}

/// The phone is of another model, or of another family, than the inventory lists.
pub(crate) fn model_mismatch(listed: &Model, observed: &str, at: RunTime) -> Diagnosis {
    let listed = listed.plain_number();
    diagnosis(
        Code::ModelMismatch,
        format!(
            "the inventory lists a {listed}; at {} it was observed as a {observed}",
            clock(at)
        ),
        format!(
            "Compare the MAC and the model on the phone's label with the inventory: two lines may be \
             exchanged. Correct the inventory and start again. Until then the phone is not served \
             the configuration that was made for a {listed}; its firmware is not affected."
        ),
    )
}

/// The name has a slip that shows without the staged names.
pub(crate) fn slipped(name: &str, slip: Slip, at: RunTime) -> Diagnosis {
    let (what, cure) = match slip {
        Slip::Ending => (
            "the name of a load with .loads at its end, to which the phone added .loads",
            "Write the load without .loads into loadInformation of the phone's SEP file and of \
             XMLDefault.cnf.xml.",
        ),
        Slip::Blank => (
            "a name with a blank",
            "Remove the blank: in OS79XX.TXT and SIPDefault.cnf the name stands alone, without a \
             blank after it; in a SEP file nothing stands between the name and the tags.",
        ),
        Slip::LetterO => (
            "a name with the letter O where the name of a 7940 or 7960 load has the digit 0",
            "Write the digit 0: P0S3, P003.",
        ),
        Slip::OtherFile => (
            "the name of a bundle or an image, not of a load",
            "Write the name of the load into the phone's SEP file: that of the .loads file in the \
             bundle, without .loads.",
        ),
    };
    diagnosis(
        Code::NameMismatch,
        format!(
            "requested '{}' at {}: {what}; the answer was \"not found\"",
            printable(name),
            clock(at)
        ),
        cure,
    )
}

/// What a phone of a family that no firmware here is for needs.
fn needs(family: Option<Family>) -> String {
    if let Some(slots) = family.and_then(Family::slots) {
        let bundle = family.and_then(Family::sip_bundle).unwrap_or_default();
        return format!(
            "Such a phone installs the load that loadInformation in its configuration names, without \
             a reset: give its bundle ({bundle}…), and restart the phone: {}.",
            slots.restart
        );
    }
    if let Some((family, why)) = family.and_then(|family| Some((family, family.unsupported()?))) {
        let numbers = models(&[family]);
        return format!("Of {numbers}: {}. {}", why.text(), why.cure());
    }
    "`reflash models` lists the phones that this program converts and upgrades.".to_owned()
}

/// The phone is of a family that this program does not convert.
pub(crate) fn unsupported(name: &str, family: Option<Family>, at: RunTime) -> Diagnosis {
    let own = family.map_or_else(
        || "a model that this program does not know".to_owned(),
        |family| format!("the family {}", models(&[family])),
    );
    diagnosis(
        Code::UnsupportedModel,
        format!("'{}' at {}, the name of {own}", printable(name), clock(at)),
        match family {
            Some(Family::P3) => {
                "This run has no firmware for it. Give `reflash convert` the SIP bundle of the \
                 7940 and 7960 too (P0S3-8-12-00.zip)."
                    .to_owned()
            }
            Some(of) if of.is_supported() => {
                format!("This run has no firmware for it. {}", needs(family))
            }
            _ => format!(
                "Disconnect the phone: this program does not convert it. {}",
                needs(family)
            ),
        },
    )
}

/// The loader of a 7940 or 7960 found no application.
pub(crate) fn no_application(name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::ProtocolApplicationInvalid,
        format!("requested '{}' at {}", printable(name), clock(at)),
        "The loader of this 7940 or 7960 finds no application. Give `reflash convert` the SIP \
         bundle of these phones (P0S3-8-12-00.zip), and restart the phone. If this run has it, a \
         configuration names another load: remove SEP, SIP and MGC files of earlier set-ups.",
    )
}
