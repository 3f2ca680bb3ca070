//! What a phone's own requests show.

use super::{super::Code, text::ExplanationText};

/// The texts of the codes that are about one phone's conversion.
#[expect(clippy::too_many_lines, reason = "a table of text")]
pub(super) fn text(code: Code) -> Option<ExplanationText> {
    Some(match code {
        Code::Stalled => ExplanationText {
            title: "The phone is silent for longer than its state allows",
            signature: "No request and no acknowledgement: 10 minutes while configuring, writing or \
                        after a restart, 5 minutes after a manifest, 3 minutes between images. \
                        Shorter silence is normal.",
            causes: "A cable, a switch port or power; a configuration that names no load; a phone \
                     that gave up; a phone that was unplugged while it wrote.",
            cure: "Read the phone's screen. If the screen is dark and all lamps are off, power the \
                   phone off and on and keep the server running: a phone that cannot start \
                   requests its recovery manifest by itself.",
            clears_when: "The phone sends a request or an acknowledgement.",
        },
        Code::MissingImage => ExplanationText {
            title: "The phone requested a file of a load that is not staged",
            signature: "A request for a manifest, or for an image by a phone that fetched a \
                        manifest, was answered with 'not found'. Phones then request the next \
                        image too and drop it at once.",
            causes: "An incomplete bundle; files of two bundles in one folder; an SEP file that \
                     names another release than the staged one.",
            cure: "Verify the bundle and download it again, or name the staged load in the SEP \
                   file. The phone starts over by itself.",
            clears_when: "The same name is served.",
        },
        Code::WrongModelBundle => ExplanationText {
            title: "The bundle is for another model",
            signature: "The phone requested the manifest of a family that no staged bundle is for, \
                        such as term42.default.loads while a bundle for 7945/7965 is staged.",
            causes: "The bundle is for another model, or a phone of another model is among the \
                     phones.",
            cure: "Start again with a SIP bundle for that model, in addition to this one or instead \
                   of it. Leave the phone on: it repeats its request.",
            clears_when: "The phone is served a staged manifest.",
        },
        Code::ManifestRefused => ExplanationText {
            title: "The phone refuses the release, and the requests do not show why",
            signature: "Recovery: one manifest delivered whole in two or more boots 60 s or more \
                        apart (pairs within seconds are one boot), and no image requested within \
                        30 s of the last. Application: the same manifest fetched again after a \
                        further boot. A single delivery proves nothing there, as the phone may get \
                        the images from a neighbour (peer firmware sharing).",
            causes: "The phone's load is older than 8.3(3) and does not know the key that newer \
                     releases are signed with (screen: Auth Fail); or the release does not support \
                     this hardware revision (screen: Load rejected HC).",
            cure: "Read the screen. 'Auth Fail': pass the SCCP 8.5(2) bundle of the model with \
                   --bridge. 'Load rejected HC': use the newest release. If the phone refused a \
                   bridge as well, the cause is the hardware. Do not change cables, servers or \
                   settings.",
            clears_when: "The phone requests an image, or an evidence source reports the target \
                          load.",
        },
        Code::BridgeNeeded => ExplanationText {
            title: "The phone's load is too old for the release's signing key",
            signature: "An evidence source reports a load older than 8.3(3) while the target is \
                        newer than 8.5(2); or the manifest was refused and its mask is known to \
                        include the hardware.",
            causes: "Cisco changed its signing key after 8.5(2). Loads before 8.3(3) know only the \
                     old key, those from 8.3(3) to 8.5(2) know both.",
            cure: "Start again with --bridge and the SCCP 8.5(2) bundle that the diagnosis names. \
                   The phone installs the bridge and, after its restart, the target, by itself.",
            clears_when: "The phone requests an image, or an evidence source reports another load.",
        },
        Code::HardwareMismatch => ExplanationText {
            title: "The release does not support this hardware revision",
            signature: "The manifest was refused as in manifest-refused, and the key cannot be the \
                        reason: the phone runs a load that knows it, or its hardware class is \
                        known and not in the manifest's #HARDWARE_COMP_1 mask.",
            causes: "A later hardware revision needs a later release; many 7942, 7945, 7962, 7965 \
                     and 7975 need 9.3(1)SR1 or later.",
            cure: "Use the newest release of the model, such as 9.4(2)SR. A bridge does not help.",
            clears_when: "The phone requests an image, or an evidence source reports the target \
                          load.",
        },
        Code::ConfigRejected => ExplanationText {
            title: "The phone fetches its configuration and drops it",
            signature: "SEP<MAC>.cnf.xml was delivered and in the same boot the phone requested it \
                        again or requested XMLDefault.cnf.xml; or XMLDefault.cnf.xml was delivered \
                        in three consecutive boots; and no request followed that a configuration \
                        leads to.",
            causes: "No line in the file, a remaining placeholder, a stray character or an element \
                     that this release does not know: one error makes the phone drop the whole \
                     file.",
            cure: "Give the phone a well-formed SEP file of its own, with a line and without \
                   placeholders. The phone's own reason is at http://PHONE/DeviceLog.",
            clears_when: "The phone requests a locale, a dial plan or a load.",
        },
        Code::RebootedMidImage => ExplanationText {
            title: "The phone restarted before it had all images",
            signature: "A pass had begun, not every image was delivered, no file was missing on the \
                        server, and the phone requested a manifest or its trust list again; or \
                        its boot loader returned while the phone should have been writing.",
            causes: "A power cut, by hand or by the switch; a loose plug; a phone that draws more \
                     power than its port supplies.",
            cure: "Leave the phone plugged in: it fetches everything again by itself. If this \
                   happens again, use a power brick or another switch port.",
            clears_when: "A pass is complete.",
        },
        Code::RepeatFlash => ExplanationText {
            title: "The phone fetched a whole load for the third time",
            signature: "Three complete passes through the target's images in one run. Two are \
                        normal after a recovery.",
            causes: "A configuration that names the load by another name than the phone reports; a \
                     phone that is reset repeatedly; flash memory that does not keep what was \
                     written.",
            cure: "Nothing is needed at once: the phone is now served an XMLDefault that names no \
                   load, and keeps the load that it has. Make loadInformation in its SEP file \
                   equal to the load's name, letter by letter.",
            clears_when: "Never in this run; recovery and images are still served.",
        },
        Code::UnsupportedModel => ExplanationText {
            title: "This program does not convert the phone",
            signature: "A request for a name that only another kind of phone uses: SIP<MAC>.cnf, \
                        OS79XX.TXT, P0S3….loads, a load of the 69xx, 78xx or 88xx, a recovery \
                        manifest of no known model; or an evidence source reports such a load.",
            causes: "A 7940 or 7960, or a newer model, in the same network.",
            cure: "Disconnect the phone and convert it by its own guide; the diagnosis names what \
                   its family needs.",
            clears_when: "Never in this run.",
        },
        Code::ProtocolApplicationInvalid => ExplanationText {
            title: "A 7940 or 7960 has its loader and no application",
            signature: "A request for MGC<MAC>.cnf. Only the universal loader requests the SIP, \
                        MGCP and SCCP configurations in turn, as it has no application to decide. \
                        Screen: Protocol Application Invalid.",
            causes: "An interrupted installation, or a load that was named and not served.",
            cure: "Serve P0S3-8-12-00.loads with its .sbn and .sb2, and an XMLDefault.cnf.xml whose \
                   loadInformation7 and loadInformation8 name it. This program does not do that.",
            clears_when: "The phone requests SIPDefault.cnf after both images; otherwise never in \
                          this run.",
        },
        Code::TrustList => ExplanationText {
            title: "The phone accepts only signed configurations",
            signature: "A request for SEP<MAC>.cnf.xml.sgn, the signed form of the configuration. \
                        'Not found' for CTLSEP, ITLSEP and ITLFile is routine and not a sign of \
                        it.",
            causes: "A CTL or ITL of its previous call manager. Firmware is not affected, and \
                     recovery ignores trust lists.",
            cure: "Erase the list on the phone (Settings > Security Configuration > Trust List, \
                   **#, Erase), or reset the phone to factory settings.",
            clears_when: "The phone requests the unsigned form or is served a staged manifest.",
        },
        Code::NameMismatch => ExplanationText {
            title: "The requested name differs from a staged one by a typing error",
            signature: "The name is not staged and differs from a staged name by the letter O for \
                        zero, by a missing or repeated .loads, by a blank or by one character. A \
                        different digit means another release or model. Case does not matter.",
            causes: "A load name typed by hand, most often without its last S.",
            cure: "Write the name as it is staged; the name of the load does not end in .loads.",
            clears_when: "The staged name is served.",
        },
        Code::TransferBroken => ExplanationText {
            title: "The transfer of one image does not complete",
            signature: "One image was requested three times and never delivered, though some of it \
                        was acknowledged; in a log of requests alone: requested three times, and \
                        never the next file.",
            causes: "A duplex mismatch; a bad cable; a firewall or an MTU that drops some of the \
                     packets.",
            cure: "Fix the network; the phone continues by itself.",
            clears_when: "The image is delivered.",
        },
        _ => return None,
    })
}
